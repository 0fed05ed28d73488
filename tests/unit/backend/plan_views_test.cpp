// A plan as text, JSON, Markdown, HTML and as a file: nothing is lost, nothing from a cluster steers a terminal or a page.

#include "backend/plan.h"

#include <gtest/gtest.h>

#include "backend/consent.h"
#include "base/sha256.h"
#include "diag/cluster.h"
#include "yaml/yaml.h"

namespace mlstack::backend {
namespace {

Plan sample() {
  Plan plan;
  plan.stack = "train";
  plan.nameSpace = "ml";
  plan.server = "https://10.0.0.1:6443";
  plan.context = "lab";
  plan.inventory = "train-x7k2";
  plan.setId = "applyset-abc-v1";
  auto& create = plan.steps.emplace_back();
  create.action = Action::Create;
  create.object = {"v1", "ConfigMap", "ml", "settings"};
  create.body = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings"},"data":{"a":"é\n"}})";
  create.group = 4;
  create.dryRun = true;
  create.place = "train.mlstack:3:1";
  auto& update = plan.steps.emplace_back();
  update.action = Action::Update;
  update.object = {"apps/v1", "StatefulSet", "ml", "db"};
  update.uid = "u-1";
  update.resourceVersion = "17";
  update.changes.push_back({".spec.replicas", "1", "3"});
  update.changes.push_back({.path = ".data.token", .before = "hunter2", .after = "hunter3", .redacted = true});
  update.conflicts.push_back({".spec.template", "kubectl", "a", "b"});
  update.warnings.emplace_back("spec.x is deprecated");
  auto& gone = plan.steps.emplace_back();
  gone.action = Action::Delete;
  gone.object = {"v1", "PersistentVolumeClaim", "ml", "old"};
  auto& same = plan.steps.emplace_back();
  same.object = {"v1", "Namespace", "", "ml"};
  StateFate lost;
  lost.fate = Fate::Lost;
  lost.object = gone.object;
  lost.size = "10Gi";
  lost.volume = "pv-1";
  lost.why = "reclaim policy Delete";
  lost.instead = "a snapshot first";
  lost.consent = "claim/old";
  lost.step = 2;
  plan.state.push_back(lost);
  plan.migrations.push_back({gone.object, "claim `old` moves", {"copy", "switch"}});
  plan.notes.emplace_back("nodes could not be listed");
  return plan;
}

std::optional<Plan> readBack(std::string text, diag::Sink& sink) {
  base::SourceSet sources;
  return readPlanFile(sources.add("a.plan", std::move(text)), sink);
}

TEST(PlanFile, ReadsBackTheSame) {
  const auto plan = sample();
  const auto text = planFile(plan);
  diag::Sink sink;
  const auto back = readBack(text, sink);
  ASSERT_TRUE(back) << (sink.all().empty() ? "" : sink.all()[0].message);
  EXPECT_EQ(planFile(*back), text);
  ASSERT_EQ(back->steps.size(), 4u);
  EXPECT_EQ(back->steps[0].body, plan.steps[0].body);
  EXPECT_EQ(back->steps[1].uid, "u-1");
  EXPECT_EQ(back->steps[1].changes[0].after, "3");
  EXPECT_EQ(back->state[0].consent, "claim/old");
}

TEST(PlanFile, HoldsNoSecret) { EXPECT_EQ(planFile(sample()).find("hunter"), std::string::npos); }

TEST(PlanFile, EveryDamageIsFound) {
  const auto text = planFile(sample());
  // One byte changed anywhere but in what is read over (blanks there are none), and every cut.
  for (std::size_t i = 0; i < text.size(); i += 7) {
    auto damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    diag::Sink sink;
    EXPECT_FALSE(readBack(damaged, sink)) << i;
    EXPECT_TRUE(sink.hasErrors()) << i;
  }
  for (std::size_t i = 0; i < text.size(); i += 13) {
    diag::Sink sink;
    EXPECT_FALSE(readBack(text.substr(0, i), sink)) << i;
    EXPECT_TRUE(sink.hasErrors()) << i;
  }
}

TEST(PlanViews, NamesEveryStepAndFate) {
  const auto plan = sample();
  for (const auto& text : {planText(plan, {}), planMarkdown(plan), planHtml(plan)}) {
    EXPECT_NE(text.find("settings"), std::string::npos);
    EXPECT_NE(text.find(".spec.replicas"), std::string::npos);
    EXPECT_NE(text.find("--allow-data-loss claim/old"), std::string::npos);
    EXPECT_NE(text.find("10Gi"), std::string::npos);
    EXPECT_EQ(text.find("hunter"), std::string::npos);
    EXPECT_NE(text.find("cannot be carried out"), std::string::npos);
  }
  EXPECT_EQ(planText(plan, {}).find("Namespace/ml"), std::string::npos);
  EXPECT_NE(planText(plan, {.unchanged = true}).find("Namespace/ml"), std::string::npos);
  EXPECT_EQ(planText(plan, {}).find('\x1b'), std::string::npos);
  EXPECT_NE(planText(plan, {.color = true}).find("\x1b[32m"), std::string::npos);
}

TEST(PlanViews, JsonIsJsonWithAVersion) {
  base::SourceSet sources;
  base::SymbolTable symbols;
  base::Arena arena;
  ir::Builder builder(arena);
  diag::Sink sink;
  const auto documents = yaml::readDocuments(sources.add("plan.json", planJson(sample())), symbols, builder, sink);
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_FALSE(sink.hasErrors());
  EXPECT_EQ(ir::findPath(documents[0], "version", symbols)->integer, 1);
  EXPECT_EQ(ir::findPath(documents[0], "summary.create", symbols)->integer, 1);
  EXPECT_TRUE(ir::findPath(documents[0], "risksData", symbols)->boolean);
  EXPECT_EQ(ir::findPath(documents[0], "steps", symbols)->length, 4u);
}

TEST(PlanViews, WhatAClusterSaysSteersNothing) {
  auto plan = sample();
  plan.steps[1].changes[0].after = "\x1b[2J gone\r<script>alert(1)</script>|**x**\n`";
  plan.steps[1].object.name = "a<b>\x07";
  plan.notes[0] = "</style><img src=x onerror=1>";
  EXPECT_EQ(planText(plan, {}).find('\x1b'), std::string::npos);
  EXPECT_EQ(planText(plan, {}).find('\r'), std::string::npos);
  const auto html = planHtml(plan);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("<img"), std::string::npos);
  EXPECT_EQ(html.find("http"), html.find("https://10.0.0.1")) << "a page loads nothing";
  const auto markdown = planMarkdown(plan);
  EXPECT_EQ(markdown.find('\x1b'), std::string::npos);
  EXPECT_EQ(markdown.find("</style><img"), std::string::npos);
}

TEST(Consent, NamesOfKinds) {
  const ObjectRef claim{"v1", "PersistentVolumeClaim", "ml", "model"};
  for (const auto* text : {"claim/model", "pvc/model", "PVC/model", "PersistentVolumeClaim/model", "persistentvolumeclaims/ml/model"})
    EXPECT_TRUE(isConsented({text}, claim, "ml")) << text;
  for (const auto* text : {"claim/other", "claim", "model", "/model", "pv/model", "claim/other/model", "", "claim/"})
    EXPECT_FALSE(isConsented({text}, claim, "ml")) << text;
  EXPECT_EQ(consentName(claim, "ml"), "claim/model");
  EXPECT_TRUE(isConsented({consentName(claim, "ml")}, claim, "ml"));
  EXPECT_EQ(consentName(claim, "prod"), "claim/ml/model");
  EXPECT_TRUE(isConsented({"claim/ml/model"}, claim, "prod"));
  EXPECT_FALSE(isConsented({"claim/model"}, claim, "prod"));
  const ObjectRef custom{"example.com/v1", "Claim", "ml", "model"};
  EXPECT_FALSE(isConsented({"claim/model"}, custom, "ml"));
  EXPECT_EQ(consentName(custom, "ml"), "Claim.example.com/model");
  EXPECT_TRUE(isConsented({consentName(custom, "ml")}, custom, "ml"));
  EXPECT_TRUE(holdsData("snapshot.storage.k8s.io/v1", "VolumeSnapshot"));
  EXPECT_FALSE(holdsData("apps/v1", "StatefulSet"));
  EXPECT_FALSE(holdsData("example.com/v1", "PersistentVolume"));
}

TEST(Sha256, AgreesWithTheStandard) {
  EXPECT_EQ(base::sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(base::sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(base::sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(base::sha256Hex(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace mlstack::backend
