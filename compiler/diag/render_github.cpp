#include "diag/formats.h"

namespace mlstack::diag {
namespace {

// Workflow commands end at a line break, properties at a comma or colon.
void appendEscaped(std::string& out, std::string_view text, bool property) {
  for (const char c : text) {
    switch (c) {
      case '%': out += "%25"; break;
      case '\r': out += "%0D"; break;
      case '\n': out += "%0A"; break;
      case ':': out += property ? "%3A" : ":"; break;
      case ',': out += property ? "%2C" : ","; break;
      default: out += c; break;
    }
  }
}

std::string_view commandOf(Severity severity) {
  switch (severity) {
    case Severity::Note: return "notice";
    case Severity::Warning: return "warning";
    case Severity::Error: return "error";
  }
  return {};
}

std::string messageOf(const Diagnostic& d, const base::SourceSet& sources) {
  std::string text = d.message;
  if (!d.object.empty()) text += fmt::format(" ({})", d.object);
  for (const Related& related : d.related) {
    const Region region = regionOf(related.span, {}, sources);
    text += '\n';
    if (region.text != nullptr) text += fmt::format("{}:{}:{}: ", region.file, region.line, region.column);
    text += "note: " + related.message;
  }
  if (!d.help.empty()) text += "\nhelp: " + d.help;
  return text;
}

}  // namespace

std::string renderGitHub(const std::vector<Diagnostic>& all, const base::SourceSet& sources) {
  std::string out;
  for (const Diagnostic& d : all) {
    const Region region = regionOf(d.span, d.file, sources);
    out += fmt::format("::{} ", commandOf(d.severity));
    if (!region.file.empty()) {
      out += "file=";
      appendEscaped(out, region.file, true);
      out += ',';
    }
    if (region.line != 0) {
      out += fmt::format("line={},", region.line);
      // GitHub takes columns only where the range stays on one line.
      out += region.endLine == region.line
                 ? fmt::format("col={},endLine={},endColumn={},", region.column, region.endLine, region.endColumn)
                 : fmt::format("endLine={},", region.endLine);
    }
    out += fmt::format("title={}::", codeText(d.code));
    appendEscaped(out, messageOf(d, sources), false);
    out += '\n';
  }
  return out;
}

}  // namespace mlstack::diag
