#pragma once
// Where a value ends in the text: yaml-cpp tells only where it begins.

#include <cstddef>
#include <string_view>

namespace mlstack::yaml {

/// Skips anchors and tags (`&a !!str`) that stand before a value at `at`.
[[nodiscard]] std::size_t skipProperties(std::string_view text, std::size_t at);
/// Past the scalar that begins at `at` and was read as `value`; npos when its quote is never
/// closed.
[[nodiscard]] std::size_t scalarEnd(std::string_view text, std::size_t at, std::string_view value);
/// Past the bracket that closes a flow collection whose last child ends at `at`; `at` when there is
/// none.
[[nodiscard]] std::size_t flowEnd(std::string_view text, std::size_t at, char close);

}  // namespace mlstack::yaml
