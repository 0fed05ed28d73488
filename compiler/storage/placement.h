#pragma once
// Which nodes a pod may run on and a volume can be reached from, as far as labels say it; whether the two can meet.

#include <string>
#include <string_view>
#include <vector>

#include "ir/node.h"
#include "storage/keys.h"

namespace mlstack::storage {

struct Pods;

/// One condition on a label of a node.
struct Condition {
  enum class Kind : std::uint8_t { In, NotIn, Exists, DoesNotExist, Other };
  std::string_view key{};   // zones and regions under one name, whoever's label says them
  Kind kind = Kind::Other;
  std::vector<std::string_view> values;
  const ir::Node* node = nullptr;
};

/// Terms of which one must hold, each a list of conditions that must all hold. No term: no node at all.
class Placement {
 public:
  /// Every node.
  Placement() : terms(1) {}

  /// nodeSelector, required node affinity and nodeName of a pod.
  [[nodiscard]] static Placement ofPod(const Keys& keys, const base::SymbolTable& symbols, const ir::Node* podSpec);
  /// `spec.nodeAffinity` of a PersistentVolume; every node when there is none.
  [[nodiscard]] static Placement ofVolume(const Keys& keys, const ir::Node* volumeSpec);
  /// `allowedTopologies` of a StorageClass.
  [[nodiscard]] static Placement ofTopologies(const Keys& keys, const ir::Node* allowedTopologies);

  /// Whether it says nothing.
  [[nodiscard]] bool isEverywhere() const;
  /// Whether a node can satisfy both; where labels do not contradict each other it can.
  [[nodiscard]] bool meets(const Placement& other) const;
  /// The condition of each that stands against the other's, of the first terms that do; null when they meet.
  struct Conflict {
    const Condition* here = nullptr;
    const Condition* there = nullptr;
  };
  [[nodiscard]] Conflict conflictWith(const Placement& other) const;
  Conflict conflictWith(Placement&&) const = delete;   // it points into both
  /// Two conditions that stand against each other, of the first term, when every term has such; null when a node can be right.
  [[nodiscard]] Conflict contradiction() const;
  /// The condition that every term has on the zone, or null.
  [[nodiscard]] const Condition* zone() const { return on("zone"); }
  [[nodiscard]] const Condition* on(std::string_view key) const;

  std::vector<std::vector<Condition>> terms;
};

/// "us-east-1a", "a or b".
[[nodiscard]] std::string valuesText(const Condition& condition);

/// Zones and regions have a label of Kubernetes, an older one, and one of each driver: they are "zone" and "region".
[[nodiscard]] std::string_view canonicalLabel(std::string_view key);

}  // namespace mlstack::storage
