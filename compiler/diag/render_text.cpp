#include <algorithm>

#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>

#include "diag/excerpt.h"
#include "diag/printable.h"
#include "diag/formats.h"

namespace mlstack::diag {
namespace {

using llvm::raw_ostream;

// LLVM says what is printed (SMDiagnostic) and how colours are written (raw_ostream); the shape, with a
// gutter and carets under text that is not ASCII, is ours.
llvm::SourceMgr::DiagKind kindOf(Severity severity) {
  switch (severity) {
    case Severity::Note: return llvm::SourceMgr::DK_Note;
    case Severity::Warning: return llvm::SourceMgr::DK_Warning;
    case Severity::Error: return llvm::SourceMgr::DK_Error;
  }
  return llvm::SourceMgr::DK_Error;
}

class TextPrinter {
 public:
  TextPrinter(const base::SourceSet& sources, raw_ostream& out) : sources_(sources), out_(out) {}

  void print(const Diagnostic& d) {
    const Region region = regionOf(d.span, d.file, sources_);
    place(region, region.file.empty() ? std::string_view(d.object) : std::string_view());
    head(kindOf(d.severity), codeText(d.code), d.message);
    if (region.text != nullptr) quote(d, region);
    for (const Related& related : d.related) {
      place(regionOf(related.span, {}, sources_), {});
      head(llvm::SourceMgr::DK_Note, {}, related.message);
    }
    if (!d.help.empty()) remark("help", d.help);
    for (const Fix& fix : d.fixes) remark("fix", fix.title);
  }

 private:
  void paint(raw_ostream::Colors color, bool bold, std::string_view text) {
    out_.changeColor(color, bold);
    out_ << llvm::StringRef(text.data(), text.size());
    out_.resetColor();
  }

  void place(const Region& region, std::string_view instead) {
    std::string text = printable(region.file.empty() ? instead : region.file);
    if (text.empty()) return;
    if (region.text != nullptr) text += fmt::format(":{}:{}", region.line, region.column);
    paint(raw_ostream::SAVEDCOLOR, true, text + ":");
    out_ << ' ';
  }

  void head(llvm::SourceMgr::DiagKind kind, const std::string& code, std::string_view message) {
    const llvm::SMDiagnostic said({}, kind, printable(message));
    const std::string tag = code.empty() ? std::string() : "[" + code + "]";
    switch (said.getKind()) {
      case llvm::SourceMgr::DK_Error: paint(raw_ostream::RED, true, "error" + tag + ":"); break;
      case llvm::SourceMgr::DK_Warning: paint(raw_ostream::MAGENTA, true, "warning" + tag + ":"); break;
      case llvm::SourceMgr::DK_Remark:
      case llvm::SourceMgr::DK_Note: paint(raw_ostream::CYAN, true, "note" + tag + ":"); break;
    }
    out_ << ' ' << said.getMessage() << '\n';
  }

  void quote(const Diagnostic& d, const Region& region) {
    std::string_view line = region.text->line(region.line);
    if (region.line == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);  // a byte order mark
    const auto offset = static_cast<std::size_t>(d.span.begin - region.text->begin);
    const auto start = static_cast<std::size_t>(line.data() - region.text->text.data());
    const std::size_t begin = offset - std::min(start, offset);
    const std::size_t length = d.span.end > d.span.begin ? d.span.end - d.span.begin : 0;
    const Excerpt shown = excerpt(line, begin, begin + length);
    const std::string number = fmt::format("{:>5}", region.line);
    paint(raw_ostream::BLUE, false, number + " |");
    if (!shown.line.empty()) out_ << ' ' << shown.line;
    out_ << '\n';
    paint(raw_ostream::BLUE, false, std::string(number.size(), ' ') + " |");
    out_ << ' ';
    const auto caret = shown.carets.find('^');
    out_ << llvm::StringRef(shown.carets).substr(0, caret);
    paint(raw_ostream::GREEN, true, std::string_view(shown.carets).substr(caret));
    out_ << '\n';
  }

  void remark(std::string_view label, std::string_view text) {
    paint(raw_ostream::CYAN, true, std::string(label) + ":");
    out_ << ' ' << printable(text) << '\n';
  }

  const base::SourceSet& sources_;
  raw_ostream& out_;
};

}  // namespace

std::string renderText(const std::vector<Diagnostic>& all, const base::SourceSet& sources, bool color) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out.enable_colors(color);
  TextPrinter printer(sources, out);
  for (const Diagnostic& d : all) printer.print(d);
  out.flush();
  return text;
}

}  // namespace mlstack::diag
