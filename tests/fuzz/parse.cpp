// Any bytes: tokens, tree, canonical text. What parses keeps its tokens when formatted, and formatting twice is
// formatting once.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/symbol.h"
#include "format/format.h"
#include "parse/parse.h"
#include "syntax/dump.h"

namespace {

using namespace mlstack;

struct Read {
  explicit Read(std::string text) {
    file.name = "fuzz.mlstack";
    file.begin = 1;
    file.text = std::move(text);
    list = parse::lex(file, sink);
    tree = parse::parseTokens(file, list, symbols, sink);
  }
  [[nodiscard]] std::string ast() const { return syntax::dumpAst(*tree, symbols, syntax::DumpStyle::Text); }

  base::SourceFile file;
  base::SymbolTable symbols;
  diag::Sink sink;
  syntax::TokenList list;
  std::unique_ptr<syntax::File> tree;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Read read(std::string(reinterpret_cast<const char*>(data), size));
  if (read.tree->hasErrors != read.sink.hasErrors()) std::abort();
  const std::string before = read.ast();
  const std::string once = format::formatFile(read.file, read.list);
  if (read.tree->hasErrors) {
    if (once != read.file.text) std::abort();
    return 0;
  }
  const Read again(once);
  if (again.sink.hasErrors() || again.ast() != before) std::abort();
  if (format::formatFile(again.file, again.list) != once) std::abort();
  return 0;
}
