#include "backend/address.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include <arpa/inet.h>

namespace mlstack::backend {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

/// An address as 16 bytes, IPv4 mapped into IPv6.
std::optional<std::array<unsigned char, 16>> parseIp(std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  const std::string copy(text);
  if (::inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return bytes;
  bytes[10] = bytes[11] = 0xff;
  if (::inet_pton(AF_INET, copy.c_str(), bytes.data() + 12) == 1) return bytes;
  return std::nullopt;
}

bool isLoopback(std::string_view host) {
  if (host == "localhost") return true;
  const auto ip = parseIp(host);
  if (!ip) return false;
  std::array<unsigned char, 16> one{};
  one[15] = 1;
  return *ip == one || ((*ip)[10] == 0xff && (*ip)[11] == 0xff && (*ip)[12] == 127);
}

/// "10.0.0.0/8" holds `ip`.
bool networkHolds(std::string_view network, const std::array<unsigned char, 16>& ip) {
  const auto slash = network.find('/');
  const auto base = parseIp(network.substr(0, slash));
  unsigned bits = 0;
  const auto length = network.substr(slash + 1);
  if (!base || std::from_chars(length.data(), length.data() + length.size(), bits).ec != std::errc{}) return false;
  if (network.find(':') == std::string_view::npos) bits += 96;
  if (bits > 128) return false;
  for (unsigned i = 0; i < bits; ++i) {
    const auto mask = static_cast<unsigned char>(0x80 >> (i % 8));
    if (((*base)[i / 8] & mask) != (ip[i / 8] & mask)) return false;
  }
  return true;
}

bool entryCovers(std::string entry, std::string_view host, std::string_view port) {
  if (entry == "*") return true;
  const auto ip = parseIp(host);
  if (entry.find('/') != std::string::npos) return ip && networkHolds(entry, *ip);
  std::string entryPort;
  if (entry.starts_with('[')) {
    const auto close = entry.find(']');
    if (close == std::string::npos) return false;
    if (entry.size() > close + 1 && entry[close + 1] == ':') entryPort = entry.substr(close + 2);
    entry = entry.substr(1, close - 1);
  } else if (const auto colon = entry.rfind(':'); colon != std::string::npos && entry.find(':') == colon) {
    entryPort = entry.substr(colon + 1);
    entry.resize(colon);
  }
  if (!entryPort.empty() && entryPort != port) return false;
  if (const auto other = parseIp(entry)) return ip && *ip == *other;
  if (entry.starts_with("*.")) entry.erase(0, 1);
  if (entry.empty() || ip) return false;
  if (entry.front() == '.') return host.size() > entry.size() && host.ends_with(entry);
  return host == entry || (host.size() > entry.size() && host.ends_with(entry) && host[host.size() - entry.size() - 1] == '.');
}

std::string environment(const char* upper, const char* lowerName) {
  for (const char* name : {upper, lowerName}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return {};
}

/// As Go: without a scheme it is http; socks5 resolves names at the proxy.
std::string normalised(std::string proxy) {
  if (proxy.empty()) return proxy;
  if (proxy.find("://") == std::string::npos) return "http://" + proxy;
  if (proxy.starts_with("socks5://")) return "socks5h" + proxy.substr(6);
  return proxy;
}

}  // namespace

Address takeApart(std::string_view url) {
  Address address;
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    address.tls = lower(url.substr(0, scheme)) != "http";
    url.remove_prefix(scheme + 3);
  }
  const auto slash = url.find_first_of("/?#");
  if (slash != std::string_view::npos) address.path = url.substr(slash);
  auto authority = url.substr(0, slash);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    address.withUser = true;
    authority.remove_prefix(at + 1);
  }
  std::size_t colon = authority.rfind(':');
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return address;
    address.host = lower(authority.substr(1, close - 1));
    colon = authority.size() > close + 1 && authority[close + 1] == ':' ? close + 1 : std::string_view::npos;
  } else {
    address.host = lower(authority.substr(0, colon));
  }
  address.port = colon != std::string_view::npos ? std::string(authority.substr(colon + 1)) : address.tls ? "443" : "80";
  return address;
}

std::string withoutUser(std::string_view url) {
  const auto scheme = url.find("://");
  const auto from = scheme == std::string_view::npos ? 0 : scheme + 3;
  const auto end = url.find_first_of("/?#", from);
  const auto at = url.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < from) return std::string(url);
  return std::string(url.substr(0, from)) + std::string(url.substr(at + 1));
}

bool goesDirect(std::string_view host, std::string_view port, std::string_view noProxy) {
  if (isLoopback(host)) return true;
  while (!noProxy.empty()) {
    const auto comma = noProxy.find(',');
    auto entry = noProxy.substr(0, comma);
    noProxy.remove_prefix(comma == std::string_view::npos ? noProxy.size() : comma + 1);
    while (!entry.empty() && entry.front() == ' ') entry.remove_prefix(1);
    while (!entry.empty() && entry.back() == ' ') entry.remove_suffix(1);
    if (!entry.empty() && entryCovers(lower(entry), host, port)) return true;
  }
  return false;
}

Proxy proxyFor(const Connection& connection) {
  const auto address = takeApart(connection.server);
  Proxy proxy;
  proxy.loopback = isLoopback(address.host);
  if (!connection.proxy.empty()) {
    proxy.url = normalised(connection.proxy);
  } else if (!goesDirect(address.host, address.port, environment("NO_PROXY", "no_proxy"))) {
    proxy.url = normalised(address.tls ? environment("HTTPS_PROXY", "https_proxy") : environment("HTTP_PROXY", "http_proxy"));
  }
  return proxy;
}

}  // namespace mlstack::backend
