#pragma once
// Tokens and trees as text, for people who look into the compiler and for tests. Stable.

#include <string>

#include "base/source.h"
#include "base/symbol.h"
#include "syntax/ast.h"
#include "syntax/token.h"

namespace mlstack::syntax {

/// A line a token, `line:column Kind text`; comments stand among them as `Comment`.
[[nodiscard]] std::string dumpTokens(const TokenList& tokens, const base::SourceSet& sources);

/// A line a node, indented by depth: `Kind what begin-end`, offsets from the start of the file.
[[nodiscard]] std::string dumpFile(const File& file, const base::SymbolTable& symbols);

}  // namespace mlstack::syntax
