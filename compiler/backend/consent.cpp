#include "backend/consent.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace mlstack::backend {
namespace {

/// Every name of a kind that holds data; the first is the one that we say.
struct Names {
  std::string_view group;
  std::string_view kind;
  std::array<std::string_view, 5> names;
};
constexpr std::array<Names, 6> kNames{{
    {"", "PersistentVolumeClaim", {"claim", "pvc", "persistentvolumeclaim", "persistentvolumeclaims", "claims"}},
    {"", "PersistentVolume", {"volume", "pv", "persistentvolume", "persistentvolumes", "volumes"}},
    {"snapshot.storage.k8s.io", "VolumeSnapshot", {"snapshot", "volumesnapshot", "volumesnapshots", "vs", "snapshots"}},
    {"snapshot.storage.k8s.io", "VolumeSnapshotContent", {"volumesnapshotcontent", "volumesnapshotcontents", "vsc", {}, {}}},
    {"groupsnapshot.storage.k8s.io", "VolumeGroupSnapshot", {"volumegroupsnapshot", "volumegroupsnapshots", "vgs", {}, {}}},
    {"apiextensions.k8s.io", "CustomResourceDefinition", {"crd", "customresourcedefinition", "customresourcedefinitions", "crds", {}}},
}};

const Names* namesOf(std::string_view apiVersion, std::string_view kind) {
  const auto* found = std::ranges::find_if(kNames, [&](const Names& row) { return row.kind == kind && row.group == groupOf(apiVersion); });
  return found == kNames.end() ? nullptr : found;
}

bool isWord(std::string_view text) {
  return std::ranges::any_of(kNames, [&](const Names& row) { return !text.empty() && std::ranges::find(row.names, text) != row.names.end(); });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

}  // namespace

bool holdsData(std::string_view apiVersion, std::string_view kind) { return namesOf(apiVersion, kind) != nullptr; }

Action actionWhenFrozen(const ir::Object& object, const base::SymbolTable& symbols) {
  const auto kind = symbols.text(object.kind);
  const auto apiVersion = symbols.text(object.apiVersion);
  if (object.isProtected || object.role == ir::Role::Namespace || holdsData(apiVersion, kind)) return Action::Refused;
  return kind == "StatefulSet" && groupOf(apiVersion) == "apps" ? Action::Recreate : Action::Replace;
}

std::string consentName(const ObjectRef& object, std::string_view home) {
  const auto* names = namesOf(object.apiVersion, object.kind);
  const auto word = names ? std::string(names->names.front()) : isWord(lower(object.kind)) ? fmt::format("{}.{}", object.kind, groupOf(object.apiVersion)) : object.kind;
  if (object.nameSpace.empty() || object.nameSpace == home) return fmt::format("{}/{}", word, object.name);
  return fmt::format("{}/{}/{}", word, object.nameSpace, object.name);
}

bool isConsented(const std::set<std::string>& named, const ObjectRef& object, std::string_view home) {
  const auto* names = namesOf(object.apiVersion, object.kind);
  const auto kind = lower(object.kind);
  const auto full = kind + "." + lower(groupOf(object.apiVersion));
  const bool isHome = object.nameSpace.empty() || object.nameSpace == home;
  return std::ranges::any_of(named, [&](const std::string& text) {
    const auto slash = text.find('/');
    if (slash == std::string::npos || slash == 0) return false;
    const auto word = lower(std::string_view(text).substr(0, slash));
    const auto rest = std::string_view(text).substr(slash + 1);
    const bool isKind = names ? std::ranges::find(names->names, word) != names->names.end() || word == full
                              : word == full || ((word == kind || word == kind + "s") && !isWord(word));
    return isKind && ((isHome && rest == object.name) || rest == object.nameSpace + "/" + object.name);
  });
}

}  // namespace mlstack::backend
