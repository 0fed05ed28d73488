#pragma once
// The storage rules: what each piece of state can give against who uses it how.

#include "base/source.h"
#include "diag/diag.h"
#include "ir/stack.h"

namespace mlstack::storage {

/// Runs every rule over a linked stack. `sources` is used only to quote names in hints.
/// An `allow` on the object or the stack silences a rule there; one that silences nothing is a warning, unless
/// the stack is not `whole`: objects with errors were left out of it.
void analyse(const ir::Stack& stack, const base::SourceSet& sources, bool whole, diag::Sink& sink);

}  // namespace mlstack::storage
