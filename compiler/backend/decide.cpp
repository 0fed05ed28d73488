#include "backend/decide.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "backend/consent.h"
#include "backend/inventory.h"
#include "diag/cluster.h"
#include "storage/frozen.h"

namespace mlstack::backend {

using diag::ClusterCode;
using ir::Node;
using ir::NodeKind;

namespace {

constexpr std::string_view kSize = ".spec.resources.requests.storage";
constexpr std::string_view kTemplates = ".spec.volumeClaimTemplates";

bool isTrue(const Node* tree, std::string_view path, const base::SymbolTable& symbols) {
  const auto* node = ir::findPath(tree, path, symbols);
  return node && node->kind == NodeKind::Bool && node->boolean;
}

/// ".spec.template.spec" of ".spec.template.spec.containers[name=a].image": whether one path is the other or above it.
bool isAt(std::string_view path, std::string_view top) {
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '.' || path[top.size()] == '[');
}

bool isSet(const ObjectRef& ref) { return ref.kind == "StatefulSet" && groupOf(ref.apiVersion) == "apps"; }
/// Made for an ephemeral volume: it goes with its pod at any time, and nobody counts on it.
/// https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#generic-ephemeral-volumes
bool isScratch(const LiveClaim& claim) {
  return std::any_of(claim.owners.begin(), claim.owners.end(), [](const Owner& owner) { return owner.controller && owner.kind == "Pod"; });
}
bool isClaim(const ObjectRef& ref) { return ref.kind == "PersistentVolumeClaim"; }

}  // namespace

Decider::Decider(const Circumstances& around)
    : around_(around), symbols_(around.api.symbols()), words_{around.facts, around.options.allowDataLoss, symbols_, around.home}, uses_(ir::firstUses(around.stack)) {}

/// The edges that say how an object uses state.
std::span<const ir::Edge> Decider::usesOf(const ir::Object& object) const {
  const auto& edges = around_.stack.edges;
  if (object.order >= uses_.size()) return {};
  const std::size_t first = uses_[object.order];
  auto end = first;
  while (end < edges.size() && edges[end].from == object.order) ++end;
  return {edges.data() + first, end - first};
}

void Decider::decide(Draft& draft) const {
  draft.state.clear();
  draft.migration.reset();
  draft.said.clear();
  draft.step.why.clear();
  if (draft.object) decideWanted(draft);
  else decideGone(draft);
}

void Decider::refuse(Draft& draft, diag::Diagnostic d) const {
  draft.step.action = Action::Refused;
  if (draft.step.why.empty()) draft.step.why = d.message;
  d.object = draft.step.object.text();
  draft.said.push_back(std::move(d));
}

// --- what the stack has ----------------------------------------------------------------------------

void Decider::decideWanted(Draft& draft) const {
  auto& step = draft.step;
  const auto name = named(step.object);
  if (draft.unread) {
    step.action = Action::Update;
    step.why = fmt::format("it may not be read ({}): what changes cannot be said", draft.unreadWhy);
    if (!holdsData(step.object.apiVersion, step.object.kind)) return;
    StateFate fate{.fate = Fate::AtRisk, .object = step.object, .why = "it may not be read, so what happens to it cannot be told", .instead = "a role that may `get` it",
                   .consent = consentFor(step.object), .consented = consented(step.object)};
    draft.state.push_back(std::move(fate));
    return;
  }
  if (!draft.exists) return created(draft);
  if (!draft.live) {
    step.action = Action::Unchanged;
    return;
  }
  if (!draft.foreign.empty() && !around_.options.takeOver) {
    return refuse(draft, diag::make<ClusterCode::ForeignObject>(draft.object->span, name, draft.foreign)
                             .hint("give it another name here, or take it out there; `--take-over` makes it this stack's"));
  }
  if (ir::findPath(draft.live, "metadata.deletionTimestamp", symbols_)) {
    if (holdsData(step.object.apiVersion, step.object.kind) || step.object.kind == "Namespace" || draft.object->isProtected)
      return refuse(draft, diag::make<ClusterCode::BeingDeleted>(draft.object->span, name)
                               .hint("nothing takes that back: save what it holds (a snapshot, a copy) while a finalizer keeps it, then let it go and apply again"));
    step.action = Action::Replace;
    step.why = "it is being deleted already: that is waited for, then it is made again";
    // Nothing stops it any more, so there is nothing to agree to.
    ownedClaims(draft, "already");
    for (auto& fate : draft.state) {
      fate.consent.clear();
      fate.instead.clear();
    }
    return mounted(draft);
  }
  if (draft.difference.none() && draft.member) {
    step.action = Action::Unchanged;
    return;
  }
  step.action = draft.member ? Action::Update : Action::Adopt;
  if (draft.member && draft.difference.changes.empty() && draft.difference.ownershipChanges)
    step.why = "no value changes: it takes or gives up fields that others set as well";
  if (isClaim(step.object)) claimChanges(draft);
  if (step.action != Action::Refused && step.action != Action::Replace && markFrozen(draft)) frozen(draft);
  if (step.action == Action::Update || step.action == Action::Adopt) {
    if (isSet(step.object)) setScaled(draft);
    volumeChanges(draft);
    reclaimed(draft);
  }
  if (step.action == Action::Replace || step.action == Action::Recreate) mounted(draft);
  if (step.action == Action::Update || step.action == Action::Replace || step.action == Action::Recreate) scratch(draft);
  if (draft.state.empty() && step.action == Action::Adopt && holdsData(step.object.apiVersion, step.object.kind)) {
    auto fate = whenReleased(words_, step.object, *draft.live);
    fate.fate = Fate::Kept;
    fate.why = "it is there already and becomes part of the stack with what it holds";
    fate.instead.clear();
    draft.state.push_back(std::move(fate));
  }
}

/// Which changes the server would refuse in place. False: none.
bool Decider::markFrozen(Draft& draft) const {
  auto& changes = draft.step.changes;
  bool any = false;
  ir::Object now = *draft.object;
  now.root = const_cast<Node*>(draft.desired);   // read only
  ir::Object was = now;
  base::Arena scratch;
  const auto& object = draft.step.object;
  const bool sealed = (object.kind == "ConfigMap" || object.kind == "Secret") && object.apiVersion == "v1" && isTrue(draft.live, "immutable", symbols_);
  const auto& found = draft.difference.changes;
  for (auto& change : changes) {
    const auto at = std::find_if(found.begin(), found.end(), [&](const FieldChange& other) { return other.path == change.path; });
    change.frozen = (sealed && (isAt(change.path, ".data") || isAt(change.path, ".binaryData") || isAt(change.path, ".immutable"))) ||
                    (isSet(object) && isAt(change.path, kTemplates)) ||
                    std::any_of(draft.frozenByServer.begin(), draft.frozenByServer.end(), [&](const std::string& field) { return isAt(change.path, field) || isAt(field, change.path); });
    if (!change.frozen && at != found.end()) {
      ir::Builder builder(scratch);
      was.root = undone(*draft.desired, {draft.difference.undo[static_cast<std::size_t>(at - found.begin())]}, builder);
      change.frozen = !storage::frozenChanges(was, now, symbols_).empty();
      scratch.recycle();
    }
    any = any || change.frozen;
  }
  return any || !draft.frozenByServer.empty();
}

void Decider::frozen(Draft& draft) const {
  auto& step = draft.step;
  const auto name = named(step.object);
  const auto first = std::find_if(step.changes.begin(), step.changes.end(), [](const FieldChange& change) { return change.frozen; });
  const auto field = first != step.changes.end() ? first->path : draft.frozenByServer.front();
  const auto span = first != step.changes.end() && first->span.known() ? first->span : draft.object->span;
  const bool marked = markOf(*draft.live, "metadata.annotations", kProtectAnnotation, symbols_) == "true";
  if (draft.object->isProtected || marked) {
    refuse(draft, diag::make<ClusterCode::ProtectedChange>(span, name, field)
                      .hint(marked && !draft.object->isProtected ? fmt::format("it was protected when it was applied last: `kubectl annotate {} {}-` takes that off", step.object.kind + "/" + step.object.name, kProtectAnnotation)
                                                                 : "give the changed one another name, or take `protect` off and apply that first"));
    if (holdsData(step.object.apiVersion, step.object.kind)) draft.migration = migrationOf(draft, around_);
    return;
  }
  step.action = actionWhenFrozen(*draft.object, symbols_);
  if (step.action == Action::Refused && volumeIsFree(draft)) step.action = Action::Replace;
  if (step.action != Action::Refused && !draft.member && !around_.options.takeOver) return othersWouldGo(draft, field, span);
  // Pods that the new selector does not match would stand in the way of those that the set makes.
  const bool selector = std::any_of(step.changes.begin(), step.changes.end(), [](const FieldChange& change) { return change.frozen && isAt(change.path, ".spec.selector"); });
  if (step.action == Action::Recreate && selector) {
    step.action = Action::Replace;
    step.why = "`.spec.selector` cannot change in place, and the pods go with the set: new ones start on the same claims";
    setClaims(draft);
    return ownedClaims(draft, "when the set is replaced");
  }
  switch (step.action) {
    case Action::Refused: {
      draft.migration = migrationOf(draft, around_);
      refuse(draft, diag::make<ClusterCode::DataFrozen>(span, name, field).hint(draft.migration->steps.empty() ? std::string("give the changed one another name") : "the plan lists the steps that move the data"));
      auto fate = whenReleased(words_, step.object, *draft.live);
      fate.fate = Fate::Kept;
      fate.why = "nothing is done to it";
      fate.instead.clear();
      draft.state.clear();
      if (holdsData(step.object.apiVersion, step.object.kind)) draft.state.push_back(std::move(fate));
      return;
    }
    case Action::Recreate:
      step.why = fmt::format("`{}` cannot change in place: the set is deleted without its pods and claims and made again around them", field);
      return setClaims(draft);
    case Action::Replace:
      if (step.object.kind == "PersistentVolume") {
        step.why = fmt::format("`{}` cannot change in place, and no claim is bound to it: the object is made again", field);
        auto fate = whenReleased(words_, step.object, *draft.live);
        fate.fate = Fate::Kept;
        fate.why = "reclaim policy Retain: the bytes stay where they are, only the object that names them is made again";
        fate.instead.clear();
        draft.state.push_back(std::move(fate));
        return;
      }
      step.why = draft.object->role == ir::Role::Workload ? fmt::format("`{}` cannot change in place: a new run over the same state", field)
                                                          : fmt::format("`{}` cannot change in place: it is deleted and made again", field);
      return ownedClaims(draft, "when it is replaced");
    case Action::Unchanged:
    case Action::Create:
    case Action::Update:
    case Action::Adopt:
    case Action::Delete:
    case Action::Release: return;
  }
}

void Decider::othersWouldGo(Draft& draft, std::string_view field, base::Span span) const {
  refuse(draft, diag::make<ClusterCode::OthersWouldGo>(span, named(draft.step.object), field).hint("give it another name here, or delete that one; `--take-over` replaces it"));
}

/// A PersistentVolume whose object can go without its bytes: nobody is bound to it, and it is retained.
bool Decider::volumeIsFree(const Draft& draft) const {
  if (draft.step.object.kind != "PersistentVolume") return false;
  const auto phase = textAt(draft.live, "status.phase", symbols_);
  const auto policy = textAt(draft.live, "spec.persistentVolumeReclaimPolicy", symbols_);
  return phase != "Bound" && textAt(draft.live, "spec.claimRef.uid", symbols_).empty() && (policy == "Retain" || policy.empty());
}

// --- claims ----------------------------------------------------------------------------------------

const Node* Decider::classNamed(std::string_view name, Found::Is& is) const {
  for (const auto& object : around_.stack.objects) {
    if (object.role != ir::Role::Class || object.external || symbols_.text(object.name) != name || symbols_.text(object.kind) != "StorageClass") continue;
    is = Found::Is::There;
    return object.root;
  }
  const auto& found = around_.facts.storageClass(name);
  is = found.is;
  return found.node;
}

void Decider::claimChanges(Draft& draft) const {
  auto& step = draft.step;
  const auto live = liveClaim(*draft.live, symbols_);
  if (live.volume.empty()) {
    // Nothing of its spec may change before it is bound; and it has no bytes.
    const bool spec = std::any_of(step.changes.begin(), step.changes.end(), [](const FieldChange& change) { return isAt(change.path, ".spec"); });
    if (!spec) return;
    for (auto& change : step.changes) change.frozen = isAt(change.path, ".spec");
    if (draft.object->isProtected) return frozen(draft);
    if (!draft.member && !around_.options.takeOver) return othersWouldGo(draft, ".spec", draft.object->span);
    step.action = Action::Replace;
    step.why = "it has no volume yet, so nothing is lost: it is deleted and made again";
    draft.state.push_back({.fate = Fate::New, .object = step.object, .size = std::string(textAt(draft.desired, "spec.resources.requests.storage", symbols_)), .why = "the old claim was never bound"});
    return;
  }
  StateFate kept{.fate = Fate::Kept, .object = step.object, .volume = live.volume, .size = live.size};
  if (step.action == Action::Adopt) kept.why = "it is there already and becomes part of the stack with what it holds";
  for (const auto& change : step.changes) {
    if (change.path != kSize) continue;
    claimGrows(draft, change);
    if (step.action == Action::Refused || !draft.state.empty()) return;
  }
  if (!draft.difference.changes.empty() || step.action == Action::Adopt) draft.state.push_back(std::move(kept));
}

void Decider::claimGrows(Draft& draft, const FieldChange& change) const {
  auto& step = draft.step;
  const auto name = named(step.object);
  const auto live = liveClaim(*draft.live, symbols_);
  const auto was = base::parseQuantity(change.before);
  const auto now = base::parseQuantity(change.after);
  if (!was || !now) return;
  const auto capacity = base::parseQuantity(textAt(draft.live, "status.capacity.storage", symbols_));
  StateFate fate{.fate = Fate::Kept, .object = step.object, .volume = live.volume, .size = live.size};
  const auto no = [&](diag::Diagnostic d) {
    fate.why = "nothing is done to it";
    draft.migration = migrationOf(draft, around_);
    refuse(draft, std::move(d));
    draft.state.push_back(std::move(fate));
  };
  // Since 1.34 a request may go back as long as it stays above what the volume has (RecoverVolumeExpansionFailure).
  if (*now < *was && (!capacity || !(*capacity < *now)))
    return no(diag::make<ClusterCode::ClaimWouldShrink>(change.span, name, capacity ? capacity->text() : was->text(), now->text())
                  .hint(fmt::format("keep {}, or move the data to a smaller claim: the plan lists the steps", capacity ? capacity->text() : was->text())));
  if (*now < *was) {
    fate.why = "the growth that was asked for has not happened and is taken back";
    draft.state.push_back(std::move(fate));
    return;
  }
  fate.fate = Fate::Grown;
  fate.newSize = now->text();
  Found::Is is = Found::Is::Absent;
  const auto* storageClass = live.storageClass.empty() ? nullptr : classNamed(live.storageClass, is);
  if (is == Found::Is::Unreadable) {
    fate.why = fmt::format("whether class `{}` lets claims grow cannot be read: the server decides", live.storageClass);
  } else if (is != Found::Is::Asked && (!storageClass || !isTrue(storageClass, "allowVolumeExpansion", symbols_))) {
    fate.fate = Fate::Kept;
    fate.newSize.clear();
    const auto why = live.storageClass.empty() ? std::string("it has no class, and only classes grow volumes")
                     : !storageClass          ? fmt::format("its class `{}` is not there", live.storageClass)
                                              : fmt::format("its class `{}` does not set `allowVolumeExpansion`", live.storageClass);
    return no(diag::make<ClusterCode::ClaimCannotGrowHere>(change.span, name, change.before, change.after, why)
                  .hint("set `allowVolumeExpansion: true` on the class if its driver can, or move the data to a larger claim: the plan lists the steps"));
  }
  draft.state.push_back(std::move(fate));
}

void Decider::created(Draft& draft) const {
  auto& step = draft.step;
  step.action = Action::Create;
  if (isSet(step.object)) return setClaims(draft);
  if (step.object.kind == "VolumeSnapshot") {
    draft.state.push_back({.fate = Fate::New, .object = step.object, .why = "a copy of its claim is taken"});
    return;
  }
  if (!isClaim(step.object)) return;
  const auto* tree = draft.object->root;
  StateFate fate{.fate = Fate::New, .object = step.object, .size = std::string(textAt(tree, "spec.resources.requests.storage", symbols_))};
  const auto volume = textAt(tree, "spec.volumeName", symbols_);
  const auto* source = ir::findPath(tree, "spec.dataSourceRef", symbols_);
  if (!source) source = ir::findPath(tree, "spec.dataSource", symbols_);
  if (!volume.empty()) {
    fate.fate = Fate::Rebound;
    fate.volume = volume;
    fate.why = "the claim takes the volume that it names, with what is on it";
    const auto& found = around_.facts.volume(volume);
    if (found.there()) {
      fate.size = textAt(found.node, "spec.capacity.storage", symbols_);
      const auto holder = textAt(found.node, "spec.claimRef.name", symbols_);
      const auto of = textAt(found.node, "spec.claimRef.namespace", symbols_);
      if (textAt(found.node, "status.phase", symbols_) == "Bound" && (holder != step.object.name || of != step.object.nameSpace)) {
        step.action = Action::Refused;
        step.why = fmt::format("it names volume `{}`, which claim `{}/{}` holds: it would stay Pending; a volume has one claim", volume, of, holder);
        return;
      }
      if (textAt(found.node, "status.phase", symbols_) == "Released")
        fate.why = fmt::format("the volume is Released: `kubectl patch pv {} --type json -p '[{{\"op\":\"remove\",\"path\":\"/spec/claimRef\"}}]'` lets this claim have it", volume);
    }
  } else if (source) {
    fate.why = fmt::format("filled from {} `{}`", textAt(source, "kind", symbols_), textAt(source, "name", symbols_));
  } else {
    fate.why = "an empty volume is made for it, or a free one that fits is taken";
  }
  draft.state.push_back(std::move(fate));
}

// --- StatefulSets ----------------------------------------------------------------------------------

/// The claims of a set that is made or made again: those that are there are taken over with what they hold.
void Decider::setClaims(Draft& draft) const {
  const auto& step = draft.step;
  const auto* set = draft.desired ? draft.desired : draft.object->root;
  const auto range = rangeOfSet(*set, symbols_);
  const auto wanted = claimsOfSet(*set, range, symbols_);
  const auto* templates = ir::findPath(set, "spec.volumeClaimTemplates", symbols_);
  if (wanted.empty() && !draft.live) return;
  const auto& there = around_.facts.claims(step.object.nameSpace);
  const auto sizeOf = [&](std::string_view name) -> std::string {
    for (const auto& one : ir::Children(templates))
      if (textAt(&one, "metadata.name", symbols_) == name) return std::string(textAt(&one, "spec.resources.requests.storage", symbols_));
    return {};
  };
  const bool again = draft.step.action == Action::Recreate || draft.step.action == Action::Replace;
  for (const auto& claim : wanted) {
    const ObjectRef ref{"v1", "PersistentVolumeClaim", step.object.nameSpace, claim.name};
    const auto* live = there.find(claim.name);
    StateFate fate{.fate = Fate::New, .object = ref, .size = sizeOf(claim.templateName), .why = "made with its pod"};
    if (there.is == Found::Is::Unreadable) {
      fate.why = fmt::format("the claims of the namespace cannot be read ({}); if it is there already, it is kept", there.why);
    } else if (live) {
      const auto asked = base::parseQuantity(fate.size);
      const auto has = base::parseQuantity(live->size);
      fate.fate = again ? Fate::Kept : Fate::Rebound;
      fate.volume = live->volume;
      fate.size = live->size;
      fate.why = again ? "" : "it is there from an earlier set: the new one goes on with what it holds";
      if (asked && has && *has < *asked)
        fate.why = fmt::format("{}it stays as large as it is: a template counts for new claims only. `kubectl -n {} patch pvc {} -p '{{\"spec\":{{\"resources\":{{\"requests\":{{\"storage\":\"{}\"}}}}}}}}'` grows it",
                               fate.why.empty() ? "" : fate.why + "; ", step.object.nameSpace, claim.name, asked->text());
    }
    draft.state.push_back(std::move(fate));
  }
  if (!draft.live) return;
  // A set that is made again takes over the pods of the one before, and those beyond its replicas go as when it is scaled down.
  // https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention
  const auto before = rangeOfSet(*draft.live, symbols_);
  const bool shrinks = step.action == Action::Recreate && before.count > 0 && (!range.has(before.first) || !range.has(before.first + before.count - 1));
  const bool deletes = shrinks && setDeletes(*set, "whenScaled", symbols_);
  if (deletes && there.is == Found::Is::Unreadable) unreadClaims(draft, there.why);
  if (shrinks && !ir::findPath(set, "spec.replicas", symbols_))
    draft.step.why += fmt::format("; it says no `replicas`, so that it has 1 instead of {} until what scales it does so again", before.count);
  // Claims of templates and of pods that are gone.
  for (const auto& one : ir::Children(ir::findPath(draft.live, "spec.volumeClaimTemplates", symbols_))) {
    const auto name = textAt(&one, "metadata.name", symbols_);
    bool stays = false;
    for (const auto& other : ir::Children(templates)) stays = stays || textAt(&other, "metadata.name", symbols_) == name;
    for (const auto& claim : there.all) {
      const auto ordinal = ordinalOfClaim(claim.name, name, step.object.name);
      if (!ordinal || (stays && range.has(*ordinal))) continue;
      if (stays && deletes && before.has(*ordinal)) {
        podGoes(draft, claim, true);
        continue;
      }
      draft.state.push_back({.fate = Fate::Orphaned, .object = {"v1", "PersistentVolumeClaim", step.object.nameSpace, claim.name}, .volume = claim.volume, .size = claim.size,
                             .why = "the set no longer uses it; it stays"});
    }
  }
}

/// Whether the claims of pods go with them when the set has fewer of them: what the stack says, else what others have set.
bool Decider::scalingDeletes(const Draft& draft) const {
  constexpr std::string_view kPolicy = ".spec.persistentVolumeClaimRetentionPolicy.whenScaled";
  if (ir::findPath(draft.desired, kPolicy.substr(1), symbols_)) return setDeletes(*draft.desired, "whenScaled", symbols_);
  const auto& changes = draft.step.changes;
  const bool taken = std::any_of(changes.begin(), changes.end(), [&](const FieldChange& change) { return isAt(kPolicy, change.path); });
  return !taken && setDeletes(*draft.live, "whenScaled", symbols_);
}

/// The pods of the set once it is updated: what the stack does not say stays as it is, unless the stack said it before.
SetRange Decider::rangeAfter(const Draft& draft) const {
  const auto live = rangeOfSet(*draft.live, symbols_);
  auto after = rangeOfSet(*draft.desired, symbols_);
  const auto stays = [&](std::string_view path) {
    const auto& changes = draft.step.changes;
    return !ir::findPath(draft.desired, path.substr(1), symbols_) && std::none_of(changes.begin(), changes.end(), [&](const FieldChange& change) { return isAt(path, change.path); });
  };
  if (stays(".spec.replicas")) after.count = live.count;
  if (stays(".spec.ordinals.start")) after.first = live.first;
  return after;
}

/// One claim of a pod that the set no longer has.
void Decider::podGoes(Draft& draft, const LiveClaim& claim, bool deletes) const {
  const ObjectRef ref{"v1", "PersistentVolumeClaim", draft.step.object.nameSpace, claim.name};
  if (!deletes) {
    draft.state.push_back({.fate = Fate::Orphaned, .object = ref, .volume = claim.volume, .size = claim.size, .why = "its pod goes; it stays and is used again when the set grows back"});
  } else if (auto fate = whenClaimGoes(words_, ref, claim)) {
    fate->why = "`whenScaled: Delete` deletes the claims of pods that go; " + fate->why;
    fate->instead = "`whenScaled: Retain`, applied first";
    draft.state.push_back(std::move(*fate));
  }
}

/// Pods that go or come with an update, and what `whenScaled: Delete` does to the claims of those that go.
void Decider::setScaled(Draft& draft) const {
  const auto& step = draft.step;
  const bool counts = std::any_of(step.changes.begin(), step.changes.end(), [](const FieldChange& change) {
    return isAt(change.path, ".spec.replicas") || isAt(change.path, ".spec.ordinals") || isAt(change.path, ".spec.persistentVolumeClaimRetentionPolicy");
  });
  const auto* templates = ir::findPath(draft.live, "spec.volumeClaimTemplates", symbols_);
  if (!counts || !templates || templates->length == 0) return;
  const auto before = rangeOfSet(*draft.live, symbols_);
  const auto after = rangeAfter(draft);
  const auto& there = around_.facts.claims(step.object.nameSpace);
  const bool deletes = scalingDeletes(draft);
  const bool shrinks = before.count > 0 && (!after.has(before.first) || !after.has(before.first + before.count - 1));
  if (shrinks && deletes && there.is == Found::Is::Unreadable) unreadClaims(draft, there.why);
  if (shrinks)
    for (const auto& one : ir::Children(templates))
      for (const auto& claim : there.all) {
        const auto ordinal = ordinalOfClaim(claim.name, textAt(&one, "metadata.name", symbols_), step.object.name);
        if (ordinal && before.has(*ordinal) && !after.has(*ordinal)) podGoes(draft, claim, deletes);
      }
  for (const auto& claim : claimsOfSet(*draft.live, after, symbols_)) {
    if (before.has(claim.ordinal)) continue;
    const auto* live = there.find(claim.name);
    StateFate fate{.fate = live ? Fate::Rebound : Fate::New, .object = {"v1", "PersistentVolumeClaim", step.object.nameSpace, claim.name}, .why = live ? "it is there from earlier: the new pod goes on with what it holds" : "made with its pod"};
    if (live) fate.volume = live->volume, fate.size = live->size;
    draft.state.push_back(std::move(fate));
  }
}

/// A PersistentVolume whose bytes the change itself gives away: a policy other than Retain reclaims at once what is released, and one
/// whose claimRef names another claim than the one that it was bound to is released.
/// https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming
void Decider::volumeChanges(Draft& draft) const {
  const auto& step = draft.step;
  if (step.object.kind != "PersistentVolume" || step.object.apiVersion != "v1") return;
  const auto becomes = [&](std::string_view path) {
    return std::any_of(step.changes.begin(), step.changes.end(), [&](const FieldChange& change) { return isAt(change.path, path) || isAt(path, change.path); });
  };
  const bool policyChanges = becomes(".spec.persistentVolumeReclaimPolicy");
  auto policy = textAt(draft.desired, "spec.persistentVolumeReclaimPolicy", symbols_);
  if (policy.empty()) policy = policyChanges ? std::string_view("Retain") : textAt(draft.live, "spec.persistentVolumeReclaimPolicy", symbols_);
  const bool retained = policy.empty() || policy == "Retain";
  const auto phase = textAt(draft.live, "status.phase", symbols_);
  const bool held = !textAt(draft.live, "spec.claimRef.uid", symbols_).empty();
  const bool moves = held && becomes(".spec.claimRef");
  const bool released = phase == "Released" || phase == "Failed" || (held && phase != "Bound");
  if (!moves && (retained || !released || !policyChanges)) return;
  const auto claim = fmt::format("{}/{}", textAt(draft.live, "spec.claimRef.namespace", symbols_), textAt(draft.live, "spec.claimRef.name", symbols_));
  auto fate = whenReleased(words_, step.object, *draft.live);
  fate.instead.clear();
  if (!retained) {
    fate.fate = Fate::Lost;
    fate.why = moves ? fmt::format("it no longer names claim `{}`, so it is released; reclaim policy {}: its bytes go at once", claim, policy)
                     : fmt::format("it is {}, and the reclaim policy becomes {}: its bytes go at once", phase.empty() ? "not bound" : phase, policy);
    fate.instead = "`Retain` as its reclaim policy";
  } else if (released) {
    fate.fate = Fate::Rebound;
    fate.why = fmt::format("claim `{}`, which had it, is gone; the bytes stay for the next one", claim);
  } else {
    fate.why = fmt::format("the bytes stay where they are, but claim `{}` is Lost without its volume", claim);
  }
  if (fate.fate != Fate::Rebound) {
    fate.consent = consentFor(step.object);
    fate.consented = consented(step.object);
  }
  draft.state.push_back(std::move(fate));
}

/// What is kept today would be deleted with its owner tomorrow: nothing happens yet, but it is said.
void Decider::reclaimed(Draft& draft) const {
  const auto& step = draft.step;
  const auto becomes = [&](std::string_view path) {
    return std::any_of(step.changes.begin(), step.changes.end(), [&](const FieldChange& change) { return isAt(change.path, path) || isAt(path, change.path); });
  };
  if (step.object.kind == "PersistentVolume" && draft.state.empty() && becomes(".spec.persistentVolumeReclaimPolicy") && textAt(draft.desired, "spec.persistentVolumeReclaimPolicy", symbols_) == "Delete") {
    auto fate = whenReleased(words_, step.object, *draft.live);
    fate.fate = Fate::Kept;
    fate.why = "from now on its bytes go when its claim is deleted: the reclaim policy becomes Delete";
    fate.instead.clear();
    draft.state.push_back(std::move(fate));
  }
  if (!isSet(step.object) || !becomes(".spec.persistentVolumeClaimRetentionPolicy.whenDeleted") || !setDeletes(*draft.desired, "whenDeleted", symbols_)) return;
  const auto& there = around_.facts.claims(step.object.nameSpace);
  for (const auto& one : ir::Children(ir::findPath(draft.live, "spec.volumeClaimTemplates", symbols_)))
    for (const auto& claim : there.all) {
      if (!ordinalOfClaim(claim.name, textAt(&one, "metadata.name", symbols_), step.object.name)) continue;
      const ObjectRef ref{"v1", "PersistentVolumeClaim", step.object.nameSpace, claim.name};
      if (std::any_of(draft.state.begin(), draft.state.end(), [&](const StateFate& fate) { return fate.object == ref && fate.fate != Fate::Orphaned; })) continue;
      draft.state.push_back({.fate = Fate::Kept, .object = ref, .volume = claim.volume, .size = claim.size, .why = "from now on it goes when the set is deleted: whenDeleted becomes Delete"});
    }
}

// --- workloads -------------------------------------------------------------------------------------

/// Claims that a workload mounts outlive it.
void Decider::mounted(Draft& draft) const {
  std::set<std::string> seen;
  for (const auto& fate : draft.state) seen.insert(fate.object.name);
  for (const auto& edge : usesOf(*draft.object)) {
    if (edge.kind != ir::EdgeKind::Mounts || edge.toRole != ir::Role::Claim || !edge.name) continue;
    const std::string name(symbols_.text(edge.name));
    if (!seen.insert(name).second) continue;
    const ObjectRef ref{"v1", "PersistentVolumeClaim", draft.step.object.nameSpace, name};
    const auto& claim = around_.facts.claim(ref.nameSpace, name);
    if (!claim.there()) continue;
    const auto live = liveClaim(*claim.node, symbols_);
    draft.state.push_back({.fate = Fate::Kept, .object = ref, .volume = live.volume, .size = live.size, .why = "the new run goes on with it"});
  }
}

/// Checkpoints that lie in the pods themselves.
void Decider::scratch(Draft& draft) const {
  const auto& step = draft.step;
  if (draft.object->role != ir::Role::Workload) return;
  const bool pods = step.action != Action::Update || step.object.kind == "Pod" ||
                    std::any_of(step.changes.begin(), step.changes.end(), [](const FieldChange& change) { return isAt(change.path, ".spec.template"); });
  if (!pods) return;
  for (const auto& edge : usesOf(*draft.object)) {
    if (edge.kind != ir::EdgeKind::Mounts || edge.intent != ir::Intent::Checkpoint || edge.toRole != ir::Role::Other) continue;
    draft.state.push_back({.fate = Fate::Lost, .object = step.object, .volume = std::string(symbols_.text(edge.volumeName)),
                           .why = fmt::format("scratch is lost: the checkpoints at {} lie in a volume that goes with its pod", edge.path), .instead = "a claim for the checkpoints"});
    return;
  }
}

/// Whether something that the object made may own a claim in its turn: a controller stands behind it.
bool Decider::makesOthers(const ObjectRef& object) const {
  const auto group = groupOf(object.apiVersion);
  if (group == "apps" || group == "batch") return true;
  const auto* known = around_.catalog.resource(object.apiVersion, object.kind);
  return !known || known->custom;
}

void Decider::unreadClaims(Draft& draft, std::string why) const {
  const auto& object = draft.step.object;
  draft.state.push_back({.fate = Fate::AtRisk, .object = object, .why = fmt::format("whether claims go with it cannot be read ({})", why), .instead = "a role that may list claims",
                         .consent = consentFor(object), .consented = consented(object)});
}

/// Claims that go with their owner. Of cluster-scoped kinds, custom ones alone own any. A built-in kind that no controller stands
/// behind owns only what somebody has hung on it: where claims cannot be read, the plan's notes say so, and it goes.
void Decider::ownedClaims(Draft& draft, std::string_view what) const {
  const auto& object = draft.step.object;
  const bool others = makesOthers(object);
  if ((object.nameSpace.empty() && !others) || draft.step.uid.empty()) return;
  const auto& all = around_.facts.claims(object.nameSpace);
  if (all.is == Found::Is::Unreadable) {
    if (others) unreadClaims(draft, all.why);
    return;
  }
  const auto& owners = around_.facts.claimOwners(object.nameSpace, !others);
  std::set<const LiveClaim*> going;
  const auto goes = [&](const LiveClaim& claim, std::string_view why) {
    if (!going.insert(&claim).second) return;
    auto fate = whenClaimGoes(words_, {"v1", "PersistentVolumeClaim", claim.nameSpace, claim.name}, claim);
    if (!fate) return;
    if (isScratch(claim)) {
      fate->why = "scratch is lost: an ephemeral volume goes with its pod";
      fate->instead = "a claim of its own";
      fate->consent.clear();
    } else {
      fate->why = fmt::format("{}: it is deleted {}; {}", why, what, fate->why);
    }
    draft.state.push_back(std::move(*fate));
  };
  const auto owner = fmt::format("{}/{}", object.kind, object.name);
  if (const auto found = owners.byOwner.find(draft.step.uid); found != owners.byOwner.end())
    for (const auto* claim : found->second) goes(*claim, owner + " owns it");
  // The controller of sets makes a set the owner of its claims only some time after the policy was set.
  if (isSet(object) && setDeletes(*draft.live, "whenDeleted", symbols_))
    for (const auto& one : ir::Children(ir::findPath(draft.live, "spec.volumeClaimTemplates", symbols_)))
      for (const auto& claim : all.all)
        if (ordinalOfClaim(claim.name, textAt(&one, "metadata.name", symbols_), object.name)) goes(claim, owner + " has `whenDeleted: Delete`");
  for (const auto& unread : owners.unread) {
    if (unread.claim->volume.empty() || isScratch(*unread.claim) || !going.insert(unread.claim).second) continue;
    const ObjectRef ref{"v1", "PersistentVolumeClaim", unread.claim->nameSpace, unread.claim->name};
    draft.state.push_back({.fate = Fate::AtRisk, .object = ref, .volume = unread.claim->volume, .size = unread.claim->size, .why = fmt::format("whether it goes with {} cannot be told: {}", owner, unread.why),
                           .instead = "a role that may `get` its owner", .consent = consentFor(ref), .consented = consented(ref)});
  }
}

// --- what the stack no longer has --------------------------------------------------------------------

void Decider::decideGone(Draft& draft) const {
  auto& step = draft.step;
  const bool holds = holdsData(step.object.apiVersion, step.object.kind);
  const auto release = [&](std::string why) {
    draft.state.clear();
    step.action = Action::Release;
    step.why = std::move(why);
    if (holds) draft.state.push_back(whenReleased(words_, step.object, *draft.live));
  };
  if (step.object.kind == "Namespace" && step.object.apiVersion == "v1") return release("namespaces stay, with what is in them: `kubectl delete namespace` is for people");
  if (markOf(*draft.live, "metadata.annotations", kProtectAnnotation, symbols_) == "true")
    return release(fmt::format("it is protected: `kubectl annotate {}/{} {}-` takes that off", step.object.kind, step.object.name, kProtectAnnotation));
  const bool agreed = consented(step.object);
  if (holds && !agreed) return release(fmt::format("it holds data: it stays unless `--allow-data-loss {}` names it", consentFor(step.object)));
  step.action = Action::Delete;
  if (holds) {
    if (auto fate = whenGone(words_, step.object, *draft.live)) {
      fate->consented = true;
      draft.state.push_back(std::move(*fate));
    }
    return;
  }
  if (isSet(step.object) && !setDeletes(*draft.live, "whenDeleted", symbols_)) {
    for (const auto& one : ir::Children(ir::findPath(draft.live, "spec.volumeClaimTemplates", symbols_))) {
      const auto name = textAt(&one, "metadata.name", symbols_);
      for (const auto& claim : around_.facts.claims(step.object.nameSpace).all) {
        const bool owned = std::any_of(claim.owners.begin(), claim.owners.end(), [&](const Owner& owner) { return owner.uid == step.uid; });
        if (owned || !ordinalOfClaim(claim.name, name, step.object.name)) continue;
        draft.state.push_back({.fate = Fate::Orphaned, .object = {"v1", "PersistentVolumeClaim", step.object.nameSpace, claim.name}, .volume = claim.volume, .size = claim.size,
                               .why = "claims of a set stay when it goes; a set of the same name finds it again"});
      }
    }
  }
  ownedClaims(draft, "with it");
  const bool atRisk = std::any_of(draft.state.begin(), draft.state.end(), [](const StateFate& fate) { return !fate.consent.empty() && !fate.consented; });
  if (!atRisk || agreed) {
    for (auto& fate : draft.state)
      if (!fate.consent.empty()) fate.consented = true;
    return;
  }
  std::string names;
  for (const auto& fate : draft.state)
    if (!fate.consent.empty() && !fate.consented) names += fmt::format("{}`--allow-data-loss {}`", names.empty() ? "" : " ", fate.consent);
  auto kept = std::move(draft.state);
  release(fmt::format("it owns claims that would go with it: it stays unless {} names them", names));
  for (auto& fate : kept) {
    fate.instead = fmt::format("to delete it: `--allow-data-loss {}`", fate.consent.empty() ? consentFor(fate.object) : fate.consent);
    fate.fate = Fate::Kept;
    fate.why = "its owner stays, and so does it";
    fate.consent.clear();
    draft.state.push_back(std::move(fate));
  }
}

}  // namespace mlstack::backend
