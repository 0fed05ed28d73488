#pragma once
// What the renderers share. Private to this folder.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "diag/diag.h"

namespace mlstack::diag {

/// A span as people count: from 1, columns in code points, the end just past the last one.
struct Region {
  std::string_view file;                    // empty: nowhere
  const base::SourceFile* text = nullptr;   // null: only the file's name is known
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t endLine = 0;
  std::uint32_t endColumn = 0;
};

[[nodiscard]] Region regionOf(base::Span span, std::string_view fallback, const base::SourceSet& sources);
/// "error", "warning", "note".
[[nodiscard]] std::string_view severityText(Severity severity);

[[nodiscard]] std::string renderText(const std::vector<Diagnostic>& all, const base::SourceSet& sources, bool color);
[[nodiscard]] std::string renderJson(const std::vector<Diagnostic>& all, const base::SourceSet& sources);
[[nodiscard]] std::string renderSarif(const std::vector<Diagnostic>& all, const base::SourceSet& sources);
[[nodiscard]] std::string renderGitHub(const std::vector<Diagnostic>& all, const base::SourceSet& sources);

}  // namespace mlstack::diag
