// Names, labels, selectors, ports.

#include "storage/rule.h"

namespace mlstack::storage {

std::span<const Rule> nameRules() { return {}; }

}  // namespace mlstack::storage
