#include "support/case_file.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace mlstack::tests {

namespace {

constexpr std::string_view kExpectation = "//@";
constexpr std::string_view kDirective = "//: ";
constexpr std::string_view kSection = "// ==== ";

std::vector<std::string_view> splitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool isExpectation(std::string_view line) {
  const auto at = line.find_first_not_of(' ');
  return at != std::string_view::npos && line.substr(at).starts_with(kExpectation);
}

std::string_view severityText(diag::Severity severity) {
  switch (severity) {
    case diag::Severity::Note: return "note";
    case diag::Severity::Warning: return "warning";
    case diag::Severity::Error: return "error";
  }
  return "";
}

/// `//@     ^~~~ text`, the caret under column `column`; columns that the marker covers are written out.
std::string caretLine(std::uint32_t column, std::uint32_t width, std::string_view text) {
  std::string carets = "^";
  carets.append(width > 1 ? std::min<std::uint32_t>(width, 100) - 1 : 0, '~');
  if (column <= kExpectation.size()) return fmt::format("{}{} {} {}", kExpectation, column, carets, text);
  return fmt::format("{}{:{}}{} {}", kExpectation, "", column - 1 - kExpectation.size(), carets, text);
}

class Renderer {
 public:
  Renderer(const base::SourceSet& sources, const base::SourceFile* main) : sources_(sources), main_(main) {}

  void add(const diag::Diagnostic& d) {
    const auto code = diag::codeText(d.code);
    place(d.span, d.file, fmt::format("{}[{}]: {}", severityText(d.severity), code, d.message), d.help);
    for (const auto& related : d.related)
      place(related.span, {}, fmt::format("note[{}]: {}", code, related.message), {});
    for (const auto& fix : d.fixes) {
      if (!d.span.known()) continue;
      std::string edits;
      for (const auto& edit : fix.edits) edits += fmt::format(" `{}` -> `{}`", sources_.text(edit.span), edit.text);
      place(d.span, {}, fmt::format("fix[{}]: {}:{}", code, fix.title, edits), {});
    }
  }

  std::map<std::uint32_t, std::vector<std::string>> byLine;
  std::vector<std::string> elsewhere;

 private:
  void place(base::Span span, std::string_view file, const std::string& text, const std::string& help) {
    const auto from = span.known() ? sources_.place(span.begin) : std::nullopt;
    if (!from || from->file != main_) {
      std::string where = from ? fmt::format("{}:{}:{}", from->file->name, from->line, from->column)
                               : std::string(file.empty() ? "nowhere" : file);
      elsewhere.push_back(fmt::format("{}: {}", where, text));
      if (!help.empty()) elsewhere.push_back("  help: " + help);
      return;
    }
    const auto to = sources_.place(span.end);
    const auto width = to && to->line == from->line && to->column > from->column ? to->column - from->column : 1;
    auto& lines = byLine[from->line];
    lines.push_back(caretLine(from->column, width, text));
    if (!help.empty()) lines.push_back(fmt::format("{}  help: {}", kExpectation, help));
  }

  const base::SourceSet& sources_;
  const base::SourceFile* main_;
};

void appendSection(std::string& out, std::string_view title, std::string_view text) {
  out += fmt::format("{}{}\n", kSection, title);
  for (const auto line : splitLines(text)) out += line.empty() ? "//\n" : fmt::format("// {}\n", line);
}

}  // namespace

CaseFile::CaseFile(std::string_view text) : text_(text) {
  std::uint32_t number = 0;
  for (const auto line : splitLines(text_)) {
    ++number;
    if (line.starts_with(kSection)) break;
    if (isExpectation(line)) continue;
    if (line.starts_with(kDirective)) directives_.emplace_back(line.substr(kDirective.size()));
    lines_.push_back({line, number});
  }
}

bool CaseFile::has(std::string_view word) const {
  return std::any_of(directives_.begin(), directives_.end(), [&](const std::string& directive) {
    return directive == word || directive.starts_with(std::string(word) + " ");
  });
}

std::string CaseFile::value(std::string_view word) const {
  for (const auto& directive : directives_)
    if (directive.starts_with(std::string(word) + " ")) return directive.substr(word.size() + 1);
  return {};
}

std::string CaseFile::render(const std::vector<diag::Diagnostic>& diagnostics, const base::SourceSet& sources,
                             const base::SourceFile* main, const std::vector<Section>& sections) const {
  Renderer renderer(sources, main);
  for (const auto& d : diagnostics) renderer.add(d);
  // What is said of a line that is no source line (the end of the file) belongs to the last one.
  std::map<std::uint32_t, std::vector<std::string>> byLine;
  for (auto& [number, texts] : renderer.byLine) {
    std::uint32_t to = lines_.empty() ? 0 : lines_.front().number;
    for (const auto& line : lines_)
      if (line.number <= number) to = line.number;
    auto& all = byLine[to];
    all.insert(all.end(), texts.begin(), texts.end());
  }
  std::string out;
  for (const auto& line : lines_) {
    out.append(line.text).push_back('\n');
    for (const auto& expectation : byLine[line.number]) out.append(expectation).push_back('\n');
  }
  if (!renderer.elsewhere.empty())
    appendSection(out, "elsewhere", fmt::format("{}\n", fmt::join(renderer.elsewhere, "\n")));
  for (const auto& section : sections) appendSection(out, section.title, section.text);
  return out;
}

}  // namespace mlstack::tests
