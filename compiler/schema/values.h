#pragma once
// The texts that Kubernetes gives a form: base64 and timestamps.

#include <string_view>

namespace mlstack::schema {

/// Standard base64 with padding; line breaks are skipped, as Go's decoder does.
[[nodiscard]] bool isBase64(std::string_view text);
/// RFC 3339.
[[nodiscard]] bool isTimestamp(std::string_view text);

}  // namespace mlstack::schema
