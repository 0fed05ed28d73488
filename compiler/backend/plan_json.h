#pragma once
// The members of a plan as JSON, for `--format json` and for plan files. Private to this folder.

#include "backend/plan.h"
#include "base/json.h"

namespace mlstack::backend {

/// `whole`: with the bodies to send and what was looked at, so that it can be carried out.
void writePlan(base::JsonWriter& out, const Plan& plan, bool whole);

}  // namespace mlstack::backend
