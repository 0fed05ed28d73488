// `mlstackc explain std/train`, `train.pytorch`, `aws.efs`: what the libraries hold, told from their own text.

#include <algorithm>
#include <memory>

#include "base/source.h"
#include "driver/explain_library.h"
#include "driver/project.h"
#include "parse/parse.h"

namespace mlstack::driver {
namespace {

using syntax::Statement;
using syntax::StatementKind;

constexpr std::string_view kStd = "std/";

std::string_view firstLine(std::string_view doc) { return doc.substr(0, doc.find('\n')); }

std::string_view firstSentence(std::string_view doc) {
  const auto line = firstLine(doc);
  return line.substr(0, line.find(". "));
}

/// One library, parsed for its declarations.
class Library {
 public:
  explicit Library(std::string_view path) : path_(path) {
    const auto* text = libraryText(path);
    if (text == nullptr) return;
    file_ = &set_.add(std::string(path), std::string(*text));
    diag::Sink known;   // the library is tested: nothing to say
    tree_ = parse::parseFile(*file_, symbols_, known);
  }

  [[nodiscard]] bool known() const { return tree_ != nullptr; }

  /// What a stack can name of it.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto* s : tree_->items) {
      if (const auto name = nameOf(*s); !name.empty()) out.emplace_back(name);
    }
    return out;
  }

  [[nodiscard]] std::string overview() const {
    const auto alias = path_.substr(kStd.size());
    std::size_t width = 0;
    for (const auto& name : names()) width = std::max(width, name.size() + alias.size() + 1);
    std::string out = fmt::format("import \"{}\"\n\n", path_);
    for (const auto* s : tree_->items) {
      const auto name = nameOf(*s);
      if (name.empty()) continue;
      const auto whole = fmt::format("{}.{}", alias, name);
      out += fmt::format("  {:<{}}  {:<10} {}\n", whole, width, word(*s), firstSentence(s->doc));
    }
    return out + fmt::format("\n`mlstackc explain {}.NAME` says more about each.\n", alias);
  }

  [[nodiscard]] std::string member(std::string_view name) const {
    for (const auto* s : tree_->items) {
      if (nameOf(*s) == name) return s->kind == StatementKind::Component ? component(*s) : thing(*s);
    }
    return {};
  }

 private:
  [[nodiscard]] std::string_view textAt(base::Span span) const {
    return std::string_view(file_->text).substr(span.begin - file_->begin, span.end - span.begin);
  }

  [[nodiscard]] std::string_view nameOf(const Statement& s) const {
    switch (s.kind) {
      case StatementKind::Component: case StatementKind::Kind: case StatementKind::Let: return symbols_.text(s.name.symbol);
      case StatementKind::External: case StatementKind::Use: case StatementKind::Object:
        return s.label != nullptr && s.label->kind == syntax::ExprKind::NameRef ? symbols_.text(s.label->name) : std::string_view{};
      case StatementKind::Error: case StatementKind::Stack: case StatementKind::Import: case StatementKind::Param: case StatementKind::For:
      case StatementKind::If: case StatementKind::Assert: case StatementKind::Output: case StatementKind::Allow:
      case StatementKind::Spread: case StatementKind::Field:
        return {};
    }
    return {};
  }

  [[nodiscard]] std::string_view word(const Statement& s) const {
    if (s.kind == StatementKind::Component) return "component";
    if (s.kind == StatementKind::Kind) return "kind";
    if (s.kind == StatementKind::Let) return "value";
    return s.head.empty() ? std::string_view("object") : symbols_.text(s.head[0].symbol);
  }

  static void docLines(std::string& out, std::string_view doc, std::string_view margin) {
    while (!doc.empty()) {
      out += fmt::format("{}{}\n", margin, firstLine(doc));
      doc.remove_prefix(std::min(doc.size(), firstLine(doc).size() + 1));
    }
  }

  /// "nodes: int in 1..4096 = 1": from the name to the end of the statement.
  [[nodiscard]] std::string_view declaration(const Statement& s) const { return textAt({s.name.span.begin, s.span.end}); }

  [[nodiscard]] std::string component(const Statement& s) const {
    const auto alias = path_.substr(kStd.size());
    const auto name = nameOf(s);
    std::string params;
    std::string outputs;
    for (const auto* item : s.body) {
      if (item->kind == StatementKind::Param) {
        const bool optional = item->value != nullptr || (item->type != nullptr && (item->type->optional || textAt(item->type->span).starts_with("parts<")));
        params += fmt::format("  {}{}\n", declaration(*item), optional ? "" : "  (must be given)");
        docLines(params, item->doc, "      ");
      } else if (item->kind == StatementKind::Output) {
        outputs += fmt::format("  {}\n", declaration(*item));
        docLines(outputs, item->doc, "      ");
      }
    }
    std::string out = fmt::format("component {}.{}\n", alias, name);
    if (!s.doc.empty()) out += "\n";
    docLines(out, s.doc, "");
    if (!params.empty()) out += "\nParameters, fields of its block:\n" + params;
    if (!outputs.empty()) out += "\nWhat it hands out:\n" + outputs;
    return out + fmt::format("\nimport \"{}\"\n\n{}.{} NAME {{ … }}\n", path_, alias, name);
  }

  [[nodiscard]] std::string thing(const Statement& s) const {
    std::string out = fmt::format("{} {}.{}\n", word(s), path_.substr(kStd.size()), nameOf(s));
    if (!s.doc.empty()) out += "\n";
    docLines(out, s.doc, "");
    return out + fmt::format("\nimport \"{}\", which declares it so:\n\n{}\n", path_, textAt({s.headSpan.known() ? std::min(s.span.begin, s.headSpan.begin) : s.span.begin, s.span.end}));
  }

  std::string_view path_;
  base::SourceSet set_;
  base::SymbolTable symbols_;
  const base::SourceFile* file_ = nullptr;
  std::unique_ptr<syntax::File> tree_;
};

}  // namespace

std::string explainLibrary(std::string_view what) {
  if (what.starts_with(kStd)) {
    const Library library(what);
    return library.known() ? library.overview() : std::string();
  }
  const auto dot = what.find('.');
  const std::string path = std::string(kStd) + std::string(what.substr(0, dot));
  const Library library(path);
  if (!library.known()) return {};
  return dot == std::string_view::npos ? library.overview() : library.member(what.substr(dot + 1));
}

std::vector<std::string> libraryMembers(std::string_view name) {
  const std::string path = std::string(kStd) + std::string(name);
  const Library library(path);
  if (!library.known()) return {};
  auto names = library.names();
  for (auto& each : names) each = fmt::format("{}.{}", name, each);
  return names;
}

}  // namespace mlstack::driver
