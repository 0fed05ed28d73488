#include "parse/strings.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/utf8.h"

namespace mlstack::parse {
namespace {

constexpr std::string_view kBlank = " \t\r";

/// `\u{…}` at `at` (behind the `u`); returns where it ends. What the lexer reported stays as text.
std::size_t appendCodePoint(std::string& out, std::string_view text, std::size_t at) {
  std::uint32_t point = 0;
  std::size_t end = at + 1;
  while (end < text.size() && end - at <= 6 && std::isxdigit(static_cast<unsigned char>(text[end])) != 0) {
    const char c = text[end++];
    point = point * 16 + static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  const bool whole = at < text.size() && text[at] == '{' && end < text.size() && text[end] == '}' && end != at + 1;
  if (!whole || point == 0 || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
    out += "\\u";
    return at;
  }
  base::appendUtf8(out, point);
  return end + 1;
}

std::string_view unescape(std::string_view text, base::Arena& arena) {
  std::size_t at = text.find('\\');
  if (at == std::string_view::npos) return text;
  std::string out;
  out.reserve(text.size());
  std::size_t done = 0;
  while (at != std::string_view::npos && at + 1 < text.size()) {
    out.append(text, done, at - done);
    done = at + 2;
    switch (text[at + 1]) {
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'r': out += '\r'; break;
      case '"': out += '"'; break;
      case '\\': out += '\\'; break;
      case '$': out += '$'; break;
      case 'u': done = appendCodePoint(out, text, at + 2); break;
      default: done = at + 1; out += '\\'; break;  // a shell's continued line; the rest was reported
    }
    at = text.find('\\', done);
  }
  out.append(text, done);
  return arena.copy(std::string_view(out));
}

/// One piece without its lines' common indentation and without carriage returns at line ends.
std::string_view stripIndentation(std::string_view text, std::size_t common, bool first, bool last, base::Arena& arena) {
  if (first) {
    const std::size_t content = text.find_first_not_of(kBlank);
    if (content != std::string_view::npos && text[content] == '\n') text.remove_prefix(content);
  }
  std::string out;
  out.reserve(text.size());
  bool dropBreak = first && text.starts_with('\n');
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t lineBreak = text.find('\n', at);
    std::string_view line = text.substr(at, lineBreak == std::string_view::npos ? lineBreak : lineBreak - at);
    if (lineBreak != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    out += line;
    if (lineBreak == std::string_view::npos) break;
    if (!dropBreak) out += '\n';
    dropBreak = false;
    at = lineBreak + 1;
    std::size_t indentation = 0;
    while (at < text.size() && indentation < common && (text[at] == ' ' || text[at] == '\t')) {
      ++at;
      ++indentation;
    }
    const std::size_t content = text.find_first_not_of(kBlank, at);
    if (last && content == std::string_view::npos) break;  // the closing quotes' own indentation
  }
  return arena.copy(std::string_view(out));
}

}  // namespace

void StringPieces::first(std::string_view token, bool whole) {
  raw = token.starts_with('r');
  if (raw) token.remove_prefix(1);
  if (!token.starts_with('"')) {  // foreign quotes, reported: read as what was meant
    const std::size_t quote = token.starts_with('\'') ? 1 : 3;
    pieces.push_back(token.size() < 2 * quote ? token : token.substr(quote, token.size() - 2 * quote));
    raw = true;
    return;
  }
  block = token.starts_with("\"\"\"");
  const std::size_t quotes = block ? 3 : 1;
  token.remove_prefix(std::min(quotes, token.size()));
  if (!whole) token.remove_suffix(2);
  else if (token.ends_with(block ? "\"\"\"" : "\"")) token.remove_suffix(quotes);
  pieces.push_back(token);
}

void StringPieces::more(std::string_view token, bool last) {
  if (token.starts_with('}')) token.remove_prefix(1);
  if (!last) token.remove_suffix(2);
  else if (token.ends_with(block ? "\"\"\"" : "\"")) token.remove_suffix(block ? 3 : 1);
  pieces.push_back(token);
}

/// The shortest indentation of a line that is not blank. The text behind the opening quotes is no line of its own;
/// code (`${`) makes a line not blank.
std::size_t commonIndentation(const std::vector<std::string_view>& pieces) {
  std::size_t common = std::string_view::npos;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string_view text = pieces[i];
    for (std::size_t line = text.find('\n'); line != std::string_view::npos; line = text.find('\n', line + 1)) {
      const std::size_t content = text.find_first_not_of(kBlank, line + 1);
      if (content == std::string_view::npos) {
        if (i + 1 < pieces.size()) common = std::min(common, text.size() - line - 1);
      } else if (text[content] != '\n') {
        common = std::min(common, content - line - 1);
      }
    }
  }
  return common;
}

void decode(StringPieces& string, base::Arena& arena) {
  auto& pieces = string.pieces;
  if (string.block) {
    const std::size_t found = commonIndentation(pieces);
    const std::size_t common = found == std::string_view::npos ? 0 : found;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      pieces[i] = stripIndentation(pieces[i], common, i == 0, i + 1 == pieces.size(), arena);
    }
  }
  if (string.raw) return;
  for (auto& piece : pieces) piece = unescape(piece, arena);
}

}  // namespace mlstack::parse
