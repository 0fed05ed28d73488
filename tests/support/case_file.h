#pragma once
// One-file cases: source, expectations under the lines they speak of, expected output at the end.
// No line numbers, so that a case survives edits; rendering a run gives the file back, byte for byte.
//
//   //: emit yaml                      a directive
//   claim data { szie = 10Gi }
//   //@          ^~~~ error[MLS2003]: …   an expectation, under the line it speaks of
//   // ==== yaml                       from here on: output, a comment a line
//
// All of it is comments to the compiler, so a case is compiled as it lies on disk. In a YAML case each `//` is a `#`:
// `#: kubernetes 1.33`, `#@    ^~~~ error[MLS3004]: …`. What is said of a line that ends in `|` or `>` stands above it,
// where no text is torn, with its caret as `v~~~`.

#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "diag/diag.h"

namespace mlstack::tests {

struct Section {
  std::string title;   // "yaml"
  std::string text;
};

class CaseFile {
 public:
  enum class Language : std::uint8_t { Mlstack, Yaml };
  CaseFile(std::string_view text, Language language);

  [[nodiscard]] const std::vector<std::string>& directives() const { return directives_; }
  /// The rest of the first directive that starts with `word`; nothing when there is none.
  [[nodiscard]] bool has(std::string_view word) const;
  [[nodiscard]] std::string value(std::string_view word) const;

  /// The case as this run would write it. `diagnostics` must be sorted, and be about this very file.
  [[nodiscard]] std::string render(const std::vector<diag::Diagnostic>& diagnostics, const base::SourceSet& sources,
                                   const base::SourceFile* main, const std::vector<Section>& sections) const;

 private:
  struct Line {
    std::string_view text;
    std::uint32_t number = 0;   // in the file as it is
  };
  std::string text_;
  std::string_view lead_;       // of a comment
  std::vector<Line> lines_;     // source lines only
  std::vector<std::string> directives_;
};

}  // namespace mlstack::tests
