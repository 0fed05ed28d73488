#pragma once
// What GitHub code scanning knows a finding by from one commit to the next, though lines move: a hash of the
// text from its line on. Its upload action computes the same for uploads that lack it, and complains of another:
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mlstack::diag {

/// `primaryLocationLineHash` of every line of a text, in one pass.
class LineHashes {
 public:
  explicit LineHashes(std::string_view text);

  /// "hash:occurrence"; lines count from 1. Empty for a line that is not there.
  [[nodiscard]] std::string of(std::uint32_t line) const;

 private:
  struct Line {
    std::uint64_t hash = 0;
    std::uint32_t occurrence = 0;   // how many lines up to this one hash alike
  };
  std::vector<Line> lines_;
};

}  // namespace mlstack::diag
