#include <gtest/gtest.h>

#include "support/reading.h"

namespace mlstack {
namespace {

std::string formatted(const std::string& text) { return tests::Reading(text).formatted(); }

TEST(Format, SpacesAndLines) {
  EXPECT_EQ(formatted("stack   a{namespace=\"x\"\n}\n\n\n\nlet x=a&&!b||c-1*( d+-2 )  let y=[1,2 , 3]"),
            "stack a {\n  namespace = \"x\"\n}\n\nlet x = a && !b || c-1 * (d + -2)\nlet y = [1, 2, 3]\n");
  EXPECT_EQ(formatted("param a:list< map<int> >?in 1 .. 2=f( a , n=2 )[ 0 ] . b\n"),
            "param a: list<map<int>>? in 1..2 = f(a, n = 2)[0].b\n");
  EXPECT_EQ(formatted("x = \"a${ b }c${ {d=1}.d }\"\n"), "x = \"a${b}c${{ d = 1 }.d}\"\n");
  EXPECT_EQ(formatted("claim x{}\nscratch( 2*n )at\"/x\"{  }\n"), "claim x {}\nscratch (2 * n) at \"/x\" {}\n");
  EXPECT_EQ(formatted("\n\n\nx = 1\n\n\n"), "x = 1\n");
  EXPECT_EQ(formatted(""), "");
}

TEST(Format, FieldsAreAligned) {
  EXPECT_EQ(formatted("a {\n b=1\n ccc=2\n\n dddd=3\n // x\n e=4\n f.g=5\n \"h\"=6\n}\n"),
            "a {\n  b   = 1\n  ccc = 2\n\n  dddd = 3\n  // x\n  e   = 4\n  f.g = 5\n  \"h\" = 6\n}\n");
  EXPECT_EQ(formatted("a {\n b=1\n port http=2\n port p=3\n cccc=4\n}\n"),
            "a {\n  b = 1\n  port http = 2\n  port p    = 3\n  cccc = 4\n}\n");
  EXPECT_EQ(formatted("a {\n b=1\n ccc=[\n1\n]\n dd=2\n}\n"), "a {\n  b = 1\n  ccc = [\n    1\n  ]\n  dd = 2\n}\n");
  EXPECT_EQ(formatted("a {\n b=1\n ccc=\"\"\"\n x\n \"\"\"\n dd=2\n}\n"),
            "a {\n  b   = 1\n  ccc = \"\"\"\n    x\n  \"\"\"\n  dd = 2\n}\n");
  EXPECT_EQ(formatted("a {\n \u00e9 = 1\n}\n"), "a {\n \u00e9 = 1\n}\n");  // does not parse: left alone
  EXPECT_EQ(formatted("a {\n b { c = 1\n ddd = 2 }\n ee = 3 // x\n f = 4\n}\n"),
            "a {\n  b {\n    c   = 1\n    ddd = 2\n  }\n  ee = 3  // x\n  f  = 4\n}\n");
}

TEST(Format, OneLineStaysWhereItFits) {
  EXPECT_EQ(formatted("read x at \"/d\" { every=1m   keep=2 }\n"), "read x at \"/d\" { every = 1m  keep = 2 }\n");
  EXPECT_EQ(formatted("a { b = { c = 1, d = 2  e = 3 } }\n"), "a { b = { c = 1, d = 2  e = 3 } }\n");
  const std::string long1(60, 'b');
  const std::string long2(60, 'c');
  EXPECT_EQ(formatted("a { " + long1 + " = 1  " + long2 + " = 2 }\n"), "a {\n  " + long1 + " = 1\n  " + long2 + " = 2\n}\n");
  EXPECT_EQ(formatted("a = [\"" + long1 + "\", \"" + long2 + "\",]\n"), "a = [\n  \"" + long1 + "\",\n  \"" + long2 + "\",\n]\n");
  EXPECT_EQ(formatted("a = f(" + long1 + ", " + long2 + ")\n"), "a = f(\n  " + long1 + ",\n  " + long2 + "\n)\n");
}

TEST(Format, WhatWasBrokenStaysBroken) {
  EXPECT_EQ(formatted("a = [1,\n2, 3]\n"), "a = [\n  1,\n  2,\n  3\n]\n");
  EXPECT_EQ(formatted("a = f([\n1])\n"), "a = f([\n  1\n])\n");
  EXPECT_EQ(formatted("a = [{\nb = 1\nc = 2}, { d = 1 }]\n"), "a = [{\n  b = 1\n  c = 2\n}, { d = 1 }]\n");
  EXPECT_EQ(formatted("a { b\n{ c = 1 } }\n"), "a {\n  b { c = 1 }\n}\n");
  EXPECT_EQ(formatted("if a { b = 1 } else if c {\n d = 2 }\nelse { e = 3 }\n"),
            "if a {\n  b = 1\n} else if c {\n  d = 2\n} else {\n  e = 3\n}\n");
  EXPECT_EQ(formatted("let a = b &&\n c\n || d\n"), "let a = b &&\n  c\n  || d\n");
  EXPECT_EQ(formatted("let a =\n b\n"), "let a = b\n");
}

TEST(Format, Comments) {
  EXPECT_EQ(formatted("// a\n\n\n// b\nx = 1 // c\n   /* d */\n\n// e"), "// a\n\n// b\nx = 1  // c\n/* d */\n\n// e\n");
  EXPECT_EQ(formatted("a { // b\n\n // c\n\n d = 1\n\n // e\n\n}\n"), "a {  // b\n  // c\n\n  d = 1\n\n  // e\n}\n");
  EXPECT_EQ(formatted("a { // only\n}\n"), "a {  // only\n}\n");
  EXPECT_EQ(formatted("a { /* only */ }\n"), "a { /* only */ }\n");
  EXPECT_EQ(formatted("x = [ /* a */ 1 /* b */ , 2 ]\n"), "x = [/* a */ 1 /* b */, 2]\n");
  EXPECT_EQ(formatted("///   d\n\n///e\nx = 1\n"), "///   d\n///e\nx = 1\n");
}

TEST(Format, BlockStringsMoveWithTheirLine) {
  EXPECT_EQ(formatted("a {\nb { c = \"\"\"\n  x\n    y ${ z }\n\n  w\n\"\"\" }\n}\n"),
            "a {\n  b { c = \"\"\"\n    x\n      y ${z}\n\n    w\n  \"\"\" }\n}\n");
  EXPECT_EQ(formatted("a = r\"\"\"\n\t\tif x; then\n\t\t\ty\n\t\tfi\n\t\"\"\"\n"),
            "a = r\"\"\"\n  if x; then\n  \ty\n  fi\n\"\"\"\n");
  EXPECT_EQ(formatted("a = \"\"\"first\n      second\"\"\"\n"), "a = \"\"\"first\n  second\"\"\"\n");
  EXPECT_EQ(formatted("a = \"\"\"\n\n   \n\"\"\"\n"), "a = \"\"\"\n\n   \n\"\"\"\n");
}

TEST(Format, LineEndsAndMarks) {
  EXPECT_EQ(formatted("\xEF\xBB\xBFx = 1\r\n// a\r\ny = \"\"\"\r\n  b\r\n\"\"\"\r\n"), "x = 1\n// a\ny = \"\"\"\n  b\n\"\"\"\n");
}

TEST(Format, WhatDoesNotParseIsLeftAlone) {
  for (const char* text : {"a =\n", "a   = [1\n", "x   = \"y\n", "a   b c\n"}) EXPECT_EQ(formatted(text), text);
}

}  // namespace
}  // namespace mlstack
