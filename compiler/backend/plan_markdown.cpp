// A plan as a comment on a pull request.

#include <algorithm>

#include <fmt/format.h>

#include "backend/plan_words.h"
#include "diag/printable.h"

namespace mlstack::backend {
namespace {

/// As code, whatever it holds: the fence is longer than any run of back-ticks inside, and a table's bar is escaped.
std::string code(std::string_view text) {
  const auto safe = diag::printable(text);
  std::size_t longest = 0, run = 0;
  for (const char c : safe) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  std::string body;
  for (const char c : safe) {
    if (c == '|') body += '\\';
    body += c == '\n' ? ' ' : c;
  }
  const std::string fence(longest + 1, '`');
  const bool pad = body.empty() || body.front() == '`' || body.back() == '`';
  return pad ? fmt::format("{} {} {}", fence, body, fence) : fence + body + fence;
}

/// As prose: what Markdown or HTML would take for itself is escaped. A pair of back-ticks stays what it is in our own sentences.
std::string prose(std::string_view text) {
  std::string out;
  bool inCode = false;
  for (const char c : diag::printable(text)) {
    if (c == '`') inCode = !inCode;
    if (c == '\n') {
      out += "<br>";
      continue;
    }
    if (!inCode && std::string_view("\\*_[]<>#|~!@").find(c) != std::string_view::npos) out += '\\';
    else if (inCode && c == '|') out += '\\';
    out += c;
  }
  if (inCode) out += '`';
  return out;
}

std::string valueText(const FieldChange& change, const std::string& value) { return value.empty() || change.redacted ? shown(change, value) : code(value); }

std::string changeText(const FieldChange& change) {
  return fmt::format("{}: {} → {}{}", code(change.path), valueText(change, change.before), valueText(change, change.after),
                     change.frozen ? " (cannot change in place)" : "");
}

void addSteps(std::string& out, const Plan& plan) {
  if (!plan.changes()) return;
  out += "| | object | what changes |\n|---|---|---|\n";
  for (const auto& step : plan.steps) {
    if (step.action == Action::Unchanged) continue;
    std::vector<std::string> cells;
    if (!step.why.empty()) cells.push_back(prose(step.why));
    if (step.action != Action::Create)
      for (const auto& change : step.changes) cells.push_back(changeText(change));
    for (const auto& conflict : step.conflicts)
      cells.push_back(fmt::format("**conflict** {}: {} by {}, {} here", code(conflict.path), code(conflict.theirs), code(conflict.manager), code(conflict.ours)));
    for (const auto& warning : step.warnings) cells.push_back("warning: " + prose(warning));
    if (!step.notDryRun.empty()) cells.push_back("not tried on the server: " + prose(step.notDryRun));
    const bool loud = step.action == Action::Refused || step.action == Action::Delete;
    out += fmt::format("| {0}{1}{0} | {2} | {3} |\n", loud ? "**" : "", word(step.action), code(step.object.text(plan.nameSpace)), fmt::join(cells, "<br>"));
  }
  out += '\n';
}

void addState(std::string& out, const Plan& plan) {
  if (plan.state.empty()) return;
  out += "### What happens to data\n\n| | state | size | why |\n|---|---|---|---|\n";
  for (const auto& fate : plan.state) {
    auto why = prose(fate.why);
    if (losesData(fate.fate) && !fate.instead.empty()) why += "<br>to keep it: " + prose(fate.instead);
    if (!fate.consent.empty())
      why += fate.consented ? std::string("<br>consented by `--allow-data-loss`") : fmt::format("<br>to go on all the same: {}", code("--allow-data-loss " + fate.consent));
    const bool loud = losesData(fate.fate);
    out += fmt::format("| {0}{1}{0} | {2} | {3} | {4} |\n", loud ? "**" : "", word(fate.fate), code(fate.object.text(plan.nameSpace)), prose(sizeText(fate)), why);
  }
  out += '\n';
}

}  // namespace

std::string planMarkdown(const Plan& plan) {
  std::string out = fmt::format("## {} {}: {}\n\n", plan.destroys ? "End of stack" : "Plan of stack", code(plan.stack), summaryText(plan));
  out += fmt::format("In {} of {}.", code(plan.nameSpace), code(plan.context.empty() ? plan.server : plan.context));
  if (const auto state = stateSummary(plan); !state.empty()) out += fmt::format(" Data: {}{}{}.", plan.risksData() ? "**" : "", state, plan.risksData() ? "**" : "");
  out += "\n\n";
  if (const auto against = obstacles(plan); !against.empty()) {
    out += "**This plan cannot be carried out as it is:**\n\n";
    for (const auto& obstacle : against) out += fmt::format("- {}\n", prose(obstacle));
    out += '\n';
  }
  addSteps(out, plan);
  addState(out, plan);
  for (const auto& migration : plan.migrations) {
    out += fmt::format("### {}\n\n", prose(migration.what));
    for (std::size_t i = 0; i < migration.steps.size(); ++i) out += fmt::format("{}. {}\n", i + 1, prose(migration.steps[i]));
    out += '\n';
  }
  for (const auto& note : plan.notes) out += fmt::format("> {}\n\n", prose(note));
  return out;
}

}  // namespace mlstack::backend
