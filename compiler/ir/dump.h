#pragma once
// The graph for people and for tools.

#include <string>

#include "base/source.h"
#include "ir/stack.h"

namespace mlstack::ir {

/// Objects with their trees, edges, outputs; every node with line:column. Stable text.
[[nodiscard]] std::string dumpText(const Stack& stack, const base::SourceSet& sources);
/// The same as JSON, {"version": 1, …}.
[[nodiscard]] std::string dumpJson(const Stack& stack, const base::SourceSet& sources);

/// Storage and work, who reads, who writes.
[[nodiscard]] std::string graphDot(const Stack& stack);
[[nodiscard]] std::string graphMermaid(const Stack& stack);
/// Self-contained SVG with our own layered layout; no Graphviz needed.
[[nodiscard]] std::string graphSvg(const Stack& stack);

}  // namespace mlstack::ir
