#pragma once
// The canonical layout. Only white space changes: the token sequence and the comments stay.

#include <string>

#include "base/source.h"
#include "syntax/token.h"

namespace mlstack::format {

/// The file in canonical style. A file that does not parse comes back as it is.
/// Idempotent: formatting the result changes nothing.
[[nodiscard]] std::string formatFile(const base::SourceFile& file, const syntax::TokenList& tokens);

}  // namespace mlstack::format
