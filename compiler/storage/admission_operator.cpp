// What the operators of training and serving refuse of their custom resources, by webhooks or when they first look at one.
// kubeflow/training-operator pkg/webhooks, kubeflow/mpi-operator pkg/apis/kubeflow/validation/validation.go,
// kubeflow/trainer pkg/webhooks and pkg/apis/trainer/v1alpha1, ray-project/kuberay ray-operator/controllers/ray/utils/validation.go,
// kserve/kserve pkg/apis/serving/v1beta1.

#include <algorithm>
#include <array>

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

void order(Judge& judge, const Node* low, const Node* high, std::string_view lowName, std::string_view highName) {
  const auto least = intOf(low);
  const auto most = intOf(high);
  if (!least || !most || *least <= *most) return;
  const auto at = judge.path();
  auto d = diag::make<Code::OrderOfValues>(judge.spanOf(*low), at.empty() ? std::string(lowName) : fmt::format("{}.{}", at, lowName), *least, "above", quoted(highName), *most);
  if (high->span.known()) d.related.push_back({high->entrySpan(), "it stands here"});
  judge.say(std::move(d));
}

void together(Judge& judge, const Node& second, std::string_view one, std::string_view other) {
  judge.say(diag::make<Code::FieldsTogether>(judge.headOf(second), judge.path(), one, other));
}

// ---- the training operator ------------------------------------------------------------------

/// The operator puts it into its pods, whatever it is.
void roleRestarts(Judge& judge, const Node& policy) {
  constexpr std::array<std::string_view, 4> kPolicies{"Always", "OnFailure", "Never", "ExitCode"};
  if (isSet(&policy) && std::find(kPolicies.begin(), kPolicies.end(), textOf(&policy)) == kPolicies.end())
    judge.sayWord(policy, judge.path(), "Always, OnFailure, Never or ExitCode");
}

void elastic(Judge& judge, const Node& spec) {
  const auto* policy = judge.keys.at<"elasticPolicy">(&spec);
  if (!isSet(policy)) return;
  const auto* low = judge.keys.at<"minReplicas">(policy);
  const auto* high = judge.keys.at<"maxReplicas">(policy);
  order(judge, low, high, "elasticPolicy.minReplicas", "elasticPolicy.maxReplicas");
  const auto* own = judge.keys.at<"nProcPerNode">(policy);
  if (isSet(judge.keys.at<"nprocPerNode">(&spec)) && isSet(own)) together(judge, *own, "nprocPerNode", "elasticPolicy.nProcPerNode");
}

constexpr Row kTrainingJobRows[] = {
    call("spec.pytorchReplicaSpecs{}.restartPolicy", roleRestarts),
    call("spec.tfReplicaSpecs{}.restartPolicy", roleRestarts),
    call("spec.xgbReplicaSpecs{}.restartPolicy", roleRestarts),
    call("spec.paddleReplicaSpecs{}.restartPolicy", roleRestarts),
    call("spec.jaxReplicaSpecs{}.restartPolicy", roleRestarts),
    range("spec.runPolicy.backoffLimit", 0, kInt32),
    range("spec.runPolicy.ttlSecondsAfterFinished", 0, kInt32),
    range("spec.runPolicy.activeDeadlineSeconds", 0),
};
constexpr Row kPyTorchJobRows[] = {
    use("", kTrainingJob),
    call("spec", elastic),
};

// ---- MPI ------------------------------------------------------------------------------------

bool isMpiOperator(const Judge& judge) { return judge.text(judge.object().apiVersion) == "kubeflow.org/v2beta1"; }

/// The rules of v2beta1; before that nothing was refused.
void mpiRoles(Judge& judge, const Node& spec) {
  if (!isMpiOperator(judge)) return;
  const auto* roles = judge.keys.at<"mpiReplicaSpecs">(&spec);
  if (!isSet(roles)) return judge.sayLacks(spec, judge.path(), "`mpiReplicaSpecs`", "the MPI operator refuses it without");
  if (!isSet(judge.keys.at<"Launcher">(roles)))
    judge.sayLacks(*roles, judge.path("mpiReplicaSpecs"), "`Launcher`", "it is what starts the processes, and the MPI operator refuses the job without");
  for (const auto& role : ir::Children(roles)) {
    const auto name = judge.text(role.key);
    if (name != "Launcher" && name != "Worker") judge.sayRefused(role, judge.path("mpiReplicaSpecs", name), "here, where the MPI operator takes `Launcher` and `Worker` only");
    const auto* restart = judge.keys.at<"restartPolicy">(&role);
    if (isSet(restart) && textOf(restart) != "Never" && textOf(restart) != "OnFailure")
      judge.sayWord(*restart, judge.path("mpiReplicaSpecs", name, "restartPolicy"), "Never or OnFailure in an MPIJob");
    const auto* count = judge.keys.at<"replicas">(&role);
    if (name == "Worker" && intOf(count) && *intOf(count) < 1) judge.sayRange(*count, judge.path("mpiReplicaSpecs", name, "replicas"), "1 or more");
  }
}

void mpiWords(Judge& judge, const Node& spec) {
  if (!isMpiOperator(judge)) return;
  const auto* implementation = judge.keys.at<"mpiImplementation">(&spec);
  const auto word = textOf(implementation);
  if (!word.empty() && word != "OpenMPI" && word != "Intel" && word != "MPICH") judge.sayWord(*implementation, judge.path("mpiImplementation"), "OpenMPI, Intel or MPICH");
}

constexpr Row kMpiJobRows[] = {
    call("spec", mpiRoles),
    call("spec", mpiWords),
    words("spec.runPolicy.cleanPodPolicy", "None Running All"),
    range("spec.slotsPerWorker", 0, kInt32),
    range("spec.runPolicy.backoffLimit", 0, kInt32),
    range("spec.runPolicy.ttlSecondsAfterFinished", 0, kInt32),
    range("spec.runPolicy.activeDeadlineSeconds", 0),
};

// ---- Kubeflow Trainer -----------------------------------------------------------------------

/// Other groups may have runtimes of their own.
void runtimeKind(Judge& judge, const Node& ref) {
  const auto* kind = judge.keys.at<"kind">(&ref);
  const auto group = judge.keys.text<"apiGroup">(&ref);
  if (!isSet(kind) || (!group.empty() && group != "trainer.kubeflow.org")) return;
  if (textOf(kind) != "TrainingRuntime" && textOf(kind) != "ClusterTrainingRuntime") judge.sayWord(*kind, judge.path("kind"), "TrainingRuntime or ClusterTrainingRuntime");
}

constexpr Row kTrainJobRows[] = {
    call("spec.runtimeRef", runtimeKind),
    words("spec.managedBy", "trainer.kubeflow.org/trainjob-controller kueue.x-k8s.io/multikueue"),
};

// ---- Ray ------------------------------------------------------------------------------------

constexpr Row kClusterSpecRows[] = {
    apart("workerGroupSpecs", "groupName"),
};
constexpr Shape kClusterSpec{kClusterSpecRows};

void workerCounts(Judge& judge, const Node& group) {
  order(judge, judge.keys.at<"minReplicas">(&group), judge.keys.at<"maxReplicas">(&group), "minReplicas", "maxReplicas");
}
constexpr Row kCountedClusterRows[] = {
    use("", kClusterSpec),
    call("workerGroupSpecs[]", workerCounts),
};
constexpr Shape kCountedCluster{kCountedClusterRows};

constexpr Row kRayClusterRows[] = {
    use("spec", kCountedCluster),
};

void rayJob(Judge& judge, const Node& spec) {
  const auto* cluster = judge.keys.at<"rayClusterSpec">(&spec);
  const auto* selector = judge.keys.at<"clusterSelector">(&spec);
  if (!isSet(cluster) && !isSet(selector)) judge.sayLacks(spec, judge.path(), "`rayClusterSpec` or `clusterSelector`", "KubeRay has no cluster to run it on");
  const bool ends = judge.keys.isTrue<"shutdownAfterJobFinishes">(&spec);
  const auto* suspend = judge.keys.at<"suspend">(&spec);
  if (isTrue(suspend)) {
    if (isSet(selector)) judge.sayRefused(*suspend, judge.path("suspend"), "with a `clusterSelector`: the cluster is not the job's own");
    else if (!ends) judge.sayRefused(*suspend, judge.path("suspend"), "without `shutdownAfterJobFinishes: true`: to suspend it is to delete its cluster");
  }
  const auto* later = judge.keys.at<"ttlSecondsAfterFinished">(&spec);
  if (intOf(later).value_or(0) > 0 && !ends) judge.sayRefused(*later, judge.path("ttlSecondsAfterFinished"), "without `shutdownAfterJobFinishes: true`: the cluster stays for ever");
  const auto* limit = judge.keys.at<"backoffLimit">(&spec);
  const auto tries = intOf(limit).value_or(0);
  if (tries > 0 && isSet(selector)) judge.sayRefused(*limit, judge.path("backoffLimit"), "with a `clusterSelector`: each try needs a cluster of its own");
  if (tries > 0 && judge.keys.text<"submissionMode">(&spec) == "InteractiveMode") judge.sayRefused(*limit, judge.path("backoffLimit"), "with `submissionMode` InteractiveMode");
}

/// Brackets of a flow list or map, without quoted text and comments; nothing for what is not sure.
bool leavesOpen(std::string_view yaml) {
  std::string open;
  char quote = 0;
  bool comment = false;
  for (std::size_t i = 0; i < yaml.size(); ++i) {
    const char c = yaml[i];
    if (comment) {
      comment = c != '\n';
    } else if (quote != 0) {
      if (c == '\\' && quote == '"') ++i;
      else if (c == quote) quote = 0;
    } else if ((c == '"' || c == '\'') && (i == 0 || std::string_view(" \n[{,:").find(yaml[i - 1]) != std::string_view::npos)) {
      quote = c;
    } else if (c == '#' && (i == 0 || yaml[i - 1] == ' ' || yaml[i - 1] == '\n')) {
      comment = true;
    } else if ((c == '[' || c == '{') && (!open.empty() || i == 0 || std::string_view(" \n").find(yaml[i - 1]) != std::string_view::npos)) {
      open += c;
    } else if ((c == ']' || c == '}') && !open.empty()) {
      if ((c == ']') != (open.back() == '[')) return true;
      open.pop_back();
    }
  }
  return !open.empty();
}

/// KubeRay parses it as YAML.
void runtimeEnv(Judge& judge, const Node& text) {
  const auto yaml = textOf(&text);
  if (yaml.find("{{") != std::string_view::npos || yaml.find("${") != std::string_view::npos || yaml.find('|') != std::string_view::npos || yaml.find('>') != std::string_view::npos) return;
  if (leavesOpen(yaml)) judge.say(diag::make<Code::ValueForm>(judge.spanOf(text), quoted(judge.path()), fmt::format("\"{}…\"", yaml.substr(0, std::min<std::size_t>(yaml.find('\n'), 40))), "KubeRay reads it as YAML, and a bracket of it has no partner"));
}

constexpr Row kRayJobRows[] = {
    call("spec", rayJob),
    use("spec.rayClusterSpec", kCountedCluster),
    range("spec.activeDeadlineSeconds", 1, kInt32),
    range("spec.backoffLimit", 0, kInt32),
    range("spec.ttlSecondsAfterFinished", 0, kInt32),
    call("spec.runtimeEnvYAML", runtimeEnv),
    words("spec.submissionMode", "K8sJobMode HTTPMode InteractiveMode SidecarMode"),
};

constexpr Row kRayServiceRows[] = {
    words("spec.upgradeStrategy.type", "NewCluster None NewClusterWithIncrementalUpgrade"),
    use("spec.rayClusterConfig", kCountedCluster),
};

// ---- KServe ---------------------------------------------------------------------------------

/// What serves a model, of which a component has one (`containers` makes one of its own).
constexpr std::string_view kServers = "model sklearn xgboost tensorflow pytorch triton onnx huggingface pmml lightgbm paddle";

void servers(Judge& judge, const Node& predictor) {
  const Node* first = nullptr;
  for (const auto& child : ir::Children(&predictor)) {
    const auto known = wordsOf(kServers);
    if (!isSet(&child) && child.kind != ir::NodeKind::Map) continue;
    if (std::find(known.begin(), known.end(), judge.text(child.key)) == known.end()) continue;
    if (first) return together(judge, child, judge.text(first->key), judge.text(child.key));
    first = &child;
  }
}

void replicas(Judge& judge, const Node& component) {
  const auto* low = judge.keys.at<"minReplicas">(&component);
  const auto* high = judge.keys.at<"maxReplicas">(&component);
  if (intOf(low).value_or(0) < 0) return judge.sayRange(*low, judge.path("minReplicas"), "0 or more");
  if (intOf(high).value_or(0) < 0) return judge.sayRange(*high, judge.path("maxReplicas"), "0 or more");
  if (intOf(high).value_or(0) > 0) order(judge, low, high, "minReplicas", "maxReplicas");
}

/// A ClusterStorageContainer may know others.
void storageUri(Judge& judge, const Node& uri) {
  constexpr std::array<std::string_view, 11> kSchemes{"gs", "s3", "pvc", "file", "https", "http", "hdfs", "webhdfs", "oci", "oci+fetch", "hf"};
  const auto text = textOf(&uri);
  const auto end = text.find("://");
  if (end == std::string_view::npos || looksLikePlaceholder(text)) return;
  const auto scheme = text.substr(0, end);
  if (std::find(kSchemes.begin(), kSchemes.end(), scheme) != kSchemes.end()) return;
  for (const auto& object : judge.context.stack.objects)
    if (judge.context.model.kindOf(object) == "ClusterStorageContainer") return;
  auto d = diag::make<Code::ValueInVain>(judge.spanOf(uri), judge.path(), judge.shown(uri), fmt::format("KServe fetches no model by {}:// unless a ClusterStorageContainer says how, and refuses it", scheme));
  d.help = fmt::format("it knows {}", fmt::join(kSchemes, ", "));
  judge.say(std::move(d));
}

constexpr Row kComponentRows[] = {
    call("", replicas),
    call("model.storageUri", storageUri),
    call("sklearn.storageUri", storageUri),
    call("xgboost.storageUri", storageUri),
    call("tensorflow.storageUri", storageUri),
    call("pytorch.storageUri", storageUri),
    call("triton.storageUri", storageUri),
    call("onnx.storageUri", storageUri),
    call("huggingface.storageUri", storageUri),
    call("pmml.storageUri", storageUri),
    call("lightgbm.storageUri", storageUri),
    call("paddle.storageUri", storageUri),
};
constexpr Shape kComponent{kComponentRows};

constexpr Row kInferenceServiceRows[] = {
    call("spec.predictor", servers),
    use("spec.predictor", kComponent),
    use("spec.transformer", kComponent),
    use("spec.explainer", kComponent),
};

}  // namespace

const Shape kTrainingJob{kTrainingJobRows};
const Shape kPyTorchJob{kPyTorchJobRows};
const Shape kMpiJob{kMpiJobRows};
const Shape kTrainJob{kTrainJobRows};
const Shape kRayCluster{kRayClusterRows};
const Shape kRayJob{kRayJobRows};
const Shape kRayService{kRayServiceRows};
const Shape kInferenceService{kInferenceServiceRows};

}  // namespace mlstack::storage::admission
