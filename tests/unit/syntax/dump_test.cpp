#include <gtest/gtest.h>

#include "parse/parse.h"
#include "syntax/dump.h"

namespace mlstack {
namespace {

using syntax::DumpStyle;
using syntax::TokenKind;

struct Source {
  explicit Source(std::string text) {
    file.name = "test.mlstack";
    file.begin = 100;  // a later file of a run
    file.text = std::move(text);
    list = parse::lex(file, sink);
    tree = parse::parseTokens(file, list, symbols, sink);
  }
  base::SourceFile file;
  base::SymbolTable symbols;
  diag::Sink sink;
  syntax::TokenList list;
  std::unique_ptr<syntax::File> tree;
};

TEST(Dump, TokensAsText) {
  const Source source("a = 1 // b\n\"c\" = x\n");
  EXPECT_EQ(syntax::dumpTokens(source.file, source.list, DumpStyle::Text),
            "1:1 Name \"a\"\n1:3 Assign \"=\"\n1:5 Int \"1\"\n1:7 Comment \"// b\"\n2:1 String \"\\\"c\\\"\"\n"
            "2:5 Assign \"=\"\n2:7 Name \"x\"\n3:1 EndOfFile \"\"\n");
}

TEST(Dump, TokensAsJson) {
  const Source source("a // b\n= 1");
  EXPECT_EQ(syntax::dumpTokens(source.file, source.list, DumpStyle::Json), R"({
  "version": 1,
  "tokens": [
    {
      "kind": "Name",
      "begin": 0,
      "end": 1,
      "text": "a"
    },
    {
      "kind": "Assign",
      "begin": 7,
      "end": 8,
      "text": "="
    },
    {
      "kind": "Int",
      "begin": 9,
      "end": 10,
      "text": "1"
    },
    {
      "kind": "EndOfFile",
      "begin": 10,
      "end": 10,
      "text": ""
    }
  ],
  "comments": [
    {
      "begin": 2,
      "end": 6,
      "text": "// b"
    }
  ]
}
)");
}

TEST(Dump, TreeAsText) {
  const Source source("/// d\na b { c = \"x${y}\" }\n");
  EXPECT_EQ(syntax::dumpAst(*source.tree, source.symbols, DumpStyle::Text), R"(File
  items
    Use a doc="d"
      label: NameRef b
      body
        Field c
          value: Template
            items
              String "x"
              NameRef y
)");
}

TEST(Dump, TreeAsJson) {
  const Source source("a = [1]");
  EXPECT_EQ(syntax::dumpAst(*source.tree, source.symbols, DumpStyle::Json), R"({
  "version": 1,
  "file": {
    "kind": "File",
    "span": [
      0,
      7
    ],
    "items": [
      {
        "kind": "Field",
        "span": [
          0,
          7
        ],
        "path": "a",
        "value": {
          "kind": "List",
          "span": [
            4,
            7
          ],
          "items": [
            {
              "kind": "Int",
              "span": [
                5,
                6
              ],
              "text": "1"
            }
          ]
        }
      }
    ]
  }
}
)");
}

TEST(Tokens, EveryWordIsFoundByItsText) {
  std::size_t kind = static_cast<std::size_t>(TokenKind::Stack);
  for (const auto* words : {&syntax::statementWords(), &syntax::innerWords()}) {
    for (const auto word : *words) {
      EXPECT_EQ(static_cast<std::size_t>(syntax::wordKind(word)), kind++) << word;
      EXPECT_EQ(syntax::wordKind(std::string(word) + "x"), TokenKind::Name);
      EXPECT_EQ(syntax::wordKind(word.substr(1)), TokenKind::Name);
    }
  }
  EXPECT_EQ(kind, static_cast<std::size_t>(TokenKind::Via) + 1);
  for (const char* text : {"", "a", "i", "stacks", "Stack", "tree", "objekt", "outer"}) {
    EXPECT_EQ(syntax::wordKind(text), TokenKind::Name) << text;
  }
}

}  // namespace
}  // namespace mlstack
