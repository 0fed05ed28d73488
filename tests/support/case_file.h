#pragma once
// One-file cases: source, expectations under the lines they speak of, expected output at the end.
// No line numbers, so that a case survives edits; rendering a run gives the file back, byte for byte.
//
//   //: emit yaml                      a directive; stays part of the source
//   claim data { szie = 10Gi }
//   //@          ^~~~ error[MLS2003]: …   an expectation, under the line it speaks of
//   // ==== yaml                       from here on: output, a comment a line

#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "diag/diag.h"

namespace mlstack::tests {

struct CaseFile {
  std::string source;                    // expectations and output removed
  std::vector<std::string> directives;   // "emit yaml", "set nodes=4"

  /// The rest of the first directive that starts with `word`, or empty.
  [[nodiscard]] std::string directive(std::string_view word) const;
};

[[nodiscard]] CaseFile readCase(std::string_view text);

struct Section {
  std::string title;   // "yaml"
  std::string text;
};

/// The case as this run would write it. `diagnostics` must be sorted.
[[nodiscard]] std::string renderCase(const CaseFile& file, const std::vector<diag::Diagnostic>& diagnostics,
                                     const base::SourceSet& sources, const base::SourceFile* main,
                                     const std::vector<Section>& sections);

}  // namespace mlstack::tests
