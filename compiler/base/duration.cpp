#include "base/duration.h"

#include <limits>

#include <fmt/format.h>

namespace mlstack::base {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

struct Unit {
  std::string_view text;
  std::int64_t milliseconds;
};

// By falling size. "ms" must be told from "m" by the caller's longest match.
constexpr Unit kUnits[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};

struct Part {
  std::int64_t milliseconds;
  std::size_t unit;
};

std::size_t digitsAt(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  return count;
}

// Digits as a number, or nothing when 64 bits do not hold it.
std::optional<std::int64_t> numberOf(std::string_view digits) {
  std::int64_t value = 0;
  for (const char c : digits) {
    if (__builtin_mul_overflow(value, std::int64_t{10}, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, std::int64_t{c - '0'}, &value)) return std::nullopt;
  }
  return value;
}

// `.5` of a unit in whole milliseconds, or nothing when it is not whole.
std::optional<std::int64_t> fractionOf(std::string_view digits, std::int64_t unit) {
  while (digits.ends_with('0')) digits.remove_suffix(1);
  if (digits.size() > 8) return std::nullopt;
  std::int64_t scale = 1;
  for (std::size_t i = 0; i < digits.size(); ++i) scale *= 10;
  const std::int64_t scaled = numberOf(digits).value_or(0) * unit;
  if (scaled % scale != 0) return std::nullopt;
  return scaled / scale;
}

std::optional<Part> takePart(std::string_view& text) {
  const std::string_view whole = text.substr(0, digitsAt(text));
  text.remove_prefix(whole.size());
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = text.substr(0, digitsAt(text));
    text.remove_prefix(fraction.size());
    if (fraction.empty()) return std::nullopt;
  }
  if (whole.empty()) return std::nullopt;
  std::size_t unit = text.starts_with("ms") ? 4 : 0;
  while (unit < 4 && !text.starts_with(kUnits[unit].text)) ++unit;
  if (unit == 4 && !text.starts_with("ms")) return std::nullopt;
  text.remove_prefix(kUnits[unit].text.size());

  const auto number = numberOf(whole);
  const auto rest = fractionOf(fraction, kUnits[unit].milliseconds);
  std::int64_t total = 0;
  if (!number || !rest || __builtin_mul_overflow(*number, kUnits[unit].milliseconds, &total) ||
      __builtin_add_overflow(total, *rest, &total)) {
    return std::nullopt;
  }
  return Part{total, unit};
}

}  // namespace

std::optional<Duration> parseDuration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Duration{};
  Duration result;
  std::size_t next = 0;
  do {
    const auto part = takePart(text);
    if (!part || part->unit < next) return std::nullopt;
    next = part->unit + 1;
    if (__builtin_add_overflow(result.milliseconds, part->milliseconds, &result.milliseconds)) return std::nullopt;
  } while (!text.empty());
  if (negative) result.milliseconds = -result.milliseconds;
  return result;
}

std::int64_t Duration::seconds() const { return milliseconds / 1000 + (milliseconds % 1000 > 0 ? 1 : 0); }

std::string Duration::text() const {
  if (milliseconds == 0) return "0s";
  std::size_t unit = 1;  // days are no unit outside this language
  while (milliseconds % kUnits[unit].milliseconds != 0) ++unit;
  return fmt::format("{}{}", milliseconds / kUnits[unit].milliseconds, kUnits[unit].text);
}

Duration operator+(Duration left, Duration right) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(left.milliseconds, right.milliseconds, &sum)) sum = right.milliseconds < 0 ? -kMost : kMost;
  return {sum};
}

Duration operator-(Duration left, Duration right) {
  std::int64_t sum = 0;
  if (__builtin_sub_overflow(left.milliseconds, right.milliseconds, &sum)) sum = right.milliseconds < 0 ? kMost : -kMost;
  return {sum};
}

Duration operator*(Duration left, std::int64_t factor) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(left.milliseconds, factor, &product)) {
    product = (left.milliseconds < 0) == (factor < 0) ? kMost : -kMost;
  }
  return {product};
}

std::optional<Duration> divide(Duration left, std::int64_t divisor) {
  if (divisor == 0) return std::nullopt;
  if (divisor == -1) return left * -1;  // the smallest value has no positive twin
  return Duration{left.milliseconds / divisor};
}

}  // namespace mlstack::base
