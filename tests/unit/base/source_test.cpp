#include "base/source.h"

#include <gtest/gtest.h>

using namespace mlstack::base;

namespace {

std::pair<unsigned, unsigned> at(const SourceSet& set, Pos pos) {
  const auto place = set.place(pos);
  return place ? std::pair{place->line, place->column} : std::pair{0u, 0u};
}
using P = std::pair<unsigned, unsigned>;

TEST(SourceSet, ColumnsCountCodePoints) {
  SourceSet set;
  const auto& file = set.add("a", "let ä = \"日本\"\n\tx\n");
  EXPECT_EQ(at(set, file.begin), P(1, 1));
  EXPECT_EQ(at(set, file.begin + 6), P(1, 6));   // the blank after ä (two bytes)
  EXPECT_EQ(at(set, file.begin + 16), P(1, 12)); // the closing quote
  EXPECT_EQ(at(set, file.begin + 18), P(2, 1));
  EXPECT_EQ(at(set, file.begin + 19), P(2, 2));  // a tab is one column
  EXPECT_EQ(at(set, file.begin + 6), P(1, 6));   // going back
}

TEST(SourceSet, EndsOfFilesBelongToThem) {
  SourceSet set;
  const auto& empty = set.add("empty", "");
  const auto& a = set.add("a", "x");
  const auto& b = set.add("b", "y\n");
  EXPECT_EQ(set.fileAt(0), nullptr);
  EXPECT_EQ(set.fileAt(empty.begin), &empty);
  EXPECT_EQ(at(set, empty.begin), P(1, 1));
  EXPECT_EQ(set.fileAt(a.begin + 1), &a);
  EXPECT_EQ(at(set, a.begin + 1), P(1, 2));
  EXPECT_EQ(at(set, b.begin + 2), P(2, 1));
  EXPECT_EQ(set.fileAt(b.begin + 3), nullptr);
  EXPECT_EQ(set.text({b.begin, b.begin + 1}), "y");
  EXPECT_EQ(set.text({b.begin + 2, b.begin + 2}), "");
  EXPECT_EQ(set.text({}), "");
}

TEST(SourceSet, CarriageReturnsAndByteOrderMark) {
  SourceSet set;
  const auto& file = set.add("a", "\xEF\xBB\xBFone\r\ntwo\r\n");
  EXPECT_EQ(at(set, file.begin + 3), P(1, 1));
  EXPECT_EQ(at(set, file.begin + 8), P(2, 1));
  EXPECT_EQ(file.line(2), "two");
  EXPECT_EQ(file.line(3), "");
  EXPECT_EQ(file.line(4), "");
  EXPECT_EQ(file.lineCount(), 3u);
}

TEST(SourceSet, RefusesMoreThanItsSpace) {
  SourceSet set;
  EXPECT_TRUE(set.fits(std::size_t{1} << 31));
  EXPECT_FALSE(set.fits(std::size_t{1} << 32));
  EXPECT_FALSE(set.fits(~std::size_t{0}));
}

TEST(Utf8, FindsTheFirstBadByte) {
  constexpr auto good = std::string_view::npos;
  EXPECT_EQ(firstBadUtf8(""), good);
  EXPECT_EQ(firstBadUtf8("plain text that is longer than sixteen bytes"), good);
  EXPECT_EQ(firstBadUtf8("\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"), good);
  EXPECT_EQ(firstBadUtf8("0123456789abcdef\xFFx"), 16u);
  EXPECT_EQ(firstBadUtf8("0123456789abcde\xC3"), 15u);
  EXPECT_EQ(firstBadUtf8("a\xC0\x80"), 1u);          // overlong
  EXPECT_EQ(firstBadUtf8("\xE0\x9F\xBF"), 0u);       // overlong
  EXPECT_EQ(firstBadUtf8("\xF0\x8F\xBF\xBF"), 0u);   // overlong
  EXPECT_EQ(firstBadUtf8("ab\xED\xA0\x80"), 2u);     // surrogate
  EXPECT_EQ(firstBadUtf8("\xF4\x90\x80\x80"), 0u);   // above U+10FFFF
  EXPECT_EQ(firstBadUtf8("\x80"), 0u);               // lone continuation
  EXPECT_EQ(firstBadUtf8("\xE2\x82"), 0u);           // cut off
}

}  // namespace
