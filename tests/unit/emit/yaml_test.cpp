#include "yaml/yaml.h"

#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "emit/emit.h"
#include "emit/scalar.h"

namespace mlstack {
namespace {

struct Tree {
  [[nodiscard]] base::Symbol key(std::string_view text) { return symbols.intern(text); }
  [[nodiscard]] std::string yaml(const ir::Node& root) const {
    std::string out;
    emit::appendYaml(out, root, symbols);
    return out;
  }
  [[nodiscard]] std::string value(std::string_view text, bool block = false) {
    auto* map = builder.map();
    auto* node = builder.copyString(text);
    if (block) node->flags |= ir::FlagBlock;
    ir::Builder::add(*map, key("k"), node);
    const auto out = yaml(*map);
    return out.substr(3, out.size() - 4);
  }

  base::SymbolTable symbols;
  base::Arena arena;
  ir::Builder builder{arena};
};

/// Emits, reads back with our reader, compares.
void expectRoundTrip(Tree& tree, const ir::Node& root) {
  const auto text = tree.yaml(root);
  base::SourceSet sources;
  diag::Sink sink;
  const auto& file = sources.add("emitted.yaml", text);
  const auto documents = yaml::readDocuments(file, tree.symbols, tree.builder, sink);
  ASSERT_TRUE(sink.all().empty()) << sink.all().front().message << "\n" << text;
  ASSERT_EQ(documents.size(), 1u) << text;
  EXPECT_TRUE(ir::sameValue(root, *documents.front())) << text;
}

TEST(Scalar, PlainWhereEveryParserReadsText) {
  Tree tree;
  for (const std::string_view text : {"a",
                                      "main",
                                      "10Gi",
                                      "500m",
                                      "nginx:1.27",
                                      "registry.example.com/a/b@sha256:0123abcd",
                                      "--data=/data",
                                      "-v",
                                      "/var/lib",
                                      "a b c",
                                      "http://x:80/y?z",
                                      "$(POD_NAME)",
                                      "it's",
                                      "say \"x\"",
                                      "a#b",
                                      "x:y",
                                      "ReadWriteOnce",
                                      "C:\\dir",
                                      "é",
                                      "日本語",
                                      "😀",
                                      "yesterday",
                                      "nope",
                                      "one=1",
                                      "./run.sh",
                                      "a,b",
                                      "x{}",
                                      "100Mi",
                                      "1d",
                                      "v1.2.3",
                                      "-n",
                                      "--"}) {
    EXPECT_EQ(tree.value(text), text);
  }
}

TEST(Scalar, QuotedWhereAnyParserReadsSomethingElse) {
  Tree tree;
  for (const std::string_view text : {"",
                                      "~",
                                      "null",
                                      "Null",
                                      "NULL",
                                      "true",
                                      "True",
                                      "yes",
                                      "YES",
                                      "no",
                                      "No",
                                      "on",
                                      "off",
                                      "y",
                                      "Y",
                                      "n",
                                      "N",
                                      "nO",
                                      "=",
                                      "<<",
                                      "0",
                                      "1",
                                      "-1",
                                      "+1",
                                      "1e3",
                                      "1E-3",
                                      "0x10",
                                      "0o7",
                                      "012",
                                      "08",
                                      "0b1",
                                      "1_000",
                                      "1,000",
                                      ".5",
                                      "5.",
                                      ".",
                                      "1.36",
                                      "-.5",
                                      "12:30",
                                      "12:30:45.5",
                                      "inf",
                                      "-inf",
                                      ".inf",
                                      "+.Inf",
                                      ".nan",
                                      "NaN",
                                      "e1",
                                      "E01",
                                      "2001-01-01",
                                      "2001-12-14 21:59:43",
                                      "2001-12-14T21:59:43Z",
                                      " a",
                                      "a ",
                                      "- a",
                                      "-",
                                      "---",
                                      "--- a",
                                      "...",
                                      "? a",
                                      "?",
                                      ":",
                                      ": a",
                                      "a:",
                                      "a: b",
                                      "a #b",
                                      "#a",
                                      "[a]",
                                      "{a}",
                                      "]",
                                      "}",
                                      ",a",
                                      "&a",
                                      "*a",
                                      "!a",
                                      "|",
                                      ">",
                                      "'a",
                                      "\"a",
                                      "%a",
                                      "@a",
                                      "`a"}) {
    const auto written = tree.value(text);
    ASSERT_GE(written.size(), 2u);
    EXPECT_TRUE((written.front() == '"' && written.back() == '"') ||
                (written.front() == '\'' && written.back() == '\''))
        << text << " → " << written;
    EXPECT_EQ(tree.value(text), written);
  }
}

TEST(Scalar, EscapesWhatIsNotPrintable) {
  Tree tree;
  EXPECT_EQ(tree.value("a\tb"), R"("a\tb")");
  EXPECT_EQ(tree.value("a\r\nb"), R"("a\r\nb")");
  EXPECT_EQ(tree.value(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(tree.value("\x1b[0m"), R"("\u001b[0m")");
  EXPECT_EQ(tree.value("\x7f"), R"("\u007f")");
  EXPECT_EQ(tree.value("a\xc2\x85"
                       "b"),
            R"("a\u0085b")");  // NEL
  EXPECT_EQ(tree.value("\xe2\x80\xa8\xe2\x80\xa9"), R"("\u2028\u2029")");
  EXPECT_EQ(tree.value("\xef\xbb\xbf"
                       "a"),
            R"("\ufeffa")");
  EXPECT_EQ(tree.value("\xef\xbf\xbf"), R"("\uffff")");
  EXPECT_EQ(tree.value("\xf0\x9f\xbf\xbe"), R"("\U0001fffe")");
  EXPECT_EQ(tree.value("\\ and \" #"), "'\\ and \" #'");
  EXPECT_EQ(tree.value("- it's \"x\""), "'- it''s \"x\"'");
}

TEST(Scalar, SeveralLinesAreABlock) {
  Tree tree;
  EXPECT_EQ(tree.value("a\nb\n"), "|\n  a\n  b");
  EXPECT_EQ(tree.value("a\nb"), "|-\n  a\n  b");
  EXPECT_EQ(tree.value("a\n\n\n"), "|+\n  a\n\n");
  EXPECT_EQ(tree.value("  a\nb\n"), "|2\n    a\n  b");
  EXPECT_EQ(tree.value("\n a\n"), "|2\n\n   a");
  EXPECT_EQ(tree.value("a\n\tb\n"), "|\n  a\n  \tb");
  EXPECT_EQ(tree.value("a  \nb\n"), "|\n  a  \n  b");
  EXPECT_EQ(tree.value("key: v # c\n- x\n"), "|\n  key: v # c\n  - x");
  EXPECT_EQ(tree.value("one line", true), "|-\n  one line");
}

TEST(Scalar, BlocksThatParsersReadDifferentlyAreQuoted) {
  Tree tree;
  EXPECT_EQ(tree.value("\n"), R"("\n")");
  EXPECT_EQ(tree.value("\n\n"), R"("\n\n")");
  EXPECT_EQ(tree.value("  \na\n"), R"("  \na\n")");  // first line of blanks
  EXPECT_EQ(tree.value("a\n  "), R"("a\n  ")");      // last line of blanks
  EXPECT_EQ(tree.value("a\n  \n"), R"("a\n  \n")");
  EXPECT_EQ(tree.value("\ta\nb\n"), R"("\ta\nb\n")");  // tab where the indentation is found
  EXPECT_EQ(tree.value("a\r\nb\r\n"), R"("a\r\nb\r\n")");
  EXPECT_EQ(tree.value("a\n\x01\n"), R"("a\n\u0001\n")");
}

TEST(Scalar, NumbersReadAsTheirType) {
  const auto real = [](double value) {
    Tree tree;
    auto* map = tree.builder.map();
    ir::Builder::add(*map, tree.key("k"), tree.builder.real(value));
    expectRoundTrip(tree, *map);
    const auto out = tree.yaml(*map);
    return out.substr(3, out.size() - 4);
  };
  EXPECT_EQ(real(1), "1.0");
  EXPECT_EQ(real(0.1), "0.1");
  EXPECT_EQ(real(1e20), "1.0e+20");
  EXPECT_EQ(real(1.5e-9), "1.5e-09");
  EXPECT_EQ(real(-0.0), "-0.0");
  EXPECT_EQ(real(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(real(std::numeric_limits<double>::infinity()), ".inf");
}

TEST(Yaml, Layout) {
  Tree tree;
  auto& b = tree.builder;
  auto* root = b.map();
  ir::Builder::add(*root, tree.key("empty"), b.map());
  auto* list = b.list();
  ir::Builder::append(*list, b.list());
  auto* item = b.map();
  ir::Builder::add(*item, tree.key("name"), b.string("a"));
  auto* inner = b.list();
  ir::Builder::append(*inner, b.integer(1));
  ir::Builder::append(*inner, b.string("x\ny\n"));
  ir::Builder::add(*item, tree.key("args"), inner);
  ir::Builder::append(*list, item);
  auto* nested = b.list();
  ir::Builder::append(*nested, b.boolean(true));
  ir::Builder::append(*nested, b.null());
  ir::Builder::append(*list, nested);
  ir::Builder::add(*root, tree.key("items"), list);
  ir::Builder::add(*root, tree.key("on"), b.string("s"));
  EXPECT_EQ(tree.yaml(*root),
            "empty: {}\n"
            "items:\n"
            "- []\n"
            "- name: a\n"
            "  args:\n"
            "  - 1\n"
            "  - |\n"
            "    x\n"
            "    y\n"
            "- - true\n"
            "  - null\n"
            "\"on\": s\n");
  expectRoundTrip(tree, *root);
}

TEST(Yaml, LongKeysUseTheExplicitForm) {
  Tree tree;
  auto* root = tree.builder.map();
  ir::Builder::add(*root, tree.key(std::string(2000, 'k')), tree.builder.string("v"));
  expectRoundTrip(tree, *root);
}

/// Trees of nasty texts at random: what is read back is what was written.
class Random : public testing::TestWithParam<unsigned> {};

TEST_P(Random, TreesReadBackTheSame) {
  static constexpr const char* kPieces[] = {"a",
                                            "b c",
                                            " ",
                                            "  ",
                                            "\n",
                                            "\n\n",
                                            "\t",
                                            ":",
                                            ": ",
                                            " #",
                                            "#",
                                            "-",
                                            "- ",
                                            "?",
                                            "|",
                                            ">",
                                            "'",
                                            "\"",
                                            "\\",
                                            "{",
                                            "}",
                                            "[",
                                            "]",
                                            ",",
                                            "&",
                                            "*",
                                            "!",
                                            "%",
                                            "@",
                                            "`",
                                            "=",
                                            "<<",
                                            "~",
                                            "null",
                                            "y",
                                            "No",
                                            "1",
                                            "0",
                                            "_",
                                            ".",
                                            "e",
                                            "E",
                                            "+",
                                            "0x",
                                            "12:30",
                                            "2001-01-01",
                                            "\xc2\x85",
                                            "\xe2\x80\xa8",
                                            "\xef\xbb\xbf",
                                            "é",
                                            "😀",
                                            "\x7f",
                                            "\x01",
                                            "\r",
                                            "inf",
                                            ".nan",
                                            "true",
                                            "---",
                                            "...",
                                            "x: y",
                                            "\xc2\xa0",
                                            "  lead",
                                            "trail  \n",
                                            "echo hi\n",
                                            "key:",
                                            "T",
                                            "on"};
  std::mt19937 random(GetParam());
  const auto pick = [&](unsigned count) { return static_cast<unsigned>(random() % count); };
  Tree tree;
  const auto text = [&] {
    std::string out;
    for (auto i = pick(7); i > 0; --i) out += kPieces[pick(std::size(kPieces))];
    return out;
  };
  const auto grow = [&](const auto& self, int depth) -> ir::Node* {
    auto& b = tree.builder;
    switch (pick(depth > 4 ? 5 : 8)) {
      case 4:
        return pick(2) ? b.boolean(true)
                       : b.integer(static_cast<std::int64_t>(random()) - 1'000'000);
      case 5: {
        auto* list = b.list();
        for (auto i = pick(4); i > 0; --i) ir::Builder::append(*list, self(self, depth + 1));
        return list;
      }
      case 6:
      case 7: {
        auto* map = b.map();
        for (auto i = pick(5); i > 0; --i)
          ir::Builder::set(*map, tree.key(text()), self(self, depth + 1));
        return map;
      }
      default: {
        auto* node = b.copyString(text());
        if (pick(4) == 0) node->flags |= ir::FlagBlock;
        return node;
      }
    }
  };
  for (int i = 0; i < 400; ++i) {
    auto* root = tree.builder.map();
    ir::Builder::add(*root, tree.key("root"), grow(grow, 0));
    expectRoundTrip(tree, *root);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Random, testing::Range(1u, 9u));

TEST(Json, Layout) {
  Tree tree;
  auto& b = tree.builder;
  auto* root = b.map();
  ir::Builder::add(*root, tree.key("a\"b"), b.string("x\n\u2028é"));
  auto* list = b.list();
  ir::Builder::append(*list, b.integer(1));
  ir::Builder::append(*list, b.real(2));
  ir::Builder::append(*list, b.map());
  ir::Builder::add(*root, tree.key("l"), list);
  std::string out;
  emit::appendJson(out, *root, tree.symbols);
  EXPECT_EQ(out, "{\n  \"a\\\"b\": \"x\\n\u2028é\",\n  \"l\": [\n    1,\n    2.0,\n    {}\n  ]\n}");
}

}  // namespace
}  // namespace mlstack
