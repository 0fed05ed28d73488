#pragma once
// A plan carried out against an API server. `Backend::apply` of the cluster backend is this.

#include "backend/backend.h"

namespace mlstack::backend {

[[nodiscard]] Report applyPlan(Api& api, const Connection& connection, const Plan& plan, const ApplyOptions& options,
                               Progress& progress, diag::Sink& sink);

}  // namespace mlstack::backend
