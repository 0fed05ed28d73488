#include "schema/kinds.h"

#include <algorithm>

#include <fmt/format.h>

#include "schema/place.h"

namespace mlstack::schema {

using table::ResourceRow;
using table::Store;

namespace {

std::string fullName(std::string_view apiVersion, std::string_view kind) {
  return fmt::format("{}/{}", apiVersion, kind);
}

template <class Visit>
void eachResource(const Store& store, Visit visit) {
  for (const ResourceRow& row : store.ownResources()) visit(row);
  for (const ResourceRow& row : store.base().resources) visit(row);
}

bool inTarget(const ResourceRow& row, VersionSet target) { return row.versions == 0 || (row.versions & target) != 0; }

/// "v1" before "v1beta2" before "v1alpha1"; newer before older.
int stability(std::string_view apiVersion) {
  if (apiVersion.find("alpha") != std::string_view::npos) return 2;
  return apiVersion.find("beta") != std::string_view::npos ? 1 : 0;
}

/// The API versions that have `kind`, the best first: not deprecated, then stable.
std::vector<std::string_view> versionsOf(const Store& store, std::string_view kind, VersionSet target) {
  std::vector<const ResourceRow*> rows;
  eachResource(store, [&](const ResourceRow& row) {
    if (store.name(row.kind) == kind && inTarget(row, target)) rows.push_back(&row);
  });
  std::stable_sort(rows.begin(), rows.end(), [&](const ResourceRow* a, const ResourceRow* b) {
    const auto rank = [&](const ResourceRow* row) {
      return std::pair((row->deprecatedIn & target) != 0, stability(store.name(row->apiVersion)));
    };
    return rank(a) < rank(b);
  });
  std::vector<std::string_view> out;
  for (const ResourceRow* row : rows) out.push_back(store.name(row->apiVersion));
  return out;
}

std::string_view groupOf(std::string_view apiVersion) {
  const std::size_t slash = apiVersion.find('/');
  return slash == std::string_view::npos ? std::string_view{} : apiVersion.substr(0, slash);
}

/// The known group that `apiVersion` means: its own, or the one it is a misspelling of. Groups of
/// custom resources carry a dot, so one without is always meant to be Kubernetes' own.
bool meantGroup(const Store& store, std::string_view apiVersion, std::string_view& group) {
  const std::string_view asked = groupOf(apiVersion);
  std::vector<std::string_view> groups;
  bool known = asked.empty();
  eachResource(store, [&](const ResourceRow& row) {
    groups.push_back(groupOf(store.name(row.apiVersion)));
    known = known || groups.back() == asked;
  });
  group = known ? asked : diag::nearest(asked, groups);
  return known || !group.empty() || asked.find('.') == std::string_view::npos;
}

/// A kind of nearly this name in the group that was meant.
std::string nearestKind(const Store& store, std::string_view group, std::string_view kind, VersionSet target) {
  std::vector<std::string_view> kinds;
  std::vector<std::string_view> all;
  eachResource(store, [&](const ResourceRow& row) {
    if (!inTarget(row, target)) return;
    all.push_back(store.name(row.kind));
    if (groupOf(store.name(row.apiVersion)) == group) kinds.push_back(all.back());
  });
  std::string_view near = diag::nearest(kind, kinds);
  if (near.empty()) near = diag::nearest(kind, all);
  if (near.empty()) return {};
  for (std::string_view apiVersion : versionsOf(store, near, target)) {
    if (groupOf(apiVersion) == group) return fullName(apiVersion, near);
  }
  const std::vector<std::string_view> versions = versionsOf(store, near, target);
  return versions.empty() ? std::string{} : fullName(versions.front(), near);
}

constexpr std::string_view kTeach = "`mlstackc schema add crd.yaml` teaches a custom resource to this project";

void sayUnknown(const Catalog::Impl& catalog, std::string_view apiVersion, std::string_view kind, base::Span at,
                std::string_view about, VersionSet target, diag::Sink& sink) {
  const Store& store = catalog.store;
  const std::string asked = fullName(apiVersion, kind);
  std::string_view group;
  const bool meansKnown = meantGroup(store, apiVersion, group);
  std::vector<std::string_view> elsewhere = versionsOf(store, kind, target);
  if (meansKnown && !elsewhere.empty()) {
    const auto sameGroup = [&](std::string_view version) { return groupOf(version) == group; };
    std::stable_partition(elsewhere.begin(), elsewhere.end(), sameGroup);
    const ResourceRow* best = catalog.findResource(elsewhere.front(), kind);
    std::string hint = fmt::format("write `{}`", fullName(elsewhere.front(), kind));
    if (best != nullptr && best->versions == 0) hint += fmt::format("; {}", kTeach);
    if (elsewhere.size() > 4) elsewhere.resize(4);
    sink.add(diag::make<diag::Code::KindInOtherVersion>(at, asked, kind, quotedList(elsewhere, "or"))
                 .about(std::string(about)).hint(std::move(hint)));
    return;
  }
  const std::string near = meansKnown ? nearestKind(store, group, kind, target) : std::string{};
  std::string hint = near.empty() ? std::string(kTeach) : fmt::format("did you mean `{}`? Otherwise {}", near, kTeach);
  if (kind == "List" && apiVersion == "v1") hint = "a List is only a wrapper: write its items as objects of their own";
  sink.add(diag::make<diag::Code::UnknownKubernetesKind>(at, asked).about(std::string(about)).hint(std::move(hint)));
}

}  // namespace

bool checkApi(const Catalog& catalog, std::string_view apiVersion, std::string_view kind, base::Span at, VersionSet version,
              diag::Sink& sink) {
  if (catalog.resource(apiVersion, kind) != nullptr) return true;
  if (version == 0) version = static_cast<VersionSet>(1u << (kLastMinor - kFirstMinor));
  sayUnknown(catalog.impl(), apiVersion, kind, at, {}, version, sink);
  return false;
}

const ResourceRow* checkKind(const Catalog::Impl& catalog, std::string_view apiVersion, std::string_view kind,
                             base::Span at, std::string_view about, VersionSet target, diag::Sink& sink) {
  const Store& store = catalog.store;
  const ResourceRow* row = catalog.findResource(apiVersion, kind);
  if (row == nullptr) {
    sayUnknown(catalog, apiVersion, kind, at, about, target, sink);
    return nullptr;
  }
  if (!inTarget(*row, target)) {
    auto said = diag::make<diag::Code::ApiNotInTarget>(at, fullName(apiVersion, kind),
                                                       availabilityText(row->versions, target), versionText(target))
                    .about(std::string(about));
    const std::vector<std::string_view> others = versionsOf(store, kind, target);
    if (!others.empty()) said.help = fmt::format("write `{}`", fullName(others.front(), kind));
    else said.help = fmt::format("`kubernetes = \"{}\"` in the stack changes the target", versionText(
                                     static_cast<VersionSet>(row->versions & -row->versions)));
    sink.add(std::move(said));
    return nullptr;
  }
  if ((row->deprecatedIn & target) != 0) {
    auto said = diag::make<diag::Code::DeprecatedApi>(at, fullName(apiVersion, kind), store.name(row->deprecated))
                    .about(std::string(about));
    const std::vector<std::string_view> others = versionsOf(store, kind, target);
    if (!others.empty() && others.front() != apiVersion) said.help = fmt::format("write `{}`", fullName(others.front(), kind));
    sink.add(std::move(said));
  }
  return row;
}

}  // namespace mlstack::schema
