#include "storage/keys.h"

#include <unordered_map>

namespace mlstack::storage {

namespace {

struct Registry {
  std::vector<std::string_view> names;
  std::unordered_map<std::string_view, unsigned> slots;
};

Registry& registry() {
  static Registry all;
  return all;
}

}  // namespace

namespace detail {

unsigned slotOf(std::string_view name) {
  auto& all = registry();
  const auto [at, isNew] = all.slots.emplace(name, static_cast<unsigned>(all.names.size()));
  if (isNew) all.names.push_back(name);
  return at->second;
}

const std::vector<std::string_view>& registeredNames() { return registry().names; }

}  // namespace detail

Keys::Keys(base::SymbolTable& symbols) {
  symbols_.reserve(detail::registeredNames().size());
  for (const auto name : detail::registeredNames()) symbols_.push_back(symbols.intern(name));
}

}  // namespace mlstack::storage
