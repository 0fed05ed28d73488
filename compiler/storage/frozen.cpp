#include "storage/frozen.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "storage/read.h"

namespace mlstack::storage {

namespace {

using ir::Node;
using ir::NodeKind;

enum class How : std::uint8_t {
  Never,      // the field may not change
  Once,       // it may be set while it is absent
  OnceEmpty,  // it may be set while it is absent or empty
  InStep,     // it may change while the new object is Indexed and has as many pods at a time
  Gated,      // it may change while the old object has gates of scheduling
  NotGone,    // it may be set and changed, and not be taken away
  AllBut,     // nothing below it may change but the fields of `but`
  EachBut     // as AllBut, for each map of a list
};

struct Row {
  std::string_view group;
  std::string_view kind;
  std::string_view path;
  How how = How::Never;
  std::string_view but{};   // AllBut, EachBut: field names, each with a blank before and behind
  std::string_view mend{};
};

constexpr std::string_view kNewClaim = "make a second claim and copy the data, or delete and create the claim: its volume goes with it unless the reclaim policy is Retain";
constexpr std::string_view kNewVolume = "make a volume of another name; with Retain, deleting this object leaves the data where it is";
constexpr std::string_view kNewClass = "make a class of another name: volumes that exist keep what they were made with";
constexpr std::string_view kNewRun = "a run cannot be changed: give the changed one another name, or delete this one first (its claims stay)";
constexpr std::string_view kNewName = "give the changed object another name, or delete and create it";
constexpr std::string_view kNewPod = "delete and create the pod; what it keeps in emptyDir volumes is gone then";
constexpr std::string_view kOrphan = "delete the set with `--cascade=orphan` and create it again: pods and claims stay";

// Sources: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeClaimUpdate, ValidatePersistentVolumeUpdate,
// ValidatePodUpdate, ValidateSecretUpdate, ValidateConfigMapUpdate, ValidateServiceUpdate), pkg/apis/apps/validation/validation.go,
// pkg/apis/batch/validation/validation.go (ValidateJobUpdate), pkg/apis/storage/validation/validation.go,
// pkg/apis/scheduling/validation/validation.go, pkg/apis/node/validation/validation.go, pkg/apis/rbac/validation/validation.go;
// kubernetes-csi/external-snapshotter client/apis and kubernetes-sigs/jobset, kubeflow/trainer: rules of their CRDs.
constexpr Row kRows[] = {
    {"", "PersistentVolumeClaim", "spec", How::AllBut, " resources volumeAttributesClassName volumeName storageClassName ", kNewClaim},
    {"", "PersistentVolumeClaim", "spec.storageClassName", How::Once, {}, kNewClaim},
    {"", "PersistentVolumeClaim", "spec.volumeAttributesClassName", How::NotGone, {}, "name another attributes class, one that states what the volume is to have"},
    {"", "PersistentVolumeClaim", "spec.volumeName", How::OnceEmpty, {}, kNewClaim},
    {"", "PersistentVolume", "spec", How::AllBut,
     " capacity accessModes persistentVolumeReclaimPolicy storageClassName mountOptions claimRef nodeAffinity volumeAttributesClassName ", kNewVolume},
    {"", "PersistentVolume", "spec.nodeAffinity", How::Once, {}, kNewVolume},
    {"", "Pod", "spec", How::AllBut,
     " activeDeadlineSeconds terminationGracePeriodSeconds tolerations containers initContainers schedulingGates nodeSelector affinity ephemeralContainers ",
     kNewPod},
    {"", "Pod", "spec.nodeSelector", How::Gated, {}, kNewPod},
    {"", "Pod", "spec.affinity", How::Gated, {}, kNewPod},
    {"", "Pod", "spec.containers", How::EachBut, " image ", kNewPod},
    {"", "Pod", "spec.initContainers", How::EachBut, " image ", kNewPod},
    {"", "Service", "spec.clusterIP", How::OnceEmpty, {}, "delete and create the Service"},
    {"", "Secret", "type", How::Never, {}, kNewName},
    {"", "ReplicationController", "spec.selector", How::Never, {}, kNewName},
    {"apps", "StatefulSet", "spec", How::AllBut,
     " replicas ordinals template updateStrategy revisionHistoryLimit persistentVolumeClaimRetentionPolicy minReadySeconds volumeClaimTemplates ", kOrphan},
    {"apps", "Deployment", "spec.selector", How::Never, {}, kNewName},
    {"apps", "ReplicaSet", "spec.selector", How::Never, {}, kNewName},
    {"apps", "DaemonSet", "spec.selector", How::Never, {}, kNewName},
    {"batch", "Job", "spec.template", How::Never, {}, kNewRun},
    {"batch", "Job", "spec.selector", How::Never, {}, kNewRun},
    {"batch", "Job", "spec.completions", How::InStep, {}, kNewRun},
    {"batch", "Job", "spec.completionMode", How::Never, {}, kNewRun},
    {"batch", "Job", "spec.podFailurePolicy", How::Never, {}, kNewRun},
    {"batch", "Job", "spec.successPolicy", How::Never, {}, kNewRun},
    {"batch", "Job", "spec.backoffLimitPerIndex", How::Never, {}, kNewRun},
    {"batch", "Job", "spec.managedBy", How::Never, {}, kNewRun},
    {"storage.k8s.io", "StorageClass", "provisioner", How::Never, {}, kNewClass},
    {"storage.k8s.io", "StorageClass", "parameters", How::Never, {}, kNewClass},
    {"storage.k8s.io", "StorageClass", "reclaimPolicy", How::Never, {}, kNewClass},
    {"storage.k8s.io", "StorageClass", "volumeBindingMode", How::Never, {}, kNewClass},
    {"storage.k8s.io", "VolumeAttributesClass", "driverName", How::Never, {}, kNewClass},
    {"storage.k8s.io", "VolumeAttributesClass", "parameters", How::Never, {}, kNewClass},
    {"storage.k8s.io", "CSIDriver", "spec.attachRequired", How::Never, {}, kNewName},
    {"storage.k8s.io", "CSIDriver", "spec.volumeLifecycleModes", How::Never, {}, kNewName},
    {"snapshot.storage.k8s.io", "VolumeSnapshot", "spec.source", How::Never, {}, "take a snapshot of another name"},
    {"snapshot.storage.k8s.io", "VolumeSnapshotContent", "spec.source", How::Never, {}, "take a snapshot of another name"},
    {"scheduling.k8s.io", "PriorityClass", "value", How::Never, {}, kNewName},
    {"scheduling.k8s.io", "PriorityClass", "preemptionPolicy", How::Never, {}, kNewName},
    {"node.k8s.io", "RuntimeClass", "handler", How::Never, {}, kNewName},
    {"rbac.authorization.k8s.io", "RoleBinding", "roleRef", How::Never, {}, kNewName},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", "roleRef", How::Never, {}, kNewName},
    {"resource.k8s.io", "ResourceClaim", "spec", How::Never, {}, kNewName},
    {"resource.k8s.io", "ResourceClaimTemplate", "spec", How::Never, {}, kNewName},
    {"leaderworkerset.x-k8s.io", "LeaderWorkerSet", "spec.leaderWorkerTemplate.subGroupPolicy.subGroupSize", How::Never, {}, kNewName},
    {"serving.kserve.io", "InferenceService", "metadata.annotations.serving.kserve.io/deploymentMode", How::Never, {}, kNewName},
    {"jobset.x-k8s.io", "JobSet", "spec.replicatedJobs", How::Never, {}, kNewRun},
    {"jobset.x-k8s.io", "JobSet", "spec.network", How::Never, {}, kNewRun},
    {"jobset.x-k8s.io", "JobSet", "spec.successPolicy", How::Never, {}, kNewRun},
    {"jobset.x-k8s.io", "JobSet", "spec.failurePolicy", How::Never, {}, kNewRun},
    {"jobset.x-k8s.io", "JobSet", "spec.startupPolicy", How::Never, {}, kNewRun},
    {"jobset.x-k8s.io", "JobSet", "spec.coordinator", How::Never, {}, kNewRun},
    {"jobset.x-k8s.io", "JobSet", "spec.managedBy", How::Never, {}, kNewRun},
    {"jobset.x-k8s.io", "JobSet", "spec.volumeClaimPolicies", How::Never, {}, kNewRun},
    {"trainer.kubeflow.org", "TrainJob", "spec.runtimeRef", How::Never, {}, kNewRun},
    {"trainer.kubeflow.org", "TrainJob", "spec.trainer", How::Never, {}, kNewRun},
    {"trainer.kubeflow.org", "TrainJob", "spec.initializer", How::Never, {}, kNewRun},
    {"trainer.kubeflow.org", "TrainJob", "spec.managedBy", How::Never, {}, kNewRun},
};

/// What the API server writes where nothing stands (pkg/apis/*/v1/defaults.go); by field name, as none of them has two.
constexpr std::array<std::pair<std::string_view, std::string_view>, 30> kDefaults{{
    {"completions", "1"},
    {"volumeMode", "Filesystem"},
    {"podManagementPolicy", "OrderedReady"},
    {"completionMode", "NonIndexed"},
    {"volumeBindingMode", "Immediate"},
    {"reclaimPolicy", "Delete"},
    {"type", "Opaque"},
    {"imagePullPolicy", "IfNotPresent"},
    {"imagePullPolicy", "Always"},
    {"dnsPolicy", "ClusterFirst"},
    {"schedulerName", "default-scheduler"},
    {"terminationMessagePath", "/dev/termination-log"},
    {"terminationMessagePolicy", "File"},
    {"protocol", "TCP"},
    {"scheme", "HTTP"},
    {"apiVersion", "v1"},
    {"restartPolicy", "Always"},
    {"preemptionPolicy", "PreemptLowerPriority"},
    {"enableServiceLinks", "true"},
    {"attachRequired", "true"},
    {"terminationGracePeriodSeconds", "30"},
    {"defaultMode", "420"},
    {"suspend", "false"},
    {"readOnly", "false"},
    {"hostNetwork", "false"},
    {"operator", "All"},
    {"maxRestarts", "0"},
    {"replicas", "1"},
    {"parallelism", "1"},
    {"managedBy", "kubernetes.io/job-controller"},
}};

std::string scalarText(const Node& node) {
  switch (node.kind) {
    case NodeKind::Null: return "null";
    case NodeKind::Bool: return node.boolean ? "true" : "false";
    case NodeKind::Int: return fmt::format("{}", node.integer);
    case NodeKind::Float: return fmt::format("{}", node.real);
    case NodeKind::String: return std::string(node.text());
    case NodeKind::List:
    case NodeKind::Map: return {};
  }
  return {};
}

class Comparison {
 public:
  explicit Comparison(const base::SymbolTable& symbols) : symbols_(symbols) {}

  /// The first difference below a pair; false when they mean the same. One of them may be null.
  bool differ(const Node* was, const Node* now, std::string_view name) {
    if (isEmpty(was) && isEmpty(now)) return false;
    if (!was || !now) {
      const Node& there = was ? *was : *now;
      if (!there.isContainer() && isDefault(name, scalarText(there))) return false;
      return note(was, now);
    }
    if (was->kind == NodeKind::Map && now->kind == NodeKind::Map) return mapsDiffer(*was, *now);
    if (was->kind == NodeKind::List && now->kind == NodeKind::List) return listsDiffer(*was, *now);
    if (ir::sameValue(*was, *now) || sameAmount(was, now)) return false;
    return note(was, now);
  }

  /// As differ, leaving out the fields in `but`.
  bool mapsDiffer(const Node& was, const Node& now, std::string_view but = {}) {
    const auto* outer = around_;
    around_ = &now;
    for (const auto& child : ir::Children(&now)) {
      const auto key = symbols_.text(child.key);
      if (isLeftOut(key, but)) continue;
      if (step(ir::find(&was, child.key), &child, key)) return true;
    }
    for (const auto& child : ir::Children(&was)) {
      const auto key = symbols_.text(child.key);
      if (isLeftOut(key, but) || ir::find(&now, child.key)) continue;
      if (step(&child, nullptr, key)) return true;
    }
    around_ = outer;
    return false;
  }

  FrozenChange change;

 private:
  static bool isLeftOut(std::string_view key, std::string_view but) {
    return !but.empty() && but.find(fmt::format(" {} ", key)) != std::string_view::npos;
  }
  static bool isEmpty(const Node* node) {
    return !node || node->kind == NodeKind::Null || (node->isContainer() && node->length == 0) || (node->kind == NodeKind::String && node->length == 0);
  }
  static bool isDefault(std::string_view name, std::string_view text) {
    return std::any_of(kDefaults.begin(), kDefaults.end(), [&](const auto& row) { return row.first == name && row.second == text; });
  }
  /// "1Gi" and "1024Mi".
  static bool sameAmount(const Node* was, const Node* now) {
    const auto a = quantityOf(was);
    const auto b = quantityOf(now);
    return a && b && *a == *b;
  }

  bool step(const Node* was, const Node* now, std::string_view key) {
    const auto length = path_.size();
    path_ += path_.empty() ? "" : ".";
    path_ += key;
    if (differ(was, now, key)) return true;
    path_.resize(length);
    return false;
  }

  bool itemsDiffer(const Node* was, const Node* now, std::string_view but) {
    if (but.empty() || !was || !now || was->kind != NodeKind::Map || now->kind != NodeKind::Map) return differ(was, now, {});
    return mapsDiffer(*was, *now, but);
  }

 public:
  bool listsDiffer(const Node& was, const Node& now, std::string_view but = {}) {
    const auto* outer = around_;
    around_ = &now;
    auto left = ir::Children(&was).begin();
    auto right = ir::Children(&now).begin();
    const auto count = std::max(was.length, now.length);
    for (std::uint32_t i = 0; i < count; ++i) {
      const Node* before = i < was.length ? &*left : nullptr;
      const Node* after = i < now.length ? &*right : nullptr;
      if (i < was.length) ++left;
      if (i < now.length) ++right;
      const auto length = path_.size();
      path_ += fmt::format("[{}]", i);
      if (itemsDiffer(before, after, but)) return true;
      path_.resize(length);
    }
    around_ = outer;
    return false;
  }

 private:

  bool note(const Node* was, const Node* now) {
    change.was = was;
    change.now = now;
    change.around = around_;
    change.path = path_;
    return true;
  }

  const base::SymbolTable& symbols_;
  const Node* around_ = nullptr;
  std::string path_;
};

std::string_view groupOf(std::string_view apiVersion) {
  const auto slash = apiVersion.find('/');
  return slash == std::string_view::npos ? std::string_view{} : apiVersion.substr(0, slash);
}

bool differs(Comparison& comparison, const Row& row, const Node* before, const Node* after) {
  const auto both = [&](NodeKind kind) { return before && after && before->kind == kind && after->kind == kind; };
  switch (row.how) {
    case How::AllBut: return both(NodeKind::Map) && comparison.mapsDiffer(*before, *after, row.but);
    case How::EachBut: return both(NodeKind::List) && comparison.listsDiffer(*before, *after, row.but);
    case How::Never:
    case How::Once:
    case How::OnceEmpty:
    case How::InStep:
    case How::Gated:
    case How::NotGone: break;
  }
  return comparison.differ(before, after, row.path.substr(row.path.rfind('.') + 1));
}

/// The value at a row's path; the key of an annotation has dots of its own.
const Node* valueAt(const Node* root, std::string_view path, const base::SymbolTable& symbols) {
  constexpr std::string_view kAnnotations = "metadata.annotations.";
  if (!path.starts_with(kAnnotations)) return ir::findPath(root, path, symbols);
  for (const auto& child : ir::Children(ir::findPath(root, kAnnotations.substr(0, kAnnotations.size() - 1), symbols)))
    if (symbols.text(child.key) == path.substr(kAnnotations.size())) return &child;
  return nullptr;
}

bool mayChange(const Row& row, const ir::Object& was, const ir::Object& now, const Node* before, const Node* after, const base::SymbolTable& symbols) {
  const auto empty = [](const Node* node) { return !node || node->kind == NodeKind::Null || (node->kind == NodeKind::String && node->length == 0); };
  switch (row.how) {
    case How::Once: return !before;
    case How::OnceEmpty: return !before || textOf(before).empty();
    case How::InStep: {
      // ElasticIndexedJob, from 1.27 on.
      const auto most = intOf(ir::findPath(now.root, "spec.parallelism", symbols)).value_or(1);
      return textOf(ir::findPath(now.root, "spec.completionMode", symbols)) == "Indexed" && intOf(after) == most;
    }
    case How::Gated: {
      const auto* gates = ir::findPath(was.root, "spec.schedulingGates", symbols);
      return gates && gates->length > 0;
    }
    case How::NotGone: return empty(before) || !empty(after);
    case How::Never:
    case How::AllBut:
    case How::EachBut: return false;
  }
  return false;
}

}  // namespace

std::vector<FrozenChange> frozenChanges(const ir::Object& was, const ir::Object& now, const base::SymbolTable& symbols) {
  std::vector<FrozenChange> changes;
  const auto group = groupOf(symbols.text(now.apiVersion));
  const auto kind = symbols.text(now.kind);
  for (const auto& row : kRows) {
    if (row.kind != kind || row.group != group) continue;
    const auto* before = valueAt(was.root, row.path, symbols);
    const auto* after = valueAt(now.root, row.path, symbols);
    if (mayChange(row, was, now, before, after, symbols)) continue;
    Comparison comparison(symbols);
    if (!differs(comparison, row, before, after)) continue;
    auto& change = changes.emplace_back(std::move(comparison.change));
    const bool inList = change.path.starts_with('[');
    change.path = change.path.empty() ? std::string(row.path) : fmt::format("{}{}{}", row.path, inList ? "" : ".", change.path);
    change.field = row.path;
    change.mend = row.mend;
    if (!change.around) change.around = now.root;
  }
  return changes;
}

}  // namespace mlstack::storage
