#include <algorithm>

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

const Member* Kind::find(std::string_view memberName) const {
  const auto at = std::lower_bound(members.begin(), members.end(), memberName,
                                   [](const Member& member, std::string_view wanted) { return member.name < wanted; });
  return at != members.end() && at->name == memberName ? &*at : nullptr;
}

}  // namespace mlstack::sema
