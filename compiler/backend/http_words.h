#pragma once
// What libcurl says, in our words. Private to `http`.

#include <chrono>
#include <string>
#include <string_view>

#include "backend/curl.h"
#include "backend/http.h"

namespace mlstack::backend {

struct Explained {
  Outcome outcome = Outcome::Broken;
  std::string reason;
};

/// `said`: libcurl's own words; `sent`: a part of the request is on its way; `verified`: OpenSSL's X509_V_ERR code, 0 when all
/// is well or another library does TLS.
[[nodiscard]] Explained explain(CURLcode code, std::string_view said, bool sent, long verified, const Connection& connection);

/// "Retry-After: 5" or a date; nothing of it beyond ten minutes is believed.
[[nodiscard]] std::chrono::milliseconds retryAfter(const std::string& value, const Curl& curl);
/// The text of `299 - "text"`, or empty.
[[nodiscard]] std::string warningText(std::string_view value);
/// A key of `as-user-extra` as a header's name: lower case, what is no token of RFC 7230 and `%` as %xx
/// (client-go transport/round_trippers.go headerKeyEscape).
[[nodiscard]] std::string escapeHeaderKey(std::string_view key);

}  // namespace mlstack::backend
