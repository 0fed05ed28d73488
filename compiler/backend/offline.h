#pragma once
// A plan without a server: what ran before and what shall run are both known as objects. For `plan --offline` and for folders.

#include "backend/backend.h"
#include "base/source.h"
#include "diag/diag.h"
#include "ir/stack.h"
#include "schema/schema.h"

namespace mlstack::backend {

/// `was` may be null: nothing ran. Both share one symbol table. Objects have the same names as in a cluster; those
/// without a namespace are compared by what they say.
[[nodiscard]] Plan planBetween(const ir::Stack* was, const ir::Stack& now, const schema::Catalog& catalog, const PlanOptions& options);

}  // namespace mlstack::backend
