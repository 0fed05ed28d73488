#include "support.h"

#include "sema/explain.h"

namespace mlstack::tests {
namespace {

TEST(Explain, Kinds) {
  const auto text = sema::explainKind("claim");
  EXPECT_NE(text.find("claim (v1/PersistentVolumeClaim)"), std::string::npos);
  EXPECT_NE(text.find("  size "), std::string::npos);
  EXPECT_EQ(sema::explainKind("nothing"), "");
  EXPECT_EQ(sema::explainKind("claim.nothing"), "");
}

TEST(Explain, Members) {
  const auto text = sema::explainKind("claim.size");
  EXPECT_NE(text.find("claim.size: quantity"), std::string::npos);
  EXPECT_NE(text.find("spec.resources.requests.storage"), std::string::npos);
  EXPECT_NE(sema::explainKind("pod.container.image").find("image"), std::string::npos);
  EXPECT_NE(sema::explainKind("host_path").find("host_path(path"), std::string::npos);
}

TEST(Explain, EveryKindAndMember) {
  for (const auto& kind : sema::preludeKinds()) {
    EXPECT_FALSE(sema::explainKind(kind).empty());
    for (const auto& member : kind.members) EXPECT_FALSE(sema::explainMember(kind, member).empty());
  }
}

TEST(Explain, Reference) {
  const auto text = sema::referenceMarkdown();
  for (const auto& kind : sema::preludeKinds()) {
    if (kind.api.empty()) continue;
    EXPECT_NE(text.find("### `" + std::string(kind.name) + "`"), std::string::npos) << kind.name;
  }
  for (const auto& function : sema::functions()) EXPECT_NE(text.find("`" + std::string(function.name) + "("), std::string::npos);
}

TEST(TypeText, AsTheSourceWritesIt) {
  for (const char* type : {"int", "list<string>", "map<list<int>>", "enum(a, b)", "class | string", "{ a: int, b: string }", "claim?", "parts<read, write>"}) {
    Compiled run(stacked(std::string("component c { param p: ") + type + " }\nparam q: int = 1\n"));
    EXPECT_EQ(run.messages(), "") << type;
  }
  for (const char* type : {"int", "list<string>", "map<list<int>>", "{ a: int, b: string }", "quantity?"}) {
    Compiled run;
    run.options.missingParamsAreUnknown = true;
    run.evaluate(stacked(std::string("param p: ") + type + "\n"));
    EXPECT_EQ(run.program->params[0].type, type);
  }
}

}  // namespace
}  // namespace mlstack::tests
