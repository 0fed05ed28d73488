#include <string>

#include <gtest/gtest.h>

#include "yaml/yaml.h"

namespace mlstack {
namespace {

struct Text {
  explicit Text(std::string_view text, const yaml::Limits& limits = {}) { root = yaml::readJsonText(text, symbols, builder, error, limits); }
  base::SymbolTable symbols;
  base::Arena arena;
  ir::Builder builder{arena};
  yaml::JsonError error;
  ir::Node* root = nullptr;
};

TEST(JsonText, ReadsEveryKindOfValue) {
  const Text read(R"( {"a":[1,-2.5e3,true,false,null,"x\n\u00e9\ud83d\ude00\ud800"],"b":{},"c":[],"big":12345678901234567890} )");
  ASSERT_NE(read.root, nullptr) << read.error.message;
  const auto* list = ir::findPath(read.root, "a", read.symbols);
  ASSERT_EQ(list->length, 6u);
  EXPECT_EQ(list->last->text(), "x\n\u00e9\U0001F600\uFFFD");
  EXPECT_EQ(ir::findPath(read.root, "b", read.symbols)->length, 0u);
  EXPECT_EQ(ir::findPath(read.root, "big", read.symbols)->kind, ir::NodeKind::Float);
  EXPECT_EQ(list->last->next->integer, 1);
}

TEST(JsonText, TellsTheEndFromAFault) {
  const std::string whole = R"({"a":[1,"x\u00e9",true],"b":{"c":null}})";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Text read(whole.substr(0, length));
    EXPECT_EQ(read.root, nullptr) << length;
    // Half a word or number looks like a fault; everything else is seen to stop.
    EXPECT_EQ(read.error.endedEarly, read.error.message.find("ends after") != std::string::npos) << length;
  }
  EXPECT_TRUE(Text(R"({"a":)").error.endedEarly);
  EXPECT_TRUE(Text("").error.endedEarly);
  for (const char* wrong : {"{}{}", "{a:1}", "{\"a\" 1}", "[1,]", "01", "[1 2]", "\"\x01\"", "\"\\x\"", "\"\xff\"", "nul", "-", "1e999999"}) {
    const Text read(wrong);
    EXPECT_EQ(read.root, nullptr) << wrong;
    EXPECT_FALSE(read.error.message.empty());
  }
  EXPECT_FALSE(Text("{}{}").error.endedEarly);
}

TEST(JsonText, KeepsItsLimits) {
  yaml::Limits limits;
  limits.maxDepth = 10;
  limits.maxNodes = 100;
  EXPECT_EQ(Text(std::string(11, '[') + std::string(11, ']'), limits).root, nullptr);
  EXPECT_NE(Text(std::string(10, '[') + std::string(10, ']'), limits).root, nullptr);
  std::string many = "[0";
  for (int i = 0; i < 200; ++i) many += ",0";
  EXPECT_EQ(Text(many + "]", limits).root, nullptr);
}

}  // namespace
}  // namespace mlstack
