// What is lost when what is deleted.

#include "storage/rule.h"

namespace mlstack::storage {

std::span<const Rule> lifetimeRules() { return {}; }

}  // namespace mlstack::storage
