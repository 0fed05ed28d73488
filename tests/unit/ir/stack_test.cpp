#include <gtest/gtest.h>

#include "ir/dump.h"
#include "ir/pods.h"
#include "support.h"

namespace mlstack {
namespace {

struct PodCase {
  const char* manifest;
  const char* expected;  // "path xreplicas flags; …"
};

class Pods : public testing::TestWithParam<PodCase> {};

TEST_P(Pods, AreFoundAndCounted) {
  const LinkedStack linked(GetParam().manifest);
  ASSERT_EQ(linked.stack.objects.size(), 1u);
  std::string found;
  for (const auto& pods : ir::podTemplates(linked.stack.objects.front(), linked.symbols)) {
    found += fmt::format("{}{} x{}{}{}{}{}", found.empty() ? "" : "; ", pods.path, pods.replicas,
                         pods.rolling ? " rolling" : "", pods.runsToEnd ? " end" : "",
                         pods.onePerNode ? " node" : "", pods.distinctStorage ? " distinct" : "");
  }
  EXPECT_EQ(found, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Pods,
    testing::Values(
        PodCase{"{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {restartPolicy: Never, "
                "containers: []}}",
                "spec x1 end"},
        PodCase{"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {}}", ""},
        PodCase{"{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {parallelism: 8, "
                "completions: 3, template: {spec: {containers: []}}}}",
                "spec.template.spec x3 end"},
        PodCase{"{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: "
                "{spec: {template: {spec: {containers: []}}}}}}",
                "spec.jobTemplate.spec.template.spec x1 end"},
        PodCase{"{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 3, "
                "template: {spec: {containers: []}}}}",
                "spec.template.spec x3 rolling"},
        PodCase{"{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {strategy: "
                "{type: Recreate}, template: {spec: {containers: []}}}}",
                "spec.template.spec x1"},
        PodCase{"{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {strategy: "
                "{rollingUpdate: {maxSurge: 0}}, template: {spec: {containers: []}}}}",
                "spec.template.spec x1"},
        PodCase{"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {replicas: 2, "
                "volumeClaimTemplates: [{}], template: {spec: {containers: []}}}}",
                "spec.template.spec x2 distinct"},
        PodCase{"{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a}, spec: {template: "
                "{spec: {containers: []}}}}",
                "spec.template.spec x1 node"},
        PodCase{"{apiVersion: jobset.x-k8s.io/v1alpha2, kind: JobSet, metadata: {name: a}, spec: "
                "{replicatedJobs: [{replicas: 2, template: {spec: {parallelism: 4, "
                "template: {spec: {containers: []}}}}}]}}",
                "spec.replicatedJobs[0].template.spec.template.spec x8 end"},
        PodCase{"{apiVersion: kubeflow.org/v1, kind: PyTorchJob, metadata: {name: a}, spec: "
                "{elasticPolicy: {maxReplicas: 6}, pytorchReplicaSpecs: {Master: {template: "
                "{spec: {containers: []}}}, Worker: {replicas: 3, template: {spec: {containers: "
                "[]}}}}}}",
                "spec.pytorchReplicaSpecs.Master.template.spec x1 end; "
                "spec.pytorchReplicaSpecs.Worker.template.spec x6 end"},
        PodCase{"{apiVersion: kubeflow.org/v2beta1, kind: MPIJob, metadata: {name: a}, spec: "
                "{mpiReplicaSpecs: {Worker: {replicas: 4, template: {spec: {containers: []}}}}}}",
                "spec.mpiReplicaSpecs.Worker.template.spec x4 end"},
        PodCase{
            "{apiVersion: ray.io/v1, kind: RayCluster, metadata: {name: a}, spec: {headGroupSpec: "
            "{template: {spec: {containers: []}}}, workerGroupSpecs: [{replicas: 2, "
            "maxReplicas: 9, numOfHosts: 2, template: {spec: {containers: []}}}]}}",
            "spec.headGroupSpec.template.spec x1; spec.workerGroupSpecs[0].template.spec x4"},
        PodCase{"{apiVersion: ray.io/v1, kind: RayJob, metadata: {name: a}, spec: {rayClusterSpec: "
                "{enableInTreeAutoscaling: true, workerGroupSpecs: [{minReplicas: 1, "
                "maxReplicas: 9, template: {spec: {containers: []}}}]}, submitterPodTemplate: "
                "{spec: {containers: []}}}}",
                "spec.rayClusterSpec.workerGroupSpecs[0].template.spec x9 end; "
                "spec.submitterPodTemplate.spec x1 end"},
        PodCase{"{apiVersion: ray.io/v1, kind: RayService, metadata: {name: a}, spec: "
                "{rayClusterConfig: {headGroupSpec: {template: {spec: {containers: []}}}}}}",
                "spec.rayClusterConfig.headGroupSpec.template.spec x1 rolling"},
        PodCase{
            "{apiVersion: leaderworkerset.x-k8s.io/v1, kind: LeaderWorkerSet, metadata: {name: a}, "
            "spec: {replicas: 3, leaderWorkerTemplate: {size: 4, "
            "leaderTemplate: {spec: {containers: []}}, workerTemplate: {spec: {containers: []}}}}}",
            "spec.leaderWorkerTemplate.leaderTemplate.spec x3; "
            "spec.leaderWorkerTemplate.workerTemplate.spec x9"},
        PodCase{"{apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, metadata: {name: "
                "a}, spec: {predictor: {maxReplicas: 5, model: {}}}}",
                "spec.predictor x5 rolling"},
        PodCase{"{apiVersion: trainer.kubeflow.org/v1alpha1, kind: TrainJob, metadata: {name: a}, "
                "spec: {trainer: {numNodes: 4}, podTemplateOverrides: [{spec: {containers: []}}]}}",
                "spec.podTemplateOverrides[0].spec x4 end"},
        PodCase{"{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, metadata: {name: a}, spec: "
                "{tasks: [{replicas: 7, template: {spec: {containers: [{name: c}]}}}]}}",
                "spec.tasks[0].template.spec x7 end"},
        PodCase{"{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {generateName: a-}, spec: "
                "{templates: [{name: all, steps: []}, {name: one, container: {image: x}}]}}",
                "spec.templates[1] x1 end"},
        PodCase{"{apiVersion: sparkoperator.k8s.io/v1beta2, kind: SparkApplication, metadata: {name: a}, "
                "spec: {driver: {cores: 1}, executor: {instances: 4}}}",
                "spec x5 end"},
        PodCase{"{apiVersion: kubeflow.org/v1beta1, kind: Experiment, metadata: {name: a}, spec: "
                "{parallelTrialCount: 2, trialTemplate: {trialSpec: {apiVersion: batch/v1, kind: Job, "
                "spec: {template: {spec: {containers: []}}}}}}}",
                "spec.trialTemplate.trialSpec.spec.template.spec x2 end"}));

TEST(Manifest, NamesAndLists) {
  const LinkedStack linked(
      "{apiVersion: v1, kind: ConfigMapList, items: [{metadata: {name: a}}, {metadata: {generateName: b-}}]}\n---\n"
      "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Secret, metadata: {name: c}}, {kind: None}, 7]}\n---\n"
      "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: b-}}\n---\n"
      "{apiVersion: v1, kind: ConfigMap, metadata: {}}\n");
  std::vector<std::string> titles;
  for (ir::ObjectId id = 0; id < linked.stack.objects.size(); ++id) titles.push_back(linked.title(id));
  EXPECT_EQ(titles, (std::vector<std::string>{"ConfigMap/a", "ConfigMap/b-*", "Secret/c", "ConfigMap/b-*"}));
  EXPECT_TRUE(linked.stack.objects[1].generated);
  EXPECT_TRUE(ir::verify(linked.stack).empty());
}

TEST(Manifest, AWorkflowsVolumesAreThoseOfItsPods) {
  const LinkedStack linked(
      "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: w}, spec: {volumes: [{name: v, "
      "persistentVolumeClaim: {claimName: data}}, {name: unused, emptyDir: {}}], templates: ["
      "{name: a, container: {name: main, volumeMounts: [{name: v, mountPath: /d}]}}, "
      "{name: b, script: {name: main, volumeMounts: [{name: v, mountPath: /e}]}, volumes: [{name: v, emptyDir: {}}]}]}}");
  EXPECT_EQ(linked.edges(), (std::vector<std::string>{"mounts Workflow/w -> (claim data) main /d",
                                                      "mounts Workflow/w -> (other v) main /e scratch"}));
  EXPECT_TRUE(ir::verify(linked.stack).empty());
}

TEST(Order, AppliesCleanly) {
  const LinkedStack linked(R"(
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}}
---
{apiVersion: jobset.x-k8s.io/v1alpha2, kind: JobSet, metadata: {name: b}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: restored}, spec: {dataSource: {kind: VolumeSnapshot, name: s}}}
---
{apiVersion: snapshot.storage.k8s.io/v1, kind: VolumeSnapshot, metadata: {name: s}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: z}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: x}}
---
{apiVersion: v1, kind: Service, metadata: {name: c}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: d}}
---
{apiVersion: v1, kind: PersistentVolume, metadata: {name: e}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: f}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: g}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: h}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: i}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: j}}
)");
  std::string order;
  for (const auto* object : ir::applyOrder(linked.stack))
    order += fmt::format("{} ", linked.symbols.text(object->name));
  EXPECT_EQ(order, "j f i h g d e z x s restored c b a ");
}

TEST(Verify, FindsBreaches) {
  const std::string manifest =
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: '1', w: '2'}}";
  {
    const LinkedStack whole(manifest);
    EXPECT_TRUE(ir::verify(whole.stack).empty());
  }
  const auto breach = [&](auto&& change) {
    LinkedStack linked(manifest);
    change(linked);
    const auto breaches = ir::verify(linked.stack);
    return breaches.size() == 1 ? breaches.front() : fmt::format("{} breaches", breaches.size());
  };
  EXPECT_NE(breach([](auto& s) {
              s.stack.objects[0].name = s.symbols.intern("b");
            }).find("metadata.name"),
            std::string::npos);
  EXPECT_NE(breach([](auto& s) {
              s.stack.objects[0].nameSpace = s.symbols.intern("b");
            }).find("metadata.namespace"),
            std::string::npos);
  EXPECT_NE(breach([](auto& s) { s.stack.objects[0].root = nullptr; }).find("no tree"),
            std::string::npos);
  EXPECT_NE(breach([](auto& s) { s.stack.objects.push_back(s.stack.objects[0]); }).find("twice"),
            std::string::npos);
  EXPECT_NE(breach([](auto& s) {
              s.stack.edges.push_back({.kind = ir::EdgeKind::Binds, .from = 7, .to = 0});
            }).find("edge"),
            std::string::npos);
  EXPECT_NE(breach([](auto& s) {
              s.stack.mountIntents.push_back({.object = 0,
                                              .container = {},
                                              .path = "/x",
                                              .intent = ir::Intent::Read,
                                              .contract = nullptr,
                                              .span = {}});
            }).find("/x"),
            std::string::npos);
  EXPECT_NE(breach([](auto& s) {
              ir::findPath(s.stack.objects[0].root, "data", s.symbols)->last->key =
                  s.symbols.intern("x");
            }).find("`x`"),
            std::string::npos);
  EXPECT_NE(breach([](auto& s) {
              ir::findPath(s.stack.objects[0].root, "data", s.symbols)->length = 3;
            }).find("ring"),
            std::string::npos);
  EXPECT_NE(breach([](auto& s) {
              ir::findPath(s.stack.objects[0].root, "data.x", s.symbols)->next = nullptr;
            }).find("ring"),
            std::string::npos);
}

constexpr const char* kDrawn = R"(
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteMany], storageClassName: "a<b", resources: {requests: {storage: 10Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: c, volumeMounts: [{name: v, mountPath: "/<x>&\"y"}, {name: s, mountPath: /s}]}]
  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}, {name: s, emptyDir: {}}]
)";

TEST(Dump, IsStableAndPlaced) {
  const LinkedStack linked(kDrawn);
  const auto text = ir::dumpText(linked.stack, linked.sources);
  EXPECT_EQ(text, ir::dumpText(LinkedStack(kDrawn).stack, linked.sources));
  EXPECT_NE(text.find("claim v1 PersistentVolumeClaim/data  @ stack.yaml:4:18"), std::string::npos)
      << text;
  EXPECT_NE(text.find("storage: \"10Gi\"  raw  @5:95"), std::string::npos) << text;
  EXPECT_NE(text.find("mounts Pod/p -> PersistentVolumeClaim/data"), std::string::npos) << text;
  const auto json = ir::dumpJson(linked.stack, linked.sources);
  EXPECT_EQ(json.substr(0, 17), "{\n \"version\": 1,\n");
  LinkedStack again(json, "dump.json");
  EXPECT_TRUE(again.sink.all().empty());
}

TEST(Graph, ShowsWhoReadsAndWrites) {
  const LinkedStack linked(kDrawn);
  const auto dot = ir::graphDot(linked.stack);
  EXPECT_NE(dot.find("write /<x>&\\\"y"), std::string::npos) << dot;
  EXPECT_NE(dot.find("10Gi · ReadWriteMany"), std::string::npos);
  EXPECT_NE(dot.find("class a<b\\nnot in this stack\", fillcolor=\"#eef0f3\", "
                     "style=\"rounded,filled,dashed\""),
            std::string::npos)
      << dot;
  const auto mermaid = ir::graphMermaid(linked.stack);
  EXPECT_NE(mermaid.find("==>|\"write /#lt;x#gt;#amp;#quot;y\"|"), std::string::npos) << mermaid;
  const auto svg = ir::graphSvg(linked.stack);
  EXPECT_EQ(svg, ir::graphSvg(linked.stack));
  EXPECT_NE(svg.find("write /&lt;x&gt;&amp;&quot;y</text>"), std::string::npos) << svg;
  EXPECT_NE(svg.find("prefers-color-scheme: dark"), std::string::npos);
  EXPECT_EQ(svg.find("href"), std::string::npos);  // self-contained
}

TEST(Graph, OfNothing) {
  const LinkedStack linked("");
  EXPECT_NE(ir::graphSvg(linked.stack).find("</svg>"), std::string::npos);
  EXPECT_EQ(ir::graphMermaid(linked.stack).substr(0, 13), "flowchart LR\n");
}

}  // namespace
}  // namespace mlstack
