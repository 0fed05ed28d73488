#pragma once
// Where the parts of the picture go: columns from classes to workloads, few crossings, and a height
// of its own for every line that arrives at a box, so that labels cannot meet.

#include <string_view>
#include <utility>
#include <vector>

#include "ir/graph.h"

namespace mlstack::ir {

struct Box {
  double x = 0, y = 0, width = 0, height = 0;
};

/// A line's way: through the points, leaving and arriving level.
struct Way {
  std::vector<std::pair<double, double>> points;
  double labelX = 0, labelY = 0;  // start of the label's text
};

struct Layout {
  std::vector<Box> boxes;  // as Graph::nodes
  std::vector<Way> ways;   // as Graph::edges
  double width = 0, height = 0;
};

inline constexpr double kTitleSize = 13, kLineSize = 11, kLabelSize = 11;
inline constexpr double kLineHeight = 16, kPadding = 12;

/// Estimated for common sans-serif fonts, a little generous.
[[nodiscard]] double textWidth(std::string_view text, double size, bool bold = false);
[[nodiscard]] Layout layOut(const Graph& graph, double top);

}  // namespace mlstack::ir
