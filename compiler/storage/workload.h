#pragma once
// Rules of the workload family that stand in a file of their own (workload_scale.cpp).

#include "storage/rule.h"

namespace mlstack::storage {

/// MLS3324: two autoscalers of one workload each set its number of pods
/// (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#ambiguous-selectors); MLS3325.
void scalers(Context& context);
/// MLS3327: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector
void sameSelector(Context& context);

}  // namespace mlstack::storage
