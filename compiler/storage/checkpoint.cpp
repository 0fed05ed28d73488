// The checkpoint contract: it survives, resumes and fits.

#include "storage/rule.h"

namespace mlstack::storage {

std::span<const Rule> checkpointRules() { return {}; }

}  // namespace mlstack::storage
