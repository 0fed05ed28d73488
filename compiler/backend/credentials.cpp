#include "backend/credentials.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/source.h"

namespace mlstack::backend {
namespace {

/// Tokens of service accounts are renewed on disk; client-go reads them anew as often (transport/token_source.go).
constexpr auto kTokenFileFor = std::chrono::minutes(1);
/// A plugin's credentials are replaced a little before they end, so that no request starts with ones that end on the way.
constexpr auto kBeforeExpiry = std::chrono::seconds(20);
/// Requests that are sent together fail together: a plugin does not run for each of them.
constexpr auto kFailureFor = std::chrono::seconds(2);
constexpr std::size_t kLargestToken = std::size_t{1} << 20;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

Credentials::Credentials(const Connection& connection)
    : connection_(connection), certificate_(connection.certificatePem), key_(connection.keyPem) {
  if (!connection.token.empty()) {
    authorization_ = "Bearer " + connection.token;
  } else if (!connection.user.empty() || !connection.password.empty()) {
    authorization_ = "Basic " + encodeBase64(connection.user + ":" + connection.password);
  }
}

bool Credentials::setToken(std::string_view token, std::string_view from, std::string& error) {
  const auto visible = [](char c) { return c > ' ' && c < 0x7f; };
  if (!std::all_of(token.begin(), token.end(), visible)) {
    error = fmt::format("the token {} holds blanks, line breaks or bytes that no header may have", from);
    return false;
  }
  authorization_ = fmt::format("Bearer {}", token);
  ++generation_;
  return true;
}

bool Credentials::readTokenFile(std::string& error) {
  base::ReadError why;
  const auto text = base::readFile(connection_.tokenFile, why, kLargestToken);
  const auto token = text ? trimmed(*text) : std::string_view{};
  if (token.empty()) {
    if (!authorization_.empty()) return true;   // the last that was read counts on, as for client-go
    error = fmt::format("the token file `{}` gives no token: {}", connection_.tokenFile, text ? "it is empty" : why.message);
    return false;
  }
  goodUntil_ = WallClock::now() + kTokenFileFor;
  return setToken(token, fmt::format("of `{}`", connection_.tokenFile), error);
}

bool Credentials::runPlugin(std::string& error) {
  PluginAnswer answer;
  if (!runExecPlugin(*connection_.exec, connection_, answer, error)) return false;
  if (!answer.token.empty() && !setToken(answer.token, fmt::format("of the credential plugin `{}`", connection_.exec->command), error)) return false;
  if (!answer.certificatePem.empty()) {
    certificate_ = std::move(answer.certificatePem);
    key_ = std::move(answer.keyPem);
    ++generation_;
  }
  goodUntil_ = answer.expires == WallClock::time_point::max() ? answer.expires : answer.expires - kBeforeExpiry;
  return true;
}

bool Credentials::refresh(std::string& error) {
  const auto now = WallClock::now();
  if ((!connection_.exec && connection_.tokenFile.empty()) || now < goodUntil_) return true;
  if (now < failedUntil_) {
    error = failure_;
    return false;
  }
  if (connection_.exec ? runPlugin(error) : readTokenFile(error)) return true;
  failure_ = error;
  failedUntil_ = WallClock::now() + kFailureFor;
  return false;
}

bool Credentials::renew() {
  if (!connection_.exec && connection_.tokenFile.empty()) return false;
  goodUntil_ = WallClock::time_point::min();
  return true;
}

}  // namespace mlstack::backend
