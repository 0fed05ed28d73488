// What the API server of the targeted version would refuse.

#include "storage/admission.h"

#include <array>

namespace mlstack::storage {

namespace {

using namespace admission;

struct Root {
  std::string_view group;
  std::string_view kind;
  const Shape* shape;
  bool withPods = true;   // the shape knows the pods of the kind; of others a pod's shape judges them
};

/// The kinds whose values are judged; of all others, metadata and pods alone.
constexpr std::array<Root, 47> kRoots{{
    {"", "Pod", &kBarePod},
    {"", "PodTemplate", &kPodTemplate},
    {"", "ReplicationController", &kReplicationController},
    {"", "PersistentVolumeClaim", &kClaim},
    {"", "PersistentVolume", &kPersistentVolume},
    {"", "Service", &kService},
    {"", "ConfigMap", &kConfigMap},
    {"", "Secret", &kSecret},
    {"", "ResourceQuota", &kQuota},
    {"", "LimitRange", &kLimitRange},
    {"", "Namespace", &kNamespace},
    {"apps", "Deployment", &kDeployment},
    {"apps", "ReplicaSet", &kReplicaSet},
    {"apps", "StatefulSet", &kStatefulSet},
    {"apps", "DaemonSet", &kDaemonSet},
    {"batch", "Job", &kJob},
    {"batch", "CronJob", &kCronJob},
    {"autoscaling", "HorizontalPodAutoscaler", &kAutoscaler},
    {"policy", "PodDisruptionBudget", &kBudget},
    {"networking.k8s.io", "Ingress", &kIngress},
    {"networking.k8s.io", "NetworkPolicy", &kNetworkPolicy},
    {"storage.k8s.io", "StorageClass", &kStorageClass},
    {"storage.k8s.io", "VolumeAttributesClass", &kAttributesClass},
    {"storage.k8s.io", "CSIDriver", &kCsiDriver},
    {"snapshot.storage.k8s.io", "VolumeSnapshot", &kSnapshot},
    {"snapshot.storage.k8s.io", "VolumeSnapshotContent", &kSnapshotContent},
    {"scheduling.k8s.io", "PriorityClass", &kPriorityClass},
    {"node.k8s.io", "RuntimeClass", &kRuntimeClass},
    {"rbac.authorization.k8s.io", "Role", &kRole},
    {"rbac.authorization.k8s.io", "ClusterRole", &kClusterRole},
    {"rbac.authorization.k8s.io", "RoleBinding", &kRoleBinding},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", &kClusterRoleBinding},
    {"jobset.x-k8s.io", "JobSet", &kJobSet},
    {"leaderworkerset.x-k8s.io", "LeaderWorkerSet", &kLeaderWorkerSet},
    {"resource.k8s.io", "ResourceClaim", &kDeviceClaim},
    {"resource.k8s.io", "ResourceClaimTemplate", &kDeviceClaimTemplate},
    {"kubeflow.org", "PyTorchJob", &kPyTorchJob, false},
    {"kubeflow.org", "TFJob", &kTrainingJob, false},
    {"kubeflow.org", "XGBoostJob", &kTrainingJob, false},
    {"kubeflow.org", "PaddleJob", &kTrainingJob, false},
    {"kubeflow.org", "JAXJob", &kTrainingJob, false},
    {"kubeflow.org", "MPIJob", &kMpiJob, false},
    {"trainer.kubeflow.org", "TrainJob", &kTrainJob, false},
    {"ray.io", "RayCluster", &kRayCluster, false},
    {"ray.io", "RayJob", &kRayJob, false},
    {"ray.io", "RayService", &kRayService, false},
    {"serving.kserve.io", "InferenceService", &kInferenceService, false},
}};

const Root* rootOf(std::string_view group, std::string_view kind) {
  for (const auto& root : kRoots)
    if (root.group == group && root.kind == kind) return &root;
  return nullptr;
}

/// Shapes of the kinds at hand, each looked up once.
class Shapes {
 public:
  explicit Shapes(const Model& model) : model_(model) {}
  const Root* of(const ir::Object& object) {
    const auto key = (std::uint64_t{object.apiVersion.id} << 32) | object.kind.id;
    const auto [at, isNew] = known_.try_emplace(key, nullptr);
    if (isNew) at->second = rootOf(groupOf(model_.text(object.apiVersion)), model_.kindOf(object));
    return at->second;
  }

 private:
  const Model& model_;
  std::unordered_map<std::uint64_t, const Root*> known_;
};

constexpr std::array<Row, 1> kMetaOnly{{use("metadata", kMeta)}};
constexpr Shape kAnyObject{kMetaOnly};

}  // namespace

bool admission::isPatch(const Context& context, const ir::Object& object) {
  if (groupOf(context.model.text(object.apiVersion)) != "apps") return false;
  const auto* spec = context.keys.at<"spec">(object.root);
  return spec && !context.keys.at<"selector">(spec);
}

namespace {

/// Objects by their kinds' shapes; the pods of custom resources by a pod's.
void judgeObjects(Context& context) {
  Judge judge(context);
  Shapes shapes(context.model);
  struct OfPattern {
    Verdict meta;
    Verdict whole;
  };
  std::vector<OfPattern> verdicts(context.stack.patterns.size());
  for (const auto& object : context.stack.objects) {
    if (object.external || !object.root || object.root->kind != ir::NodeKind::Map) continue;
    const auto pattern = ir::patternOf(context.stack, object);
    if (pattern) judge.judgeAlike(object, kAnyObject, false, verdicts[*pattern].meta);
    else judge.judge(object, kAnyObject);
    judgeName(judge);
    const auto* known = shapes.of(object);
    if (known) {
      const bool patch = isPatch(context, object);
      if (pattern) judge.judgeAlike(object, *known->shape, patch, verdicts[*pattern].whole);
      else judge.judge(object, *object.root, {}, *known->shape, patch);
      if (known->withPods) continue;
    }
    for (const auto& pods : context.model.podsOf(object.order)) {
      if (pods.spec && pods.spec->kind == ir::NodeKind::Map) judge.judge(object, *pods.spec, pods.path, kPod, true);
      if (!pods.metadata || !pods.path.ends_with(".spec")) continue;
      const auto at = pods.path.substr(0, pods.path.size() - 4) + "metadata";
      judge.judge(object, *pods.metadata, at, kTemplateMeta, true);
    }
  }
}

/// The API server takes one class as the default of all pods.
/// Kubernetes: plugin/pkg/admission/priority/admission.go.
void defaultPriority(Context& context) {
  const ir::Object* first = nullptr;
  for (const auto& object : context.stack.objects) {
    if (context.model.kindOf(object) != "PriorityClass") continue;
    const auto* isDefault = context.keys.at<"globalDefault">(object.root);
    if (!isTrue(isDefault)) continue;
    if (!first) {
      first = &object;
      continue;
    }
    const auto span = isDefault->span.known() ? isDefault->span : object.span;
    context.report(diag::make<Code::SecondDefault>(span, context.nameOf(object), context.model.text(first->name)).note(first->span, "the first one"), {&object, first});
  }
}

constexpr Rule kRules[] = {judgeObjects, defaultPriority, judgePods, judgeTargets};

}  // namespace

std::span<const Rule> admissionRules() { return kRules; }

}  // namespace mlstack::storage
