#pragma once
// Lengths of time: `90s`, `10m`, `2h`, `1h30m`, `500ms`, `1d`.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlstack::base {

struct Duration {
  std::int64_t milliseconds = 0;

  /// Whole seconds, rounded up: Kubernetes counts most times in seconds, and too short is worse.
  [[nodiscard]] std::int64_t seconds() const;
  [[nodiscard]] bool isWholeSeconds() const { return milliseconds % 1000 == 0; }
  /// One number with the largest of `h m s ms` that keeps it whole: "10m", "90s", "24h". Go reads it too.
  [[nodiscard]] std::string text() const;

  auto operator<=>(const Duration&) const = default;
};

/// Numbers (a fraction is fine: `1.5h`) each with a unit `d h m s ms`, units falling, a sign in front.
/// Nothing for other text, for less than a millisecond, and for more than 64 bits hold.
[[nodiscard]] std::optional<Duration> parseDuration(std::string_view text);

/// These saturate.
[[nodiscard]] Duration operator+(Duration left, Duration right);
[[nodiscard]] Duration operator-(Duration left, Duration right);
[[nodiscard]] Duration operator*(Duration left, std::int64_t factor);
/// Rounds towards zero; nothing when `divisor` is 0.
[[nodiscard]] std::optional<Duration> divide(Duration left, std::int64_t divisor);

}  // namespace mlstack::base
