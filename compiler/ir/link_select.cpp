#include <algorithm>

#include "ir/linker.h"

namespace mlstack::ir {

namespace {

/// Labels that controllers put on their pods, so that a selector may use them.
struct ControllerLabel {
  std::string_view kind;
  std::string_view label;
};

constexpr ControllerLabel kControllerLabels[] = {
    {"Job", "job-name"},
    {"Job", "batch.kubernetes.io/job-name"},
    {"JobSet", "jobset.sigs.k8s.io/jobset-name"},
    {"LeaderWorkerSet", "leaderworkerset.sigs.k8s.io/name"},
    {"PyTorchJob", "training.kubeflow.org/job-name"},
    {"TFJob", "training.kubeflow.org/job-name"},
    {"XGBoostJob", "training.kubeflow.org/job-name"},
    {"PaddleJob", "training.kubeflow.org/job-name"},
    {"JAXJob", "training.kubeflow.org/job-name"},
    {"MPIJob", "training.kubeflow.org/job-name"},
    {"RayCluster", "ray.io/cluster"},
    {"InferenceService", "serving.kserve.io/inferenceservice"},
};

}  // namespace

void Linker::indexLabels(ObjectId id, const std::vector<PodTemplate>& pods) {
  const auto& object = stack_.objects[id];
  const auto nameSpace = nameSpaceOf(object);
  const bool isPod = symbols_.text(object.kind) == "Pod";
  for (const auto& one : pods) {
    PodLabels entry;
    entry.object = id;
    const auto* metadata = isPod ? find(object.root, keys_.metadata) : one.metadata;
    for (const auto& label : Children(find(metadata, keys_.labels))) {
      if (label.kind == NodeKind::String)
        entry.labels.emplace_back(label.key, symbols_.intern(label.text()));
    }
    for (const auto& row : kControllerLabels) {
      if (row.kind == symbols_.text(object.kind))
        entry.labels.emplace_back(symbols_.intern(row.label), object.name);
    }
    const auto number = static_cast<std::uint32_t>(podLabels_.size());
    for (const auto& [key, value] : entry.labels)
      byLabel_[{nameSpace, key, value}].push_back(number);
    byNameSpace_[nameSpace.id].push_back(number);
    podLabels_.push_back(std::move(entry));
  }
}

bool Linker::matches(const PodLabels& pods, const Node* labels, const Node* expressions) {
  const auto valueOf = [&](Symbol key) -> const Symbol* {
    for (const auto& label : pods.labels) {
      if (label.first == key) return &label.second;
    }
    return nullptr;
  };
  for (const auto& label : Children(labels)) {
    if (label.kind != NodeKind::String) return false;
    const auto* value = valueOf(label.key);
    if (!value || symbols_.text(*value) != label.text()) return false;
  }
  for (const auto& expression : Children(expressions)) {
    const auto op = textOf(find(&expression, keys_.operator_));
    const auto* value = valueOf(intern(find(&expression, keys_.key)));
    bool listed = false;
    for (const auto& candidate : Children(find(&expression, keys_.values))) {
      listed = listed || (value && textOf(&candidate) == symbols_.text(*value));
    }
    const bool holds = op == "In"       ? listed
                       : op == "NotIn"  ? !listed
                       : op == "Exists" ? value != nullptr
                                        : value == nullptr;
    if (!holds) return false;
  }
  return true;
}

/// Edges to every workload whose pods the selector matches. An empty label map (a Service's)
/// selects nothing, an empty LabelSelector everything in the namespace.
void Linker::select(ObjectId id, const Node* selector, bool isLabelMap) {
  if (!selector || selector->kind != NodeKind::Map) return;
  const auto* labels = isLabelMap ? selector : find(selector, keys_.matchLabels);
  const auto* expressions = isLabelMap ? nullptr : find(selector, keys_.matchExpressions);
  if (isLabelMap && selector->length == 0) return;
  const auto nameSpace = nameSpaceOf(stack_.objects[id]);
  // The label that the fewest pods have: with thousands of workloads the common ones match them
  // all.
  const std::vector<std::uint32_t>* candidates = nullptr;
  for (const auto& label : Children(labels)) {
    if (label.kind != NodeKind::String) return;
    const auto found = byLabel_.find({nameSpace, label.key, symbols_.intern(label.text())});
    if (found == byLabel_.end()) return;
    if (!candidates || found->second.size() < candidates->size()) candidates = &found->second;
  }
  if (!candidates) {
    const auto found = byNameSpace_.find(nameSpace.id);
    if (found == byNameSpace_.end()) return;
    candidates = &found->second;
  }
  auto last = kNoObject;
  for (const auto number : *candidates) {
    const auto& pods = podLabels_[number];
    if (pods.object == last || !matches(pods, labels, expressions)) continue;
    last = pods.object;  // several templates of one workload: one edge
    auto& edge = stack_.edges.emplace_back();
    edge.kind = EdgeKind::Selects;
    edge.from = id;
    edge.to = pods.object;
    edge.toRole = Role::Workload;
    edge.name = stack_.objects[pods.object].name;
    edge.span = selector->span;
  }
}

void Linker::selectByReference(ObjectId id, const Node* reference) {
  const auto* name = find(reference, keys_.name);
  if (textOf(name).empty()) return;
  const auto* kind = find(reference, keys_.kind);
  refer(EdgeKind::Selects, id, kind ? intern(kind) : kinds_.Deployment, Role::Workload, name);
}

/// After all pods are indexed: a service may stand before its workload.
void Linker::runSelectors() {
  for (ObjectId id = 0; id < stack_.objects.size(); ++id) {
    const auto& object = stack_.objects[id];
    const auto* spec = find(object.root, keys_.spec);
    if (!spec) continue;
    const auto kind = symbols_.text(object.kind);
    if (object.kind == kinds_.Service && symbols_.text(object.apiVersion) == "v1") {
      select(id, find(spec, keys_.selector), true);
    } else if (kind == "PodDisruptionBudget" || kind == "PodMonitor") {
      select(id, find(spec, keys_.selector), false);
    } else if (kind == "NetworkPolicy") {
      select(id, find(spec, keys_.podSelector), false);
    } else if (kind == "HorizontalPodAutoscaler" || kind == "ScaledObject") {
      selectByReference(id, find(spec, keys_.scaleTargetRef));
    } else if (kind == "VerticalPodAutoscaler") {
      selectByReference(id, find(spec, keys_.targetRef));
    } else if (kind == "TrainJob") {
      const auto* reference = find(spec, keys_.runtimeRef);
      const auto* runtimeKind = find(reference, keys_.kind);
      refer(EdgeKind::References, id,
            runtimeKind ? intern(runtimeKind) : kinds_.ClusterTrainingRuntime, Role::Other,
            find(reference, keys_.name));
    }
  }
}

}  // namespace mlstack::ir
