// Checkpoints: whether they fit, end in time, and are what the next pod goes on from.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "storage/mend.h"
#include "storage/programs.h"
#include "storage/rule.h"

namespace mlstack::storage {

namespace {

constexpr std::int64_t kDefaultGrace = 30;   // terminationGracePeriodSeconds

/// "90s", "10m", "2h".
std::string durationText(std::int64_t ms) {
  if (ms % 3'600'000 == 0) return fmt::format("{}h", ms / 3'600'000);
  if (ms % 60'000 == 0) return fmt::format("{}m", ms / 60'000);
  return ms % 1000 == 0 ? fmt::format("{}s", ms / 1000) : fmt::format("{}ms", ms);
}

/// The JobSpec that a pod template stands in: of a Job, a CronJob, a job of a JobSet; null elsewhere.
const ir::Node* jobOf(const Context& context, const Pods& pods) {
  const auto kind = context.model.kindOf(*pods.workload);
  if (kind == "Job") return context.keys.at<"spec">(pods.workload->root);
  if (kind == "CronJob") return context.keys.at<"spec.jobTemplate.spec">(pods.workload->root);
  if (kind != "JobSet") return nullptr;
  for (const auto& job : ir::Children(context.keys.at<"spec.replicatedJobs">(pods.workload->root)))
    if (context.keys.at<"template.spec.template.spec">(&job) == pods.spec) return context.keys.at<"template.spec">(&job);
  return nullptr;
}

// --- what is stated of checkpoints -----------------------------------------------------------

/// "26GB" is 26G; programs write bytes with a B behind.
std::optional<base::Quantity> sizeText(std::string_view text) {
  if (text.ends_with('B') || text.ends_with('b')) text.remove_suffix(1);
  return base::parseQuantity(text);
}

/// What a container says of its checkpoints in numbers, by its `checkpoint` line or its arguments.
struct Contract {
  const Mount* mount = nullptr;
  base::Span span;
  std::optional<std::int64_t> keep{};
  std::optional<base::Quantity> size{};
  std::optional<std::int64_t> everyMs{};
  std::optional<std::int64_t> flushMs{};
};

std::optional<std::int64_t> numberText(std::string_view text) {
  if (text.empty() || text.size() > 9) return std::nullopt;
  std::int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

std::optional<Contract> contractOf(const Context& context, const Container& container, const std::vector<Argument>& arguments, const std::vector<StateDirectory>& directories) {
  constexpr std::array<std::string_view, 12> kKeep{"savetotallimit", "keepcheckpoints", "maxtokeep", "numkeptcheckpoints", "numkeptcheckpoint", "maxcheckpoints",
                                                   "keeplast", "keeplastn", "keeplastncheckpoints", "savetopk", "checkpointstotallimit", "maxcheckpointstokeep"};
  Contract found;
  const auto isSize = [](const Argument& one) { return one.key == "checkpointsize" || one.key == "ckptsize"; };
  if (std::none_of(arguments.begin(), arguments.end(), isSize)) return std::nullopt;
  for (const auto& one : arguments) {
    if (std::find(kKeep.begin(), kKeep.end(), one.key) != kKeep.end()) {
      found.keep = numberText(one.value);
      if (found.keep) found.span = one.node->span;
    }
    if (isSize(one)) found.size = sizeText(one.value);
  }
  if (!found.keep || !found.size) return std::nullopt;
  for (const auto& directory : directories)
    if ((directory.what == Content::Checkpoint || directory.what == Content::Output) && !found.mount) found.mount = mountAt(context.model, container, directory.path);
  return found.mount ? std::optional(found) : std::nullopt;
}

/// MLS3221: the checkpoints that are kept, and the one being written, do not fit.
void fits(Context& context, const Pods& pods, const Contract& contract) {
  const auto* volume = context.model.volumeOf(*contract.mount);
  const auto* state = volume ? volume->state : nullptr;
  if (!contract.size || !state || !state->size || (state->facts && state->facts->capacityEnforced == false)) return;
  const auto keep = contract.keep.value_or(1);
  // Pods with folders of their own on one claim each keep that many.
  const auto writers = state->kind == StateKind::Claim && contract.mount->expandsSubPath ? std::max<std::int64_t>(pods.together(), 1) : 1;
  const auto needed = *contract.size * (keep + 1) * writers;
  if (needed <= *state->size) return;
  auto d = diag::make<Code::CheckpointsDoNotFit>(contract.span, keep, contract.size->text(), needed.text(), state->name, state->size->text());
  d.related.push_back({state->sizeAt->entrySpan(), "the size is stated here"});
  if (writers > 1) d.related.push_back({contract.mount->node->span, fmt::format("{} pods keep checkpoints in folders of their own", writers)});
  d.help = "a new checkpoint is whole before an old one is removed: make the volume larger, or keep fewer";
  context.report(std::move(d), {pods.workload, state->object});
}

/// MLS3222: writing one takes longer than a pod has to end.
/// Kubernetes: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
void endsInTime(Context& context, const Pods& pods, const Contract& contract) {
  if (contract.flushMs) {
    const auto* grace = context.keys.at<"terminationGracePeriodSeconds">(pods.spec);
    const auto seconds = intOf(grace).value_or(kDefaultGrace);
    if (*contract.flushMs > seconds * 1000) {
      auto d = diag::make<Code::FlushBeyondGrace>(contract.span, durationText(*contract.flushMs), context.nameOf(*pods.workload), durationText(seconds * 1000));
      if (grace) d.related.push_back({grace->entrySpan(), "after this it is killed"});
      d.help = fmt::format("give it {} s to end (`terminationGracePeriodSeconds`)", (*contract.flushMs + 999) / 1000 + kDefaultGrace);
      context.report(std::move(d), {pods.workload});
    }
  }
  const auto* job = jobOf(context, pods);
  const auto* deadline = job ? context.keys.at<"activeDeadlineSeconds">(job) : nullptr;
  if (contract.everyMs && deadline && intOf(deadline).value_or(0) > 0 && *contract.everyMs >= *intOf(deadline) * 1000) {
    auto d = diag::make<Code::EndsBeforeCheckpoint>(contract.span, context.nameOf(*pods.workload), durationText(*intOf(deadline) * 1000), durationText(*contract.everyMs));
    d.related.push_back({deadline->entrySpan(), "the deadline ends it, and nothing starts it again"});
    context.report(std::move(d), {pods.workload});
  }
}

// --- what goes on ----------------------------------------------------------------------------

bool resumesByItself(const Argument& one) {
  if (one.environment || (one.key != "resumefromcheckpoint" && one.key != "resume" && one.key != "autoresume" && one.key != "resumefrom")) return false;
  for (const std::string_view word : {"", "true", "True", "auto", "latest", "last"})
    if (one.value == word) return true;
  return false;
}

/// MLS3223: a Job whose first failure is its last has no use for the checkpoint it would resume from.
/// Kubernetes: https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy
void startsAgain(Context& context, const Pods& pods, base::Span at) {
  if (context.model.kindOf(*pods.workload) == "JobSet") return;
  const auto* job = jobOf(context, pods);
  const auto* backoff = job ? context.keys.at<"backoffLimit">(job) : nullptr;
  if (intOf(backoff) != 0 || context.keys.at<"backoffLimitPerIndex">(job) || context.keys.text<"restartPolicy">(pods.spec) == "OnFailure") return;
  auto d = diag::make<Code::NothingResumes>(backoff->entrySpan(), context.nameOf(*pods.workload));
  d.related.push_back({at, "it would resume from its checkpoint here"});
  d.help = "allow retries: `backoffLimit: 6`, the default";
  context.report(std::move(d), {pods.workload});
}

/// MLS3224: it saves in one place and resumes from another.
void resumesThere(Context& context, const Pods& pods, const Container& container, const std::vector<StateDirectory>& directories) {
  const StateDirectory* save = nullptr;
  const StateDirectory* resume = nullptr;
  for (const auto& one : directories) {
    if (one.what == Content::Resume && !resume) resume = &one;
    if (one.what != Content::Checkpoint && one.what != Content::Output) continue;
    if (!save || (save->what == Content::Output && one.what == Content::Checkpoint)) save = &one;
  }
  if (!save || !resume) return;
  for (const auto& one : directories) {
    if (one.what != Content::Checkpoint && one.what != Content::Output) continue;
    if (isWithin(resume->path, one.path) || isWithin(one.path, resume->path)) return;
  }
  const auto* mount = mountAt(context.model, container, resume->path);
  auto d = diag::make<Code::ResumesElsewhere>(resume->span, context.nameOf(*pods.workload), resume->path, save->path, mount ? "" : ", and nothing is mounted there");
  // One letter beside it is a slip; a number is another run.
  if (mount) d.severity = isSlip(resume->path, save->path) ? diag::Severity::Warning : diag::Severity::Note;
  else if (!resume->word.starts_with("--resume") && !resume->word.starts_with("--restore")) d.severity = diag::Severity::Warning;
  d.related.push_back({save->span, "it saves here"});
  d.help = "let both name one folder: what a pod saved is what the next one must find";
  context.report(std::move(d), {pods.workload});
}

/// MLS3225: any run of this name goes on where the last one ended.
void sameRun(Context& context, const Pods& pods, const Container& container, const std::vector<Argument>& arguments, const std::vector<StateDirectory>& directories) {
  const auto resume = std::find_if(arguments.begin(), arguments.end(), resumesByItself);
  if (resume == arguments.end() || !jobOf(context, pods)) return;
  for (const auto& one : directories) {
    if ((one.what != Content::Checkpoint && one.what != Content::Output) || one.varies) continue;
    const auto* mount = mountAt(context.model, container, one.path);
    const auto* volume = mount ? context.model.volumeOf(*mount) : nullptr;
    if (!volume || volume->kind != VolumeKind::Claim || mount->expandsSubPath) continue;
    auto d = diag::make<Code::OldRunResumes>(one.span, context.nameOf(*pods.workload), one.path);
    d.related.push_back({resume->node->span, "it resumes from what it finds"});
    d.help = "put the run's name into the folder when a new run must begin anew";
    context.report(std::move(d), {pods.workload});
    return;
  }
}

// --- pods that are replaced ------------------------------------------------------------------

struct SpotLabel {
  std::string_view key;
  std::string_view value;   // empty: any
};

constexpr std::array kSpot{
    SpotLabel{"cloud.google.com/gke-spot", "true"},
    SpotLabel{"cloud.google.com/gke-preemptible", "true"},
    SpotLabel{"cloud.google.com/gke-provisioning", "spot"},
    SpotLabel{"eks.amazonaws.com/capacityType", "SPOT"},
    SpotLabel{"karpenter.sh/capacity-type", "spot"},
    SpotLabel{"kubernetes.azure.com/scalesetpriority", "spot"},
    SpotLabel{"node.kubernetes.io/lifecycle", "spot"},
};

bool isSpot(std::string_view key, std::string_view value) {
  return std::any_of(kSpot.begin(), kSpot.end(), [&](const SpotLabel& label) { return label.key == key && (value.empty() || label.value == value); });
}

/// Where the pod asks for nodes that are taken away; null when it does not.
const ir::Node* spotNodes(const Context& context, const Pods& pods) {
  for (const auto& label : ir::Children(context.keys.at<"nodeSelector">(pods.spec)))
    if (isSpot(context.model.text(label.key), textOf(&label))) return &label;
  const auto* terms = context.keys.at<"affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms">(pods.spec);
  for (const auto& term : ir::Children(terms)) {
    for (const auto& expression : ir::Children(context.keys.at<"matchExpressions">(&term))) {
      if (context.keys.text<"operator">(&expression) != "In") continue;
      const auto* values = context.keys.at<"values">(&expression);
      if (ir::Children(values).size() == 1 && isSpot(context.keys.text<"key">(&expression), textOf(values->last))) return &expression;
    }
  }
  return nullptr;
}

bool ignoresDisruption(const Context& context, const ir::Node* job) {
  for (const auto& rule : ir::Children(context.keys.at<"podFailurePolicy.rules">(job))) {
    if (context.keys.text<"action">(&rule) != "Ignore") continue;
    for (const auto& condition : ir::Children(context.keys.at<"onPodConditions">(&rule)))
      if (context.keys.text<"type">(&condition) == "DisruptionTarget") return true;
  }
  return false;
}

/// MLS3226: preempted pods count as failures.
/// Kubernetes: https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
void preemptionCounts(Context& context, const Pods& pods) {
  constexpr std::int64_t kDefaultBackoff = 6;
  constexpr std::int64_t kMany = 50;   // whoever writes that has counted preemptions in
  const auto* job = jobOf(context, pods);
  if (!job) return;
  const auto* spot = spotNodes(context, pods);
  if (!spot || ignoresDisruption(context, job)) return;
  const auto* backoff = context.keys.at<"backoffLimit">(job);
  const auto most = intOf(backoff).value_or(kDefaultBackoff);
  if (most >= kMany || context.keys.at<"backoffLimitPerIndex">(job)) return;
  auto d = diag::make<Code::PreemptionCounts>(spot->entrySpan(), context.nameOf(*pods.workload), most == 0 ? std::string("the first preemption") : fmt::format("{} preemptions", most + 1));
  if (backoff) d.related.push_back({backoff->entrySpan(), "each pod that is taken away counts"});
  d.help = "add `podFailurePolicy: {rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget}]}]}`";
  const bool never = context.keys.text<"restartPolicy">(pods.spec) == "Never";
  if (!never) d.help += " and `restartPolicy: Never`, which it needs";
  else if (!context.keys.at<"podFailurePolicy">(job)) mend(d, "do not count preemptions", entryInto(context.sources, job, "podFailurePolicy: {rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget}]}]}"));
  context.report(std::move(d), {pods.workload});
}

/// MLS3227: the next pod starts while the last one is still ending.
/// Kubernetes: https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-replacement-policy
void replacedTooSoon(Context& context, const Pods& pods) {
  const auto* grace = context.keys.at<"terminationGracePeriodSeconds">(pods.spec);
  if (intOf(grace).value_or(0) <= kDefaultGrace) return;
  const auto* job = jobOf(context, pods);
  if (!job || context.keys.at<"podFailurePolicy">(job) || context.keys.text<"podReplacementPolicy">(job) == "Failed") return;
  for (const auto& volume : context.model.volumesOf(pods)) {
    if (volume.kind != VolumeKind::Claim || volume.readOnly || (volume.state && volume.state->declared == ReadWriteOncePod)) continue;
    // A disk stays with the old pod's node, and the next pod waits for it.
    const auto* state = volume.state;
    const bool everywhere = !state || !state->declared || (state->capability() & kManyNodes) || (state->facts && state->facts->attachable == false);
    if (!everywhere) continue;
    const Mount* writer = nullptr;
    for (const auto& container : context.model.containersOf(pods))
      for (const auto& mount : context.model.mountsOf(container))
        if (!mount.readOnly && context.model.volumeOf(mount) == &volume) writer = &mount;
    if (!writer) continue;
    auto d = diag::make<Code::ReplacedTooSoon>(writer->edge && writer->edge->span.known() ? writer->edge->span : writer->node->span, context.nameOf(*pods.workload), volume.refers, *intOf(grace));
    d.related.push_back({grace->entrySpan(), "so long may the old pod go on writing"});
    d.help = "set `podReplacementPolicy: Failed`: the next pod waits until the last one has ended";
    if (!context.keys.at<"podReplacementPolicy">(job)) mend(d, "wait for the old pod to end", entryInto(context.sources, job, "podReplacementPolicy: Failed"));
    context.report(std::move(d), {pods.workload, volume.state ? volume.state->object : nullptr});
    return;
  }
}

// --- many writers ----------------------------------------------------------------------------

/// Whether a string of the container's command line or environment holds one of these words.
bool mentions(const Context& context, const Container& container, std::initializer_list<std::string_view> words) {
  const auto holds = [&](std::string_view text) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
  };
  for (const auto* list : {context.keys.at<"command">(container.node), context.keys.at<"args">(container.node)})
    for (const auto& one : ir::Children(list))
      if (holds(textOf(&one))) return true;
  for (const auto& one : ir::Children(context.keys.at<"env">(container.node)))
    if (holds(context.keys.text<"name">(&one)) || holds(context.keys.text<"value">(&one)) || holds(context.keys.text<"valueFrom.fieldRef.fieldPath">(&one))) return true;
  return false;
}

bool writesCheckpoints(const Mount& mount, const std::vector<StateDirectory>& directories) {
  if (mount.edge && mount.edge->intent == ir::Intent::Checkpoint) return true;
  if (speaksOfCheckpoints(mount.path) || speaksOfCheckpoints(mount.name)) return true;
  return std::any_of(directories.begin(), directories.end(), [&](const StateDirectory& one) { return one.what == Content::Checkpoint && !one.varies && isWithin(one.path, mount.path); });
}

/// MLS3228: workers that know nothing of each other write to one place.
/// Kubernetes: https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode
void oneFolder(Context& context, const Pods& pods, const Container& container, const std::vector<StateDirectory>& directories) {
  const auto* job = jobOf(context, pods);
  if (!job || pods.replicas < 2 || context.keys.text<"completionMode">(job) != "Indexed") return;
  // Workers of one training run know of each other, and write as one.
  if (context.keys.at<"subdomain">(pods.spec)) return;
  if (mentions(context, container, {"INDEX", "index", "RANK", "rank", "torchrun", "distributed", "deepspeed", "accelerate", "mpirun", "MASTER_ADDR", "metadata.name", "metadata.uid", "HOSTNAME", "hostname"})) return;
  for (const auto& mount : context.model.mountsOf(container)) {
    const auto* volume = context.model.volumeOf(mount);
    if (!volume || volume->kind != VolumeKind::Claim || mount.readOnly || mount.expandsSubPath || !writesCheckpoints(mount, directories)) continue;
    auto d = diag::make<Code::WorkersOnOneFolder>(mount.edge && mount.edge->span.known() ? mount.edge->span : mount.node->span, pods.replicas, context.nameOf(*pods.workload), mount.path, volume->refers);
    d.help = "give each its folder: `subPathExpr: $(JOB_COMPLETION_INDEX)`, or put the index into the path";
    context.report(std::move(d), {pods.workload, volume->state ? volume->state->object : nullptr});
    return;
  }
}

/// The variables of a container that name its pod: another one after every retry.
bool namesPod(const Context& context, const Container& container, std::string_view text) {
  for (const auto& one : ir::Children(context.keys.at<"env">(container.node))) {
    const auto field = context.keys.text<"valueFrom.fieldRef.fieldPath">(&one);
    if (field != "metadata.name" && field != "metadata.uid" && field != "status.podIP") continue;
    const auto name = context.keys.text<"name">(&one);
    for (const std::string_view form : {"$({})", "${{{}}}"})
      if (!name.empty() && text.find(fmt::format(fmt::runtime(fmt::string_view(form.data(), form.size())), name)) != std::string_view::npos) return true;
  }
  return false;
}

/// Whether a Job starts a pod or container again after it failed.
bool retries(const Context& context, const Pods& pods) {
  const auto* job = jobOf(context, pods);
  if (!job) return false;
  if (context.keys.text<"restartPolicy">(pods.spec) == "OnFailure" || context.keys.at<"backoffLimitPerIndex">(job)) return true;
  return intOf(context.keys.at<"backoffLimit">(job)) != 0 || context.model.kindOf(*pods.workload) == "JobSet";
}

/// Whether the command line speaks of training: "python train.py", "torchrun", "finetune".
bool trains(const Words& words) {
  return std::any_of(words.arguments.begin(), words.arguments.end(), [](const Argument& one) {
    if (!one.positional) return false;
    const std::string_view value = one.value;
    const auto name = value.substr(value.rfind('/') + 1);
    return name.find("train") != std::string_view::npos || name.find("finetune") != std::string_view::npos || name == "torchrun" || name == "deepspeed";
  });
}

/// What a text of a shell has anew whenever it runs: "the time"; empty when there is nothing of the kind.
std::string_view anewIn(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kAnew{{{"$(date", "the time"},
                                                                               {"`date", "the time"},
                                                                               {"$RANDOM", "a random number"},
                                                                               {"${RANDOM", "a random number"},
                                                                               {"$SRANDOM", "a random number"},
                                                                               {"$EPOCHSECONDS", "the time"},
                                                                               {"$(uuidgen", "a random number"},
                                                                               {"$(mktemp", "a random number"}}};
  for (const auto& [word, what] : kAnew)
    if (text.find(word) != std::string_view::npos) return what;
  return {};
}

/// MLS3232: a folder that is named after the moment, in a Job that is started again: each start is the first.
void folderOfOneStart(Context& context, const Pods& pods, const Container& container, const Words& words) {
  if (context.model.kindOf(*pods.workload) == "CronJob" || !retries(context, pods)) return;
  for (const auto& one : words.directories) {
    if ((one.what != Content::Checkpoint && one.what != Content::Output) || !one.varies || !one.span.known()) continue;
    if (one.what == Content::Output && !trains(words)) continue;
    const auto* mount = mountAt(context.model, container, one.path);
    const auto* volume = mount ? context.model.volumeOf(*mount) : nullptr;
    if (!volume || (volume->kind != VolumeKind::Claim && volume->kind != VolumeKind::Network)) continue;
    for (const auto& argument : words.arguments) {
      const auto what = anewIn(argument.value);
      if (argument.node->span.begin != one.span.begin || argument.word != one.word || what.empty()) continue;
      auto d = diag::make<Code::FolderOfOnePod>(one.span, context.nameOf(*pods.workload), contentText(one), argument.value, what);
      d.help = "name the folder after the run, as the Job is: a retry must find what the last pod saved";
      context.report(std::move(d), {pods.workload});
      return;
    }
  }
}

/// MLS3231: what is told to write over its folder does not look for a checkpoint there.
/// https://github.com/huggingface/transformers examples/pytorch: get_last_checkpoint only without --overwrite_output_dir.
void overwritten(Context& context, const Pods& pods, const Container& container, const Words& words) {
  const auto found = std::find_if(words.arguments.begin(), words.arguments.end(), [](const Argument& one) { return one.key == "overwriteoutputdir" && !one.environment && one.value != "false" && one.value != "False"; });
  if (found == words.arguments.end() || !retries(context, pods)) return;
  const bool resumes = std::any_of(words.arguments.begin(), words.arguments.end(), [](const Argument& one) { return one.key.starts_with("resume") && one.value != "false" && one.value != "False"; });
  if (resumes) return;
  for (const auto& one : words.directories) {
    if (one.what != Content::Output && one.what != Content::Checkpoint) continue;
    const auto* mount = mountAt(context.model, container, one.path);
    const auto* volume = mount ? context.model.volumeOf(*mount) : nullptr;
    if (!volume || (volume->kind != VolumeKind::Claim && volume->kind != VolumeKind::Network) || mount->readOnly) continue;
    auto d = diag::make<Code::WipedAtStart>(found->node->span, container.name, context.nameOf(*pods.workload), "writes over", one.path);
    d.related.push_back({one.span, "its folder"});
    d.help = "leave `--overwrite_output_dir` out: a retry then goes on from the last checkpoint in its folder";
    context.report(std::move(d), {pods.workload});
    return;
  }
}

/// The script of `sh -c` when the shell is the container's first process; null otherwise.
const ir::Node* scriptOf(const Context& context, const Container& container) {
  const ir::Node* before = nullptr;
  bool shell = false;
  std::size_t at = 0;
  for (const auto* list : {context.keys.at<"command">(container.node), context.keys.at<"args">(container.node)}) {
    for (const auto& word : ir::Children(list)) {
      const auto text = textOf(&word);
      const auto name = text.substr(text.rfind('/') + 1);
      if (at++ == 0) shell = name == "sh" || name == "bash" || name == "ash" || name == "dash";
      else if (shell && before && textOf(before).starts_with('-') && textOf(before).ends_with('c')) return &word;
      before = &word;
    }
  }
  return nullptr;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n;";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  const auto last = text.find_last_not_of(kBlank);
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

/// The commands of a script, as far as `;`, `&&` and ends of lines part them.
std::vector<std::string_view> commandsOf(std::string_view script) {
  std::vector<std::string_view> commands;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= script.size(); ++at) {
    const bool ends = at == script.size() || script[at] == ';' || script.substr(at, 2) == "&&" || (script[at] == '\n' && (at == 0 || script[at - 1] != '\\'));
    if (!ends) continue;
    if (const auto command = trimmed(script.substr(begin, at - begin)); !command.empty()) commands.push_back(command);
    begin = at + (script.substr(at, 2) == "&&" ? 2 : 1);
  }
  return commands;
}

/// Whether a command starts a trainer: "python train.py", "RANK=0 torchrun …".
bool startsTrainer(std::string_view command) {
  while (true) {
    const auto word = command.substr(0, command.find(' '));
    if (word.find('=') == std::string_view::npos || word.size() == command.size()) break;
    command = trimmed(command.substr(word.size()));
  }
  const auto word = command.substr(0, command.find_first_of(" \t\n"));
  const auto name = word.substr(word.rfind('/') + 1);
  if (name == "torchrun" || name == "deepspeed" || name == "accelerate") return true;
  return name.starts_with("python") && command.find("train") != std::string_view::npos && command.find(" pip ") == std::string_view::npos;
}

/// MLS3233: a script whose end is always good: the Job succeeds when its program has failed.
/// Kubernetes: https://kubernetes.io/docs/concepts/workloads/controllers/job/#handling-pod-and-container-failures
void failureHidden(Context& context, const Pods& pods, const Container& container) {
  const auto* node = jobOf(context, pods) ? scriptOf(context, container) : nullptr;
  if (!node) return;
  const auto commands = commandsOf(textOf(node));
  if (commands.empty() || !startsTrainer(commands.back())) return;
  for (const std::string_view ending : {"|| true", "||true", "|| :", "|| exit 0"}) {
    if (!commands.back().ends_with(ending)) continue;
    auto d = diag::make<Code::FailureHidden>(node->span, container.name, context.nameOf(*pods.workload), ending);
    d.help = fmt::format("take `{}` away: a run that fails is then started again, up to `backoffLimit` times", ending);
    context.report(std::move(d), {pods.workload});
    return;
  }
}

/// MLS3234: a shell that goes on after the program does not hand on the signal that ends the pod, and as process 1 it ignores it.
/// Kubernetes: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
void signalKept(Context& context, const Pods& pods, const Container& container, bool flushes) {
  const auto* grace = context.keys.at<"terminationGracePeriodSeconds">(pods.spec);
  if ((intOf(grace).value_or(0) <= kDefaultGrace && !flushes) || context.keys.isTrue<"shareProcessNamespace">(pods.spec) || context.keys.at<"lifecycle.preStop">(container.node)) return;
  const auto* node = scriptOf(context, container);
  if (!node) return;
  for (const std::string_view handles : {"exec ", "trap ", "wait", "tini", "dumb-init", "kill"})
    if (textOf(node).find(handles) != std::string_view::npos) return;
  const auto commands = commandsOf(textOf(node));
  const auto last = std::find_if(commands.rbegin(), commands.rend(), startsTrainer);
  // A shell may take the place of itself by its last command.
  if (last == commands.rend() || last == commands.rbegin()) return;
  auto d = diag::make<Code::SignalKept>(node->span, container.name, context.nameOf(*pods.workload));
  if (grace) d.related.push_back({grace->entrySpan(), "so long it is given to save its state, and after it is killed"});
  d.help = "let the program be the last command, with `exec` before it, or hand the signal on: `trap 'kill -TERM $child' TERM`, the program in the background, `wait`";
  context.report(std::move(d), {pods.workload});
}

/// MLS3232: checkpoints in a folder named after the pod: the next pod of a Job has another name.
/// Kubernetes: https://kubernetes.io/docs/concepts/workloads/controllers/job/; only a StatefulSet's pods keep theirs.
void folderOfOnePod(Context& context, const Pods& pods, const Container& container, const Words& words) {
  if (!jobOf(context, pods)) return;
  const auto report = [&](base::Span at, std::string_view text) {
    auto d = diag::make<Code::FolderOfOnePod>(at, context.nameOf(*pods.workload), "checkpoints", text, "the pod");
    d.help = "name the folder after the run, or the index of an Indexed Job (`$(JOB_COMPLETION_INDEX)`)";
    context.report(std::move(d), {pods.workload});
  };
  for (const auto& mount : context.model.mountsOf(container)) {
    const auto* volume = context.model.volumeOf(mount);
    if (!mount.expandsSubPath || mount.readOnly || !volume || volume->kind != VolumeKind::Claim) continue;
    if (!writesCheckpoints(mount, words.directories) || !namesPod(context, container, mount.subPath)) continue;
    report(mount.edge && mount.edge->span.known() ? mount.edge->span : mount.node->span, mount.subPath);
    return;
  }
  for (const auto& one : words.directories) {
    if (one.what != Content::Checkpoint || !one.varies || !one.span.known()) continue;
    const auto* mount = mountAt(context.model, container, one.path);
    const auto* volume = mount ? context.model.volumeOf(*mount) : nullptr;
    if (!volume || volume->kind != VolumeKind::Claim) continue;
    for (const auto& argument : words.arguments) {
      if (argument.node->span.begin != one.span.begin || argument.word != one.word || !namesPod(context, container, argument.value)) continue;
      report(one.span, argument.value);
      return;
    }
  }
}

/// MLS3229: each worker has a volume of its own for what only makes sense as a whole.
/// PyTorch: https://pytorch.org/docs/stable/distributed.checkpoint.html
void shardsApart(Context& context, const Pods& pods, const Container& container, const std::vector<StateDirectory>& directories) {
  const bool workers = context.model.kindOf(*pods.workload) == "StatefulSet" || jobOf(context, pods);
  if (pods.replicas < 2 || !workers) return;
  for (const auto& mount : context.model.mountsOf(container)) {
    const auto* volume = context.model.volumeOf(mount);
    if (!volume || volume->kind != VolumeKind::Template || mount.readOnly || !writesCheckpoints(mount, directories)) continue;
    auto d = diag::make<Code::ShardsApart>(mount.edge && mount.edge->span.known() ? mount.edge->span : mount.node->span, pods.replicas, context.nameOf(*pods.workload), volume->name);
    if (volume->node) d.related.push_back({volume->node->span, "the template makes a claim for each pod"});
    d.help = "let all workers mount one ReadWriteMany claim, or write to an object store";
    context.report(std::move(d), {pods.workload});
    return;
  }
}

/// MLS3231: a container that begins by removing what it should go on from.
void wiped(Context& context, const Pods& pods, const Container& container) {
  if (container.phase == Phase::Ephemeral || container.mounts.count == 0) return;
  const auto& arguments = context.wordsOf(container).arguments;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const auto& one = arguments[i];
    const bool removes = arguments[i - 1].positional && (arguments[i - 1].value == "rm" || arguments[i - 1].value == "/bin/rm");
    if (!removes || (one.key != "rf" && one.key != "fr" && one.key != "r" && one.key != "recursive")) continue;
    std::string_view path = one.value;
    if (path.ends_with("/*")) path.remove_suffix(2);
    const auto* mount = path.starts_with('/') ? mountAt(context.model, container, path) : nullptr;
    const auto* volume = mount ? context.model.volumeOf(*mount) : nullptr;
    if (!volume || (volume->kind != VolumeKind::Claim && volume->kind != VolumeKind::Template)) continue;
    bool checkpoints = speaksOfCheckpoints(path) && path.find("tmp") == std::string_view::npos;
    for (const auto& other : context.model.containersOf(pods))
      for (const auto& directory : stateDirectories(context.model, other))
        checkpoints = checkpoints || ((directory.what == Content::Checkpoint || directory.what == Content::Resume) && isWithin(directory.path, path));
    if (!checkpoints) continue;
    auto d = diag::make<Code::WipedAtStart>(one.node->span, container.name, context.nameOf(*pods.workload), "removes", path);
    d.related.push_back({mount->node->span, "the volume keeps it from pod to pod"});
    d.help = "remove it only when a run begins anew: a retry starts the container again";
    context.report(std::move(d), {pods.workload});
    return;
  }
}

void checkpoints(Context& context, const Pods& pods, const Container& container) {
  if (container.phase != Phase::Main || container.mounts.count == 0) return;
  const auto& words = context.wordsOf(container);
  const auto& arguments = words.arguments;
  const auto& directories = words.directories;
  bool flushes = false;
  for (const auto& mount : context.model.mountsOf(container)) {
    if (!mount.edge || mount.edge->intent != ir::Intent::Checkpoint) continue;
    startsAgain(context, pods, mount.edge->span);
    if (!mount.edge->contract) continue;
    const auto& stated = *mount.edge->contract;
    Contract contract;
    contract.mount = &mount;
    contract.span = mount.edge->span.known() ? mount.edge->span : mount.node->span;
    contract.keep = stated.keep;
    contract.size = stated.size;
    contract.everyMs = stated.everyMs;
    contract.flushMs = stated.flushMs;
    flushes = flushes || stated.flushMs;
    fits(context, pods, contract);
    endsInTime(context, pods, contract);
  }
  if (const auto contract = contractOf(context, container, arguments, directories)) fits(context, pods, *contract);
  for (const auto& one : arguments)
    if (!one.environment && one.key.starts_with("resume") && one.value != "false" && one.value != "False" && one.value != "never") {
      startsAgain(context, pods, one.node->span);
      break;
    }
  resumesThere(context, pods, container, directories);
  sameRun(context, pods, container, arguments, directories);
  folderOfOnePod(context, pods, container, words);
  folderOfOneStart(context, pods, container, words);
  overwritten(context, pods, container, words);
  failureHidden(context, pods, container);
  signalKept(context, pods, container, flushes);
  oneFolder(context, pods, container, directories);
  shardsApart(context, pods, container, directories);
}

constexpr Rule kRules[] = {checkpoints, wiped, preemptionCounts, replacedTooSoon};

}  // namespace

std::span<const Rule> checkpointRules() { return kRules; }

}  // namespace mlstack::storage
