// A plan for a terminal.

#include <algorithm>

#include <fmt/format.h>

#include "backend/plan_words.h"
#include "diag/printable.h"

namespace mlstack::backend {
namespace {

enum class Ink : std::uint8_t { Plain, Green, Yellow, Red, BoldRed, Cyan, Faint, Bold };

std::string_view sequence(Ink ink) {
  switch (ink) {
    case Ink::Plain: return "";
    case Ink::Green: return "\x1b[32m";
    case Ink::Yellow: return "\x1b[33m";
    case Ink::Red: return "\x1b[31m";
    case Ink::BoldRed: return "\x1b[1;31m";
    case Ink::Cyan: return "\x1b[36m";
    case Ink::Faint: return "\x1b[2m";
    case Ink::Bold: return "\x1b[1m";
  }
  return {};
}

struct Look {
  std::string_view sign;
  Ink ink;
};

Look lookOf(Action action) {
  switch (action) {
    case Action::Unchanged: return {" ", Ink::Faint};
    case Action::Create: return {"+", Ink::Green};
    case Action::Update: return {"~", Ink::Yellow};
    case Action::Adopt: return {"&", Ink::Cyan};
    case Action::Replace: return {"±", Ink::Yellow};
    case Action::Recreate: return {"±", Ink::Yellow};
    case Action::Delete: return {"-", Ink::Red};
    case Action::Release: return {"<", Ink::Cyan};
    case Action::Refused: return {"!", Ink::BoldRed};
  }
  return {" ", Ink::Plain};
}

Ink inkOf(Fate fate) {
  switch (fate) {
    case Fate::New:
    case Fate::Grown: return Ink::Green;
    case Fate::Kept:
    case Fate::Rebound: return Ink::Plain;
    case Fate::Orphaned: return Ink::Yellow;
    case Fate::Lost:
    case Fate::AtRisk: return Ink::BoldRed;
  }
  return Ink::Plain;
}

class Page {
 public:
  explicit Page(bool color) : color_(color) {}
  /// Values come from the cluster: nothing in them may reach the terminal as it is.
  [[nodiscard]] std::string ink(Ink ink, std::string_view text) const {
    const auto safe = diag::printable(text);
    return color_ && ink != Ink::Plain ? fmt::format("{}{}\x1b[0m", sequence(ink), safe) : safe;
  }
  void line(std::string_view text) {
    out_ += text;
    out_ += '\n';
  }
  /// Text of several lines, each behind `margin`.
  void block(std::string_view margin, Ink as, std::string_view text) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      line(fmt::format("{}{}", margin, ink(as, text.substr(0, end))));
      text.remove_prefix(std::min(text.size(), end + 1));
    }
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  bool color_;
  std::string out_;
};

void addChange(Page& page, const FieldChange& change) {
  const auto before = shown(change, change.before);
  const auto after = shown(change, change.after);
  const auto frozen = change.frozen ? "  (cannot change in place)" : "";
  if (before.find('\n') == std::string::npos && after.find('\n') == std::string::npos) {
    std::string text = change.before.empty() ? page.ink(Ink::Green, after)
                       : change.after.empty() ? page.ink(Ink::Red, before) + " → " + page.ink(Ink::Faint, "(absent)")
                                              : page.ink(Ink::Red, before) + " → " + page.ink(Ink::Green, after);
    page.line(fmt::format("      {}: {}{}", page.ink(Ink::Plain, change.path), text, page.ink(Ink::Yellow, frozen)));
    return;
  }
  page.line(fmt::format("      {}:{}", page.ink(Ink::Plain, change.path), page.ink(Ink::Yellow, frozen)));
  if (!change.before.empty()) page.block("        - ", Ink::Red, before);
  if (!change.after.empty()) page.block("        + ", Ink::Green, after);
}

void addStep(Page& page, const Plan& plan, const PlanStep& step) {
  const auto look = lookOf(step.action);
  const auto name = step.object.text(plan.nameSpace);
  auto line = fmt::format("  {} {:<9} {}", page.ink(look.ink, look.sign), word(step.action), page.ink(Ink::Bold, name));
  if (!step.place.empty()) line += "  " + page.ink(Ink::Faint, step.place);
  page.line(line);
  if (!step.why.empty()) page.block("      ", Ink::Plain, step.why);
  if (step.action != Action::Create)
    for (const auto& change : step.changes) addChange(page, change);
  for (const auto& conflict : step.conflicts) {
    page.line(fmt::format("      {} {}: {} by {}, {} here", page.ink(Ink::BoldRed, "conflict"), page.ink(Ink::Plain, conflict.path),
                          page.ink(Ink::Plain, conflict.theirs), page.ink(Ink::Bold, conflict.manager), page.ink(Ink::Plain, conflict.ours)));
  }
  for (const auto& warning : step.warnings) page.block("      warning: ", Ink::Yellow, warning);
  if (!step.notDryRun.empty() && !step.notDryRun.starts_with(kTriedAlike)) page.block("      not tried on the server: ", Ink::Faint, step.notDryRun);
}

void addState(Page& page, const Plan& plan) {
  if (plan.state.empty()) return;
  page.line("");
  page.line(page.ink(Ink::Bold, "What happens to data"));
  for (const auto& fate : plan.state) {
    auto line = fmt::format("  {} {}", page.ink(inkOf(fate.fate), fmt::format("{:<8}", word(fate.fate))), page.ink(Ink::Bold, fate.object.text(plan.nameSpace)));
    if (const auto size = sizeText(fate); !size.empty()) line += "  " + page.ink(Ink::Plain, size);
    if (!fate.volume.empty()) line += page.ink(Ink::Faint, fmt::format("  on {}", fate.volume));
    page.line(line);
    if (!fate.why.empty()) page.block("           ", Ink::Plain, fate.why);
    if (losesData(fate.fate) && !fate.instead.empty()) page.block("           to keep it: ", Ink::Plain, fate.instead);
    if (!fate.consent.empty())
      page.line(fate.consented ? fmt::format("           {}", page.ink(Ink::Yellow, "consented by --allow-data-loss"))
                               : fmt::format("           to go on all the same: {}", page.ink(Ink::Bold, "--allow-data-loss " + fate.consent)));
  }
}

void addMigrations(Page& page, const Plan& plan) {
  for (const auto& migration : plan.migrations) {
    page.line("");
    page.line(page.ink(Ink::Bold, migration.what));
    for (std::size_t i = 0; i < migration.steps.size(); ++i) {
      page.line(fmt::format("  {}. {}", i + 1, page.ink(Ink::Plain, migration.steps[i])));
    }
  }
}

}  // namespace

std::string planText(const Plan& plan, const TextOptions& options) {
  Page page(options.color);
  const auto where = plan.context.empty() ? plan.server : fmt::format("{} ({})", plan.context, plan.server);
  page.line(fmt::format("{} {}{}{}{}{}", plan.destroys ? "end of stack" : "stack", page.ink(Ink::Bold, plan.stack), plan.nameSpace.empty() ? "" : " in ",
                        page.ink(Ink::Plain, plan.nameSpace), where.empty() ? "" : " of ", page.ink(Ink::Plain, where)));
  bool first = true;
  for (const auto& step : plan.steps) {
    if (step.action == Action::Unchanged && !options.unchanged && step.conflicts.empty()) continue;
    if (first) page.line("");
    first = false;
    addStep(page, plan, step);
  }
  addState(page, plan);
  addMigrations(page, plan);
  if (!plan.notes.empty()) page.line("");
  for (const auto& note : plan.notes) page.block("note: ", Ink::Plain, note);
  page.line("");
  page.line(fmt::format("{}: {}", plan.destroys ? "destroy" : "plan", summaryText(plan)));
  if (const auto state = stateSummary(plan); !state.empty()) page.line(fmt::format("data: {}", page.ink(plan.risksData() ? Ink::BoldRed : Ink::Plain, state)));
  if (!obstacles(plan).empty()) {
    // Each was shown where it stands.
    std::vector<std::string> why;
    const auto add = [&](std::size_t count, std::string_view one, std::string_view many) {
      if (count != 0) why.push_back(fmt::format("{} {}", count, count == 1 ? one : many));
    };
    std::size_t conflicts = 0;
    for (const auto& step : plan.steps) conflicts += step.conflicts.size();
    add(plan.count(Action::Refused), "refused step", "refused steps");
    add(conflicts, "conflict", "conflicts");
    add(static_cast<std::size_t>(std::ranges::count_if(plan.state, [](const StateFate& fate) { return !fate.consent.empty() && !fate.consented; })), "loss of data without consent",
        "losses of data without consent");
    page.line(page.ink(Ink::BoldRed, fmt::format("this plan cannot be carried out as it is: {}", fmt::join(why, ", "))));
  }
  return page.take();
}

}  // namespace mlstack::backend
