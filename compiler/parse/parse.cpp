#include "parse/parse.h"

#include <algorithm>

#include "parse/balance.h"
#include "parse/build.h"
#include "parse/recovery.h"

namespace mlstack::parse {
namespace {

using Grammar = antlr::MlstackParser;

/// One parser over one token sequence, with all that it works on.
struct Run {
  Run(const base::SourceFile& file, const Balanced& balanced, base::Arena& arena, base::SymbolTable& symbols,
      diag::Sink& sink)
      : cursor(balanced.tokens->data(), balanced.tokens->size(), stack),
        builder(file, balanced, stack, arena, symbols, sink),
        recovery(file, balanced, builder, cursor, sink),
        parser(&cursor) {
    stack.built.reserve(balanced.tokens->size() / 2 + 16);   // untouched it takes no memory
    parser.prepare(recovery, stack, Recovery::loops(), Recovery::follow(), Recovery::onOneLine(), Builder::builtRules());
  }

  antlr::ContextStack stack;
  antlr::Cursor cursor;
  Builder builder;
  Recovery recovery;
  Grammar parser;
};

/// The lines that a slip touches: what stands there may be meant otherwise than it was read.
std::vector<base::Span> linesOf(const base::SourceFile& file, std::vector<base::Span> slips) {
  const std::string_view text = file.text;
  std::vector<base::Span> lines;
  std::sort(slips.begin(), slips.end(), [](base::Span a, base::Span b) { return a.begin < b.begin; });
  for (const base::Span slip : slips) {
    if (!slip.known() || slip.begin < file.begin || slip.begin - file.begin > text.size()) continue;
    // A line may hold many.
    if (!lines.empty() && slip.begin >= lines.back().begin && std::max(slip.begin, slip.end) <= lines.back().end) continue;
    const std::size_t from = slip.begin - file.begin;
    const std::size_t before = from == 0 ? std::string_view::npos : text.rfind('\n', from - 1);
    const std::size_t after = text.find('\n', std::max<std::size_t>(from, std::min<std::size_t>(slip.end - file.begin, text.size())));
    const auto begin = static_cast<base::Pos>(before == std::string_view::npos ? 0 : before + 1);
    const auto end = static_cast<base::Pos>(after == std::string_view::npos ? text.size() : after);
    lines.push_back({file.begin + begin, file.begin + end});
  }
  return lines;
}

}  // namespace

std::unique_ptr<syntax::File> parseTokens(const base::SourceFile& file, const syntax::TokenList& list,
                                          base::SymbolTable& symbols, diag::Sink& sink) {
  auto out = std::make_unique<syntax::File>();
  const auto end = file.begin + static_cast<base::Pos>(file.text.size());
  out->span = {file.begin, end};

  const std::size_t reported = sink.all().size();
  Balanced balanced;
  balance(file, list, sink, balanced);
  Run run(file, balanced, out->arena, symbols, sink);
  std::vector<syntax::Statement*> items;
  const auto bottom = run.stack.mark();
  while (run.cursor.kind() != syntax::TokenKind::EndOfFile) {
    if (Recovery::startsStatement(run.cursor.kind())) {
      (void)run.parser.statement();
      items.push_back(static_cast<syntax::Statement*>(run.stack.built.back().node));
    } else {
      run.recovery.unexpected(kTopLevel, syntax::TokenKind::EndOfFile);
      const auto before = run.cursor.position();
      (void)run.recovery.resume(Grammar::RuleBlock, before);
      if (run.cursor.position() == before) run.cursor.consume();
      run.builder.takeStrays(file.begin, items);
    }
    run.stack.release(bottom);
  }
  out->items = out->arena.copy(items);
  out->hasErrors = run.builder.failed() || !balanced.slips.empty();
  auto slips = balanced.slips;
  for (std::size_t i = reported; i < sink.all().size(); ++i) slips.push_back(sink.all()[i].span);
  out->slips = linesOf(file, std::move(slips));
  return out;
}

std::unique_ptr<syntax::File> parseFile(const base::SourceFile& file, base::SymbolTable& symbols, diag::Sink& sink) {
  return parseTokens(file, lex(file, sink), symbols, sink);
}

syntax::Expr* parseExpression(const base::SourceFile& file, base::Arena& arena, base::SymbolTable& symbols,
                              diag::Sink& sink) {
  const syntax::TokenList list = lex(file, sink);
  Balanced balanced;
  balance(file, list, sink, balanced);
  Run run(file, balanced, arena, symbols, sink);
  try {
    auto* context = run.parser.expr();
    if (run.cursor.kind() == syntax::TokenKind::EndOfFile && balanced.slips.empty()) return run.builder.buildExpr(context);
    if (balanced.slips.empty()) {
      sink.add(diag::make<diag::Code::UnexpectedToken>(run.cursor.token(run.cursor.position()).span,
                                                       describeToken(file, run.cursor.token(run.cursor.position())),
                                                       "the end of the value"));
    }
  } catch (const antlr4::RecognitionException&) {
    // Reported where it happened: an expression alone has nothing to go on with.
  }
  auto* error = arena.make<syntax::Expr>();
  error->span = {file.begin, file.begin + static_cast<base::Pos>(file.text.size())};
  return error;
}

}  // namespace mlstack::parse
