#pragma once
// A text, read, with everything that tests and fuzz targets ask about it.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "base/symbol.h"
#include "diag/diag.h"
#include "format/format.h"
#include "parse/parse.h"
#include "syntax/dump.h"

namespace mlstack::tests {

struct Reading {
  explicit Reading(std::string text) {
    file.name = "test.mlstack";
    file.begin = 1;
    file.text = std::move(text);
    list = parse::lex(file, sink);
    tree = parse::parseTokens(file, list, symbols, sink);
    sink.sort();
  }

  [[nodiscard]] std::string_view textOf(base::Span span) const {
    return std::string_view(file.text).substr(span.begin - file.begin, span.end - span.begin);
  }
  [[nodiscard]] std::string formatted() const { return format::formatFile(file, list); }
  /// "Name Assign Int", without the end.
  [[nodiscard]] std::string kinds() const {
    std::string out;
    for (const auto& token : list.tokens) {
      if (token.kind == syntax::TokenKind::EndOfFile) break;
      if (!out.empty()) out += ' ';
      out.append(syntax::spell(token.kind));
    }
    return out;
  }
  /// "line:column code", one a message.
  [[nodiscard]] std::string slips() const {
    std::string out;
    for (const auto& d : sink.all()) {
      std::size_t line = 1;
      std::size_t column = 1;
      for (std::size_t i = 0; i + file.begin < d.span.begin; ++i) {
        if (file.text[i] == '\n') {
          ++line;
          column = 1;
        } else {
          ++column;
        }
      }
      if (!out.empty()) out += '\n';
      out.append(std::to_string(line)).append(":").append(std::to_string(column)).append(" ");
      out.append(d.message);
    }
    return out;
  }
  [[nodiscard]] std::string ast() const { return syntax::dumpAst(*tree, symbols, syntax::DumpStyle::Text); }

  base::SourceFile file;
  base::SymbolTable symbols;
  diag::Sink sink;
  syntax::TokenList list;
  std::unique_ptr<syntax::File> tree;
};

/// The value of `x = …` when it is a string or a template of one text.
[[nodiscard]] inline std::string valueOf(const std::string& literal) {
  const Reading read("x = " + literal + "\n");
  if (read.sink.hasErrors()) return "ERROR " + read.slips();
  const auto* value = read.tree->items[0]->value;
  return std::string(value->text);
}

}  // namespace mlstack::tests
