#pragma once
// Text to tree. The only folder that knows ANTLR.

#include <memory>

#include "base/source.h"
#include "base/symbol.h"
#include "diag/diag.h"
#include "syntax/ast.h"
#include "syntax/token.h"

namespace mlstack::parse {

/// Nesting of brackets beyond this is an error (MLS1011), before any recursion sees it.
inline constexpr unsigned kMaxDepth = 200;

/// All tokens and comments of the text; slips (MLS1002 … 1007) go to `sink`, lexing goes on.
[[nodiscard]] syntax::TokenList lex(const base::SourceFile& file, diag::Sink& sink);

/// The tree. One message for one slip: after an error parsing goes on at the next statement.
[[nodiscard]] std::unique_ptr<syntax::File> parseFile(const base::SourceFile& file, base::SymbolTable& symbols,
                                                      diag::Sink& sink);
/// The same from tokens already at hand.
[[nodiscard]] std::unique_ptr<syntax::File> parseTokens(const base::SourceFile& file, const syntax::TokenList& tokens,
                                                        base::SymbolTable& symbols, diag::Sink& sink);

/// One expression alone (`--set k=EXPR` values, tests).
[[nodiscard]] syntax::Expr* parseExpression(const base::SourceFile& file, base::Arena& arena,
                                            base::SymbolTable& symbols, diag::Sink& sink);

}  // namespace mlstack::parse
