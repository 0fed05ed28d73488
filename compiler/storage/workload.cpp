// The right kind of workload, restarts, budgets.

#include "storage/rule.h"

namespace mlstack::storage {

std::span<const Rule> workloadRules() { return {}; }

}  // namespace mlstack::storage
