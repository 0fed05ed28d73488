// What the API server of the targeted version would refuse.

#include "storage/rule.h"

namespace mlstack::storage {

std::span<const Rule> admissionRules() { return {}; }

}  // namespace mlstack::storage
