#pragma once
// How a text is written so that every parser of YAML 1.1 and 1.2 reads that text.

#include <cstdint>
#include <string_view>

#include "emit/buffer.h"

namespace mlstack::emit {

enum class Style : std::uint8_t {
  Plain,    // as it is
  Single,   // '…': holds quotes or backslashes, which read better unescaped
  Double,   // "…" with escapes: always possible
  Literal,  // a `|` block: several lines
};

/// The best style for `text` as a value; `block`: prefer a literal block even for one line.
[[nodiscard]] Style styleOf(std::string_view text, bool block = false);
/// As a map key: never a block.
[[nodiscard]] Style keyStyleOf(std::string_view text);

/// Writes `text` on one line; `style` is not Literal.
void putScalar(Buffer& out, std::string_view text, Style style);
/// Writes `|`, the indicators and the lines at `indent`, without the last newline; the block's
/// parent is at `indent - 2`.
void putLiteral(Buffer& out, std::string_view text, unsigned indent);
/// `text` in double quotes; the result is a JSON string too.
void putQuoted(Buffer& out, std::string_view text);

/// Shortest digits that read back as `value`, always with a point (and a signed exponent), which
/// both YAML versions need to see a float.
void putFloat(Buffer& out, double value);
void putInteger(Buffer& out, std::int64_t value);

}  // namespace mlstack::emit
