#pragma once
// Applying the fixes that diagnostics bring.

#include <map>
#include <string>
#include <vector>

#include "base/source.h"
#include "diag/diag.h"

namespace mlstack::driver {

/// The new texts of the files that change, by name, and how many fixes are in them.
struct Fixed {
  std::map<std::string, std::string> texts;
  std::size_t count = 0;
};

/// Applies the fix of every diagnostic that has exactly one (several are a choice, and that is the
/// user's). A fix whose edits touch those of an earlier one waits for the next round. Only files
/// on disk are changed: not the standard library, standard input, or `--set`.
[[nodiscard]] Fixed applyFixes(const std::vector<diag::Diagnostic>& diagnostics, const base::SourceSet& sources);

}  // namespace mlstack::driver
