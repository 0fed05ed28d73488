#pragma once
// The storage analysis: what each piece of state can give against who uses it how, and what of it
// Kubernetes would refuse, leave waiting or lose.

#include "base/source.h"
#include "diag/diag.h"
#include "ir/stack.h"

namespace mlstack::storage {

/// Runs every rule over a linked stack. `sources` is used only to quote names in hints.
/// An `allow` on the object or the stack silences a rule there; one that silences nothing is a warning, unless
/// the stack is not `whole`: objects with errors were left out of it. Returns how many findings were silenced.
std::size_t analyse(const ir::Stack& stack, const base::SourceSet& sources, bool whole, diag::Sink& sink);

/// What an update of a running stack would do: objects of `now` against those of the same kind, namespace and name
/// in `was` (immutable fields, state that would be lost or replaced). Findings lie in the sources of `now`. Both
/// stacks must be linked and share one symbol table.
void analyseChange(const ir::Stack& was, const ir::Stack& now, const base::SourceSet& sources, diag::Sink& sink);

/// Whether a rule is about how a claim that is new finds its volume: a claim that was there before is bound already, and
/// nothing matches it again.
[[nodiscard]] bool isAboutMatching(diag::Code code);

}  // namespace mlstack::storage
