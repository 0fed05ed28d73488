#include "support.h"

#include "yaml/yaml.h"

namespace mlstack::tests {
namespace {

struct SetCase {
  const char* type;
  const char* text;
  const char* expected;   // a value, or "!2020"
};

class Set : public testing::TestWithParam<SetCase> {};

TEST_P(Set, TakesTextAsTheTypeSays) {
  Compiled run;
  run.set("p", GetParam().text);
  run.evaluate(stacked(std::string("param p: ") + GetParam().type + "\noutput x = p\n"));
  if (GetParam().expected[0] == '!') {
    ASSERT_EQ(run.sink.all().size(), 1u) << run.messages();
    EXPECT_EQ(std::to_string(static_cast<int>(run.sink.all()[0].code)), GetParam().expected + 1) << run.messages();
    return;
  }
  EXPECT_EQ(run.messages(), "");
  EXPECT_EQ(run.output("x"), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Params, Set, testing::Values(
    SetCase{"string", "5", "\"5\""}, SetCase{"string", "a=b", "\"a=b\""}, SetCase{"int", "42", "42"}, SetCase{"int", "4.5", "!2020"},
    SetCase{"int in 1..4", "9", "!2015"}, SetCase{"bool", "true", "true"}, SetCase{"bool", "yes", "!2020"}, SetCase{"float", "1.5", "1.5"},
    SetCase{"quantity", "10Gi", "10Gi"}, SetCase{"quantity", "ten", "!2020"}, SetCase{"duration", "1h30m", "90m"},
    SetCase{"image", "a/b:c", "\"a/b:c\""}, SetCase{"image", "A b", "!2034"}, SetCase{"enum(low, high)", "low", "\"low\""},
    SetCase{"enum(low, high)", "hgh", "!2004"}, SetCase{"list<int>", "[1, 2]", "[1, 2]"}, SetCase{"list<string>", "one", "[\"one\"]"},
    SetCase{"list<int>", "[1, \"x\"]", "!2006"}, SetCase{"map<int>", "{ a = 1 }", "{a: 1}"}, SetCase{"string?", "null", "null"},
    SetCase{"int | string", "50%", "\"50%\""}, SetCase{"int | string", "3", "3"}, SetCase{"string matches \"v[0-9]+\"", "v1", "\"v1\""},
    SetCase{"string matches \"v[0-9]+\"", "1", "!2016"}, SetCase{"{ a: int, b: string = \"x\" }", "{ a = 1 }", "{a: 1, b: \"x\"}"}));

TEST(Params, LaterWins) {
  Compiled run;
  run.set("n", "1");
  run.set("n", "2");
  run.evaluate(stacked("param n: int\noutput x = n\n"));
  EXPECT_EQ(run.output("x"), "2");
}

TEST(Params, UnknownAndMissing) {
  Compiled run;
  run.set("nods", "1");
  run.evaluate(stacked("param nodes: int\n"));
  EXPECT_EQ(run.codes(), "2018@1:1 2019@2:7") << run.messages();
  EXPECT_EQ(run.sink.all()[0].help, "did you mean `nodes`?");
}

TEST(Params, FromAYamlFileWithPlaces) {
  Compiled run;
  const auto& file = run.sources.add("p.yaml", "nodes: 4\nsize: 10Gi\nwait: 5m\ntags: [a, b]\nenv: {A: 1}\nratio: 2\nbad: x\n");
  ir::Builder builder(run.nodes);
  const auto documents = yaml::readDocuments(file, run.symbols, builder, run.sink);
  ASSERT_EQ(documents.size(), 1u);
  for (const auto& child : ir::Children(documents[0])) {
    run.options.params.push_back({std::string(run.symbols.text(child.key)), "", &child, child.span});
  }
  run.evaluate(stacked("param nodes: int\nparam size: quantity\nparam wait: duration\nparam tags: list<string>\nparam env: map<any>\n"
                       "param ratio: float\nparam bad: int\noutput x = [nodes, size, wait, tags, env, ratio]\n"));
  EXPECT_EQ(run.output("x"), "[4, 10Gi, 5m, [\"a\", \"b\"], {A: 1}, 2]");
  EXPECT_EQ(run.codes(), "2006@7:6") << run.messages();
}

TEST(Params, AreListed) {
  Compiled run(stacked("/// How many.\nparam n: int in 1..5 = 2\nparam image: image = \"a\"\n"));
  ASSERT_EQ(run.program->params.size(), 2u);
  EXPECT_EQ(run.program->params[0].name, "n");
  EXPECT_EQ(run.program->params[0].doc, "How many.");
  EXPECT_FALSE(run.program->params[0].required);
}

TEST(Params, CheckingWithoutThem) {
  Compiled run;
  run.options.missingParamsAreUnknown = true;
  run.evaluate(stacked("param n: int\nparam i: image\nfor k in 0..<n { job j { name = \"j${k}\"  image = i  gpus = n  grace = nope } }\nif n > 2 { claim a { sise = 1Gi } }\n"));
  EXPECT_EQ(run.codes(), "2001@4:71 2003@5:22") << run.messages();
  EXPECT_TRUE(run.program->partial);
  EXPECT_FALSE(run.program->ok);
}

TEST(Params, ManyErrorsInOneRun) {
  Compiled run;
  run.set("a", "x");
  run.set("b", "9");
  run.evaluate(stacked("param a: int = 1\nparam b: int in 1..5 = 1\n"));
  EXPECT_EQ(run.codes(), "2020@1:1 2015@1:1") << run.messages();
}

}  // namespace
}  // namespace mlstack::tests
