#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "emit/emit.h"
#include "yaml/yaml.h"

namespace mlstack {
namespace {

using ir::NodeKind;

struct Read {
  explicit Read(std::string text, const yaml::Limits& limits = {}) {
    const auto& file = sources.add("test.yaml", std::move(text));
    documents = yaml::readDocuments(file, symbols, builder, sink, limits);
  }
  [[nodiscard]] const ir::Node* at(std::string_view path) const {
    return documents.empty() ? nullptr : ir::findPath(documents.front(), path, symbols);
  }
  /// "line:column-line:column" of a value.
  [[nodiscard]] std::string extent(std::string_view path) const {
    const auto* node = at(path);
    if (!node) return "missing";
    const auto from = sources.place(node->span.begin);
    const auto to = sources.place(node->span.end);
    return fmt::format("{}:{}-{}:{}", from->line, from->column, to->line, to->column);
  }
  [[nodiscard]] std::string written(std::string_view path) const {
    const auto* node = at(path);
    return node ? std::string(sources.text(node->span)) : "missing";
  }
  /// "MLS1402@2:1"; empty without diagnostics.
  [[nodiscard]] std::string first() const {
    if (sink.all().empty()) return {};
    const auto& d = sink.all().front();
    const auto place = sources.place(d.span.begin);
    return fmt::format("{}@{}:{}", diag::codeText(d.code), place ? place->line : 0,
                       place ? place->column : 0);
  }
  [[nodiscard]] std::string json() const {
    std::string out;
    for (const auto* document : documents) emit::appendJson(out, *document, symbols);
    std::string line;
    for (const char c : out) {
      if (c != '\n' && c != ' ') line += c;
    }
    return line;
  }

  base::SourceSet sources;
  base::SymbolTable symbols;
  base::Arena arena;
  ir::Builder builder{arena};
  diag::Sink sink;
  std::vector<ir::Node*> documents;
};

struct Plain {
  const char* written;
  NodeKind kind;
  double number;  // Bool: 0 or 1
};

class PlainScalar : public testing::TestWithParam<Plain> {};

TEST_P(PlainScalar, ReadsAsKubernetesReadsIt) {
  const auto& expected = GetParam();
  const Read read(fmt::format("a: {}\n", expected.written));
  EXPECT_EQ(read.first(), "");
  const auto* node = read.at("a");
  ASSERT_NE(node, nullptr);
  ASSERT_EQ(node->kind, expected.kind) << expected.written;
  switch (expected.kind) {
    case NodeKind::Bool:
      EXPECT_EQ(node->boolean, expected.number != 0);
      break;
    case NodeKind::Int:
      EXPECT_EQ(static_cast<double>(node->integer), expected.number);
      break;
    case NodeKind::Float:
      if (std::isnan(expected.number))
        EXPECT_TRUE(std::isnan(node->real));
      else
        EXPECT_EQ(node->real, expected.number);
      break;
    case NodeKind::String:
      EXPECT_EQ(node->text(), expected.written);
      break;
    case NodeKind::Null:
    case NodeKind::List:
    case NodeKind::Map:
      break;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, PlainScalar,
    testing::Values(Plain{"~", NodeKind::Null, 0}, Plain{"null", NodeKind::Null, 0},
                    Plain{"NULL", NodeKind::Null, 0}, Plain{"nUll", NodeKind::String, 0},
                    Plain{"y", NodeKind::Bool, 1}, Plain{"Yes", NodeKind::Bool, 1},
                    Plain{"on", NodeKind::Bool, 1}, Plain{"n", NodeKind::Bool, 0},
                    Plain{"NO", NodeKind::Bool, 0}, Plain{"off", NodeKind::Bool, 0},
                    Plain{"nO", NodeKind::String, 0}, Plain{"yes please", NodeKind::String, 0},
                    Plain{"0", NodeKind::Int, 0}, Plain{"-7", NodeKind::Int, -7},
                    Plain{"+1", NodeKind::Int, 1}, Plain{"1_000", NodeKind::Int, 1000},
                    Plain{"0x1F", NodeKind::Int, 31}, Plain{"0o17", NodeKind::Int, 15},
                    Plain{"017", NodeKind::Int, 15}, Plain{"0b101", NodeKind::Int, 5},
                    Plain{"-0x10", NodeKind::Int, -16}, Plain{"08", NodeKind::Float, 8},
                    Plain{"9223372036854775807", NodeKind::Int, 9223372036854775807.0},
                    Plain{"-9223372036854775808", NodeKind::Int, -9223372036854775808.0},
                    Plain{"9223372036854775808", NodeKind::Float, 9223372036854775808.0},
                    Plain{"99999999999999999999999", NodeKind::Float, 1e23},
                    Plain{"1e3", NodeKind::Float, 1000}, Plain{"1E-2", NodeKind::Float, 0.01},
                    Plain{".5", NodeKind::Float, 0.5}, Plain{"1.", NodeKind::Float, 1},
                    Plain{"1e999", NodeKind::String, 0}, Plain{".inf", NodeKind::Float, HUGE_VAL},
                    Plain{"-.INF", NodeKind::Float, -HUGE_VAL}, Plain{".nan", NodeKind::Float, NAN},
                    Plain{"inf", NodeKind::String, 0}, Plain{"12:30", NodeKind::String, 0},
                    Plain{"12:30:45", NodeKind::String, 0},
                    Plain{"2001-01-01", NodeKind::String, 0},
                    Plain{"2001-12-14t21:59:43.10-05:00", NodeKind::String, 0},
                    Plain{"1.2.3", NodeKind::String, 0}, Plain{"0x", NodeKind::String, 0},
                    Plain{"1e", NodeKind::String, 0}, Plain{"=", NodeKind::String, 0},
                    Plain{"10Gi", NodeKind::String, 0}));

TEST(Reader, QuotedScalarsAreText) {
  const Read read("a: \"yes\"\nb: '12'\nc: !!str 012\nd: !!float 1\ne: \"\"\n");
  EXPECT_EQ(read.json(), R"({"a":"yes","b":"12","c":"012","d":1.0,"e":""})");
}

TEST(Reader, PlacesAreExact) {
  const Read read(
      "a: é and ü  # comment\n"
      "b: \"x\\n\\\"y\\\"\"\n"
      "c: 'it''s'\n"
      "d: [1, {e: 2}]\n"
      "f: |\n"
      "  one\n"
      "\n"
      "  two\n"
      "g: plain\n"
      "  and more\n"
      "h: &anchor !!str value\n"
      "i: ~\n"
      "j:\n"
      "k:\n"
      "- x: 1\n"
      "  z: 2\n"
      "l: last\n");
  EXPECT_EQ(read.first(), "");
  EXPECT_EQ(read.extent("a"), "1:4-1:11");
  EXPECT_EQ(read.written("b"), "\"x\\n\\\"y\\\"\"");
  EXPECT_EQ(read.written("c"), "'it''s'");
  EXPECT_EQ(read.written("d"), "[1, {e: 2}]");
  EXPECT_EQ(read.extent("f"), "5:4-8:6");
  EXPECT_EQ(read.written("g"), "plain\n  and more");
  EXPECT_EQ(read.written("h"), "value");
  EXPECT_EQ(read.written("i"), "~");
  EXPECT_EQ(read.extent("j"), "13:2-13:2");
  EXPECT_EQ(read.extent("k"), "15:1-16:7");
  EXPECT_EQ(read.written("l"), "last");
}

TEST(Reader, ValuesKnowTheirKeys) {
  const Read read("plain: 1\n\"quoted\":\n  inner: [x]\nnone:\n");
  for (const std::string_view path : {"plain", "quoted", "quoted.inner", "none"}) {
    const auto* node = read.at(path);
    ASSERT_NE(node, nullptr);
    const auto key = read.symbols.text(node->key);
    EXPECT_EQ(read.sources.text(node->keySpan(key.size())), key);
  }
  const Read json("{\"a\": {\"b\": null}}");
  EXPECT_EQ(json.sources.text(json.at("a.b")->keySpan(1)), "b");
}

TEST(Reader, PlacesCountAByteOrderMarkAndCarriageReturns) {
  const Read read(
      "\xef\xbb\xbf"
      "a: 1\r\nb:\r\n  c: héllo\r\n");
  EXPECT_EQ(read.written("a"), "1");
  EXPECT_EQ(read.written("b.c"), "héllo");
}

TEST(Reader, DocumentsAndNothing) {
  EXPECT_EQ(Read("").documents.size(), 0u);
  EXPECT_EQ(Read("# only a comment\n").documents.size(), 0u);
  EXPECT_EQ(Read("---\n---\n...\n---\n").documents.size(), 0u);
  EXPECT_EQ(Read("a: 1\n---\n# nothing\n---\nb: 2\n...\n---\nc: 3\n").documents.size(), 3u);
}

TEST(Reader, JsonIsReadWithPlacesToo) {
  const Read read(
      "{\"a\": [1, -2.5e3, true, null], \"b\": {\"c\": \"\\u00e9\\ud83d\\ude00\\n\"}}\n");
  EXPECT_EQ(read.first(), "");
  EXPECT_EQ(read.json(), "{\"a\":[1,-2500.0,true,null],\"b\":{\"c\":\"é😀\\n\"}}");
  EXPECT_EQ(read.written("a"), "[1, -2.5e3, true, null]");
  EXPECT_EQ(Read("{\"a\": 1}\n{\"b\": 2}\n").documents.size(), 2u);
  EXPECT_EQ(Read("{a: 1, b: [x]}").json(), R"({"a":1,"b":["x"]})");  // YAML's flow style
}

TEST(Reader, AliasesAndMerges) {
  const Read read(
      "base: &base {image: x, nodes: 1}\n"
      "other: &other {gpus: 8}\n"
      "job:\n"
      "  <<: [*base, *other]\n"
      "  nodes: 4\n"
      "again: *base\n");
  EXPECT_EQ(read.first(), "");
  EXPECT_EQ(
      read.json(),
      R"({"base":{"image":"x","nodes":1},"other":{"gpus":8},"job":{"nodes":4,"image":"x","gpus":8},"again":{"image":"x","nodes":1}})");
}

struct Wrong {
  std::string text;
  const char* first;
};

class WrongText : public testing::TestWithParam<Wrong> {};

TEST_P(WrongText, IsSaidAtItsPlace) {
  EXPECT_EQ(Read(GetParam().text).first(), GetParam().first) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongText,
    testing::Values(Wrong{"a: b: c\n", "MLS1401@1:5"}, Wrong{"a:\n\tb: 1\n", "MLS1401@2:1"},
                    Wrong{"a: \"x\n", "MLS1401@1:4"}, Wrong{"a: [1, 2\n", "MLS1401@2:1"},
                    Wrong{"- a\nb: c\n", "MLS1401@2:1"}, Wrong{"a: @b\n", "MLS1401@1:4"},
                    Wrong{"a: 1\nb: 2\na: 3\n", "MLS1402@3:1"},
                    Wrong{"{\"a\": 1,\n \"a\": 2}", "MLS1402@2:2"}, Wrong{"a: *b\n", "MLS1403@1:4"},
                    Wrong{"a: &b 1\n---\nc: *b\n", "MLS1403@3:4"},
                    Wrong{"a: !Ref b\n", "MLS1404@1:9"}, Wrong{"on: 1\n", "MLS1405@1:1"},
                    Wrong{"1.0: x\n", "MLS1405@1:1"}, Wrong{"? [a]\n: b\n", "MLS1405@1:3"},
                    Wrong{"a: &x [*x]\n", "MLS1408@1:8"}, Wrong{"a:\n  <<: 1\n", "MLS1409@2:7"},
                    Wrong{std::string("a: \x01\n"), "MLS1410@1:4"},
                    Wrong{std::string("a\0b", 3), "MLS1410@1:2"},
                    Wrong{"a: !!int x\n", "MLS1411@1:10"}, Wrong{"a: \xff\n", "MLS1002@1:4"}));

TEST(Reader, DocumentsBeforeAnErrorAreKept) {
  const Read read("a: 1\n---\nb: [\n");
  EXPECT_EQ(read.documents.size(), 1u);
  EXPECT_EQ(read.sink.errorCount(), 1u);
}

TEST(Reader, DuplicateKeysNameBothPlaces) {
  const Read read("a: 1\na: 2\n");
  ASSERT_EQ(read.sink.all().size(), 1u);
  ASSERT_EQ(read.sink.all().front().related.size(), 1u);
  EXPECT_EQ(read.sources.place(read.sink.all().front().related.front().span.begin)->line, 1u);
  EXPECT_EQ(read.json(), R"({"a":1})");
}

TEST(Reader, LongMapsAreCheckedForDuplicatesToo) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += fmt::format("k{}: {}\n", i, i);
  EXPECT_EQ(Read(text).first(), "");
  EXPECT_EQ(Read(text + "k7: again\n").first(), "MLS1402@2001:1");
}

TEST(Reader, HostileInputIsStopped) {
  EXPECT_EQ(Read(std::string(100'000, '[')).first(), "MLS1406@1:201");
  std::string dashes;
  for (int i = 0; i < 100'000; ++i) dashes += "- ";
  EXPECT_EQ(Read(dashes).first(), "MLS1406@1:401");
  std::string maps;
  for (int i = 0; i < 20'000; ++i) maps += "{\"a\":";
  EXPECT_EQ(Read(maps).first().substr(0, 7), "MLS1406");
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    laughs += fmt::format("a{}: &a{} [", i, i);
    for (int j = 0; j < 10; ++j) laughs += fmt::format("{}*a{}", j ? ", " : "", i - 1);
    laughs += "]\n";
  }
  EXPECT_EQ(Read(laughs, {.maxNodes = 100'000}).first().substr(0, 7), "MLS1407");
  EXPECT_EQ(Read("a: [1, 2, 3]\n", {.maxNodes = 3}).first().substr(0, 7), "MLS1407");
}

TEST(Reader, AFloodOfErrorsEnds) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "a: 1\n";
  EXPECT_EQ(Read(text).sink.all().size(), 100u);
}

}  // namespace
}  // namespace mlstack
