// A plan as one page for a pull request: nothing is loaded from anywhere.

#include <fmt/format.h>

#include "backend/plan_words.h"
#include "diag/printable.h"

namespace mlstack::backend {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : diag::printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1d2329; --soft: #5c6670; --paper: #ffffff; --line: #d9dee3; --tint: #f4f6f8;
        --green: #1a7f37; --amber: #8f5b00; --red: #b42318; --blue: #0a5ea8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa4ae; --paper: #14181c; --line: #333b43; --tint: #1d2329;
        --green: #57c26d; --amber: #e0a43a; --red: #ff7b6e; --blue: #6cb4f5; } }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); } code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { margin: .25rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.step { border-top: 1px solid var(--line); padding: .6rem 0; } .step > summary, .row { display: flex; gap: .75rem; align-items: baseline; flex-wrap: wrap; }
summary { cursor: pointer; list-style: none; } summary::-webkit-details-marker { display: none; }
.act { flex: 0 0 5.5rem; font-weight: 600; } .place { margin-left: auto; color: var(--soft); font-size: .85em; }
.create, .new, .grown { color: var(--green); } .update, .replace, .recreate, .orphaned { color: var(--amber); }
.delete, .refused, .lost { color: var(--red); } .adopt, .release { color: var(--blue); } .unchanged { color: var(--soft); }
.body { margin: .35rem 0 0 6.25rem; } .minus { color: var(--red); } .plus { color: var(--green); }
.box { border: 1px solid var(--red); border-radius: 6px; background: var(--tint); padding: .75rem 1rem; margin: 1rem 0; }
.graph { overflow-x: auto; background: #fff; border: 1px solid var(--line); border-radius: 6px; padding: .75rem; }
.graph svg { max-width: 100%; height: auto; } ol { padding-left: 1.5rem; }
@media (max-width: 40rem) { .body { margin-left: 0; } .place { margin-left: 0; } }
)";

std::string_view className(Fate fate) {
  switch (fate) {
    case Fate::New: return "new";
    case Fate::Kept:
    case Fate::Rebound: return "kept";
    case Fate::Grown: return "grown";
    case Fate::Orphaned: return "orphaned";
    case Fate::Lost:
    case Fate::AtRisk: return "lost";
  }
  return {};
}

std::string changeRow(const FieldChange& change) {
  std::string out = fmt::format("<p><code>{}</code>{}</p><pre>", escaped(change.path), change.frozen ? " <span class=\"update\">cannot change in place</span>" : "");
  if (!change.before.empty()) out += fmt::format("<span class=\"minus\">- {}</span>\n", escaped(shown(change, change.before)));
  if (!change.after.empty()) out += fmt::format("<span class=\"plus\">+ {}</span>\n", escaped(shown(change, change.after)));
  return out + "</pre>\n";
}

std::string stepRow(const Plan& plan, const PlanStep& step) {
  std::string body;
  if (!step.why.empty()) body += fmt::format("<p>{}</p>\n", escaped(step.why));
  if (step.action != Action::Create)
    for (const auto& change : step.changes) body += changeRow(change);
  for (const auto& conflict : step.conflicts) {
    body += fmt::format("<p class=\"refused\">conflict: <code>{}</code> is <code>{}</code> by <b>{}</b>, <code>{}</code> here</p>\n", escaped(conflict.path),
                        escaped(conflict.theirs), escaped(conflict.manager), escaped(conflict.ours));
  }
  for (const auto& warning : step.warnings) body += fmt::format("<p class=\"update\">warning: {}</p>\n", escaped(warning));
  if (!step.notDryRun.empty()) body += fmt::format("<p class=\"soft\">not tried on the server: {}</p>\n", escaped(step.notDryRun));
  const auto head = fmt::format("<span class=\"act {0}\">{0}</span><code>{1}</code><span class=\"place\">{2}</span>", word(step.action),
                                escaped(step.object.text(plan.nameSpace)), escaped(step.place));
  if (body.empty()) return fmt::format("<div class=\"step row\">{}</div>\n", head);
  return fmt::format("<details class=\"step\" open><summary>{}</summary><div class=\"body\">{}</div></details>\n", head, body);
}

std::string fateRow(const Plan& plan, const StateFate& fate) {
  auto out = fmt::format("<div class=\"step\"><div class=\"row\"><span class=\"act {}\">{}</span><code>{}</code><span>{}</span><span class=\"place\">{}</span></div>",
                         className(fate.fate), word(fate.fate), escaped(fate.object.text(plan.nameSpace)), escaped(sizeText(fate)), escaped(fate.volume));
  std::string body;
  if (!fate.why.empty()) body += fmt::format("<p>{}</p>", escaped(fate.why));
  if (losesData(fate.fate) && !fate.instead.empty()) body += fmt::format("<p>to keep it: {}</p>", escaped(fate.instead));
  if (!fate.consent.empty())
    body += fate.consented ? std::string("<p class=\"update\">consented by --allow-data-loss</p>")
                           : fmt::format("<p>to go on all the same: <code>--allow-data-loss {}</code></p>", escaped(fate.consent));
  if (!body.empty()) out += fmt::format("<div class=\"body\">{}</div>", body);
  return out + "</div>\n";
}

std::string stepsPart(const Plan& plan) {
  std::string out;
  std::size_t unchanged = 0;
  for (const auto& step : plan.steps) {
    if (step.action == Action::Unchanged && step.conflicts.empty()) ++unchanged;
    else out += stepRow(plan, step);
  }
  if (out.empty()) return {};
  out = "<h2>Objects</h2>\n" + out;
  if (unchanged != 0) out += fmt::format("<div class=\"step row soft\">{} unchanged</div>\n", unchanged);
  return out;
}

}  // namespace

std::string planHtml(const Plan& plan) {
  std::string out = fmt::format("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n"
                                "<title>{} {}</title>\n<style>{}</style></head><body>\n",
                                plan.destroys ? "End of" : "Plan of", escaped(plan.stack), kStyle);
  out += fmt::format("<h1>{} {}</h1>\n<p>{}</p>\n<p class=\"soft\">in {} of {}</p>\n", plan.destroys ? "End of stack" : "Stack", escaped(plan.stack), summaryText(plan),
                     escaped(plan.nameSpace), escaped(plan.context.empty() ? plan.server : fmt::format("{} ({})", plan.context, plan.server)));
  if (const auto against = obstacles(plan); !against.empty()) {
    out += "<div class=\"box\"><p><b>This plan cannot be carried out as it is</b></p>\n";
    for (const auto& obstacle : against) out += fmt::format("<p>{}</p>\n", escaped(obstacle));
    out += "</div>\n";
  }
  if (!plan.state.empty()) {
    out += "<h2>What happens to data</h2>\n";
    for (const auto& fate : plan.state) out += fateRow(plan, fate);
  }
  out += stepsPart(plan);
  for (const auto& migration : plan.migrations) {
    out += fmt::format("<h2>{}</h2>\n<ol>\n", escaped(migration.what));
    for (const auto& step : migration.steps) out += fmt::format("<li>{}</li>\n", escaped(step));
    out += "</ol>\n";
  }
  for (const auto& note : plan.notes) out += fmt::format("<p class=\"soft\">{}</p>\n", escaped(note));
  if (!plan.graphSvg.empty()) out += fmt::format("<h2>State and work</h2>\n<div class=\"graph\">{}</div>\n", plan.graphSvg);
  return out + "</body></html>\n";
}

}  // namespace mlstack::backend
