#pragma once
// A set of token kinds in one word.

#include <bit>
#include <cstdint>
#include <initializer_list>

#include "syntax/token.h"

namespace mlstack::parse {

static_assert(static_cast<unsigned>(syntax::TokenKind::Not) < 64);

class TokenSet {
 public:
  constexpr TokenSet() = default;
  constexpr TokenSet(std::initializer_list<syntax::TokenKind> kinds) {
    for (const auto kind : kinds) add(kind);
  }
  constexpr void add(syntax::TokenKind kind) { bits_ |= bit(kind); }
  [[nodiscard]] constexpr bool has(syntax::TokenKind kind) const { return (bits_ & bit(kind)) != 0; }
  [[nodiscard]] constexpr bool hasAll(TokenSet other) const { return (other.bits_ & ~bits_) == 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr int size() const { return std::popcount(bits_); }
  [[nodiscard]] constexpr TokenSet without(TokenSet other) const { return TokenSet(bits_ & ~other.bits_); }
  [[nodiscard]] constexpr TokenSet without(syntax::TokenKind kind) const { return TokenSet(bits_ & ~bit(kind)); }
  [[nodiscard]] constexpr TokenSet operator|(TokenSet other) const { return TokenSet(bits_ | other.bits_); }
  [[nodiscard]] constexpr TokenSet operator&(TokenSet other) const { return TokenSet(bits_ & other.bits_); }
  constexpr bool operator==(const TokenSet&) const = default;

 private:
  explicit constexpr TokenSet(std::uint64_t bits) : bits_(bits) {}
  static constexpr std::uint64_t bit(syntax::TokenKind kind) { return std::uint64_t{1} << static_cast<unsigned>(kind); }
  std::uint64_t bits_ = 0;
};

}  // namespace mlstack::parse
