#include "ir/pods.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace mlstack::ir {

namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();

std::int64_t product(std::int64_t a, std::int64_t b) {
  return a != 0 && b > kMost / a ? kMost : a * b;
}

class Finder {
 public:
  Finder(const Object& object, const base::SymbolTable& symbols)
      : root_(object.root), symbols_(symbols) {}

  std::vector<PodTemplate> find(std::string_view group, std::string_view kind);

 private:
  [[nodiscard]] Node* at(const Node* from, std::string_view path) const {
    return findPath(from, path, symbols_);
  }
  [[nodiscard]] std::string_view text(const Node* from, std::string_view path) const {
    const auto* node = at(from, path);
    return node && node->kind == NodeKind::String ? node->text() : std::string_view{};
  }
  /// A count at `path`, or `otherwise`; never negative.
  [[nodiscard]] std::int64_t number(const Node* from, std::string_view path,
                                    std::int64_t otherwise) const {
    const auto* node = at(from, path);
    if (!node || node->kind != NodeKind::Int) return otherwise;
    return std::clamp<std::int64_t>(node->integer, 0, kMost);
  }
  [[nodiscard]] bool isTrue(const Node* from, std::string_view path) const {
    const auto* node = at(from, path);
    return node && node->kind == NodeKind::Bool && node->boolean;
  }
  /// Whether an int-or-percentage is there and more than nothing.
  [[nodiscard]] bool moreThanNone(const Node* from, std::string_view path, bool otherwise) const {
    const auto* node = at(from, path);
    if (!node) return otherwise;
    if (node->kind == NodeKind::Int) return node->integer > 0;
    return node->kind == NodeKind::String && node->text() != "0%" && node->text() != "0";
  }

  /// Adds the pod template at `from`.`path`; null when there is none.
  PodTemplate* add(const Node* from, std::string_view path, const std::string& prefix,
                   std::int64_t replicas) {
    const auto* pod = path.empty() ? from : at(from, path);
    auto* spec = at(pod, "spec");
    if (!spec || spec->kind != NodeKind::Map) return nullptr;
    auto& added = found_.emplace_back();
    added.metadata = at(pod, "metadata");
    added.spec = spec;
    added.path.reserve(prefix.size() + path.size() + 6);
    added.path = prefix;
    if (!prefix.empty() && !path.empty()) added.path += '.';
    (added.path += path) += ".spec";
    added.replicas = replicas;
    return &added;
  }
  void addSpec(Node* spec, std::string path, std::int64_t replicas) {
    auto& added = found_.emplace_back();
    added.spec = spec;
    added.path = std::move(path);
    added.replicas = replicas;
  }

  /// Pods of a batch/v1 JobSpec that run at once.
  [[nodiscard]] std::int64_t parallelism(const Node* jobSpec) const {
    const auto parallel = number(jobSpec, "parallelism", 1);
    return std::min(parallel, number(jobSpec, "completions", parallel));
  }

  void builtIn(std::string_view kind);
  void jobSet(const Node* spec, const std::string& prefix, std::int64_t times);
  void replicaSpecs(std::string_view field);
  void rayCluster(const Node* cluster, const std::string& prefix);
  void ray(std::string_view kind);
  void leaderWorkerSet();
  void inferenceService();
  void trainJob();
  void volcanoJob();
  void workflow(std::string_view kind);
  void sparkApplication();
  void experiment();
  void anyContainers(Node& node, const std::string& path, std::int64_t replicas);
  void toEnd() {
    for (auto& pods : found_) pods.runsToEnd = true;
  }

  Node* root_;
  const base::SymbolTable& symbols_;
  std::vector<PodTemplate> found_;
};

void Finder::builtIn(std::string_view kind) {
  if (kind == "Pod" || kind == "PodTemplate") {
    auto* pods = kind == "Pod" ? add(root_, "", "", 1) : add(root_, "template", "", 1);
    if (!pods) return;
    if (kind == "Pod") pods->path = "spec";
    const auto restart = text(pods->spec, "restartPolicy");
    pods->runsToEnd = restart == "Never" || restart == "OnFailure";
  } else if (kind == "Job") {
    if (add(root_, "spec.template", "", parallelism(at(root_, "spec")))) toEnd();
  } else if (kind == "CronJob") {
    if (add(root_, "spec.jobTemplate.spec.template", "",
            parallelism(at(root_, "spec.jobTemplate.spec"))))
      toEnd();
  } else if (kind == "DaemonSet") {
    if (auto* pods = add(root_, "spec.template", "", 1)) {
      pods->onePerNode = true;
      pods->rolling = moreThanNone(root_, "spec.updateStrategy.rollingUpdate.maxSurge", false);
    }
  } else if (kind == "Deployment" || kind == "StatefulSet" || kind == "ReplicaSet" ||
             kind == "ReplicationController") {
    auto* pods = add(root_, "spec.template", "", number(root_, "spec.replicas", 1));
    if (!pods) return;
    pods->rolling = kind == "Deployment" && text(root_, "spec.strategy.type") != "Recreate" &&
                    moreThanNone(root_, "spec.strategy.rollingUpdate.maxSurge", true);
    pods->distinctStorage =
        kind == "StatefulSet" && Children(at(root_, "spec.volumeClaimTemplates")).size() > 0;
  }
}

void Finder::jobSet(const Node* spec, const std::string& prefix, std::int64_t times) {
  int index = 0;
  for (auto& job : Children(at(spec, "replicatedJobs"))) {
    const auto pods = product(
        product(number(&job, "replicas", 1), parallelism(at(&job, "template.spec"))), times);
    add(&job, "template.spec.template", fmt::format("{}.replicatedJobs[{}]", prefix, index++),
        pods);
  }
  toEnd();
}

void Finder::replicaSpecs(std::string_view field) {
  for (auto& role : Children(at(at(root_, "spec"), field))) {
    const auto name = symbols_.text(role.key);
    auto replicas = number(&role, "replicas", 1);
    if (name == "Worker")
      replicas = std::max(replicas, number(root_, "spec.elasticPolicy.maxReplicas", replicas));
    add(&role, "template", fmt::format("spec.{}.{}", field, name), replicas);
  }
  toEnd();
}

void Finder::rayCluster(const Node* cluster, const std::string& prefix) {
  if (!cluster) return;
  add(cluster, "headGroupSpec.template", prefix, 1);
  const bool grows = isTrue(cluster, "enableInTreeAutoscaling");
  int index = 0;
  for (auto& workers : Children(at(cluster, "workerGroupSpecs"))) {
    const auto least = number(&workers, "minReplicas", 0);
    auto replicas = std::max(number(&workers, "replicas", std::max<std::int64_t>(least, 1)), least);
    if (grows) replicas = std::max(replicas, number(&workers, "maxReplicas", replicas));
    add(&workers, "template", fmt::format("{}.workerGroupSpecs[{}]", prefix, index++),
        product(replicas, number(&workers, "numOfHosts", 1)));
  }
}

void Finder::ray(std::string_view kind) {
  if (kind == "RayCluster") return rayCluster(at(root_, "spec"), "spec");
  if (kind == "RayService") {
    rayCluster(at(root_, "spec.rayClusterConfig"), "spec.rayClusterConfig");
    // An upgrade starts a second cluster beside the first.
    for (auto& pods : found_) pods.rolling = text(root_, "spec.upgradeStrategy.type") != "None";
    return;
  }
  const std::string prefix = kind == "RayCronJob" ? "spec.jobTemplate" : "spec";
  rayCluster(at(root_, prefix + ".rayClusterSpec"), prefix + ".rayClusterSpec");
  add(at(root_, prefix), "submitterPodTemplate", prefix, 1);
  toEnd();
}

void Finder::leaderWorkerSet() {
  const auto groups = number(root_, "spec.replicas", 1);
  const auto size = number(root_, "spec.leaderWorkerTemplate.size", 1);
  const bool surges =
      moreThanNone(root_, "spec.rolloutStrategy.rollingUpdateConfiguration.maxSurge", false);
  const bool leader = add(root_, "spec.leaderWorkerTemplate.leaderTemplate", "", groups) != nullptr;
  add(root_, "spec.leaderWorkerTemplate.workerTemplate", "",
      product(groups, leader && size > 0 ? size - 1 : size));
  for (auto& pods : found_) pods.rolling = surges;
}

void Finder::inferenceService() {
  for (const std::string_view part : {"predictor", "transformer", "explainer"}) {
    auto* spec = at(at(root_, "spec"), part);
    if (!spec || spec->kind != NodeKind::Map) continue;
    const auto least = number(spec, "minReplicas", 1);
    addSpec(spec, fmt::format("spec.{}", part),
            std::max(number(spec, "maxReplicas", least), std::max<std::int64_t>(least, 1)));
    if (auto* workers = at(spec, "workerSpec"); workers && workers->kind == NodeKind::Map) {
      addSpec(workers, fmt::format("spec.{}.workerSpec", part),
              std::max<std::int64_t>(number(workers, "pipelineParallelSize", 2) - 1, 1));
    }
  }
  for (auto& pods : found_) pods.rolling = true;
}

/// The runtime has the templates; what stands here is laid over them.
void Finder::trainJob() {
  const auto nodes = number(root_, "spec.trainer.numNodes", 1);
  for (const std::string_view field : {"podTemplateOverrides", "podSpecOverrides"}) {
    int index = 0;
    for (auto& patch : Children(at(at(root_, "spec"), field))) {
      const auto path = fmt::format("spec.{}[{}]", field, index++);
      if (auto* spec = at(&patch, "spec"); spec && spec->kind == NodeKind::Map) {
        addSpec(spec, path + ".spec", nodes);
      } else if (patch.kind == NodeKind::Map) {
        addSpec(&patch, path, nodes);
      }
    }
  }
  int index = 0;
  for (auto& patch : Children(at(root_, "spec.runtimePatches"))) {
    jobSet(at(&patch, "trainingRuntimeSpec.template.spec"),
           fmt::format("spec.runtimePatches[{}].trainingRuntimeSpec.template.spec", index++),
           nodes);
  }
  toEnd();
}

/// https://volcano.sh/docs/vcjob: every task has a template; a task's `minAvailable` changes no count.
void Finder::volcanoJob() {
  int index = 0;
  for (auto& task : Children(at(root_, "spec.tasks")))
    add(&task, "template", fmt::format("spec.tasks[{}]", index++), number(&task, "replicas", 1));
  toEnd();
}

/// Argo: each template with a container or script is a pod. The volumes of the whole workflow were given to every
/// template when the manifest was taken in (manifest.cpp).
void Finder::workflow(std::string_view kind) {
  const std::string_view place = kind == "CronWorkflow" ? "spec.workflowSpec.templates" : "spec.templates";
  int index = 0;
  for (auto& step : Children(at(root_, place))) {
    const auto path = fmt::format("{}[{}]", place, index++);
    if (at(&step, "container") || at(&step, "script")) addSpec(&step, path, 1);
  }
  toEnd();
}

/// The driver and the executors name the volumes of `spec`, which so serves as the PodSpec of all of them.
void Finder::sparkApplication() {
  auto* spec = at(root_, "spec");
  if (!spec || spec->kind != NodeKind::Map) return;
  auto executors = number(spec, "executor.instances", 1);
  if (isTrue(spec, "dynamicAllocation.enabled"))
    executors = std::max(executors, number(spec, "dynamicAllocation.maxExecutors", executors));
  addSpec(spec, "spec", std::min(executors + 1, kMost));
  toEnd();
}

/// Katib: `trialSpec` is a whole object, of which `parallelTrialCount` (3) run at once.
void Finder::experiment() {
  auto* trial = at(root_, "spec.trialTemplate.trialSpec");
  if (!trial || trial->kind != NodeKind::Map || trial == root_) return;
  const auto version = text(trial, "apiVersion");
  const auto slash = version.find('/');
  Object object;
  object.root = trial;
  found_ = Finder(object, symbols_).find(slash == std::string_view::npos ? std::string_view{} : version.substr(0, slash),
                                         text(trial, "kind"));
  for (auto& pods : found_) {
    pods.path = "spec.trialTemplate.trialSpec." + pods.path;
    pods.replicas = product(pods.replicas, number(root_, "spec.parallelTrialCount", 3));
  }
  toEnd();
}

void Finder::anyContainers(Node& node, const std::string& path, std::int64_t replicas) {
  if (node.kind == NodeKind::Map) {
    const auto* containers = at(&node, "containers");
    if (containers && containers->kind == NodeKind::List && containers->length &&
        containers->last->kind == NodeKind::Map) {
      addSpec(&node, path, replicas);
      return;
    }
    replicas = number(&node, "replicas", replicas);
  }
  if (!node.isContainer()) return;
  int index = 0;
  for (auto& child : Children(&node)) {
    if (!child.isContainer()) {
      ++index;
      continue;
    }
    const auto step = node.kind == NodeKind::List ? fmt::format("{}[{}]", path, index++)
                      : path.empty()              ? std::string(symbols_.text(child.key))
                                     : fmt::format("{}.{}", path, symbols_.text(child.key));
    const auto before = found_.size();
    anyContainers(child, step, replicas);
    // A template's metadata stands beside its spec.
    if (found_.size() == before + 1 && found_.back().spec == &child && node.kind == NodeKind::Map) {
      found_.back().metadata = at(&node, "metadata");
    }
  }
}

std::vector<PodTemplate> Finder::find(std::string_view group, std::string_view kind) {
  if (group.empty() || group == "apps" || group == "batch") {
    builtIn(kind);
  } else if (group == kSparkGroup) {
    if (kind == "SparkApplication") sparkApplication();
  } else if (group.find('.') == std::string_view::npos ||
             (group.ends_with(".k8s.io") && !group.ends_with(".x-k8s.io"))) {
    // The other groups of Kubernetes itself run nothing.
  } else if (kind == "JobSet") {
    jobSet(at(root_, "spec"), "spec", 1);
  } else if (kind == "PyTorchJob") {
    replicaSpecs("pytorchReplicaSpecs");
  } else if (kind == "MPIJob") {
    replicaSpecs("mpiReplicaSpecs");
  } else if (kind == "TFJob") {
    replicaSpecs("tfReplicaSpecs");
  } else if (kind == "XGBoostJob") {
    replicaSpecs("xgbReplicaSpecs");
  } else if (kind == "PaddleJob") {
    replicaSpecs("paddleReplicaSpecs");
  } else if (kind == "JAXJob") {
    replicaSpecs("jaxReplicaSpecs");
  } else if (kind == "TrainJob") {
    trainJob();
  } else if (kind == "RayCluster" || kind == "RayJob" || kind == "RayService" ||
             kind == "RayCronJob") {
    ray(kind);
  } else if (kind == "LeaderWorkerSet") {
    leaderWorkerSet();
  } else if (kind == "InferenceService") {
    inferenceService();
  } else if (kind == "Job" && group == "batch.volcano.sh") {
    volcanoJob();
  } else if (group == "argoproj.io" && (kind.ends_with("Workflow") || kind.ends_with("WorkflowTemplate"))) {
    workflow(kind);
  } else if (kind == "Experiment" && group == "kubeflow.org") {
    experiment();
  }
  const bool isCustom = group.find('.') != std::string_view::npos &&
                        (!group.ends_with(".k8s.io") || group.ends_with(".x-k8s.io"));
  // Kinds without a row, and older versions of those with one.
  if (isCustom && found_.empty() && kind != "TrainJob" && root_) {
    anyContainers(*root_, "", 1);
    if (kind.ends_with("Job")) toEnd();
  }
  return std::move(found_);
}

}  // namespace

std::vector<PodTemplate> podTemplates(const Object& object, const base::SymbolTable& symbols) {
  if (!object.root || object.root->kind != NodeKind::Map) return {};
  const auto apiVersion = symbols.text(object.apiVersion);
  const auto slash = apiVersion.find('/');
  const auto group =
      slash == std::string_view::npos ? std::string_view{} : apiVersion.substr(0, slash);
  return Finder(object, symbols).find(group, symbols.text(object.kind));
}

std::vector<Node*> containersOf(const Node& podSpec, const base::SymbolTable& symbols) {
  std::vector<Node*> containers;
  constexpr std::size_t kMostly = 4;
  containers.reserve(kMostly);
  const auto all = [&](std::string_view field) {
    for (auto& container : Children(findPath(&podSpec, field, symbols))) {
      if (container.kind == NodeKind::Map) containers.push_back(&container);
    }
  };
  all("initContainers");
  all("containers");
  all("ephemeralContainers");
  // KServe's predictors are containers under the name of their framework.
  for (auto& child : Children(&podSpec)) {
    if (child.kind != NodeKind::Map) continue;
    if (findPath(&child, "volumeMounts", symbols) || findPath(&child, "env", symbols) ||
        findPath(&child, "storageUri", symbols)) {
      containers.push_back(&child);
    }
  }
  return containers;
}

}  // namespace mlstack::ir
