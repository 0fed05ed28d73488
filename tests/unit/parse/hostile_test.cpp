// Whatever the bytes are: an answer in time, no crash, no flood of messages.

#include <gtest/gtest.h>

#include <random>

#include "format/format.h"
#include "support/reading.h"

namespace mlstack {
namespace {

using tests::Reading;

std::string repeat(std::string_view text, std::size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) out.append(text);
  return out;
}

void expectTooDeep(const std::string& text) {
  const Reading read(text);
  std::size_t tooDeep = 0;
  for (const auto& d : read.sink.all()) tooDeep += d.code == diag::Code::TooDeep ? 1 : 0;
  EXPECT_EQ(tooDeep, 1u) << text.substr(0, 40) << "\n" << read.slips().substr(0, 400);
  EXPECT_TRUE(read.tree->hasErrors);
}

constexpr std::size_t kMany = 100'000;

TEST(Hostile, Nesting) {
  expectTooDeep("x = " + repeat("[", kMany) + "\n");
  expectTooDeep("x = " + repeat("(", kMany) + repeat(")", kMany) + "\ny = 1\n");
  expectTooDeep("x = " + repeat("{ a = ", kMany) + repeat("}", kMany) + "\ny = 1\n");
  expectTooDeep("x = " + repeat("f(", kMany) + "\n");
  expectTooDeep(repeat("a { ", kMany) + repeat("}", kMany));
  expectTooDeep("x = " + repeat("- ", kMany) + "1\ny = 1\n");
  expectTooDeep("x = " + repeat("!", kMany) + "1\ny = 1\n");
  expectTooDeep("x = " + repeat("if a then b else ", kMany) + "c\ny = 1\n");
  expectTooDeep("x = " + repeat("if ", kMany) + "c\ny = 1\n");
  expectTooDeep("x = a" + repeat(".b", kMany) + "\ny = 1\n");
  expectTooDeep("x = a" + repeat("[0]", kMany) + "\ny = 1\n");
  expectTooDeep("x = a" + repeat("()", kMany) + "\ny = 1\n");
  expectTooDeep("x = a" + repeat(" + b", kMany) + "\ny = 1\n");
  expectTooDeep("if a { } " + repeat("else if a { } ", kMany) + "\ny = 1\n");
  expectTooDeep("let x: " + repeat("list<", kMany) + "\n");
  expectTooDeep("x = " + repeat("\"${", kMany) + "\n");
}

TEST(Hostile, DeepButAllowed) {
  const std::string deep = repeat("[", parse::kMaxDepth) + repeat("]", parse::kMaxDepth);
  EXPECT_EQ(Reading("x = " + deep + "\n").slips(), "");
  EXPECT_EQ(Reading(repeat("a { ", parse::kMaxDepth) + repeat("}", parse::kMaxDepth)).slips(), "");
  EXPECT_EQ(Reading("x = " + repeat("{ a ", parse::kMaxDepth - 1) + "{ }" + repeat("}", parse::kMaxDepth - 1) + "\n").slips(), "");
  EXPECT_EQ(Reading("x = a" + repeat(" + b", 900) + "\n").slips(), "");
}

TEST(Hostile, NoFloods) {
  for (const char* text : {"}", ")", "([{", "([{)]}", "= ", "@ ", "\x01", "\xff", "a a a\n", "5\n", "\"", "/*", ", "}) {
    const Reading read(repeat(text, kMany));
    EXPECT_LE(read.sink.all().size(), 600u) << text;
    EXPECT_GE(read.sink.all().size(), 1u) << text;
  }
}

TEST(Hostile, RandomTokens) {
  static constexpr std::string_view kPieces[] = {
      "stack", "import", "param", "let", "kind", "component", "for", "if", "assert", "output", "external", "object",
      "allow", "as", "at", "else", "in", "matches", "then", "true", "null", "via", "a", "b-c", "1", "2.5", "10Gi",
      "\"s\"", "r\"s\"", "\"a${", "}b${", "}c\"", "\"\"\"\n x\n \"\"\"", "{", "}", "[", "]", "(", ")", "=", ":", ",",
      ".", "..", "..<", "...", "->", "?", "|", "==", "<", ">", "+", "-", "*", "&&", "!", "\n", "\n", "\n  ", "/// d\n",
      "// c\n", "/* c */", "'", "\\", "\xC3\xA9", "\t"};
  std::mt19937 random(20260101);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const auto length = random() % 60;
    for (unsigned i = 0; i < length; ++i) {
      text.append(kPieces[random() % std::size(kPieces)]);
      if (random() % 3 != 0) text += ' ';
    }
    const Reading read(text);
    for (const auto& d : read.sink.all()) {
      EXPECT_GE(d.span.begin, read.file.begin) << text;
      EXPECT_LE(d.span.end, read.file.begin + text.size()) << text;
    }
    EXPECT_EQ(read.tree->hasErrors, read.sink.hasErrors()) << text << "\n" << read.slips();
    (void)format::formatFile(read.file, read.list);
    (void)read.ast();
  }
}

TEST(Hostile, PrefixesAndMutationsOfAProgram) {
  const std::string program =
      "stack s { a = \"x${y}z\" }\nparam p: list<int>? in 1..2 = [1, 2]\njob j {\n  image = \"a\"\n  read x at \"/d\" "
      "{ k = { a = 1, b { c = 2 } } }\n  if a { b = f(1, n = 2) } else { c = [for i in x if y: i] }\n  s = \"\"\"\n    t "
      "${u}\n  \"\"\"\n}\nkind k = \"a/b\" {\n  m: enum(a, b) -> x[].y via z = 1\n}\n";
  ASSERT_EQ(Reading(program).slips(), "");
  for (std::size_t i = 0; i < program.size(); ++i) {
    const Reading prefix(program.substr(0, i));
    EXPECT_LE(prefix.sink.all().size(), 6u) << program.substr(0, i) << "\n" << prefix.slips();
    std::string without = program;
    without.erase(i, 1);
    const Reading shorter(without);
    EXPECT_LE(shorter.sink.all().size(), 3u) << without << "\n" << shorter.slips();
    for (const char c : std::string_view("}({[)\"=,\n$\\")) {
      std::string with = program;
      with.insert(i, 1, c);
      const Reading longer(with);
      EXPECT_LE(longer.sink.all().size(), 4u) << with << "\n" << longer.slips();
      EXPECT_EQ(longer.tree->hasErrors, longer.sink.hasErrors()) << with;
    }
  }
}

}  // namespace
}  // namespace mlstack
