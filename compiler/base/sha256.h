#pragma once
// SHA-256 (FIPS 180-4): identities and digests, no secrets.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace mlstack::base {

[[nodiscard]] std::array<std::uint8_t, 32> sha256(std::string_view bytes);
/// 64 lower-case digits.
[[nodiscard]] std::string sha256Hex(std::string_view bytes);

}  // namespace mlstack::base
