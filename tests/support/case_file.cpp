#include "support/case_file.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

namespace mlstack::tests {

namespace {

constexpr std::string_view kExpectation = "@";
constexpr std::string_view kDirective = ": ";
constexpr std::string_view kSection = " ==== ";

/// What follows `lead` and `mark` in a line that begins with both.
std::optional<std::string_view> after(std::string_view line, std::string_view lead, std::string_view mark) {
  if (!line.starts_with(lead) || !line.substr(lead.size()).starts_with(mark)) return std::nullopt;
  return line.substr(lead.size() + mark.size());
}

std::vector<std::string_view> splitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool isExpectation(std::string_view line, std::string_view lead) {
  const auto at = line.find_first_not_of(' ');
  return at != std::string_view::npos && after(line.substr(at), lead, kExpectation);
}

/// Whether a line of YAML ends in the sign of a block text, which no comment may part from its lines.
bool opensBlock(std::string_view line) {
  while (!line.empty() && std::string_view(" \t\r").find(line.back()) != std::string_view::npos) line.remove_suffix(1);
  const auto last = line.find_last_not_of("+-123456789");
  if (last == std::string_view::npos || (line[last] != '|' && line[last] != '>') || last == 0) return false;
  return line[last - 1] == ' ';
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
std::string caretLine(std::string_view lead, char caret, std::uint32_t column, std::uint32_t width, std::string_view text) {
  std::string carets(1, caret);
  carets.append(width > 1 ? std::min<std::uint32_t>(width, 100) - 1 : 0, '~');
  const auto covered = lead.size() + kExpectation.size();
  if (column <= covered) return fmt::format("{}{}{} {} {}", lead, kExpectation, column, carets, text);
  return fmt::format("{}{}{:{}}{} {}", lead, kExpectation, "", column - 1 - covered, carets, text);
}

class Renderer {
 public:
  Renderer(const base::SourceSet& sources, const base::SourceFile* main, std::string_view lead)
      : sources_(sources), main_(main), lead_(lead) {}

  void add(const diag::Diagnostic& d) {
    const auto code = diag::codeText(d.code);
    place(d.span, d.file, fmt::format("{}[{}]: {}", severityText(d.severity), code, d.message), d.help);
    for (const auto& related : d.related)
      place(related.span, {}, fmt::format("note[{}]: {}", code, related.message), {});
    for (const auto& fix : d.fixes) {
      if (!d.span.known()) continue;
      std::string edits;
      for (const auto& edit : fix.edits) edits += fmt::format(" `{}` -> `{}`", oneLine(sources_.text(edit.span)), oneLine(edit.text));
      place(d.span, {}, fmt::format("fix[{}]: {}:{}", code, fix.title, edits), {});
    }
  }

  std::map<std::uint32_t, std::vector<std::string>> byLine;
  std::vector<std::string> elsewhere;

 private:
  /// An expectation is one line of a comment, whatever an edit spans.
  static std::string oneLine(std::string_view text) {
    std::string line;
    for (const char c : text) line += c == '\n' ? std::string("\\n") : std::string(1, c);
    return line;
  }

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
    const char caret = lead_ == "#" && opensBlock(main_->line(from->line)) ? 'v' : '^';
    lines.push_back(caretLine(lead_, caret, from->column, width, text));
    if (!help.empty()) lines.push_back(fmt::format("{}{}  help: {}", lead_, kExpectation, help));
  }

  const base::SourceSet& sources_;
  const base::SourceFile* main_;
  std::string_view lead_;
};

void appendSection(std::string& out, std::string_view lead, std::string_view title, std::string_view text) {
  out += fmt::format("{}{}{}\n", lead, kSection, title);
  for (const auto line : splitLines(text)) out += line.empty() ? fmt::format("{}\n", lead) : fmt::format("{} {}\n", lead, line);
}

}  // namespace

CaseFile::CaseFile(std::string_view text, Language language)
    : text_(text), lead_(language == Language::Yaml ? "#" : "//") {
  std::uint32_t number = 0;
  for (const auto line : splitLines(text_)) {
    ++number;
    if (after(line, lead_, kSection)) break;
    if (isExpectation(line, lead_)) continue;
    if (const auto directive = after(line, lead_, kDirective)) directives_.emplace_back(*directive);
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
  Renderer renderer(sources, main, lead_);
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
    const bool above = lead_ == "#" && opensBlock(line.text);
    if (!above) out.append(line.text).push_back('\n');
    for (const auto& expectation : byLine[line.number]) out.append(expectation).push_back('\n');
    if (above) out.append(line.text).push_back('\n');
  }
  if (!renderer.elsewhere.empty())
    appendSection(out, lead_, "elsewhere", fmt::format("{}\n", fmt::join(renderer.elsewhere, "\n")));
  for (const auto& section : sections) appendSection(out, lead_, section.title, section.text);
  return out;
}

}  // namespace mlstack::tests
