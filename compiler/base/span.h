#pragma once
// Positions in source text. One 32-bit space covers all files of a run, so that a position
// is 4 bytes and a span 8; `SourceSet` maps it back to a file and an offset.

#include <cstdint>

namespace mlstack::base {

/// A byte position in the run's source space. 0 means "nowhere" (made by the compiler).
using Pos = std::uint32_t;

/// The half-open byte range [begin, end).
struct Span {
  Pos begin = 0;
  Pos end = 0;

  [[nodiscard]] constexpr bool known() const { return begin != 0; }
  [[nodiscard]] constexpr Span to(Span last) const { return {begin, last.end > end ? last.end : end}; }
  constexpr bool operator==(const Span&) const = default;
};

}  // namespace mlstack::base
