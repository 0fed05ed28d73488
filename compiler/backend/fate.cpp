#include "backend/fate.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "backend/consent.h"

namespace mlstack::backend {

namespace {

using ir::Node;
using ir::NodeKind;

std::optional<std::int64_t> number(const Node* tree, std::string_view path, const base::SymbolTable& symbols) {
  const auto* node = ir::findPath(tree, path, symbols);
  if (!node || node->kind != NodeKind::Int) return std::nullopt;
  return node->integer;
}

/// Fills in what must be named for it to go.
void needConsent(const FateWords& words, StateFate& fate) {
  fate.consent = consentName(fate.object, words.home);
  fate.consented = isConsented(words.consents, fate.object, words.home);
}

std::string retainLine(std::string_view volume) {
  return fmt::format("kubectl patch pv {} -p '{{\"spec\":{{\"persistentVolumeReclaimPolicy\":\"Retain\"}}}}' first", volume);
}

}  // namespace

std::string keepClaim(const FateWords& words, const ObjectRef& claim, std::string_view volume) {
  const auto retain = volume.empty() ? std::string{} : retainLine(volume);
  if (!words.facts.serves("snapshot.storage.k8s.io", "VolumeSnapshot")) return retain;
  const auto snapshot = fmt::format("take a snapshot of `{}` first", claim.name);
  return retain.empty() ? snapshot : fmt::format("{}, or {}", snapshot, retain);
}

std::optional<StateFate> whenClaimGoes(const FateWords& words, const ObjectRef& claim, const LiveClaim& live) {
  if (live.volume.empty()) return std::nullopt;
  StateFate fate;
  fate.object = claim;
  fate.volume = live.volume;
  fate.size = live.size;
  const auto& volume = words.facts.volume(live.volume);
  switch (volume.is) {
    case Found::Is::Asked: break;
    case Found::Is::Absent:
      fate.fate = Fate::Lost;
      fate.why = fmt::format("its volume `{}` is gone already", live.volume);
      return fate;
    case Found::Is::Unreadable:
      fate.fate = Fate::AtRisk;
      fate.why = fmt::format("the volume `{}` cannot be read, so its reclaim policy is not known ({})", live.volume, volume.why);
      fate.instead = keepClaim(words, claim, {});
      needConsent(words, fate);
      return fate;
    case Found::Is::There: {
      const auto policy = textAt(volume.node, "spec.persistentVolumeReclaimPolicy", words.symbols);
      if (const auto size = textAt(volume.node, "spec.capacity.storage", words.symbols); !size.empty()) fate.size = size;
      if (policy == "Retain" || policy.empty()) {
        fate.fate = Fate::Orphaned;
        fate.why = "reclaim policy Retain: the volume stays, Released, and no other claim finds it by itself";
        return fate;
      }
      fate.fate = Fate::Lost;
      fate.why = policy == "Recycle" ? "reclaim policy Recycle: the volume is wiped" : fmt::format("reclaim policy {}: the volume goes with its claim", policy);
      fate.instead = keepClaim(words, claim, live.volume);
      needConsent(words, fate);
      return fate;
    }
  }
  return fate;
}

namespace {

StateFate whenVolumeGoes(const FateWords& words, const ObjectRef& object, const Node& live) {
  StateFate fate;
  fate.object = object;
  fate.volume = object.name;
  fate.size = textAt(&live, "spec.capacity.storage", words.symbols);
  const auto policy = textAt(&live, "spec.persistentVolumeReclaimPolicy", words.symbols);
  const auto claim = textAt(&live, "spec.claimRef.name", words.symbols);
  if (policy == "Retain" || policy.empty()) {
    fate.fate = Fate::Orphaned;
    fate.why = claim.empty() ? "the bytes stay where they are; only the object that names them goes"
                             : fmt::format("the bytes stay where they are, but claim `{}` is Lost without its volume", claim);
    if (!claim.empty()) needConsent(words, fate);
    return fate;
  }
  fate.fate = Fate::Lost;
  fate.why = fmt::format("reclaim policy {}: what is stored goes with the volume", policy);
  fate.instead = retainLine(object.name);
  needConsent(words, fate);
  return fate;
}

StateFate whenContentGoes(const FateWords& words, const ObjectRef& object, const Node& content) {
  StateFate fate;
  fate.object = object;
  const auto policy = textAt(&content, "spec.deletionPolicy", words.symbols);
  if (policy == "Retain") {
    fate.fate = Fate::Orphaned;
    fate.why = "deletion policy Retain: the stored copy stays, and nothing names it";
    return fate;
  }
  fate.fate = Fate::Lost;
  fate.why = fmt::format("deletion policy {}: the stored copy goes with it", policy.empty() ? "Delete" : policy);
  fate.instead = "set the content's `deletionPolicy: Retain` first";
  needConsent(words, fate);
  return fate;
}

StateFate whenSnapshotGoes(const FateWords& words, const ObjectRef& object, const Node& live) {
  const auto bound = textAt(&live, "status.boundVolumeSnapshotContentName", words.symbols);
  StateFate fate;
  fate.object = object;
  fate.size = textAt(&live, "status.restoreSize", words.symbols);
  if (bound.empty()) {
    fate.fate = Fate::AtRisk;
    fate.why = "it has no content yet: whether a copy is stored cannot be told";
    needConsent(words, fate);
    return fate;
  }
  const auto& content = words.facts.object({object.apiVersion, "VolumeSnapshotContent", "", std::string(bound)});
  if (content.there()) {
    auto found = whenContentGoes(words, object, *content.node);
    found.size = fate.size;
    found.volume = bound;
    return found;
  }
  fate.volume = bound;
  if (content.is == Found::Is::Absent) {
    fate.fate = Fate::Lost;
    fate.why = fmt::format("its content `{}` is gone already", bound);
    return fate;
  }
  fate.fate = Fate::AtRisk;
  fate.why = fmt::format("its content `{}` cannot be read, so its deletion policy is not known", bound);
  needConsent(words, fate);
  return fate;
}

}  // namespace

std::optional<StateFate> whenGone(const FateWords& words, const ObjectRef& object, const Node& live) {
  if (object.kind == "PersistentVolumeClaim") return whenClaimGoes(words, object, liveClaim(live, words.symbols));
  if (object.kind == "PersistentVolume") return whenVolumeGoes(words, object, live);
  if (object.kind.ends_with("SnapshotContent")) return whenContentGoes(words, object, live);
  if (object.kind == "VolumeSnapshot") return whenSnapshotGoes(words, object, live);
  StateFate fate;
  fate.object = object;
  fate.fate = Fate::Lost;
  if (object.kind == "CustomResourceDefinition") {
    fate.why = fmt::format("every {} of the cluster is deleted with it, in all namespaces", textAt(&live, "spec.names.kind", words.symbols));
    fate.instead = "leave it: a definition without objects costs nothing";
  } else {
    fate.fate = Fate::AtRisk;
    fate.why = "what it holds goes with it as its controller decides";
  }
  needConsent(words, fate);
  return fate;
}

StateFate whenReleased(const FateWords& words, const ObjectRef& object, const Node& live) {
  StateFate fate;
  fate.fate = Fate::Orphaned;
  fate.object = object;
  if (object.kind == "PersistentVolumeClaim") {
    const auto claim = liveClaim(live, words.symbols);
    fate.volume = claim.volume;
    fate.size = claim.size;
  } else if (object.kind == "PersistentVolume") {
    fate.volume = object.name;
    fate.size = textAt(&live, "spec.capacity.storage", words.symbols);
  } else if (object.kind == "VolumeSnapshot") {
    fate.size = textAt(&live, "status.restoreSize", words.symbols);
    fate.volume = textAt(&live, "status.boundVolumeSnapshotContentName", words.symbols);
  }
  fate.why = "it stays in the cluster, outside of the stack";
  fate.instead = fmt::format("to delete it: `--allow-data-loss {}`", consentName(object, words.home));
  return fate;
}

SetRange rangeOfSet(const Node& set, const base::SymbolTable& symbols) {
  return {number(&set, "spec.ordinals.start", symbols).value_or(0), number(&set, "spec.replicas", symbols).value_or(1)};
}

std::vector<SetClaim> claimsOfSet(const Node& set, const SetRange& range, const base::SymbolTable& symbols) {
  constexpr std::int64_t kMost = 10'000;
  std::vector<SetClaim> claims;
  const auto name = textAt(&set, "metadata.name", symbols);
  for (const auto& one : ir::Children(ir::findPath(&set, "spec.volumeClaimTemplates", symbols))) {
    const auto from = textAt(&one, "metadata.name", symbols);
    for (std::int64_t i = 0; i < std::min(range.count, kMost); ++i) claims.push_back({fmt::format("{}-{}-{}", from, name, range.first + i), std::string(from), range.first + i});
  }
  return claims;
}

std::optional<std::int64_t> ordinalOfClaim(std::string_view claim, std::string_view templateName, std::string_view setName) {
  const auto head = templateName.size() + 1 + setName.size() + 1;
  if (claim.size() <= head || !claim.starts_with(templateName) || claim[templateName.size()] != '-' || claim.substr(templateName.size() + 1, setName.size()) != setName || claim[head - 1] != '-')
    return std::nullopt;
  std::int64_t ordinal = 0;
  const auto* end = claim.data() + claim.size();
  const auto [stop, error] = std::from_chars(claim.data() + head, end, ordinal);
  if (error != std::errc{} || stop != end || ordinal < 0) return std::nullopt;
  return ordinal;
}

bool setDeletes(const Node& set, std::string_view when, const base::SymbolTable& symbols) {
  return textAt(&set, fmt::format("spec.persistentVolumeClaimRetentionPolicy.{}", when), symbols) == "Delete";
}

}  // namespace mlstack::backend
