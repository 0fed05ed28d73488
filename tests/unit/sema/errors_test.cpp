#include "support.h"

namespace mlstack::tests {
namespace {

struct ErrorCase {
  const char* name;
  const char* text;      // after `stack t` on line 1
  const char* codes;
};

class Errors : public testing::TestWithParam<ErrorCase> {};

TEST_P(Errors, AreFoundAtTheirPlace) {
  Compiled run(stacked(GetParam().text));
  EXPECT_EQ(run.codes(), GetParam().codes) << run.messages();
  EXPECT_FALSE(run.program->ok && *GetParam().codes != '\0');
}

std::string caseName(const testing::TestParamInfo<ErrorCase>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Names, Errors, testing::Values(
    ErrorCase{"UnknownName", "output x = nope\n", "2001@2:12"},
    ErrorCase{"UnknownKind", "clam x { size = 1Gi }\n", "2002@2:1"},
    ErrorCase{"UnknownField", "claim x { sise = 1Gi  size = 1Gi }\n", "2003@2:11"},
    ErrorCase{"UnknownWord", "claim x { access = ReadWriteOce }\n", "2004@2:20"},
    ErrorCase{"UnknownFunction", "output x = lenght([1])\n", "2005@2:12"},
    ErrorCase{"TwiceInABlock", "let a = 1\nlet a = 2\n", "2007@3:5"},
    ErrorCase{"LabelTwice", "claim a { size = 1Gi }\nclaim a { size = 2Gi }\n", "2007@3:7"},
    ErrorCase{"LabelOfAnotherKind", "claim a { size = 1Gi }\nconfig a { }\n", ""},
    ErrorCase{"FieldTwice", "claim a { size = 1Gi  size = 2Gi }\n", "2008@2:23"},
    ErrorCase{"KeyTwice", "let m = { a = 1, a = 2 }\n", "2008@2:18"},
    ErrorCase{"ObjectTwice", "claim a { name = \"x\" }\nclaim b { name = \"x\" }\n", "2009@3:18"},
    ErrorCase{"ObjectTwiceByLoop", "for i in 0..1 { claim a { size = 1Gi } }\n", "2009@2:17"},
    ErrorCase{"SameNameOtherKind", "claim a { name = \"x\" }\nconfig b { name = \"x\" }\n", ""},
    ErrorCase{"SameNameOtherNamespace", "claim a { name = \"x\" }\nclaim b { name = \"x\"  namespace = \"n\" }\n", ""},
    ErrorCase{"Required", "volume v { capacity = 1Gi  access = ReadWriteOnce }\n", "2010@2:1"},
    ErrorCase{"NoSecondComplaintAboutAMisspeltField", "volume v { capacty = 1Gi  access = ReadWriteOnce  source = host_path(\"/x\") }\n", "2003@2:12"},
    ErrorCase{"MissingLabel", "claim { size = 1Gi }\n", "2040@2:1"},
    ErrorCase{"MountWithoutPath", "claim c { size = 1Gi }\npod p { image = \"a\"  read c }\n", "2010@3:22"},
    ErrorCase{"PartOutside", "container c { image = \"a\" }\n", "2038@2:1"},
    ErrorCase{"ThingInside", "pod p { image = \"a\"  claim c { size = 1Gi } }\n", "2039@2:22"},
    ErrorCase{"FieldOutside", "x = 5\n", "2031@2:1"},
    ErrorCase{"ObjectName", "claim my_claim { size = 1Gi }\n", "2017@2:7"},
    ErrorCase{"LabelMayBeAnythingWithAName", "claim my_claim { name = \"my-claim\" }\n", ""},
    ErrorCase{"ContainerNameAsText", "pod p { container \"a.b\" { image = \"x\" } }\n", "2017@2:19"},
    ErrorCase{"PortName", "pod p { image = \"x\"  port a-name-of-sixteen = 80 }\n", "2017@2:27"},
    ErrorCase{"UnknownRule", "allow MLS3999 \"x\"\n", "2046@2:7"},
    ErrorCase{"ObjectType", "object \"Pod\" x { }\n", "2047@2:8"}), caseName);

INSTANTIATE_TEST_SUITE_P(Types, Errors, testing::Values(
    ErrorCase{"StringForQuantity", "claim a { size = \"10Gi\" }\n", "2006@2:18"},
    ErrorCase{"IntForDuration", "pod p { image = \"a\"  grace = 30 }\n", "2006@2:30"},
    ErrorCase{"ConditionIsBool", "if 5 { claim a { size = 1Gi } }\n", "2006@2:4"},
    ErrorCase{"WrongReference", "claim a { size = 1Gi }\nclaim b { volume = a }\n", "2014@3:20"},
    ErrorCase{"StringForReference", "claim b { volume = \"x\" }\n", "2006@2:20"},
    ErrorCase{"ManualClassIsAString", "claim b { class = \"manual\" }\n", ""},
    ErrorCase{"OutsideRange", "job j { image = \"a\"  gpus = 5000 }\n", "2015@2:29"},
    ErrorCase{"PortRange", "service s { port = 99999 }\n", "2015@2:20"},
    ErrorCase{"ImageForm", "pod p { image = \"Upper/case\" }\n", "2034@2:17"},
    ErrorCase{"PathForm", "claim c { size = 1Gi }\npod p { image = \"a\"  read c at \"data\" }\n", "2034@3:32"},
    ErrorCase{"CronForm", "cronjob c { image = \"a\"  schedule = \"61 * * * *\" }\n", "2034@2:37"},
    ErrorCase{"Operands", "output x = 1 + \"a\"\n", "2024@2:12"},
    ErrorCase{"Units", "output x = 10Gi + 5\n", "2024@2:12"},
    ErrorCase{"UnitsCompared", "output x = 10Gi < 5s\n", "2024@2:12"},
    ErrorCase{"AmbiguousSuffix", "let x = 5m\noutput y = \"${x}\"\n", "2025@2:9"},
    ErrorCase{"SuffixTakesTheTypeOfItsPlace", "let x: duration = 5m\nlet y: quantity = 5m\npod p { image = \"a\"  grace = x  cpu = y }\njob j { image = \"a\"  grace = 5m  cpu = 5m }\n", ""},
    ErrorCase{"ClusterValueInAField", "pod a { image = \"x\" }\npod b { image = \"x\"  hostname = a.status.podIP }\n", "2026@3:33"},
    ErrorCase{"ClusterValueInAText", "pod a { image = \"x\" }\noutput b = \"${a.status.podIP}\"\n", "2026@3:15"},
    ErrorCase{"NoMembers", "output x = 5.y\n", "2027@2:14"},
    ErrorCase{"NoMembersOfANumber", "let a = 5\noutput x = a.y\n", "2027@3:14"},
    ErrorCase{"NoSuchKey", "output x = { a = 1 }[\"b\"]\n", "2028@2:22"},
    ErrorCase{"NoSuchElement", "output x = [1][3]\n", "2028@2:16"},
    ErrorCase{"DivisionByZero", "output x = 1 / 0\n", "2029@2:16"},
    ErrorCase{"Overflow", "output x = 9223372036854775807 + 1\n", "2030@2:12"},
    ErrorCase{"TooMany", "output x = [for i in 0..100000000: i]\n", "2035@2:22"},
    ErrorCase{"ConfigKey", "config c { data { a = \"1\" } }\noutput x = 1\njob j { image = \"a\"  env { X = c[\"b\"] } }\n", "2033@4:34"},
    ErrorCase{"FieldWrittenAsBlock", "claim c { size { } }\n", "2042@2:11"},
    ErrorCase{"FieldWrittenAsLine", "claim c { size 10Gi }\n", "2042@2:11"},
    ErrorCase{"ArgumentCount", "output x = length([1], [2])\n", "2022@2:12"},
    ErrorCase{"ArgumentName", "volume v { capacity = 1Gi access = ReadWriteOnce source = nfs(\"h\", \"/x\", readonly = true) }\n", "2023@2:74"},
    ErrorCase{"FunctionFails", "output x = to_int(\"x\")\n", "2045@2:19"},
    ErrorCase{"Assertion", "assert 1 > 2, \"no ${1 + 1}\"\n", "2021@2:8"},
    ErrorCase{"RecordField", "let x: { host: string } = { host = \"a\", prot = 5 }\n", "2003@2:41"},
    ErrorCase{"RecordLacks", "let x: { host: string, port: int = 80 } = { port = 5 }\n", "2010@2:43"}), caseName);

INSTANTIATE_TEST_SUITE_P(Cycles, Errors, testing::Values(
    ErrorCase{"Lets", "let a = b\nlet b = a\n", "2011@2:5"},
    ErrorCase{"Fields", "claim a { size = b.size }\nclaim b { size = a.size }\n", "2011@3:1"},
    ErrorCase{"FieldsWithoutCycle", "claim a { size = b.size  access = ReadWriteOnce }\nclaim b { size = 1Gi  access = a.access }\n", ""},
    ErrorCase{"Component", "component a { b x { } }\ncomponent b { a y { } }\na z { }\n", "2012@3:15"}), caseName);

INSTANTIATE_TEST_SUITE_P(Unreached, Errors, testing::Values(
    ErrorCase{"UntakenIf", "if false { claim a { sise = 1Gi  size = nope } }\n", "2003@2:22 2001@2:41"},
    ErrorCase{"UntakenElse", "if true { } else { output x = 1  claim a { size = nope } }\n", "2001@2:51"},
    ErrorCase{"EmptyLoop", "for i in [] { claim a { size = nope } }\n", "2001@2:32"},
    ErrorCase{"OtherArm", "let x = if true then 1 else nope\n", "2001@2:29"},
    ErrorCase{"ShortCircuit", "let x = true || nope\n", "2001@2:17"},
    ErrorCase{"EmptyComprehension", "let x = [for i in []: nope]\n", "2001@2:23"},
    ErrorCase{"UnusedComponent", "component c { param a: int\n job j { image = a  nme = 1 } }\n", "2006@3:18 2003@3:21"},
    ErrorCase{"DefaultOfAnUnusedParameter", "component c { param a: int = \"x\" }\n", "2006@2:30"},
    ErrorCase{"NoComplaintAboutValues", "if false { let x = 1 / 0  let y = { a = 1 }[\"b\"] }\n", ""},
    ErrorCase{"NullGuard", "let x: string? = null\nif x != null { claim a { name = x } }\n", ""},
    ErrorCase{"OnceInALoop", "for i in 0..5 { config a { name = \"a${i}\"  labels { b = nope } } }\n", "2001@2:57"}), caseName);

INSTANTIATE_TEST_SUITE_P(Statements, Errors, testing::Values(
    ErrorCase{"SecondStack", "stack u\n", "2031@2:1"},
    ErrorCase{"ParamInside", "if true { param x: int = 5 }\n", "2031@2:11"},
    ErrorCase{"UnknownStackField", "", ""}), caseName);

TEST(Errors, StackHeader) {
  Compiled run("stack t {\n namespce = \"x\"\n kubernetes = \"1.99\"\n}\n");
  EXPECT_EQ(run.codes(), "2003@2:2 2043@3:15") << run.messages();
  Compiled second("claim a { size = 1Gi }\n");
  EXPECT_EQ(second.codes(), "2032@1:1");
  Compiled third("let x = 1\nstack t\n");
  EXPECT_EQ(third.codes(), "2031@2:1");
  Compiled fourth("stack my_stack\n");
  EXPECT_EQ(fourth.codes(), "2017@1:7");
}

TEST(Errors, AreSilentAfterAnError) {
  Compiled run(stacked("let a = nope\nlet b = a + 1\nclaim c { size = b * 2  name = \"${b}\" }\noutput x = b.c.d\n"));
  EXPECT_EQ(run.codes(), "2001@2:9");
}

TEST(Errors, SuggestAndMend) {
  Compiled run(stacked("claim data { size = 1Gi }\npod p { image = \"a\"  read dta at \"/x\" }\n"));
  ASSERT_EQ(run.sink.all().size(), 1u);
  const auto& d = run.sink.all()[0];
  EXPECT_EQ(d.help, "did you mean `data`?");
  ASSERT_EQ(d.fixes.size(), 1u);
  EXPECT_EQ(d.fixes[0].edits[0].text, "data");
  ASSERT_EQ(d.related.size(), 1u);
  EXPECT_EQ(run.sources.place(d.related[0].span.begin)->line, 2u);
}

TEST(Errors, LongChainsOfLetsEndWell) {
  std::string text = "stack t\n";
  for (int i = 0; i < 50'000; ++i) text += "let a" + std::to_string(i) + " = a" + std::to_string(i + 1) + "\n";
  text += "let a50000 = 1\noutput x = a0\n";
  Compiled run(text);
  EXPECT_FALSE(run.sink.all().empty());
  EXPECT_EQ(static_cast<int>(run.sink.all()[0].code), 2036);
}

}  // namespace
}  // namespace mlstack::tests
