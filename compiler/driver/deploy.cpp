#include "driver/deploy.h"

#include <filesystem>

#include <unistd.h>

#include "backend/outputs.h"
#include "base/duration.h"
#include "diag/cluster.h"
#include "diag/printable.h"
#include "driver/progress.h"
#include "driver/project.h"
#include "driver/terminal.h"

namespace mlstack::driver {

using diag::ClusterCode;
using diag::Code;

namespace fs = std::filesystem;

std::unique_ptr<Reach> reach(const Invocation& invocation, Session& session) {
  auto connection = backend::connect({.kubeconfig = std::string(invocation.value("--kubeconfig")),
                                      .context = std::string(invocation.value("--context")),
                                      .nameSpace = std::string(invocation.value("--namespace")),
                                      .impersonate = std::string(invocation.value("--as")),
                                      .pluginSays = printError},
                                     session.sources, session.symbols, session.sink);
  if (!connection) return nullptr;
  auto to = std::make_unique<Reach>();
  to->connection = std::move(*connection);
  to->api = std::make_unique<backend::Api>(to->connection, session.symbols);
  to->api->interrupted = interruptRequested;
  deferInterrupts();
  if (const auto failure = to->api->discover(); failure.failed()) {
    session.sink.add(backend::report(failure, "ask the cluster for its kinds"));
    return nullptr;
  }
  return to;
}

const Unit* compileOne(const Invocation& invocation, Session& session) {
  session.configure(invocation);
  session.settings.was.clear();   // of a plan: it is compiled when the stack is
  session.settings.manifestsBesideStacks = false;
  session.settings.manifestsInFolders = false;
  if (session.sink.hasErrors() || !session.open(invocation.operands)) return nullptr;
  if (session.hasManifests()) {
    session.sink.add(diag::make<Code::ManifestNotBuilt>({}, invocation.operands[0]).hint("only a stack has a name under which its objects are kept"));
    return nullptr;
  }
  if (session.units.size() > 1) {
    std::vector<std::string_view> names;
    for (const auto& unit : session.units) names.push_back(unit.source->name);
    session.sink.add(diag::make<Code::SeveralStacks>({}, invocation.operands.empty() ? "." : invocation.operands[0], names.size(), fmt::format("{}", fmt::join(names, ", ")))
                         .hint("a plan is about one: name its file"));
    return nullptr;
  }
  session.compile();
  if (invocation.has("--werror")) session.sink.promoteWarnings();
  if (session.sink.hasErrors() || session.units.empty() || !session.units.front().stack) return nullptr;
  const auto& unit = session.units.front();
  const auto own = session.symbols.text(unit.stack->nameSpace);
  if (const auto asked = invocation.value("--namespace"); !asked.empty() && !own.empty() && asked != own) {
    session.sink.add(diag::make<ClusterCode::StackInOtherNamespace>({}, unit.source->name, own, asked));
    return nullptr;
  }
  return &unit;
}

namespace {

/// "github.com/org/repo" of a remote's address, whichever way it is written; credentials in it are left out.
std::string placeOfRemote(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  const auto slash = url.find('/');
  if (const auto at = url.substr(0, slash).rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  std::string place(url.substr(0, url.ends_with(".git") ? url.size() - 4 : url.size()));
  while (place.ends_with('/')) place.pop_back();
  if (const auto colon = place.find(':'); colon != std::string::npos && place.find('/') > colon) place[colon] = '/';   // git@host:org/repo
  return place;
}

/// The `origin` remote of the repository at `root`; empty without one.
std::string remoteOf(const fs::path& root) {
  base::ReadError error;
  std::error_code failed;
  if (!fs::is_regular_file(root / ".git/config", failed)) return {};
  const auto text = base::readFile((root / ".git/config").string(), error, std::size_t{1} << 20);
  if (!text) return {};
  bool inOrigin = false;
  for (std::string_view rest = *text; !rest.empty();) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
    if (line.starts_with('[')) inOrigin = line.starts_with("[remote \"origin\"]");
    if (!inOrigin || !line.starts_with("url")) continue;
    const auto equals = line.find('=');
    const auto from = equals == std::string_view::npos ? equals : line.find_first_not_of(" \t", equals + 1);
    if (from != std::string_view::npos) return placeOfRemote(line.substr(from, line.find_last_not_of(" \t\r") + 1 - from));
  }
  return {};
}

}  // namespace

std::string originOf(const Unit& unit) {
  if (unit.source->name == "-") return "-";
  std::error_code failed;
  const auto path = fs::weakly_canonical(unit.source->name, failed);
  if (failed) return unit.source->name;
  const auto root = fs::weakly_canonical(projectRoot(unit.source->name), failed);
  const auto below = path.lexically_relative(root).generic_string();
  const auto remote = remoteOf(root);
  if (!remote.empty()) return fmt::format("{}:{}", remote, below);
  // Outside of a project a file's name alone says little: its folder's belongs to it.
  return fs::exists(root / ".mlstack", failed) || fs::exists(root / ".git", failed) ? below : (root.filename() / below).generic_string();
}

backend::PlanOptions planOptions(const Invocation& invocation) {
  backend::PlanOptions options;
  for (auto& name : invocation.values("--allow-data-loss")) options.allowDataLoss.insert(std::move(name));
  options.forceConflicts = invocation.has("--force-conflicts");
  options.takeOver = invocation.has("--take-over");
  options.prune = !invocation.has("--no-prune");
  return options;
}

std::optional<backend::ApplyOptions> applyOptions(const Invocation& invocation, diag::Sink& sink) {
  backend::ApplyOptions options;
  options.wait = !invocation.has("--no-wait");
  options.waitForJobs = invocation.has("--wait-jobs");
  options.forceConflicts = invocation.has("--force-conflicts");
  if (const auto text = invocation.value("--timeout"); !text.empty()) {
    const auto length = base::parseDuration(text);
    if (!length || length->milliseconds <= 0) {
      sink.add(diag::make<Code::BadOptionValue>({}, "--timeout", "a length of time like `10m` or `90s`", text));
      return std::nullopt;
    }
    options.timeout = std::chrono::milliseconds(length->milliseconds);
  }
  return options;
}

bool canAsk() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }

bool askYes(std::string_view question) {
  printError(fmt::format("{} [y/N] ", question));
  std::string answer;
  char c = 0;
  while (::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') {
    if (answer.size() < 8) answer += c;
  }
  return answer == "y" || answer == "Y" || answer == "yes" || answer == "Yes";
}

namespace {

std::string reportText(const backend::Plan& plan, const backend::Report& report) {
  std::vector<std::string> parts;
  const auto add = [&](std::size_t count, std::string_view what) {
    if (count != 0) parts.push_back(fmt::format("{} {}", count, what));
  };
  add(report.created, "created");
  add(report.updated, "updated");
  add(report.replaced, "replaced");
  add(report.deleted, "deleted");
  add(report.released, "released");
  add(report.unchanged, "unchanged");
  auto text = fmt::format("{} {}", plan.destroys ? "destroy:" : "apply:", parts.empty() ? "nothing to do" : fmt::format("{}", fmt::join(parts, ", ")));
  if (report.left.empty()) return text + "\n";
  text += fmt::format("\nnot done: ");
  constexpr std::size_t kShown = 20;
  for (std::size_t i = 0; i < report.left.size() && i < kShown; ++i) text += fmt::format("{}{}", i == 0 ? "" : ", ", diag::printable(report.left[i].text(plan.nameSpace)));
  if (report.left.size() > kShown) text += fmt::format(" and {} more", report.left.size() - kShown);
  return text + "\n";
}

}  // namespace

void dropWarnings(Session& session) {
  session.sink.drop([](const diag::Diagnostic& d) { return d.severity != diag::Severity::Error; });
}

int carryOut(const Invocation& invocation, Session& session, backend::Backend& backend, backend::Api* api, const backend::Plan& plan) {
  printError(planText(plan, {.color = colorOn(STDERR_FILENO)}));
  const auto options = applyOptions(invocation, session.sink);
  if (!options || session.sink.hasErrors()) return finish(session);
  // Said before the question, not after the deed.
  (void)finish(session);
  dropWarnings(session);
  if (plan.changes() && !invocation.has("--auto-approve")) {
    if (!canAsk()) {
      session.sink.add(diag::make<ClusterCode::NotApproved>({}, plan.destroys ? "destroy" : "apply").hint("look at `mlstackc plan`, then say `--auto-approve`"));
      return finish(session);
    }
    if (!askYes(plan.destroys ? "Destroy it?" : "Carry this out?")) {
      printError("nothing was changed\n");
      return ExitErrors;
    }
  }
  if (api != nullptr) api->deadline = backend::Clock::now() + options->timeout;
  backend::Report report;
  {
    ProgressLines progress(plan.steps.size() - plan.count(backend::Action::Unchanged), plan.nameSpace, ::isatty(STDERR_FILENO) == 1, colorOn(STDERR_FILENO));
    report = backend.apply(plan, *options, progress, session.sink);
  }
  printError(reportText(plan, report));
  if (api != nullptr && report.complete && !plan.destroys && !plan.outputs.empty()) {
    if (const auto outputs = backend::readOutputs(*api, plan.outputs, session.sink); outputs && !outputs->empty()) {
      if (const int code = printOut(outputsText(*outputs)); code != ExitDone) return code;
    }
  }
  if (report.interrupted) {
    session.sink.drop([](const diag::Diagnostic& d) { return d.message.empty(); });
    printError("interrupted: what was sent stays, the next apply goes on from there\n");
  }
  const int code = finish(session);
  if (report.interrupted) return ExitInterrupted;
  if (report.timedOut) return ExitTimeout;
  return code != ExitDone || report.complete ? code : static_cast<int>(ExitErrors);
}

int finish(Session& session) {
  session.sink.sort();
  showDiagnostics(session.sink, session.sources);
  return session.sink.hasErrors() ? exitFor(session.sink.all()) : static_cast<int>(ExitDone);
}

}  // namespace mlstack::driver
