// Paths, collisions, sub-paths.

#include "storage/rule.h"

namespace mlstack::storage {

std::span<const Rule> mountRules() { return {}; }

}  // namespace mlstack::storage
