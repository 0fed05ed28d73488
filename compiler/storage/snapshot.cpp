// Snapshots, clones, populators.

#include "storage/rule.h"

namespace mlstack::storage {

std::span<const Rule> snapshotRules() { return {}; }

}  // namespace mlstack::storage
