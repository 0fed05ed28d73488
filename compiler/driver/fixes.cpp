#include "driver/fixes.h"

#include <algorithm>

namespace mlstack::driver {
namespace {

bool onDisk(const base::SourceFile& file) {
  return file.name != "-" && file.name != "--set" && !file.name.starts_with("std/");
}

bool touches(const diag::Edit& a, const diag::Edit& b) {
  return a.span.begin <= b.span.end && b.span.begin <= a.span.end;
}

bool sameEdit(const diag::Edit& a, const diag::Edit& b) { return a.span == b.span && a.text == b.text; }

}  // namespace

Fixed applyFixes(const std::vector<diag::Diagnostic>& diagnostics, const base::SourceSet& sources) {
  Fixed fixed;
  std::map<const base::SourceFile*, std::vector<diag::Edit>> edits;
  for (const auto& d : diagnostics) {
    if (d.fixes.size() != 1) continue;
    const auto& wanted = d.fixes[0].edits;
    bool possible = !wanted.empty();
    bool already = true;
    for (const auto& edit : wanted) {
      const auto* file = sources.fileAt(edit.span.begin);
      possible = possible && file != nullptr && onDisk(*file);
      if (!possible) break;
      const auto& old = edits[file];
      bool done = std::ranges::any_of(old, [&](const auto& e) { return sameEdit(e, edit); });
      already = already && done;
      possible = done || std::ranges::none_of(old, [&](const auto& e) { return touches(e, edit); });
    }
    if (!possible || already) continue;
    for (const auto& edit : wanted) edits[sources.fileAt(edit.span.begin)].push_back(edit);
    ++fixed.count;
  }
  for (auto& [file, list] : edits) {
    if (list.empty()) continue;
    std::ranges::sort(list, [](const auto& a, const auto& b) { return a.span.begin < b.span.begin; });
    std::string text;
    std::size_t at = 0;
    for (const auto& edit : list) {
      auto begin = edit.span.begin - file->begin;
      if (begin < at) continue;   // the same edit of two fixes
      text.append(file->text, at, begin - at);
      text += edit.text;
      at = edit.span.end - file->begin;
    }
    text.append(file->text, at);
    fixed.texts[file->name] = std::move(text);
  }
  return fixed;
}

}  // namespace mlstack::driver
