#pragma once
// Amounts as Kubernetes writes them: `10Gi`, `500m`, `1e3`. Values, rounding and canonical text
// are those of apimachinery's resource.Quantity.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlstack::base {

__extension__ typedef __int128 Int128;

/// How an amount was written, and therefore how its canonical text looks.
enum class QuantityFormat : std::uint8_t { BinarySI, DecimalSI, DecimalExponent };

/// Compared by value; the format only chooses the text.
struct Quantity {
  Int128 nanos = 0;
  QuantityFormat format = QuantityFormat::DecimalSI;

  [[nodiscard]] static Quantity ofInt(std::int64_t value, QuantityFormat format = QuantityFormat::DecimalSI);

  [[nodiscard]] bool isZero() const { return nanos == 0; }
  [[nodiscard]] bool isWhole() const { return nanos % 1'000'000'000 == 0; }
  /// Rounded up, held inside the range of int64 (as Quantity.Value()).
  [[nodiscard]] std::int64_t ceiling() const;
  /// Thousandths, rounded up, held inside the range of int64 (as Quantity.MilliValue()).
  [[nodiscard]] std::int64_t milli() const;
  [[nodiscard]] double toDouble() const;
  /// Canonical: no fraction, the largest suffix that keeps the number whole. 2048Mi is "2Gi", 0.5 "500m".
  [[nodiscard]] std::string text() const;

  bool operator==(const Quantity& other) const { return nanos == other.nanos; }
  std::strong_ordering operator<=>(const Quantity& other) const {
    return nanos < other.nanos   ? std::strong_ordering::less
           : nanos > other.nanos ? std::strong_ordering::greater
                                 : std::strong_ordering::equal;
  }
};

/// Digits with at most one point and a sign, then one of `n u m k M G T P E`, `Ki … Ei`, `e`/`E` with an
/// exponent, or nothing. Below a nano it rounds away from zero; binary amounts stop at 2^63-1, decimal ones at 10^28.
[[nodiscard]] std::optional<Quantity> parseQuantity(std::string_view text);

/// All of these saturate. A zero takes over the other's format, as in apimachinery.
[[nodiscard]] Quantity operator+(Quantity left, Quantity right);
[[nodiscard]] Quantity operator-(Quantity left, Quantity right);
[[nodiscard]] Quantity operator-(Quantity value);
[[nodiscard]] Quantity operator*(Quantity left, std::int64_t factor);
/// Rounds away from zero to whole nanos; nothing when `divisor` is 0.
[[nodiscard]] std::optional<Quantity> divide(Quantity left, std::int64_t divisor);
/// How many times `right` goes into `left`; nothing when `right` is zero.
[[nodiscard]] std::optional<double> ratio(Quantity left, Quantity right);

}  // namespace mlstack::base
