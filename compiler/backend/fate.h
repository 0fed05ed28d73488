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
  std::string_view home;     // where a name without a namespace belongs
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
/// The numbers of a set's pods.
struct SetRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
  [[nodiscard]] bool has(std::int64_t ordinal) const { return ordinal >= first && ordinal - first < count; }
};
[[nodiscard]] SetRange rangeOfSet(const ir::Node& set, const base::SymbolTable& symbols);
/// Those of numbers of `range`; `set` is the whole object. Of more than 10,000 replicas only the first ones: claims that are there
/// are found by walking them (`ordinalOfClaim`), and new ones past that number are all alike.
[[nodiscard]] std::vector<SetClaim> claimsOfSet(const ir::Node& set, const SetRange& range, const base::SymbolTable& symbols);
/// The number of a claim that is one of a set's.
[[nodiscard]] std::optional<std::int64_t> ordinalOfClaim(std::string_view claim, std::string_view templateName, std::string_view setName);
/// `persistentVolumeClaimRetentionPolicy.whenDeleted`/`whenScaled` is Delete.
[[nodiscard]] bool setDeletes(const ir::Node& set, std::string_view when, const base::SymbolTable& symbols);

/// How to have the bytes again when this claim goes: a snapshot where the cluster has them, else Retain.
[[nodiscard]] std::string keepClaim(const FateWords& words, const ObjectRef& claim, std::string_view volume);

}  // namespace mlstack::backend
