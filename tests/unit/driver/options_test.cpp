#include "driver/command.h"

#include <set>

#include <gtest/gtest.h>

#include "schema/schema.h"

namespace mlstack::driver {
namespace {

const char* nothing(const char*) { return nullptr; }
const char* someVariables(const char* name) {
  std::string_view text = name;
  if (text == "MLSTACK_KUBERNETES") return "1.33";
  if (text == "MLSTACK_WERROR") return "1";
  if (text == "MLSTACK_PARAMS") return "env.yaml";
  return nullptr;
}

struct Parsed {
  Invocation invocation;
  std::vector<std::string> codes;
  std::string help;
};

Parsed parse(std::string_view command, const std::vector<std::string>& words,
             const char* (*environment)(const char*) = nothing) {
  diag::Sink sink;
  Parsed out{parseWords(*findCommand(command), words, environment, sink), {}, {}};
  for (const auto& d : sink.all()) {
    out.codes.push_back(diag::codeText(d.code));
    out.help = d.help;
  }
  return out;
}

using Codes = std::vector<std::string>;

TEST(Options, KeepsTheOrderOfTheCommandLine) {
  auto p = parse("build", {"--set", "a=1", "x.mlstack", "--params", "p.yaml", "--set=b=2", "-o", "out/"});
  EXPECT_EQ(p.codes, Codes{});
  std::vector<std::string> values;
  for (const auto& given : p.invocation.given) values.push_back(given.value);
  EXPECT_EQ(values, (std::vector<std::string>{"a=1", "p.yaml", "b=2", "out/"}));
  EXPECT_EQ(p.invocation.operands, std::vector<std::string>{"x.mlstack"});
}

TEST(Options, LastValueCounts) {
  auto p = parse("build", {"--emit", "json", "--emit", "ir"});
  EXPECT_EQ(p.invocation.value("--emit"), "ir");
}

TEST(Options, DashIsAnOperandAndAValue) {
  auto p = parse("build", {"-", "-o", "-"});
  EXPECT_EQ(p.codes, Codes{});
  EXPECT_EQ(p.invocation.operands, std::vector<std::string>{"-"});
  EXPECT_EQ(p.invocation.value("--output"), "-");
}

TEST(Options, ShortOptionsTakeTheirValueAttached) {
  EXPECT_EQ(parse("build", {"-oout.yaml"}).invocation.value("--output"), "out.yaml");
}

TEST(Options, AfterTwoDashesEverythingIsAnOperand) {
  auto p = parse("build", {"--", "--werror"});
  EXPECT_EQ(p.codes, Codes{});
  EXPECT_EQ(p.invocation.operands, std::vector<std::string>{"--werror"});
}

TEST(Options, ManyFilesAndNoneAreFine) {
  EXPECT_EQ(parse("build", {}).codes, Codes{});
  EXPECT_EQ(parse("build", {"a", "b", "c"}).invocation.operands.size(), 3u);
}

TEST(Options, MistakesHaveTheirCodes) {
  EXPECT_EQ(parse("build", {"--wrror"}).codes, Codes{"MLS9002"});
  EXPECT_EQ(parse("build", {"--wrror"}).help, "did you mean `--werror`?");
  EXPECT_EQ(parse("build", {"-x"}).codes, Codes{"MLS9002"});
  EXPECT_EQ(parse("build", {"--emit"}).codes, Codes{"MLS9003"});
  EXPECT_EQ(parse("build", {"--emit", "yml"}).codes, Codes{"MLS9004"});
  EXPECT_EQ(parse("build", {"--set="}).codes, Codes{"MLS9003"});
  EXPECT_EQ(parse("build", {"--kubernetes", "1.19"}).codes, Codes{"MLS9006"});
  EXPECT_EQ(parse("build", {"--werror=perhaps"}).codes, Codes{"MLS9019"});
  EXPECT_EQ(parse("graph", {"a", "b"}).codes, Codes{"MLS9010"});
  EXPECT_EQ(parse("completion", {}).codes, Codes{"MLS9011"});
  EXPECT_EQ(parse("completion", {"tcsh"}).codes, Codes{"MLS9004"});
}

TEST(Options, AllMistakesAreReportedAtOnce) {
  EXPECT_EQ(parse("build", {"--emit", "yml", "--colour", "--kubernetes", "2"}).codes.size(), 3u);
}

TEST(Options, PatchVersionsMeanTheirMinor) {
  EXPECT_EQ(parse("build", {"--kubernetes", "v1.34.2"}).invocation.value("--kubernetes"), "1.34");
}

TEST(Options, VariablesStandIn) {
  auto p = parse("build", {}, someVariables);
  EXPECT_EQ(p.codes, Codes{});
  EXPECT_EQ(p.invocation.value("--kubernetes"), "1.33");
  EXPECT_TRUE(p.invocation.has("--werror"));
  EXPECT_EQ(p.invocation.value("--params"), "env.yaml");
  auto over = parse("build", {"--kubernetes", "1.35", "--params", "x.yaml"}, someVariables);
  EXPECT_EQ(over.invocation.value("--kubernetes"), "1.35");
  EXPECT_EQ(over.invocation.values("--params"), std::vector<std::string>{"x.yaml"});
}

TEST(Options, TheTableIsWhole) {
  std::set<std::string_view> names;
  for (const auto& command : commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_FALSE(command.examples.empty()) << command.name;
    EXPECT_NE(command.run, nullptr) << command.name;
    std::set<std::string_view> options;
    for (const auto& option : command.options) {
      EXPECT_TRUE(options.insert(option.name).second) << command.name << " " << option.name;
      EXPECT_EQ(option.takes == Takes::Nothing, option.value.empty()) << option.name;
      EXPECT_EQ(option.takes == Takes::Choice, !option.choices.empty()) << option.name;
      EXPECT_FALSE(option.doc.ends_with('.')) << option.name;
    }
  }
}

TEST(Options, VersionsAreThoseOfTheSchemas) {
  for (const auto& option : findCommand("build")->options) {
    if (option.name != "--kubernetes") continue;
    EXPECT_EQ(option.choices.size(), static_cast<std::size_t>(schema::kLastMinor - schema::kFirstMinor + 1));
    for (auto version : option.choices) EXPECT_NE(schema::versionBit(version), 0) << version;
  }
}

}  // namespace
}  // namespace mlstack::driver
