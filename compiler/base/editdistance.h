#pragma once
// How far two words lie apart, for "did you mean".

#include <cstddef>
#include <string_view>

namespace mlstack::base {

/// Insertions, deletions, replacements and swaps of neighbours (each bytes) that lead from one text to the
/// other; `limit + 1` as soon as it is known to be more than `limit`.
[[nodiscard]] std::size_t editDistance(std::string_view from, std::string_view to, std::size_t limit);

}  // namespace mlstack::base
