#include "support.h"

namespace mlstack::tests {
namespace {

TEST(Things, TheSeedProgram) {
  Compiled run(R"(stack ml-training

volume ml-model-data-pv {
  capacity = 10Gi
  access   = ReadWriteOnce
  class    = "manual"
  reclaim  = Retain
  source   = host_path("/mnt/data")
}

claim ml-model-data-pvc { volume = ml-model-data-pv }

pod ml-training-pod {
  container ml-container {
    image = "tensorflow/tensorflow:2.16.1"
    port  = 80
    write ml-model-data-pvc at "/var/ml_model"
  }
}

output ml_training_pod_name = ml-training-pod.name
output ip = ml-training-pod.status.podIPs[0].ip
)");
  EXPECT_EQ(run.messages(), "");
  ASSERT_TRUE(run.program->ok);
  EXPECT_EQ(run.thing("ml-model-data-pv"),
            "volume ml-model-data-pv { capacity=10Gi access=[\"ReadWriteOnce\"] class=\"manual\" reclaim=\"Retain\" source=host-path(path=\"/mnt/data\") }");
  EXPECT_EQ(run.thing("ml-model-data-pvc"), "claim ml-model-data-pvc { volume=&ml-model-data-pv }");
  EXPECT_EQ(run.thing("ml-training-pod"),
            "pod ml-training-pod { container \"ml-container\" { image=\"tensorflow/tensorflow:2.16.1\" port  { value=80 } "
            "write &ml-model-data-pvc { at=\"/var/ml_model\" } } }");
  EXPECT_EQ(run.output("ml_training_pod_name"), "\"ml-training-pod\"");
  EXPECT_EQ(run.output("ip"), "ml-training-pod.status.podIPs[0].ip");
}

TEST(Things, EachTurnOfALoopHasItsOwn) {
  Compiled run(stacked(R"(
param rates: list<float> = [0.1, 0.01]
for i, rate in rates {
  claim ckpt { name = "ckpt-${i}"  size = 8Gi * (i + 1)  access = ReadWriteOnce }
  job train { name = "train-${i}"  image = "a"  args = ["--lr=${rate}"]  write ckpt at "/c" }
}
)"));
  EXPECT_EQ(run.messages(), "");
  EXPECT_EQ(run.thing("ckpt-1"), "claim ckpt-1 { name=\"ckpt-1\" size=16Gi access=[\"ReadWriteOnce\"] }");
  EXPECT_EQ(run.thing("train-1"), "job train-1 { name=\"train-1\" image=\"a\" args=[\"--lr=0.01\"] restart*=\"Never\" write &ckpt-1 { at=\"/c\" } }");
  EXPECT_EQ(run.program->resources.size(), 4u);
}

TEST(Things, LabelsMayBeTemplates) {
  Compiled run(stacked("for i in 0..<2 { claim \"data-${i}\" { size = 1Gi } }\nclaim \"x\" { size = 1Gi }\noutput s = x.size\n"));
  EXPECT_EQ(run.messages(), "");
  EXPECT_NE(run.find("data-1"), nullptr);
  EXPECT_EQ(run.output("s"), "1Gi");
}

TEST(Things, OrderDoesNotMatter) {
  Compiled run(stacked("claim b { size = a.size * 2 }\nlet twice = one * 2\nlet one = 1\nclaim a { size = 1Gi * twice }\noutput n = b.name\n"));
  EXPECT_EQ(run.messages(), "");
  EXPECT_EQ(run.thing("b"), "claim b { size=4Gi }");
}

TEST(Things, NullLeavesAFieldOut) {
  Compiled run(stacked("param cpu: quantity? = null\njob j { image = \"a\"  cpu = cpu }\n"));
  EXPECT_EQ(run.messages(), "");
  EXPECT_EQ(run.thing("j"), "job j { image=\"a\" restart*=\"Never\" }");
}

TEST(Things, MapsAsBlocksMerge) {
  Compiled run(stacked("job j { image = \"a\"  labels { a = \"1\" }  labels.b = \"2\"  if true { labels { \"c/d\" = \"3\" } } }\n"));
  EXPECT_EQ(run.messages(), "");
  EXPECT_EQ(run.thing("j"), "job j { image=\"a\" labels={a: \"1\", b: \"2\", c/d: \"3\"} restart*=\"Never\" }");
}

TEST(Things, EnvironmentEntries) {
  Compiled run(stacked(R"(
config c { data { k = "v" } }
secret s { keys = ["p"] }
job j {
  image = "a"
  env { A = "1"  B = 2  C = c["k"]  D = s["p"]  E = field("metadata.name")  F = 5m }
  env X = true
  env = { Y = 1.5 }
}
)"));
  EXPECT_EQ(run.messages(), "");
  EXPECT_EQ(run.thing("j"),
            "job j { image=\"a\" restart*=\"Never\" env \"A\" { value=\"1\" } env \"B\" { value=2 } env \"C\" { value=c[k] } "
            "env \"D\" { value=s[p] } env \"E\" { value=field(path=\"metadata.name\") } env \"F\" { value=\"5m\" } "
            "env \"X\" { value=true } env \"Y\" { value=1.5 } }");
}

TEST(Things, StateDeclaredInside) {
  Compiled run(stacked(R"(
statefulset s {
  image = "a"
  claim store { size = 1Gi  access = ReadWriteOnce }
  scratch cache { size = 2Gi }
  ephemeral work { size = 3Gi  access = ReadWriteOnce }
  write store at "/s"
  container side { image = "b"  write cache at "/c"  write work at "/w"  scratch 1Gi at "/t" }
}
)"));
  EXPECT_EQ(run.messages(), "");
  EXPECT_EQ(run.thing("s"),
            "statefulset s { image=\"a\" claim-template \"store\" { size=1Gi access=[\"ReadWriteOnce\"] } pod-scratch \"cache\" { size=2Gi } "
            "ephemeral \"work\" { size=3Gi access=[\"ReadWriteOnce\"] } write &store { at=\"/s\" } "
            "container \"side\" { image=\"b\" write &cache { at=\"/c\" } write &work { at=\"/w\" } scratch 1Gi { at=\"/t\" } } }");
}

TEST(Things, ExternalsNeedNothing) {
  Compiled run(stacked("external class fast { name = \"fast-ssd\"  provisioner = \"x\"  modes = ReadWriteOnce }\nexternal claim c\n"
                  "claim d { class = fast  size = 1Gi  access = ReadWriteOnce }\n"));
  EXPECT_EQ(run.messages(), "");
  EXPECT_EQ(run.thing("fast-ssd"), "external class fast-ssd { name=\"fast-ssd\" provisioner=\"x\" modes=[\"ReadWriteOnce\"] }");
  EXPECT_EQ(run.thing("d"), "claim d { class=&fast-ssd size=1Gi access=[\"ReadWriteOnce\"] }");
}

TEST(Things, RawTrees) {
  Compiled run(stacked(R"(
claim data { size = 1Gi  access = ReadWriteOnce }
object "v1/Pod" raw {
  spec {
    restartPolicy = Never
    containers { name = "c"  image = "i"  resources { requests { cpu = 500m  memory = 2 * 1Gi } } }
    volumes = [{ name = "v", persistentVolumeClaim { claimName = data } }]
  }
}
)"));
  EXPECT_EQ(run.messages(), "");
  const auto* raw = run.find("raw");
  ASSERT_NE(raw, nullptr);
  ASSERT_NE(raw->raw, nullptr);
  const auto* policy = ir::findPath(raw->raw, "spec.restartPolicy", run.symbols);
  ASSERT_NE(policy, nullptr);
  EXPECT_EQ(policy->text(), "Never");
  EXPECT_EQ(policy->flags & ir::FlagRaw, ir::FlagRaw);
  EXPECT_TRUE(policy->span.known());
  const auto* containers = ir::findPath(raw->raw, "spec.containers", run.symbols);
  ASSERT_NE(containers, nullptr);
  EXPECT_EQ(containers->kind, ir::NodeKind::List);
  const auto& first = *ir::Children(containers).begin();
  EXPECT_EQ(ir::findPath(&first, "resources.requests.cpu", run.symbols)->text(), "500m");
  EXPECT_EQ(ir::findPath(&first, "resources.requests.memory", run.symbols)->text(), "2Gi");
  const auto& volume = *ir::Children(ir::findPath(raw->raw, "spec.volumes", run.symbols)).begin();
  EXPECT_EQ(ir::findPath(&volume, "persistentVolumeClaim.claimName", run.symbols)->text(), "data");
}

TEST(Things, Overlays) {
  Compiled run(stacked("pod p { image = \"a\"  with { spec { restartPolicy = Never  priorityClassName = null } }\n"
                  "  container c { image = \"b\"  with { imagePullPolicy = Always } } }\n"));
  EXPECT_EQ(run.messages(), "");
  const auto* pod = run.find("p");
  ASSERT_NE(pod->overlays, nullptr);
  EXPECT_EQ(ir::findPath(pod->overlays->tree, "spec.priorityClassName", run.symbols)->kind, ir::NodeKind::Null);
  EXPECT_EQ(run.thing("p"), "pod p { image=\"a\" container \"c\" { image=\"b\" with } with }");
}

TEST(Things, WordsOfTheSchemaInOverlays) {
  Compiled run(stacked("pod p { image = \"a\"  with { spec { restartPolicy = Nver } } }\n"));
  EXPECT_EQ(run.codes(), "2004@2:52") << run.messages();
}

TEST(Things, AllowAndProtect) {
  Compiled run(stacked("claim c { size = 1Gi  protect = true  allow MLS3001 \"known\" }\nallow MLS3002 \"all\"\n"));
  EXPECT_EQ(run.messages(), "");
  EXPECT_TRUE(run.find("c")->isProtected);
  EXPECT_EQ(run.thing("c"), "claim c { size=1Gi protect=true allow 3001 }");
  ASSERT_EQ(run.program->allows.size(), 1u);
  EXPECT_EQ(run.program->allows[0].reason, "all");
}

TEST(Things, UserKinds) {
  Compiled run(stacked(R"(
/// A widget.
kind widget = "v1/PersistentVolumeClaim" {
  size: quantity -> spec.resources.requests.storage = required
  mode: enum(Filesystem, Block) -> spec.volumeMode = Filesystem
  peer: widget -> spec.volumeName
}
widget a { size = 1Gi }
widget b { size = 2Gi  peer = a  mode = Block }
)"));
  EXPECT_EQ(run.messages(), "");
  EXPECT_EQ(run.thing("a"), "widget a { size=1Gi mode*=\"Filesystem\" }");
  EXPECT_EQ(run.thing("b"), "widget b { size=2Gi peer=&a mode=\"Block\" }");
  EXPECT_EQ(run.find("b")->api, "v1/PersistentVolumeClaim");
}

TEST(Things, HeaderOfTheStack) {
  Compiled run("stack t {\n  namespace = \"ml\"\n  kubernetes = \"1.34\"\n  labels { team = \"a\" }\n}\nclaim c { size = 1Gi }\noutput n = c.namespace\n");
  EXPECT_EQ(run.messages(), "");
  EXPECT_EQ(run.symbols.text(run.program->nameSpace), "ml");
  EXPECT_EQ(run.program->kubernetes, "1.34");
  EXPECT_EQ(run.show(run.program->labels), "{team: \"a\"}");
  EXPECT_EQ(run.output("n"), "\"ml\"");
}

TEST(Things, ATreeMayBeEvaluatedAgain) {
  Compiled run;
  run.evaluate(stacked("param n: int = 2\nfor i in 0..<n { claim c { name = \"c${i}\"  size = if i > 0 then 1Gi else 2Gi } }\n"));
  EXPECT_EQ(run.program->resources.size(), 2u);
  run.evaluate(stacked("for i in [] { claim c { size = nope } }\n"));
  EXPECT_EQ(run.codes(), "2001@2:32");
}

}  // namespace
}  // namespace mlstack::tests
