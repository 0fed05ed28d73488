#pragma once
// What becomes of state: of claims, volumes and snapshots that go, and of those that a workload has made. Everything here asks
// LiveFacts; as long as that has questions open, an answer is provisional and asked for again.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/observe.h"
#include "backend/plan.h"

namespace mlstack::backend {

struct FateWords {
  LiveFacts& facts;
  const std::set<std::string>& consents;
  const base::SymbolTable& symbols;
};

/// A claim that is deleted, by the reclaim policy of its volume. Nothing when it has no volume yet: there are no bytes.
[[nodiscard]] std::optional<StateFate> whenClaimGoes(const FateWords& words, const ObjectRef& claim, const LiveClaim& live);
/// A PersistentVolume, VolumeSnapshot or VolumeSnapshotContent, a definition of a custom kind that is deleted.
[[nodiscard]] std::optional<StateFate> whenGone(const FateWords& words, const ObjectRef& object, const ir::Node& live);
/// A thing that holds data and stays in the cluster though nothing in the stack refers to it any more.
[[nodiscard]] StateFate whenReleased(const FateWords& words, const ObjectRef& object, const ir::Node& live);

/// One claim of a StatefulSet, by template and number.
struct SetClaim {
  std::string name;          // "data-db-0"
  std::string templateName;
  std::int64_t ordinal = 0;
};
/// Those that a set of `replicas` from `start` on has. `set` is the whole object.
[[nodiscard]] std::vector<SetClaim> claimsOfSet(const ir::Node& set, const base::SymbolTable& symbols);
/// Whether a claim is one of a set's, of whatever number.
[[nodiscard]] bool isClaimOfSet(std::string_view claim, std::string_view templateName, std::string_view setName);
/// `persistentVolumeClaimRetentionPolicy.whenDeleted`/`whenScaled` is Delete.
[[nodiscard]] bool setDeletes(const ir::Node& set, std::string_view when, const base::SymbolTable& symbols);

/// The claims of the object's namespace that go when it is deleted in the background: they name it as their owner, or
/// something that it owns.
[[nodiscard]] std::vector<const LiveClaim*> claimsOwnedBy(const FateWords& words, const ObjectRef& object, std::string_view uid);

/// How to have the bytes again when this claim goes: a snapshot where the cluster has them, else Retain.
[[nodiscard]] std::string keepClaim(const FateWords& words, const ObjectRef& claim, std::string_view volume);

}  // namespace mlstack::backend
