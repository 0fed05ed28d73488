#include "ir/node.h"

#include <string>

#include <gtest/gtest.h>

namespace mlstack::ir {
namespace {

class Nodes : public testing::Test {
 protected:
  [[nodiscard]] Symbol key(std::string_view text) { return symbols_.intern(text); }
  [[nodiscard]] std::string keys(const Node& map) const {
    std::string out;
    for (const auto& child : Children(&map)) out += std::string(symbols_.text(child.key)) + " ";
    return out;
  }

  base::SymbolTable symbols_;
  base::Arena arena_;
  Builder b_{arena_};
};

TEST_F(Nodes, MapsKeepTheirOrderThroughSetAndRemove) {
  auto* map = b_.map();
  EXPECT_EQ(find(map, key("a")), nullptr);
  for (const auto* name : {"a", "b", "c"}) Builder::add(*map, key(name), b_.string(name));
  Builder::set(*map, key("c"), b_.integer(3));
  Builder::set(*map, key("a"), b_.integer(1));
  Builder::set(*map, key("d"), b_.integer(4));
  EXPECT_EQ(keys(*map), "a b c d ");
  EXPECT_EQ(find(map, key("c"))->integer, 3);
  EXPECT_TRUE(Builder::remove(*map, key("d")));
  EXPECT_TRUE(Builder::remove(*map, key("a")));
  EXPECT_FALSE(Builder::remove(*map, key("a")));
  EXPECT_EQ(keys(*map), "b c ");
  Builder::add(*map, key("e"), b_.null());
  EXPECT_EQ(keys(*map), "b c e ");
  for (const auto* name : {"c", "e", "b"}) EXPECT_TRUE(Builder::remove(*map, key(name)));
  EXPECT_EQ(map->length, 0u);
  Builder::set(*map, key("f"), b_.null());
  Builder::set(*map, key("f"), b_.integer(1));
  EXPECT_EQ(keys(*map), "f ");
  EXPECT_EQ(find(map, key("f"))->integer, 1);
}

TEST_F(Nodes, MapAtMakesOnlyWhatIsMissing) {
  auto* map = b_.map();
  auto* inner = b_.mapAt(*map, key("spec"), {});
  EXPECT_EQ(b_.mapAt(*map, key("spec"), {}), inner);
  EXPECT_EQ(b_.listAt(*map, key("spec"), {}), nullptr);
  Builder::append(*b_.listAt(*inner, key("items"), {}), b_.integer(7));
  EXPECT_EQ(findPath(map, "spec.items", symbols_)->length, 1u);
  EXPECT_EQ(findPath(map, "spec.items.x", symbols_), nullptr);
  EXPECT_EQ(findPath(map, "spec.none.x", symbols_), nullptr);
  EXPECT_EQ(findPath(nullptr, "spec", symbols_), nullptr);
}

TEST_F(Nodes, CloneSharesNothing) {
  auto* map = b_.map({5, 9});
  Builder::add(*map, key("s"), b_.string("text"));
  Builder::add(*map, key("l"), b_.list());
  base::Arena other;
  Builder elsewhere(other);
  auto* copy = elsewhere.clone(*map);
  EXPECT_TRUE(sameValue(*map, *copy));
  EXPECT_EQ(copy->span, map->span);
  EXPECT_NE(find(copy, key("s"))->chars, find(map, key("s"))->chars);
  Builder::append(*find(copy, key("l")), elsewhere.null());
  EXPECT_FALSE(sameValue(*map, *copy));
}

TEST_F(Nodes, SameValueIsJsonsEquality) {
  EXPECT_TRUE(sameValue(*b_.integer(1), *b_.real(1.0)));
  EXPECT_FALSE(sameValue(*b_.integer(1), *b_.real(1.5)));
  EXPECT_FALSE(sameValue(*b_.integer((std::int64_t{1} << 53) + 1), *b_.real(0x1p53)));
  EXPECT_FALSE(sameValue(*b_.integer(1), *b_.boolean(true)));
  EXPECT_FALSE(sameValue(*b_.string("1"), *b_.integer(1)));
  EXPECT_FALSE(sameValue(*b_.null(), *b_.string("")));
  auto* a = b_.map();
  auto* c = b_.map();
  for (int i = 0; i < 40; ++i) Builder::add(*a, key(std::to_string(i)), b_.integer(i));
  for (int i = 39; i >= 0; --i) Builder::add(*c, key(std::to_string(i)), b_.integer(i));
  EXPECT_TRUE(sameValue(*a, *c));
  Builder::set(*c, key("20"), b_.integer(0));
  EXPECT_FALSE(sameValue(*a, *c));
  auto* l = b_.list();
  auto* m = b_.list();
  for (const auto* text : {"x", "y"}) Builder::append(*l, b_.string(text));
  for (const auto* text : {"y", "x"}) Builder::append(*m, b_.string(text));
  EXPECT_FALSE(sameValue(*l, *m));
}

}  // namespace
}  // namespace mlstack::ir
