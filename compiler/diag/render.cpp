#include "diag/render.h"

#include <algorithm>

#include "diag/formats.h"

namespace mlstack::diag {

Region regionOf(base::Span span, std::string_view fallback, const base::SourceSet& sources) {
  const auto begin = sources.place(span.begin);
  if (!begin) return {.file = fallback};
  // An end before the begin, or in another file, would be a slip of the compiler; readers of JSON need not suffer.
  const base::Pos last = begin->file->begin + static_cast<base::Pos>(begin->file->text.size());
  const auto end = sources.place(std::clamp(span.end, span.begin, last)).value_or(*begin);
  return {begin->file->name, begin->file, begin->line, begin->column, end.line, end.column};
}

std::string_view severityText(Severity severity) {
  switch (severity) {
    case Severity::Note: return "note";
    case Severity::Warning: return "warning";
    case Severity::Error: return "error";
  }
  return {};
}

std::string render(const std::vector<Diagnostic>& diagnostics, const base::SourceSet& sources,
                   const RenderOptions& options) {
  switch (options.format) {
    case Format::Text: return renderText(diagnostics, sources, options.color);
    case Format::Json: return renderJson(diagnostics, sources);
    case Format::Sarif: return renderSarif(diagnostics, sources);
    case Format::GitHub: return renderGitHub(diagnostics, sources);
  }
  return {};
}

}  // namespace mlstack::diag
