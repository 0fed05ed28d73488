#include <algorithm>
#include <array>
#include <cstdint>

#include "sema/kind.h"

namespace mlstack::sema {

namespace {

#include "kinds_table.inc"

}  // namespace

std::span<const Kind> preludeKinds() { return kPreludeKinds; }

const Kind* preludeKind(std::string_view name) {
  const auto kinds = preludeKinds();
  const auto at = std::lower_bound(kinds.begin(), kinds.end(), name, [](const Kind& kind, std::string_view wanted) { return kind.name < wanted; });
  return at != kinds.end() && at->name == name ? &*at : nullptr;
}

namespace {

/// The same few names are looked for again and again, by the same words of the compiler or the source.
struct Lately {
  const char* name = nullptr;
  const Member* members = nullptr;
  std::uint32_t index = 0;
};
thread_local std::array<Lately, 256> lately;

}  // namespace

const Member* Kind::find(std::string_view memberName) const {
  const auto mixed = (reinterpret_cast<std::uintptr_t>(memberName.data()) ^ reinterpret_cast<std::uintptr_t>(members.data()) >> 4) *
                     0x9e3779b97f4a7c15ull;
  auto& slot = lately[mixed >> 56];
  if (slot.name == memberName.data() && slot.members == members.data() && slot.index < members.size() &&
      members[slot.index].name == memberName) {   // memory may have come to hold another text, or another kind
    return &members[slot.index];
  }
  const auto at = std::lower_bound(members.begin(), members.end(), memberName,
                                   [](const Member& member, std::string_view wanted) { return member.name < wanted; });
  if (at == members.end() || at->name != memberName) return nullptr;
  slot = {memberName.data(), members.data(), static_cast<std::uint32_t>(at - members.begin())};
  return &*at;
}

}  // namespace mlstack::sema
