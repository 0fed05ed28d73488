#include <gtest/gtest.h>

#include "base/duration.h"
#include "base/editdistance.h"
#include "base/json.h"
#include "base/quantity.h"
#include "base/regex.h"
#include "base/symbol.h"

using namespace mlstack::base;

namespace {

std::string canonical(std::string_view text) {
  const auto value = parseQuantity(text);
  return value ? value->text() : "none";
}

TEST(Quantity, CanonicalText) {
  const std::pair<const char*, const char*> cases[] = {
      {"2048Mi", "2Gi"},   {"0.5", "500m"},     {"1.5Gi", "1536Mi"},  {"0.5Gi", "512Mi"},    {"0.5Ki", "512"},
      {"1024", "1024"},    {"1000", "1k"},      {"1000k", "1M"},      {"0", "0"},            {"-0", "0"},
      {"0Gi", "0"},        {"1e3", "1e3"},      {"1E3", "1e3"},       {"12e2", "1200"},      {"1E", "1E"},
      {"1e-3", "1e-3"},    {"1e6", "1e6"},      {"10e5", "1e6"},      {"100m", "100m"},      {"1000m", "1"},
      {"1500m", "1500m"},  {"1u", "1u"},        {"1n", "1n"},         {"+1", "1"},           {"-1Gi", "-1Gi"},
      {".5", "500m"},      {"5.", "5"},         {"1.25k", "1250"},    {"1Ki", "1Ki"},        {"1025Ki", "1025Ki"},
      {"0.0001Ki", "102400u"}, {"1.5Ki", "1536"}, {"1024.5Ki", "1049088"}, {"8Ei", "9223372036854775807"},
      {"100Ei", "9223372036854775807"}, {"9E", "9E"}, {"100E", "100E"}, {"1Pi", "1Pi"}, {"0.1n", "1n"},
      {"1.1n", "2n"},      {"-0.1n", "-1n"},    {"1e-30", "1e-9"},      {"0.00000000000000000000000000001", "1n"},
      {"0.1Gi", "107374182400m"}, {"123456789.123456789", "123456789123456789n"}, {"1e-9", "1e-9"},
      {"00012", "12"},     {"1000000000000000000000000000000Ki", "9223372036854775807"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(canonical(text), expected) << text;
}

TEST(Quantity, RefusesOtherText) {
  for (const char* text : {"", "-", "+", ".", "Gi", "1K", "1gi", "1 Gi", " 1", "1 ", "1e", "1e+", "-3.01e-", "1.1.1",
                           "1mi", "1i", "0x10", "1_000", "--1", "1Gi2", "1e1.5", "ä", "1ki", "1eM", "1Em"}) {
    EXPECT_FALSE(parseQuantity(text)) << text;
  }
}

TEST(Quantity, ValueDecidesEquality) {
  EXPECT_EQ(*parseQuantity("2048Mi"), *parseQuantity("2Gi"));
  EXPECT_EQ(*parseQuantity("1e3"), *parseQuantity("1k"));
  EXPECT_LT(*parseQuantity("1G"), *parseQuantity("1Gi"));
  EXPECT_LT(*parseQuantity("-1"), *parseQuantity("1n"));
}

TEST(Quantity, Arithmetic) {
  const auto q = [](std::string_view text) { return *parseQuantity(text); };
  EXPECT_EQ((q("40Gi") * 3).text(), "120Gi");
  EXPECT_EQ((q("1Gi") + q("512Mi")).text(), "1536Mi");
  EXPECT_EQ((q("0") + q("512Mi")).text(), "512Mi");
  EXPECT_EQ((q("1Gi") - q("1Gi")).text(), "0");
  EXPECT_EQ((q("1") - q("250m")).text(), "750m");
  EXPECT_EQ(divide(q("1Gi"), 4)->text(), "256Mi");
  EXPECT_EQ(divide(q("1n"), 2)->text(), "1n");
  EXPECT_EQ(divide(q("-1n"), 2)->text(), "-1n");
  EXPECT_FALSE(divide(q("1"), 0));
  EXPECT_DOUBLE_EQ(*ratio(q("1Gi"), q("256Mi")), 4.0);
  EXPECT_FALSE(ratio(q("1"), q("0")));
  EXPECT_EQ(q("1500m").ceiling(), 2);
  EXPECT_EQ(q("-1500m").ceiling(), -1);
  EXPECT_EQ(q("1.0001").milli(), 1001);
  EXPECT_EQ(q("100E").ceiling(), std::numeric_limits<std::int64_t>::max());
  Quantity big = q("9E");
  for (int i = 0; i < 10; ++i) big = big * std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(big, big + big);
  EXPECT_EQ((big * -1).text(), (-big).text());
}

TEST(Duration, ReadsAndWrites) {
  const std::pair<const char*, const char*> cases[] = {
      {"90s", "90s"}, {"10m", "10m"}, {"600s", "10m"}, {"2h", "2h"}, {"1h30m", "90m"}, {"500ms", "500ms"}, {"1d", "24h"},
      {"1.5h", "90m"}, {"1d12h", "36h"}, {"0s", "0s"}, {"0", "0s"}, {"-5m", "-5m"}, {"1m30s500ms", "90500ms"}, {"0.25s", "250ms"},
  };
  for (const auto& [text, expected] : cases) {
    const auto value = parseDuration(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(value->text(), expected) << text;
  }
  for (const char* text : {"", "-", "10", "m", "10M", "10 m", "1m1h", "1m1m", "1.m", ".5s", "0.0001s", "1us",
                           "99999999999999999999s", "9223372036854775807d", "10ms5"}) {
    EXPECT_FALSE(parseDuration(text)) << text;
  }
  EXPECT_EQ(parseDuration("1500ms")->seconds(), 2);
  EXPECT_EQ((*parseDuration("10m") * 3).text(), "30m");
  EXPECT_EQ(divide(*parseDuration("1h"), 4)->text(), "15m");
  EXPECT_FALSE(divide(Duration{1}, 0));
}

TEST(EditDistance, CountsSwapsOnceAndStopsAtTheLimit) {
  EXPECT_EQ(editDistance("", "abc", 9), 3u);
  EXPECT_EQ(editDistance("access", "acces", 9), 1u);
  EXPECT_EQ(editDistance("capactiy", "capacity", 9), 1u);
  EXPECT_EQ(editDistance("kitten", "sitting", 9), 3u);
  EXPECT_EQ(editDistance("kitten", "sitting", 2), 3u);
  EXPECT_EQ(editDistance("abc", "uvwxyz", 1), 2u);
  EXPECT_EQ(editDistance("ba", "ab", 1), 1u);
}

bool whole(std::string_view pattern, std::string_view text) {
  std::string error;
  const auto regex = Regex::compile(pattern, error);
  EXPECT_TRUE(regex) << pattern << ": " << error;
  return regex && regex->matches(text);
}
bool found(std::string_view pattern, std::string_view text) {
  std::string error;
  const auto regex = Regex::compile(pattern, error);
  return regex && regex->foundIn(text);
}

TEST(Regex, MatchesWholeTexts) {
  EXPECT_TRUE(whole("[a-z0-9]([-a-z0-9]*[a-z0-9])?", "model-store"));
  EXPECT_FALSE(whole("[a-z0-9]([-a-z0-9]*[a-z0-9])?", "model-"));
  EXPECT_TRUE(whole("a|bc", "bc"));
  EXPECT_FALSE(whole("a|bc", "ab"));
  EXPECT_TRUE(whole("^a{2,3}$", "aaa"));
  EXPECT_FALSE(whole("^a{2,3}$", "aaaa"));
  EXPECT_TRUE(whole("a{2,}b{3}", "aaaabbb"));
  EXPECT_TRUE(whole("", ""));
  EXPECT_TRUE(whole("()*", ""));
  EXPECT_TRUE(whole("(a*)*b", "aaab"));
  EXPECT_TRUE(whole("\\d+\\.\\d+(\\.\\w+)?", "1.34.rc_1"));
  EXPECT_TRUE(whole("[\\w.\\-\\]]+", "a-]."));
  EXPECT_TRUE(whole("[]a]+", "a]"));
  EXPECT_TRUE(whole("[^/]+", "日本"));
  EXPECT_TRUE(whole("..", "日本"));
  EXPECT_TRUE(whole("[α-ω]+", "λμ"));
  EXPECT_TRUE(whole("(?:x|y)+?", "xy"));
  EXPECT_TRUE(whole("[[:alpha:]_]+", "ab_"));
  EXPECT_FALSE(whole(".", "\n"));
  EXPECT_TRUE(whole("a{,3}", "a{,3}"));
  EXPECT_TRUE(whole("\\S+\\s\\D", "ab x"));
}

TEST(Regex, FindsParts) {
  EXPECT_TRUE(found("b+", "abbc"));
  EXPECT_TRUE(found("^a", "abc"));
  EXPECT_FALSE(found("^b", "abc"));
  EXPECT_TRUE(found("c$", "abc"));
  EXPECT_FALSE(found("b$", "abc"));
  EXPECT_TRUE(found("", "abc"));
}

TEST(Regex, SaysWhatItCannotUse) {
  const auto why = [](std::string_view pattern) {
    std::string error;
    EXPECT_FALSE(Regex::compile(pattern, error)) << pattern;
    return error;
  };
  EXPECT_EQ(why("(a"), "a `(` is not closed");
  EXPECT_EQ(why("a)"), "a `)` closes nothing");
  EXPECT_EQ(why("[a"), "a `[` is not closed");
  EXPECT_EQ(why("*a"), "`*` repeats nothing");
  EXPECT_EQ(why("a**"), "two repetitions follow each other");
  EXPECT_EQ(why("(a)\\1"), "`\\1` refers back to a group, which is not supported");
  EXPECT_EQ(why("a{3,2}"), "the counts in `{3,2}` fall");
  EXPECT_EQ(why("a{2000}"), "a count in `{2000}` is above 1000");
  EXPECT_EQ(why("((a{200}){200}){200}"), "its repetitions multiply to too many steps");
  EXPECT_EQ(why("((((){1000}){1000}){1000}){1000}"), "its repetitions multiply to too many steps");
  EXPECT_EQ(why("\\"), "it ends in a lone `\\`");
  EXPECT_EQ(why("[z-a]"), "a range in a `[…]` falls");
  EXPECT_FALSE(why(std::string(100'000, '(')).empty());
  EXPECT_FALSE(why("(?i)a").empty());
}

TEST(Regex, StaysLinear) {
  const std::string text(100'000, 'a');
  EXPECT_FALSE(whole("(a|aa)*(a|aa)*(a*)*b", text));
}

TEST(Symbols, EqualTextEqualNumber) {
  SymbolTable table;
  EXPECT_EQ(table.intern("").id, 0u);
  std::vector<Symbol> symbols;
  for (int i = 0; i < 20'000; ++i) symbols.push_back(table.intern("name-" + std::to_string(i)));
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = "name-" + std::to_string(i);
    ASSERT_EQ(table.intern(text), symbols[static_cast<std::size_t>(i)]);
    ASSERT_EQ(table.text(symbols[static_cast<std::size_t>(i)]), text);
  }
  EXPECT_EQ(table.size(), 20'001u);
  EXPECT_NE(table.intern("abcdefgh"), table.intern(std::string_view("abcdefgh\0", 9)));
}

TEST(Json, Escapes) {
  const auto quoted = [](std::string_view text) {
    std::string out;
    appendJsonString(out, text);
    return out;
  };
  EXPECT_EQ(quoted("plain"), "\"plain\"");
  EXPECT_EQ(quoted("\"\\\n\t\r\b\f"), R"("\"\\\n\t\r\b\f")");
  EXPECT_EQ(quoted(std::string_view("\0\x1f\x7f", 3)), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(quoted("ä日😀"), "\"ä日😀\"");
  EXPECT_EQ(quoted("a\xFF\xC3z"), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
}

TEST(Json, Writes) {
  const auto write = [](unsigned indent) {
    std::string out;
    JsonWriter json(out, indent);
    json.beginObject().field("a", 1).field("b", std::string("x")).key("c").beginArray().value(true).null().value(-2.5).endArray();
    json.key("d").beginObject().endObject().key("e").beginArray().endArray().field("f", ~std::uint64_t{0}).endObject();
    return out;
  };
  EXPECT_EQ(write(0), R"({"a":1,"b":"x","c":[true,null,-2.5],"d":{},"e":[],"f":18446744073709551615})");
  EXPECT_EQ(write(2),
            "{\n  \"a\": 1,\n  \"b\": \"x\",\n  \"c\": [\n    true,\n    null,\n    -2.5\n  ],\n  \"d\": {},\n  \"e\": [],\n"
            "  \"f\": 18446744073709551615\n}");
}

}  // namespace
