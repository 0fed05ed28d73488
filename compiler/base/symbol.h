#pragma once
// Interned names: equal text, equal number.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"

namespace mlstack::base {

/// The number of an interned text. 0 is the empty text.
struct Symbol {
  std::uint32_t id = 0;
  constexpr explicit operator bool() const { return id != 0; }
  constexpr bool operator==(const Symbol&) const = default;
};

/// Owns the text of every symbol of a run. Not thread-safe.
class SymbolTable {
 public:
  SymbolTable();
  [[nodiscard]] Symbol intern(std::string_view text);
  /// Stable for the life of the table.
  [[nodiscard]] std::string_view text(Symbol symbol) const { return texts_[symbol.id]; }
  [[nodiscard]] std::size_t size() const { return texts_.size(); }

 private:
  /// Where texts stand, each behind its symbol's number.
  struct Chunk {
    const char* begin = nullptr;
    const char* end = nullptr;
  };
  void rehash(std::size_t buckets);
  [[nodiscard]] std::string_view keep(std::string_view text, std::uint32_t id);
  /// The symbol whose own text this is, in the very characters that `text` returns; 0: of none.
  [[nodiscard]] std::uint32_t ownerOf(std::string_view text) const;

  Arena arena_;
  std::vector<Chunk> chunks_;   // the last one is filled up to `free_`
  char* free_ = nullptr;
  std::vector<std::string_view> texts_;
  std::vector<std::uint64_t> buckets_;  // open addressing; high half hash, low half id; 0 = free
};

}  // namespace mlstack::base
