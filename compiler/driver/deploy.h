#pragma once
// What `plan`, `apply`, `destroy`, `status` and `outputs` share: the one stack that is meant, where it goes, and progress.

#include <memory>
#include <optional>
#include <string>

#include "backend/api.h"
#include "backend/backend.h"
#include "backend/snapshot.h"
#include "driver/command.h"
#include "driver/compile.h"

namespace mlstack::driver {

/// The cluster of the command line, with its kinds known.
struct Reach {
  backend::Connection connection;
  std::unique_ptr<backend::Api> api;
};
/// Reads the kubeconfig, talks to the server for the first time. Null with diagnostics in the session's sink.
[[nodiscard]] std::unique_ptr<Reach> reach(const Invocation& invocation, Session& session);

/// What the cluster of the command line has; nothing with diagnostics when it cannot be asked. (cluster_snapshot.cpp)
[[nodiscard]] std::optional<backend::Snapshot> snapshotOf(const Invocation& invocation, Session& session, bool json);

/// Compiles the one stack that the operands name. Null when there were errors, all of them in the sink.
[[nodiscard]] const Unit* compileOne(const Invocation& invocation, Session& session);
/// The path of a stack's file from its project's top, behind the repository's `origin` when it has one
/// ("github.com/org/repo:train.mlstack"): tells two stacks of one name apart.
[[nodiscard]] std::string originOf(const Unit& unit);

/// What the command line says about a plan.
[[nodiscard]] backend::PlanOptions planOptions(const Invocation& invocation);
/// `--timeout` and what else concerns carrying out. Nothing with a diagnostic when a value cannot be read.
[[nodiscard]] std::optional<backend::ApplyOptions> applyOptions(const Invocation& invocation, diag::Sink& sink);

/// Asks on the terminal; false without one.
[[nodiscard]] bool canAsk();
[[nodiscard]] bool askYes(std::string_view question);

/// Shows a plan on stderr, gets consent, carries it out, and says how it ended. The exit code.
[[nodiscard]] int carryOut(const Invocation& invocation, Session& session, backend::Backend& backend, backend::Api* api, const backend::Plan& plan);

/// For commands that are about what runs, not about how it is written.
void dropWarnings(Session& session);

/// Diagnostics to stderr, and the code to exit with: ExitDone without errors.
[[nodiscard]] int finish(Session& session);

}  // namespace mlstack::driver
