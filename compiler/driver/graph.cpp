// `mlstackc graph`.

#include "driver/command.h"
#include "driver/compile.h"
#include "driver/terminal.h"
#include "ir/dump.h"

namespace mlstack::driver {
namespace {

std::string drawn(const ir::Stack& stack, std::string_view format) {
  if (format == "svg") return ir::graphSvg(stack);
  if (format == "mermaid") return ir::graphMermaid(stack);
  return ir::graphDot(stack);
}

}  // namespace

int runGraph(Invocation& invocation) {
  Session session;
  session.configure(invocation);
  session.settings.manifestsBesideStacks = false;
  if (!session.sink.hasErrors() && session.open(invocation.operands)) {
    // What is wrong with manifests is for `check` to say: they can be drawn all the same.
    if (session.hasManifests()) session.settings.rules = false;
    if (session.units.size() <= 1) session.compile();
    if (session.units.size() > 1) {
      std::vector<std::string_view> names;
      for (const auto& unit : session.units) names.push_back(unit.isManifest ? unit.label : unit.source->name);
      session.sink.add(diag::make<diag::Code::SeveralStacks>({}, invocation.operands[0], names.size(),
                                                             fmt::format("{}", fmt::join(names, ", ")))
                           .hint("a drawing shows one: name its file"));
    }
  }
  showDiagnostics(session.sink, session.sources);
  if (session.sink.hasErrors()) return exitFor(session.sink.all());
  if (session.units.empty()) return ExitErrors;   // a manifest without objects, as was said
  auto text = drawn(*session.units.front().stack, invocation.value("--format", "dot"));
  auto path = std::string(invocation.value("--output"));
  if (path.empty() || path == "-") return printOut(text);
  base::ReadError error;
  if (replaceFile(path, text, Sync::Yes, error)) return ExitDone;
  diag::Sink failed;
  failed.add(diag::make<diag::Code::CannotWrite>({}, path, error.message));
  showDiagnostics(failed);
  return ExitErrors;
}

}  // namespace mlstack::driver
