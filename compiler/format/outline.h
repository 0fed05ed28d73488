#pragma once
// What the printer must know of a file beyond its tokens: which brackets belong together, what begins an
// item of its braces, which `<` and `>` are brackets of types.

#include <cstdint>
#include <vector>

#include "base/source.h"
#include "syntax/ast.h"
#include "syntax/token.h"

namespace mlstack::format {

enum class BracketUse : std::uint8_t {
  None,
  Items,   // `{` of blocks, maps, records; `[` of lists; `(` of calls: may be broken, an item a line
  Inline,  // `(` of groups, `[` of indices, `${`: never broken
};

struct Outline {
  std::vector<std::uint32_t> partner;  // by token: the bracket's other half, itself for other tokens
  std::vector<BracketUse> use;         // by token: openers only
  std::vector<bool> itemStart;         // by token: begins a statement, member, entry or field
  std::vector<bool> tight;             // by token: `<` and `>` of types
  std::vector<bool> label;             // by token: `(` that begins a label
};

/// Whether an operator may follow this token: a `-` behind it subtracts.
[[nodiscard]] bool endsOperand(syntax::TokenKind kind);

[[nodiscard]] Outline makeOutline(const syntax::TokenList& list, const syntax::File& tree);

}  // namespace mlstack::format
