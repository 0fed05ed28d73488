// `mlstackc version` and `mlstackc help`.

#include "driver/command.h"
#include "driver/terminal.h"
#include "schema/schema.h"

namespace mlstack::driver {
namespace {

constexpr std::string_view kVersion =
#include "version.inc"
    ;

}  // namespace

int runVersion(Invocation& invocation) {
  std::string versions;
  bool json = invocation.value("--format", "text") == "json";
  for (int minor = schema::kFirstMinor; minor <= schema::kLastMinor; ++minor)
    versions += fmt::format("{}{}1.{}{}", versions.empty() ? "" : ", ", json ? "\"" : "", minor, json ? "\"" : "");
  if (json)
    return printOut(fmt::format(
        "{{\"version\": 1, \"program\": \"mlstackc\", \"release\": \"{}\", \"kubernetes\": [{}]}}\n", kVersion, versions));
  return printOut(fmt::format("mlstackc {}\nKubernetes {}\n", kVersion, versions));
}

int runHelp(Invocation& invocation) {
  if (invocation.operands.empty()) return printOut(helpText());
  const auto& name = invocation.operands[0];
  if (const auto* row = findCommand(name)) return printOut(helpText(*row));
  diag::Sink sink;
  sink.add(unknownCommand(name));
  showDiagnostics(sink);
  return ExitUsage;
}

}  // namespace mlstack::driver
