#pragma once
// Regular expressions in the syntax that Kubernetes schemas use (RE2's common part), matched without
// backtracking.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mlstack::base {

/// A compiled expression over code points: literals, `.`, classes (with `\d \w \s` and `[:alpha:]`), groups,
/// alternatives, `* + ?` and `{n,m}`, `^` and `$`. References back, look-around and flags are not part of it.
/// Matching takes time proportional to text times pattern, whatever either holds.
class Regex {
 public:
  /// Nothing, and a sentence fit for the user in `error`, when `pattern` cannot be used.
  [[nodiscard]] static std::optional<Regex> compile(std::string_view pattern, std::string& error);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  /// The whole of `text` matches.
  [[nodiscard]] bool matches(std::string_view text) const;
  /// Some part of `text` matches (the meaning of `pattern` in a Kubernetes schema).
  [[nodiscard]] bool foundIn(std::string_view text) const;

 private:
  struct Program;
  explicit Regex(std::unique_ptr<Program> program);
  [[nodiscard]] bool run(std::string_view text, bool whole) const;
  std::unique_ptr<Program> program_;
};

/// One-shot form of Regex::matches; false too when `pattern` cannot be used.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text);

}  // namespace mlstack::base
