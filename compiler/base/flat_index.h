#pragma once
// Finding things that stand in an array by a hash of theirs: twelve bytes an entry, one array, no
// memory for each. The things themselves stay with whoever owns them.

#include <cstdint>
#include <vector>

namespace mlstack::base {

class FlatIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffu;

  void reserve(std::size_t count) {
    std::size_t buckets = 16;
    while (buckets < count * 2) buckets *= 2;
    if (buckets > slots_.size()) rehash(buckets);
  }

  /// The number of the thing with that hash for which `same(number)` holds; kNone when there is none.
  template <class Same>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Same same) const {
    if (slots_.empty()) return kNone;
    const std::uint32_t high = highOf(hash);
    for (auto at = hash & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.number == kNone) return kNone;
      if (slot.high == high && same(slot.number)) return slot.number;
    }
  }

  /// The number that is there already, or `number`, which then is.
  template <class Same>
  std::uint32_t insert(std::uint64_t hash, std::uint32_t number, Same same) {
    if ((count_ + 1) * 2 > slots_.size()) rehash(slots_.empty() ? 16 : slots_.size() * 2);
    const std::uint32_t high = highOf(hash);
    for (auto at = hash & mask_;; at = (at + 1) & mask_) {
      Slot& slot = slots_[at];
      if (slot.number == kNone) {
        slot = {high, number, static_cast<std::uint32_t>(hash)};
        ++count_;
        return number;
      }
      if (slot.high == high && same(slot.number)) return slot.number;
    }
  }

  [[nodiscard]] static std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    std::uint64_t x = (a ^ (b * 0x9e3779b97f4a7c15ull)) * 0xff51afd7ed558ccdull;
    x ^= x >> 32;
    x *= 0xc4ceb9fe1a85ec53ull;
    return x ^ x >> 29;
  }

 private:
  struct Slot {
    std::uint32_t high = 0;
    std::uint32_t number = kNone;
    std::uint32_t low = 0;   // for rehashing
  };

  static std::uint32_t highOf(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

  void rehash(std::size_t buckets) {
    std::vector<Slot> old(buckets);
    old.swap(slots_);
    mask_ = buckets - 1;
    for (const Slot& slot : old) {
      if (slot.number == kNone) continue;
      auto at = slot.low & mask_;
      while (slots_[at].number != kNone) at = (at + 1) & mask_;
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t mask_ = 0;   // below 2^32: `low` has all of it
  std::size_t count_ = 0;
};

}  // namespace mlstack::base
