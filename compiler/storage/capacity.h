#pragma once
// The rules about quotas and limit ranges, which stand in a file of their own.

#include "storage/rule.h"

namespace mlstack::storage {

/// ResourceQuota and LimitRange against everything in their namespaces.
void quotas(Context& context);

}  // namespace mlstack::storage
