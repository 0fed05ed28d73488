#include "schema/values.h"

namespace mlstack::schema {

namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

std::size_t digitsAt(std::string_view text, std::size_t at) {
  std::size_t count = 0;
  while (at + count < text.size() && isDigit(text[at + count])) ++count;
  return count;
}

/// Consumes exactly `count` digits followed by `then` (0: nothing).
bool takeDigits(std::string_view& text, std::size_t count, char then) {
  if (digitsAt(text, 0) < count) return false;
  text.remove_prefix(count);
  if (then == 0) return true;
  if (text.empty() || text.front() != then) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

bool isBase64(std::string_view text) {
  std::size_t symbols = 0;
  std::size_t padding = 0;
  for (char c : text) {
    if (c == '\n' || c == '\r') continue;
    const bool plain = isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/';
    if (c == '=') ++padding;
    else if (!plain || padding != 0) return false;
    ++symbols;
  }
  return symbols % 4 == 0 && padding <= 2;
}

bool isTimestamp(std::string_view text) {
  if (!takeDigits(text, 4, '-') || !takeDigits(text, 2, '-') || !takeDigits(text, 2, 'T')) return false;
  if (!takeDigits(text, 2, ':') || !takeDigits(text, 2, ':') || !takeDigits(text, 2, 0)) return false;
  if (!text.empty() && text.front() == '.') {
    const std::size_t count = digitsAt(text, 1);
    if (count == 0) return false;
    text.remove_prefix(1 + count);
  }
  if (text == "Z") return true;
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
  text.remove_prefix(1);
  return takeDigits(text, 2, ':') && takeDigits(text, 2, 0) && text.empty();
}

}  // namespace mlstack::schema
