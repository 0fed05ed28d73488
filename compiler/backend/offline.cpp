#include "backend/offline.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "backend/compare.h"
#include "backend/consent.h"
#include "backend/inventory.h"
#include "storage/frozen.h"

namespace mlstack::backend {

using ir::Object;
using ir::Role;

namespace {

/// More claims than these are not told one by one.
constexpr std::int64_t kMostReplicas = 1000;

class Offline {
 public:
  Offline(const ir::Stack* was, const ir::Stack& now, const schema::Catalog& catalog, const PlanOptions& options)
      : was_(was), now_(now), catalog_(catalog), options_(options), symbols_(*now.symbols) {}

  Plan run() {
    plan_.stack = symbols_.text(now_.name);
    plan_.nameSpace = symbols_.text(now_.nameSpace);
    plan_.destroys = options_.destroy;
    if (was_) {
      for (const auto& object : was_->objects) {
        if (!object.external && object.root) before_.emplace(refOf(*was_, object), &object);
      }
    }
    for (const auto* object : ir::applyOrder(now_)) {
      if (object->root) declared(*object);
    }
    if (options_.prune) gone();
    return std::move(plan_);
  }

 private:
  ObjectRef refOf(const ir::Stack& stack, const Object& object) const {
    const auto in = object.nameSpace ? object.nameSpace : stack.nameSpace;
    const auto apiVersion = symbols_.text(object.apiVersion);
    const auto kind = symbols_.text(object.kind);
    const auto* resource = catalog_.resource(apiVersion, kind);
    const bool namespaced = !resource || resource->namespaced;
    return {std::string(apiVersion), std::string(kind), namespaced ? std::string(symbols_.text(in)) : std::string(), std::string(symbols_.text(object.name))};
  }

  /// The tree with the mark of protection, which outlives the line that asked for it.
  const ir::Node* marked(const Object& object) {
    if (!object.isProtected) return object.root;
    ir::Builder builder(arena_);
    auto& symbols = *now_.symbols;
    auto* tree = builder.clone(*object.root);
    if (auto* meta = builder.mapAt(*tree, symbols.intern("metadata"), object.span)) {
      if (auto* annotations = builder.mapAt(*meta, symbols.intern("annotations"), object.span))
        ir::Builder::set(*annotations, symbols.intern(kProtectAnnotation), builder.string("true", object.span));
    }
    return tree;
  }

  void declared(const Object& object) {
    PlanStep step;
    step.object = refOf(now_, object);
    step.group = ir::applyGroup(now_, object);
    step.span = object.span;
    const auto* tree = marked(object);
    appendCompactJson(step.body, *tree, symbols_);
    const auto at = before_.find(step.object);
    if (at == before_.end()) {
      step.action = Action::Create;
      if (object.role == Role::Claim) addFate(Fate::New, object, "an empty volume is made for it, or found");
    } else {
      const auto& before = *at->second;
      step.changes = compareWhole(*marked(before), *tree, catalog_, symbols_);
      step.action = step.changes.empty() ? Action::Unchanged : Action::Update;
      if (!step.changes.empty()) frozen(before, object, step);
      if (object.role == Role::Claim) shrunken(before, object, step);
      scaled(before, object);
      if (step.action != Action::Unchanged) fates(before, object, step);
      before_.erase(at);
    }
    plan_.steps.push_back(std::move(step));
  }

  void frozen(const Object& before, const Object& object, PlanStep& step) {
    const auto found = storage::frozenChanges(before, object, symbols_);
    if (found.empty()) return;
    for (auto& change : step.changes) {
      change.frozen = std::ranges::any_of(found, [&](const storage::FrozenChange& row) { return change.path.starts_with(fmt::format(".{}", row.field)); });
    }
    step.action = actionWhenFrozen(object, symbols_);
    if (object.isProtected || before.isProtected) step.action = Action::Refused;
    const auto& first = found.front();
    switch (step.action) {
      case Action::Replace: step.why = fmt::format("{} cannot change in place: deleted and made again; the claims that it uses stay", first.path); break;
      case Action::Recreate: step.why = fmt::format("{} cannot change in place: made again around its pods and claims, which stay", first.path); break;
      case Action::Unchanged:
      case Action::Create:
      case Action::Update:
      case Action::Adopt:
      case Action::Delete:
      case Action::Release:
      case Action::Refused: step.why = fmt::format("{} cannot change in place: {}", first.path, first.mend); break;
    }
  }

  /// pkg/apis/core/validation/validation.go, ValidatePersistentVolumeClaimUpdate: a request never falls.
  void shrunken(const Object& before, const Object& object, PlanStep& step) const {
    const auto old = sizeOf(before), now = sizeOf(object);
    const auto from = base::parseQuantity(old), to = base::parseQuantity(now);
    if (step.action == Action::Refused || !from || !to || !(*to < *from)) return;
    step.action = Action::Refused;
    step.why = fmt::format("a claim cannot shrink from {} to {}: make a smaller one beside it and copy the data", old, now);
  }

  std::string_view textIn(const Object& object, std::string_view path) const {
    const auto* node = ir::findPath(object.root, path, symbols_);
    return node && node->kind == ir::NodeKind::String ? node->text() : std::string_view{};
  }
  std::int64_t replicasOf(const Object& object) const {
    const auto* node = ir::findPath(object.root, "spec.replicas", symbols_);
    return node && node->kind == ir::NodeKind::Int ? std::clamp<std::int64_t>(node->integer, 0, kMostReplicas) : 1;
  }
  bool isSet(const Object& object) const { return symbols_.text(object.kind) == "StatefulSet" && symbols_.text(object.apiVersion).starts_with("apps/"); }

  /// The claims of a set's replicas from `first` on, which go with them; whether all of them were named.
  bool claimsGo(const Object& set, std::int64_t first, std::string_view why) {
    bool all = true;
    const auto nameSpace = refOf(now_, set).nameSpace;
    const auto* templates = ir::findPath(set.root, "spec.volumeClaimTemplates", symbols_);
    for (const auto& one : ir::Children(templates)) {
      const auto* name = ir::findPath(&one, "metadata.name", symbols_);
      if (!name || name->kind != ir::NodeKind::String) continue;
      const auto* size = ir::findPath(&one, "spec.resources.requests.storage", symbols_);
      for (auto i = first; i < replicasOf(set); ++i) {
        auto& fate = plan_.state.emplace_back();
        fate.fate = Fate::AtRisk;
        fate.object = {"v1", "PersistentVolumeClaim", nameSpace, fmt::format("{}-{}-{}", name->text(), symbols_.text(set.name), i)};
        fate.step = plan_.steps.size();
        fate.size = size && size->kind == ir::NodeKind::String ? std::string(size->text()) : std::string();
        fate.why = why;
        fate.instead = "`Retain` in the set's claim retention policy, first";
        fate.consent = consentName(fate.object, plan_.nameSpace);
        fate.consented = isConsented(options_.allowDataLoss, fate.object, plan_.nameSpace);
        all = all && fate.consented;
      }
    }
    return all;
  }

  void scaled(const Object& before, const Object& object) {
    if (!isSet(object) || textIn(object, "spec.persistentVolumeClaimRetentionPolicy.whenScaled") != "Delete") return;
    if (replicasOf(object) < replicasOf(before)) (void)claimsGo(before, replicasOf(object), "the set becomes smaller, and its policy for claims is Delete (whenScaled)");
  }

  void addFate(Fate kind, const Object& object, std::string why) {
    auto& fate = plan_.state.emplace_back();
    fate.fate = kind;
    fate.object = refOf(now_, object);
    fate.step = plan_.steps.size();
    fate.why = std::move(why);
    fate.size = sizeOf(object);
  }

  std::string sizeOf(const Object& object) const {
    const auto* size = ir::findPath(object.root, object.role == Role::Volume ? "spec.capacity.storage" : "spec.resources.requests.storage", symbols_);
    return size && size->kind == ir::NodeKind::String ? std::string(size->text()) : std::string();
  }

  /// The object itself when it is state; the claims that it uses when it is work that comes anew.
  void fates(const Object& before, const Object& object, const PlanStep& step) {
    if (object.role == Role::Claim || object.role == Role::Volume) {
      const auto old = sizeOf(before);
      addFate(Fate::Kept, object, step.action == Action::Refused ? "nothing is done to it" : "changed in place");
      auto& fate = plan_.state.back();
      const auto from = base::parseQuantity(old), to = base::parseQuantity(fate.size);
      if (from && to && *to > *from && step.action != Action::Refused) {
        fate.fate = Fate::Grown;
        fate.newSize = std::exchange(fate.size, old);
      }
      return;
    }
    if (step.action != Action::Replace && step.action != Action::Recreate) return;
    for (const auto& edge : was_->edges) {
      if (edge.kind != ir::EdgeKind::Mounts || edge.from == ir::kNoObject || &was_->objects[edge.from] != &before || edge.toRole != Role::Claim || edge.to == ir::kNoObject) continue;
      const auto& claim = was_->objects[edge.to];
      const auto ref = refOf(*was_, claim);
      if (std::ranges::any_of(plan_.state, [&](const StateFate& fate) { return fate.object == ref; })) continue;
      addFate(Fate::Kept, claim, fmt::format("{} comes anew and mounts it again", step.object.text(plan_.nameSpace)));
    }
  }

  /// What was declared before and is no more, consumers before claims.
  void gone() {
    if (!was_) return;
    auto order = ir::applyOrder(*was_);
    std::ranges::reverse(order);
    for (const auto* object : order) {
      const auto ref = refOf(*was_, *object);
      if (!before_.contains(ref)) continue;
      PlanStep step;
      step.object = ref;
      step.group = ir::applyGroup(*was_, *object);
      step.action = Action::Delete;
      const bool data = holdsData(ref.apiVersion, ref.kind);
      const bool consented = isConsented(options_.allowDataLoss, ref, plan_.nameSpace);
      if (object->role == Role::Namespace) {
        step.action = Action::Release;
        step.why = "a namespace is never deleted: everything in it would go";
      } else if (object->isProtected) {
        step.action = Action::Release;
        step.why = "it is protected: kept, and no longer this stack's";
      } else if (data && !consented) {
        step.action = Action::Release;
        step.why = fmt::format("it holds data: kept, and no longer this stack's; `--allow-data-loss {}` deletes it", consentName(ref, plan_.nameSpace));
      }
      if (step.action == Action::Delete && isSet(*object) && textIn(*object, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted") == "Delete") {
        const auto first = plan_.state.size();
        if (!claimsGo(*object, 0, "the set goes, and its policy for claims is Delete (whenDeleted)")) {
          plan_.state.resize(first);
          step.action = Action::Release;
          step.why = "its claims would go with it (whenDeleted: Delete): kept, and no longer this stack's; `--allow-data-loss` with the name of each claim deletes it";
        }
      }
      if (data) lost(*object, ref, step.action == Action::Delete);
      plan_.steps.push_back(std::move(step));
    }
  }

  /// The reclaim policy that the files themselves state; empty when only the cluster knows.
  std::string_view reclaimOf(const Object& object) const {
    const auto text = [&](const Object& of, std::string_view path) {
      const auto* node = ir::findPath(of.root, path, symbols_);
      return node && node->kind == ir::NodeKind::String ? node->text() : std::string_view{};
    };
    if (object.role == Role::Volume) return text(object, "spec.persistentVolumeReclaimPolicy");
    if (object.role != Role::Claim) return {};
    for (const auto& edge : was_->edges) {
      if (edge.kind != ir::EdgeKind::Binds || edge.to == ir::kNoObject || edge.from == ir::kNoObject) continue;
      const auto& from = was_->objects[edge.from];
      const auto& to = was_->objects[edge.to];
      if (&from == &object || &to == &object) {
        const auto& other = &from == &object ? to : from;
        if (other.role == Role::Volume) return text(other, "spec.persistentVolumeReclaimPolicy");
      }
    }
    const auto name = text(object, "spec.storageClassName");
    for (const auto& one : was_->objects) {
      if (one.role != Role::Class || symbols_.text(one.name) != name) continue;
      if (const auto policy = text(one, "reclaimPolicy"); !policy.empty()) return policy;
      if (one.facts && !one.facts->reclaim.empty()) return one.facts->reclaim;
      if (!one.external) return "Delete";   // what the API server writes when it is not stated
    }
    return {};
  }

  void lost(const Object& object, const ObjectRef& ref, bool deleted) {
    auto& fate = plan_.state.emplace_back();
    fate.object = ref;
    fate.step = plan_.steps.size();
    fate.size = sizeOf(object);
    if (!deleted) {
      fate.fate = Fate::Orphaned;
      fate.why = "it stays, and nothing of this stack uses it any more";
      return;
    }
    fate.consent = consentName(ref, plan_.nameSpace);
    fate.consented = true;
    const auto policy = reclaimOf(object);
    if (policy == "Retain") {
      fate.fate = Fate::Orphaned;
      fate.why = "reclaim policy Retain: the bytes stay behind";
    } else if (policy == "Delete") {
      fate.fate = Fate::Lost;
      fate.why = "reclaim policy Delete: the bytes go with it";
      fate.instead = "set the volume's reclaim policy to Retain first, or take a snapshot";
    } else {
      fate.fate = Fate::AtRisk;
      fate.why = "only the cluster knows the reclaim policy";
      fate.instead = "look at it with `mlstackc plan` against the cluster first";
    }
  }

  const ir::Stack* was_;
  const ir::Stack& now_;
  const schema::Catalog& catalog_;
  const PlanOptions& options_;
  const base::SymbolTable& symbols_;
  base::Arena arena_;
  Plan plan_;
  std::map<ObjectRef, const Object*> before_;
};

}  // namespace

Plan planBetween(const ir::Stack* was, const ir::Stack& now, const schema::Catalog& catalog, const PlanOptions& options) {
  return Offline(was, now, catalog, options).run();
}

}  // namespace mlstack::backend
