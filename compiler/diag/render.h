#pragma once
// Diagnostics as text (with source lines and carets), JSON, SARIF 2.1.0, GitHub annotations.

#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "diag/diag.h"

namespace mlstack::diag {

enum class Format : std::uint8_t { Text, Json, Sarif, GitHub };

struct RenderOptions {
  Format format = Format::Text;
  bool color = false;
};

/// Every diagnostic in the chosen format. Text is for stderr, the rest for stdout.
[[nodiscard]] std::string render(const std::vector<Diagnostic>& diagnostics, const base::SourceSet& sources,
                                 const RenderOptions& options);

/// The explain page of a code ("MLS3004", "3004"), Markdown as written in diag/pages; empty when unknown.
[[nodiscard]] std::string_view explainPage(std::string_view code);

/// One page taken apart; views into the page, empty when the page is unknown or lacks the part.
struct ExplainParts {
  std::string_view title;      // the sentence after "# MLSnnnn: "
  std::string_view paragraph;  // what stands before the first section
};
[[nodiscard]] ExplainParts explainParts(std::string_view code);

}  // namespace mlstack::diag
