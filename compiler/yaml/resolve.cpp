#include "yaml/resolve.h"

#include <charconv>
#include <limits>
#include <optional>
#include <string>

namespace mlstack::yaml {

namespace {

struct Word {
  std::string_view text;
  ir::NodeKind kind;
  double value;  // Bool: 0 or 1
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The spellings of the Go reader, no others: `nO` is a string.
constexpr Word kWords[] = {
    {"~", ir::NodeKind::Null, 0},
    {"null", ir::NodeKind::Null, 0},
    {"Null", ir::NodeKind::Null, 0},
    {"NULL", ir::NodeKind::Null, 0},
    {"y", ir::NodeKind::Bool, 1},
    {"Y", ir::NodeKind::Bool, 1},
    {"yes", ir::NodeKind::Bool, 1},
    {"Yes", ir::NodeKind::Bool, 1},
    {"YES", ir::NodeKind::Bool, 1},
    {"true", ir::NodeKind::Bool, 1},
    {"True", ir::NodeKind::Bool, 1},
    {"TRUE", ir::NodeKind::Bool, 1},
    {"on", ir::NodeKind::Bool, 1},
    {"On", ir::NodeKind::Bool, 1},
    {"ON", ir::NodeKind::Bool, 1},
    {"n", ir::NodeKind::Bool, 0},
    {"N", ir::NodeKind::Bool, 0},
    {"no", ir::NodeKind::Bool, 0},
    {"No", ir::NodeKind::Bool, 0},
    {"NO", ir::NodeKind::Bool, 0},
    {"false", ir::NodeKind::Bool, 0},
    {"False", ir::NodeKind::Bool, 0},
    {"FALSE", ir::NodeKind::Bool, 0},
    {"off", ir::NodeKind::Bool, 0},
    {"Off", ir::NodeKind::Bool, 0},
    {"OFF", ir::NodeKind::Bool, 0},
    {".nan", ir::NodeKind::Float, kNan},
    {".NaN", ir::NodeKind::Float, kNan},
    {".NAN", ir::NodeKind::Float, kNan},
    {".inf", ir::NodeKind::Float, kInfinity},
    {".Inf", ir::NodeKind::Float, kInfinity},
    {".INF", ir::NodeKind::Float, kInfinity},
    {"+.inf", ir::NodeKind::Float, kInfinity},
    {"+.Inf", ir::NodeKind::Float, kInfinity},
    {"+.INF", ir::NodeKind::Float, kInfinity},
    {"-.inf", ir::NodeKind::Float, -kInfinity},
    {"-.Inf", ir::NodeKind::Float, -kInfinity},
    {"-.INF", ir::NodeKind::Float, -kInfinity},
};

Resolved real(double value) {
  Resolved result;
  result.kind = ir::NodeKind::Float;
  result.real = value;
  return result;
}

/// The digits of `text` in `base` with its sign; Go's ParseInt and ParseUint, so up to 2^64.
std::optional<Resolved> wholeNumber(std::string_view digits, int base, bool negative) {
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || end != digits.data() + digits.size()) return std::nullopt;
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (error == std::errc::result_out_of_range || value > kMost + (negative ? 1 : 0)) {
    if (base != 10)
      return error == std::errc{} ? std::optional(real(static_cast<double>(value))) : std::nullopt;
    double large = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), large);
    return real(negative ? -large : large);
  }
  Resolved result;
  result.kind = ir::NodeKind::Int;
  result.integer =
      negative ? static_cast<std::int64_t>(0 - value) : static_cast<std::int64_t>(value);
  return result;
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool isFloat(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const auto from = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - from;
  };
  const auto before = digits();
  std::size_t after = 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    after = digits();
  }
  if (before == 0 && after == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

std::optional<Resolved> number(std::string_view text) {
  std::string stripped;
  if (text.find('_') != std::string_view::npos) {
    for (const char c : text) {
      if (c != '_') stripped += c;
    }
    text = stripped;
  }
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') {
    const char base = text[1];
    if (base == 'x' || base == 'X') return wholeNumber(text.substr(2), 16, negative);
    if (base == 'o' || base == 'O') return wholeNumber(text.substr(2), 8, negative);
    if (base == 'b' || base == 'B') return wholeNumber(text.substr(2), 2, negative);
    if (auto octal = wholeNumber(text.substr(1), 8, negative)) return octal;
  } else if (auto whole = wholeNumber(text, 10, negative)) {
    return whole;
  }
  if (!isFloat(text)) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return std::nullopt;  // Go refuses it, so a string
  return real(negative ? -value : value);
}

}  // namespace

Resolved resolvePlain(std::string_view text) {
  Resolved result;
  if (text.empty()) {
    result.kind = ir::NodeKind::Null;
    return result;
  }
  const char first = text.front();
  if ((first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.') {
    if (auto value = number(text)) return *value;
  }
  if (text.size() > 5) return result;
  if (text == "<<") {
    result.merge = true;
    return result;
  }
  for (const auto& word : kWords) {
    if (word.text != text) continue;
    result.kind = word.kind;
    if (word.kind == ir::NodeKind::Bool) result.boolean = word.value != 0;
    if (word.kind == ir::NodeKind::Float) result.real = word.value;
    break;
  }
  return result;
}

}  // namespace mlstack::yaml
