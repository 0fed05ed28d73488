// What a server refuses, at the line that says it.

#include <algorithm>

#include <fmt/format.h>

#include "backend/apply_run.h"
#include "backend/compare.h"
#include "diag/cluster.h"

namespace mlstack::backend {

using diag::ClusterCode;

namespace {

/// `name` of `conflict with "name" using apps/v1`, or the text as it is.
std::string managerOf(const std::string& message) {
  const auto from = message.find('"');
  const auto to = from == std::string::npos ? from : message.find('"', from + 1);
  return to == std::string::npos ? message : message.substr(from + 1, to - from - 1);
}

std::string_view withoutDot(std::string_view path) { return path.starts_with('.') ? path.substr(1) : path; }

}  // namespace

base::Span ApplyRun::spanOf(const PlanStep& step, std::string_view field) const {
  if (step.source != nullptr && !field.empty()) {
    if (const auto* node = nodeAt(*step.source, field, api_.symbols()); node != nullptr && node != step.source && node->span.known()) return node->span;
  }
  for (const auto& change : step.changes) {
    if (change.span.known() && withoutDot(change.path) == withoutDot(field)) return change.span;
  }
  return step.span;
}

/// In a plan from a file there are no spans, but the places are kept as text.
void ApplyRun::say(const PlanStep& step, diag::Diagnostic d) {
  if (!d.span.known()) d.file = step.place;
  d.object = fmt::format("{}/{}", step.object.kind, step.object.name);
  sink_.add(std::move(d));
}

void ApplyRun::conflicted(const PlanStep& step, const Failure& failure) {
  for (const auto& cause : failure.causes) {
    if (cause.reason != "FieldManagerConflict") continue;
    say(step, diag::make<ClusterCode::FieldOwned>(spanOf(step, cause.field), cause.field, step.object.text(plan_.nameSpace), managerOf(cause.message))
                  .hint("leave the field to it by not setting it, or take it with --force-conflicts"));
  }
}

void ApplyRun::fieldsRefused(const PlanStep& step, const Failure& failure) {
  for (const auto& cause : failure.causes)
    say(step, diag::make<ClusterCode::ServerRefusesField>(spanOf(step, cause.field), cause.field, step.object.text(plan_.nameSpace), cause.message));
}

void ApplyRun::refuse(Work& work, const Failure& failure, std::string_view doing) {
  const auto& step = *work.step;
  const bool owned = std::any_of(failure.causes.begin(), failure.causes.end(), [](const Cause& cause) { return cause.reason == "FieldManagerConflict"; });
  const bool fields = failure.code == 422 && std::any_of(failure.causes.begin(), failure.causes.end(), [](const Cause& cause) { return !cause.field.empty(); });
  const bool forAll = failure.outcome != Outcome::Answered || failure.code == 401;
  if (failure.outcome == Outcome::Cancelled || (forAll && mustEnd())) return fail(work);   // said once
  if (owned) conflicted(step, failure);
  else if (fields) fieldsRefused(step, failure);
  else say(step, report(failure, fmt::format("{} {}", doing, work.ref.text(plan_.nameSpace)), step.span));
  // Who cannot be reached or does not know us will not take the next one either.
  if (forAll) halted_ = true;
  fail(work);
}

}  // namespace mlstack::backend
