// The program: finds the command, understands its words, runs it.

#include <cstdlib>
#include <string>
#include <vector>

#include "driver/command.h"
#include "driver/compile.h"
#include "driver/terminal.h"

namespace mlstack::driver {
namespace {

const char* environment(const char* name) { return std::getenv(name); }

void chooseColor(std::string_view when) {
  if (when == "always") setColorMode(ColorMode::Always);
  if (when == "never") setColorMode(ColorMode::Never);
}

int usage(diag::Sink& sink) {
  showDiagnostics(sink);
  return ExitUsage;
}

int run(std::vector<std::string> words) {
  // `--color` may stand before the command; then it is the command's.
  std::vector<std::string> before;
  while (!words.empty() && words[0].starts_with("--color")) {
    auto count = words[0] == "--color" && words.size() > 1 ? 2u : 1u;
    before.insert(before.end(), words.begin(), words.begin() + count);
    words.erase(words.begin(), words.begin() + count);
  }
  if (words.empty()) {
    printError(helpText());
    return ExitUsage;
  }
  std::string name = words[0];
  words.erase(words.begin());
  if (name == "--help" || name == "-h") return printOut(helpText());
  if (name == "--version") name = "version";
  const auto* row = findCommand(name);
  diag::Sink sink;
  if (row == nullptr) {
    if (name.starts_with("-")) {
      sink.add(diag::make<diag::Code::UnknownOption>({}, "COMMAND", name)
                   .hint("options follow the command: `mlstackc build --werror`"));
    } else {
      sink.add(unknownCommand(name));
    }
    return usage(sink);
  }
  for (const auto& word : words) {
    if (word == "--") break;
    if (word == "--help" || word == "-h") return printOut(helpText(*row));
  }
  words.insert(words.begin(), before.begin(), before.end());
  auto invocation = parseWords(*row, words, environment, sink);
  chooseColor(invocation.value("--color", "auto"));
  if (sink.hasErrors()) return usage(sink);
  return row->run(invocation);
}

}  // namespace
}  // namespace mlstack::driver

int main(int argc, char** argv) {
  using namespace mlstack::driver;
  installSignalHandlers();
  leave(run({argv + 1, argv + argc}));
}
