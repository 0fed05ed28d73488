#include "yaml/extent.h"

#include <algorithm>

namespace mlstack::yaml {

namespace {

bool isBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Past blanks and comments.
std::size_t skipBlank(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (isBlank(text[at])) {
      ++at;
    } else if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else {
      break;
    }
  }
  return at;
}

std::size_t lineEnd(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

/// A block's lines are those indented as its first one; with an indicator the value tells how many.
std::size_t blockEnd(std::string_view text, std::size_t at, std::string_view value) {
  const auto header = lineEnd(text, at);
  if (value.empty()) return std::min(text.find_first_of(" \r\n", at), text.size());
  const auto indicators = text.substr(at, std::min(header, at + 4) - at);
  if (indicators.find_first_of("123456789") != std::string_view::npos) {
    auto lines = std::count(value.begin(), value.end(), '\n') + (value.back() == '\n' ? 0 : 1);
    auto end = header;
    while (lines-- > 0 && end < text.size()) end = lineEnd(text, end + 1);
    return end;
  }
  auto end = header;
  std::size_t indent = 0;
  for (auto line = header; line < text.size();) {
    const auto begin = line + 1;
    const auto next = lineEnd(text, begin);
    const auto content = std::min(text.find_first_not_of(' ', begin), text.size());
    if (content < next && text[content] != '\r') {
      if (indent == 0) indent = content - begin;
      if (content - begin < indent) break;
      end = next;
    }
    line = next;
  }
  return end;
}

}  // namespace

std::size_t skipProperties(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
    while (at < text.size() && !isBlank(text[at])) ++at;
    at = skipBlank(text, at);
  }
  return at;
}

std::size_t scalarEnd(std::string_view text, std::size_t at, std::string_view value) {
  if (at >= text.size()) return text.size();
  if (text[at] == '"') {
    for (auto i = at + 1; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '"') {
        return i + 1;
      }
    }
    return std::string_view::npos;
  }
  if (text[at] == '\'') {
    for (auto i = at + 1; i < text.size(); ++i) {
      if (text[i] != '\'') continue;
      if (i + 1 == text.size() || text[i + 1] != '\'') return i + 1;
      ++i;
    }
    return std::string_view::npos;
  }
  if (text[at] == '|' || text[at] == '>') return blockEnd(text, at, value);
  if (text.substr(at, value.size()) == value) return at + value.size();
  // A plain scalar over several lines: its breaks were folded, nothing else changed.
  for (const char c : value) {
    if (isBlank(c)) continue;
    while (at < text.size() && text[at] != c) ++at;
    ++at;
  }
  return std::min(at, text.size());
}

std::size_t flowEnd(std::string_view text, std::size_t at, char close) {
  auto i = skipBlank(text, at);
  // A last key without a value, a trailing comma.
  while (i < text.size() && (text[i] == ',' || text[i] == ':')) i = skipBlank(text, i + 1);
  return i < text.size() && text[i] == close ? i + 1 : at;
}

}  // namespace mlstack::yaml
