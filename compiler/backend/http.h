#pragma once
// Requests to one server: libcurl's multi interface in one event loop, without threads. libcurl is loaded when the first
// request is made, so that commands that never reach a cluster do not pay for its two dozen libraries at start-up.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/connection.h"

namespace mlstack::backend {

using Clock = std::chrono::steady_clock;

struct HttpRequest {
  std::string method = "GET";
  std::string path;           // from the server's root, with its query: "/api/v1/namespaces/ml/pods?limit=500"
  std::string body;
  std::string contentType;    // of the body
  std::string accept = "application/json";
  std::chrono::milliseconds timeout{30'000};   // without a byte, for a stream; else for the whole answer
  /// A read: may be sent again when the connection broke after it was sent. Server-side apply and deletes with a
  /// precondition are safe as well; a plain create is not.
  bool repeatable = true;
  /// Of a stream (watch): called with each piece as it comes; returning false ends the request.
  std::function<bool(std::string_view piece)> onPiece{};
};

/// Why there is no answer, or that there is one. "No answer" is never "not found".
enum class Outcome : std::uint8_t {
  Answered,        // `status` counts
  Unreachable,     // no connection: name not found, refused, proxy
  Untrusted,       // TLS: unknown authority, wrong name, expired; `reason` says which
  Broken,          // the connection ended inside of the request or answer
  TimedOut,
  Cancelled,       // interrupted, or the stream's reader ended it
  NoCredentials,   // an exec plugin or token file gave none
};

struct HttpAnswer {
  Outcome outcome = Outcome::Answered;
  int status = 0;
  std::string body;
  std::string contentType;
  std::chrono::milliseconds retryAfter{0};   // from `Retry-After`; 0: none
  std::vector<std::string> warnings;         // texts of `Warning: 299` headers
  std::string reason;                        // for people; never holds a credential
};

/// Keeps connections, over HTTP/2 when the server speaks it; each carries one request at a time.
/// Credentials go into memory of libcurl only: no command line, no log, no error text holds one.
class Http {
 public:
  /// `connection` must outlive it.
  explicit Http(const Connection& connection);
  ~Http();
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  using Done = std::function<void(HttpAnswer)>;
  /// Queues a request; `done` is called from within `step`. At most `inFlight` are on the wire at once, the others wait
  /// their turn in order. A 401 renews exec and file credentials once and repeats the request.
  void send(HttpRequest request, Done done);
  /// Waits up to `limit` for anything to happen and calls what is done. False when nothing is under way.
  bool step(std::chrono::milliseconds limit);
  /// Calls `action` from within `step` once `delay` has passed.
  void after(std::chrono::milliseconds delay, std::function<void()> action);
  /// Everything under way ends as Cancelled, from within the next `step`.
  void cancelAll();
  [[nodiscard]] std::size_t pending() const;
  /// The server's clock minus ours, from the last Date header.
  [[nodiscard]] std::chrono::seconds clockSkew() const;

  unsigned inFlight = 64;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlstack::backend
