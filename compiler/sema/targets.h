#pragma once
// The targets of a declared kind against what Kubernetes accepts. Private to this folder.

#include "base/symbol.h"
#include "diag/diag.h"
#include "schema/schema.h"
#include "sema/kind.h"
#include "syntax/ast.h"

namespace mlstack::sema {

/// Says at its declaration what of a kind has no place in its API: nobody who uses the kind can mend that.
/// False when there was something to say.
[[nodiscard]] bool checkTargets(const syntax::Statement& statement, const Kind& kind, const schema::Catalog& catalog,
                                schema::VersionSet version, const base::SymbolTable& symbols, diag::Sink& sink);

}  // namespace mlstack::sema
