#pragma once
// What all views of a plan say in the same words. Private to this folder.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/plan.h"

namespace mlstack::backend {

inline constexpr Action kActions[] = {Action::Create, Action::Update,  Action::Adopt,   Action::Replace,  Action::Recreate,
                                      Action::Delete, Action::Release, Action::Refused, Action::Unchanged};

/// "2 to create, 1 to replace, 14 unchanged"; "nothing to do" when all is unchanged.
[[nodiscard]] std::string summaryText(const Plan& plan);
/// "1 kept, 1 LOST (10Gi)"; empty when no state is touched.
[[nodiscard]] std::string stateSummary(const Plan& plan);
/// "10Gi", "10Gi → 20Gi".
[[nodiscard]] std::string sizeText(const StateFate& fate);
/// The value of a change as it may be shown: `(absent)`, `(secret)`, or the value.
[[nodiscard]] std::string shown(const FieldChange& change, const std::string& value);
/// The fates in which bytes may go.
[[nodiscard]] bool losesData(Fate fate);

}  // namespace mlstack::backend
