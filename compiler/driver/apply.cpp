// `mlstackc apply` and `mlstackc destroy`.

#include <algorithm>

#include "diag/cluster.h"
#include "driver/deploy.h"
#include "driver/terminal.h"

namespace mlstack::driver {
namespace {

constexpr std::string_view kPlanStart = "{\"kind\":\"mlstack.plan\"";

/// The text of the one operand when `plan --out` wrote it; null otherwise.
const base::SourceFile* planOperand(const Invocation& invocation, Session& session) {
  if (invocation.operands.size() != 1 || invocation.operands[0] == "-" || invocation.operands[0].ends_with(".mlstack")) return nullptr;
  base::ReadError error;
  auto text = base::readFile(invocation.operands[0], error);
  if (!text || !text->starts_with(kPlanStart)) return nullptr;
  return &session.sources.add(invocation.operands[0], std::move(*text));
}

/// What was decided when the plan was made.
constexpr std::string_view kDecided[] = {"--set", "--params", "--kubernetes", "--namespace", "--to", "--allow-data-loss", "--take-over", "--no-prune"};

int applyFile(const Invocation& invocation, Session& session, const base::SourceFile& file) {
  for (const auto option : kDecided) {
    if (std::ranges::none_of(invocation.given, [&](const Given& given) { return given.option->name == option; })) continue;
    session.sink.add(diag::make<diag::ClusterCode::DecidedByPlan>({}, option).hint("say it to `mlstackc plan`"));
    return finish(session);
  }
  const auto plan = backend::readPlanFile(file, session.sink);
  if (!plan) return finish(session);
  const schema::Catalog catalog;
  if (plan->server.find("://") == std::string::npos) {
    const auto backend = backend::folderBackend(plan->server, catalog, session.symbols, session.sources);
    return carryOut(invocation, session, *backend, nullptr, *plan);
  }
  const auto to = reach(invocation, session);
  if (!to) return finish(session);
  if (to->connection.server != plan->server) {
    session.sink.add(diag::make<diag::ClusterCode::OtherCluster>({}, plan->server, to->connection.server).hint("`--context` chooses the cluster that the plan was made for"));
    return finish(session);
  }
  const auto backend = backend::clusterBackend(*to->api, to->connection, catalog);
  return carryOut(invocation, session, *backend, to->api.get(), *plan);
}

}  // namespace

int runApply(Invocation& invocation) {
  Session session;
  if (!applyOptions(invocation, session.sink)) return finish(session);
  if (const auto* file = planOperand(invocation, session)) return applyFile(invocation, session, *file);
  const auto* unit = compileOne(invocation, session);
  if (unit == nullptr) return finish(session);
  auto options = planOptions(invocation);
  options.origin = originOf(*unit);
  options.triesPerPattern = 16;   // what refuses one of a loop's objects refuses the first few
  std::unique_ptr<Reach> to;
  std::unique_ptr<backend::Backend> backend;
  if (const auto folder = std::string(invocation.value("--to")); !folder.empty()) {
    backend = backend::folderBackend(folder, *unit->catalog, session.symbols, session.sources);
  } else {
    if ((to = reach(invocation, session)) == nullptr) return finish(session);
    backend = backend::clusterBackend(*to->api, to->connection, *unit->catalog);
  }
  auto plan = backend->plan(*unit->stack, options, session.sink);
  if (interruptRequested()) return ExitInterrupted;
  if (!plan) return finish(session);
  setPlaces(*plan, session.sources);
  return carryOut(invocation, session, *backend, to ? to->api.get() : nullptr, *plan);
}

int runDestroy(Invocation& invocation) {
  Session session;
  if (!applyOptions(invocation, session.sink)) return finish(session);
  ir::Stack nothing;
  nothing.symbols = &session.symbols;
  const schema::Catalog builtIn;
  const schema::Catalog* catalog = &builtIn;
  auto options = planOptions(invocation);
  options.destroy = true;
  if (const auto name = invocation.value("--stack"); !name.empty()) {
    if (!invocation.operands.empty()) {
      session.sink.add(diag::make<diag::ClusterCode::OptionAndOperand>({}, "--stack", invocation.operands[0]));
      return finish(session);
    }
    nothing.name = session.symbols.intern(name);
  } else {
    const auto* unit = compileOne(invocation, session);
    if (unit == nullptr) return finish(session);
    dropWarnings(session);
    nothing.name = unit->stack->name;
    nothing.nameSpace = unit->stack->nameSpace;
    options.origin = originOf(*unit);
    catalog = unit->catalog;
  }
  std::unique_ptr<Reach> to;
  std::unique_ptr<backend::Backend> backend;
  if (const auto folder = std::string(invocation.value("--to")); !folder.empty()) {
    backend = backend::folderBackend(folder, *catalog, session.symbols, session.sources);
  } else {
    if ((to = reach(invocation, session)) == nullptr) return finish(session);
    backend = backend::clusterBackend(*to->api, to->connection, *catalog);
  }
  const auto plan = backend->plan(nothing, options, session.sink);
  if (interruptRequested()) return ExitInterrupted;
  if (!plan) return finish(session);
  if (to && invocation.has("--stack") && plan->steps.empty() && !plan->inventoryExists && !session.sink.hasErrors()) {
    // A slip in the name must not look like a success.
    session.sink.add(diag::make<diag::ClusterCode::NoSuchStack>({}, plan->stack, plan->nameSpace).hint("`--namespace` chooses another one"));
    return finish(session);
  }
  return carryOut(invocation, session, *backend, to ? to->api.get() : nullptr, *plan);
}

}  // namespace mlstack::driver
