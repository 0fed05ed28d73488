// Classes, provisioners, topology.

#include "storage/rule.h"

namespace mlstack::storage {

std::span<const Rule> classRules() { return {}; }

}  // namespace mlstack::storage
