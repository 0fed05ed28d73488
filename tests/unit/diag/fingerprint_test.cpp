// Hashes that GitHub's upload action states for these texts: what it computes, it must find here.
#include "diag/fingerprint.h"

#include <gtest/gtest.h>

namespace mlstack::diag {
namespace {

std::vector<std::string> hashesOf(std::string_view text) {
  const LineHashes hashes(text);
  std::vector<std::string> all;
  for (std::uint32_t line = 1; !hashes.of(line).empty(); ++line) all.push_back(hashes.of(line));
  return all;
}

using Hashes = std::vector<std::string>;

TEST(LineHashes, OfNothing) {
  EXPECT_EQ(hashesOf(""), Hashes{"c129715d7a2bc9a3:1"});
  EXPECT_EQ(LineHashes("").of(0), "");
  EXPECT_EQ(LineHashes("").of(2), "");
}

TEST(LineHashes, BlanksDoNotCount) {
  EXPECT_EQ(hashesOf(" a\nb\n  \t\tc\n d"), (Hashes{"271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"}));
}

TEST(LineHashes, LineBreaksAreAlike) {
  const Hashes expected{"e9496ae3ebfced30:1", "fb7c023a8b9ccb3f:1", "ce8ba1a563dcdaca:1", "e20e36e16fcb0cc8:1",
                        "b3edc88f2938467e:1", "c8e28b0b4002a3a0:1", "c129715d7a2bc9a3:1"};
  EXPECT_EQ(hashesOf(" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n"), expected);
  EXPECT_EQ(hashesOf(" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r"), expected);
  EXPECT_EQ(hashesOf(" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n"), expected);
  EXPECT_EQ(hashesOf(" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n"), expected);
}

TEST(LineHashes, LinesAlikeAreCounted) {
  std::string text;
  for (int i = 0; i < 10; ++i) text += "Lorem ipsum dolor sit amet.\n";
  EXPECT_EQ(hashesOf(text), (Hashes{"a7f2ff13bc495cf2:1", "a7f2ff13bc495cf2:2", "a7f2ff13bc495cf2:3", "a7f2ff13bc495cf2:4",
                                    "a7f2ff13bc495cf2:5", "a7f2ff13bc495cf2:6", "a7f2ff1481e87703:1", "a9cf91f7bbf1862b:1",
                                    "55ec222b86bcae53:1", "cc97dc7b1d7d8f7b:1", "c129715d7a2bc9a3:1"}));
}

TEST(LineHashes, BadBytesHaveHashesToo) {
  EXPECT_EQ(hashesOf("\xff\n\xf0\x9f\x98").size(), 2u);
  EXPECT_NE(LineHashes("\xf0\x9f\x98\x80").of(1), LineHashes("\xf0\x9f\x98\x81").of(1));
}

}  // namespace
}  // namespace mlstack::diag
