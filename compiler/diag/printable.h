#pragma once
// Text from elsewhere on its way to a terminal.

#include <string>
#include <string_view>

namespace mlstack::diag {

/// Tabs become blanks; control characters, direction marks and bytes that are not UTF-8 become U+FFFD, so that no
/// source, server or plugin can steer the terminal. Line breaks stay.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace mlstack::diag
