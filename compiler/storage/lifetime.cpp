// What is lost when what is deleted.

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "storage/class.h"
#include "storage/made.h"
#include "storage/mend.h"
#include "storage/programs.h"
#include "storage/rule.h"

namespace mlstack::storage {

namespace {

// --- state that ends with the pod ------------------------------------------------------------

/// "an emptyDir" and what ends it; empty for volumes that outlive the pod.
std::string_view endsWithPod(VolumeKind kind) {
  switch (kind) {
    case VolumeKind::EmptyDir: return "an emptyDir";
    case VolumeKind::Memory: return "an emptyDir in memory";
    case VolumeKind::Ephemeral: return "an ephemeral volume";
    case VolumeKind::Claim:
    case VolumeKind::Template:
    case VolumeKind::HostPath:
    case VolumeKind::ConfigMap:
    case VolumeKind::Secret:
    case VolumeKind::Projected:
    case VolumeKind::DownwardApi:
    case VolumeKind::Image:
    case VolumeKind::Network:
    case VolumeKind::Disk:
    case VolumeKind::Csi:
    case VolumeKind::Other: return {};
  }
  return {};
}

/// Another container of the pod mounts it too: something that uploads, or that prepared what is read.
bool isHandedOn(const Context& context, const Pods& pods, const Container& container, std::string_view volume) {
  for (const auto& other : context.model.containersOf(pods)) {
    if (&other == &container) continue;
    for (const auto& mount : context.model.mountsOf(other))
      if (mount.name == volume) return true;
  }
  return false;
}

/// Whether the container is told of an object store: what it has on its disk is most likely copied from or to there.
bool uploads(const std::vector<Argument>& arguments) {
  constexpr std::array<std::string_view, 11> kStores{"s3://", "gs://", "hf://", "wasb", "abfs", "oss://", "obs://", "hdfs://", "gsutil", "huggingface-cli", "snapshot_download"};
  return std::any_of(arguments.begin(), arguments.end(), [&](const Argument& one) {
    if (one.key == "pushtohub" || one.key == "hubmodelid") return true;
    constexpr std::string_view kBegin = "sghwao";   // what the words of stores begin with
    const std::string_view value = one.value;
    for (auto at = value.find_first_of(kBegin); at != std::string_view::npos; at = value.find_first_of(kBegin, at + 1))
      if (std::any_of(kStores.begin(), kStores.end(), [rest = value.substr(at)](std::string_view store) { return rest.front() == store.front() && rest.starts_with(store); })) return true;
    return false;
  });
}

bool isTemporary(std::string_view path) { return isWithin(path, "/tmp") || isWithin(path, "/var/tmp"); }

/// A name by which the author says that another copy exists.
bool isStaging(std::string_view name) {
  for (const std::string_view word : {"local", "stag", "tmp", "temp", "cache", "scratch"})
    if (name.find(word) != std::string_view::npos) return true;
  return false;
}

void inPod(Context& context, const Pods& pods, const Mount& mount, const Volume& volume, std::string_view what, base::Span at, bool certain) {
  auto d = diag::make<Code::CheckpointInPod>(at, context.nameOf(*pods.workload), what, mount.path, endsWithPod(volume.kind));
  if (!certain) d.severity = diag::Severity::Warning;
  if (volume.node) d.related.push_back({volume.node->span, "it is made with the pod and deleted with it: a retry, a drain or a preemption makes another pod"});
  d.help = "mount a claim there";
  context.report(std::move(d), {pods.workload});
}

/// MLS3120, MLS3121: what a run writes to go on from, or as its result, is in the pod itself.
/// Kubernetes: https://kubernetes.io/docs/concepts/storage/volumes/#emptydir; a Job replaces pods that failed, were
/// evicted or preempted.
void runState(Context& context, const Pods& pods, const Container& container, const std::vector<Argument>& arguments, const std::vector<StateDirectory>& directories) {
  std::optional<bool> uploading;   // found out when it matters
  const auto copies = [&] {
    if (!uploading) uploading = uploads(arguments);
    return *uploading;
  };
  std::vector<const Mount*> told;
  for (const auto& mount : context.model.mountsOf(container)) {
    const auto* volume = context.model.volumeOf(mount);
    const bool stated = mount.edge && mount.edge->intent == ir::Intent::Checkpoint;
    if (!volume || mount.readOnly || endsWithPod(volume->kind).empty()) continue;
    const bool named = !stated && pods.runsToEnd && (speaksOfCheckpoints(mount.name) || speaksOfCheckpoints(mount.path)) && !copies();
    if (!stated && !named) continue;
    if (!stated && isHandedOn(context, pods, container, volume->name)) continue;
    inPod(context, pods, mount, *volume, "checkpoints", stated && mount.edge->span.known() ? mount.edge->span : mount.node->span, stated || !(isStaging(mount.name) || isStaging(mount.path)));
    told.push_back(&mount);
  }
  for (const auto& directory : directories) {
    if (directory.what != Content::Checkpoint && directory.what != Content::Output) continue;
    if (copies()) return;
    const auto* mount = mountAt(context.model, container, directory.path);
    const auto* volume = mount ? context.model.volumeOf(*mount) : nullptr;
    if (std::find(told.begin(), told.end(), mount) != told.end() && mount) continue;
    // A variable may be one of many that the program does not read.
    const bool said = directory.what == Content::Checkpoint || directory.word.starts_with('-');
    const bool certain = said && pods.runsToEnd && !isTemporary(directory.path) && !directory.varies;
    if (volume) {
      if (endsWithPod(volume->kind).empty() || isHandedOn(context, pods, container, volume->name)) continue;
      inPod(context, pods, *mount, *volume, contentText(directory), directory.span, certain);
      told.push_back(mount);
    } else if (!mount) {
      auto d = diag::make<Code::OutputOnLayer>(directory.span, context.nameOf(*pods.workload), contentText(directory), directory.path);
      if (!certain) d.severity = diag::Severity::Warning;
      d.help = fmt::format("mount a claim at {}, or at a folder above it: the container's own layer is gone with every restart", directory.path);
      context.report(std::move(d), {pods.workload});
      return;   // further words of the same container say nothing new
    }
  }
}

constexpr std::string_view kPostgresOld = "/var/lib/postgresql/data";

/// Images of PostgreSQL before 18 declare VOLUME /var/lib/postgresql/data: unless something is mounted at just that path, the runtime
/// puts a volume of its own there, over what is mounted above. https://hub.docker.com/_/postgres (PGDATA);
/// containerd internal/cri/server: volumes of the image that are not among the mounts.
bool hiddenByImage(const Container& container, const Mount& mount, const StateDirectory& directory) {
  const auto major = postgresMajor(container.image);
  if (!major || *major >= 18) return false;
  return isWithin(directory.path, kPostgresOld) && isWithin(kPostgresOld, mount.path) && !isWithin(mount.path, kPostgresOld);
}

/// The mount at which the entry point of PostgreSQL 18 and later refuses to start; null when there is none.
/// https://github.com/docker-library/postgres/pull/1259
const Mount* refusesMount(const Context& context, const Container& container, const StateDirectory& directory) {
  const auto major = postgresMajor(container.image);
  if (!major || *major < 18 || directory.path != fmt::format("/var/lib/postgresql/{}/docker", *major)) return nullptr;
  for (const auto& mount : context.model.mountsOf(container))
    if (isWithin(kPostgresOld, mount.path) && isWithin(mount.path, kPostgresOld)) return &mount;
  return nullptr;
}

/// Whether the container has a volume that it can write and that outlives it.
bool keepsElsewhere(const Context& context, const Container& container) {
  for (const auto& mount : context.model.mountsOf(container)) {
    const auto* volume = context.model.volumeOf(mount);
    if (volume && !mount.readOnly && !volume->readOnly && endsWithPod(volume->kind).empty()) return true;
  }
  return false;
}

/// MLS3122: a database, or another program that is there to keep something, without a volume that stays.
void keptInPod(Context& context, const Pods& pods, const Container& container, const std::vector<StateDirectory>& directories) {
  for (const auto& directory : directories) {
    if (directory.what != Content::Database) continue;
    const auto* mount = mountAt(context.model, container, directory.path);
    const auto* volume = mount ? context.model.volumeOf(*mount) : nullptr;
    // A volume above or below the folder may hold it, if it stays; one whose volume is not declared is told elsewhere.
    bool below = false;
    for (const auto& other : context.model.mountsOf(container)) {
      const auto* inside = context.model.volumeOf(other);
      below = below || (!other.path.empty() && isWithin(other.path, directory.path) && !other.readOnly && !(inside && !endsWithPod(inside->kind).empty()));
    }
    const bool covered = mount && hiddenByImage(container, *mount, directory);
    if (mount && !covered && (!volume || endsWithPod(volume->kind).empty())) continue;
    if (!mount && below && !refusesMount(context, container, directory)) continue;
    const bool keeps = keepsElsewhere(context, container);
    if (!directory.path.starts_with('/') && keeps) continue;   // where the program works is not known: perhaps there
    auto d = diag::make<Code::KeptInPod>(directory.span, context.nameOf(*pods.workload), contentText(directory), directory.path,
                                         covered  ? "a volume of its own that the image declares there"
                                         : volume ? endsWithPod(volume->kind)
                                                  : "the container's own layer");
    if (directory.program && directory.program->passing && !keeps) d.severity = diag::Severity::Note;
    if (covered) {
      d.related.push_back({mount->node->span, fmt::format("what is mounted here does not hold it: the runtime makes a new volume at {} for each container", kPostgresOld)});
      d.help = fmt::format("mount the claim at {}, with a `subPath`", kPostgresOld);
      context.report(std::move(d), {pods.workload});
      return;
    }
    if (const auto* refused = refusesMount(context, container, directory)) {
      d.severity = diag::Severity::Error;
      d.related.push_back({refused->node->span, "images of 18 and later keep nothing here, and end at once while a volume is mounted at this path"});
      d.help = "mount the claim at /var/lib/postgresql";
      context.report(std::move(d), {pods.workload});
      return;
    }
    if (!directory.path.starts_with('/')) {
      d.help = fmt::format("name a whole path on a claim: `sqlite:////data/{}`", directory.path);
      context.report(std::move(d), {pods.workload});
      return;
    }
    if (volume && volume->node) d.related.push_back({volume->node->span, "the volume is made with the pod and deleted with it"});
    // A file needs its folder: a database writes others beside it.
    const auto folder = directory.sqlite ? directory.path.substr(0, std::max<std::size_t>(directory.path.rfind('/'), 1)) : directory.path;
    d.help = fmt::format("mount a claim at {}", folder);
    context.report(std::move(d), {pods.workload});
    return;
  }
}

/// MLS3132: checkpoints or a database in a folder of the node: the next pod may be on another one.
/// Kubernetes: https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
void onOneNode(Context& context, const Pods& pods, const Container& container, const std::vector<StateDirectory>& directories) {
  if (pods.onePerNode || pods.replicas > 1) return;   // of several pods it is told elsewhere
  for (const auto& mount : context.model.mountsOf(container)) {
    const auto* volume = context.model.volumeOf(mount);
    if (!volume || volume->kind != VolumeKind::HostPath || mount.readOnly) continue;
    const StateDirectory* kept = nullptr;
    for (const auto& one : directories)
      if ((one.what == Content::Checkpoint || one.what == Content::Database || (one.what == Content::Output && pods.runsToEnd)) && mountAt(context.model, container, one.path) == &mount) kept = &one;
    const bool checkpoints = (mount.edge && mount.edge->intent == ir::Intent::Checkpoint) || (pods.runsToEnd && (speaksOfCheckpoints(mount.name) || speaksOfCheckpoints(mount.path)));
    if (!kept && !checkpoints) continue;
    const auto path = context.keys.text<"path">(volume->source);
    const auto* selector = context.keys.at<"nodeSelector">(pods.spec);
    if (soundsShared(path) || staysOnNode(context, pods) || (selector && selector->length > 0)) continue;
    auto d = diag::make<Code::KeptOnOneNode>(mount.node->span, context.nameOf(*pods.workload), kept ? contentText(*kept) : std::string("checkpoints"), path);
    if (kept && kept->span.known()) d.related.push_back({kept->span, "what is written there"});
    d.help = "mount a claim, or bind the pod to its node (`nodeSelector: {kubernetes.io/hostname: …}`)";
    context.report(std::move(d), {pods.workload});
    return;
  }
}

void podState(Context& context, const Pods& pods, const Container& container) {
  if (container.phase != Phase::Main && container.phase != Phase::Sidecar) return;
  const auto& words = context.wordsOf(container);
  const auto& arguments = words.arguments;
  const auto& directories = words.directories;
  bool checkpoints = false;
  for (const auto& mount : context.model.mountsOf(container)) checkpoints = checkpoints || (mount.edge && mount.edge->intent == ir::Intent::Checkpoint);
  // A trainer in a Deployment says itself where it saves to; a server with GPUs says no such thing.
  const bool trains = pods.gpus > 0 && std::any_of(arguments.begin(), arguments.end(), [](const Argument& one) { return !one.environment && (one.key == "outputdir" || one.key == "savedir" || one.key == "checkpointdir"); });
  if (pods.runsToEnd || checkpoints || trains) runState(context, pods, container, arguments, directories);
  onOneNode(context, pods, container, directories);
  if (!pods.runsToEnd) keptInPod(context, pods, container, directories);
}

// --- volumes ---------------------------------------------------------------------------------

/// The source of a PersistentVolume that has one: "nfs".
const ir::Node* sourceOf(const Context& context, const ir::Object& volume, std::string_view& field) {
  constexpr std::array<std::string_view, 6> kSources{"csi", "nfs", "hostPath", "local", "iscsi", "fc"};
  for (const auto& child : ir::Children(context.keys.at<"spec">(volume.root))) {
    field = context.model.text(child.key);
    if (child.kind == ir::NodeKind::Map && (std::find(kSources.begin(), kSources.end(), field) != kSources.end() || field.ends_with("Disk") || field.ends_with("Store")))
      return &child;
  }
  field = {};
  return nullptr;
}

/// MLS3123: a volume that someone made by hand is deleted with its claim.
/// Kubernetes: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming; those that a driver made
/// carry its name in the annotation pv.kubernetes.io/provisioned-by.
void staticVolumeDeleted(Context& context, const ir::Object& volume) {
  const auto* policy = context.keys.at<"spec.persistentVolumeReclaimPolicy">(volume.root);
  const auto word = textOf(policy);
  if (word == "Recycle") {
    std::string_view field;
    const auto* source = sourceOf(context, volume, field);
    const auto path = context.keys.text<"path">(source);
    if (field == "hostPath" && path == "/") return;   // the API server refuses it
    const bool erases = field == "nfs" || field == "hostPath";
    auto d = diag::make<Code::VolumeRecycled>(policy->span, context.nameOf(volume), erases ? fmt::format("everything in {} is erased", path.empty() ? "it" : path) : std::string("its driver knows no recycling, and the volume stays Failed"));
    d.help = "use `Retain`";
    d.fixes.push_back({"keep the data", {{policy->span, "Retain"}}});
    context.report(std::move(d), {&volume});
    return;
  }
  if (word != "Delete") return;
  const bool claimed = ir::find(context.keys.at<"metadata.annotations">(volume.root), context.keys.symbol<"pv.kubernetes.io/provisioned-by">()) != nullptr;
  if (claimed && context.nameOf(volume).starts_with("pvc-")) return;   // a driver made it
  if (context.keys.at<"metadata.uid">(volume.root)) return;              // as the cluster prints it: who made it is not to be seen
  std::string_view field;
  if (!sourceOf(context, volume, field)) return;
  const bool deletes = field == "csi" || field.ends_with("Disk") || field.ends_with("Store");
  auto d = diag::make<Code::StaticVolumeDeleted>(policy->span, context.nameOf(volume),
                                                 claimed ? "its driver deletes the data with the claim"
                                                 : deletes ? "its data go with the claim, or it stays Failed where the driver does not take it for its own"
                                                           : "no one can delete it, and it stays Failed when the claim is gone");
  d.help = "use `Retain` for volumes that no driver made";
  d.fixes.push_back({"keep the data", {{policy->span, "Retain"}}});
  context.report(std::move(d), {&volume});
}

// --- claims that are made --------------------------------------------------------------------

struct Made {
  const State* state = nullptr;
  std::int64_t first = 0;
  std::int64_t count = 0;
};

Made madeBy(const Context& context, const State& state) {
  Made made;
  made.state = &state;
  made.first = intOf(context.keys.at<"spec.ordinals.start">(state.object->root)).value_or(0);
  made.count = intOf(context.keys.at<"spec.replicas">(state.object->root)).value_or(1);
  return made;
}

std::string differsText(const State& made, const State& there) {
  std::vector<std::string> parts;
  if (made.size && there.size && *there.size < *made.size) parts.push_back(fmt::format("it has {}, the template asks for {}", there.size->text(), made.size->text()));
  if (made.declared & ~there.declared) parts.push_back(fmt::format("it lacks {}", modesText(made.declared & static_cast<Modes>(~there.declared))));
  if (made.className && there.className && *made.className != *there.className) parts.push_back(fmt::format("its class is \"{}\", not \"{}\"", *there.className, *made.className));
  return fmt::format("{}", fmt::join(parts, "; "));
}

/// The number at the end of "data-db-12" and what stands before it.
std::string_view withoutOrdinal(std::string_view name, std::int64_t& ordinal) {
  const auto dash = name.rfind('-');
  if (dash == std::string_view::npos || dash + 1 == name.size() || name.size() - dash > 10) return {};
  ordinal = 0;
  for (const char c : name.substr(dash + 1)) {
    if (c < '0' || c > '9') return {};
    ordinal = ordinal * 10 + (c - '0');
  }
  return name.substr(0, dash);
}

/// MLS3124, MLS3125: claims of StatefulSets are named TEMPLATE-SET-ORDINAL, and one that is there is taken as it is.
/// Kubernetes: pkg/controller/statefulset/stateful_set_utils.go#getPersistentVolumeClaimName
void claimNames(Context& context) {
  std::unordered_map<std::string, std::vector<Made>> byName;
  for (const auto& state : context.model.states) {
    if (state.kind != StateKind::Template || context.model.kindOf(*state.object) != "StatefulSet" || state.name.empty()) continue;
    const auto made = madeBy(context, state);
    auto& same = byName[fmt::format("{}/{}-{}", context.model.text(context.model.nameSpaceOf(*state.object)), state.name, context.model.text(state.object->name))];
    for (const auto& other : same) {
      if (other.state->object == state.object) continue;
      const auto common = std::max(other.first, made.first);
      if (common >= std::min(other.first + other.count, made.first + made.count)) continue;
      const auto* name = context.keys.at<"metadata.name">(state.root);
      auto d = diag::make<Code::SameClaimName>(name ? name->span : state.root->span, state.name, context.nameOf(*state.object), other.state->name, context.nameOf(*other.state->object),
                                               fmt::format("{}-{}-{}", state.name, context.model.text(state.object->name), common));
      d.related.push_back({other.state->root->span, "the other template stands here"});
      d.help = "give one template another name: claims are called TEMPLATE-SET-ORDINAL";
      context.report(std::move(d), {state.object, other.state->object});
    }
    same.push_back(made);
  }
  if (byName.empty()) return;
  for (const auto& claim : context.model.states) {
    if (claim.kind != StateKind::Claim || claim.object->external) continue;
    std::int64_t ordinal = 0;
    const auto base = withoutOrdinal(claim.name, ordinal);
    if (base.empty()) continue;
    const auto found = byName.find(fmt::format("{}/{}", context.model.text(context.model.nameSpaceOf(*claim.object)), base));
    if (found == byName.end()) continue;
    for (const auto& made : found->second) {
      if (ordinal < made.first || ordinal >= made.first + made.count) continue;
      const auto differs = differsText(*made.state, claim);
      if (differs.empty()) continue;
      auto d = diag::make<Code::ClaimAdopted>(claim.object->span, context.nameOf(*made.state->object), claim.name, differs);
      d.related.push_back({made.state->root->span, "the template that it stands for"});
      d.help = "let both say the same, or give the claim another name";
      context.report(std::move(d), {claim.object, made.state->object});
    }
  }
}

bool isCache(std::string_view name) {
  for (const std::string_view word : {"cache", "tmp", "temp", "scratch", "spill", "shm"})
    if (name.find(word) != std::string_view::npos) return true;
  return false;
}

/// MLS3126: a StatefulSet that takes its claims with it.
/// Kubernetes: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention
void setDeletesClaims(Context& context, const ir::Object& set) {
  const auto* policy = context.keys.at<"spec.persistentVolumeClaimRetentionPolicy">(set.root);
  if (!policy) return;
  std::string names;
  for (const auto& claim : ir::Children(context.keys.at<"spec.volumeClaimTemplates">(set.root))) {
    const auto name = context.keys.text<"metadata.name">(&claim);
    if (!isCache(name)) names += fmt::format("{}`{}`", names.empty() ? "" : ", ", name);
  }
  if (names.empty()) return;
  const auto* scaled = context.keys.at<"whenScaled">(policy);
  const auto* deleted = context.keys.at<"whenDeleted">(policy);
  for (const auto* when : {scaled, deleted}) {
    if (textOf(when) != "Delete") continue;
    auto d = diag::make<Code::SetDeletesClaims>(when->entrySpan(), when == scaled ? "scaling down" : "deleting", context.nameOf(set), names);
    d.help = "use `Retain`, the default, and delete claims by hand";
    d.fixes.push_back({"keep the claims", {{when->span, "Retain"}}});
    context.report(std::move(d), {&set});
  }
}

/// MLS3127: the claims of a JobSet are deleted with it unless it says otherwise, and it may be deleted by a timer.
/// Source: sigs.k8s.io/jobset api/jobset/v1alpha2/jobset_types.go (VolumeClaimPolicy.retentionPolicy, ttlSecondsAfterFinished)
void jobSetDeletesClaims(Context& context, const ir::Object& set) {
  const auto* timer = context.keys.at<"spec.ttlSecondsAfterFinished">(set.root);
  for (const auto& policy : ir::Children(context.keys.at<"spec.volumeClaimPolicies">(set.root))) {
    if (context.keys.text<"retentionPolicy.whenDeleted">(&policy) == "Retain") continue;
    std::string names;
    bool checkpoints = false;
    for (const auto& claim : ir::Children(context.keys.at<"templates">(&policy))) {
      const auto name = context.keys.text<"metadata.name">(&claim);
      if (isCache(name)) continue;
      names += fmt::format("{}`{}`", names.empty() ? "" : ", ", name);
      checkpoints = checkpoints || speaksOfCheckpoints(name);
    }
    if (names.empty()) continue;
    const auto seconds = intOf(timer);
    auto d = diag::make<Code::JobSetDeletesClaims>(policy.span, names, context.nameOf(set), seconds ? fmt::format(": {} seconds after it has finished", *seconds) : std::string());
    if (!seconds) d.severity = diag::Severity::Note;
    else if (checkpoints) d.severity = diag::Severity::Error;
    if (timer) d.related.push_back({timer->entrySpan(), "the timer that deletes it"});
    d.help = "set `retentionPolicy: {whenDeleted: Retain}`";
    if (!context.keys.at<"retentionPolicy">(&policy)) mend(d, "keep the claims", entryInto(context.sources, &policy, "retentionPolicy: {whenDeleted: Retain}"));
    context.report(std::move(d), {&set});
  }
}

/// MLS3128: whoever owns it takes it along; an owner that the cluster does not know is taken for one that is gone.
/// Kubernetes: https://kubernetes.io/docs/concepts/architecture/garbage-collection/
void ownedState(Context& context, const ir::Object& object) {
  const auto* owners = context.keys.at<"metadata.ownerReferences">(object.root);
  if (ir::Children(owners).size() == 0) return;
  // A dump of what the cluster holds says what is so.
  if (context.keys.at<"metadata.resourceVersion">(object.root) || context.keys.at<"status">(object.root)) return;
  auto d = diag::make<Code::OwnedState>(owners->entrySpan(), context.objectText(object));
  d.help = "remove `ownerReferences`: the uid of an owner is known only to the cluster that made it, and a wrong one has the object deleted at once";
  context.report(std::move(d), {&object});
}

/// MLS3129: volumes that no one deletes, one for each pod.
void ephemeralRetained(Context& context, const State& state) {
  if (state.kind != StateKind::Ephemeral || !state.facts || state.facts->reclaim != "Retain") return;
  auto d = diag::make<Code::EphemeralRetained>(state.classAt ? state.classAt->span : state.root ? state.root->span : state.object->span, state.name, context.nameOf(*state.object), state.className.value_or(""));
  d.help = "use a class with `reclaimPolicy: Delete`";
  context.report(std::move(d), {state.object, state.classObject});
}

/// MLS3130: what goes with a namespace. Kubernetes: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
void namespaces(Context& context) {
  std::unordered_map<std::uint32_t, const ir::Object*> here;
  for (const auto& object : context.stack.objects)
    if (object.role == ir::Role::Namespace && !object.external) here.emplace(object.name.id, &object);
  if (here.empty()) return;
  struct Holds {
    std::vector<const State*> states;
    base::Quantity size;
  };
  std::unordered_map<std::uint32_t, Holds> holds;
  for (const auto& state : context.model.states) {
    if (state.kind == StateKind::Ephemeral || state.object->external) continue;
    if (state.facts && state.facts->reclaim == "Retain") continue;
    const auto space = context.model.nameSpaceOf(*state.object).id;
    if (here.find(space) == here.end()) continue;
    auto& one = holds[space];
    one.states.push_back(&state);
    if (state.size) one.size = one.states.size() == 1 ? *state.size * state.copies : one.size + *state.size * state.copies;
  }
  for (const auto& object : context.stack.objects) {
    const auto found = object.role == ir::Role::Namespace ? holds.find(object.name.id) : holds.end();
    if (found == holds.end() || here[object.name.id] != &object) continue;
    const auto& one = found->second;
    std::string names;
    for (std::size_t i = 0; i < std::min<std::size_t>(3, one.states.size()); ++i) names += fmt::format("{}`{}`", i ? ", " : "", one.states[i]->name);
    if (one.states.size() > 3) names += fmt::format(" and {} more", one.states.size() - 3);
    auto d = diag::make<Code::NamespaceTakesClaims>(object.span, context.nameOf(object), names, one.size.text());
    d.help = "keep the namespace apart from what is deleted often, or use a class with `reclaimPolicy: Retain`";
    context.report(std::move(d), {&object});
  }
}

constexpr Rule kRules[] = {
    podState,
    {"PersistentVolume", staticVolumeDeleted},
    claimNames,
    {"StatefulSet", setDeletesClaims},
    {"JobSet", jobSetDeletesClaims},
    {"PersistentVolumeClaim", ownedState},
    {"PersistentVolume", ownedState},
    {"VolumeSnapshot", ownedState},
    ephemeralRetained,
    namespaces,
};

}  // namespace

std::optional<MadeClaim> madeClaim(const Model& model, const ir::Object& from, std::string_view name) {
  MadeClaim made;
  const auto base = withoutOrdinal(name, made.ordinal);
  for (auto dash = base.find('-'); dash != std::string_view::npos; dash = base.find('-', dash + 1)) {
    const auto* set = model.find(&from, "StatefulSet", base.substr(dash + 1));
    if (!set || set->external) continue;
    for (const auto& pods : model.podsOf(set->order)) {
      for (const auto& volume : model.volumesOf(pods)) {
        if (volume.kind != VolumeKind::Template || !volume.state || volume.name != base.substr(0, dash)) continue;
        made.state = volume.state;
        made.first = intOf(model.keys.at<"spec.ordinals.start">(set->root)).value_or(0);
        made.count = intOf(model.keys.at<"spec.replicas">(set->root)).value_or(1);
        return made;
      }
    }
  }
  return std::nullopt;
}

std::string claimsText(std::string_view claim, std::string_view set, std::int64_t first, std::int64_t count) {
  if (count < 2) return fmt::format("{}-{}-{}", claim, set, first);
  return fmt::format("{0}-{1}-{2} … {0}-{1}-{3}", claim, set, first, first + count - 1);
}

std::span<const Rule> lifetimeRules() { return kRules; }

}  // namespace mlstack::storage
