// `mlstackc plan`.

#include <unistd.h>

#include "backend/offline.h"
#include "diag/cluster.h"
#include "driver/deploy.h"
#include "driver/terminal.h"
#include "ir/dump.h"
#include "storage/storage.h"

namespace mlstack::driver {
namespace {

using diag::Code;

constexpr int kChanges = 2;    // --detailed-exitcode
constexpr int kDataAtRisk = 3;

std::string view(const backend::Plan& plan, std::string_view format, bool color, bool unchanged) {
  if (format == "json") return planJson(plan);
  if (format == "markdown") return planMarkdown(plan);
  if (format == "html") return planHtml(plan);
  return planText(plan, {.color = color, .unchanged = unchanged});
}

bool writeTo(const std::string& path, const std::string& text, Session& session) {
  base::ReadError error;
  if (replaceFile(path, text, Sync::Yes, error)) return true;
  session.sink.add(diag::make<Code::CannotWrite>({}, path, error.message));
  return false;
}

/// The stack that ran before, compiled the same way, in the same session's symbols.
std::optional<backend::Plan> offlinePlan(const Invocation& invocation, Session& session, const Unit& unit, const backend::PlanOptions& options) {
  const ir::Stack* was = nullptr;
  if (const auto path = std::string(invocation.value("--was")); !path.empty()) {
    was = session.compileWas(path);
    if (session.sink.hasErrors()) return std::nullopt;
  }
  auto plan = backend::planBetween(was, *unit.stack, *unit.catalog, options);
  if (was) storage::analyseChange(*was, *unit.stack, session.sources, session.sink);
  return plan;
}

/// A plan file holds what is sent, and is kept where plans are kept: no place for the values of a Secret.
void refuseSecrets(const backend::Plan& plan, diag::Sink& sink) {
  for (const auto& step : plan.steps) {
    const bool values = step.body.find("\"data\":{\"") != std::string::npos || step.body.find("\"stringData\":{\"") != std::string::npos;
    if (step.object.kind != "Secret" || step.object.apiVersion != "v1" || !values) continue;
    sink.add(diag::make<diag::ClusterCode::SecretInPlanFile>(step.span, step.object.text(plan.nameSpace)).hint("declare it `external`, and make it where secrets are kept"));
  }
}

}  // namespace

int runPlan(Invocation& invocation) {
  Session session;
  const bool offline = invocation.has("--offline");
  if (!invocation.value("--was").empty() && !offline) {
    session.sink.add(diag::make<diag::ClusterCode::OptionNeedsOption>({}, "--was", "--offline"));
    return finish(session);
  }
  const auto* unit = compileOne(invocation, session);
  if (unit == nullptr) return finish(session);
  auto options = planOptions(invocation);
  options.origin = originOf(*unit);
  std::optional<backend::Plan> plan;
  std::unique_ptr<Reach> to;
  if (offline) {
    plan = offlinePlan(invocation, session, *unit, options);
  } else if (const auto folder = std::string(invocation.value("--to")); !folder.empty()) {
    plan = backend::folderBackend(folder, *unit->catalog, session.symbols, session.sources)->plan(*unit->stack, options, session.sink);
  } else if ((to = reach(invocation, session)) != nullptr) {
    plan = backend::clusterBackend(*to->api, to->connection, *unit->catalog)->plan(*unit->stack, options, session.sink);
  }
  if (interruptRequested()) return ExitInterrupted;
  if (!plan) return finish(session);
  setPlaces(*plan, session.sources);
  const auto format = invocation.value("--format", "text");
  const auto output = std::string(invocation.value("--output"));
  const auto keep = std::string(invocation.value("--out"));
  if (format == "html" || !keep.empty()) plan->graphSvg = ir::graphSvg(*unit->stack);
  if (!keep.empty()) refuseSecrets(*plan, session.sink);
  if (!keep.empty() && !session.sink.hasErrors() && !writeTo(keep, planFile(*plan), session)) return finish(session);
  const bool toStdout = output.empty() || output == "-";
  const auto text = view(*plan, format, toStdout && colorOn(STDOUT_FILENO), invocation.has("--show-unchanged"));
  if (toStdout) {
    if (const int code = printOut(text); code != ExitDone) return code;
  } else if (!writeTo(output, text, session)) {
    return finish(session);
  }
  if (const int code = finish(session); code != ExitDone) return code;
  const bool detailed = invocation.has("--detailed-exitcode");
  if (detailed && plan->risksData()) return kDataAtRisk;
  if (!obstacles(*plan).empty()) return ExitErrors;   // an apply would refuse it
  return detailed && plan->changes() ? kChanges : static_cast<int>(ExitDone);
}

}  // namespace mlstack::driver
