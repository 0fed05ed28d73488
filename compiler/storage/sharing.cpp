// Access modes against the pods that use a claim at the same time.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "storage/made.h"
#include "storage/mend.h"
#include "storage/programs.h"
#include "storage/rule.h"

namespace mlstack::storage {

namespace {

/// "its class is gp3 (ebs.csi.aws.com): ReadWriteOnce and ReadWriteOncePod only"
std::string classSentence(const Context& context, const State& state) {
  return fmt::format("its class is {} ({}): {} only", context.model.text(state.classObject->name), state.facts->provisioner, modesText(*state.classModes()));
}

/// The classes at hand that several nodes can mount, as the source calls them.
std::string classesThatShare(const Context& context, Mode needed) {
  std::vector<std::string_view> names;
  for (const auto& object : context.stack.objects) {
    if (object.role != ir::Role::Class || !object.facts) continue;
    for (const auto mode : object.facts->accessModes)
      if (modeOf(mode) == needed) names.push_back(context.nameOf(object));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// "`nodes = 1`": the source's own word for how many pods run, when it is a name.
std::string onePod(const Context& context, const ir::Object& workload) {
  for (const auto* count : {context.keys.at<"spec.parallelism">(workload.root), context.keys.at<"spec.replicas">(workload.root)}) {
    if (!count) continue;
    const auto text = context.sources.text(count->span);
    const bool isName = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
    });
    return fmt::format("`{} = 1`", isName ? text : context.model.text(count->key));
  }
  return "one pod";
}

/// All pods of one workload on one claim.
struct Crowd {
  const Use* first = nullptr;
  std::int64_t pods = 0;
  bool everyNode = false;
  bool oneNode = true;
  bool separate = false;
  bool steady = false;   // there all the time, or again and again; not once until its end

  [[nodiscard]] std::string count() const { return everyNode ? "all" : fmt::format("{}", pods); }
};

/// A required affinity to pods of the same node: who has it goes where the others are.
bool followsPods(const Context& context, const Pods& pods) {
  for (const auto& term : ir::Children(context.keys.at<"affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution">(pods.spec)))
    if (context.keys.text<"topologyKey">(&term) == "kubernetes.io/hostname") return true;
  return false;
}

/// By workload; uses of one stand together.
std::vector<Crowd> crowdsOf(const Context& context, const State& state) {
  std::vector<Crowd> crowds;
  for (const auto& use : state.uses) {
    if (crowds.empty() || crowds.back().first->pods->workload != use.pods->workload) {
      crowds.emplace_back();
      crowds.back().first = &use;
    }
    auto& crowd = crowds.back();
    if (use.writes && !crowd.first->writes) crowd.first = &use;
    crowd.pods += use.pods->together();
    crowd.everyNode = crowd.everyNode || use.pods->onePerNode;
    crowd.oneNode = crowd.oneNode && (use.pods->pinned || followsPods(context, *use.pods));
    crowd.separate = crowd.separate || use.pods->separateNodes;
    crowd.steady = crowd.steady || !use.pods->runsToEnd || context.model.kindOf(*use.pods->workload) == "CronJob";
  }
  return crowds;
}

bool isLocal(const State& state) { return state.facts && state.facts->nodeLocal == true; }
bool withoutAttach(const State& state) { return state.facts && state.facts->attachable == false && !isLocal(state); }

/// MLS3004, MLS3005: more pods use a claim than its class can serve from several nodes.
/// Kubernetes: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes; an attachable
/// ReadWriteOnce volume is attached to one node only (attach/detach controller).
bool tooManyNodes(Context& context, const State& state, const Crowd& crowd) {
  const auto& use = *crowd.first;
  const Modes shared = use.writes ? Modes{ReadWriteMany} : kManyNodes;
  if (crowd.pods < 2 || crowd.oneNode || (state.capability() & shared)) return false;
  const auto classModes = state.classModes();
  const bool classRefuses = classModes && !(*classModes & shared);
  if (!classRefuses && !state.declared) return false;
  // The volume's own node affinity puts them all on its node, unless they cannot share one.
  if (isLocal(state) && !crowd.separate) return false;
  // Pods that may share a node can all mount it, when the scheduler happens to put them there.
  const bool certain = (state.declared & shared) != 0 || crowd.separate;
  const auto name = context.nameOf(*state.object);
  const auto verb = use.writes ? "write" : "read";
  auto d = certain ? diag::make<Code::TooManyNodes>(use.span(), crowd.count(), verb, name)
                   : diag::make<Code::PodsOfOneNode>(use.span(), crowd.pods, verb, name);
  if (classRefuses && state.classAt && state.classObject) {
    d.related.push_back({state.classAt->entrySpan(), classSentence(context, state)});
  } else if (state.declaredAt) {
    d.related.push_back({state.declaredAt->entrySpan(), fmt::format("the claim asks for {} only", modesText(state.declared))});
  }
  const auto others = classesThatShare(context, use.writes ? ReadWriteMany : ReadOnlyMany);
  d.help = fmt::format("use a class that several nodes can mount{}, or {}", others.empty() ? "" : " (" + others + ")", onePod(context, *use.pods->workload));
  context.report(std::move(d), {use.pods->workload, state.object});
  return true;
}

/// MLS3006: ReadWriteOncePod is enforced by the scheduler: the second pod stays Pending.
void onePodOnly(Context& context, const State& state, const Crowd& crowd) {
  if (crowd.pods < 2) return;
  auto d = diag::make<Code::OnePodOnly>(crowd.first->span(), crowd.count(), context.nameOf(*state.object));
  d.related.push_back({state.declaredAt->entrySpan(), "the claim asks for ReadWriteOncePod: one pod in the whole cluster"});
  d.help = fmt::format("ask for another access mode, or {}", onePod(context, *crowd.first->pods->workload));
  context.report(std::move(d), {crowd.first->pods->workload, state.object});
}

/// MLS3070: ReadWriteOnce on a driver that attaches nothing: no one looks at the mode, and every pod can write.
/// Kubernetes: pkg/controller/volume/attachdetach/reconciler checks attachable volumes only.
bool trustsMode(Context& context, const State& state, const Crowd& crowd) {
  if (!withoutAttach(state) || !crowd.first->writes || crowd.pods < 2) return false;
  if (state.declared & kManyNodes) return false;
  auto d = diag::make<Code::ModeNotEnforced>(crowd.first->span(), crowd.count(), context.nameOf(*state.object), modesText(state.declared));
  if (state.declaredAt) d.related.push_back({state.declaredAt->entrySpan(), "the mode is stated here; for this driver it only decides which volume fits"});
  d.help = fmt::format("use ReadWriteOncePod, which the scheduler enforces, or {}", onePod(context, *crowd.first->pods->workload));
  context.report(std::move(d), {crowd.first->pods->workload, state.object});
  return true;
}

/// MLS3071: a mode is no protection: a ReadOnlyMany volume that is mounted writable is written by most drivers.
/// Kubernetes: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes ("not enforced once mounted").
bool writesReadOnlyMany(Context& context, const State& state) {
  if (state.declared != ReadOnlyMany) return false;
  for (const auto& use : state.uses) {
    if (!use.writes || !use.mount) continue;
    auto d = diag::make<Code::ModeIsNoGuard>(use.span(), context.nameOf(*use.pods->workload), context.nameOf(*state.object));
    if (state.declaredAt) d.related.push_back({state.declaredAt->entrySpan(), "the claim is meant for readers"});
    d.help = "mount it with `readOnly: true`";
    mend(d, "mount it read-only", entryInto(context.sources, use.mount->node, "readOnly: true"));
    context.report(std::move(d), {use.pods->workload, state.object});
  }
  return true;
}

/// MLS3072: several workloads that are there all the time on a claim for one pod or one node.
void severalWorkloads(Context& context, const State& state, const std::vector<Crowd>& crowds) {
  if ((state.capability() & kManyNodes) || isLocal(state)) return;
  if (withoutAttach(state) && state.declared != ReadWriteOncePod) return;
  const Crowd* first = nullptr;
  for (const auto& crowd : crowds) {
    if (!crowd.steady || crowd.pods < 1) continue;
    if (!first) {
      first = &crowd;
      continue;
    }
    const bool onePod = state.declared == ReadWriteOncePod;
    if (!onePod && (crowd.oneNode || first->oneNode)) continue;
    auto d = diag::make<Code::WorkloadsOnOneClaim>(crowd.first->span(), context.nameOf(*crowd.first->pods->workload), context.nameOf(*first->first->pods->workload),
                                                   context.nameOf(*state.object), onePod ? "one pod" : "one node", onePod ? "the second stays Pending" : "on another node the second does not start");
    if (onePod) d.severity = diag::Severity::Error;
    d.related.push_back({first->first->span(), "the other uses it here"});
    if (state.declaredAt) d.related.push_back({state.declaredAt->entrySpan(), fmt::format("the claim asks for {} only", modesText(state.declared))});
    d.help = onePod ? "give each a claim of its own, or ask for ReadWriteMany" : "give each a claim of its own, ask for ReadWriteMany, or bind the pods together with a required podAffinity on kubernetes.io/hostname";
    context.report(std::move(d), {crowd.first->pods->workload, state.object});
  }
}

/// MLS3001: the claim asks for a mode that its class cannot give: it stays Pending.
void modeBeyondClass(Context& context, const State& state) {
  const auto classModes = state.classModes();
  if (!classModes || !state.classObject || !state.declaredAt) return;
  const Modes beyond = state.declared & static_cast<Modes>(~*classModes);
  if (!beyond) return;
  auto d = diag::make<Code::ModeBeyondClass>(state.declaredAt->span, context.nameOf(*state.object), modesText(beyond), context.model.text(state.classObject->name));
  if (state.classAt) d.related.push_back({state.classAt->entrySpan(), classSentence(context, state)});
  const auto others = beyond & ReadWriteMany ? classesThatShare(context, ReadWriteMany) : std::string();
  d.help = fmt::format("ask for {}{}", modesText(*classModes), others.empty() ? "" : ", or use a class that can (" + others + ")");
  context.report(std::move(d), {state.object, state.classObject});
}

void accessModes(Context& context, const State& state) {
  bool said = false;
  if (state.kind == StateKind::Claim && !state.uses.empty()) {
    const auto crowds = crowdsOf(context, state);
    const bool forReaders = writesReadOnlyMany(context, state);
    for (const auto& crowd : crowds) {
      if (forReaders) break;
      if (state.declared == ReadWriteOncePod && state.declaredAt) onePodOnly(context, state, crowd);
      else if (!trustsMode(context, state, crowd)) said = tooManyNodes(context, state, crowd) || said;
    }
    if (!said && !forReaders) severalWorkloads(context, state, crowds);
  }
  if (!said) modeBeyondClass(context, state);
}

// --- what makes more pods than it says -------------------------------------------------------

/// A claim for one node or one pod among the volumes of a pod template.
const Volume* exclusiveVolume(const Context& context, const Pods& pods, bool onePod) {
  for (const auto& volume : context.model.volumesOf(pods)) {
    if (volume.kind != VolumeKind::Claim || !volume.state) continue;
    const auto& state = *volume.state;
    if (onePod) {
      if (state.declared == ReadWriteOncePod) return &volume;
      continue;
    }
    if (!state.declared || state.declared == ReadWriteOncePod || (state.capability() & kManyNodes)) continue;
    if (isLocal(state) || withoutAttach(state)) continue;
    return &volume;
  }
  return nullptr;
}

/// Whether a rolling update waits for a new pod before it takes the old one away.
/// Kubernetes: pkg/controller/deployment/util/deployment_util.go#ResolveFenceposts: surge rounds up, what may be
/// missing rounds down, and both are not 0.
bool waitsForNew(const Context& context, const Pods& pods) {
  if (!pods.rolling || pods.replicas != 1) return false;
  const auto kind = context.model.kindOf(*pods.workload);
  if (kind == "InferenceService") return true;
  if (kind != "Deployment") return false;
  const auto* missing = context.keys.at<"spec.strategy.rollingUpdate.maxUnavailable">(pods.workload->root);
  return scaledOf(missing, pods.replicas, false).value_or(0) == 0;
}

std::optional<diag::Edit> recreate(const Context& context, const ir::Object& workload) {
  if (context.model.kindOf(workload) != "Deployment") return std::nullopt;
  const auto* strategy = context.keys.at<"spec.strategy">(workload.root);
  if (!strategy) return entryInto(context.sources, context.keys.at<"spec">(workload.root), "strategy: {type: Recreate}");
  return std::nullopt;
}

/// MLS3073, MLS3074: the new pod of a rolling update needs the volume that the old one holds until the new one is ready.
/// Kubernetes: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy; ReadWriteOncePod in
/// pkg/scheduler/framework/plugins/volumerestrictions, ReadWriteOnce in the attach/detach controller ("Multi-Attach error").
void surgeNeedsVolume(Context& context, const Pods& pods) {
  if (!waitsForNew(context, pods)) return;
  const auto name = context.nameOf(*pods.workload);
  const auto report = [&](diag::Diagnostic d, const Volume& volume) {
    if (volume.state->declaredAt) d.related.push_back({volume.state->declaredAt->entrySpan(), fmt::format("the claim asks for {} only", modesText(volume.state->declared))});
    d.help = "set `strategy: {type: Recreate}`: the old pod ends before the new one starts";
    mend(d, "take the old pod away first", recreate(context, *pods.workload));
    context.report(std::move(d), {pods.workload, volume.state->object});
  };
  if (const auto* volume = exclusiveVolume(context, pods, true)) {
    report(diag::make<Code::UpdateNeverEnds>(volume->node->span, name, context.nameOf(*volume->state->object)), *volume);
  } else if (const auto* shared = exclusiveVolume(context, pods, false); shared && !pods.pinned && !followsPods(context, pods)) {
    report(diag::make<Code::UpdateOnAnotherNode>(shared->node->span, name, context.nameOf(*shared->state->object)), *shared);
  }
}

/// MLS3075: an autoscaler adds pods to a claim for one of them.
/// Kubernetes: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/; nothing looks at the volumes.
void autoscaled(Context& context, const ir::Object& scaler, const ir::Node* target, const ir::Node* most) {
  const auto pods = intOf(most);
  if (!pods || *pods < 2 || !target) return;
  const auto kind = context.keys.text<"kind">(target);
  const auto* workload = context.model.find(&scaler, kind.empty() ? "Deployment" : kind, context.keys.text<"name">(target));
  if (!workload || workload->external) return;
  for (const auto& one : context.model.podsOf(workload->order)) {
    const bool hasOnePod = exclusiveVolume(context, one, true) != nullptr;
    const auto* volume = exclusiveVolume(context, one, hasOnePod);
    // More pods than one are told of already.
    if (!volume || one.replicas > 1 || (!hasOnePod && (one.pinned || followsPods(context, one)))) continue;
    const auto& state = *volume->state;
    auto d = diag::make<Code::ScalesOnOneClaim>(most->span, context.objectText(scaler), context.nameOf(*workload), *pods, context.nameOf(*state.object), hasOnePod ? "one pod" : "one node");
    if (hasOnePod || one.separateNodes || (state.facts && state.facts->attachable == true)) d.severity = diag::Severity::Error;
    d.related.push_back({volume->node->span, "its pods share the claim here"});
    d.help = "ask for ReadWriteMany on a class that several nodes can mount, or give each pod a claim of its own (StatefulSet with claim templates)";
    context.report(std::move(d), {workload, state.object, &scaler});
  }
}

void podAutoscaler(Context& context, const ir::Object& object) {
  autoscaled(context, object, context.keys.at<"spec.scaleTargetRef">(object.root), context.keys.at<"spec.maxReplicas">(object.root));
}
void scaledObject(Context& context, const ir::Object& object) {
  const auto* most = context.keys.at<"spec.maxReplicaCount">(object.root);
  if (most) autoscaled(context, object, context.keys.at<"spec.scaleTargetRef">(object.root), most);
}

// --- runs that overlap -----------------------------------------------------------------------

/// Least minutes between two runs of a schedule, as far as its fields say plainly; 0 when they do not.
std::int64_t minutesBetween(std::string_view schedule) {
  if (schedule == "@hourly") return 60;
  if (schedule.starts_with('@')) return 24 * 60;
  const auto next = [&schedule] {
    schedule.remove_prefix(std::min(schedule.find_first_not_of(' '), schedule.size()));
    const auto field = schedule.substr(0, schedule.find(' '));
    schedule.remove_prefix(field.size());
    return field;
  };
  const auto step = [](std::string_view field) -> std::int64_t {
    if (field == "*") return 1;
    if (field.starts_with("*/")) {
      std::int64_t every = 0;
      for (const char c : field.substr(2)) every = c >= '0' && c <= '9' && every < 1000 ? every * 10 + (c - '0') : every;
      return every;
    }
    return 0;
  };
  const auto minute = next();
  const auto hour = next();
  if (const auto every = step(minute)) return every;
  if (minute.find_first_of(",-") != std::string_view::npos) return 30;
  if (const auto every = step(hour)) return every * 60;
  if (hour.find_first_of(",-") != std::string_view::npos) return 60;
  return 24 * 60;
}

/// MLS3076: a run that lasts longer than its period writes beside the next one.
/// Kubernetes: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#concurrency-policy
void overlappingRuns(Context& context, const ir::Object& cron) {
  const auto policy = context.keys.text<"spec.concurrencyPolicy">(cron.root);
  if (!policy.empty() && policy != "Allow") return;
  const auto* schedule = context.keys.at<"spec.schedule">(cron.root);
  const auto minutes = minutesBetween(textOf(schedule));
  const auto deadline = intOf(context.keys.at<"spec.jobTemplate.spec.activeDeadlineSeconds">(cron.root));
  if (deadline && *deadline <= minutes * 60) return;
  for (const auto& pods : context.model.podsOf(cron.order)) {
    for (const auto& container : context.model.containersOf(pods)) {
      for (const auto& mount : context.model.mountsOf(container)) {
        const auto* volume = context.model.volumeOf(mount);
        if (!volume || volume->kind != VolumeKind::Claim || mount.readOnly || mount.expandsSubPath || volume->refers.empty()) continue;
        if (volume->state && volume->state->declared == ReadWriteOncePod) continue;   // the second run waits
        auto d = diag::make<Code::RunsOverlap>(mount.edge && mount.edge->span.known() ? mount.edge->span : mount.node->span, context.nameOf(cron), volume->refers);
        if (minutes >= 24 * 60) d.severity = diag::Severity::Note;
        if (schedule) d.related.push_back({schedule->entrySpan(), "a run that has not ended when the next is due goes on beside it"});
        d.help = "set `concurrencyPolicy: Forbid`, or let each run write to a folder of its own (`subPathExpr`)";
        if (policy.empty()) mend(d, "let no two runs overlap", entryInto(context.sources, context.keys.at<"spec">(cron.root), "concurrencyPolicy: Forbid"));
        else d.fixes.push_back({"let no two runs overlap", {{context.keys.at<"spec.concurrencyPolicy">(cron.root)->span, "Forbid"}}});
        context.report(std::move(d), {&cron, volume->state ? volume->state->object : nullptr});
        return;
      }
    }
  }
}

// --- programs that want a folder for themselves ----------------------------------------------

/// Whether what a mount gives is a network file system: its facts say so, or several nodes may write its files.
bool onNetwork(const Volume& volume) {
  if (volume.kind == VolumeKind::Network) return true;
  if (!volume.state) return false;
  if (volume.state->facts && volume.state->facts->network) return *volume.state->facts->network;
  return !volume.state->block && (volume.state->declared & ReadWriteMany) && !isLocal(*volume.state);
}

/// Drivers that show an object store as files: no locks, and most of them no writing into the middle of a file.
/// https://github.com/awslabs/mountpoint-s3/blob/main/doc/SEMANTICS.md; https://cloud.google.com/storage/docs/cloud-storage-fuse/overview
constexpr std::array<std::string_view, 7> kObjectStores{"s3.csi.aws.com",   "s3.csi.scality.com", "ru.yandex.s3.csi", "ch.ctrox.csi.s3-driver",
                                                        "csi-rclone",       "gcsfuse.csi.storage.gke.io", "blob.csi.azure.com"};

/// The driver when a volume is an object store mounted as files; empty for others.
std::string_view objectStoreOf(const Context& context, const Volume& volume) {
  const auto* state = volume.state;
  std::string_view driver;
  const ir::Node* said = nullptr;   // what may choose another protocol
  if (volume.kind == VolumeKind::Csi) {
    driver = context.keys.text<"driver">(volume.source);
    said = context.keys.at<"volumeAttributes">(volume.source);
  } else if (state && state->volume) {
    driver = context.keys.text<"spec.csi.driver">(state->volume->root);
    said = context.keys.at<"spec.csi.volumeAttributes">(state->volume->root);
  } else if (state && state->classObject) {
    driver = context.keys.text<"provisioner">(state->classObject->root);
    said = context.keys.at<"parameters">(state->classObject->root);
  }
  if (context.keys.text<"protocol">(said) == "nfs") return {};
  return std::find(kObjectStores.begin(), kObjectStores.end(), driver) == kObjectStores.end() ? std::string_view{} : driver;
}

/// MLS3077, MLS3078, MLS3080: databases on network file systems, and two processes on one database.
void databases(Context& context, const Pods& pods, const Container& container) {
  if (container.mounts.count == 0 || container.phase == Phase::Init) return;
  for (const auto& directory : context.wordsOf(container).directories) {
    if (directory.what != Content::Database || !(directory.sqlite || (directory.program && directory.program->oneWriter))) continue;
    if (!directory.path.starts_with('/')) continue;
    const auto* mount = mountAt(context.model, container, directory.path);
    const auto* volume = mount ? context.model.volumeOf(*mount) : nullptr;
    if (!volume) continue;
    const auto* state = volume->state;
    const auto title = directory.program ? directory.program->title : std::string_view("SQLite");
    if (const auto driver = objectStoreOf(context, *volume); !driver.empty()) {
      auto d = diag::make<Code::DatabaseOnNetwork>(directory.span, title, directory.path);
      d.severity = diag::Severity::Error;
      d.related.push_back({mount->node->span, fmt::format("{} shows an object store as files: it cannot lock them, nor write into one that is there", driver)});
      d.help = "use a class of block volumes for one pod (ReadWriteOnce)";
      context.report(std::move(d), {pods.workload, state ? state->object : nullptr});
      continue;
    }
    const bool network = onNetwork(*volume);
    const bool each = volume->kind == VolumeKind::Template || volume->kind == VolumeKind::Ephemeral || volume->kind == VolumeKind::EmptyDir || mount->expandsSubPath;
    if (!each && pods.together() > 1 && directory.program) {
      auto d = diag::make<Code::DatabaseShared>(mount->node->span, pods.onePerNode ? "all" : fmt::format("{}", pods.replicas), context.nameOf(*pods.workload), title, directory.path);
      d.related.push_back({directory.span, fmt::format("{} keeps its data in {}", title, directory.path)});
      d.help = "use a StatefulSet whose claim templates give each pod a volume of its own";
      context.report(std::move(d), {pods.workload, state ? state->object : nullptr});
    } else if (!each && network && directory.program && pods.rolling && pods.replicas == 1) {
      auto d = diag::make<Code::UpdateRunsTwo>(mount->node->span, context.nameOf(*pods.workload), title, directory.path);
      d.help = "set `strategy: {type: Recreate}`: the old pod ends before the new one starts";
      if (context.model.kindOf(*pods.workload) == "Deployment") mend(d, "take the old pod away first", recreate(context, *pods.workload));
      context.report(std::move(d), {pods.workload, state ? state->object : nullptr});
    } else if (network && (directory.sqlite || directory.program->needsLocks)) {
      auto d = diag::make<Code::DatabaseOnNetwork>(directory.span, title, directory.path);
      d.related.push_back({mount->node->span, "the network file system is mounted here"});
      d.help = directory.sqlite ? "use a database server, or a class of block volumes for one pod (ReadWriteOnce)" : "use a class of block volumes for one pod (ReadWriteOnce)";
      context.report(std::move(d), {pods.workload, state ? state->object : nullptr});
    }
  }
}

/// MLS3079: a volume claims modes its driver does not have. The attach/detach controller believes the volume: with a
/// shared mode in its list the one-node check is gone. pkg/volume/util/util.go#IsMultiAttachAllowed
void volumeMode(Context& context, const ir::Object& volume) {
  if (!volume.facts) return;
  const bool block = context.keys.text<"spec.volumeMode">(volume.root) == "Block";
  const auto& known = block && !volume.facts->blockModes.empty() ? volume.facts->blockModes : volume.facts->accessModes;
  if (known.empty() || volume.facts->nodeLocal == true) return;
  Modes can = 0;
  for (const auto word : known) can |= modeOf(word);
  if (context.keys.text<"spec.csi.volumeHandle">(volume.root).starts_with("local-ebs://")) return;   // the disk of whichever node, by intent
  const auto* stated = context.keys.at<"spec.accessModes">(volume.root);
  const Modes beyond = modesOf(stated) & kManyNodes & static_cast<Modes>(~can);
  if (!beyond) return;
  auto d = diag::make<Code::VolumeModeBeyondDriver>(stated->span, context.nameOf(volume), modesText(beyond), volume.facts->title.empty() ? volume.facts->provisioner : volume.facts->title);
  d.help = fmt::format("state {}", modesText(can));
  context.report(std::move(d), {&volume});
}

/// MLS3081: a volume that is made empty for readers alone.
/// Kubernetes: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes
void emptyForReaders(Context& context, const State& state) {
  if (state.declared != ReadOnlyMany || state.object->external || state.volume || !state.classObject || !state.facts) return;
  if (state.facts->provisioner.empty() || state.facts->provisioner == "kubernetes.io/no-provisioner" || state.facts->staticOnly == true) return;
  if (context.keys.at<"volumeName">(state.spec) || context.keys.at<"selector">(state.spec)) return;
  if (context.keys.at<"dataSource">(state.spec) || context.keys.at<"dataSourceRef">(state.spec)) return;
  if (const auto can = state.classModes(); can && !(*can & ReadOnlyMany)) return;   // it is not made at all: told above
  auto d = diag::make<Code::EmptyForReaders>(state.declaredAt->span, state.name, *state.className);
  d.help = "fill it from a snapshot or another claim (`dataSource`), or ask for a mode in which someone can write";
  context.report(std::move(d), {state.object, state.classObject});
}

/// MLS3072: another workload uses the claim that a StatefulSet makes for one of its pods, by its name.
void claimOfASet(Context& context, const Pods& pods) {
  for (const auto& volume : context.model.volumesOf(pods)) {
    if (volume.kind != VolumeKind::Claim || volume.field != "persistentVolumeClaim" || volume.refers.empty()) continue;
    if (volume.state && !volume.state->object->external) continue;   // declared: counted with its other uses
    const auto made = madeClaim(context.model, *pods.workload, volume.refers);
    if (!made || !made->isMade() || made->state->object == pods.workload) continue;
    const auto& state = *made->state;
    const bool onePod = state.declared == ReadWriteOncePod;
    if (!onePod && ((state.capability() & kManyNodes) || isLocal(state) || withoutAttach(state) || pods.pinned || followsPods(context, pods))) continue;
    const bool steady = !pods.runsToEnd || context.model.kindOf(*pods.workload) == "CronJob";
    auto d = diag::make<Code::WorkloadsOnOneClaim>(volume.node->span, context.nameOf(*pods.workload), context.nameOf(*state.object), volume.refers, onePod ? "one pod" : "one node",
                                                   onePod ? "the second stays Pending" : "on another node the second does not start");
    // A run that is started by hand may be one for which the set is scaled down.
    if (!steady) d.severity = diag::Severity::Note;
    d.related.push_back({state.root->span, "the set makes the claim from this template, for its pod of that number"});
    if (onePod) d.help = "copy from a snapshot of the claim, or run the work inside of the set's pod";
    else d.help = "bind its pods to the set's pod with a required podAffinity on kubernetes.io/hostname, or work on a snapshot of the claim";
    context.report(std::move(d), {pods.workload, state.object});
  }
}

constexpr Rule kRules[] = {
    accessModes,
    claimOfASet,
    emptyForReaders,
    surgeNeedsVolume,
    {"HorizontalPodAutoscaler", podAutoscaler},
    {"ScaledObject", scaledObject},
    {"CronJob", overlappingRuns},
    databases,
    {"PersistentVolume", volumeMode},
};

}  // namespace

std::span<const Rule> sharingRules() { return kRules; }

}  // namespace mlstack::storage
