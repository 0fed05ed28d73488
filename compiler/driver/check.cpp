// `mlstackc check`.

#include <algorithm>
#include <memory>

#include "driver/command.h"
#include "driver/compile.h"
#include "driver/fixes.h"
#include "driver/terminal.h"

namespace mlstack::driver {
namespace {

using diag::Code;
using diag::Severity;

constexpr int kMaxRounds = 10;   // a fix may bring up the next one

/// The severities that the command line asks for.
struct Levels {
  bool werror = false;
  std::vector<Code> deny;
  std::vector<Code> warn;
};

std::vector<Code> readCodes(const Invocation& invocation, std::string_view option, bool rulesOnly,
                            diag::Sink& sink) {
  std::vector<Code> codes;
  for (const auto& text : invocation.values(option)) {
    const auto* row = findRow(text);
    if (row == nullptr) {
      sink.add(diag::make<Code::UnknownCode>({}, text).hint("`mlstackc explain` lists them"));
      continue;
    }
    auto number = static_cast<unsigned>(row->code);
    if (rulesOnly && (number < 3000 || number >= 5000)) {
      sink.add(diag::make<Code::NotARule>({}, diag::codeText(row->code)));
      continue;
    }
    codes.push_back(row->code);
  }
  return codes;
}

/// What is said about a code alone counts more than `--werror`.
std::vector<diag::Diagnostic> levelled(const diag::Sink& sink, const Levels& levels) {
  auto all = sink.all();
  for (auto& d : all) {
    auto in = [&](const std::vector<Code>& codes) { return std::ranges::find(codes, d.code) != codes.end(); };
    if (d.severity == Severity::Warning && (levels.werror || in(levels.deny))) d.severity = Severity::Error;
    if (d.severity == Severity::Error && in(levels.warn)) d.severity = Severity::Warning;
  }
  return all;
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string summary(const Session& session, std::size_t errors, std::size_t warnings) {
  auto isStack = [](const Unit& unit) { return unit.isStack && !unit.isManifest; };
  auto stacks = static_cast<std::size_t>(std::ranges::count_if(session.units, isStack));
  auto libraries = static_cast<std::size_t>(std::ranges::count_if(session.units, [](const Unit& unit) { return !unit.isStack; }));
  std::vector<std::string> looked;
  if (stacks != 0 || !session.hasManifests()) looked.push_back(counted(stacks, "stack"));
  if (session.hasManifests())
    looked.push_back(fmt::format("{} in {}", counted(session.counts.objects, "object"), counted(session.counts.manifests, "manifest")));
  auto text = fmt::format("{} checked", fmt::join(looked, ", "));
  if (libraries != 0) text += fmt::format(", {} read", libraries == 1 ? "1 library" : fmt::format("{} libraries", libraries));
  std::vector<std::string> found;
  if (errors != 0) found.push_back(counted(errors, "error"));
  if (warnings != 0) found.push_back(counted(warnings, "warning"));
  if (found.empty()) found.emplace_back("no complaints");
  if (session.counts.allowed != 0) found.push_back(fmt::format("{} allowed", session.counts.allowed));
  return fmt::format("{}: {}\n", text, fmt::join(found, ", "));
}

int show(Session& session, const std::vector<diag::Diagnostic>& all, std::string_view word) {
  auto count = [&](Severity severity) {
    return static_cast<std::size_t>(std::ranges::count(all, severity, &diag::Diagnostic::severity));
  };
  auto errors = count(Severity::Error);
  auto format = word == "json"     ? diag::Format::Json
                : word == "sarif"  ? diag::Format::Sarif
                : word == "github" ? diag::Format::GitHub
                                   : diag::Format::Text;
  bool text = format == diag::Format::Text;
  if (text) {
    printError(diagnosticText(all, session.sources));
    printError(summary(session, errors, count(Severity::Warning)));
  } else if (int code = printOut(diag::render(all, session.sources, {.format = format})); code != ExitDone) {
    return code;
  }
  return errors == 0 ? ExitDone : exitFor(all);
}

/// Says so when a stack could not be followed to its objects: no complaint is then no proof.
void notePartly(Session& session) {
  for (const auto& unit : session.units) {
    if (!unit.program || !unit.program->partial) continue;
    auto missing = session.missingParams(*unit.program);
    if (missing.empty()) continue;
    auto names = fmt::format("`{}` {}", fmt::join(missing, "`, `"), missing.size() == 1 ? "has" : "have");
    auto d = diag::make<Code::PartlyChecked>({}, unit.source->name, names);
    d.file = unit.source->name;
    d.help = fmt::format("give `--set {}=…` to check Kubernetes and storage rules, too", missing[0]);
    session.sink.add(std::move(d));
  }
}

/// One whole check.
void checkOnce(Session& session, const Invocation& invocation) {
  session.settings.missingParamsAreUnknown = true;
  session.settings.libraries = true;
  session.configure(invocation);
  if (!session.sink.hasErrors() && session.open(invocation.operands)) session.compile();
  notePartly(session);
  session.sink.sort();
}

/// Rewrites the files; false when one cannot be written.
bool writeFixed(const Fixed& fixed, diag::Sink& sink) {
  for (const auto& [name, text] : fixed.texts) {
    base::ReadError error;
    if (replaceFile(name, text, Sync::Yes, error)) continue;
    sink.add(diag::make<Code::CannotWrite>({}, name, error.message));
    return false;
  }
  return true;
}

}  // namespace

int runCheck(Invocation& invocation) {
  diag::Sink usage;
  Levels levels{.werror = invocation.has("--werror"),
                .deny = readCodes(invocation, "--deny", false, usage),
                .warn = readCodes(invocation, "--warn", true, usage)};
  bool fix = invocation.has("--fix");
  if (fix && std::ranges::count(invocation.operands, "-") != 0) usage.add(diag::make<Code::StdinCannotBeFixed>({}));
  if (usage.hasErrors()) {
    showDiagnostics(usage);
    return ExitUsage;
  }
  auto session = std::make_unique<Session>();
  checkOnce(*session, invocation);
  std::size_t count = 0;
  for (int round = 0; fix && round < kMaxRounds; ++round) {
    auto fixed = applyFixes(session->sink.all(), session->sources);
    if (fixed.count == 0) break;
    if (!writeFixed(fixed, session->sink)) break;
    count += fixed.count;
    session = std::make_unique<Session>();
    checkOnce(*session, invocation);
  }
  if (count != 0) printError(fmt::format("{} applied\n", count == 1 ? "1 fix" : fmt::format("{} fixes", count)));
  return show(*session, levelled(session->sink, levels), invocation.value("--format", "text"));
}

}  // namespace mlstack::driver
