// `mlstackc cluster snapshot`, and the same for `--live`.

#include "backend/snapshot.h"
#include "diag/cluster.h"
#include "driver/deploy.h"
#include "driver/terminal.h"

namespace mlstack::driver {

std::optional<backend::Snapshot> snapshotOf(const Invocation& invocation, Session& session, bool json) {
  const auto to = reach(invocation, session);
  if (!to) return std::nullopt;
  return backend::takeSnapshot(*to->api, {.nameSpace = to->connection.nameSpace, .json = json}, session.sink);
}

void Session::takeLive(const Invocation& invocation) {
  if (!settings.cluster.empty()) {
    sink.add(diag::make<diag::ClusterCode::TwoClusters>({}, "--live", "--cluster"));
    return;
  }
  auto snapshot = snapshotOf(invocation, *this, true);
  if (!snapshot) return;
  const auto context = invocation.value("--context");
  cluster_.read(sources.add(context.empty() ? "cluster" : fmt::format("cluster {}", context), std::move(snapshot->text)), sink);
  if (settings.kubernetes.empty()) settings.kubernetes = cluster_.kubernetes();
}

int runCluster(Invocation& invocation) {
  Session session;
  const auto snapshot = snapshotOf(invocation, session, false);
  if (interruptRequested()) return ExitInterrupted;
  if (!snapshot) return finish(session);
  const auto path = std::string(invocation.value("--output"));
  base::ReadError error;
  if (path.empty() || path == "-") {
    if (const int code = printOut(snapshot->text); code != ExitDone) return code;
  } else if (!replaceFile(path, snapshot->text, Sync::Yes, error)) {
    session.sink.add(diag::make<diag::Code::CannotWrite>({}, path, error.message));
  } else {
    printError(fmt::format("wrote {}: {} objects, Kubernetes {}\n", path, snapshot->objects, snapshot->kubernetes.empty() ? "unknown" : snapshot->kubernetes));
  }
  return finish(session);
}

}  // namespace mlstack::driver
