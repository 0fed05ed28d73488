#include "backend/wait.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backend/api.h"
#include "base/quantity.h"

namespace mlstack::backend {

using ir::Node;

namespace {

/// What judging an object looks at.
struct Seen {
  const Node& object;
  const base::SymbolTable& symbols;
  const JudgeOptions& options;
  [[nodiscard]] std::string_view text(std::string_view path) const { return textAt(&object, path, symbols); }
  [[nodiscard]] std::int64_t number(std::string_view path, std::int64_t otherwise = 0) const { return numberAt(&object, path, symbols, otherwise); }
  [[nodiscard]] const Node* at(std::string_view path) const { return ir::findPath(&object, path, symbols); }
  /// The controller has looked at the newest version of what is asked for.
  [[nodiscard]] bool observed() const { return number("status.observedGeneration") >= number("metadata.generation"); }
  [[nodiscard]] const Node* condition(std::string_view type) const {
    for (const Node& item : ir::Children(at("status.conditions"))) {
      if (textAt(&item, "type", symbols) == type) return &item;
    }
    return nullptr;
  }
  [[nodiscard]] std::string_view state(std::string_view type) const { return textAt(condition(type), "status", symbols); }
  [[nodiscard]] bool is(std::string_view type) const { return state(type) == "True"; }
  /// "Reason: message" of a condition.
  [[nodiscard]] std::string because(std::string_view type) const {
    const auto reason = textAt(condition(type), "reason", symbols);
    const auto message = textAt(condition(type), "message", symbols);
    return message.empty() ? std::string(reason.empty() ? type : reason) : reason.empty() ? std::string(message) : fmt::format("{}: {}", reason, message);
  }
};

Verdict good(std::string what = {}) { return {Health::Good, std::move(what), false}; }
Verdict waiting(std::string what, bool vague = false) { return {Health::Waiting, std::move(what), vague}; }
Verdict failed(std::string what) { return {Health::Failed, std::move(what), false}; }

std::string ofReplicas(std::int64_t ready, std::int64_t wanted, std::string_view what) { return fmt::format("{} of {} {} {}", ready, wanted, wanted == 1 ? "replica is" : "replicas are", what); }

/// As `kubectl rollout status` tells it (kubectl pkg/polymorphichelpers/rollout_status.go).
Verdict deployment(const Seen& seen) {
  if (!seen.observed()) return waiting("its controller has not looked at it yet");
  if (const auto* progressing = seen.condition("Progressing"); textAt(progressing, "reason", seen.symbols) == "ProgressDeadlineExceeded") return failed(seen.because("Progressing"));
  const auto wanted = seen.number("spec.replicas", 1);
  const auto updated = seen.number("status.updatedReplicas");
  if (updated < wanted) return waiting(ofReplicas(updated, wanted, "new"));
  if (const auto old = seen.number("status.replicas") - updated; old > 0) return waiting(fmt::format("{} old {} to end", old, old == 1 ? "replica has" : "replicas have"));
  const auto available = seen.number("status.availableReplicas");
  if (available < wanted) return waiting(ofReplicas(available, wanted, "available"));
  return good();
}

Verdict statefulSet(const Seen& seen) {
  if (!seen.observed()) return waiting("its controller has not looked at it yet");
  const auto wanted = seen.number("spec.replicas", 1);
  const auto ready = seen.number("status.readyReplicas");
  if (ready < wanted) return waiting(ofReplicas(ready, wanted, "ready"));
  if (seen.text("spec.updateStrategy.type") == "OnDelete") return good();
  const auto partition = seen.number("spec.updateStrategy.rollingUpdate.partition");
  const auto updated = seen.number("status.updatedReplicas");
  if (partition > 0) return updated < wanted - partition ? waiting(ofReplicas(updated, wanted - partition, "new")) : good();
  if (seen.text("status.updateRevision") != seen.text("status.currentRevision")) return waiting(ofReplicas(updated, wanted, "new"));
  return good();
}

Verdict daemonSet(const Seen& seen) {
  if (!seen.observed()) return waiting("its controller has not looked at it yet");
  const auto wanted = seen.number("status.desiredNumberScheduled");
  if (seen.text("spec.updateStrategy.type") != "OnDelete") {
    if (const auto updated = seen.number("status.updatedNumberScheduled"); updated < wanted) return waiting(fmt::format("{} of {} nodes have the new pod", updated, wanted));
  }
  if (const auto available = seen.number("status.numberAvailable"); available < wanted) return waiting(fmt::format("its pod is available on {} of {} nodes", available, wanted));
  return good();
}

Verdict replicaSet(const Seen& seen) {
  if (!seen.observed()) return waiting("its controller has not looked at it yet");
  const auto wanted = seen.number("spec.replicas", 1);
  const auto available = seen.number("status.availableReplicas");
  return available < wanted ? waiting(ofReplicas(available, wanted, "available")) : good();
}

Verdict pod(const Seen& seen) {
  const auto phase = seen.text("status.phase");
  if (phase == "Succeeded") return good("has ended well");
  if (phase == "Failed") return failed(seen.text("status.message").empty() ? (seen.text("status.reason").empty() ? "its containers failed" : std::string(seen.text("status.reason"))) : std::string(seen.text("status.message")));
  if (seen.is("Ready")) return good();
  if (phase == "Running") return waiting("runs, but is not ready");
  return waiting(seen.is("PodScheduled") ? "its containers are starting" : "is not placed on a node");
}

Verdict job(const Seen& seen) {
  if (seen.is("Failed")) return failed(seen.because("Failed"));
  if (seen.is("Complete") || seen.is("SuccessCriteriaMet")) return good("is complete");
  if (seen.is("Suspended")) return good("is suspended");
  const auto wanted = seen.number("spec.completions", 1);
  const auto succeeded = seen.number("status.succeeded");
  if (seen.options.jobsToCompletion) return waiting(wanted == 1 ? "runs" : fmt::format("{} of {} completions", succeeded, wanted));
  if (seen.number("status.active") > 0 || succeeded > 0) return good("has begun");
  return waiting(!seen.text("status.startTime").empty() ? "has no pods yet" : "has not begun");
}

/// A request that is more than what the volume has.
Verdict growth(const Seen& seen) {
  const auto wanted = base::parseQuantity(seen.text("spec.resources.requests.storage"));
  const auto have = base::parseQuantity(seen.text("status.capacity.storage"));
  if (!wanted || !have || *have >= *wanted) return good();
  const auto resized = seen.text("status.allocatedResourceStatuses.storage");
  if (resized == "ControllerResizeInfeasible" || resized == "NodeResizeInfeasible") return failed(fmt::format("it cannot grow from {} to {}: {}", have->text(), wanted->text(), resized));
  if (seen.is("FileSystemResizePending") || resized == "NodeResizePending")
    return good(fmt::format("the volume has grown; its file system grows to {} when a pod mounts it", wanted->text()));
  return waiting(fmt::format("grows from {} to {}", have->text(), wanted->text()));
}

Verdict claim(const Seen& seen) {
  const auto phase = seen.text("status.phase");
  if (phase == "Bound") return growth(seen);
  if (phase == "Lost") return failed(fmt::format("its volume `{}` is gone", seen.text("spec.volumeName")));
  if (!seen.text("spec.volumeName").empty()) return waiting(fmt::format("waits for the volume `{}`", seen.text("spec.volumeName")));
  auto storageClass = seen.text("spec.storageClassName");
  if (seen.at("spec.storageClassName") == nullptr) storageClass = seen.options.defaultClass;
  for (const Node& annotation : ir::Children(seen.at("metadata.annotations"))) {
    if (seen.symbols.text(annotation.key) == "volume.kubernetes.io/selected-node" && annotation.kind == ir::NodeKind::String) return waiting(fmt::format("its volume is made for node `{}`", annotation.text()));
  }
  if (seen.options.lateClasses == nullptr) return waiting("waits for a volume", true);   // it may be one that binds late
  if (!storageClass.empty() && seen.options.lateClasses->contains(std::string(storageClass))) return good("bound when its first pod is placed");
  return waiting(storageClass.empty() ? "waits for a volume without a class" : fmt::format("waits for a volume of the class `{}`", storageClass));
}

Verdict volume(const Seen& seen) {
  const auto phase = seen.text("status.phase");
  if (phase == "Available" || phase == "Bound") return good();
  if (phase == "Failed") return failed(seen.text("status.message").empty() ? "its reclaiming failed" : std::string(seen.text("status.message")));
  if (phase == "Released") return waiting("is released: `spec.claimRef` still names the claim that it had");
  return waiting("is not available yet");
}

Verdict snapshot(const Seen& seen) {
  if (const auto* ready = seen.at("status.readyToUse"); ready != nullptr && ready->kind == ir::NodeKind::Bool && ready->boolean) return good();
  if (const auto message = seen.text("status.error.message"); !message.empty()) return waiting(std::string(message));   // snapshotters try again
  return waiting("is being taken");
}

Verdict nameSpace(const Seen& seen) {
  const auto phase = seen.text("status.phase");
  return phase == "Terminating" ? failed("is being deleted") : phase == "Active" ? good() : waiting("is not active yet");
}

Verdict definition(const Seen& seen) {
  if (seen.state("NamesAccepted") == "False") return failed(seen.because("NamesAccepted"));
  return seen.is("Established") ? good() : waiting("is not established yet");
}

/// Custom resources: what their conditions say, then a phase, then nothing.
Verdict custom(const Seen& seen) {
  const auto* status = seen.at("status");
  if (status == nullptr || status->length == 0) return waiting("no controller has said anything about it", true);
  if (seen.at("status.observedGeneration") != nullptr && !seen.observed()) return waiting("its controller has not looked at it yet");
  for (const std::string_view type : {"Failed", "Stalled"}) {
    if (seen.is(type)) return failed(seen.because(type));
  }
  for (const std::string_view type : {"Complete", "Completed", "Succeeded", "Finished"}) {
    if (seen.is(type)) return good("is complete");
  }
  if (seen.is("Suspended")) return good("is suspended");
  if (seen.is("Reconciling")) return waiting(seen.because("Reconciling"));
  for (const std::string_view type : {"Ready", "Available", "Running"}) {
    if (seen.is(type) && !(type == "Running" && seen.options.jobsToCompletion)) return good();
  }
  for (const std::string_view type : {"Ready", "Available"}) {
    if (seen.condition(type) != nullptr) return waiting(seen.because(type));
  }
  for (const std::string_view path : {"status.phase", "status.state"}) {
    const auto phase = seen.text(path);
    if (phase.empty()) continue;
    for (const std::string_view bad : {"Failed", "Error", "failed", "error"}) {
      if (phase == bad) return failed(fmt::format("its phase is `{}`", phase));
    }
    for (const std::string_view late : {"Pending", "Creating", "Provisioning", "Progressing", "Starting", "Initializing", "Reconciling", "Unknown", "pending"}) {
      if (phase == late) return waiting(fmt::format("its phase is `{}`", phase));
    }
    return good();
  }
  return seen.at("status.conditions") != nullptr && seen.at("status.conditions")->length != 0 ? waiting("its conditions say nothing that is known", true) : good();
}

enum class Scope : std::uint8_t { Core, Apps, Batch, Snapshots, Definitions };
struct Rule {
  Scope scope;
  std::string_view kind;
  Verdict (*judge)(const Seen&);
};
constexpr Rule kRules[] = {
    {Scope::Apps, "Deployment", deployment},   {Scope::Apps, "StatefulSet", statefulSet},
    {Scope::Apps, "DaemonSet", daemonSet},     {Scope::Apps, "ReplicaSet", replicaSet},
    {Scope::Core, "ReplicationController", replicaSet}, {Scope::Core, "Pod", pod},
    {Scope::Batch, "Job", job},                {Scope::Core, "PersistentVolumeClaim", claim},
    {Scope::Core, "PersistentVolume", volume}, {Scope::Core, "Namespace", nameSpace},
    {Scope::Snapshots, "VolumeSnapshot", snapshot}, {Scope::Definitions, "CustomResourceDefinition", definition},
};

std::string_view nameOf(Scope scope) {
  switch (scope) {
    case Scope::Core: return "";
    case Scope::Apps: return "apps";
    case Scope::Batch: return "batch";
    case Scope::Snapshots: return "snapshot.storage.k8s.io";
    case Scope::Definitions: return "apiextensions.k8s.io";
  }
  return {};
}

const Rule* ruleOf(std::string_view group, std::string_view kind) {
  const auto* found = std::find_if(std::begin(kRules), std::end(kRules), [&](const Rule& rule) { return rule.kind == kind && nameOf(rule.scope) == group; });
  return found == std::end(kRules) ? nullptr : found;
}

/// The groups of Kubernetes itself have no dot, or end like this; what is in no rule of theirs has nothing to wait for.
bool isBuiltIn(std::string_view group) {
  if (group.find('.') == std::string_view::npos) return true;
  static constexpr std::string_view kOwn[] = {"admissionregistration.k8s.io", "apiregistration.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "certificates.k8s.io", "coordination.k8s.io",
                                              "discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io",
                                              "rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "snapshot.storage.k8s.io", "apiextensions.k8s.io", "storagemigration.k8s.io"};
  return std::find(std::begin(kOwn), std::end(kOwn), group) != std::end(kOwn);
}

}  // namespace

std::int64_t numberAt(const Node* tree, std::string_view dotted, const base::SymbolTable& symbols, std::int64_t otherwise) {
  const auto* node = ir::findPath(tree, dotted, symbols);
  return node != nullptr && node->kind == ir::NodeKind::Int ? node->integer : otherwise;
}

bool isWaitedFor(std::string_view apiVersion, std::string_view kind) {
  const auto group = groupOf(apiVersion);
  return ruleOf(group, kind) != nullptr || !isBuiltIn(group);
}

Verdict judge(const Node& object, const base::SymbolTable& symbols, const JudgeOptions& options) {
  const Seen seen{object, symbols, options};
  const auto group = groupOf(seen.text("apiVersion"));
  if (!seen.text("metadata.deletionTimestamp").empty()) return waiting("is being deleted");
  if (const auto* rule = ruleOf(group, seen.text("kind"))) return rule->judge(seen);
  return isBuiltIn(group) ? good() : custom(seen);
}

std::string podSelector(const Node& workload, const base::SymbolTable& symbols) {
  std::vector<std::string> parts;
  for (const Node& label : ir::Children(ir::findPath(&workload, "spec.selector.matchLabels", symbols))) {
    if (label.kind == ir::NodeKind::String) parts.push_back(fmt::format("{}={}", symbols.text(label.key), label.text()));
  }
  for (const Node& expression : ir::Children(ir::findPath(&workload, "spec.selector.matchExpressions", symbols))) {
    const auto key = textAt(&expression, "key", symbols);
    const auto word = textAt(&expression, "operator", symbols);
    std::vector<std::string_view> values;
    for (const Node& value : ir::Children(ir::findPath(&expression, "values", symbols))) {
      if (value.kind == ir::NodeKind::String) values.push_back(value.text());
    }
    if (word == "Exists") parts.emplace_back(key);
    else if (word == "DoesNotExist") parts.push_back(fmt::format("!{}", key));
    else parts.push_back(fmt::format("{} {} ({})", key, word == "In" ? "in" : "notin", fmt::join(values, ",")));
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

std::vector<std::string> claimsOf(const Node& pod, const base::SymbolTable& symbols) {
  std::vector<std::string> claims;
  const auto name = textAt(&pod, "metadata.name", symbols);
  for (const Node& volume : ir::Children(ir::findPath(&pod, "spec.volumes", symbols))) {
    if (const auto claim = textAt(&volume, "persistentVolumeClaim.claimName", symbols); !claim.empty()) claims.emplace_back(claim);
    if (ir::findPath(&volume, "ephemeral", symbols) != nullptr) claims.push_back(fmt::format("{}-{}", name, textAt(&volume, "name", symbols)));
  }
  return claims;
}

std::string_view podSpecPath(std::string_view kind) {
  if (kind == "Pod") return "spec";
  if (kind == "CronJob") return "spec.jobTemplate.spec.template.spec";
  for (const std::string_view each : {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"}) {
    if (each == kind) return "spec.template.spec";
  }
  return {};
}

}  // namespace mlstack::backend
