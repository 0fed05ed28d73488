#include "base/symbol.h"

#include <algorithm>
#include <cstring>

namespace mlstack::base {
namespace {

std::uint64_t load(const char* at, std::size_t bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, bytes);
  return word;
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ typedef unsigned __int128 Wide;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Eight bytes a step, one wide multiplication each: names are short, so set-up cost matters most.
std::uint32_t hashOf(std::string_view text) {
  constexpr std::uint64_t k0 = 0xa0761d6478bd642fULL;
  constexpr std::uint64_t k1 = 0xe7037ed1a0b428dbULL;
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t state = k0 ^ left;
  for (; left > 8; at += 8, left -= 8) state = mix(state ^ load(at, 8), k1);
  state = mix(state ^ load(at, left), k1);
  return static_cast<std::uint32_t>(state >> 32 ^ state);
}

}  // namespace

SymbolTable::SymbolTable() {
  texts_.emplace_back();
  rehash(1024);
}

Symbol SymbolTable::intern(std::string_view text) {
  if (text.empty()) return {};
  if (const auto owner = ownerOf(text); owner != 0) return {owner};
  if (texts_.size() * 2 > buckets_.size()) rehash(buckets_.size() * 2);
  const std::uint32_t hash = hashOf(text);
  const std::size_t mask = buckets_.size() - 1;
  std::size_t at = hash & mask;
  for (; buckets_[at] != 0; at = (at + 1) & mask) {
    const auto id = static_cast<std::uint32_t>(buckets_[at]);
    if (static_cast<std::uint32_t>(buckets_[at] >> 32) == hash && texts_[id] == text) return {id};
  }
  const auto id = static_cast<std::uint32_t>(texts_.size());
  texts_.push_back(keep(text, id));
  buckets_[at] = std::uint64_t{hash} << 32 | id;
  return {id};
}

std::string_view SymbolTable::keep(std::string_view text, std::uint32_t id) {
  constexpr std::size_t kFirst = 16 * 1024;
  constexpr std::size_t kMost = 1024 * 1024;
  const std::size_t wanted = sizeof id + text.size();
  if (chunks_.empty() || static_cast<std::size_t>(chunks_.back().end - free_) < wanted) {
    std::size_t size = chunks_.empty() ? kFirst : std::min(kMost, 2 * static_cast<std::size_t>(chunks_.back().end - chunks_.back().begin));
    size = std::max(size, wanted);
    free_ = static_cast<char*>(arena_.allocate(size, 1));
    chunks_.push_back({free_, free_ + size});
  }
  std::memcpy(free_, &id, sizeof id);
  auto* const at = free_ + sizeof id;
  std::memcpy(at, text.data(), text.size());
  free_ += wanted;
  return {at, text.size()};
}

std::uint32_t SymbolTable::ownerOf(std::string_view text) const {
  const auto at = reinterpret_cast<std::uintptr_t>(text.data());
  for (auto chunk = chunks_.rbegin(); chunk != chunks_.rend(); ++chunk) {   // the largest first
    const auto begin = reinterpret_cast<std::uintptr_t>(chunk->begin);
    if (at - begin >= static_cast<std::uintptr_t>(chunk->end - chunk->begin)) continue;
    std::uint32_t id = 0;
    if (at - begin < sizeof id) return 0;
    std::memcpy(&id, text.data() - sizeof id, sizeof id);
    // A piece of a text has other characters in front of it.
    return id < texts_.size() && texts_[id].data() == text.data() && texts_[id].size() == text.size() ? id : 0;
  }
  return 0;
}

void SymbolTable::rehash(std::size_t buckets) {
  std::vector<std::uint64_t> old(buckets, 0);
  old.swap(buckets_);
  const std::size_t mask = buckets - 1;
  for (const std::uint64_t entry : old) {
    if (entry == 0) continue;
    std::size_t at = (entry >> 32) & mask;
    while (buckets_[at] != 0) at = (at + 1) & mask;
    buckets_[at] = entry;
  }
}

}  // namespace mlstack::base
