// How many processes a run has and how each knows its number, against the pods there are.

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "storage/distributed.h"
#include "storage/mend.h"

namespace mlstack::storage {

namespace {

bool isNameChar(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/// Kinds whose pods are one run (or several equal ones: groups), whose numbers nobody fills in.
enum class Whole : std::uint8_t { No, OneRun, Groups };

Whole wholeOf(const Context& context, const Pods& pods) {
  const auto kind = context.model.kindOf(*pods.workload);
  if (isJob(context, *pods.workload) || kind == "StatefulSet") return Whole::OneRun;
  // Master and workers are one run; an elastic one says itself how many there may be.
  if (kind == "PyTorchJob") return context.keys.at<"spec.elasticPolicy">(pods.workload->root) ? Whole::No : Whole::OneRun;
  return kind == "JobSet" || kind == "LeaderWorkerSet" ? Whole::Groups : Whole::No;
}

/// Pods of the template, and of the whole object: a launcher may or may not count.
std::array<std::int64_t, 2> podCounts(const Context& context, const Pods& pods) {
  std::int64_t sum = 0;
  for (const auto& other : context.model.podsOf(pods.object)) sum += other.replicas;
  return {pods.replicas, sum};
}

void report(Context& context, const Pods& pods, diag::Diagnostic d) {
  if (const auto* spec = jobSpecOf(context, *pods.workload)) {
    const auto* at = context.keys.at<"parallelism">(spec);
    if (at) d.related.push_back({at->entrySpan(), fmt::format("{} at a time", counted(pods.replicas, "pod"))});
  } else if (const auto* at = context.keys.at<"spec.replicas">(pods.workload->root)) {
    d.related.push_back({at->entrySpan(), fmt::format("{} at a time", counted(pods.replicas, "pod"))});
  }
  context.report(std::move(d), {pods.workload});
}

/// MLS3260, MLS3261 by the number of nodes: each waits for the others to connect.
void judgeNodes(Context& context, const Pods& pods, const Gang& gang, Whole whole) {
  const auto counts = podCounts(context, pods);
  const auto most = std::max(counts[0], counts[1]);
  const auto name = context.nameOf(*pods.workload);
  if (gang.nodes.value > most) {
    auto d = diag::make<Code::GangTooLarge>(gang.nodes.at->node->span, name, fmt::format("`{}` is {}", gang.nodes.at->word, gang.nodes.value), most);
    d.help = fmt::format("run {} at a time, or set `{}` to {}", counted(gang.nodes.value, "pod"), gang.nodes.at->word, most);
    return report(context, pods, std::move(d));
  }
  // Groups that meet at one pod, written out, are one run.
  const bool meetAtOne = context.model.kindOf(*pods.workload) == "JobSet" && gang.address && gang.host.find('$') == std::string::npos && gang.host.starts_with(context.model.text(pods.workload->name));
  if (meetAtOne) whole = Whole::OneRun;
  const bool isOperators = context.model.kindOf(*pods.workload) == "PyTorchJob";   // its roles count together
  for (const auto count : counts) {
    if (isOperators && count != most) continue;
    if (count >= gang.nodes.value && count <= gang.nodes.most) return;
    if (whole == Whole::Groups && count % gang.nodes.most == 0) return;
  }
  auto d = diag::make<Code::GangUnlikePods>(gang.nodes.at->node->span, name, fmt::format("`{}` is {}", gang.nodes.at->word, gang.nodes.most), isOperators ? most : pods.replicas);
  d.help = fmt::format("set `{}` to {}", gang.nodes.at->word, isOperators ? most : pods.replicas);
  report(context, pods, std::move(d));
}

/// The same by the number of processes, of which a pod may run several.
void judgeWorld(Context& context, const Pods& pods, const Container& container, const Gang& gang, Whole whole) {
  const auto counts = podCounts(context, pods);
  const auto devices = devicesOf(context, container);
  const auto world = gang.world.value;
  const auto each = gang.processes ? gang.processes.value : std::max<std::int64_t>(devices, 1);
  for (const auto count : counts) {
    if (world == count || world == count * each || (devices > 0 && world == count * devices)) return;
    // A pod without devices may run any number of processes; a group may be one of several.
    if (!gang.processes && devices == 0 && count > 0 && world % count == 0 && world > count) {
      const auto* spec = jobSpecOf(context, *pods.workload);
      if (intOf(context.keys.at<"completions">(spec)) != world) return;
    }
    if (whole == Whole::Groups && (count % world == 0 || (count * each) % world == 0)) return;
  }
  const auto most = std::max(counts[0], counts[1]);
  const auto name = context.nameOf(*pods.workload);
  const auto says = fmt::format("`{}` is {}", gang.world.at->word, world);
  auto d = world > most * std::max(each, devices) ? diag::make<Code::GangTooLarge>(gang.world.at->node->span, name, says, most)
                                                  : diag::make<Code::GangUnlikePods>(gang.world.at->node->span, name, says, pods.replicas);
  d.help = each > 1 ? fmt::format("{} of {} processes make {}", counted(pods.replicas, "pod"), each, pods.replicas * each)
                    : fmt::format("run {} at a time, or set `{}` to {}", counted(world, "pod"), gang.world.at->word, pods.replicas);
  report(context, pods, std::move(d));
}

/// MLS3260: a Job that may run its pods one after the other, and processes that wait for each other.
/// https://kubernetes.io/docs/concepts/workloads/controllers/job/#parallel-jobs
void judgeWaves(Context& context, const Pods& pods, const Gang& gang) {
  const auto* spec = jobSpecOf(context, *pods.workload);
  const auto completions = intOf(context.keys.at<"completions">(spec));
  if (!completions || *completions <= pods.replicas || pods.replicas < 1 || !gang.address || gang.host.empty()) return;
  // Pods that each are a run of their own say so; others meet at one that has a name of its own.
  if (gang.host == "localhost" || gang.host.starts_with("127.") || gang.host.find('$') != std::string::npos || gang.host.find("-0") == std::string::npos) return;
  auto d = diag::make<Code::GangTooLarge>(gang.address->node->span, context.nameOf(*pods.workload), fmt::format("its {} pods meet at `{}`", *completions, gang.host), pods.replicas);
  d.help = fmt::format("set `parallelism` to {}", *completions);
  if (const auto* at = context.keys.at<"parallelism">(spec); at && at->span.known())
    d.fixes.push_back({"run them all at a time", {{at->span, std::to_string(*completions)}}});
  report(context, pods, std::move(d));
}

/// Whether the pods are one part of a run whose others are in other objects: they have a fixed number, or meet at a pod
/// that is none of theirs.
bool hasOthers(const Context& context, const Pods& pods, const Gang& gang, const std::vector<Argument>& arguments) {
  constexpr std::array<std::string_view, 6> kRanks{"rank", "noderank", "machinerank", "processid", "jaxprocessid", "grouprank"};
  for (const auto& one : arguments) {
    if (one.positional || std::find(kRanks.begin(), kRanks.end(), one.key) == kRanks.end()) continue;
    if (!one.value.empty() && std::all_of(one.value.begin(), one.value.end(), [](char c) { return c >= '0' && c <= '9'; })) return true;
  }
  if (!gang.address || gang.host.empty() || gang.host == "localhost" || gang.host.starts_with("127.")) return false;
  const auto host = hostOf(gang.host);
  if (host.first.starts_with(context.model.text(pods.workload->name))) return false;
  const auto* service = context.model.find(pods.workload, "Service", host.first);
  return !service || selection(context, *service, pods).answer != Selection::Answer::Yes;
}

void gangs(Context& context, const Pods& pods, const Container& container) {
  if (container.phase != Phase::Main || pods.workload->external) return;
  const auto whole = wholeOf(context, pods);
  if (whole == Whole::No || pods.replicas < 1) return;
  const auto& arguments = context.wordsOf(container).arguments;
  const auto& gang = context.wordsOf(container).gang;
  if (!gang.isPartOfMany() || hasOthers(context, pods, gang, arguments)) return;
  if (context.model.kindOf(*pods.workload) == "PyTorchJob" && (!gang.nodes || &pods != &context.model.podsOf(pods.object).front())) return;   // told once
  if (gang.nodes && gang.nodes.most > 1) judgeNodes(context, pods, gang, whole);
  else if (gang.world && gang.world.value > 1) judgeWorld(context, pods, container, gang, whole);
  else judgeWaves(context, pods, gang);
}

// --- the number of a pod ---------------------------------------------------------------------

constexpr std::string_view kIndex = "JOB_COMPLETION_INDEX";

/// Where a text refers to a variable: "$X", "${X…}", "$(X)"; npos when it does not.
std::size_t referenceAt(std::string_view text, std::string_view variable) {
  for (auto at = text.find(variable); at != std::string_view::npos; at = text.find(variable, at + 1)) {
    const auto end = at + variable.size();
    if (end < text.size() && isNameChar(text[end])) continue;
    if (at >= 1 && text[at - 1] == '$') return at - 1;
    if (at >= 2 && text[at - 2] == '$' && (text[at - 1] == '{' || text[at - 1] == '(')) return at - 2;
  }
  return std::string_view::npos;
}

bool isIndexPath(std::string_view path) {
  return path == "metadata.annotations['batch.kubernetes.io/job-completion-index']" || path == "metadata.labels['batch.kubernetes.io/job-completion-index']";
}

/// The first node of a container that reads the index; null when none does, or when it sets the variable itself.
const ir::Node* readsIndex(const Context& context, const Container& container) {
  const ir::Node* found = nullptr;
  for (const auto& variable : ir::Children(context.keys.at<"env">(container.node))) {
    const auto* path = context.keys.at<"valueFrom.fieldRef.fieldPath">(&variable);
    const bool readsPath = isIndexPath(textOf(path));
    if (context.keys.text<"name">(&variable) == kIndex && !readsPath) return nullptr;
    if (!found && readsPath) found = path;
    const auto* value = context.keys.at<"value">(&variable);
    if (!found && isText(value) && referenceAt(value->text(), kIndex) != std::string_view::npos) found = value;
  }
  for (const auto* list : {context.keys.at<"command">(container.node), context.keys.at<"args">(container.node)}) {
    for (const auto& word : ir::Children(list)) {
      if (found || !isText(&word)) continue;
      const auto text = word.text();
      if (referenceAt(text, kIndex) == std::string_view::npos) continue;
      // "${X:-0}" knows what to do without it; and a script may set it.
      bool knows = false;
      for (const std::string_view guard : {"{JOB_COMPLETION_INDEX:", "{JOB_COMPLETION_INDEX-", "JOB_COMPLETION_INDEX=", "-z \"$JOB_COMPLETION_INDEX", "-n \"$JOB_COMPLETION_INDEX", "-z \"${JOB_COMPLETION_INDEX", "-n \"${JOB_COMPLETION_INDEX"})
        knows = knows || text.find(guard) != std::string_view::npos;
      if (knows) continue;
      found = &word;
    }
  }
  return found;
}

/// MLS3262: the index exists with completionMode Indexed only
/// (https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode). JobSet sets that itself.
void indexWithoutIndexed(Context& context, const Pods& pods, const Container& container) {
  if (pods.workload->external) return;
  const auto kind = context.model.kindOf(*pods.workload);
  const auto* spec = jobSpecOf(context, *pods.workload);
  const bool other = kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet" || kind == "ReplicaSet" || kind == "Pod";
  if (!spec && !other) return;
  if (context.keys.text<"completionMode">(spec) == "Indexed") return;
  const auto* reader = readsIndex(context, container);
  if (!reader) return;
  const auto* mode = context.keys.at<"completionMode">(spec);
  auto d = diag::make<Code::IndexNotSet>(reader->span, container.name, spec ? "this Job is not Indexed: its pods have no index" : fmt::format("the pods of a {} have none", kind));
  if (mode) d.related.push_back({mode->entrySpan(), "its completion mode"});
  d.help = spec               ? "set `completionMode: Indexed`"
           : kind == "StatefulSet" ? "read the label `apps.kubernetes.io/pod-index` by a fieldRef"
                                   : "run it as a Job with `completionMode: Indexed`";
  if (mode) d.fixes.push_back({"make it Indexed", {{mode->span, "Indexed"}}});
  else if (spec) mend(d, "make it Indexed", entryInto(context.sources, spec, "completionMode: Indexed"));
  context.report(std::move(d), {pods.workload});
}

/// MLS3263: `$(X)` is filled in from variables that stand before (pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables);
/// the Job controller puts JOB_COMPLETION_INDEX at the end (pkg/controller/job/indexed_job_utils.go).
void variableComesLater(Context& context, const Pods& pods, const Container& container) {
  const auto* env = context.keys.at<"env">(container.node);
  if (ir::Children(env).size() == 0 || pods.workload->external || context.keys.at<"envFrom">(container.node)) return;
  std::unordered_map<std::string_view, std::size_t> places;   // of the first of each name; made when one is referred to
  const auto placeOf = [&](std::string_view name) {
    if (places.empty()) {
      std::size_t place = 0;
      for (const auto& variable : ir::Children(env)) places.emplace(context.keys.text<"name">(&variable), place++);
    }
    const auto at = places.find(name);
    return at == places.end() ? std::optional<std::size_t>() : at->second;
  };
  std::size_t index = 0;
  for (const auto& variable : ir::Children(env)) {
    const auto here = index++;
    const auto* value = context.keys.at<"value">(&variable);
    const auto text = textOf(value);
    for (auto at = text.find("$("); at != std::string_view::npos; at = text.find("$(", at + 2)) {
      if (at > 0 && text[at - 1] == '$') continue;
      const auto end = text.find(')', at);
      if (end == std::string_view::npos) break;
      const auto wanted = text.substr(at + 2, end - at - 2);
      const auto place = placeOf(wanted);
      const bool later = place && *place > here;
      const bool added = !place && wanted == kIndex && isJob(context, *pods.workload) && context.keys.text<"completionMode">(jobSpecOf(context, *pods.workload)) == "Indexed";
      const auto name = context.keys.text<"name">(&variable);
      if (!later && !added) continue;
      auto d = diag::make<Code::VariableLater>(value->span, name, wanted, later ? "which stands after it" : "which the Job controller adds at the end");
      d.help = later ? fmt::format("move `{}` before `{}`", wanted, name)
                     : fmt::format("state it yourself before `{}`: a variable {} from the field metadata.labels['batch.kubernetes.io/job-completion-index']", name, wanted);
      context.report(std::move(d), {pods.workload});
      break;
    }
  }
}

/// "$X", "--rank=$X", "${X}": a word that a shell would fill in.
std::string_view shellVariable(std::string_view word) {
  const auto dollar = word.find('$');
  if (dollar == std::string_view::npos || dollar + 1 >= word.size()) return {};
  if (dollar > 0 && (word.front() != '-' || word[dollar - 1] != '=')) return {};
  const bool braces = word[dollar + 1] == '{';
  const auto name = word.substr(dollar + (braces ? 2 : 1), word.size() - dollar - (braces ? 3 : 1));
  if (name.empty() || (braces && word.back() != '}')) return {};
  if (!std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; })) return {};
  return name.size() > 1 ? name : std::string_view{};
}

/// Whether the container has a variable of that name, as far as the object says.
bool hasVariable(const Context& context, const Pods& pods, const Container& container, std::string_view name) {
  if (name == "HOSTNAME" || (name == kIndex && jobSpecOf(context, *pods.workload))) return true;
  for (const auto& variable : ir::Children(context.keys.at<"env">(container.node)))
    if (context.keys.text<"name">(&variable) == name) return true;
  return false;
}

/// MLS3264: Kubernetes fills in `$(X)`; `$X` is the shell's, and a program that is started directly gets it as it stands.
/// https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/
void variableAsText(Context& context, const Pods& pods, const Container& container) {
  const ir::Node* command = context.keys.at<"command">(container.node);
  if (ir::Children(command).size() == 0 || pods.workload->external) return;
  const auto begins = textOf(&*ir::Children(command).begin());
  const auto name = begins.substr(begins.rfind('/') + 1);
  constexpr std::array<std::string_view, 13> kDirect{"python", "python3", "torchrun", "accelerate", "deepspeed", "vllm", "train", "uvicorn", "ray", "mpirun", "horovodrun", "java", "jupyter"};
  if (std::find(kDirect.begin(), kDirect.end(), name) == kDirect.end()) return;
  for (const ir::Node* list : {command, static_cast<const ir::Node*>(context.keys.at<"args">(container.node))}) {
    for (const auto& word : ir::Children(list)) {
      const auto variable = shellVariable(textOf(&word));
      if (variable.empty() || !hasVariable(context, pods, container, variable)) continue;   // others are a template's
      auto d = diag::make<Code::VariableAsText>(word.span, container.name, textOf(&word));
      d.help = fmt::format("write $({}), which Kubernetes fills in, or start it by `sh -c`", variable);
      if (const auto quoted = context.sources.text(word.span); quoted.find('$') != std::string_view::npos) {
        std::string text(quoted);
        const auto at = text.find('$');
        const auto length = text[at + 1] == '{' ? variable.size() + 3 : variable.size() + 1;
        if (text.compare(at, length, text[at + 1] == '{' ? fmt::format("${{{}}}", variable) : fmt::format("${}", variable)) == 0) {
          text.replace(at, length, fmt::format("$({})", variable));
          d.fixes.push_back({fmt::format("write $({})", variable), {{word.span, text}}});
        }
      }
      context.report(std::move(d), {pods.workload});
      return;
    }
  }
}

// --- operators -------------------------------------------------------------------------------

struct Operator {
  std::string_view kind;
  std::string_view container;   // the name that the operator's webhook demands
};
// kubeflow/training-operator, pkg/webhooks/{pytorch,tensorflow,xgboost,paddlepaddle,jax}.
constexpr std::array<Operator, 5> kOperators{{
    {"PyTorchJob", "pytorch"},
    {"TFJob", "tensorflow"},
    {"XGBoostJob", "xgboost"},
    {"PaddleJob", "paddle"},
    {"JAXJob", "jax"},
}};

/// MLS3269: what the training operator's webhook refuses.
void trainingOperator(Context& context, const Pods& pods) {
  const auto kind = context.model.kindOf(*pods.workload);
  const auto* row = std::find_if(kOperators.begin(), kOperators.end(), [&](const Operator& candidate) { return candidate.kind == kind; });
  if (row == kOperators.end() || pods.workload->external || context.model.text(pods.workload->apiVersion) != "kubeflow.org/v1") return;
  const ir::Node* first = nullptr;
  for (const auto& container : context.model.containersOf(pods)) {
    if (container.phase != Phase::Main) continue;
    if (container.name == row->container) return;
    if (!first) first = context.keys.at<"name">(container.node);
  }
  if (!first) return;
  auto d = diag::make<Code::OperatorRefuses>(first->span, kind, fmt::format("no container of `{}` is called `{}`", pods.path.substr(0, pods.path.find(".template")), row->container));
  d.help = fmt::format("call the container that trains `{}`", row->container);
  d.fixes.push_back({fmt::format("call it {}", row->container), {{first->span, std::string(row->container)}}});
  context.report(std::move(d), {pods.workload});
}

/// The other half of MLS3269: which roles there can be one of.
void oneMaster(Context& context, const ir::Object& object) {
  const auto one = [&](const ir::Node* role, std::string_view name, std::string_view why) {
    const auto* replicas = context.keys.at<"replicas">(role);
    const auto count = intOf(replicas);
    if (!count || *count == 1) return;
    auto d = diag::make<Code::OperatorRefuses>(replicas->entrySpan(), context.model.kindOf(object), fmt::format("`{}` has {} replicas, and there is one of it", name, *count));
    d.related.push_back({role->span, std::string(why)});
    d.help = fmt::format("set `replicas: 1`, and raise those of `Worker` by {}", std::max<std::int64_t>(*count - 1, 0));
    context.report(std::move(d), {&object});
  };
  one(context.keys.at<"spec.pytorchReplicaSpecs.Master">(object.root), "Master", "it is rank 0, which the others connect to");
  one(context.keys.at<"spec.mpiReplicaSpecs.Launcher">(object.root), "Launcher", "it starts the processes of all workers");
  one(context.keys.at<"spec.xgbReplicaSpecs.Master">(object.root), "Master", "it is rank 0, which the others connect to");
  one(context.keys.at<"spec.tfReplicaSpecs.Chief">(object.root), "Chief", "it is the one that writes checkpoints");
  one(context.keys.at<"spec.tfReplicaSpecs.Master">(object.root), "Master", "it is the one that writes checkpoints");
}

/// MLS3270: mpirun starts processes in the slots of the workers' host file and ends when there are too few.
/// https://www.kubeflow.org/docs/components/trainer/legacy-v1/user-guides/mpi/
void slots(Context& context, const ir::Object& object) {
  const auto* workers = context.keys.at<"spec.mpiReplicaSpecs.Worker">(object.root);
  const auto* each = context.keys.at<"spec.slotsPerWorker">(object.root);
  const auto count = intOf(context.keys.at<"replicas">(workers)).value_or(1);
  const auto places = intOf(each).value_or(1);
  if (!workers || count < 1 || (each && !intOf(each))) return;
  const auto* launcher = context.keys.at<"spec.mpiReplicaSpecs.Launcher.template.spec">(object.root);
  for (const auto& pods : context.model.podsOf(object.order)) {
    if (pods.spec != launcher) continue;
    for (const auto& container : context.model.containersOf(pods)) {
      const Argument* asked = nullptr;
      std::int64_t processes = 0;
      for (const auto& one : context.wordsOf(container).arguments) {
        if (one.key == "oversubscribe" || one.key == "hostfile" || one.key == "host" || one.value.find("oversubscribe") != std::string::npos) return;
        if (asked || (one.key != "np" && one.key != "n") || one.environment || one.value.empty() || one.value.size() > 6) continue;
        if (!std::all_of(one.value.begin(), one.value.end(), [](char c) { return c >= '0' && c <= '9'; })) continue;
        asked = &one;
        processes = std::stoll(one.value);
      }
      if (!asked || processes <= count * places) continue;
      auto d = diag::make<Code::TooFewSlots>(asked->node->span, context.nameOf(object), asked->word, processes, counted(count, "worker"), counted(places, "slot"));
      if (each) d.related.push_back({each->entrySpan(), "slots of each worker"});
      d.help = fmt::format("{} are there: run more workers, or raise `slotsPerWorker` to the GPUs of a worker", count * places);
      context.report(std::move(d), {&object});
    }
  }
}

constexpr Rule kRules[] = {
    gangs, indexWithoutIndexed, variableComesLater, variableAsText, trainingOperator, {"PyTorchJob", oneMaster}, {"MPIJob", oneMaster}, {"MPIJob", slots}, {"XGBoostJob", oneMaster}, {"TFJob", oneMaster},
};

}  // namespace

std::span<const Rule> gangRules() { return kRules; }

}  // namespace mlstack::storage
