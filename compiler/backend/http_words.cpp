#include "backend/http_words.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include <fmt/format.h>

#include "backend/address.h"

namespace mlstack::backend {
namespace {

/// X509_V_ERR_*: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
std::string_view verifyReason(long code) {
  switch (code) {
    case 9: return "its certificate is not valid yet (or this machine's clock is wrong)";
    case 10: return "its certificate has expired (or this machine's clock is wrong)";
    case 18: return "its certificate is signed by itself, and is not the authority that the kubeconfig names";
    case 19:
    case 20:
    case 21: return "its certificate is signed by an unknown authority";
    case 23: return "its certificate was revoked";
    case 26: return "its certificate is not meant for servers";
    default: return {};
  }
}

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// Server names are public; other text of libcurl's may hold anything a server sent.
std::string plain(std::string_view said) {
  std::string text;
  for (const char c : said.substr(0, 300)) text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  return text;
}

std::string untrusted(std::string_view said, long verified, const Connection& connection) {
  const auto name = connection.serverName.empty() ? takeApart(connection.server).host : connection.serverName;
  if (const auto reason = verifyReason(verified); !reason.empty()) return std::string(reason);
  if (holds(said, "subject name") || holds(said, "match target host") || holds(said, "hostname") || holds(said, "IP address mismatch"))
    return fmt::format("its certificate is not for `{}`", name);
  if (holds(said, "expired")) return std::string(verifyReason(10));
  if (holds(said, "self") && holds(said, "signed")) return std::string(verifyReason(verified == 18 ? 18 : 19));
  if (holds(said, "issuer") || holds(said, "unknown")) return std::string(verifyReason(20));
  return plain(said);
}

/// The server's TLS alert about our own certificate; TLS 1.3 sends it when we read for the first time.
std::string_view alertReason(std::string_view said) {
  if (!holds(said, "alert")) return {};
  if (holds(said, "certificate required")) return "the server asks for a client certificate, and the kubeconfig gives none";
  if (holds(said, "certificate expired")) return "the server says that the client certificate has expired";
  if (holds(said, "certificate revoked")) return "the server says that the client certificate was revoked";
  if (holds(said, "unknown ca")) return "the server does not know the authority that signed the client certificate";
  if (holds(said, "bad certificate") || holds(said, "certificate unknown")) return "the server does not accept the client certificate";
  return {};
}

Explained handshake(std::string_view said, const Connection& connection) {
  if (const auto reason = alertReason(said); !reason.empty()) return {Outcome::NoCredentials, std::string(reason)};
  if (holds(said, "wrong version number") || holds(said, "packet length too long"))
    return {Outcome::Untrusted, fmt::format("{} does not speak TLS (is the server meant to be `http://`?)", withoutUser(connection.server))};
  if (holds(said, "unsupported protocol") || holds(said, "protocol version"))
    return {Outcome::Untrusted, "it speaks no TLS from 1.2 on"};
  // The connection closed during the handshake: a server that starts or stops, or no TLS server.
  if (holds(said, "SYSCALL") || holds(said, "unexpected eof") || holds(said, "reset"))
    return {Outcome::Unreachable, "the connection was closed while TLS began"};
  return {Outcome::Untrusted, plain(said)};
}

}  // namespace

Explained explain(CURLcode code, std::string_view said, bool sent, long verified, const Connection& connection) {
  const auto unreachable = [&](std::string reason) { return Explained{Outcome::Unreachable, std::move(reason)}; };
  const auto address = takeApart(connection.server);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return unreachable(fmt::format("the name `{}` is not known", address.host));
    case CURLE_COULDNT_RESOLVE_PROXY: return unreachable("the name of the proxy is not known");
    case CURLE_PROXY: return unreachable(fmt::format("the proxy does not let us through: {}", plain(said)));
    case CURLE_COULDNT_CONNECT:
      return unreachable(holds(said, "refused") || holds(said, "connect to server")
                             ? fmt::format("nothing accepts connections at {}:{}", address.hostInUrl(), address.port)
                             : plain(said));
    case CURLE_OPERATION_TIMEDOUT:
      if (!sent) return unreachable(fmt::format("no connection to {}:{} in time", address.hostInUrl(), address.port));
      return {Outcome::TimedOut, "the answer did not come in time"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return {Outcome::Untrusted, untrusted(said, verified, connection)};
    case CURLE_SSL_CACERT_BADFILE:
      return {Outcome::Untrusted, "the certificate authority of the kubeconfig is no certificate in PEM form"};
    case CURLE_SSL_CERTPROBLEM:
      return {Outcome::NoCredentials, "the client certificate and its key do not work: they are not in PEM form, or do not belong together"};
    case CURLE_SSL_CONNECT_ERROR: return handshake(said, connection);
    case CURLE_OUT_OF_MEMORY: return unreachable("there is no more memory");
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return unreachable(fmt::format("`{}` is no address of a server", withoutUser(connection.server)));
    default: break;
  }
  if (const auto reason = alertReason(said); !reason.empty()) return {Outcome::NoCredentials, std::string(reason)};
  if (!sent) return unreachable(plain(said));
  if (code == CURLE_GOT_NOTHING) return {Outcome::Broken, "the connection was closed before an answer came"};
  if (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR)
    return {Outcome::Broken, "the connection was closed in the middle"};
  return {Outcome::Broken, plain(said)};
}

std::chrono::milliseconds retryAfter(const std::string& value, const Curl& curl) {
  constexpr long kLongest = 600;
  long seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc{} || end != value.data() + value.size()) {
    const auto when = curl.getdate(value.c_str(), nullptr);
    if (when <= 0) return std::chrono::milliseconds(0);
    seconds = static_cast<long>(when - std::time(nullptr));
  }
  return std::chrono::seconds(std::clamp(seconds, 0l, kLongest));
}

std::string warningText(std::string_view value) {
  if (!value.starts_with("299 ")) return {};
  const auto open = value.find('"');
  if (open == std::string_view::npos) return {};
  std::string text;
  for (std::size_t i = open + 1; i < value.size() && value[i] != '"'; ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) ++i;
    text += value[i];
  }
  return text;
}

std::string escapeHeaderKey(std::string_view key) {
  std::string text;
  for (char c : key) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool token = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::string_view("!#$&'*+-.^_`|~").find(c) != std::string_view::npos;
    if (token) text += c;
    else text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return text;
}

}  // namespace mlstack::backend
