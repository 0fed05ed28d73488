#pragma once
// The picture before it is drawn: state on one side, work on the other, who reads and who writes.

#include <cstdint>
#include <string>
#include <vector>

#include "ir/stack.h"

namespace mlstack::ir {

enum class Shape : std::uint8_t {
  Class,
  Volume,
  Snapshot,
  Claim,
  Scratch,
  Config,
  Secret,
  Outside,
  Workload
};
enum class Flow : std::uint8_t { Read, Write, Checkpoint, Scratch, Environment, Supply };

[[nodiscard]] std::string_view word(Shape shape);
[[nodiscard]] std::string_view word(Flow flow);

struct GraphNode {
  Shape shape{};
  bool external = false;  // exists elsewhere: dashed
  std::string title;
  std::vector<std::string> lines;  // below the title: class, size and modes, lifetime
};

/// Supply runs from a class to a claim and so on; every other flow from state to work.
struct GraphEdge {
  Flow flow{};
  std::size_t state = 0;  // for Supply: the giver
  std::size_t work = 0;   // for Supply: the taker
  std::string label;      // "read /data"
};

struct Graph {
  std::string title;
  std::vector<GraphNode> nodes;  // in declaration order, undeclared ones where first named
  std::vector<GraphEdge> edges;  // one for each pair of ends and flow
};

[[nodiscard]] Graph graphOf(const Stack& stack);

}  // namespace mlstack::ir
