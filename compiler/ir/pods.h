#pragma once
// Where the pod templates of an object are.

#include <vector>

#include "ir/stack.h"

namespace mlstack::ir {

/// Unlike the other groups under k8s.io it is none of Kubernetes' own.
inline constexpr std::string_view kSparkGroup = "sparkoperator.k8s.io";

/// One pod template inside an object, with how many such pods can run at once.
struct PodTemplate {
  Node* metadata = nullptr;      // of the template; may be null
  Node* spec = nullptr;          // the PodSpec
  std::string path;              // "spec.template.spec"
  std::int64_t replicas = 1;     // pods at the same time (replicas, parallelism, workers)
  bool onePerNode = false;       // DaemonSet
  bool rolling = false;          // an update runs old and new pods side by side
  bool runsToEnd = false;        // Job-like
  bool distinctStorage = false;  // each pod has claims of its own (StatefulSet templates)
};

/// The pod templates of Pod, PodTemplate, Job, CronJob, Deployment, StatefulSet, DaemonSet,
/// ReplicaSet, ReplicationController, JobSet, PyTorchJob, MPIJob, TFJob, XGBoostJob, PaddleJob,
/// JAXJob, RayCluster, RayJob, RayCronJob, RayService, LeaderWorkerSet, InferenceService, Volcano's
/// Job, Argo's workflows and their templates, SparkApplication (one spec for driver and executors), Experiment; of a TrainJob what it lays
/// over its runtime. Of other custom resources every map with a `containers`
/// list, taken for a PodSpec. Empty for the rest. Autoscalers are not looked at: they are objects
/// of their own.
[[nodiscard]] std::vector<PodTemplate> podTemplates(const Object& object,
                                                    const base::SymbolTable& symbols);

/// The containers of a PodSpec in order: `initContainers`, `containers`, `ephemeralContainers`,
/// then the nameless one that some custom resources write under a key of their own (`model` of an
/// InferenceService).
[[nodiscard]] std::vector<Node*> containersOf(const Node& podSpec,
                                              const base::SymbolTable& symbols);

}  // namespace mlstack::ir
