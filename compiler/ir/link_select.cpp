#include <algorithm>
#include <unordered_map>

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

void Linker::addToGroup(Symbol nameSpace, Symbol key, Symbol value, std::uint32_t pods) {
  const auto hash =
      base::FlatIndex::mix(base::FlatIndex::mix(key.id, nameSpace.id), value.id);
  const auto fresh = static_cast<std::uint32_t>(groups_.size());
  const auto at = groupIndex_.insert(hash, fresh, [&](std::uint32_t other) {
    const auto& it = groups_[other];
    return it.value == value && it.key == key && it.nameSpace == nameSpace;
  });
  const auto member = static_cast<std::uint32_t>(members_.size());
  members_.push_back({pods, 0});
  if (at == fresh) {
    groups_.push_back({nameSpace, key, value, member, member, 1});
    return;
  }
  auto& it = groups_[at];
  members_[it.last].next = member;
  it.last = member;
  ++it.count;
}

const Linker::Group* Linker::group(Symbol nameSpace, Symbol key, Symbol value) const {
  const auto hash =
      base::FlatIndex::mix(base::FlatIndex::mix(key.id, nameSpace.id), value.id);
  const auto at = groupIndex_.find(hash, [&](std::uint32_t other) {
    const auto& it = groups_[other];
    return it.value == value && it.key == key && it.nameSpace == nameSpace;
  });
  return at == base::FlatIndex::kNone ? nullptr : &groups_[at];
}

void Linker::indexLabels(ObjectId id, const std::vector<PodTemplate>& pods) {
  const auto& object = stack_.objects[id];
  const auto nameSpace = nameSpaceOf(object);
  if (controllerLabels_.empty()) {
    pod_ = symbols_.intern("Pod");
    for (const auto& row : kControllerLabels)
      controllerLabels_.emplace_back(symbols_.intern(row.kind), symbols_.intern(row.label));
  }
  for (const auto& one : pods) {
    PodLabels entry{id, static_cast<std::uint32_t>(labels_.size()), 0};
    const auto* metadata = object.kind == pod_ ? find(object.root, keys_.metadata) : one.metadata;
    for (const auto& label : Children(find(metadata, keys_.labels))) {
      if (label.kind == NodeKind::String)
        labels_.emplace_back(label.key, symbols_.intern(label.text()));
    }
    for (const auto& [kind, label] : controllerLabels_) {
      if (kind == object.kind) labels_.emplace_back(label, object.name);
    }
    entry.count = static_cast<std::uint32_t>(labels_.size()) - entry.first;
    const auto number = static_cast<std::uint32_t>(podLabels_.size());
    for (std::uint32_t i = 0; i < entry.count; ++i) {
      const auto [key, value] = labels_[entry.first + i];
      addToGroup(nameSpace, key, value, number);
    }
    addToGroup(nameSpace, {}, {}, number);
    podLabels_.push_back(entry);
  }
}

bool Linker::matches(const PodLabels& pods, const Node* labels, const Node* expressions) {
  const auto valueOf = [&](Symbol key) -> const Symbol* {
    for (auto i = pods.first; i < pods.first + pods.count; ++i) {
      if (labels_[i].first == key) return &labels_[i].second;
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
  const Group* candidates = nullptr;
  for (const auto& label : Children(labels)) {
    if (label.kind != NodeKind::String) return;
    const auto* found = group(nameSpace, label.key, symbols_.intern(label.text()));
    if (!found) return;
    if (!candidates || found->count < candidates->count) candidates = found;
  }
  if (!candidates) {
    candidates = group(nameSpace, {}, {});
    if (!candidates) return;
  }
  auto last = kNoObject;
  auto at = candidates->first;
  for (std::uint32_t i = 0; i < candidates->count; ++i, at = members_[at].next) {
    const auto& pods = podLabels_[members_[at].pods];
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

Linker::Selecting Linker::selectingOf(Symbol kind) const {
  const auto text = symbols_.text(kind);
  if (text == "Service") return Selecting::LabelMap;
  if (text == "PodDisruptionBudget" || text == "PodMonitor") return Selecting::Selector;
  if (text == "NetworkPolicy") return Selecting::PodSelector;
  if (text == "HorizontalPodAutoscaler" || text == "ScaledObject") return Selecting::ScaleTarget;
  if (text == "VerticalPodAutoscaler") return Selecting::Target;
  if (text == "TrainJob") return Selecting::Runtime;
  return Selecting::Nothing;
}

/// After all pods are indexed: a service may stand before its workload.
void Linker::runSelectors() {
  std::unordered_map<std::uint32_t, Selecting> kinds;   // most select nothing, and are not looked into
  for (ObjectId id = 0; id < stack_.objects.size(); ++id) {
    const auto& object = stack_.objects[id];
    const auto [known, isNew] = kinds.try_emplace(object.kind.id, Selecting::Nothing);
    if (isNew) known->second = selectingOf(object.kind);
    if (known->second == Selecting::Nothing) continue;
    const auto* spec = find(object.root, keys_.spec);
    if (!spec) continue;
    switch (known->second) {
      case Selecting::Nothing:
        break;
      case Selecting::LabelMap:
        if (symbols_.text(object.apiVersion) == "v1") select(id, find(spec, keys_.selector), true);
        break;
      case Selecting::Selector:
        select(id, find(spec, keys_.selector), false);
        break;
      case Selecting::PodSelector:
        select(id, find(spec, keys_.podSelector), false);
        break;
      case Selecting::ScaleTarget:
        selectByReference(id, find(spec, keys_.scaleTargetRef));
        break;
      case Selecting::Target:
        selectByReference(id, find(spec, keys_.targetRef));
        break;
      case Selecting::Runtime: {
        const auto* reference = find(spec, keys_.runtimeRef);
        const auto* runtimeKind = find(reference, keys_.kind);
        refer(EdgeKind::References, id, runtimeKind ? intern(runtimeKind) : kinds_.ClusterTrainingRuntime, Role::Other,
              find(reference, keys_.name));
        break;
      }
    }
  }
}

}  // namespace mlstack::ir
