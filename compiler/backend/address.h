#pragma once
// A server's URL taken apart, and the proxy that its requests go through.

#include <string>
#include <string_view>

#include "backend/connection.h"

namespace mlstack::backend {

struct Address {
  bool tls = true;
  std::string host;    // without brackets
  std::string port;    // as written, or the scheme's
  std::string path;    // with its slash, or empty
  bool withUser = false;   // `user:password@` stands in it
  [[nodiscard]] std::string hostInUrl() const { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }
};

/// Of "https://host:6443/path"; a text without a host gives an empty one.
[[nodiscard]] Address takeApart(std::string_view url);
/// Without user and password: fit for messages.
[[nodiscard]] std::string withoutUser(std::string_view url);

struct Proxy {
  std::string url;        // empty: none
  bool loopback = false;  // the server is this machine
};

/// By `proxy-url`, else by HTTPS_PROXY (HTTP_PROXY for http) and NO_PROXY as Go reads them
/// (https://pkg.go.dev/golang.org/x/net/http/httpproxy): never for this machine itself.
[[nodiscard]] Proxy proxyFor(const Connection& connection);
/// The same for a host; `noProxy` is a list of names, `.suffixes`, addresses, networks, with or without a port.
[[nodiscard]] bool goesDirect(std::string_view host, std::string_view port, std::string_view noProxy);

}  // namespace mlstack::backend
