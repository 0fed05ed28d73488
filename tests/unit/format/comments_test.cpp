// A comment may stand between any two tokens. Wherever one is put, formatting keeps every token and every
// comment, in order, and formatting the result changes nothing.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "support/reading.h"

namespace mlstack {
namespace {

/// Tokens and comments, a line each.
struct Read : tests::Reading {
  using Reading::Reading;
  [[nodiscard]] std::string tokens() const {
    std::string out;
    for (const auto& token : list.tokens) {
      out.append(syntax::spell(token.kind));
      const auto text = textOf(token.span);
      if (text.find('\n') == std::string_view::npos) out.append(" ").append(text);
      out += '\n';
    }
    return out;
  }
  [[nodiscard]] std::string comments() const {
    std::string out;
    for (const auto& comment : list.comments) out.append(textOf(comment.span)).append("\n");
    return out;
  }
};

/// Every program of the project, until one fails.
template <class Judge>
std::size_t forEveryProgram(const Judge& judge) {
  std::size_t programs = 0;
  for (const char* folder : {"examples", "stdlib", "tests"}) {
    const auto root = std::filesystem::path(MLSTACK_SOURCE_DIR) / folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.path().extension() != ".mlstack") continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      SCOPED_TRACE(entry.path().string());
      ++programs;
      judge(text.str());
      if (testing::Test::HasFailure()) return programs;
    }
  }
  return programs;
}

/// Formats and checks; returns whether the text could be read. A text that is not canonical has to change: the formatter
/// gives back what it cannot prove to be the same program.
bool check(const std::string& text, bool mustChange = false) {
  const Read before(text);
  if (before.tree->hasErrors) return false;
  const std::string once = before.formatted();
  const Read after(once);
  if (mustChange) {
    EXPECT_NE(once, text);
  }
  EXPECT_FALSE(after.tree->hasErrors) << text << "\n----\n" << once;
  EXPECT_EQ(before.tokens(), after.tokens()) << once;
  EXPECT_EQ(before.comments(), after.comments()) << once;
  EXPECT_EQ(before.ast(), after.ast()) << text << "\n----\n" << once;
  EXPECT_EQ(after.formatted(), once) << "not idempotent, from:\n" << text;
  return true;
}

constexpr std::string_view kEverything = R"(/// What it is.
stack demo {
  namespace = "x"
}

import "std/aws" as aws
param nodes: int in 1..64 = 4
param name: string? matches "[a-z]+" = null
let both: list<map<string>> | enum(a, "b") = [1, -2, !x, { a = 1, "b" = 2 }]
output q: int = (a + b) * c.d[0](1, n = 2) - -e
kind thing = "a/b/C" {
  /// A member.
  a: string | int -> x.y[]."q".z[k] via w = 3
  c: { host: string, port: int = 80 }
}
component part {
  ...rest
}
external class gp3 { modes = [A, B] }
object "a/b" y {
  spec { a.b = 1  "c" = 2 }
}
for i, j in 0..<n {
  if i == 0 && j in [1, 2] { a = "x${i + 1}y${j}" } else if !b { c = d } else { e = 5m }
  assert i < j, "why ${i}"
}
job trainer {
  image   = "x"
  command = if a then [b, ...c] else { for k, v in m if v: k = v }
  port http = 80
  port p2p  = 90
  scratch (2 * 4Gi) at "/dev/shm" { medium = Memory }
  allow MLS3001 "because"
  all = [for x in y: x]
  script = """
    echo ${a}

      deep
  """
  raw = r"""
    ${no}
  """
}
)";

void insertEverywhere(const std::string& text, std::string_view comment) {
  const Read read(text);
  ASSERT_FALSE(read.tree->hasErrors);
  std::size_t readable = 0;
  unsigned inside = 0;  // `${` that are open: their code stays on its line
  for (const auto& token : read.list.tokens) {
    const bool line = comment.starts_with("//");
    if (!(line && inside != 0)) {
      std::string with = text;
      with.insert(token.span.begin - read.file.begin, comment);
      // Inside a string's token there is no gap before its `}`.
      readable += check(with, comment.size() > 6) ? 1 : 0;
    }
    if (token.kind == syntax::TokenKind::StringHead) ++inside;
    if (token.kind == syntax::TokenKind::StringTail) --inside;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(readable, read.list.tokens.size() * 8 / 10);
}

TEST(Comments, BlockCommentInEveryGap) { insertEverywhere(std::string(kEverything), "/*long*/"); }
TEST(Comments, SpacedBlockCommentInEveryGap) { insertEverywhere(std::string(kEverything), "  /* c */  "); }
TEST(Comments, LineCommentInEveryGap) { insertEverywhere(std::string(kEverything), "// comment\n\n\n"); }
TEST(Comments, OwnLineCommentInEveryGap) { insertEverywhere(std::string(kEverything), "\n\n\n// c\n"); }
TEST(Comments, BlankLinesAndCommentsInEveryGap) { insertEverywhere(std::string(kEverything), "\n\n/* a */\n\n// b\n\n"); }
TEST(Comments, LongCommentInEveryGap) { insertEverywhere(std::string(kEverything), "/* a\n     b */   "); }

TEST(Comments, NewLineInEveryGap) { insertEverywhere(std::string(kEverything), "\n\n\n\n\n\n\n"); }

TEST(Comments, EveryProgramOfTheProject) {
  forEveryProgram([](const std::string& text) {
    check(text);
    // The same with Windows line ends.
    std::string crlf;
    for (const char c : text) {
      if (c == '\n') crlf += '\r';
      crlf += c;
    }
    const Read plain(text);
    if (!plain.tree->hasErrors) {
      EXPECT_EQ(Read(crlf).formatted(), plain.formatted());
    }
  });
}

/// Each gap of the program in turn would take hours over all of them: so every `stride`th gap of a text has a comment
/// of its own, each gap in one of the texts, and in the last of them all gaps have one.
void commentGaps(const std::string& text, std::size_t stride, std::size_t first, bool ownLine) {
  const Read read(text);
  if (read.tree->hasErrors) return;
  std::string with;
  std::size_t copied = 0;
  unsigned inside = 0;
  for (std::size_t i = 0; i < read.list.tokens.size(); ++i) {
    const auto& token = read.list.tokens[i];
    const std::size_t at = token.span.begin - read.file.begin;
    const bool inString = inside != 0;
    if (token.kind == syntax::TokenKind::StringHead) ++inside;
    if (token.kind == syntax::TokenKind::StringTail) --inside;
    // A new line in the midst of a statement may end it: that is another program.
    if (inString || i % stride != first || (ownLine && !token.newlineBefore)) continue;
    with.append(text, copied, at - copied);
    with.append(ownLine ? fmt::format("\n// {}\n", i) : fmt::format("/*{}*/", i));
    copied = at;
  }
  with.append(text, copied);
  EXPECT_TRUE(check(with)) << with;
}

TEST(Comments, InEveryGapOfEveryProgram) {
  constexpr std::size_t kStride = 5;
  const auto programs = forEveryProgram([](const std::string& text) {
    for (const bool ownLine : {false, true}) {
      for (std::size_t first = 0; first < kStride; ++first) commentGaps(text, kStride, first, ownLine);
      commentGaps(text, 1, 0, ownLine);
    }
  });
  EXPECT_TRUE(programs > 100u || testing::Test::HasFailure());
}

}  // namespace
}  // namespace mlstack
