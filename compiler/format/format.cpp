#include "format/format.h"

#include "base/symbol.h"
#include "diag/diag.h"
#include "format/outline.h"
#include "format/printer.h"
#include "parse/parse.h"

namespace mlstack::format {
namespace {

std::string_view textOf(const base::SourceFile& file, base::Span span) {
  return std::string_view(file.text).substr(span.begin - file.begin, span.end - span.begin);
}

bool sameText(std::string_view left, std::string_view right) {
  if (left == right) return true;
  // Block strings move with their line, and line breaks are one character.
  return left.find('\n') != std::string_view::npos && right.find('\n') != std::string_view::npos;
}

/// The promise of this folder: the same tokens, the same comments.
bool sameContent(const base::SourceFile& before, const syntax::TokenList& old, const base::SourceFile& after,
                 const syntax::TokenList& now) {
  if (old.tokens.size() != now.tokens.size() || old.comments.size() != now.comments.size()) return false;
  for (std::size_t i = 0; i < old.tokens.size(); ++i) {
    if (old.tokens[i].kind != now.tokens[i].kind) return false;
    if (!sameText(textOf(before, old.tokens[i].span), textOf(after, now.tokens[i].span))) return false;
  }
  for (std::size_t i = 0; i < old.comments.size(); ++i) {
    if (!sameText(textOf(before, old.comments[i].span), textOf(after, now.comments[i].span))) return false;
  }
  return true;
}

}  // namespace

std::string formatFile(const base::SourceFile& file, const syntax::TokenList& tokens) {
  base::SymbolTable symbols;
  diag::Sink sink;
  const auto tree = parse::parseTokens(file, tokens, symbols, sink);
  if (tree->hasErrors || sink.hasErrors()) return file.text;
  base::SourceFile result;
  result.name = file.name;
  result.begin = 1;
  result.text = Printer(file, tokens, makeOutline(tokens, *tree)).run();
  const auto now = parse::lex(result, sink);
  return !sink.hasErrors() && sameContent(file, tokens, result, now) ? result.text : file.text;
}

}  // namespace mlstack::format
