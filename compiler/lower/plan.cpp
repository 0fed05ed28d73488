#include "lower/plan.h"

#include <algorithm>

namespace mlstack::lower {

ApiParts splitApi(std::string_view api) {
  const auto slash = api.rfind('/');
  if (slash == std::string_view::npos) return {"v1", api};
  return {api.substr(0, slash), api.substr(slash + 1)};
}

std::vector<Symbol> Plans::path(std::string_view dotted) {
  std::vector<Symbol> steps;
  while (!dotted.empty()) {
    const auto dot = dotted.find('.');
    steps.push_back(symbols_.intern(dotted.substr(0, dot)));
    dotted = dot == std::string_view::npos ? std::string_view() : dotted.substr(dot + 1);
  }
  return steps;
}

namespace {

bool sameSteps(std::span<const StepPlan> a, std::span<const StepPlan> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const StepPlan& x, const StepPlan& y) {
    return x.key == y.key && x.isList == y.isList && x.element == y.element;
  });
}

bool sameTarget(const MemberPlan& a, const MemberPlan& b) { return sameSteps(a.steps, b.steps); }

/// Parts that fill one list (init and sidecar, read and write) keep the order of the source.
void shareRanks(const sema::Kind& kind, std::vector<MemberPlan>& members) {
  for (const auto index : kind.order) {
    auto& member = members[index];
    if (member.member->cardinality != sema::Cardinality::Parts || member.steps.empty()) continue;
    for (const auto earlier : kind.order) {
      if (earlier == index) break;
      const auto& other = members[earlier];
      if (other.member->cardinality == sema::Cardinality::Parts && sameTarget(member, other)) {
        member.rank = other.rank;
        break;
      }
    }
  }
}

}  // namespace

void Plans::numberAbove(std::vector<MemberPlan>& members) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    auto& member = members[i];
    if (member.steps.size() < 2) continue;
    const auto above = member.steps.first(member.steps.size() - 1);
    // A list without a named element grows with each write.
    if (std::any_of(above.begin(), above.end(), [](const StepPlan& step) { return step.isList && !step.element; })) continue;
    for (std::size_t j = 0; j < i && member.above == 0; ++j) {
      const auto& other = members[j];
      if (other.above != 0 && sameSteps(other.steps.first(other.steps.size() - 1), above)) member.above = other.above;
    }
    if (member.above == 0) member.above = ++places_;
  }
}

std::unique_ptr<KindPlan> Plans::make(const sema::Kind& kind, bool builtin) {
  auto made = std::make_unique<KindPlan>();
  auto& plan = *made;
  plan.kind = &kind;
  plan.builtin = builtin;
  std::vector<MemberPlan> members(kind.members.size());
  for (std::size_t i = 0; i < kind.members.size(); ++i) {
    const auto& member = kind.members[i];
    std::vector<StepPlan> steps;
    for (const auto& step : member.target) {
      steps.push_back({symbols_.intern(step.key), step.isList, symbols_.intern(step.elementKey)});
    }
    members[i].member = &member;
    members[i].steps = arena_.copy(steps);
  }
  for (std::size_t rank = 0; rank < kind.order.size(); ++rank) members[kind.order[rank]].rank = static_cast<std::uint16_t>(rank);
  shareRanks(kind, members);
  numberAbove(members);
  plan.members = arena_.copy(members);
  plan.label = plan.find("label");
  if (!kind.api.empty()) {
    const auto [apiVersion, name] = splitApi(kind.api);
    plan.apiVersion = symbols_.intern(apiVersion);
    plan.kindName = symbols_.intern(name);
  }
  plan.podMetadata = path(kind.podMetadata);
  plan.podSpec = path(kind.podSpec);
  return made;
}

}  // namespace mlstack::lower
