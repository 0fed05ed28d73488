#include "base/quantity.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <fmt/format.h>

namespace mlstack::base {
namespace {

constexpr Int128 kNano = 1'000'000'000;
constexpr Int128 kMaxInt64 = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kMaxDigits = 37;  // 10^37 nanos: even the sum of two still fits

constexpr Int128 power10(std::size_t exponent) {
  Int128 value = 1;
  while (exponent-- > 0) value *= 10;
  return value;
}
constexpr Int128 kMaxNanos = power10(kMaxDigits);

struct Suffix {
  std::string_view text;
  int tens;       // power of ten
  unsigned kilo;  // power of 1024
  QuantityFormat format;
};

constexpr Suffix kSuffixes[] = {
    {"", 0, 0, QuantityFormat::DecimalSI},    {"n", -9, 0, QuantityFormat::DecimalSI},
    {"u", -6, 0, QuantityFormat::DecimalSI},  {"m", -3, 0, QuantityFormat::DecimalSI},
    {"k", 3, 0, QuantityFormat::DecimalSI},   {"M", 6, 0, QuantityFormat::DecimalSI},
    {"G", 9, 0, QuantityFormat::DecimalSI},   {"T", 12, 0, QuantityFormat::DecimalSI},
    {"P", 15, 0, QuantityFormat::DecimalSI},  {"E", 18, 0, QuantityFormat::DecimalSI},
    {"Ki", 0, 1, QuantityFormat::BinarySI},   {"Mi", 0, 2, QuantityFormat::BinarySI},
    {"Gi", 0, 3, QuantityFormat::BinarySI},   {"Ti", 0, 4, QuantityFormat::BinarySI},
    {"Pi", 0, 5, QuantityFormat::BinarySI},   {"Ei", 0, 6, QuantityFormat::BinarySI},
};

std::optional<Suffix> suffixOf(std::string_view text) {
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.text.size() != text.size()) continue;
    if (text.empty() || (suffix.text[0] == text[0] && suffix.text.back() == text.back())) return suffix;
  }
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  text.remove_prefix(1);
  const bool negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  int exponent = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    exponent = std::min(exponent * 10 + (c - '0'), 100'000'000);  // far beyond any range
  }
  return Suffix{{}, negative ? -exponent : exponent, 0, QuantityFormat::DecimalExponent};
}

// Decimal digits, most significant first, times 1024.
void multiplyBy1024(std::vector<unsigned char>& digits) {
  unsigned carry = 0;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    const unsigned value = *digit * 1024U + carry;
    *digit = static_cast<unsigned char>(value % 10);
    carry = value / 10;
  }
  std::vector<unsigned char> front;
  for (; carry != 0; carry /= 10) front.insert(front.begin(), static_cast<unsigned char>(carry % 10));
  digits.insert(digits.begin(), front.begin(), front.end());
}

// The number whose decimal point stands after `whole` of its digits (or zeros, where those end), rounded up.
Int128 roundedUp(const std::vector<unsigned char>& digits, std::ptrdiff_t whole) {
  const auto first = std::find_if(digits.begin(), digits.end(), [](unsigned char d) { return d != 0; });
  if (first == digits.end()) return 0;
  if (whole - (first - digits.begin()) > static_cast<std::ptrdiff_t>(kMaxDigits)) return kMaxNanos;
  Int128 value = 0;
  for (auto i = first - digits.begin(); i < whole; ++i) {
    value = value * 10 + (i < std::ssize(digits) ? digits[static_cast<std::size_t>(i)] : 0);
  }
  const auto rest = std::max<std::ptrdiff_t>(whole, 0);
  const bool more = rest < std::ssize(digits) &&
                    std::any_of(digits.begin() + rest, digits.end(), [](unsigned char d) { return d != 0; });
  return std::min(value + (more ? 1 : 0), kMaxNanos);
}

std::string digitsOf(Int128 value) {
  if (value == static_cast<std::int64_t>(value)) return fmt::format_int(static_cast<std::int64_t>(value)).str();
  const bool negative = value < 0;
  std::string text;
  for (; value != 0; value /= 10) {
    const int digit = static_cast<int>(value % 10);
    text.push_back(static_cast<char>('0' + (digit < 0 ? -digit : digit)));
  }
  if (negative) text.push_back('-');
  std::reverse(text.begin(), text.end());
  return text;
}

std::string binaryText(Int128 units) {
  std::size_t kilo = 0;
  for (; kilo < 6 && (units & 1023) == 0; ++kilo) units /= 1024;
  constexpr std::string_view names[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  return digitsOf(units).append(names[kilo]);
}

std::string decimalText(Int128 nanos, QuantityFormat format) {
  int exponent = -9;
  const int most = format == QuantityFormat::DecimalSI ? 18 : 30;
  for (; exponent < most && nanos % 1000 == 0; exponent += 3) nanos /= 1000;
  if (format == QuantityFormat::DecimalExponent) {
    return exponent == 0 ? digitsOf(nanos) : fmt::format("{}e{}", digitsOf(nanos), exponent);
  }
  constexpr std::string_view names[] = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
  return digitsOf(nanos).append(names[static_cast<std::size_t>(exponent / 3 + 3)]);
}

Int128 held(Int128 value) { return std::clamp<Int128>(value, -kMaxNanos, kMaxNanos); }

Int128 dividedUp(Int128 value, Int128 by) { return value / by + (value % by > 0 ? 1 : 0); }

}  // namespace

namespace {

/// An amount as it was parsed, held inside the range of its format.
Quantity finished(Quantity result, bool negative) {
  if (result.format == QuantityFormat::BinarySI) {
    result.nanos = std::min(result.nanos, kMaxInt64 * kNano);
    if (result.nanos > 0 && result.nanos < kNano) result.format = QuantityFormat::DecimalSI;
  }
  if (negative) result.nanos = -result.nanos;
  return result;
}

/// `text` without its sign, when all of it fits into plain arithmetic: nearly always.
std::optional<Quantity> parseShort(std::string_view text) {
  std::uint64_t mantissa = 0;
  std::size_t digits = 0;
  std::size_t fraction = 0;
  bool point = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      mantissa = mantissa * 10 + static_cast<std::uint64_t>(c - '0');
      fraction += point ? 1 : 0;
      if (++digits > 18) return std::nullopt;
    } else {
      break;
    }
  }
  const std::optional<Suffix> suffix = suffixOf(text.substr(at));
  if (digits == 0 || !suffix) return std::nullopt;
  const int tens = suffix->tens + 9 - static_cast<int>(fraction);
  if (tens < 0 || tens > 18) return std::nullopt;
  Int128 value = mantissa;
  value *= static_cast<std::int64_t>(power10(static_cast<std::size_t>(tens)));   // below 10^36
  if (__builtin_mul_overflow(value, Int128{1} << (10 * suffix->kilo), &value)) return std::nullopt;
  return Quantity{std::min(value, kMaxNanos), suffix->format};
}

}  // namespace

std::optional<Quantity> parseQuantity(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (auto parsed = parseShort(text)) return finished(*parsed, negative);
  std::vector<unsigned char> digits;
  std::ptrdiff_t whole = -1;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && whole < 0) {
      whole = std::ssize(digits);
    } else if (c >= '0' && c <= '9') {
      digits.push_back(static_cast<unsigned char>(c - '0'));
    } else {
      break;
    }
  }
  if (whole < 0) whole = std::ssize(digits);
  const std::optional<Suffix> suffix = suffixOf(text.substr(at));
  if (digits.empty() || !suffix) return std::nullopt;

  const std::ptrdiff_t fraction = std::ssize(digits) - whole;
  for (unsigned i = 0; i < suffix->kilo; ++i) multiplyBy1024(digits);
  Quantity result{roundedUp(digits, std::ssize(digits) - fraction + suffix->tens + 9), suffix->format};
  return finished(result, negative);
}

Quantity Quantity::ofInt(std::int64_t value, QuantityFormat format) { return {value * kNano, format}; }

std::int64_t Quantity::ceiling() const {
  return static_cast<std::int64_t>(std::clamp<Int128>(dividedUp(nanos, kNano), -kMaxInt64 - 1, kMaxInt64));
}

std::int64_t Quantity::milli() const {
  return static_cast<std::int64_t>(std::clamp<Int128>(dividedUp(nanos, 1'000'000), -kMaxInt64 - 1, kMaxInt64));
}

double Quantity::toDouble() const { return static_cast<double>(nanos) / 1e9; }

std::string Quantity::text() const {
  if (nanos == 0) return "0";
  const Int128 size = nanos < 0 ? -nanos : nanos;
  // Small and broken amounts lose precision or readability in powers of 1024.
  const bool binary = format == QuantityFormat::BinarySI && size >= 1024 * kNano && isWhole();
  if (binary) return binaryText(nanos / kNano);
  return decimalText(nanos, format == QuantityFormat::BinarySI ? QuantityFormat::DecimalSI : format);
}

Quantity operator+(Quantity left, Quantity right) {
  return {held(left.nanos + right.nanos), left.isZero() ? right.format : left.format};
}

Quantity operator-(Quantity value) { return {-value.nanos, value.format}; }

Quantity operator-(Quantity left, Quantity right) { return left + -right; }

Quantity operator*(Quantity left, std::int64_t factor) {
  Int128 product = 0;
  if (__builtin_mul_overflow(left.nanos, static_cast<Int128>(factor), &product)) {
    product = (left.nanos < 0) == (factor < 0) ? kMaxNanos : -kMaxNanos;
  }
  return {held(product), left.format};
}

std::optional<Quantity> divide(Quantity left, std::int64_t divisor) {
  if (divisor == 0) return std::nullopt;
  const Int128 by = divisor;
  Int128 result = left.nanos / by;
  if (left.nanos % by != 0) result += (left.nanos < 0) == (divisor < 0) ? 1 : -1;
  return Quantity{result, left.format};
}

std::optional<double> ratio(Quantity left, Quantity right) {
  if (right.isZero()) return std::nullopt;
  return static_cast<double>(left.nanos) / static_cast<double>(right.nanos);
}

}  // namespace mlstack::base
