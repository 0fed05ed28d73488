#include <gtest/gtest.h>

#include "support.h"

namespace mlstack::schema {
namespace {

using test::check;
using Lines = std::vector<std::string>;

const Catalog& builtinCatalog() {
  static const Catalog catalog;
  return catalog;
}

Lines checked(std::string text, std::string_view version = "1.36") {
  return check(builtinCatalog(), std::move(text), version);
}

std::string pod(const std::string& spec) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: " + spec + "\n";
}

TEST(CheckKind, ThatIsUnknown) {
  EXPECT_EQ(checked("apiVersion: example.org/v1\nkind: Thing\n"),
            Lines{"MLS4001 no `example.org/v1/Thing` is known: neither Kubernetes nor a custom resource of this project "
                  "defines it | `mlstackc schema add crd.yaml` teaches a custom resource to this project"});
  EXPECT_EQ(checked("apiVersion: v1\nkind: pod\n"),
            Lines{"MLS4001 no `v1/pod` is known: neither Kubernetes nor a custom resource of this project defines it | did "
                  "you mean `v1/Pod`? Otherwise `mlstackc schema add crd.yaml` teaches a custom resource to this project"});
  EXPECT_EQ(checked("apiVersion: extensions/v1beta1\nkind: Deployment\n"),
            Lines{"MLS4002 no `extensions/v1beta1/Deployment` is known: the kind `Deployment` belongs to `apps/v1` | write "
                  "`apps/v1/Deployment`"});
  EXPECT_EQ(checked("kind: Pod\n"), Lines{"MLS4008 this object lacks `apiVersion`, which Kubernetes requires"});
}

TEST(CheckKind, OfAForeignGroupIsNotTakenForOurs) {
  const Lines said = checked("apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\n");
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0].starts_with("MLS4001")) << said[0];
}

TEST(CheckKind, ByVersion) {
  const std::string text = "apiVersion: storage.k8s.io/v1\nkind: VolumeAttributesClass\nmetadata: {name: a}\ndriverName: d\n";
  EXPECT_EQ(checked(text), Lines{});
  EXPECT_EQ(checked(text, "1.33"),
            Lines{"MLS4003 `storage.k8s.io/v1/VolumeAttributesClass` is new in Kubernetes 1.34; the target is 1.33 | write "
                  "`storage.k8s.io/v1beta1/VolumeAttributesClass`"});
  EXPECT_EQ(checked("apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\n", "1.33"),
            Lines{"MLS4003 `flowcontrol.apiserver.k8s.io/v1beta3/FlowSchema` is gone since Kubernetes 1.32; the target is "
                  "1.33 | write `flowcontrol.apiserver.k8s.io/v1/FlowSchema`"});
  EXPECT_EQ(checked("apiVersion: v1\nkind: Endpoints\nmetadata: {name: e}\n"),
            Lines{"MLS4004 `v1/Endpoints` is deprecated: since Kubernetes 1.33; use discovery.k8s.io/v1 EndpointSlice"});
  EXPECT_EQ(checked("apiVersion: v1\nkind: Endpoints\nmetadata: {name: e}\n", "1.32"), Lines{});
}

TEST(CheckField, ThatIsUnknown) {
  EXPECT_EQ(checked(pod("{containers: [{name: a, imagee: b}]}")),
            Lines{"MLS4005 `spec.containers[0]` has no field `imagee` | did you mean `image`?"});
  EXPECT_EQ(checked(pod("{containers: [{name: a, restartPolicyy: Always, nodeSelector: {}}]}")),
            (Lines{"MLS4005 `spec.containers[0]` has no field `restartPolicyy` | did you mean `restartPolicy`?",
                   "MLS4005 `spec.containers[0]` has no field `nodeSelector` | `nodeSelector` stands at `spec.nodeSelector`"}));
  EXPECT_EQ(checked("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n"
                    "spec: {selector: {}, containers: [], template: {}}\n"),
            Lines{"MLS4005 `spec` has no field `containers` | `containers` stands at `spec.template.spec.containers`"});
  EXPECT_EQ(checked("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\nspec: {}\n"),
            Lines{"MLS4005 `v1/ConfigMap` has no field `spec` | its fields are `apiVersion`, `binaryData`, `data`, "
                  "`immutable`, `kind` and `metadata`"});
}

TEST(CheckField, ByVersion) {
  EXPECT_EQ(checked(pod("{containers: [{name: a}], hostnameOverride: x}")), Lines{});
  EXPECT_EQ(checked(pod("{containers: [{name: a}], hostnameOverride: x}"), "1.33"),
            Lines{"MLS4006 `spec.hostnameOverride` is new in Kubernetes 1.34; the target is 1.33 | an API server of the target version "
                  "refuses the field, or drops it without a word"});
  EXPECT_EQ(checked(pod("{containers: [{name: a}], workloadRef: {name: w, podGroup: g}}"), "1.36")[0].substr(0, 60),
            "MLS4006 `spec.workloadRef` is gone since Kubernetes 1.36; th");
}

// Older schemas require fields that no API server asks for: a StatefulSet's serviceName before 1.34.
TEST(CheckField, RequiredByVersion) {
  const std::string text = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s}\nspec: {selector: {}, template: {}}\n";
  EXPECT_EQ(checked(text, "1.34"), Lines{});
  EXPECT_EQ(checked(text, "1.32"), Lines{});
  EXPECT_EQ(checked("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s}\nspec: {}\n", "1.32"),
            Lines{"MLS4008 `spec` lacks `selector` and `template`, which Kubernetes requires"});
}

TEST(CheckType, OfScalars) {
  EXPECT_EQ(checked("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {selector: {}, template: {}, replicas: \"5\"}\n"),
            Lines{"MLS4007 found the string \"5\"; `spec.replicas` takes an integer | write it without quotes"});
  EXPECT_EQ(checked(pod("{containers: [{name: 5, tty: \"yes\"}], hostNetwork: 1}")),
            (Lines{"MLS4007 found the number 5; `spec.containers[0].name` takes a string | put it in quotes",
                   "MLS4007 found the string \"yes\"; `spec.containers[0].tty` takes true or false",
                   "MLS4007 found the number 1; `spec.hostNetwork` takes true or false"}));
  EXPECT_EQ(checked(pod("{containers: [{name: a, env: [{name: A, value: true}]}]}")),
            Lines{"MLS4007 found true; `spec.containers[0].env[0].value` takes a string | put it in quotes"});
  EXPECT_EQ(checked("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, labels: {a: 1}}\ndata: {a: 1.5}\n"),
            (Lines{"MLS4007 found the number 1; `metadata.labels.a` takes a string | put it in quotes",
                   "MLS4007 found the number 1.5; `data.a` takes a string | put it in quotes"}));
  EXPECT_EQ(checked(pod("{containers: [{name: a}], terminationGracePeriodSeconds: 1.5, priority: 3000000000}")),
            (Lines{"MLS4007 found the number 1.5; `spec.terminationGracePeriodSeconds` takes an integer",
                   "MLS4018 3000000000 does not fit into `spec.priority`, a 32-bit integer"}));
}

TEST(CheckType, OfContainers) {
  EXPECT_EQ(checked(pod("{containers: {name: a}}")),
            Lines{"MLS4007 found a block; `spec.containers` takes a list | write a list, also for one item: `[…]`"});
  EXPECT_EQ(checked(pod("[]")), Lines{"MLS4007 found a list; `spec` takes a block"});
  EXPECT_EQ(checked(pod("{containers: [{name: a, command: sh}]}")),
            Lines{"MLS4007 found the string \"sh\"; `spec.containers[0].command` takes a list | write a list, also for one "
                  "item: `[…]`"});
  EXPECT_EQ(checked(pod("{containers: [{name: a}], nodeSelector: [a]}")),
            Lines{"MLS4007 found a list; `spec.nodeSelector` takes a block of free keys"});
}

TEST(CheckType, OfQuantitiesAndPorts) {
  EXPECT_EQ(checked(pod("{containers: [{name: a, resources: {limits: {cpu: 0.5, memory: 1Gi, x: 3}}}]}")), Lines{});
  const Lines said = checked(pod("{containers: [{name: a, resources: {limits: {memory: 1GB}}}]}"));
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0].starts_with("MLS4010 \"1GB\" is no quantity; `spec.containers[0].resources.limits.memory` takes one"));
  EXPECT_EQ(checked(pod("{containers: [{name: a, livenessProbe: {httpGet: {port: http}}, readinessProbe: {httpGet: {port: 80}}}]}")),
            Lines{});
  EXPECT_EQ(checked(pod("{containers: [{name: a, livenessProbe: {httpGet: {port: 1.5}}}]}")),
            Lines{"MLS4007 found the number 1.5; `spec.containers[0].livenessProbe.httpGet.port` takes an integer or a string"});
}

TEST(CheckType, CustomResourcesTakeNoFractionAsQuantity) {
  const Lines said = checked("apiVersion: kubeflow.org/v1\nkind: PyTorchJob\nmetadata: {name: j}\nspec: {pytorchReplicaSpecs: "
                             "{Worker: {template: {spec: {containers: [{name: a, resources: {limits: {cpu: 0.5}}}]}}}}}\n");
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0], "MLS4007 found the number 0.5; `spec.pytorchReplicaSpecs.Worker.template.spec.containers[0].resources."
                     "limits.cpu` takes an integer or a string here, in a custom resource | write \"0.5\"");
}

TEST(CheckValue, Enumerators) {
  EXPECT_EQ(checked(pod("{containers: [{name: a, imagePullPolicy: always}], restartPolicy: Sometimes, dnsPolicy: \"\"}")),
            (Lines{"MLS4009 `spec.containers[0].imagePullPolicy` takes no \"always\" | did you mean \"Always\"?",
                   "MLS4009 `spec.restartPolicy` takes no \"Sometimes\" | it takes `Always`, `Never` or `OnFailure`"}));
}

TEST(CheckValue, Formats) {
  EXPECT_EQ(checked("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: aGk=, b: hello!}\n"),
            Lines{"MLS4017 `data.b` takes base64 text, and this is not | plain text goes into `stringData`"});
  EXPECT_EQ(checked("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, deletionTimestamp: \"yesterday\"}\n"),
            Lines{"MLS4019 \"yesterday\" is no timestamp; `metadata.deletionTimestamp` takes one such as 2026-01-31T12:00:00Z"});
  EXPECT_EQ(checked("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, deletionTimestamp: \"2026-01-31T12:00:00.5+01:00\"}\n"),
            Lines{});
}

TEST(CheckValue, Null) {
  EXPECT_EQ(checked(pod("{containers: [{name: a}], volumes: [{name: v, emptyDir: null}], nodeSelector: {a: null}}")),
            (Lines{"MLS4011 `spec.volumes[0].emptyDir` is null: Kubernetes reads it as not set | an empty block sets it with its "
                   "defaults",
                   "MLS4011 `spec.nodeSelector.a` is null: Kubernetes reads it as not set | write \"\" for an empty text"}));
  EXPECT_EQ(checked(pod("{containers: null}")),
            (Lines{"MLS4011 `spec.containers` is null: Kubernetes reads it as not set | leave the line out, or give a value",
                   "MLS4008 `spec` lacks `containers`, which Kubernetes requires"}));
  EXPECT_EQ(checked("apiVersion: v1\nkind: Pod\nmetadata: {name: p, creationTimestamp: null}\nspec: {containers: [{name: a}]}\nstatus: null\n"),
            Lines{});
}

TEST(CheckList, EntriesToldApartByKeys) {
  EXPECT_EQ(checked(pod("{containers: [{name: a}, {name: b}, {name: a}]}")),
            Lines{"MLS4013 two entries of `spec.containers` have `name` a; Kubernetes keeps one entry for each"});
  EXPECT_EQ(checked(pod("{containers: [{name: a, env: [{name: X, value: a}, {name: X, value: b}]}]}")),
            Lines{"MLS4014 two entries of `spec.containers[0].env` have `name` X; server-side apply refuses that, otherwise "
                  "the later one hides the earlier"});
  EXPECT_EQ(checked(pod("{containers: [{name: a, ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}]}]}")), Lines{});
  EXPECT_EQ(checked(pod("{containers: [{name: a, ports: [{containerPort: 80, name: b}, {containerPort: 80, protocol: TCP}]}]}")),
            Lines{"MLS4014 two entries of `spec.containers[0].ports` have `containerPort` 80 and `protocol` TCP; server-side "
                  "apply refuses that, otherwise the later one hides the earlier"});
  EXPECT_EQ(checked("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, finalizers: [a, b, a]}\n"),
            Lines{"MLS4013 two entries of `metadata.finalizers` have the value a; Kubernetes keeps one entry for each"});
}

TEST(CheckStatus, BelongsToTheCluster) {
  EXPECT_EQ(checked("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a}]}\nstatus: {phase: Running}\n"),
            Lines{"MLS4015 `status` is written by the cluster: what stands here is dropped"});
}

TEST(CheckRaw, OnlyFlaggedNodesAndTheirParents) {
  test::Trees trees;
  ir::Node* root = trees.read(pod("{containers: [{nam: a, imagee: b}], hostIPCC: true}")).at(0);
  const ir::Object object = trees.object(root);
  ir::Node* spec = ir::find(root, trees.symbols.intern("spec"));
  ir::Node* container = ir::find(spec, trees.symbols.intern("containers"))->last;
  ir::Node* wrong = ir::find(container, trees.symbols.intern("imagee"));
  const auto clear = [](auto&& self, ir::Node& node) -> void {
    node.flags = 0;
    for (ir::Node& child : ir::Children(&node)) self(self, child);
  };
  clear(clear, *root);
  diag::Sink silent;
  checkObject(builtinCatalog(), object, trees.symbols, {.version = versionBit("1.36")}, silent);
  EXPECT_TRUE(silent.all().empty());
  wrong->flags = ir::FlagRaw;
  diag::Sink one;
  checkObject(builtinCatalog(), object, trees.symbols, {.version = versionBit("1.36")}, one);
  ASSERT_EQ(one.all().size(), 2u);
  EXPECT_EQ(one.all()[0].message, "`spec.containers[0]` has no field `imagee`");
  EXPECT_EQ(one.all()[1].message, "`spec.containers[0]` lacks `name`, which Kubernetes requires");
}

TEST(CheckPlaces, PointAtTheValue) {
  test::Trees trees;
  const std::string text = pod("{containers: [{name: a, imagee: wrong}]}");
  ir::Node* root = trees.read(text).at(0);
  diag::Sink sink;
  checkObject(builtinCatalog(), trees.object(root), trees.symbols, {.version = 32, .everything = true}, sink);
  ASSERT_EQ(sink.all().size(), 1u);
  EXPECT_EQ(sink.all()[0].object, "Pod/p");
  const std::string_view at = trees.sources.text(sink.all()[0].span);
  EXPECT_TRUE(at == "wrong" || at == "imagee" || at == "imagee: wrong") << at;
}

}  // namespace
}  // namespace mlstack::schema
