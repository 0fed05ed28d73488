// One slip, one message, on the right place; and the rest of the file is read all the same.

#include <gtest/gtest.h>

#include "support/reading.h"

namespace mlstack {
namespace {

using tests::Reading;

struct Slip {
  const char* text;
  const char* message;
};

// Each stands alone between healthy statements, at the top and in a block; the line is its own first.
constexpr Slip kSlips[] = {
    {"size =", "1:7 found the end of the line, expected a value"},
    {"let y 5", "1:7 found `5`, expected `:` or `=`"},
    {"param n int = 3", "1:9 found `int`, expected `:` and a type"},
    {"let z: = 3", "1:8 found `=`, expected a type"},
    {"a : b", "1:3 found `:`, expected `=`, `{` or a label"},
    {"a == b", "1:3 found `==`, expected `=`, `{` or a label"},
    {"\"k\" : b", "1:5 found `:`, expected `=` or `{`"},
    {"q = f(a, , b)", "1:10 found a second `,`, expected a value"},
    {"q = [a,, b]", "1:8 found a second `,`, expected a value"},
    {"s = [1 2, 3]", "1:8 found `2`, expected `,` or `]`"},
    {"s = [1, +, 3]", "1:9 found `+`, expected a value or `]`"},
    {"s = [1, 2", "1:5 this `[` is never closed"},
    {"s = (1 + 2", "1:5 this `(` is never closed"},
    {"s = f(1, 2", "1:6 this `(` is never closed"},
    {"s = 1)", "1:6 this `)` closes nothing"},
    {"s = { a = 1", "1:5 this `{` is never closed"},
    {"m = { a = 1, b 2, c = 3 }", "1:16 found `2`, expected `=` or `{`"},
    {"m = { 5 = 1 }", "1:7 found `5`, expected a key or `}`"},
    {"a { b = 1, c = 2 }", "1:10 found `,`, expected a statement or `}`"},
    {"k = if a then b", "1:16 found the end of the line, expected `else`"},
    {"k = a.", "1:7 found the end of the line, expected a name"},
    {"k = a +", "1:8 found the end of the line, expected a value"},
    {"k = a * * b", "1:9 found `*`, expected a value"},
    {"for x y { }", "1:7 found `y`, expected `in` or `,`"},
    {"for x in y", "1:11 found the end of the line, expected `{`"},
    {"if a b = 1", "1:6 found `b`, expected `{`"},
    {"import std", "1:8 found `std`, expected a string"},
    {"import \"x\" as", "1:14 found the end of the line, expected a name"},
    {"kind k { a: }", "1:13 found `}`, expected a type"},
    {"kind k { 7 }", "1:10 found `7`, expected a member or `}`"},
    {"kind k { a: int -> 7 }", "1:20 found `7`, expected a name or a string"},
    {"k = [for x in y x]", "1:17 found `x`, expected `:`"},
    {"k = {for x in y: z}", "1:19 found `}`, expected `=`"},
    {"k = [for x in y: z = 1]", "1:20 found `=`, expected `]`"},
    {"k = f(1 = 2)", "1:9 found `=`, expected `,` or `)`"},
    {"k = \"a ${ } b\"", "1:11 found the `}` of a string's `${…}`, expected a value"},
    {"k = \"a ${b c}\"", "1:12 found `c`, expected `}`"},
    {"param p: map(a)", "1:13 found `(`, expected `<` or the end of the type"},
    {"param p: list<int = 3", "1:19 found `=`, expected `,` or `>`"},
    {"component c = 3", "1:13 found `=`, expected `{`"},
    {"assert", "1:7 found the end of the line, expected a value"},
    {"x = y = z", "1:7 found `=`, expected a statement"},
    {"= 3", "1:1 found `=`, expected a statement"},
    {"lonely", "1:7 found the end of the line, expected `=`, `{` or a label"},
};

TEST(Recovery, EachSlipIsOneMessageAtTheTop) {
  for (const Slip& slip : kSlips) {
    const Reading read(std::string(slip.text) + "\nhealthy = 1\nclaim data { size = 1 }\n");
    EXPECT_EQ(read.slips(), slip.message) << slip.text;
    EXPECT_TRUE(read.tree->hasErrors) << slip.text;
    const std::string ast = read.ast();
    EXPECT_NE(ast.find("Use claim"), std::string::npos) << slip.text << "\n" << ast;
    const bool swallows = std::string_view(slip.text) == "lonely";  // the next line looks like its label
    if (!swallows) {
      EXPECT_NE(ast.find("Field healthy"), std::string::npos) << slip.text << "\n" << ast;
    }
  }
}

TEST(Recovery, EachSlipIsOneMessageInABlock) {
  for (const Slip& slip : kSlips) {
    const Reading read("pod x {\n  container a {\n    before = 1\n    " + std::string(slip.text) +
                       "\n    healthy = 1\n    last = 2\n  }\n}\nclaim data { size = 1 }\n");
    EXPECT_EQ(read.sink.all().size(), 1u) << slip.text << "\n" << read.slips();
    const std::string ast = read.ast();
    for (const char* part : {"Field before", "Field last", "Use claim"}) {
      EXPECT_NE(ast.find(part), std::string::npos) << slip.text << "\n" << ast;
    }
  }
}

TEST(Recovery, ManySlipsAreManyMessages) {
  std::string text;
  std::string expected;
  std::size_t line = 1;
  for (const Slip& slip : kSlips) {
    const std::string_view message(slip.message);
    if (message.find("closed") != std::string_view::npos || message.find("closes") != std::string_view::npos) continue;
    if (std::string_view(slip.text) == "lonely" || std::string_view(slip.text) == "= 3") continue;
    text.append(slip.text).append("\n");
    if (!expected.empty()) expected += '\n';
    expected.append(std::to_string(line++)).append(message.substr(message.find(':')));
  }
  EXPECT_EQ(Reading(text).slips(), expected);
}

TEST(Recovery, AMissingBraceIsFoundByIndentation) {
  EXPECT_EQ(Reading("pod x {\n  container a {\n    image = 1\n\n  container b {\n    image = 2\n  }\n}\nclaim y { }\n").slips(),
            "2:15 this `{` is never closed");
  EXPECT_EQ(Reading("pod x {\n  image = 1\n\nclaim y {\n  size = 1\n}\n").slips(), "1:7 this `{` is never closed");
  EXPECT_EQ(Reading("pod x {\n  a {\n    b = 1\n  }\n  }\n  c = 1\n}\n").slips(), "5:3 this `}` closes nothing");
  EXPECT_EQ(Reading("a = [\n  1,\n  2\nb = 3\n").slips(), "1:5 this `[` is never closed");
  EXPECT_EQ(Reading("a = f(1, [2, 3)\nb = 3\n").slips(), "1:10 this `[` is never closed");
}

TEST(Recovery, ErrorsInsideOneStatementAreAllFound) {
  const Reading read("x = [\n  { a = , b = 1 },\n  { c 2 },\n  f(, 1),\n  { d = 4 },\n]\n");
  EXPECT_EQ(read.sink.all().size(), 3u) << read.slips();
  EXPECT_NE(read.ast().find("Entry d"), std::string::npos);
}

TEST(Recovery, WhatFollowsALexicalSlipOnItsLineIsSilent) {
  EXPECT_EQ(Reading("command = [\"a, \"b\"]\nx = 1\n").sink.all().size(), 1u);
  EXPECT_EQ(Reading("x = $ + * 3\n").sink.all().size(), 1u);
  EXPECT_EQ(Reading("a {\n  env { A = \"x }\n  b = 1\n}\n").sink.all().size(), 1u);
  EXPECT_EQ(Reading("a = [1,\n/* foo\n").sink.all().size(), 1u);
}

TEST(Recovery, FixesAreOffered) {
  const Reading read("a: b\n");
  ASSERT_EQ(read.sink.all().size(), 1u);
  ASSERT_EQ(read.sink.all()[0].fixes.size(), 1u);
  EXPECT_EQ(read.sink.all()[0].fixes[0].edits[0].text, " =");
}

}  // namespace
}  // namespace mlstack
