// The whole pipeline over any bytes: parse, check, lower, emit, format. What follows a line `%%%` is
// a parameters file. Nothing may crash, hang or leak, and what was emitted must be read back.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "diag/render.h"
#include "driver/compile.h"
#include "format/format.h"
#include "ir/dump.h"
#include "parse/parse.h"
#include "support/read_back.h"
#include "yaml/yaml.h"

namespace {

using namespace mlstack;

void mustHold(bool condition) {
  if (!condition) std::abort();
}

void formatTwice(const base::SourceFile& file) {
  diag::Sink sink;
  base::SymbolTable symbols;
  const auto tokens = parse::lex(file, sink);
  const auto tree = parse::parseTokens(file, tokens, symbols, sink);
  if (sink.hasErrors() || tree->hasErrors) return;
  base::SourceSet sources;
  const auto& once = sources.add("once", format::formatFile(file, tokens));
  const auto again = parse::lex(once, sink);
  mustHold(!sink.hasErrors() && again.tokens.size() == tokens.tokens.size());
  mustHold(format::formatFile(once, again) == once.text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::string_view params;
  if (const auto at = text.find("\n%%%\n"); at != std::string_view::npos) {
    params = text.substr(at + 5);
    text = text.substr(0, at + 1);
  }
  driver::Session session;
  base::Arena arena;
  ir::Builder builder(arena);
  for (const auto* document : yaml::readDocuments(session.sources.add("params", std::string(params)), session.symbols, builder, session.sink))
    for (const auto& child : ir::Children(document))
      if (document->kind == ir::NodeKind::Map)
        session.settings.params.push_back({.name = std::string(session.symbols.text(child.key)), .node = &child, .span = child.span});
  auto& unit = session.units.emplace_back();
  unit.source = &session.sources.add("fuzz.mlstack", std::string(text));
  formatTwice(*unit.source);
  // A stack that spends all that it may is met by the limits, not by the fuzzer's own.
  session.settings.budgets = {.steps = 100'000, .elements = 200'000, .text = std::uint64_t{8} << 20};
  session.settings.missingParamsAreUnknown = size % 2 == 0;
  session.compile();
  session.sink.sort();
  for (const auto format : {diag::Format::Text, diag::Format::Json, diag::Format::Sarif, diag::Format::GitHub})
    (void)diag::render(session.sink.all(), session.sources, {.format = format, .color = false});
  if (unit.stack && !session.sink.hasErrors()) {
    mustHold(tests::readBackBreaches(*unit.stack, tests::yamlOf(*unit.stack)).empty());
    (void)ir::dumpText(*unit.stack, session.sources);
    (void)ir::graphSvg(*unit.stack);
  }
  return 0;
}
