#include "storage/mend.h"

namespace mlstack::storage {

std::optional<diag::Edit> entryInto(const base::SourceSet& sources, const ir::Node* map, std::string_view entry) {
  if (!map || map->kind != ir::NodeKind::Map || map->length == 0) return std::nullopt;
  const ir::Node& first = *map->last->next;
  if (!first.knowsKey()) return std::nullopt;
  const auto at = first.entrySpan().begin;
  const auto* file = sources.fileAt(at);
  if (!file || file->name.ends_with(".mlstack") || file->name.starts_with("std/")) return std::nullopt;
  const base::Span here{at, at};
  const auto offset = static_cast<std::size_t>(at - file->begin);
  const std::string_view text = file->text;
  std::size_t column = 0;
  while (column < offset && text[offset - column - 1] != '\n') ++column;
  const auto before = text.substr(offset - column, column);
  // A block map's first key stands behind blanks and dashes alone.
  if (before.find_first_not_of(" -") == std::string_view::npos)
    return diag::Edit{here, std::string(entry) + "\n" + std::string(column, ' ')};
  const auto brace = before.find_last_not_of(' ');
  if (brace != std::string_view::npos && before[brace] == '{') return diag::Edit{here, std::string(entry) + ", "};
  return std::nullopt;
}

void mend(diag::Diagnostic& d, std::string title, std::optional<diag::Edit> edit) {
  if (edit) d.fixes.push_back({std::move(title), {std::move(*edit)}});
}

}  // namespace mlstack::storage
