#include <gtest/gtest.h>

#include "support/reading.h"

namespace mlstack {
namespace {

using tests::Reading;

/// The tree of one value, on one line.
std::string value(const std::string& text) {
  const Reading read("x = " + text + "\n");
  if (read.sink.hasErrors()) return read.slips();
  std::string dump = read.ast();
  dump.erase(0, dump.find("value: ") + 7);
  std::string out;
  for (const char c : dump) {
    if (c == '\n') c == '\n' && !out.empty() && out.back() != ' ' ? out += ' ' : out;
    else if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string slips(const std::string& text) { return Reading(text).slips(); }

TEST(Parser, OperatorsBindByPrecedence) {
  EXPECT_EQ(value("1 + 2 * 3"),
            "Binary Add left: Int \"1\" right: Binary Multiply left: Int \"2\" right: Int \"3\"");
  EXPECT_EQ(value("1 - 2 - 3"),
            "Binary Subtract left: Binary Subtract left: Int \"1\" right: Int \"2\" right: Int \"3\"");
  EXPECT_EQ(value("a || b && c == d < e .. f + g * -h"),
            "Binary Or left: NameRef a right: Binary And left: NameRef b right: Binary Eq left: NameRef c right: "
            "Binary Lt left: NameRef d right: Binary Range left: NameRef e right: Binary Add left: NameRef f right: "
            "Binary Multiply left: NameRef g right: Unary Negate left: NameRef h");
  EXPECT_EQ(value("!a.b[0](c)"),
            "Unary Not left: Call left: Index left: Member b left: NameRef a right: Int \"0\" arguments Argument "
            "value: NameRef c");
  EXPECT_EQ(value("x in 1..<3"), "Binary In left: NameRef x right: Binary RangeBelow left: Int \"1\" right: Int \"3\"");
  EXPECT_EQ(value("(1 + 2) * 3"),
            "Binary Multiply left: Binary Add left: Int \"1\" right: Int \"2\" right: Int \"3\"");
}

TEST(Parser, ComparisonsDoNotChain) {
  for (const char* text : {"a < b < c", "a == b == c", "1..2..3", "a in b in c", "a != b == c"}) {
    EXPECT_NE(value(text).find("expected one comparison at a time"), std::string::npos) << text;
  }
  EXPECT_EQ(slips("x = a < b == c\n"), "");
}

TEST(Parser, Values) {
  EXPECT_EQ(value("if a then b else if c then d else e"),
            "Conditional left: NameRef b third: NameRef a right: Conditional left: NameRef d third: NameRef c right: "
            "NameRef e");
  EXPECT_EQ(value("[1, ...a, \"b\",]"), "List items Int \"1\" Spread left: NameRef a String \"b\"");
  EXPECT_EQ(value("{ a.b = 1, \"c\" = 2  d { e = 3 }  ...f }"),
            "Map entries Entry a.b value: Int \"1\" Entry key: String \"c\" value: Int \"2\" Entry d value: Map entries "
            "Entry e value: Int \"3\" Entry value: NameRef f");
  EXPECT_EQ(value("[for a, b in c if d: e]"), "ForList a second=b left: NameRef c third: NameRef d right: NameRef e");
  EXPECT_EQ(value("{for a in c: \"k${a}\" = e}"),
            "ForMap a left: NameRef c right: Template items String \"k\" NameRef a value: NameRef e");
  EXPECT_EQ(value("f(a, n = 2)"), "Call left: NameRef f arguments Argument value: NameRef a Argument n value: Int \"2\"");
  EXPECT_EQ(value("10Gi"), "Suffixed \"10Gi\"");
  EXPECT_EQ(value("9223372036854775808"), "1:5 the number 9223372036854775808 does not fit into 64 bits");
  EXPECT_EQ(value("1.5"), "Float \"1.5\"");
  EXPECT_EQ(value("{}"), "Map");
}

TEST(Parser, Statements) {
  const Reading read(R"(stack s { a = 1 }
import "x" as y
param p: list<map<int>?> | enum(a, "b") in 1..2 = 3
kind k = "a/b/C" {
  /// doc
  m: string matches "x" -> a[].b[name]."c" via v = 1
}
external class gp3
object "a/b" n { }
for i, j in x { ...y }
if a { } else if b { } else { c = 1 }
assert a, "m"
allow MLS3001 "why"
"quoted" = 1
"quoted" { a = 1 }
claim x.y
port http = 80
read x at "/d" { }
scratch (2 * n) at "/d"
resources { }
port = 80 { protocol = TCP }
)");
  EXPECT_EQ(read.slips(), "");
  EXPECT_EQ(read.ast(), R"(File
  items
    Stack s
      body
        Field a
          value: Int "1"
    Import y
      value: String "x"
    Param p
      type: Union
        arguments
          Named list
            arguments
              Named map optional
                arguments
                  Named int
          Enum enum words=a b
      value: Int "3"
      range: Binary Range
        left: Int "1"
        right: Int "2"
    Kind k
      value: String "a/b/C"
      members
        Member m target=a[].b[name].c via=v doc="doc"
          type: Named string
          pattern: String "x"
          value: Int "1"
    External class
      label: NameRef gp3
    Object emptyBody
      label: NameRef n
      value: String "a/b"
    For i second=j
      value: NameRef x
      body
        Spread
          value: NameRef y
    If emptyBody
      value: NameRef a
      elseIf
        If emptyBody
          value: NameRef b
          else
            Field c
              value: Int "1"
    Assert
      value: NameRef a
      at: String "m"
    Allow MLS3001
      value: String "why"
    Field quoted quoted
      value: Int "1"
    Use quoted quoted
      body
        Field a
          value: Int "1"
    Use claim
      label: Member y
        left: NameRef x
    Use port
      label: NameRef http
      value: Int "80"
    Use read emptyBody
      label: NameRef x
      at: String "/d"
    Use scratch
      label: Binary Multiply
        left: Int "2"
        right: NameRef n
      at: String "/d"
    Use resources emptyBody
    Use port
      value: Int "80"
      body
        Field protocol
          value: NameRef TCP
)");
}

TEST(Parser, EverySpanLiesInItsText) {
  const Reading read("/// d\nclaim data { size = 10Gi }\n");
  const auto& use = *read.tree->items[0];
  EXPECT_EQ(read.textOf(use.span), "claim data { size = 10Gi }");
  EXPECT_EQ(read.textOf(use.headSpan), "claim");
  EXPECT_EQ(read.textOf(use.label->span), "data");
  EXPECT_EQ(read.textOf(use.body[0]->span), "size = 10Gi");
  EXPECT_EQ(read.textOf(use.body[0]->value->span), "10Gi");
}

TEST(Parser, OneExpressionAlone) {
  base::Arena arena;
  base::SymbolTable symbols;
  const auto parse = [&](std::string text, diag::Sink& sink) {
    base::SourceFile file;
    file.begin = 1;
    file.text = std::move(text);
    return parse::parseExpression(file, arena, symbols, sink)->kind;
  };
  diag::Sink clean;
  EXPECT_EQ(parse("1 + 2", clean), syntax::ExprKind::Binary);
  EXPECT_FALSE(clean.hasErrors());
  for (const char* text : {"", "1 2", "(", "a =", "\"x", "[1,,2"}) {
    diag::Sink sink;
    parse(text, sink);
    EXPECT_EQ(sink.errorCount(), 1u) << text;
  }
}

}  // namespace
}  // namespace mlstack
