#pragma once
// The words under which dumps and graphs show the closed sets of the graph.

#include <string_view>

#include "ir/stack.h"

namespace mlstack::ir {

[[nodiscard]] std::string_view word(Role role);
[[nodiscard]] std::string_view word(EdgeKind kind);
[[nodiscard]] std::string_view word(Intent intent);
[[nodiscard]] std::string_view word(NodeKind kind);

}  // namespace mlstack::ir
