#pragma once
// A source line as a terminal shows it, and where its bytes land. Private to this folder.

#include <cstddef>
#include <string>
#include <string_view>

namespace mlstack::diag {

/// What is printed under a message: the line, cropped around the caret, and the caret line below it.
struct Excerpt {
  std::string line;
  std::string carets;
};

/// `begin` and `end` are byte offsets in `line` (past its end is allowed: the caret stands behind the text).
/// Tabs become blanks; control characters, direction marks and bytes that are not UTF-8 become U+FFFD, so
/// that a hostile file cannot steer the terminal. The cost does not depend on the length of `line`.
[[nodiscard]] Excerpt excerpt(std::string_view line, std::size_t begin, std::size_t end);

}  // namespace mlstack::diag
