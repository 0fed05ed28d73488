#include <charconv>

#include <fmt/format.h>

#include "schema/schema.h"

namespace mlstack::schema {

VersionSet versionBit(std::string_view version) {
  if (!version.starts_with("1.")) return 0;
  const std::string_view digits = version.substr(2);
  int minor = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, minor);
  if (error != std::errc{} || at != end || digits.front() == '0' || minor < kFirstMinor || minor > kLastMinor) return 0;
  return static_cast<VersionSet>(1u << (minor - kFirstMinor));
}

std::string versionText(VersionSet bit) {
  for (int minor = kFirstMinor; minor <= kLastMinor; ++minor) {
    if (bit & (1u << (minor - kFirstMinor))) return fmt::format("1.{}", minor);
  }
  return {};
}

}  // namespace mlstack::schema
