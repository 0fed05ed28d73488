#include "backend/plan_words.h"

#include <fmt/format.h>

namespace mlstack::backend {

std::string summaryText(const Plan& plan) {
  std::vector<std::string> parts;
  for (const Action action : kActions) {
    const auto count = plan.count(action);
    if (count == 0) continue;
    if (action == Action::Unchanged) {
      parts.push_back(fmt::format("{} unchanged", count));
    } else if (action == Action::Refused) {
      parts.push_back(fmt::format("{} refused", count));
    } else if (action == Action::Release) {
      parts.push_back(fmt::format("{} to release", count));
    } else {
      parts.push_back(fmt::format("{} to {}", count, word(action)));
    }
  }
  if (parts.empty()) return "nothing to do";
  return plan.changes() ? fmt::format("{}", fmt::join(parts, ", ")) : fmt::format("nothing to do, {}", parts.front());
}

std::string stateSummary(const Plan& plan) {
  constexpr Fate kFates[] = {Fate::New, Fate::Kept, Fate::Grown, Fate::Rebound, Fate::Orphaned, Fate::Lost, Fate::AtRisk};
  std::vector<std::string> parts;
  for (const Fate kind : kFates) {
    std::size_t count = 0;
    base::Quantity total;
    for (const auto& fate : plan.state) {
      if (fate.fate != kind) continue;
      ++count;
      if (const auto size = base::parseQuantity(fate.size)) total = total + *size;
    }
    if (count == 0) continue;
    parts.push_back(losesData(kind) && !total.isZero() ? fmt::format("{} {} ({})", count, word(kind), total.text())
                                                       : fmt::format("{} {}", count, word(kind)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string sizeText(const StateFate& fate) {
  if (fate.newSize.empty() || fate.newSize == fate.size) return fate.size;
  return fmt::format("{} → {}", fate.size, fate.newSize);
}

std::string shown(const FieldChange& change, const std::string& value) {
  if (value.empty()) return "(absent)";
  return change.redacted ? "(secret)" : value;
}

bool losesData(Fate fate) { return fate == Fate::Lost || fate == Fate::AtRisk; }

std::vector<std::string> obstacles(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& step : plan.steps) {
    const auto name = step.object.text(plan.nameSpace);
    if (step.action == Action::Refused) out.push_back(fmt::format("{}: {}", name, step.why));
    for (const auto& conflict : step.conflicts)
      out.push_back(fmt::format("{}: {} belongs to `{}`: leave it out of the stack, or take it with `--force-conflicts`", name, conflict.path, conflict.manager));
  }
  for (const auto& fate : plan.state) {
    if (fate.consent.empty() || fate.consented) continue;
    out.push_back(fmt::format("{}: {} is {}: `--allow-data-loss {}` consents", fate.object.text(plan.nameSpace),
                              fate.size.empty() ? "its state" : fate.size, fate.fate == Fate::Lost ? "lost" : "at risk", fate.consent));
  }
  return out;
}

}  // namespace mlstack::backend
