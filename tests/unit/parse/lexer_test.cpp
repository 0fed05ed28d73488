#include <gtest/gtest.h>

#include "support/reading.h"

namespace mlstack {
namespace {

using tests::Reading;
using tests::valueOf;

std::string kinds(const std::string& text) { return Reading(text).kinds(); }
std::string slips(const std::string& text) { return Reading(text).slips(); }

TEST(Lexer, HyphensBelongToNamesWhenALetterOrDigitFollows) {
  EXPECT_EQ(kinds("model-store"), "Name");
  EXPECT_EQ(kinds("a--b"), "Name");
  EXPECT_EQ(kinds("a - b"), "Name Minus Name");
  EXPECT_EQ(kinds("a -b"), "Name Minus Name");
  EXPECT_EQ(kinds("a- b"), "Name Minus Name");
  EXPECT_EQ(kinds("a->b"), "Name Arrow Name");
  EXPECT_EQ(kinds("n-1"), "Name");
  EXPECT_EQ(kinds("_x9"), "Name");
}

TEST(Lexer, Numbers) {
  EXPECT_EQ(kinds("1 1.5 1e3 1.5e-3 2E+4"), "Int Float Float Float Float");
  EXPECT_EQ(kinds("10Gi 500m 1.5T 1h30m 1h1.5m 0x10 1e"), "Suffixed Suffixed Suffixed Suffixed Suffixed Suffixed Suffixed");
  EXPECT_EQ(kinds("0..3"), "Int Range Int");
  EXPECT_EQ(kinds("0..<n"), "Int RangeBelow Name");
  EXPECT_EQ(kinds("1.5..2.5"), "Float Range Float");
  EXPECT_EQ(kinds("10Gi..20Gi"), "Suffixed Range Suffixed");
  EXPECT_EQ(kinds("1.x"), "Int Dot Name");
}

TEST(Lexer, Operators) {
  EXPECT_EQ(kinds("= == != < <= > >= + - * / % && || ! -> ... .. ..< . , : ? |"),
            "Assign Eq Ne Lt Le Gt Ge Plus Minus Star Slash Percent And Or Not Arrow Spread Range RangeBelow Dot "
            "Comma Colon Question Pipe");
}

TEST(Lexer, StringValues) {
  EXPECT_EQ(valueOf(R"("plain")"), "plain");
  EXPECT_EQ(valueOf(R"("a\n\t\r\"\\\$\u{e9}\u{1F600}")"), "a\n\t\r\"\\$\u00e9\U0001F600");
  EXPECT_EQ(valueOf(R"("100$ and $x and \${y}")"), "100$ and $x and ${y}");
  EXPECT_EQ(valueOf(R"(r"\d+ ${x} \n")"), R"(\d+ ${x} \n)");
  EXPECT_EQ(valueOf(R"("")"), "");
  EXPECT_EQ(valueOf("\"\"\"\"\"\""), "");
}

TEST(Lexer, BlockStringsLoseTheirIndentation) {
  EXPECT_EQ(valueOf("\"\"\"\n    a\n      b\n\n    c\n  \"\"\""), "a\n  b\n\nc\n");
  EXPECT_EQ(valueOf("\"\"\"\r\n  a\r\n  b\r\n  \"\"\""), "a\nb\n");
  EXPECT_EQ(valueOf("\"\"\"one\n    two\n    three\"\"\""), "one\ntwo\nthree");
  EXPECT_EQ(valueOf("\"\"\"  \n\ta\n\t\tb\n\"\"\""), "a\n\tb\n");
  EXPECT_EQ(valueOf("\"\"\"\n  say \"hi\" \"\"twice\"\"\n  \"\"\"\"\""), "say \"hi\" \"\"twice\"\"\n\"\"");
  EXPECT_EQ(valueOf("r\"\"\"\n  ${x} \\d \\\n  y\n\"\"\""), "${x} \\d \\\ny\n");
  EXPECT_EQ(valueOf("\"\"\"\n  curl \\\n    -o \\${y}\n\"\"\""), "curl \\\n  -o ${y}\n");
}

TEST(Lexer, InterpolationNests) {
  EXPECT_EQ(kinds(R"("a${b}c${d}e")"), "StringHead Name StringMid Name StringTail");
  EXPECT_EQ(kinds(R"("${"x${y}"}")"), "StringHead StringHead Name StringTail StringTail");
  EXPECT_EQ(kinds(R"("${ {a = 1}.a }")"), "StringHead LBrace Name Assign Int RBrace Dot Name StringTail");
  EXPECT_EQ(kinds("\"\"\"\n  ${a}\n  ${b}\n\"\"\""), "StringHead Name StringMid Name StringTail");
}

TEST(Lexer, CommentsAndDocumentation) {
  const Reading read("#!/usr/bin/env mlstackc\n// a\nx = 1 /* b */ // c\n/// d\ny = 2\n//// e\n");
  EXPECT_EQ(read.kinds(), "Name Assign Int Doc Name Assign Int");
  ASSERT_EQ(read.list.comments.size(), 5u);
  EXPECT_TRUE(read.list.comments[1].ownLine);
  EXPECT_FALSE(read.list.comments[2].ownLine);
  EXPECT_EQ(read.tree->items[1]->doc, "d");
}

TEST(Lexer, DocumentationOfNothingIsAComment) {
  const Reading read("a {\n  x = 1\n  /// left over\n}\n/// and here\n");
  EXPECT_EQ(read.slips(), "");
  EXPECT_EQ(read.list.comments.size(), 2u);
}

TEST(Lexer, ByteOrderMarkAndCarriageReturns) {
  const Reading read("\xEF\xBB\xBFx = 1\r\ny = 2\r\n");
  EXPECT_EQ(read.slips(), "");
  EXPECT_EQ(read.kinds(), "Name Assign Int Name Assign Int");
  EXPECT_TRUE(read.list.tokens[3].newlineBefore);
}

TEST(Lexer, ACarriageReturnAloneIsNoLineEnd) {
  EXPECT_EQ(slips("x = \"a\rb\"\n"), "1:7 unexpected character U+000D");
  EXPECT_EQ(slips("x = \"\"\"\n  a\r\r\n  \"\"\"\n"), "2:4 unexpected character U+000D");
  EXPECT_EQ(slips("// a\rb\r\nx = 1\r\n"), "1:5 unexpected character U+000D");
}

TEST(Lexer, SlipsAreReportedOnTheirByte) {
  EXPECT_EQ(slips("x = \"abc\ny = 1\n"), "1:5 this string has no closing quote on its line");
  EXPECT_EQ(slips("x = \"a${b} c\ny = 1\n"), "1:5 this string has no closing quote on its line");
  EXPECT_EQ(slips("x = \"a \\q b\"\n"), "1:8 unknown escape `\\q` in a string");
  EXPECT_EQ(slips("x = \"\\u{d800}\"\n"), "1:6 unknown escape `\\u` in a string");
  EXPECT_EQ(slips("x = \"\"\"\n  a\n"), "1:5 this block string has no closing `\"\"\"`");
  EXPECT_EQ(slips("x = \"\"\"\n  a ${b}\n"), "1:5 this block string has no closing `\"\"\"`");
  EXPECT_EQ(slips("x = 1\n/* a\n"), "2:1 this comment has no closing `*/`");
  EXPECT_EQ(slips("x = \"a ${b c\"\ny = 1\n"), "1:8 this `${` has no closing `}` on its line");
  EXPECT_EQ(slips("x = \"\"\"\n  ${a\n  b\n  \"\"\"\ny = 1\n"), "2:3 this `${` has no closing `}` on its line");
  EXPECT_EQ(slips("x = 1;\n"), "1:6 unexpected character `;`");
  EXPECT_EQ(slips("x = 'a b'\n"), "1:5 unexpected character `'`");
  EXPECT_EQ(slips("x = a & b\n"), "1:7 unexpected character `&`");
  EXPECT_EQ(slips("# note\nx = 1\n"), "1:1 unexpected character `#`");
  EXPECT_EQ(slips("x = \u201Ca\u201D\n"), "1:5 unexpected character `\u201C` (U+201C)");
  EXPECT_EQ(slips("x = @@@ y z\n"), "1:5 unexpected character `@`");
  EXPECT_EQ(slips(std::string("x = \"a\0b\"\ny = \x01\n", 16)), "1:7 unexpected character U+0000\n2:5 unexpected character U+0001");
}

TEST(Lexer, BytesThatAreNoText) {
  EXPECT_EQ(slips("x = \"\xff\"\n"), "1:6 byte 0xff is not UTF-8 text");
  EXPECT_EQ(slips("// \xC0\x80\nx = 1\n"), "1:4 byte 0xc0 is not UTF-8 text");
  std::string binary("\x7F" "ELF\x01\x02\x00\x00", 8);
  for (int i = 0; i < 4000; ++i) binary += static_cast<char>(i * 7);
  const Reading read(binary);
  ASSERT_EQ(read.sink.all().size(), 1u);
  EXPECT_EQ(read.sink.all()[0].code, diag::Code::NotText);
  EXPECT_TRUE(read.tree->hasErrors);
}

// Fields, parts, members and entries may be called as words of the language are.
TEST(Lexer, WordsAreNamesWhereNoStatementOfTheirsCanBe) {
  for (const auto* words : {&syntax::statementWords(), &syntax::innerWords()}) {
    for (const auto view : *words) {
      const std::string word(view);
      const bool literal = word == "true" || word == "false" || word == "null";
      EXPECT_EQ(slips(word + " = 1\n"), "") << word;
      EXPECT_EQ(slips("a." + word + " = 1\n"), "") << word;
      EXPECT_EQ(slips("x = { " + word + " = 1, b = 2 }\n"), "") << word;
      EXPECT_EQ(slips("x = { b = 2  " + word + " = 1 }\n"), "") << word;
      EXPECT_EQ(slips("x = a." + word + " + 1\n"), "") << word;
      EXPECT_EQ(slips("x = f(" + word + " = 1)\n"), "") << word;
      EXPECT_EQ(slips("param " + word + ": int\n"), "") << word;
      EXPECT_EQ(slips("param p: { " + word + ": int }\n"), "") << word;
      EXPECT_EQ(slips("let " + word + " = 1\n"), "") << word;
      EXPECT_EQ(slips("kind k {\n  " + word + ": string -> spec." + word + "\n}\n"), "") << word;
      EXPECT_EQ(slips("kind k {\n  a: string -> " + word + "\n}\n"), "") << word;
      if (literal || word == "then" || word == "else") continue;
      EXPECT_EQ(slips("a {\n  " + word + " { b = 1 }\n}\n"), "") << word;
      if (word == "if" || word == "for") continue;
      EXPECT_EQ(slips("x = " + word + "\ny = 1\n"), "") << word;
      EXPECT_EQ(slips("x = [" + word + ", a]\n"), "") << word;
      EXPECT_EQ(slips("x = a == " + word + "\n"), "") << word;
      EXPECT_EQ(slips("x = \"${" + word + "}\"\n"), "") << word;
    }
  }
}

TEST(Lexer, WordsKeepTheirMeaning) {
  EXPECT_EQ(kinds("if a { b = 1  let c = 2 }"), "If Name LBrace Name Assign Int Let Name Assign Int RBrace");
  EXPECT_EQ(kinds("if x == null { a = b  output c = d }"),
            "If Name Eq Null LBrace Name Assign Name Output Name Assign Name RBrace");
  EXPECT_EQ(kinds("for x in { a = 1 } { b = 1 }"), "For Name In LBrace Name Assign Int RBrace LBrace Name Assign Int RBrace");
  EXPECT_EQ(kinds("x = if a then {} else {}"), "Name Assign If Name Then LBrace RBrace Else LBrace RBrace");
  EXPECT_EQ(kinds("x = [for a in b if true: null]"), "Name Assign LBracket For Name In Name If True Colon Null RBracket");
  EXPECT_EQ(kinds("param a: list<int> in 1..2"), "Param Name Colon Name Lt Name Gt In Int Range Int");
  EXPECT_EQ(kinds("read kind at \"/x\""), "Name Name At String");
  EXPECT_EQ(kinds("param kind: string matches \"x\""), "Param Name Colon Name Matches String");
  EXPECT_EQ(kinds("if kind == 1 { }"), "If Name Eq Int LBrace RBrace");
  EXPECT_EQ(kinds("x =\nlet y = 1"), "Name Assign Let Name Assign Int");
}

}  // namespace
}  // namespace mlstack
