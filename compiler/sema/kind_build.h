#pragma once
// Kinds and types from their syntax. Used by kindgen for the prelude at build time and by the evaluator for
// what a user declares; so it sees syntax, base and diag only.

#include <cstddef>
#include <functional>
#include <string_view>

#include "base/arena.h"
#include "base/symbol.h"
#include "diag/diag.h"
#include "sema/kind.h"
#include "syntax/ast.h"

namespace mlstack::sema {

/// The most members of one kind, includes counted: sets of members are bit sets.
inline constexpr std::size_t kMaxMembers = 128;

/// What a lookup returns for a kind whose declaration could not be read, which has been said.
inline constexpr Kind kUnreadKind{.broken = true};

/// Finds a kind by the name that stands in the source ("claim"; "lib.thing" for a dotted one); null when
/// there is none. The result may still be under construction: only its address and name are used.
using KindLookup = std::function<const Kind*(std::string_view)>;

/// The kind that a `kind` statement declares, in `arena`. Slips (unknown type, attribute, part or via,
/// a member twice) go to `sink`; the kind is usable all the same.
[[nodiscard]] const Kind* buildKind(const syntax::Statement& statement, base::Arena& arena, base::SymbolTable& symbols,
                                    const KindLookup& lookup, diag::Sink& sink);

/// The type that `expr` writes: `list<claim>?`, `enum(a, b)`, `{ host: string, port: int = 80 }`,
/// `parts<read, write>`, `class | string`, `volume-source`. Null after a diagnostic, or for an Error node.
[[nodiscard]] const Type* buildType(const syntax::TypeExpr& expr, base::Arena& arena, base::SymbolTable& symbols,
                                    const KindLookup& lookup, diag::Sink& sink);

/// `type` refined by `in range` or `matches pattern` (either may be null); null `type` gives null.
[[nodiscard]] const Type* refineType(const Type* type, const syntax::Expr* range, const syntax::Expr* pattern,
                                     base::Arena& arena, diag::Sink& sink);

}  // namespace mlstack::sema
