// GPUs, memory, requests and limits.

#include "storage/rule.h"

namespace mlstack::storage {

std::span<const Rule> resourceRules() { return {}; }

}  // namespace mlstack::storage
