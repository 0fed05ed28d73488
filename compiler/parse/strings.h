#pragma once
// From the spelling of a string to its value.

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/arena.h"

namespace mlstack::parse {

/// One stretch of text of a string as spelled: without quotes, `${` and `}`, escapes not yet resolved.
struct StringPieces {
  std::vector<std::string_view> pieces;
  bool block = false;
  bool raw = false;

  /// Starts with the token of a whole string, or of a string's head.
  void first(std::string_view token, bool whole);
  /// Adds the token of a middle piece, or of the tail.
  void more(std::string_view token, bool last);
};

/// How far the lines of a block string are indented in common: what `decode` takes off each of them. npos when no
/// line counts (all are blank, or there is only the one behind the opening quotes).
[[nodiscard]] std::size_t commonIndentation(const std::vector<std::string_view>& pieces);

/// The values, piece by piece: indentation stripped, escapes resolved. A value without changes is a view of the
/// source, any other lives in `arena`.
void decode(StringPieces& string, base::Arena& arena);

}  // namespace mlstack::parse
