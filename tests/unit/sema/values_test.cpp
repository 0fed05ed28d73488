#include "support.h"

#include "sema/checks.h"
#include "sema/encode.h"

namespace mlstack::tests {
namespace {

struct ValueCase {
  const char* expression;
  const char* expected;
};

class Values : public testing::TestWithParam<ValueCase> {};

TEST_P(Values, Evaluate) {
  Compiled run(stacked(std::string("output x = ") + GetParam().expression + "\n"));
  EXPECT_EQ(run.messages(), "") << GetParam().expression;
  EXPECT_EQ(run.output("x"), GetParam().expected) << GetParam().expression;
}

INSTANTIATE_TEST_SUITE_P(Operators, Values, testing::Values(
    ValueCase{"1 + 2 * 3", "7"}, ValueCase{"(1 + 2) * 3", "9"}, ValueCase{"7 / 2", "3"}, ValueCase{"-7 % 3", "-1"},
    ValueCase{"7.0 / 2", "3.5"}, ValueCase{"1.5 + 1", "2.5"}, ValueCase{"-(2)", "-2"}, ValueCase{"!true || 1 < 2", "true"},
    ValueCase{"10Gi + 512Mi", "10752Mi"}, ValueCase{"2 * 40Gi", "80Gi"}, ValueCase{"40Gi * 2 - 10Gi", "70Gi"},
    ValueCase{"80Gi / 40Gi", "2"}, ValueCase{"10Gi / 4", "2560Mi"}, ValueCase{"1h + 30s", "3630s"}, ValueCase{"2h / 30s", "240"},
    ValueCase{"1h30m == 90s * 60", "true"}, ValueCase{"10Gi > 9000Mi", "true"}, ValueCase{"\"b\" > \"a\"", "true"},
    ValueCase{"2 in [1, 2]", "true"}, ValueCase{"3 in 0..3", "true"}, ValueCase{"3 in 0..<3", "false"},
    ValueCase{"\"a\" in { a = 1 }", "true"}, ValueCase{"null == null", "true"}, ValueCase{"[1, 2] == [1, 2]", "true"},
    ValueCase{"1 == 1.0", "true"}, ValueCase{"if 1 > 2 then \"a\" else \"b\"", "\"b\""}));

INSTANTIATE_TEST_SUITE_P(Structures, Values, testing::Values(
    ValueCase{"[1, ...[2, 3], 4]", "[1, 2, 3, 4]"}, ValueCase{"{ a = 1  b.c = 2  b.d = 3 }", "{a: 1, b: {c: 2, d: 3}}"},
    ValueCase{"{ a = 1, ...{ a = 2, b = 3 } }", "{a: 2, b: 3}"}, ValueCase{"[for i in 1..3: i * i]", "[1, 4, 9]"},
    ValueCase{"[for i in 0..5 if i % 2 == 0: i]", "[0, 2, 4]"}, ValueCase{"[for i, x in [\"a\", \"b\"]: \"${i}${x}\"]", "[\"0a\", \"1b\"]"},
    ValueCase{"{for k, v in { a = 1, b = 2 }: \"${k}x\" = v + 1}", "{ax: 2, bx: 3}"}, ValueCase{"[for k in { a = 1 }: k]", "[\"a\"]"},
    ValueCase{"[10, 20][1]", "20"}, ValueCase{"{ a = { b = 5 } }.a.b", "5"}, ValueCase{"{ \"x/y\" = 5 }[\"x/y\"]", "5"},
    ValueCase{"\"n=${1 + 1} q=${2 * 1Gi} d=${90s} b=${true} f=${0.5}\"", "\"n=2 q=2Gi d=90s b=true f=0.5\""}));

INSTANTIATE_TEST_SUITE_P(Functions, Values, testing::Values(
    ValueCase{"join([\"a\", 1, 2Gi], \"-\")", "\"a-1-2Gi\""}, ValueCase{"split(\"a,b,\", \",\")", "[\"a\", \"b\", \"\"]"},
    ValueCase{"format(\"{}-{:03d}{{}}\", \"a\", 7)", "\"a-007{}\""}, ValueCase{"length([1, 2]) + length(\"äö\") + length({ a = 1 }) + length(0..3)", "9"},
    ValueCase{"keys({ b = 1, a = 2 })", "[\"b\", \"a\"]"}, ValueCase{"values({ b = 1, a = 2 })", "[1, 2]"},
    ValueCase{"lower(\"AbC\")", "\"abc\""}, ValueCase{"upper(\"AbC\")", "\"ABC\""}, ValueCase{"trim(\"  a b \")", "\"a b\""},
    ValueCase{"replace(\"aXbX\", \"X\", \"--\")", "\"a--b--\""}, ValueCase{"contains(\"abc\", \"bc\") && contains([1, 2], 2)", "true"},
    ValueCase{"starts_with(\"abc\", \"ab\") && ends-with(\"abc\", \"bc\")", "true"}, ValueCase{"min(3, 1, 2)", "1"}, ValueCase{"max([1Gi, 2Gi])", "2Gi"},
    ValueCase{"sum([1, 2, 3])", "6"}, ValueCase{"sum([1Gi, 2Gi])", "3Gi"}, ValueCase{"sum([])", "0"}, ValueCase{"sum([1, 0.5])", "1.5"},
    ValueCase{"abs(-5)", "5"}, ValueCase{"ceil(1.2)", "2"}, ValueCase{"floor(-1.2)", "-2"}, ValueCase{"round(2.5)", "3"},
    ValueCase{"to_string(5)", "\"5\""}, ValueCase{"to_int(\"42\")", "42"}, ValueCase{"merge({ a = 1 }, { b = 2 }, { a = 3 })", "{a: 3, b: 2}"},
    ValueCase{"flatten([[1], [2, 3], 4])", "[1, 2, 3, 4]"}, ValueCase{"distinct([1, 2, 1, \"1\"])", "[1, 2, \"1\"]"},
    ValueCase{"sort([3, 1, 2])", "[1, 2, 3]"}, ValueCase{"reverse([1, 2])", "[2, 1]"}, ValueCase{"zip([1, 2], [\"a\", \"b\"])", "[[1, \"a\"], [2, \"b\"]]"},
    ValueCase{"enumerate([\"a\"])", "[[0, \"a\"]]"}, ValueCase{"lookup({ a = 1 }, \"b\", 7)", "7"}, ValueCase{"has({ a = 1 }, \"a\")", "true"},
    ValueCase{"base64(\"hello\")", "\"aGVsbG8=\""}, ValueCase{"sha256(\"abc\", 8)", "\"ba7816bf\""},
    ValueCase{"json({ a = [1, 2.5, \"x\", null] b = 10Gi })", "\"{\"a\":[1,2.5,\"x\",null],\"b\":\"10Gi\"}\""},
    ValueCase{"yaml({ a = [1] b = \"no\" c = {} })", "\"a:\n  - 1\nb: \"no\"\nc: {}\n\""}, ValueCase{"quantity(\"10Gi\")", "10Gi"},
    ValueCase{"duration(\"90s\")", "90s"}, ValueCase{"bytes(1Ki)", "1024"}, ValueCase{"seconds(1500ms)", "2"},
    ValueCase{"indent(\"a\\nb\", 2)", "\"  a\n  b\""}, ValueCase{"basename(\"/a/b/\")", "\"b\""}, ValueCase{"dirname(\"/a/b\")", "\"/a\""},
    ValueCase{"slug(\"Llama 3.1_8B!\")", "\"llama-3-1-8b\""}, ValueCase{"[for i in range(3): i]", "[0, 1, 2]"}));

TEST(Functions, EveryOneHasASignatureThatBeginsWithItsName) {
  for (const auto& function : sema::functions()) {
    EXPECT_EQ(function.signature.substr(0, function.name.size() + 1), std::string(function.name) + "(");
    EXPECT_FALSE(function.doc.empty()) << function.name;
  }
}

TEST(Functions, FileReadsWhatLiesUnderTheProject) {
  Compiled run;
  run.files["train.py"] = "print(1)\nprint(2)\n";
  run.evaluate(stacked("output x = file(\"train.py\")\noutput y = file(\"gone.py\")\n"));
  EXPECT_EQ(run.output("x"), "\"print(1)\nprint(2)\n\"");
  EXPECT_EQ(run.codes(), "1001@3:17");
}

TEST(Encode, Sha256OfKnownTexts) {
  EXPECT_EQ(sema::encode::sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sema::encode::sha256(std::string(200, 'a')).size(), 64u);
  EXPECT_EQ(sema::encode::sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Checks, Names) {
  using namespace sema::checks;
  EXPECT_EQ(labelFault("a-1"), "");
  EXPECT_NE(labelFault("a.b"), "");
  EXPECT_NE(labelFault("A"), "");
  EXPECT_NE(labelFault("-a"), "");
  EXPECT_NE(labelFault(std::string(64, 'a')), "");
  EXPECT_EQ(subdomainFault("a.b-c"), "");
  EXPECT_NE(subdomainFault("a..b"), "");
  EXPECT_NE(serviceFault("1a"), "");
  EXPECT_EQ(objectNameFault("rbac.authorization.k8s.io/v1/Role", "system:x"), "");
  EXPECT_NE(objectNameFault("batch/v1/CronJob", std::string(53, 'a')), "");
  EXPECT_EQ(portNameFault("http"), "");
  EXPECT_NE(portNameFault("a-name-of-sixteen"), "");
  EXPECT_NE(portNameFault("80"), "");
}

TEST(Checks, ImagesAndSchedules) {
  using namespace sema::checks;
  for (const char* good : {"busybox", "a/b:1", "ghcr.io/a/b-c:v1.2_3", "localhost:5000/a:b", "a@sha256:0123456789abcdef0123456789abcdef"}) {
    EXPECT_EQ(imageFault(good), "") << good;
  }
  for (const char* bad : {"", "A/b", "a b", "https://a/b", "a:", "a//b", "a@sha256:xyz", "a:-b"}) EXPECT_NE(imageFault(bad), "") << bad;
  for (const char* good : {"15 2 * * *", "*/5 0-6,22 1 jan mon-fri", "@daily", "0 0 * * 7"}) EXPECT_EQ(cronFault(good), "") << good;
  for (const char* bad : {"", "* * * *", "60 * * * *", "* * * * mun", "5-1 * * * *", "*/0 * * * *", "@often", "TZ=UTC * * * * *"}) {
    EXPECT_NE(cronFault(bad), "") << bad;
  }
}

}  // namespace
}  // namespace mlstack::tests
