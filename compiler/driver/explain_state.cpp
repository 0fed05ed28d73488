// `mlstackc explain-state`.

#include "driver/command.h"
#include "driver/compile.h"
#include "driver/terminal.h"
#include "storage/describe.h"

namespace mlstack::driver {

int runExplainState(Invocation& invocation) {
  Session session;
  session.configure(invocation);
  session.settings.manifestsBesideStacks = false;
  session.settings.rules = false;   // what is wrong is for `check` to say
  if (!session.sink.hasErrors() && session.open(invocation.operands)) session.compile();
  session.sink.sort();
  showDiagnostics(session.sink, session.sources);
  if (session.sink.hasErrors()) return exitFor(session.sink.all());
  std::string text;
  for (const auto& unit : session.units) {
    if (!unit.stack) continue;
    if (session.units.size() > 1)
      text += fmt::format("{}# {}\n\n", text.empty() ? "" : "\n", unit.isManifest ? unit.label : unit.source->name);
    text += storage::describeState(*unit.stack, session.sources);
  }
  return printOut(text);
}

}  // namespace mlstack::driver
