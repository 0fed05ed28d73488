#pragma once
// Tokens and trees as text for people and as JSON for programs (`build --emit tokens|ast`).

#include <string>

#include "base/source.h"
#include "base/symbol.h"
#include "syntax/ast.h"
#include "syntax/token.h"

namespace mlstack::syntax {

enum class DumpStyle : std::uint8_t { Text, Json };

/// Text: a line a token, `line:column Kind text`, comments included. JSON: `{"version": 1, "tokens": [...],
/// "comments": [...]}` with byte offsets into the file.
[[nodiscard]] std::string dumpTokens(const base::SourceFile& file, const TokenList& tokens, DumpStyle style);

/// Text: a node a line, children indented. JSON: the same tree, every node with its kind and byte span.
[[nodiscard]] std::string dumpAst(const File& file, const base::SymbolTable& symbols, DumpStyle style);

/// "Add" and the like, as dumps name them.
[[nodiscard]] std::string_view spell(Operator op);
[[nodiscard]] std::string_view spell(ExprKind kind);
[[nodiscard]] std::string_view spell(StatementKind kind);
[[nodiscard]] std::string_view spell(TypeExprKind kind);

}  // namespace mlstack::syntax
