// The right kind of workload for what it runs, restarts, budgets, ends.

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "storage/distributed.h"
#include "storage/mend.h"
#include "storage/programs.h"
#include "storage/workload.h"

namespace mlstack::storage {

namespace {

// --- what a program does ---------------------------------------------------------------------

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Whether a name has the word in it: "train" is in "train.py", "gpt-train" and "pretrain", not in "constrain".
bool hasWord(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const auto before = text.substr(0, at);
    const auto end = at + word.size();
    const bool begins = at == 0 || !isLetter(text[at - 1]) || before.ends_with("pre");
    const auto rest = text.substr(end);
    const bool ends = rest.empty() || !isLetter(rest.front()) || rest.starts_with("ing") || rest.starts_with("er");
    if (begins && ends) return true;
  }
  return false;
}

bool namesTraining(std::string_view text) {
  for (const std::string_view word : {"train", "finetune", "fine-tune", "finetuning", "fine-tuning", "fine_tune", "sft"})
    if (hasWord(text, word)) return true;
  return false;
}

/// The argument that says that a program trains: a script "train.py", a launcher, a number of epochs.
const Argument* trainsBy(const std::vector<Argument>& arguments) {
  constexpr std::array<std::string_view, 8> kEnds{"epochs", "numepochs", "numtrainepochs", "maxepochs", "maxsteps", "trainiters", "maxtrainsteps", "totaltimesteps"};
  const Argument* found = nullptr;
  for (const auto& one : arguments) {
    const std::string_view value = one.value;
    // What waits or serves does not end.
    if (one.positional && (value == "sleep" || value == "tail" || value == "while" || value == "serve" || value.find("jupyter") != std::string_view::npos)) return nullptr;
    const auto script = value.substr(value.rfind('/') + 1);
    if (found) continue;
    const bool isScript = (one.positional || one.key == "m") && (script.ends_with(".py") || script.ends_with(".sh")) && namesTraining(script);
    const bool isLauncher = one.positional && (script == "torchrun" || script == "deepspeed");
    const bool ends = !one.environment && std::find(kEnds.begin(), kEnds.end(), one.key) != kEnds.end();
    if (isScript || isLauncher || ends) found = &one;
  }
  return found;
}

std::string_view lastOf(std::string_view image) {
  image = image.substr(0, image.find('@'));
  image = image.substr(image.rfind('/') + 1);
  return image.substr(0, image.find(':'));
}

bool isAlways(std::string_view kind) { return kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet" || kind == "ReplicaSet" || kind == "ReplicationController"; }

/// MLS3310: pods of these kinds are started again whenever they end, also when they ended well.
/// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
void trainsWithoutEnd(Context& context, const Pods& pods, const Container& container) {
  const auto kind = context.model.kindOf(*pods.workload);
  if (container.phase != Phase::Main || pods.workload->external || !isAlways(kind)) return;
  const bool serves = ir::Children(context.keys.at<"ports">(container.node)).size() > 0 || context.keys.at<"readinessProbe.httpGet">(container.node) || context.keys.at<"livenessProbe.httpGet">(container.node);
  const auto* by = trainsBy(context.wordsOf(container).arguments);
  if (!by || (serves && by->positional && by->value.find(".py") != std::string::npos)) return;
  auto d = diag::make<Code::TrainsWithoutEnd>(by->node->span, context.nameOf(*pods.workload), by->value.size() < 60 && by->positional ? by->value : std::string(by->word), kind);
  d.help = pods.replicas > 1 ? "use a Job with `completionMode: Indexed`" : "use a Job";
  context.report(std::move(d), {pods.workload});
}

/// Programs that run until they are stopped, by the last part of their image's name.
constexpr std::array<std::string_view, 12> kServers{"vllm-openai", "tritonserver", "text-generation-inference", "ollama", "nginx", "tensorboard", "mlflow", "minio", "redis", "postgres", "mysql", "qdrant"};

/// The server that a container runs by its image's own command; empty for others.
std::string_view serverOf(const Context& context, const Container& container) {
  const auto image = lastOf(container.image);
  if (context.keys.at<"command">(container.node) || std::find(kServers.begin(), kServers.end(), image) == kServers.end()) return {};
  // What a server's entrypoint is given begins with an option; other words are another program.
  for (const auto& word : ir::Children(context.keys.at<"args">(container.node)))
    if (!textOf(&word).starts_with("-") && textOf(&word) != "serve" && textOf(&word) != "server") return {};
  return image;
}

/// MLS3326: init containers run to their end, one after the other
/// (https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#detailed-behavior).
void serverBeforeStart(Context& context, const Pods& pods, const Container& container) {
  if (container.phase != Phase::Init || pods.workload->external) return;
  const auto image = serverOf(context, container);
  if (image.empty()) return;
  auto d = diag::make<Code::ServerBeforeStart>(context.keys.at<"image">(container.node)->entrySpan(), container.name, context.nameOf(*pods.workload), image);
  d.help = "give it `restartPolicy: Always`, and it runs beside the others, or list it under `containers`";
  mend(d, "let it run beside the others", entryInto(context.sources, container.node, "restartPolicy: Always"));
  context.report(std::move(d), {pods.workload});
}

/// MLS3311: a Job whose container is a server by its image's own command.
void serverInJob(Context& context, const Pods& pods, const Container& container) {
  if (container.phase != Phase::Main || pods.workload->external || !isJob(context, *pods.workload)) return;
  if (context.keys.at<"spec.activeDeadlineSeconds">(pods.workload->root)) return;
  const auto image = serverOf(context, container);
  if (image.empty()) return;
  auto d = diag::make<Code::ServerInJob>(context.keys.at<"image">(container.node)->entrySpan(), context.nameOf(*pods.workload), image);
  d.help = "use a Deployment or a StatefulSet; beside the program of a Job, an init container with `restartPolicy: Always`";
  context.report(std::move(d), {pods.workload});
}

/// MLS3312: only controllers make pods anew (https://kubernetes.io/docs/concepts/workloads/pods/#working-with-pods).
void barePod(Context& context, const ir::Object& object) {
  if (object.external || context.keys.at<"metadata.ownerReferences">(object.root)) return;
  for (const auto& pods : context.model.podsOf(object.order)) {
    for (const auto& container : context.model.containersOf(pods)) {
      if (container.phase != Phase::Main) continue;
      const auto& words = context.wordsOf(container);
      const auto* by = trainsBy(words.arguments);
      bool keeps = false;
      for (const auto& directory : words.directories) keeps = keeps || directory.what == Content::Checkpoint;
      const bool idle = std::any_of(words.arguments.begin(), words.arguments.end(), [](const Argument& one) { return one.value == "sleep" || one.value == "infinity" || one.value.find("nvidia-smi") != std::string::npos; });
      const bool named = pods.gpus > 0 && !idle && (namesTraining(context.model.text(object.name)) || namesTraining(lastOf(container.image)));
      if (!by && !keeps && !named) continue;
      auto d = diag::make<Code::BarePod>(object.span, context.nameOf(object));
      if (by) d.related.push_back({by->node->span, "it is there to finish this"});
      d.help = "use a Job: it starts another pod when this one is lost";
      context.report(std::move(d), {&object});
      return;
    }
  }
}

/// Programs whose copies are databases of their own unless they are told of each other.
constexpr std::array<std::string_view, 7> kAlone{"postgres", "pgvector", "postgis", "mysql", "mariadb", "mongo", "chroma"};
constexpr std::array<std::string_view, 14> kTogether{"repl", "cluster", "primary", "standby", "slave", "master", "peer", "galera", "patroni", "config_file", "config-file", "seeds", "raft", "$(hostname)"};

/// MLS3313: several pods with a volume each, one database in each, and one Service before them.
void copies(Context& context, const ir::Object& object) {
  for (const auto& pods : context.model.podsOf(object.order)) {
    if (pods.replicas < 2 || !pods.distinctStorage || object.external) continue;
    const Container* only = nullptr;
    for (const auto& container : context.model.containersOf(pods)) {
      if (container.phase == Phase::Init || only) return;   // that prepares or looks after the database may know of the others
      only = &container;
    }
    if (!only) continue;
    const auto* program = programOf(only->image);
    if (!program || std::find(kAlone.begin(), kAlone.end(), program->image) == kAlone.end() || program->owner == "bitnami") continue;
    if (context.keys.at<"lifecycle">(only->node) || context.keys.at<"envFrom">(only->node)) continue;
    for (const auto& mount : context.model.mountsOf(*only)) {
      const auto* volume = context.model.volumeOf(mount);
      if (volume && volume->kind == VolumeKind::ConfigMap) return;
    }
    for (const auto& one : context.wordsOf(*only).arguments) {
      std::string text = std::string(one.word) + " " + one.value;
      std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
      for (const auto word : kTogether)
        if (text.find(word) != std::string::npos) return;
    }
    const auto* at = context.keys.at<"spec.replicas">(object.root);
    auto d = diag::make<Code::CopiesApart>(at ? at->entrySpan() : object.span, pods.replicas, context.nameOf(object), program->title);
    d.related.push_back({context.keys.at<"image">(only->node)->entrySpan(), "nothing tells it of the others"});
    d.help = "run one, or let an operator set up replication";
    context.report(std::move(d), {&object});
  }
}

// --- budgets ---------------------------------------------------------------------------------

/// Pods of a workload that are there at least: an autoscaler may take some away.
std::int64_t leastPods(const Context& context, const ir::Object& workload, const std::unordered_map<ir::ObjectId, std::int64_t>& scaled) {
  std::int64_t sum = 0;
  for (const auto& pods : context.model.podsOf(workload.order)) sum += pods.replicas;
  const auto found = scaled.find(workload.order);
  return found == scaled.end() ? sum : found->second;
}

struct Budget {
  const ir::Node* field = nullptr;
  std::string_view name{};
};

Budget budgetOf(const Context& context, const ir::Object& object) {
  if (const auto* least = context.keys.at<"spec.minAvailable">(object.root)) return {least, "minAvailable"};
  return {context.keys.at<"spec.maxUnavailable">(object.root), "maxUnavailable"};
}

std::string valueText(const ir::Node* node) { return isText(node) ? std::string(node->text()) : fmt::format("{}", intOf(node).value_or(0)); }

/// MLS3314: an eviction is granted while more pods are healthy than the budget wants
/// (https://kubernetes.io/docs/tasks/run-application/configure-pdb/); a node is not drained meanwhile.
void forbids(Context& context, const ir::Object& object, const std::vector<const ir::Object*>& selected, const std::unordered_map<ir::ObjectId, std::int64_t>& scaled) {
  const auto budget = budgetOf(context, object);
  if (!budget.field) return;
  std::int64_t pods = 0;
  for (const auto* workload : selected) {
    if (context.model.kindOf(*workload) == "DaemonSet") return;   // a drain leaves those where they are
    pods += leastPods(context, *workload, scaled);
  }
  const bool least = budget.name == "minAvailable";
  const auto value = valueText(budget.field);
  bool never = least ? value == "100%" : value == "0" || value == "0%";
  if (!never && !selected.empty() && pods > 0) {
    const auto scaledValue = scaledOf(budget.field, pods, true);   // both round up (pkg/controller/disruption)
    never = scaledValue && (least ? *scaledValue >= pods : *scaledValue < 1);
  }
  const bool perhaps = !never && selected.empty() && least && value == "1";
  if (!never && !perhaps) return;
  const auto whose = selected.empty() ? std::string("its pods") : fmt::format("{} of `{}`", counted(pods, "pod"), context.nameOf(*selected.front()));
  auto d = diag::make<Code::BudgetForbids>(budget.field->entrySpan(), context.nameOf(object), budget.name, value, perhaps ? "with one pod no eviction is ever granted" : fmt::format("no eviction of {} is ever granted", whose));
  if (perhaps) d.severity = diag::Severity::Note;
  for (const auto* workload : selected) d.related.push_back({workload->span, "the pods that it keeps"});
  d.help = "set `maxUnavailable: 1`: one pod at a time may be moved to another node";
  context.report(std::move(d), {&object, selected.empty() ? nullptr : selected.front()});
}

/// MLS3315: Job pods have no controller that says how many there should be
/// (https://kubernetes.io/docs/tasks/run-application/configure-pdb/#arbitrary-controllers-and-selectors).
bool ofUnscalable(Context& context, const ir::Object& object, const std::vector<const ir::Object*>& selected) {
  const auto budget = budgetOf(context, object);
  if (!budget.field || selected.empty() || (budget.name == "minAvailable" && !isText(budget.field))) return false;
  const auto kind = context.model.kindOf(*selected.front());
  if (!isJob(context, *selected.front()) && kind != "Pod") return false;
  auto d = diag::make<Code::BudgetWithoutScale>(budget.field->entrySpan(), context.nameOf(object), fmt::format("{}: {}", budget.name, valueText(budget.field)), fmt::format("a {}", kind));
  d.related.push_back({selected.front()->span, "it selects these"});
  d.help = "state `minAvailable` as a number";
  context.report(std::move(d), {&object, selected.front()});
  return true;
}

void budgets(Context& context) {
  std::unordered_map<ir::ObjectId, std::vector<const ir::Object*>> selected;   // by budget
  std::unordered_map<ir::ObjectId, std::int64_t> scaled;                       // by workload, the least number
  std::unordered_map<ir::ObjectId, const ir::Object*> first;                   // by workload, its first budget
  bool any = false;
  for (const auto& object : context.stack.objects) any = any || context.model.kindOf(object) == "PodDisruptionBudget";
  if (!any) return;
  for (const auto& edge : context.stack.edges) {
    if (edge.kind != ir::EdgeKind::Selects || edge.to == ir::kNoObject) continue;
    const auto& from = context.stack.objects[edge.from];
    const auto kind = context.model.kindOf(from);
    if (kind == "HorizontalPodAutoscaler") scaled[edge.to] = intOf(context.keys.at<"spec.minReplicas">(from.root)).value_or(1);
    if (kind == "ScaledObject") scaled[edge.to] = std::max<std::int64_t>(intOf(context.keys.at<"spec.minReplicaCount">(from.root)).value_or(0), 1);
    if (kind == "PodDisruptionBudget") selected[edge.from].push_back(&context.stack.objects[edge.to]);
  }
  for (const auto& object : context.stack.objects) {
    if (context.model.kindOf(object) != "PodDisruptionBudget" || object.external || !object.root) continue;
    const auto& workloads = selected[object.order];
    if (!ofUnscalable(context, object, workloads)) forbids(context, object, workloads, scaled);
    for (const auto* workload : workloads) {
      const auto [at, isNew] = first.emplace(workload->order, &object);
      if (isNew) continue;
      // MLS3316: pkg/registry/core/pod/storage/eviction.go refuses to choose between two.
      auto d = diag::make<Code::TwoBudgets>(object.span, context.nameOf(*at->second), context.nameOf(object), context.nameOf(*workload));
      d.related.push_back({at->second->span, "the other one"});
      d.help = "leave one of them";
      context.report(std::move(d), {&object, at->second, workload});
    }
  }
}

// --- ends ------------------------------------------------------------------------------------

const Program* databaseIn(const Context& context, const Pods& pods) {
  for (const auto& container : context.model.containersOf(pods)) {
    const auto* program = container.phase == Phase::Main ? programOf(container.image) : nullptr;
    if (program && program->what == Content::Database && !program->keepsOnlyIfAsked) return program;
  }
  return nullptr;
}

/// MLS3317: https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/: with no grace a pod's name is
/// free before the pod is gone.
void noGrace(Context& context, const Pods& pods) {
  const auto* grace = context.keys.at<"terminationGracePeriodSeconds">(pods.spec);
  if (intOf(grace) != 0 || pods.workload->external) return;
  const auto* program = databaseIn(context, pods);
  const bool isSet = context.model.kindOf(*pods.workload) == "StatefulSet";
  if (!program && !isSet) return;
  auto d = diag::make<Code::NoGrace>(grace->entrySpan(), context.nameOf(*pods.workload), program ? fmt::format("{} is killed at once and writes nothing more", program->title) : "the next pod of the same name may start while the old one still runs");
  d.help = "leave it out (30 s), or give the program the time it needs to end";
  context.report(std::move(d), {pods.workload});
}

/// Seconds of `sleep N` in a command, itself or in a script.
std::optional<std::int64_t> sleepOf(const ir::Node* command) {
  bool sleeps = false;
  for (const auto& word : ir::Children(command)) {
    std::string_view text = textOf(&word);
    if (!sleeps) {
      if (text == "sleep" || text == "/bin/sleep") {
        sleeps = true;
        continue;
      }
      const auto at = text.find("sleep ");
      if (at == std::string_view::npos || (at > 0 && isLetter(text[at - 1]))) continue;
      text.remove_prefix(at + 6);
    }
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc()) return std::nullopt;
    return end != text.data() + text.size() && *end == 'm' ? seconds * 60 : seconds;
  }
  return std::nullopt;
}

/// MLS3318: the hook's time is part of the grace period
/// (https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/#hook-handler-execution).
void hookBeyondGrace(Context& context, const Pods& pods, const Container& container) {
  const auto* command = context.keys.at<"lifecycle.preStop.exec.command">(container.node);
  if (!command || pods.workload->external) return;
  const auto seconds = sleepOf(command);
  const auto* stated = context.keys.at<"terminationGracePeriodSeconds">(pods.spec);
  const auto grace = intOf(stated).value_or(30);
  if (!seconds || *seconds < grace) return;
  auto d = diag::make<Code::HookBeyondGrace>(command->entrySpan(), container.name, *seconds, grace);
  if (stated) d.related.push_back({stated->entrySpan(), "the whole time it has"});
  d.help = fmt::format("set `terminationGracePeriodSeconds` to more than {}", *seconds);
  context.report(std::move(d), {pods.workload});
}

// --- probes ----------------------------------------------------------------------------------

constexpr std::array<std::string_view, 6> kLoaders{"vllm-openai", "text-generation-inference", "sglang", "tritonserver", "llama.cpp", "tensorrt-llm"};
constexpr std::int64_t kLoading = 60;   // seconds; weights of a few GB are not read sooner from a network volume

/// MLS3319: a liveness probe that starts to count before the model is loaded kills the container, which starts to load anew.
/// https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
void killsLoading(Context& context, const Pods& pods, const Container& container) {
  const auto* probe = context.keys.at<"livenessProbe">(container.node);
  if (!probe || pods.workload->external || pods.gpus < 1 || context.keys.at<"startupProbe">(container.node)) return;
  const auto image = lastOf(container.image);
  const bool loads = std::find(kLoaders.begin(), kLoaders.end(), image) != kLoaders.end() || container.image.find("nvcr.io/nim/") != std::string_view::npos;
  if (!loads) return;
  const auto delay = intOf(context.keys.at<"initialDelaySeconds">(probe)).value_or(0);
  const auto period = intOf(context.keys.at<"periodSeconds">(probe)).value_or(10);
  const auto failures = intOf(context.keys.at<"failureThreshold">(probe)).value_or(3);
  const auto after = delay + period * failures;
  if (after > kLoading) return;
  auto d = diag::make<Code::KillsLoading>(probe->entrySpan(), container.name, after);
  d.help = "add a `startupProbe` with a large `failureThreshold`: liveness begins when it has succeeded";
  context.report(std::move(d), {pods.workload});
}

// --- controllers -----------------------------------------------------------------------------

/// MLS3320: an autoscaler changes the scale subresource, which these kinds do not have.
void scalesNothing(Context& context, const ir::Object& object) {
  constexpr std::array<std::string_view, 4> kKinds{"Job", "CronJob", "DaemonSet", "Pod"};
  const auto* kind = context.keys.at<"spec.scaleTargetRef.kind">(object.root);
  if (std::find(kKinds.begin(), kKinds.end(), textOf(kind)) == kKinds.end()) return;
  const auto version = context.keys.text<"spec.scaleTargetRef.apiVersion">(object.root);
  if (version.find('.') != std::string_view::npos) return;   // Volcano's Job and others
  auto d = diag::make<Code::ScalesNothing>(kind->span, context.nameOf(object), textOf(kind));
  d.help = "scale a Deployment or a StatefulSet, or let KEDA start Jobs (ScaledJob)";
  context.report(std::move(d), {&object});
}

/// MLS3321: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#starting-deadline
void shortDeadline(Context& context, const ir::Object& object) {
  const auto* deadline = context.keys.at<"spec.startingDeadlineSeconds">(object.root);
  const auto seconds = intOf(deadline);
  if (!seconds || *seconds < 0 || *seconds >= 10) return;
  auto d = diag::make<Code::ShortDeadline>(deadline->entrySpan(), context.nameOf(object), *seconds);
  d.help = "allow more, 60 s for example";
  context.report(std::move(d), {&object});
}

/// MLS3322: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#partitions
void partitionKeepsAll(Context& context, const ir::Object& object) {
  const auto* partition = context.keys.at<"spec.updateStrategy.rollingUpdate.partition">(object.root);
  const auto from = intOf(partition);
  const auto replicas = intOf(context.keys.at<"spec.replicas">(object.root)).value_or(1);
  const auto start = intOf(context.keys.at<"spec.ordinals.start">(object.root)).value_or(0);
  if (!from || *from < start + replicas || replicas < 1) return;
  if (context.keys.text<"spec.updateStrategy.type">(object.root) == "OnDelete") return;   // said: such a set has no partition
  auto d = diag::make<Code::PartitionKeepsAll>(partition->entrySpan(), context.nameOf(object), *from, start + replicas - 1);
  d.help = fmt::format("lower it: pods from {} on get the new template", *from);
  context.report(std::move(d), {&object});
}

/// MLS3323: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#concurrency-policy. Runs on one claim
/// are another rule's.
void runsPileUp(Context& context, const ir::Object& object) {
  const auto* policy = context.keys.at<"spec.concurrencyPolicy">(object.root);
  if ((policy && textOf(policy) != "Allow") || object.external) return;
  for (const auto& pods : context.model.podsOf(object.order)) {
    if (pods.gpus < 1) continue;
    for (const auto& volume : context.model.volumesOf(pods))
      if (volume.kind == VolumeKind::Claim) return;
    const auto* schedule = context.keys.at<"spec.schedule">(object.root);
    auto d = diag::make<Code::RunsPileUp>(schedule ? schedule->entrySpan() : object.span, context.nameOf(object), counted(pods.gpus * pods.replicas, "GPU"));
    d.help = "set `concurrencyPolicy: Forbid`";
    if (policy) d.fixes.push_back({"start no run before the last has ended", {{policy->span, "Forbid"}}});
    else mend(d, "start no run before the last has ended", entryInto(context.sources, context.keys.at<"spec">(object.root), "concurrencyPolicy: Forbid"));
    context.report(std::move(d), {&object});
    return;
  }
}

constexpr Rule kRules[] = {
    trainsWithoutEnd,
    serverInJob,
    {"Pod", barePod},
    {"StatefulSet", copies},
    budgets,
    noGrace,
    hookBeyondGrace,
    killsLoading,
    {"HorizontalPodAutoscaler", scalesNothing},
    {"CronJob", shortDeadline},
    {"CronJob", runsPileUp},
    {"StatefulSet", partitionKeepsAll},
    serverBeforeStart,
    scalers,
    sameSelector,
};

}  // namespace

std::span<const Rule> workloadRules() { return kRules; }

}  // namespace mlstack::storage
