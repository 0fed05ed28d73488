#include "backend/plan.h"

#include <algorithm>

#include <fmt/format.h>

namespace mlstack::backend {

std::string_view word(Action action) {
  switch (action) {
    case Action::Unchanged: return "unchanged";
    case Action::Create: return "create";
    case Action::Update: return "update";
    case Action::Adopt: return "adopt";
    case Action::Replace: return "replace";
    case Action::Recreate: return "recreate";
    case Action::Delete: return "delete";
    case Action::Release: return "release";
    case Action::Refused: return "refused";
  }
  return {};
}

std::string_view word(Fate fate) {
  switch (fate) {
    case Fate::New: return "new";
    case Fate::Kept: return "kept";
    case Fate::Grown: return "grown";
    case Fate::Rebound: return "rebound";
    case Fate::Orphaned: return "orphaned";
    case Fate::Lost: return "LOST";
    case Fate::AtRisk: return "AT RISK";
  }
  return {};
}

void setPlaces(Plan& plan, const base::SourceSet& sources) {
  for (auto& step : plan.steps) {
    const auto place = step.span.known() ? sources.place(step.span.begin) : std::nullopt;
    if (place) step.place = fmt::format("{}:{}:{}", place->file->name, place->line, place->column);
  }
}

bool Plan::changes() const {
  return std::ranges::any_of(steps, [](const PlanStep& step) { return step.action != Action::Unchanged; });
}

bool Plan::risksData() const {
  return std::ranges::any_of(state, [](const StateFate& fate) { return !fate.consent.empty(); });
}

std::size_t Plan::count(Action action) const {
  return static_cast<std::size_t>(std::ranges::count(steps, action, &PlanStep::action));
}

}  // namespace mlstack::backend
