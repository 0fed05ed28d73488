// What claims are filled from: snapshots, other claims, populators; and the snapshots themselves.
// Kubernetes: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#data-source-references,
// pkg/api/persistentvolumeclaim/util.go, kubernetes-csi/external-provisioner and external-snapshotter.

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "storage/binding.h"
#include "storage/profiles.h"

namespace mlstack::storage {

namespace {

constexpr std::string_view kSnapshotGroup = "snapshot.storage.k8s.io";
constexpr std::string_view kClaim = "PersistentVolumeClaim";
constexpr std::string_view kSnapshot = "VolumeSnapshot";

/// A dataSource or dataSourceRef.
struct Reference {
  const ir::Node* node = nullptr;
  const ir::Node* groupAt = nullptr;
  std::string_view group{};
  std::string_view kind{};
  std::string_view name{};
  std::string_view nameSpace{};

  /// What dataSource alone may be: the rest is erased (dataSourceIsPvcOrSnapshot).
  [[nodiscard]] bool isClassic() const { return (kind == kClaim && group.empty()) || (kind == kSnapshot && group == kSnapshotGroup); }
};

std::optional<Reference> referenceOf(const Context& context, const ir::Node* node) {
  if (!node || node->kind != ir::NodeKind::Map) return std::nullopt;
  Reference reference;
  reference.node = node;
  reference.groupAt = context.keys.at<"apiGroup">(node);
  reference.group = textOf(reference.groupAt);
  reference.kind = context.keys.text<"kind">(node);
  reference.name = context.keys.text<"name">(node);
  reference.nameSpace = context.keys.text<"namespace">(node);
  return reference;
}

std::optional<Reference> dataSource(const Context& context, const State& state) { return referenceOf(context, context.keys.at<"dataSource">(state.spec)); }
std::optional<Reference> dataSourceRef(const Context& context, const State& state) { return referenceOf(context, context.keys.at<"dataSourceRef">(state.spec)); }

/// The source that the claim ends up with; nothing when it has none, or loses it.
std::optional<Reference> sourceOf(const Context& context, const State& state) {
  if (auto ref = dataSourceRef(context, state)) {
    if (!ref->nameSpace.empty()) return std::nullopt;
    return ref;
  }
  auto source = dataSource(context, state);
  return source && source->isClassic() ? source : std::nullopt;
}

/// Mends that make a reference what it means, where it is plain.
void mendReference(diag::Diagnostic& d, const Context& context, const Reference& reference) {
  const auto slash = reference.group.find('/');
  if (slash != std::string_view::npos && reference.groupAt->span.known()) {
    const auto group = std::string(reference.group.substr(0, slash));
    d.help = fmt::format("`apiGroup` is a group without a version: `{}`", group);
    d.fixes.push_back({fmt::format("Write `{}`", group), {{reference.groupAt->span, group}}});
    return;
  }
  constexpr std::array<std::string_view, 2> kKinds{kClaim, kSnapshot};
  const auto meant = diag::nearest(reference.kind, {kKinds.begin(), kKinds.end()});
  if (reference.kind == kSnapshot) {
    d.help = fmt::format("write `apiGroup: {}`", kSnapshotGroup);
    const auto* kind = context.keys.at<"kind">(reference.node);
    if (!reference.groupAt && kind && kind->knowsKey() && (reference.node->flags & ir::FlagRaw)) {
      const auto at = kind->entrySpan().begin;
      const auto before = context.sources.text({reference.node->entrySpan().begin, at});
      const auto line = before.rfind('\n');
      const auto gap = line == std::string_view::npos ? std::string_view(", ") : before.substr(line);
      d.fixes.push_back({"Add the group", {{{at, at}, fmt::format("apiGroup: {}{}", kSnapshotGroup, gap)}}});
    } else if (reference.groupAt && reference.groupAt->span.known()) {
      d.fixes.push_back({fmt::format("Write `{}`", kSnapshotGroup), {{reference.groupAt->span, std::string(kSnapshotGroup)}}});
    }
  } else if (reference.kind == kClaim) {
    d.help = "claims are of the core group: leave `apiGroup` out";
  } else if (!meant.empty()) {
    d.help = fmt::format("did you mean `{}`?", meant);
  } else {
    d.help = "state it as `dataSourceRef`, which takes any kind that a populator serves";
  }
}

std::string kindText(const Reference& reference) {
  if (reference.kind.empty()) return "no kind";
  return reference.group.empty() ? fmt::format("`{}` without apiGroup", reference.kind) : fmt::format("`{}` of \"{}\"", reference.kind, reference.group);
}

/// MLS3410: a dataSource that is neither a claim nor a snapshot is erased before it is looked at, and the volume is
/// empty (EnforceDataSourceBackwardsCompatibility).
void sourceDropped(Context& context, const State& state, const Reference& source) {
  auto d = diag::make<Code::SourceDropped>(source.node->entrySpan(), claimName(context, state), kindText(source));
  mendReference(d, context, source);
  context.report(std::move(d), {state.object});
}

/// MLS3410, MLS3413: what the API server erases of the two fields.
void sourceFields(Context& context, const State& state) {
  if (state.object->external) return;
  const auto source = dataSource(context, state);
  const auto ref = dataSourceRef(context, state);
  if (source && !ref && !source->isClassic() && !(source->kind.empty() && source->name.empty())) sourceDropped(context, state, *source);
  if (!ref) return;
  if (!ref->nameSpace.empty()) {
    auto d = diag::make<Code::SourceOtherNamespace>(context.keys.at<"namespace">(ref->node)->entrySpan(), claimName(context, state));
    d.help = "bring the source into the claim's namespace: a VolumeSnapshot of a VolumeSnapshotContent that names the same snapshot";
    context.report(std::move(d), {state.object});
    return;
  }
}

// --- where the data comes from -----------------------------------------------------------------

/// The driver that serves a claim; empty when unknown.
std::string_view driverOfClaim(const Context& context, const State& state) {
  if (state.volume) return context.keys.text<"spec.csi.driver">(state.volume->root);
  const auto* object = classOf(context.model, state);
  if (!object) return {};
  const auto name = provisionerOf(context.model, *object);
  const auto* profile = profileOf(name);
  return profile && !profile->csiDriver.empty() ? profile->csiDriver : name;
}

const ir::Facts* driverFacts(const Context& context, const State& state) {
  if (state.facts) return state.facts;
  const auto driver = driverOfClaim(context, state);
  return driver.empty() ? nullptr : profileOf(driver);
}

const State* claimOf(const Context& context, const ir::Object& from, std::string_view name) {
  const auto* object = context.model.find(&from, kClaim, name);
  return object ? context.model.stateOf(*object) : nullptr;
}

/// The claim whose data a source holds: the source itself, or what was snapshotted.
struct Origin {
  const State* claim = nullptr;
  const ir::Object* snapshot = nullptr;
};

Origin originOf(const Context& context, const State& state, const Reference& source) {
  Origin origin;
  if (source.kind == kClaim) {
    origin.claim = claimOf(context, *state.object, source.name);
  } else if (source.kind == kSnapshot) {
    origin.snapshot = context.model.find(state.object, kSnapshot, source.name);
    if (origin.snapshot) origin.claim = claimOf(context, *origin.snapshot, context.keys.text<"spec.source.persistentVolumeClaimName">(origin.snapshot->root));
  }
  return origin;
}

void relateOrigin(diag::Diagnostic& d, const Context& context, const Origin& origin, const ir::Node* at) {
  if (at && at->span.known()) d.related.push_back({at->entrySpan(), fmt::format("`{}`, where the data comes from", claimName(context, *origin.claim))});
  else d.related.push_back({claimSpan(context, *origin.claim), "where the data comes from"});
}

/// MLS3414, MLS3415, MLS3416: external-provisioner refuses a volume that is smaller than its source, has another
/// volumeMode, or is of another driver.
void restored(Context& context, const State& state, const Reference& source, const Origin& origin) {
  const auto& from = *origin.claim;
  const auto verb = origin.snapshot ? "restores" : "clones";
  if (state.size && from.size && *state.size < *from.size) {
    auto d = diag::make<Code::RestoreTooSmall>(state.sizeAt->span, claimName(context, state), verb, source.name, state.size->text(), from.size->text());
    relateOrigin(d, context, origin, from.sizeAt);
    if (isText(from.sizeAt) && state.sizeAt->span.known()) d.fixes.push_back({fmt::format("Ask for {}", from.sizeAt->text()), {{state.sizeAt->span, std::string(from.sizeAt->text())}}});
    context.report(std::move(d), {state.object, from.object});
  }
  if (state.block != from.block) {
    const auto modeOf = [](const State& one) { return one.block ? "Block" : "Filesystem"; };
    const auto* at = context.keys.at<"volumeMode">(state.spec);
    auto d = diag::make<Code::RestoreOtherMode>(at ? at->span : source.node->entrySpan(), claimName(context, state), verb, source.name, modeOf(state), modeOf(from));
    relateOrigin(d, context, origin, context.keys.at<"volumeMode">(from.spec));
    context.report(std::move(d), {state.object, from.object});
  }
  const auto here = driverOfClaim(context, state);
  const auto there = driverOfClaim(context, from);
  if (here.empty() || there.empty() || here == there) return;
  auto d = diag::make<Code::RestoreOtherDriver>(source.node->entrySpan(), claimName(context, state), here, verb, source.name, there);
  relateOrigin(d, context, origin, from.classAt);
  d.help = "copy the data with a Job that mounts both claims";
  context.report(std::move(d), {state.object, from.object});
}

/// Claims and snapshots by kind and namespace, and by kind and name; made when one is missed.
struct Sources {
  std::unordered_map<std::string, std::vector<std::string_view>> inNamespace;
  std::unordered_map<std::string, const ir::Object*> byName;

  explicit Sources(const Model& model) {
    for (const auto& object : model.stack.objects) {
      const auto kind = model.kindOf(object);
      if (kind != kClaim && kind != kSnapshot) continue;
      inNamespace[fmt::format("{}/{}", kind, model.text(model.nameSpaceOf(object)))].push_back(model.text(object.name));
      byName.emplace(fmt::format("{}/{}", kind, model.text(object.name)), &object);
    }
  }
};

/// MLS3417: the source is not there, and may be misspelled or in another namespace. The claim waits for it.
void sourceMissing(Context& context, const Sources& sources, const ir::Object& about, std::string_view name, const ir::Node* at, std::string_view kind, std::string_view wanted) {
  const auto& model = context.model;
  const auto there = sources.byName.find(fmt::format("{}/{}", kind, wanted));
  const auto near = sources.inNamespace.find(fmt::format("{}/{}", kind, model.text(model.nameSpaceOf(about))));
  const auto meant = near == sources.inNamespace.end() ? std::string_view{} : slipOf(wanted, near->second);
  const bool known = model.knowsAll(kind);
  const bool elsewhere = there != sources.byName.end();
  if (!known && !elsewhere && meant.empty()) return;
  auto d = diag::make<Code::SourceMissing>(at->span, name, kind, wanted);
  if (!known) d.severity = diag::Severity::Warning;
  if (elsewhere) {
    d.related.push_back({there->second->span, fmt::format("one of that name is in namespace `{}`", model.text(model.nameSpaceOf(*there->second)))});
    d.help = "a source is looked up in the namespace of the claim";
  } else if (!meant.empty()) {
    d.help = fmt::format("did you mean `{}`?", meant);
    d.fixes.push_back({fmt::format("Name `{}`", meant), {{at->span, std::string(meant)}}});
  }
  context.report(std::move(d), {&about});
}

/// MLS3428: matching does not look at dataSource. A claim that finds a volume is bound to it, with what it holds
/// (pv_controller.go#syncUnboundClaim provisions only where it found none).
void sourceIgnored(Context& context, const State& state, const Reference& source, const Binding& binding) {
  const auto& volume = *context.model.matching.volumes[binding.volume].object;
  auto d = diag::make<Code::SourceIgnored>(source.node->entrySpan(), claimName(context, state), source.name, context.nameOf(volume));
  d.related.push_back({volume.span, "the volume: it fits, and is there already"});
  d.help = "name a class of its own for the copy, or keep the volume for another claim with `claimRef`";
  context.report(std::move(d), {state.object, &volume});
}

void sourceOfClaim(Context& context, const State& state) {
  if (state.object->external || !state.spec) return;
  const auto source = sourceOf(context, state);
  if (!source || source->name.empty() || !source->isClassic()) return;
  if (state.kind == StateKind::Claim && source->kind == kClaim && source->name == state.name) {
    context.report(diag::make<Code::SourceIsItself>(source->node->entrySpan(), claimName(context, state)), {state.object});
    return;
  }
  const auto& binding = context.model.bindingOf(state);
  if (binding.volume != Binding::kNone && binding.outcome != Outcome::Never && !binding.named && !binding.reserved) return sourceIgnored(context, state, *source, binding);
  const auto origin = originOf(context, state, *source);
  if (origin.claim) restored(context, state, *source, origin);
  const auto* facts = driverFacts(context, state);
  if (!facts || state.volume) return;
  const bool clones = source->kind == kClaim;
  if (clones ? facts->clones.value_or(true) : facts->snapshots.value_or(true)) return;
  auto d = diag::make<Code::DriverCannotCopy>(source->node->entrySpan(), driverOfClaim(context, state), clones ? "make a claim from another claim" : "restore snapshots", claimName(context, state));
  context.report(std::move(d), {state.object});
}

/// MLS3425: the claims that a template makes are all made from the same source, later ones too.
void copiesOfTemplates(Context& context, const State& state) {
  if (state.kind != StateKind::Template || state.copies < 2) return;
  const auto source = sourceOf(context, state);
  if (!source || source->name.empty()) return;
  context.report(diag::make<Code::SameStart>(source->node->entrySpan(), state.copies, claimName(context, state), source->name), {state.object});
}

// --- snapshots -----------------------------------------------------------------------------------

/// The claims that sets make are not declared: `TEMPLATE-SET-N`.
const State* snapshotted(const Context& context, const ir::Object& snapshot, std::string_view name) {
  if (const auto* state = claimOf(context, snapshot, name)) return state;
  const auto last = name.rfind('-');
  if (last == std::string_view::npos) return nullptr;
  const auto made = name.substr(0, last);
  for (auto dash = made.find('-'); dash != std::string_view::npos; dash = made.find('-', dash + 1)) {
    const auto* set = context.model.find(&snapshot, "StatefulSet", made.substr(dash + 1));
    if (!set || set->external) continue;
    for (const auto& pods : context.model.podsOf(set->order))
      for (const auto& volume : context.model.volumesOf(pods))
        if (volume.kind == VolumeKind::Template && volume.name == made.substr(0, dash)) return volume.state;
  }
  return nullptr;
}

/// MLS3418, MLS3422: who takes the snapshot cannot.
void snapshotDriver(Context& context, const ir::Object& snapshot, const State& claim) {
  const auto driver = driverOfClaim(context, claim);
  const auto* at = context.keys.at<"spec.source.persistentVolumeClaimName">(snapshot.root);
  const auto* facts = driverFacts(context, claim);
  const bool inTree = claim.volume && driver.empty();
  if (inTree || (facts && facts->snapshots == false)) {
    const auto who = driver.empty() ? std::string_view("a volume that no CSI driver serves") : driver;
    auto d = diag::make<Code::DriverCannotCopy>(at->span, who, "have snapshots", claimName(context, claim));
    d.related.push_back({claimSpan(context, claim), "the claim"});
    context.report(std::move(d), {&snapshot, claim.object});
    return;
  }
  const auto* classAt = context.keys.at<"spec.volumeSnapshotClassName">(snapshot.root);
  const auto* object = context.model.find(nullptr, "VolumeSnapshotClass", textOf(classAt));
  if (!object || driver.empty()) return;
  const auto* theirs = context.keys.at<"driver">(object->root);
  if (textOf(theirs).empty() || textOf(theirs) == driver) return;
  auto d = diag::make<Code::SnapshotOtherDriver>(classAt->span, context.nameOf(snapshot), context.nameOf(*object), textOf(theirs), claimName(context, claim), driver);
  d.related.push_back({theirs->entrySpan(), "the driver of the snapshot class"});
  context.report(std::move(d), {&snapshot, object, claim.object});
}

/// Words in the names of copies that are kept in case all else is lost.
bool soundsKept(std::string_view name) {
  constexpr std::array<std::string_view, 12> kWords{"backup", "backups", "archive", "nightly", "weekly", "monthly", "daily", "gold", "golden", "release", "final", "precious"};
  while (!name.empty()) {
    const auto end = std::min(name.find_first_of("-._"), name.size());
    if (std::find(kWords.begin(), kWords.end(), name.substr(0, end)) != kWords.end()) return true;
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return false;
}

/// MLS3419: with the VolumeSnapshot, which goes with its namespace, goes the copy.
void copyDeleted(Context& context, const ir::Object& snapshot) {
  const auto* object = context.model.find(nullptr, "VolumeSnapshotClass", context.keys.text<"spec.volumeSnapshotClassName">(snapshot.root));
  if (!object || !soundsKept(context.model.text(snapshot.name))) return;
  const auto* policy = context.keys.at<"deletionPolicy">(object->root);
  if (textOf(policy) != "Delete") return;
  auto d = diag::make<Code::CopyDeleted>(snapshot.span, context.nameOf(snapshot), context.nameOf(*object));
  d.related.push_back({policy->entrySpan(), "what the class does with the copy"});
  d.help = "use a snapshot class with `deletionPolicy: Retain`";
  context.report(std::move(d), {&snapshot, object});
}

/// MLS3429: a snapshot and its content name each other, or neither is ready
/// (external-snapshotter: "VolumeSnapshotContent is bound to a different VolumeSnapshot").
void contentOfOther(Context& context, const ir::Object& snapshot, const ir::Node& contentAt) {
  const auto* content = context.model.find(nullptr, "VolumeSnapshotContent", textOf(&contentAt));
  if (!content || content->external) return;
  const auto* ref = context.keys.at<"spec.volumeSnapshotRef">(content->root);
  const auto name = context.keys.text<"name">(ref);
  const auto space = context.keys.text<"namespace">(ref);
  const auto own = context.model.text(context.model.nameSpaceOf(snapshot));
  if (name.empty() || (name == context.model.text(snapshot.name) && (space == own || !context.keys.at<"metadata.namespace">(snapshot.root)))) return;
  auto d = diag::make<Code::ContentOfOther>(contentAt.span, context.nameOf(snapshot), textOf(&contentAt), space, name);
  d.related.push_back({ref->entrySpan(), "the snapshot that the content is for"});
  context.report(std::move(d), {&snapshot, content});
}

void snapshotOf(Context& context, const ir::Object& snapshot) {
  const auto version = context.model.text(snapshot.apiVersion);
  const auto slash = version.find('/');
  if (version.substr(0, slash) != kSnapshotGroup) return;
  if (const auto number = version.substr(slash + 1); number != "v1") {
    const auto* at = context.keys.at<"apiVersion">(snapshot.root);
    auto d = diag::make<Code::SnapshotOldVersion>(at ? at->span : snapshot.span, number);
    if (at && at->span.known()) d.fixes.push_back({"Use v1", {{at->span, fmt::format("{}/v1", kSnapshotGroup)}}});
    context.report(std::move(d), {&snapshot});
  }
  if (context.model.kindOf(snapshot) != kSnapshot) return;
  const auto* claimAt = context.keys.at<"spec.source.persistentVolumeClaimName">(snapshot.root);
  const auto* contentAt = context.keys.at<"spec.source.volumeSnapshotContentName">(snapshot.root);
  if (claimAt && contentAt) return;   // refused: admission tells it
  if (!claimAt && !contentAt) {
    const auto* source = context.keys.at<"spec.source">(snapshot.root);
    context.report(diag::make<Code::SnapshotSource>(source && source->span.known() ? source->entrySpan() : snapshot.span, context.nameOf(snapshot)), {&snapshot});
    return;
  }
  copyDeleted(context, snapshot);
  if (isText(contentAt)) contentOfOther(context, snapshot, *contentAt);
  if (!isText(claimAt)) return;
  if (const auto* claim = snapshotted(context, snapshot, claimAt->text())) snapshotDriver(context, snapshot, *claim);
}

void missingSources(Context& context) {
  std::optional<Sources> sources;
  const auto missed = [&](const ir::Object& about, std::string_view name, const ir::Node* at, std::string_view kind) {
    if (!isText(at) || at->text().empty() || context.model.find(&about, kind, at->text())) return;
    if (!sources) sources.emplace(context.model);
    sourceMissing(context, *sources, about, name, at, kind, at->text());
  };
  for (const auto& state : context.model.states) {
    if (state.object->external || !state.spec) continue;
    const auto source = sourceOf(context, state);
    if (source && source->isClassic()) missed(*state.object, claimName(context, state), context.keys.at<"name">(source->node), source->kind);
  }
  for (const auto& object : context.stack.objects) {
    if (object.external || object.role != ir::Role::Snapshot || context.model.kindOf(object) != kSnapshot) continue;
    const auto* at = context.keys.at<"spec.source.persistentVolumeClaimName">(object.root);
    if (isText(at) && !snapshotted(context, object, at->text())) missed(object, context.nameOf(object), at, kClaim);
  }
}

/// MLS3423: snapshot classes that are not there, or are spelled nearly like one that is.
void missingSnapshotClass(Context& context) {
  std::vector<std::string_view> names;
  for (const auto& object : context.stack.objects)
    if (context.model.kindOf(object) == "VolumeSnapshotClass") names.push_back(context.model.text(object.name));
  const bool known = context.model.knowsAll("VolumeSnapshotClass");
  if (names.empty() && !known) return;
  for (const auto& object : context.stack.objects) {
    if (object.external || object.role != ir::Role::Snapshot || context.model.kindOf(object) != kSnapshot) continue;
    const auto* at = context.keys.at<"spec.volumeSnapshotClassName">(object.root);
    if (textOf(at).empty() || std::find(names.begin(), names.end(), textOf(at)) != names.end()) continue;
    const auto meant = slipOf(textOf(at), names);
    if (meant.empty() && !known) continue;
    auto d = diag::make<Code::SnapshotClassMissing>(at->span, context.nameOf(object), textOf(at), known ? "the cluster does not have" : "is not declared here");
    if (!known) d.severity = diag::Severity::Warning;
    if (!meant.empty()) {
      d.help = fmt::format("did you mean `{}`?", meant);
      d.fixes.push_back({fmt::format("Name `{}`", meant), {{at->span, std::string(meant)}}});
    }
    context.report(std::move(d), {&object});
  }
}

/// What stands before the last part of a name that says which half of a database it is; and whether that is its log.
struct Half {
  std::string_view whole{};
  bool isLog = false;
};

std::optional<Half> halfOf(std::string_view name) {
  constexpr std::array<std::string_view, 9> kLogs{"wal", "xlog", "log", "logs", "journal", "redo", "binlog", "undo", "txlog"};
  constexpr std::array<std::string_view, 6> kData{"data", "db", "base", "pgdata", "tables", "store"};
  const auto is = [](const auto& words, std::string_view part) { return std::find(words.begin(), words.end(), part) != words.end(); };
  const auto dash = name.rfind('-');
  if (dash != std::string_view::npos) {
    const auto last = name.substr(dash + 1);
    if (is(kLogs, last)) return Half{name.substr(0, dash), true};
    if (is(kData, last)) return Half{name.substr(0, dash), false};
  }
  const auto first = name.find('-');
  if (first == std::string_view::npos) return std::nullopt;
  if (is(kLogs, name.substr(0, first))) return Half{name.substr(first + 1), true};
  if (is(kData, name.substr(0, first))) return Half{name.substr(first + 1), false};
  return std::nullopt;
}

/// MLS3420: data and log of one database, each copied at a time of its own.
/// https://kubernetes.io/docs/concepts/storage/volume-snapshots/
void separateSnapshots(Context& context) {
  std::unordered_map<std::string, std::array<const ir::Object*, 2>> halves;
  for (const auto& object : context.stack.objects) {
    if (object.external || !object.root || object.role != ir::Role::Snapshot || context.model.kindOf(object) != kSnapshot) continue;
    const auto claim = context.keys.text<"spec.source.persistentVolumeClaimName">(object.root);
    const auto half = halfOf(claim);
    if (!half) continue;
    auto& both = halves[fmt::format("{}/{}", context.model.text(context.model.nameSpaceOf(object)), half->whole)];
    auto& slot = both[half->isLog ? 1 : 0];
    if (slot) continue;
    slot = &object;
    if (!both[0] || !both[1]) continue;
    auto d = diag::make<Code::SeparateSnapshots>(object.span, context.nameOf(*both[0]), context.nameOf(*both[1]), half->whole);
    d.related.push_back({(half->isLog ? both[0] : both[1])->span, "the other snapshot"});
    d.help = "take both with one VolumeGroupSnapshot, or stop the database's writes around them";
    context.report(std::move(d), {&object, both[0], both[1]});
  }
}

/// MLS3426: a driver with two default snapshot classes has none
/// (external-snapshotter pkg/common-controller: "default snapshot classes were found").
void severalSnapshotDefaults(Context& context) {
  std::unordered_map<std::string_view, const ir::Object*> first;
  for (const auto& object : context.stack.objects) {
    if (object.role != ir::Role::SnapshotClass || !object.root || context.model.kindOf(object) != "VolumeSnapshotClass") continue;
    const auto* mark = ir::find(context.keys.at<"metadata.annotations">(object.root), context.keys.symbol<"snapshot.storage.kubernetes.io/is-default-class">());
    if (textOf(mark) != "true") continue;
    const auto driver = context.keys.text<"driver">(object.root);
    const auto [at, isNew] = first.emplace(driver, &object);
    if (isNew || object.external) continue;
    auto d = diag::make<Code::SeveralSnapshotDefaults>(object.span, context.nameOf(*at->second), context.nameOf(object), driver);
    d.related.push_back({at->second->span, "the other one"});
    context.report(std::move(d), {&object, at->second});
  }
}

constexpr Rule kRules[] = {
    sourceFields,
    sourceOfClaim,
    copiesOfTemplates,
    {"VolumeSnapshot", snapshotOf},
    {"VolumeSnapshotClass", snapshotOf},
    {"VolumeSnapshotContent", snapshotOf},
    missingSources,
    missingSnapshotClass,
    separateSnapshots,
    severalSnapshotDefaults,
};

}  // namespace

std::span<const Rule> snapshotRules() { return kRules; }

}  // namespace mlstack::storage
