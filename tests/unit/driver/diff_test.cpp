#include "driver/diff.h"

#include <algorithm>
#include <charconv>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace mlstack::driver {
namespace {

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    auto end = text.find('\n');
    auto size = end == std::string_view::npos ? text.size() : end + 1;
    lines.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

/// Applies a unified diff as patch(1) would, trusting its line numbers and checking its context.
std::string patched(std::string_view before, std::string_view diff) {
  auto old = split(before);
  auto lines = split(diff);
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 2; i < lines.size(); ++i) {
    const auto& line = lines[i];
    if (line.starts_with("@@ -")) {
      std::size_t begin = 0;
      auto [rest, _] = std::from_chars(line.data() + 4, line.data() + line.size(), begin);
      bool empty = std::string_view(rest).starts_with(",0 ");
      begin = empty ? begin : begin - 1;
      while (at < begin) out += old.at(at++);
      continue;
    }
    auto text = line.substr(1);
    if (i + 1 < lines.size() && lines[i + 1].starts_with("\\")) text.pop_back();
    if (line[0] == '\\') continue;
    if (line[0] != '+') {
      EXPECT_EQ(old.at(at), text);
      ++at;
    }
    if (line[0] != '-') out += text;
  }
  while (at < old.size()) out += old[at++];
  return out;
}

std::size_t edits(std::string_view diff) {
  std::size_t count = 0;
  auto lines = split(diff);
  for (std::size_t i = 2; i < lines.size(); ++i) count += lines[i][0] == '+' || lines[i][0] == '-';
  return count;
}

TEST(Diff, EqualTextsGiveNothing) { EXPECT_EQ(unifiedDiff("x", "a\nb\n", "a\nb\n", false), ""); }

TEST(Diff, ShowsContextAndRanges) {
  EXPECT_EQ(unifiedDiff("f", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n", false),
            "--- f\n+++ f (formatted)\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(Diff, FarChangesAreHunksOfTheirOwn) {
  auto diff = unifiedDiff("f", "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n", false);
  EXPECT_NE(diff.find("@@ -1,4 +1,4 @@"), std::string::npos) << diff;
  EXPECT_NE(diff.find("@@ -6,4 +6,4 @@"), std::string::npos) << diff;
}

TEST(Diff, SaysWhenTheLastLineHasNoNewline) {
  EXPECT_EQ(unifiedDiff("f", "a", "a\n", false),
            "--- f\n+++ f (formatted)\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
}

TEST(Diff, FromAndToNothing) {
  EXPECT_EQ(unifiedDiff("f", "", "a\n", false), "--- f\n+++ f (formatted)\n@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(unifiedDiff("f", "a\n", "", false), "--- f\n+++ f (formatted)\n@@ -1 +0,0 @@\n-a\n");
}

TEST(Diff, ColorsOnlyWhenAsked) {
  EXPECT_EQ(unifiedDiff("f", "a\n", "b\n", false).find('\033'), std::string::npos);
  EXPECT_NE(unifiedDiff("f", "a\n", "b\n", true).find("\033[31m-a\033[0m"), std::string::npos);
}

/// Length of a shortest edit script, by the quadratic table.
std::size_t shortest(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
      } else if (a[i - 1] == b[j - 1]) {
        cost[i][j] = cost[i - 1][j - 1];
      } else {
        cost[i][j] = 1 + std::min(cost[i - 1][j], cost[i][j - 1]);
      }
    }
  return cost[a.size()][b.size()];
}

TEST(Diff, IsAShortestScriptAndLeadsToTheNewText) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    auto text = [&] {
      std::string out;
      for (auto n = random() % 24; n != 0; --n) out += std::string(1, static_cast<char>('a' + random() % 4)) + "\n";
      return out;
    };
    auto before = text();
    auto after = text();
    auto diff = unifiedDiff("f", before, after, false);
    ASSERT_EQ(diff.empty(), before == after);
    if (diff.empty()) continue;
    ASSERT_EQ(patched(before, diff), after) << diff;
    ASSERT_EQ(edits(diff), shortest(split(before), split(after))) << diff;
  }
}

TEST(Diff, LargeAndVeryDifferentTextsStayCheap) {
  std::string before;
  std::string after;
  for (int i = 0; i < 60000; ++i) {
    before += "  old " + std::to_string(i) + "\n";
    after += "new " + std::to_string(i) + "\n";
  }
  EXPECT_EQ(patched(before, unifiedDiff("f", before, after, false)), after);
}

}  // namespace
}  // namespace mlstack::driver
