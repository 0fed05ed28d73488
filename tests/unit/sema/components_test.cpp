#include "support.h"

namespace mlstack::tests {
namespace {

constexpr const char* kWeb = R"(
component web {
  param image: image
  param replicas: int in 1..10 = 2
  param env: map<any> = {}
  param data: claim? = null
  param mounts: parts<read, write, scratch, env>
  let doubled = replicas * 2
  deployment main {
    name = name
    image = image
    replicas = doubled
    env = env
    if data != null { read data at "/data" }
    ...mounts
  }
  service front { name = name  selects = main  port http = 80 }
  output url = "http://${front.name}"
  output uid = main.status.uid
}
)";

TEST(Components, ParametersBlocksLinesAndExports) {
  Compiled run(stacked(std::string(kWeb) + R"(
claim one { size = 1Gi }
claim two { size = 1Gi }
web shop {
  image = "a:b"
  env { A = "1" }
  data = one
  write two at "/two" { subpath = "x" }
  scratch 1Gi at "/tmp"
  env B = 5
}
output url = shop.url
output uid = shop.uid
)"));
  EXPECT_EQ(run.messages(), "");
  EXPECT_EQ(run.program->resources.size(), 4u);
  EXPECT_EQ(run.output("url"), "\"http://shop\"");
  EXPECT_EQ(run.output("uid"), "shop.status.uid");
  std::string deployment;
  for (const auto* r : run.program->resources) {
    if (r->kind->name == "deployment") deployment = run.symbols.text(r->name);
  }
  EXPECT_EQ(deployment, "shop");
  EXPECT_EQ(run.thing("shop"),
            "deployment shop { name=\"shop\" image=\"a:b\" replicas=4 env \"A\" { value=\"1\" } read &one { at=\"/data\" } "
            "write &two { at=\"/two\" subpath=\"x\" } scratch 1Gi { at=\"/tmp\" } env \"B\" { value=5 } }");
}

struct UseCase {
  const char* name;
  const char* use;
  const char* codes;   // lines count from the use
};

class Uses : public testing::TestWithParam<UseCase> {};

TEST_P(Uses, AreChecked) {
  Compiled run("stack t " + std::string("{ }") + "component web { param image: image param replicas: int in 1..10 = 2 param mounts: parts<read, write> "
          "deployment main { name = name image = image replicas = replicas ...mounts } output url = \"u\" } claim c { size = 1Gi }\n" +
          GetParam().use);
  EXPECT_EQ(run.codes(), GetParam().codes) << run.messages();
}

std::string useName(const testing::TestParamInfo<UseCase>& use) { return use.param.name; }

INSTANTIATE_TEST_SUITE_P(Components, Uses, testing::Values(
    UseCase{"Missing", "web w { }\n", "2010@2:1"},
    UseCase{"Unknown", "web w { image = \"a\"  replcas = 3 }\n", "2023@2:22"},
    UseCase{"MisspeltRequired", "web w { imge = \"a\" }\n", "2023@2:9"},
    UseCase{"Type", "web w { image = 5 }\n", "2006@2:17"},
    UseCase{"Range", "web w { image = \"a\"  replicas = 11 }\n", "2015@2:33"},
    UseCase{"Twice", "web w { image = \"a\"  image = \"b\" }\n", "2008@2:22"},
    UseCase{"LineOfAnotherKind", "web w { image = \"a\"  scratch 1Gi at \"/x\" }\n", "2023@2:22"},
    UseCase{"LineItself", "web w { image = \"a\"  read c at \"/x\" { subpth = \"x\" } }\n", "2003@2:39"},
    UseCase{"UnknownExport", "web w { image = \"a\" }\noutput x = w.ulr\n", "2003@3:14"},
    UseCase{"NotAValue", "output x = web\n", "2037@2:12"},
    UseCase{"SameObject", "web w { image = \"a\" }\nweb v { name = \"w\"  image = \"a\" }\n", "2009@1:138"},
    UseCase{"NameOfAUse", "web v { name = \"w\"  image = \"a\" }\noutput x = v.url\n", ""},
    UseCase{"ForwardExport", "output x = w.url\nweb w { image = \"a\" }\n", ""},
    UseCase{"Loop", "for i in 0..1 { web \"w${i}\" { image = \"a\"  if i > 0 { replicas = 3 } } }\n", ""}),
    useName);

TEST(Components, LinesThatTheKindDoesNotTake) {
  Compiled run(stacked("component c { param m: parts<read>\n service s { port = 80  ...m } }\n"));
  EXPECT_EQ(run.codes(), "2048@3:28") << run.messages();
}

TEST(Components, NestAndStaySeparate) {
  Compiled run(stacked(R"(
component inner { param size: quantity  claim data { name = "${name}-data"  size = size } output name = data.name }
component outer { param n: int  for i in 0..<n { inner "${name}-${i}" { size = 1Gi * (i + 1) } } }
outer a { n = 2 }
outer b { n = 1 }
)"));
  EXPECT_EQ(run.messages(), "");
  EXPECT_EQ(run.thing("a-1-data"), "claim a-1-data { name=\"a-1-data\" size=2Gi }");
  EXPECT_EQ(run.program->resources.size(), 3u);
}

TEST(Libraries, NamesAndResources) {
  Compiled run;
  run.files["./lib.mlstack"] = "let version = \"1.2\"\nexternal class fast { provisioner = \"x\" }\n"
                               "component c { param v: string = version  config conf { name = name  data { v = v } } }\n"
                               "kind widget = \"v1/PersistentVolumeClaim\" { size: quantity -> spec.resources.requests.storage }\n";
  run.evaluate(stacked("import \"./lib.mlstack\" as lib\nlib.c one { }\nlib.widget w { size = 1Gi }\nclaim d { class = lib.fast  size = 1Gi }\noutput v = lib.version\n"));
  EXPECT_EQ(run.messages(), "");
  EXPECT_EQ(run.thing("one"), "config one { name=\"one\" data={v: \"1.2\"} }");
  EXPECT_EQ(run.thing("w"), "widget w { size=1Gi }");
  EXPECT_EQ(run.output("v"), "\"1.2\"");
}

TEST(Libraries, WhatDoesNotBelong) {
  Compiled run;
  run.files["./lib.mlstack"] = "stack no\nparam x: int = 5\noutput y = 1\n";
  run.files["./a.mlstack"] = "import \"./b.mlstack\"\n";
  run.files["./b.mlstack"] = "import \"./a.mlstack\"\n";
  run.evaluate(stacked("import \"./lib.mlstack\" as lib\nimport \"./a.mlstack\" as a\nimport \"./gone.mlstack\" as gone\noutput x = lib.nope\noutput y = gone.z\n"));
  EXPECT_EQ(run.codes(), "1001@4:8 2003@5:16 2031@1:1 2031@2:1 2031@3:1 2013@1:8") << run.messages();
}

}  // namespace
}  // namespace mlstack::tests
