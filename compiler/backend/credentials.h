#pragma once
// What proves who we are, kept fresh: tokens of files, exec plugins (client-go plugin/pkg/client/auth/exec).

#include <chrono>
#include <optional>
#include <string>

#include "backend/connection.h"
#include "base/base64.h"

namespace mlstack::backend {

/// Holds secrets; its errors never do.
class Credentials {
 public:
  /// `connection` must outlive it.
  explicit Credentials(const Connection& connection);

  /// Reads or asks for what is not there yet or no longer good. False with a reason for people. May block: a plugin may ask
  /// its user to log in.
  [[nodiscard]] bool refresh(std::string& error);
  /// After a 401: forgets what can be had anew. False when there is no such thing.
  [[nodiscard]] bool renew();
  /// Rises whenever it was had anew, changed or not.
  [[nodiscard]] unsigned generation() const { return generation_; }

  /// "Bearer …", "Basic …", or empty.
  [[nodiscard]] const std::string& authorization() const { return authorization_; }
  [[nodiscard]] const std::string& certificatePem() const { return certificate_; }
  [[nodiscard]] const std::string& keyPem() const { return key_; }

 private:
  using WallClock = std::chrono::system_clock;

  [[nodiscard]] bool readTokenFile(std::string& error);
  [[nodiscard]] bool runPlugin(std::string& error);
  [[nodiscard]] bool setToken(std::string_view token, std::string_view from, std::string& error);

  const Connection& connection_;
  std::string authorization_;
  std::string certificate_;
  std::string key_;
  std::string failure_;   // of the last attempt, for those who ask right after it
  WallClock::time_point failedUntil_ = WallClock::time_point::min();
  WallClock::time_point goodUntil_ = WallClock::time_point::min();
  unsigned generation_ = 0;
};

using base::decodeBase64;
using base::encodeBase64;

/// Runs the plugin once. (credentials_exec.cpp)
struct PluginAnswer {
  std::string token, certificatePem, keyPem;
  std::chrono::system_clock::time_point expires = std::chrono::system_clock::time_point::max();
};
[[nodiscard]] bool runExecPlugin(const ExecPlugin& plugin, const Connection& connection, PluginAnswer& answer, std::string& error);

}  // namespace mlstack::backend
