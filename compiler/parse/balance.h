#pragma once
// What can be told from the tokens alone, before the grammar sees them: what is never closed, what closes
// nothing, what nests too deep, what ends with its line. It is said once, and the parser reads a sequence in
// which all of it is mended.

#include <vector>

#include "base/source.h"
#include "diag/diag.h"
#include "syntax/token.h"

namespace mlstack::parse {

struct Balanced {
  /// The tokens to parse: those of the list, or `mended`.
  const std::vector<syntax::Token>* tokens = nullptr;
  std::vector<syntax::Token> mended;
  /// The list's slips and those found here, by rising begin.
  std::vector<base::Span> slips;
};

/// `result.tokens` points into `list` or into `result`: both must stay where they are.
void balance(const base::SourceFile& file, const syntax::TokenList& list, diag::Sink& sink, Balanced& result);

/// Whether anything in [from, to] was reported already.
[[nodiscard]] bool touches(const std::vector<base::Span>& slips, base::Pos from, base::Pos to);

}  // namespace mlstack::parse
