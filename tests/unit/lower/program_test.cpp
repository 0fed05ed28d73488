// Whole programs: what is noted beside the trees, and that every node knows where it came from.

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "ir/stack.h"
#include "lower/lower.h"
#include "parse/parse.h"
#include "sema/sema.h"

namespace mlstack::lower {
namespace {

struct Compiled {
  base::SourceSet sources;
  base::SymbolTable symbols;
  diag::Sink sink;
  schema::Catalog catalog;
  std::unique_ptr<syntax::File> file;
  std::unique_ptr<sema::Program> program;
  std::unique_ptr<ir::Stack> stack;

  explicit Compiled(std::string text) {
    const auto& source = sources.add("test.mlstack", std::move(text));
    file = parse::parseFile(source, symbols, sink);
    sema::FileAccess access;
    access.import = [](std::string_view, const base::SourceFile&, base::Span, const base::SourceFile*&) -> const syntax::File* { return nullptr; };
    access.read = [](std::string_view, const base::SourceFile&, base::Span) { return std::optional<std::string_view>(); };
    program = sema::evaluate(source, *file, access, catalog, {}, symbols, sink);
    if (program->ok) stack = lowerProgram(*program, catalog, sink);
  }
  std::string messages() const {
    std::string out;
    for (const auto& d : sink.all()) out += d.message + "\n";
    return out;
  }
  const ir::Object* object(std::string_view kind, std::string_view name) const {
    for (const auto& each : stack->objects) {
      if (symbols.text(each.kind) == kind && symbols.text(each.name) == name) return &each;
    }
    return nullptr;
  }
  const ir::Node* at(std::string_view kind, std::string_view name, std::string_view path) const {
    const auto* found = object(kind, name);
    return found == nullptr ? nullptr : ir::findPath(found->root, path, symbols);
  }
};

constexpr std::string_view kProgram = R"(stack demo {
  namespace = "ml"
  labels { team = "ml" }
}

external class fast {
  name         = "fast-ssd"
  provisioner  = "ebs.csi.aws.com"
  modes        = [ReadWriteOnce, ReadWriteOncePod]
  expandable   = true
  topology     = zone
  minimum-size = 1Gi
}

class local-disks {
  provisioner = "kubernetes.io/no-provisioner"
  binding     = WaitForFirstConsumer
}

claim data {
  class   = fast
  size    = 100Gi
  access  = ReadWriteOnce
  protect = true
  allow MLS3001 "a test"
}

external claim images { size = 1Ti  access = ReadOnlyMany }
secret keys { keys = ["token"] }
config settings { data { LEVEL = "info" } }
account runner { allows "pods" { verbs = ["get"] } }

job train {
  image   = "example.com/train:1"
  account = runner
  env { LEVEL = settings["LEVEL"]  TOKEN = keys["token"] }
  read images at "/images"
  checkpoint data at "/ckpt" { every = 10m  keep = 3  size = 40Gi  flush = 60s }
  scratch 16Gi at "/dev/shm" { medium = Memory }
  sidecar watch {
    image = "example.com/watch:1"
    read data at "/ckpt"
  }
  tolerate "nvidia.com/gpu"
  with { spec { ttlSecondsAfterFinished = 60 } }
}

deployment web { image = "nginx:1.27" }
service web-address { selects = web  port = 80 }

object "jobset.x-k8s.io/v1alpha2/JobSet" set {
  spec {
    replicatedJobs = [{
      name = "w"
      template { spec { template { spec { containers = [{ name = "w", image = "w:1" }] } } } }
    }]
  }
}

output claim = data.name
output count: int = 3
output pod = train.status.startTime
)";

bool allKnown(const ir::Node& node, std::string path, std::string& fault) {
  if (!node.span.known()) {
    fault = path;
    return false;
  }
  int index = 0;
  for (const auto& child : ir::Children(&node)) {
    if (!allKnown(child, path + "/" + std::to_string(index++), fault)) return false;
  }
  return true;
}

TEST(Program, EveryNodeKnowsItsPlace) {
  const Compiled c{std::string(kProgram)};
  ASSERT_NE(c.stack, nullptr) << c.messages();
  EXPECT_FALSE(c.sink.hasErrors()) << c.messages();
  for (const auto& object : c.stack->objects) {
    std::string fault;
    EXPECT_TRUE(allKnown(*object.root, std::string(c.symbols.text(object.kind)), fault)) << fault;
  }
  for (const auto& breach : ir::verify(*c.stack)) ADD_FAILURE() << breach;
}

TEST(Program, ObjectsSayWhatTheyAre) {
  const Compiled c{std::string(kProgram)};
  ASSERT_NE(c.stack, nullptr) << c.messages();
  const auto* data = c.object("PersistentVolumeClaim", "data");
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(data->role, ir::Role::Claim);
  EXPECT_TRUE(data->isProtected);
  EXPECT_FALSE(data->external);
  EXPECT_EQ(c.symbols.text(data->nameSpace), "ml");
  EXPECT_EQ(c.at("PersistentVolumeClaim", "data", "spec.storageClassName")->text(), "fast-ssd");
  EXPECT_TRUE(c.object("PersistentVolumeClaim", "images")->external);
  EXPECT_TRUE(c.object("Secret", "keys")->external) << "a secret is never emitted";
  EXPECT_EQ(c.object("JobSet", "set")->role, ir::Role::Workload);
  EXPECT_EQ(c.object("Role", "runner")->role, ir::Role::Other);
  EXPECT_NE(c.object("RoleBinding", "runner"), nullptr);
  EXPECT_FALSE(c.object("StorageClass", "local-disks")->nameSpace);
  EXPECT_EQ(c.at("StorageClass", "local-disks", "metadata.labels.team")->text(), "ml");
  EXPECT_EQ(c.at("StorageClass", "fast-ssd", "metadata.labels"), nullptr) << "an external is left as it is";
}

TEST(Program, ClassesCarryTheirFacts) {
  const Compiled c{std::string(kProgram)};
  ASSERT_NE(c.stack, nullptr) << c.messages();
  const auto* fast = c.object("StorageClass", "fast-ssd")->facts;
  ASSERT_NE(fast, nullptr);
  EXPECT_EQ(fast->provisioner, "ebs.csi.aws.com");
  EXPECT_EQ(std::vector<std::string_view>(fast->accessModes.begin(), fast->accessModes.end()),
            (std::vector<std::string_view>{"ReadWriteOnce", "ReadWriteOncePod"}));
  EXPECT_EQ(fast->topology, "zone");
  EXPECT_EQ(fast->expandable, true);
  EXPECT_FALSE(fast->snapshots.has_value()) << "not stated is not known";
  EXPECT_TRUE(fast->bindingMode.empty());
  EXPECT_EQ(fast->minimumSize->text(), "1Gi");
  const auto* own = c.object("StorageClass", "local-disks")->facts;
  EXPECT_EQ(own->bindingMode, "WaitForFirstConsumer");
  EXPECT_EQ(own->reclaim, "Delete") << "what the API takes when nothing is said";
  EXPECT_EQ(own->expandable, false);
}

TEST(Program, MountsAreNotedWithWhatTheyMean) {
  const Compiled c{std::string(kProgram)};
  ASSERT_NE(c.stack, nullptr) << c.messages();
  const auto find = [&](std::string_view container, std::string_view path) -> const ir::MountIntent* {
    for (const auto& intent : c.stack->mountIntents) {
      if (c.symbols.text(intent.container) == container && intent.path == path) return &intent;
    }
    return nullptr;
  };
  EXPECT_EQ(c.stack->mountIntents.size(), 4u);
  ASSERT_NE(find("train", "/images"), nullptr);
  EXPECT_EQ(find("train", "/images")->intent, ir::Intent::Read);
  EXPECT_EQ(find("train", "/dev/shm")->intent, ir::Intent::Scratch);
  EXPECT_EQ(find("watch", "/ckpt")->intent, ir::Intent::Read);
  const auto* checkpoint = find("train", "/ckpt");
  ASSERT_NE(checkpoint, nullptr);
  EXPECT_EQ(checkpoint->intent, ir::Intent::Checkpoint);
  ASSERT_NE(checkpoint->contract, nullptr);
  EXPECT_EQ(checkpoint->contract->everyMs, 600'000);
  EXPECT_EQ(checkpoint->contract->keep, 3);
  EXPECT_EQ(checkpoint->contract->size->text(), "40Gi");
  EXPECT_EQ(checkpoint->contract->flushMs, 60'000);
}

TEST(Program, WhatTheCompilerAddsIsMarked) {
  const Compiled c{std::string(kProgram)};
  ASSERT_NE(c.stack, nullptr) << c.messages();
  const auto implied = [&](std::string_view kind, std::string_view name, std::string_view path) {
    const auto* node = c.at(kind, name, path);
    return node != nullptr && (node->flags & ir::FlagImplied) != 0;
  };
  EXPECT_TRUE(implied("Job", "train", "spec.template.spec.restartPolicy"));
  EXPECT_TRUE(implied("Deployment", "web", "spec.selector"));
  EXPECT_TRUE(implied("Deployment", "web", "spec.selector.matchLabels"));
  EXPECT_FALSE(implied("Job", "train", "spec.template.spec"));
  EXPECT_FALSE(implied("Job", "train", "spec.ttlSecondsAfterFinished"));
  const auto* raw = c.at("Job", "train", "spec.ttlSecondsAfterFinished");
  ASSERT_NE(raw, nullptr);
  EXPECT_NE(raw->flags & ir::FlagRaw, 0) << "an overlay is checked field by field";
}

TEST(Program, OutputsAndAllowances) {
  const Compiled c{std::string(kProgram)};
  ASSERT_NE(c.stack, nullptr) << c.messages();
  ASSERT_EQ(c.stack->outputs.size(), 3u);
  EXPECT_EQ(c.stack->outputs[0].value->text(), "data");
  EXPECT_EQ(c.stack->outputs[1].value->integer, 3);
  EXPECT_EQ(c.stack->outputs[2].value, nullptr);
  EXPECT_EQ(c.stack->outputs[2].fieldPath, "status.startTime");
  EXPECT_EQ(c.symbols.text(c.stack->objects[c.stack->outputs[2].object].name), "train");
  ASSERT_EQ(c.stack->allows.size(), 1u);
  EXPECT_EQ(c.stack->allows[0].code, 3001);
  EXPECT_EQ(c.symbols.text(c.stack->objects[c.stack->allows[0].object].name), "data");
}

}  // namespace
}  // namespace mlstack::lower
