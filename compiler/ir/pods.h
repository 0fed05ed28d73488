#pragma once
// Where the pod templates of an object are.

#include <vector>

#include "ir/stack.h"

namespace mlstack::ir {

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

/// The pod templates of a known kind (Pod, Job, CronJob, Deployment, StatefulSet, DaemonSet,
/// ReplicaSet, JobSet, PyTorchJob, MPIJob, TFJob, XGBoostJob, PaddleJob, JAXJob, TrainJob,
/// RayCluster, RayJob, RayService, LeaderWorkerSet, InferenceService); empty for others.
[[nodiscard]] std::vector<PodTemplate> podTemplates(const Object& object, const base::SymbolTable& symbols);

}  // namespace mlstack::ir
