#pragma once
// Profiles of drivers as C++: the text of generated/profiles_table.inc.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/symbol.h"
#include "sema/kind.h"
#include "syntax/ast.h"

namespace mlstack::kindgen {

/// What is wrong with a profile, and where.
using Complain = std::function<void(base::Span, std::string)>;

/// Constant-initialised tables of `ir::Facts` from the `provisioner` blocks of `files`: one row for each name of
/// a driver and each key of a volume's source. `provisioner` and `variant` are the kinds that the blocks are held
/// against. Whatever is not as they say is complained about; then the text is of no use.
[[nodiscard]] std::string profilesText(const std::vector<const syntax::File*>& files, const sema::Kind& provisioner,
                                       const sema::Kind& variant, const base::SymbolTable& symbols,
                                       const Complain& complain);

}  // namespace mlstack::kindgen
