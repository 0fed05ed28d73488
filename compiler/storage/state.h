#pragma once
// What is known of each piece of state: what it can give, and who uses it how. Computed from the
// graph alone, so that manifests and `.mlstack` are judged alike.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/stack.h"

namespace mlstack::storage {

/// A set of access modes.
enum Mode : std::uint8_t { ReadWriteOnce = 1, ReadOnlyMany = 2, ReadWriteMany = 4, ReadWriteOncePod = 8 };
using Modes = std::uint8_t;

/// "ReadWriteOnce and ReadWriteOncePod".
[[nodiscard]] std::string modesText(Modes modes);

/// One workload's use of one piece of state.
struct Use {
  const ir::Edge* edge = nullptr;
  const ir::Object* workload = nullptr;
  std::int64_t pods = 1;          // at the same time, rolling update excluded
  bool rolling = false;           // an update runs old and new pods side by side
  bool writes = true;
  bool separateNodes = false;     // its pods cannot share a node (many GPUs each, kept apart, one per node)
  bool everyNode = false;         // one pod on each node: `pods` is only "more than one"
  bool oneNode = false;           // all its pods run on one node, by name
};

/// One claim and what it can give.
struct State {
  const ir::Object* claim = nullptr;
  Modes declared = 0;                    // spec.accessModes
  const ir::Node* declaredAt = nullptr;
  const ir::Object* classObject = nullptr;
  const ir::Node* classAt = nullptr;     // spec.storageClassName
  std::optional<Modes> classModes;       // absent: the class is unknown
  std::optional<base::Quantity> size;
  std::vector<Use> uses;

  /// What it can give: declared, less what the class cannot; the class's own when nothing is left.
  [[nodiscard]] Modes capability() const;
};

/// Every claim of the stack, externals included, with its uses, in declaration order. Linear in
/// objects plus edges. The stack must be linked and must outlive the result.
[[nodiscard]] std::vector<State> states(const ir::Stack& stack);

}  // namespace mlstack::storage
