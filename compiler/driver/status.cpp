// `mlstackc status` and `mlstackc outputs`: a stack as it runs, by its source or by its name alone.

#include <unistd.h>

#include "backend/outputs.h"
#include "backend/status.h"
#include "diag/cluster.h"
#include "driver/deploy.h"
#include "driver/terminal.h"

namespace mlstack::driver {
namespace {

/// The stack that is meant, and the cluster it runs in.
struct Meant {
  std::string stack;
  std::string nameSpace;
  std::unique_ptr<Reach> to;
};

std::optional<Meant> meant(const Invocation& invocation, Session& session) {
  Meant found;
  if (const auto name = invocation.value("--stack"); !name.empty()) {
    if (!invocation.operands.empty()) {
      session.sink.add(diag::make<diag::ClusterCode::OptionAndOperand>({}, "--stack", invocation.operands[0]));
      return std::nullopt;
    }
    found.stack = name;
  } else {
    const auto* unit = compileOne(invocation, session);
    if (unit == nullptr) return std::nullopt;
    dropWarnings(session);
    found.stack = session.symbols.text(unit->stack->name);
    found.nameSpace = session.symbols.text(unit->stack->nameSpace);
  }
  found.to = reach(invocation, session);
  if (!found.to) return std::nullopt;
  if (found.nameSpace.empty()) found.nameSpace = found.to->connection.nameSpace;
  return found;
}

}  // namespace

int runStatus(Invocation& invocation) {
  Session session;
  const auto found = meant(invocation, session);
  if (!found) return finish(session);
  const auto status = backend::readStatus(*found->to->api, found->stack, found->nameSpace, session.sink);
  if (interruptRequested()) return ExitInterrupted;
  if (!status) return finish(session);
  const bool json = invocation.value("--format", "text") == "json";
  if (const int code = printOut(json ? statusJson(*status) : statusText(*status, colorOn(STDOUT_FILENO))); code != ExitDone) return code;
  const int code = finish(session);
  return code == ExitDone && status->health == backend::Health::Failed ? static_cast<int>(ExitErrors) : code;
}

int runOutputs(Invocation& invocation) {
  Session session;
  const auto found = meant(invocation, session);
  if (!found) return finish(session);
  const auto outputs = backend::readOutputs(*found->to->api, found->stack, found->nameSpace, session.sink);
  if (interruptRequested()) return ExitInterrupted;
  if (!outputs) return finish(session);
  const bool json = invocation.value("--format", "text") == "json";
  if (const int code = printOut(json ? outputsJson(*outputs) : outputsText(*outputs)); code != ExitDone) return code;
  return finish(session);
}

}  // namespace mlstack::driver
