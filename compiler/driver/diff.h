#pragma once
// What changed between two texts, for people: a unified diff.

#include <string>
#include <string_view>

namespace mlstack::driver {

/// Unified diff with three lines of context; empty when the texts are equal. `name` stands after
/// `---` and `+++`. Linear space; very different texts are shown as one replacement.
[[nodiscard]] std::string unifiedDiff(std::string_view name, std::string_view before, std::string_view after,
                                      bool color);

}  // namespace mlstack::driver
