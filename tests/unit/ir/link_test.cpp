#include <gtest/gtest.h>

#include "support.h"

namespace mlstack {
namespace {

using Lines = std::vector<std::string>;

TEST(Link, StorageObjects) {
  const LinkedStack linked(R"(
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}, provisioner: x}
---
{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv}, spec: {storageClassName: manual, claimRef: {name: a, namespace: other}}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: fast, volumeName: pv}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a, namespace: other}, spec: {storageClassName: ""}}
---
{apiVersion: snapshot.storage.k8s.io/v1, kind: VolumeSnapshot, metadata: {name: s}, spec: {volumeSnapshotClassName: vsc, source: {persistentVolumeClaimName: a}}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: b}, spec: {dataSource: {kind: VolumeSnapshot, name: s}, dataSourceRef: {kind: VolumeSnapshot, name: s}}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {dataSource: {kind: PersistentVolumeClaim, name: gone}}}
)");
  EXPECT_EQ(linked.edges(), (Lines{
                                "provides (class manual) -> PersistentVolume/pv",
                                "binds PersistentVolume/pv -> PersistentVolumeClaim/a",
                                "provides StorageClass/fast -> PersistentVolumeClaim/a",
                                "binds PersistentVolumeClaim/a -> PersistentVolume/pv",
                                "provides (snapshot-class vsc) -> VolumeSnapshot/s",
                                "snapshots VolumeSnapshot/s -> PersistentVolumeClaim/a",
                                "restores-from PersistentVolumeClaim/b -> VolumeSnapshot/s",
                                "restores-from PersistentVolumeClaim/c -> (claim gone)",
                            }));
  // The volume's claimRef names the claim of the other namespace.
  EXPECT_EQ(linked.symbols.text(linked.stack.objects[linked.stack.edges[1].to].nameSpace), "other");
}

TEST(Link, EveryVolumeOfAPod) {
  const LinkedStack linked(R"(
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  serviceAccountName: robot
  imagePullSecrets: [{name: registry}]
  initContainers:
  - name: init
    volumeMounts: [{name: data, mountPath: /in, subPath: raw}]
  containers:
  - name: main
    envFrom: [{configMapRef: {name: conf}}, {secretRef: {name: keys}}]
    env:
    - {name: A, value: "1"}
    - {name: B, valueFrom: {configMapKeyRef: {name: conf, key: b}}}
    - {name: C, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    volumeMounts:
    - {name: data, mountPath: /data, readOnly: true}
    - {name: rom, mountPath: /rom}
    - {name: conf, mountPath: /conf}
    - {name: all, mountPath: /all}
    - {name: shm, mountPath: /dev/shm}
    - {name: tmp, mountPath: /tmp, subPathExpr: $(A)}
    - {name: host, mountPath: /host}
    - {name: none, mountPath: /none}
    volumeDevices:
    - {name: raw, devicePath: /dev/xvda}
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: data}}
  - {name: rom, persistentVolumeClaim: {claimName: models, readOnly: true}}
  - {name: raw, persistentVolumeClaim: {claimName: disk}}
  - {name: conf, configMap: {name: conf}}
  - {name: all, projected: {sources: [{configMap: {name: conf}}, {secret: {name: keys}}, {serviceAccountToken: {path: t}}]}}
  - {name: shm, emptyDir: {medium: Memory}}
  - {name: tmp, ephemeral: {volumeClaimTemplate: {spec: {}}}}
  - {name: host, hostPath: {path: /x}}
  - {name: unused, persistentVolumeClaim: {claimName: idle}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: conf}}
)");
  EXPECT_EQ(linked.edges(), (Lines{
                                "mounts Pod/p -> PersistentVolumeClaim/data init /in sub=raw",
                                "mounts Pod/p -> PersistentVolumeClaim/data main /data ro",
                                "mounts Pod/p -> (claim models) main /rom ro",
                                "mounts Pod/p -> ConfigMap/conf main /conf ro",
                                "mounts Pod/p -> ConfigMap/conf main /all ro",
                                "mounts Pod/p -> (secret keys) main /all ro",
                                "mounts Pod/p -> (other shm) main /dev/shm scratch",
                                "mounts Pod/p -> (claim tmp) main /tmp sub=$(A) scratch",
                                "mounts Pod/p -> (other host) main /host",
                                "mounts Pod/p -> (claim disk) main /dev/xvda",
                                "references Pod/p -> ConfigMap/conf main B",
                                "references Pod/p -> ConfigMap/conf main",
                                "references Pod/p -> (secret keys) main",
                                "mounts Pod/p -> (claim idle) ro",
                                "references Pod/p -> (secret registry)",
                                "references Pod/p -> (account robot)",
                            }));
}

TEST(Link, ClaimTemplatesHideVolumesAndClaimsOfTheirName) {
  const LinkedStack linked(R"(
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  template:
    spec:
      containers: [{name: c, volumeMounts: [{name: data, mountPath: /data}]}]
      volumes: [{name: data, emptyDir: {}}]
  volumeClaimTemplates: [{metadata: {name: data}, spec: {}}]
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {}}
)");
  EXPECT_EQ(linked.edges(), (Lines{"owns StatefulSet/db -> (claim data)",
                                   "mounts StatefulSet/db -> (claim data) c /data",
                                   "references StatefulSet/db -> (service db)"}));
}

TEST(Link, NamesResolveWithinTheirNamespace) {
  LinkedStack linked(R"(
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: d, namespace: a}, spec: {}}
---
{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: b}, spec: {containers: [{name: c, volumeMounts: [{name: v, mountPath: /v}]}], volumes: [{name: v, persistentVolumeClaim: {claimName: d}}]}}
)");
  EXPECT_EQ(linked.edges(), (Lines{"mounts Pod/p -> (claim d) c /v"}));
}

TEST(Link, Selectors) {
  const LinkedStack linked(R"(
{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {selector: {app: web, tier: front}}}
---
{apiVersion: v1, kind: Service, metadata: {name: nothing}, spec: {selector: {app: none}}}
---
{apiVersion: v1, kind: Service, metadata: {name: byjob}, spec: {clusterIP: None, selector: {job-name: train}}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {selector: {matchExpressions: [{key: app, operator: In, values: [web, x]}, {key: tier, operator: DoesNotExist}]}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: net}, spec: {podSelector: {}}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: front}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: front}, spec: {template: {metadata: {labels: {app: web, tier: front}}, spec: {containers: []}}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: back}, spec: {template: {metadata: {labels: {app: web}}, spec: {containers: []}}}}
---
{apiVersion: batch/v1, kind: Job, metadata: {name: train}, spec: {template: {spec: {containers: []}}}}
)");
  EXPECT_EQ(linked.edges(), (Lines{
                                "selects Service/s -> Deployment/front",
                                "selects Service/byjob -> Job/train",
                                "selects PodDisruptionBudget/b -> Deployment/back",
                                "selects NetworkPolicy/net -> Deployment/front",
                                "selects NetworkPolicy/net -> Deployment/back",
                                "selects NetworkPolicy/net -> Job/train",
                                "selects HorizontalPodAutoscaler/h -> Deployment/front",
                            }));
}

TEST(Link, CustomResources) {
  const LinkedStack linked(R"(
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: d}, spec: {}}
---
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: r}
spec:
  workerGroupSpecs:
  - template: {spec: {containers: [{name: w, volumeMounts: [{name: v, mountPath: /v}]}], volumes: [{name: v, persistentVolumeClaim: {claimName: d}}]}}
---
apiVersion: kubeflow.org/v1
kind: Notebook
metadata: {name: book}
spec: {template: {spec: {containers: [{name: w, volumeMounts: [{name: v, mountPath: /n}]}], volumes: [{name: v, persistentVolumeClaim: {claimName: d}}]}}}
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: i}
spec: {predictor: {model: {storageUri: "pvc://d/llm", env: [{name: T, valueFrom: {secretKeyRef: {name: hub, key: t}}}]}}}
---
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata: {name: j}
spec:
  volumeClaimPolicies: [{templates: [{metadata: {name: ckpt}, spec: {}}]}]
  replicatedJobs:
  - name: w
    template: {spec: {template: {spec: {containers: [{name: w, volumeMounts: [{name: ckpt, mountPath: /ckpt}]}]}}}}
)");
  EXPECT_EQ(linked.edges(),
            (Lines{
                "mounts RayCluster/r -> PersistentVolumeClaim/d w /v",
                "mounts Notebook/book -> PersistentVolumeClaim/d w /n",
                "references InferenceService/i -> (secret hub) T",
                "mounts InferenceService/i -> PersistentVolumeClaim/d /mnt/models sub=llm ro",
                "owns JobSet/j -> (claim ckpt)",
                "mounts JobSet/j -> (claim ckpt) w /ckpt",
            }));
}

TEST(Link, IntentsGoToTheirMounts) {
  LinkedStack linked(R"(
{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, volumeMounts: [{name: v, mountPath: /a}, {name: v, mountPath: /b}]}], volumes: [{name: v, persistentVolumeClaim: {claimName: d}}]}}
)");
  auto& contract = linked.stack.contracts.emplace_back();
  contract.keep = 3;
  linked.stack.mountIntents.push_back({.object = 0,
                                       .container = linked.symbols.intern("c"),
                                       .path = "/b",
                                       .intent = ir::Intent::Checkpoint,
                                       .contract = &contract,
                                       .span = {3, 4}});
  ir::link(linked.stack);
  ASSERT_EQ(linked.stack.edges.size(), 2u);
  EXPECT_EQ(linked.stack.edges[0].intent, ir::Intent::Unstated);
  EXPECT_EQ(linked.stack.edges[1].intent, ir::Intent::Checkpoint);
  EXPECT_EQ(linked.stack.edges[1].contract, &contract);
  EXPECT_EQ(linked.stack.edges[1].span.begin, 3u);
  EXPECT_TRUE(ir::verify(linked.stack).empty());
}

}  // namespace
}  // namespace mlstack
