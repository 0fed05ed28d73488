#pragma once
// Base64 (RFC 4648, section 4), as Secrets and kubeconfigs hold bytes.

#include <string>
#include <string_view>

namespace mlstack::base {

/// False for what is no base64 or has a wrong padding; line breaks are passed over.
[[nodiscard]] bool decodeBase64(std::string_view text, std::string& bytes);
[[nodiscard]] std::string encodeBase64(std::string_view bytes);

}  // namespace mlstack::base
