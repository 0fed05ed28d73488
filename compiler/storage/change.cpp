// What an update would do to what runs: fields that cannot change, claims that cannot grow or shrink, and
// state that would be replaced, orphaned or lost.

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "storage/frozen.h"
#include "storage/made.h"
#include "storage/programs.h"
#include "storage/rule.h"
#include "storage/storage.h"

namespace mlstack::storage {

namespace {

/// How long a volume must rest between two modifications, by driver.
/// https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html
struct Rest {
  std::string_view driver;
  std::string_view time;
};
constexpr std::array<Rest, 1> kRests{{{"ebs.csi.aws.com", "6 hours"}}};

/// Variables that a database reads when its data directory is empty and never again, by a part of the image's name.
struct SeedVariable {
  std::string_view image;
  std::string_view variable;
};
constexpr std::array<SeedVariable, 13> kSeeds{{
    {"postgres", "POSTGRES_PASSWORD"},
    {"postgres", "POSTGRES_PASSWORD_FILE"},
    {"pgvector", "POSTGRES_PASSWORD"},
    {"postgis", "POSTGRES_PASSWORD"},
    {"timescale", "POSTGRES_PASSWORD"},
    {"postgresql", "POSTGRESQL_PASSWORD"},
    {"mysql", "MYSQL_ROOT_PASSWORD"},
    {"mysql", "MYSQL_PASSWORD"},
    {"mariadb", "MARIADB_ROOT_PASSWORD"},
    {"mariadb", "MYSQL_ROOT_PASSWORD"},
    {"mongo", "MONGO_INITDB_ROOT_PASSWORD"},
    {"neo4j", "NEO4J_AUTH"},
    {"influxdb", "DOCKER_INFLUXDB_INIT_PASSWORD"},
}};

/// Short text of a value for a message.
std::string shown(const ir::Node* node) {
  if (!node) return "nothing";
  switch (node->kind) {
    case ir::NodeKind::Null: return "null";
    case ir::NodeKind::Bool: return node->boolean ? "true" : "false";
    case ir::NodeKind::Int: return fmt::format("{}", node->integer);
    case ir::NodeKind::Float: return fmt::format("{}", node->real);
    case ir::NodeKind::String: return node->length > 60 ? "another text" : fmt::format("\"{}\"", node->text());
    case ir::NodeKind::List: return fmt::format("a list of {}", node->length);
    case ir::NodeKind::Map: return "other fields";
  }
  return {};
}

class Change {
 public:
  Change(const Model& was, Context& context) : was_(was), now_(context.model), keys_(context.keys), context_(context) {}

  void run() {
    index();
    for (const auto& object : now_.stack.objects) {
      if (object.external || !object.root) continue;
      if (const auto* before = same(was_, object); before && before->root) pair(*before, object);
    }
    for (const auto& object : was_.stack.objects)
      if (!object.external && !same(now_, object)) gone(object);
  }

 private:
  /// Who is bound to which volume, and which workloads read which secret: asked for by object.
  void index() {
    for (const auto& state : now_.states) {
      if (state.kind != StateKind::Claim) continue;
      const auto* volume = state.volume ? state.volume : now_.find(nullptr, "PersistentVolume", keys_.text<"spec.volumeName">(state.root));
      if (volume) bound_.emplace(now_.text(volume->name), &state);
    }
    for (const auto* model : {&was_, &now_}) {
      for (const auto& edge : model->stack.edges) {
        if (edge.kind != ir::EdgeKind::Binds || edge.toRole != ir::Role::Claim || edge.to == ir::kNoObject || edge.from == ir::kNoObject) continue;
        const auto* claim = same(now_, model->stack.objects[edge.to]);
        const auto* state = claim ? now_.stateOf(*claim) : nullptr;
        if (state) bound_.emplace(now_.text(model->stack.objects[edge.from].name), state);
      }
    }
    for (const auto& edge : now_.stack.edges)
      if (edge.kind == ir::EdgeKind::References && edge.toRole == ir::Role::Secret && edge.to != ir::kNoObject && edge.from != ir::kNoObject)
        if (readers_[edge.to].empty() || readers_[edge.to].back() != edge.from) readers_[edge.to].push_back(edge.from);
  }

  /// The object of the same kind, namespace and name in the other stack.
  static const ir::Object* same(const Model& in, const ir::Object& object) {
    const auto& symbols = *in.stack.symbols;
    const auto* found = in.find(&object, symbols.text(object.kind), symbols.text(object.name));
    return found && !found->external ? found : nullptr;
  }

  void pair(const ir::Object& before, const ir::Object& after) {
    if (after.role == ir::Role::Claim) claim(before, after);
    if (after.role == ir::Role::Volume) volume(before, after);
    const bool grows = after.role == ir::Role::Config || after.role == ir::Role::Secret;
    if (grows) immutableData(before, after);
    const auto kind = now_.kindOf(after);
    if (kind == "StatefulSet") {
      templates(before, after);
      ordinals(before, after);
    }
    reclaim(before, after);
    bool refused = false;   // what the API server refuses does not come to the pods
    for (const auto& change : frozenChanges(before, after, *now_.stack.symbols)) {
      frozen(change, after);
      refused = refused || change.path.find("olume") != std::string::npos;
    }
    if (after.role != ir::Role::Workload) return;
    if (!refused) mounts(before, after);
    versions(before, after);
  }

  /// MLS3140: the API server refuses the update.
  void frozen(const FrozenChange& change, const ir::Object& object) {
    const auto* at = change.now ? change.now : change.around;
    const auto span = change.now && !change.now->isContainer() ? at->span : at->entrySpan();
    auto d = diag::make<Code::FrozenField>(span, change.path, context_.objectText(object), shown(change.was), shown(change.now));
    if (change.was && change.was->span.known()) d.related.push_back({change.was->entrySpan(), "it was this"});
    d.help = change.mend;
    context_.report(std::move(d), {&object});
  }

  // --- claims --------------------------------------------------------------------------------

  void claim(const ir::Object& before, const ir::Object& after) {
    const auto* was = was_.stateOf(before);
    const auto* now = now_.stateOf(after);
    if (!was || !now || !was->size || !now->size || *was->size == *now->size) return;
    if (*now->size < *was->size) return shrinks(*was, *now);
    grows(*was, *now);
  }

  /// MLS3141: pkg/apis/core/validation/validation.go, ValidatePersistentVolumeClaimUpdate: not below status.capacity.
  void shrinks(const State& was, const State& now) {
    auto d = diag::make<Code::ClaimShrinks>(now.sizeAt->span, context_.nameOf(*now.object), was.size->text(), now.size->text());
    d.related.push_back({was.sizeAt->span, "it was this"});
    d.help = fmt::format("keep {}, or make a smaller claim beside it and copy the data", was.size->text());
    d.fixes.push_back({fmt::format("keep {}", was.size->text()), {{now.sizeAt->span, was.size->text()}}});
    context_.report(std::move(d), {now.object});
  }

  /// MLS3142 … MLS3144: plugin/pkg/admission/storage/persistentvolume/resize: bound, and a class that allows it.
  void grows(const State& was, const State& now) {
    const auto name = context_.nameOf(*now.object);
    const bool known = now.classObject && now.facts && now.facts->expandable.has_value();
    const bool may = known && now.facts->expandable.value_or(false);
    const auto change = fmt::format("{} to {}", was.size->text(), now.size->text());
    if ((known && !may) || (now.className && now.className->empty())) {
      auto d = diag::make<Code::ClaimCannotGrow>(now.sizeAt->span, name, change, now.className ? *now.className : std::string_view{});
      if (now.classAt) d.related.push_back({now.classAt->entrySpan(), "the class is named here"});
      d.help = "make a larger claim beside it and copy the data, or set `allowVolumeExpansion: true` on the class first if its driver can";
      context_.report(std::move(d), {now.object, now.classObject});
      return;
    }
    if (may) {
      for (const auto& rest : kRests) {
        if (rest.driver != now.facts->provisioner) continue;
        auto d = diag::make<Code::VolumeMustRest>(now.sizeAt->span, name, change, rest.driver, rest.time);
        d.severity = diag::Severity::Note;   // when it was changed last is not known here
        d.help = "grow once by enough; a second change within that time fails and is retried";
        context_.report(std::move(d), {now.object, now.classObject});
      }
      return;
    }
    auto d = diag::make<Code::GrowthUncertain>(now.sizeAt->span, name, change);
    d.help = "declare the class (or give `--cluster`); a claim that is still Pending must be deleted and created with its new size";
    context_.report(std::move(d), {now.object});
  }

  // --- volumes -------------------------------------------------------------------------------

  /// MLS3145: a bound volume's capacity, modes and class are not checked again (controller: only unbound claims are matched).
  void volume(const ir::Object& before, const ir::Object& after) {
    const State* bound = boundTo(after);
    if (!bound) return;
    const auto* capacityAt = keys_.at<"spec.capacity.storage">(after.root);
    const auto capacity = quantityOf(capacityAt);
    const auto capacityBefore = quantityOf(keys_.at<"spec.capacity.storage">(before.root));
    const auto* modesAt = keys_.at<"spec.accessModes">(after.root);
    const auto* classAt = keys_.at<"spec.storageClassName">(after.root);
    const auto say = [&](const ir::Node* at, std::string_view field, std::string what) {
      auto d = diag::make<Code::BoundVolumeEdited>(at->span, field, context_.nameOf(after), context_.nameOf(*bound->object), std::move(what));
      d.related.push_back({bound->object->span, "this claim is bound to it"});
      d.help = "leave it as it was bound; a volume of another shape is another volume";
      context_.report(std::move(d), {&after, bound->object});
    };
    if (capacity && capacityBefore && *capacity < *capacityBefore && bound->size && *capacity < *bound->size)
      say(capacityAt, "capacity", fmt::format("{}, of which the claim holds {}", capacity->text(), bound->size->text()));
    if (modesAt && modesOf(modesAt) != modesOf(keys_.at<"spec.accessModes">(before.root)) && (bound->declared & ~modesOf(modesAt)))
      say(modesAt, "accessModes", fmt::format("{}, while the claim was given {}", modesText(modesOf(modesAt)), modesText(bound->declared)));
    if (classAt && textOf(classAt) != keys_.text<"spec.storageClassName">(before.root) && bound->className && *bound->className != textOf(classAt))
      say(classAt, "storageClassName", fmt::format("\"{}\", while the claim names \"{}\"", textOf(classAt), *bound->className));
  }

  const State* boundTo(const ir::Object& volume) const {
    const auto found = bound_.find(now_.text(volume.name));
    return found == bound_.end() ? nullptr : found->second;
  }

  /// MLS3146: what is kept today would be deleted with its owner tomorrow.
  void reclaim(const ir::Object& before, const ir::Object& after) {
    const auto say = [&](const ir::Node* at, std::string_view field, std::string_view consequence) {
      auto d = diag::make<Code::KeptBecomesDeleted>(at->entrySpan(), field, context_.objectText(after), consequence);
      d.help = "keep `Retain` unless the data may go";
      context_.report(std::move(d), {&after});
    };
    if (after.role == ir::Role::Volume) {
      const auto* at = keys_.at<"spec.persistentVolumeReclaimPolicy">(after.root);
      const auto was = keys_.text<"spec.persistentVolumeReclaimPolicy">(before.root);
      if (textOf(at) == "Delete" && was != "Delete") say(at, "persistentVolumeReclaimPolicy", "deleting the claim then deletes the data");
    }
    // external-snapshotter: a content takes the policy of its class when it is made.
    const auto kind = now_.kindOf(after);
    const bool group = kind == "VolumeGroupSnapshotClass" || kind == "VolumeGroupSnapshotContent";
    if (group || kind == "VolumeSnapshotClass" || kind == "VolumeSnapshotContent") {
      const bool content = kind.ends_with("Content");
      const auto* at = content ? keys_.at<"spec.deletionPolicy">(after.root) : keys_.at<"deletionPolicy">(after.root);
      const auto was = content ? keys_.text<"spec.deletionPolicy">(before.root) : keys_.text<"deletionPolicy">(before.root);
      if (textOf(at) == "Delete" && was == "Retain") say(at, "deletionPolicy", content ? "deleting its snapshot then deletes the copy" : "deleting a snapshot that is taken from now on deletes the copy too");
    }
    if (kind != "StatefulSet") return;
    const auto* policy = keys_.at<"spec.persistentVolumeClaimRetentionPolicy">(after.root);
    const auto* old = keys_.at<"spec.persistentVolumeClaimRetentionPolicy">(before.root);
    const auto* deleted = keys_.at<"whenDeleted">(policy);
    const auto* scaled = keys_.at<"whenScaled">(policy);
    // The controller sets owner references on claims that exist (stateful_set_utils.go, updateClaimOwnerRefForSetAndPod).
    if (textOf(deleted) == "Delete" && keys_.text<"whenDeleted">(old) != "Delete") say(deleted, "whenDeleted", "claims that exist already are then deleted with the set");
    if (textOf(scaled) == "Delete" && keys_.text<"whenScaled">(old) != "Delete") say(scaled, "whenScaled", "scaling down then deletes claims that exist already");
  }

  // --- StatefulSets --------------------------------------------------------------------------

  /// MLS3147: pkg/apis/apps/validation/validation.go, ValidateStatefulSetUpdate compares the templates as a whole.
  void templates(const ir::Object& before, const ir::Object& after) {
    const auto* old = keys_.at<"spec.volumeClaimTemplates">(before.root);
    const auto* fresh = keys_.at<"spec.volumeClaimTemplates">(after.root);
    for (const auto& one : ir::Children(fresh)) {
      const auto* twin = byName(old, keys_.text<"metadata.name">(&one));
      if (!twin) return sayTemplates(one.span, after, fmt::format("template \"{}\" is new", keys_.text<"metadata.name">(&one)), {}, nullptr);
      const auto* size = keys_.at<"spec.resources.requests.storage">(&one);
      const auto* sizeBefore = keys_.at<"spec.resources.requests.storage">(twin);
      const auto amount = quantityOf(size);
      const auto amountBefore = quantityOf(sizeBefore);
      if (amount && amountBefore && *amount != *amountBefore) {
        const bool larger = *amountBefore < *amount;
        const auto claims = fmt::format("{}-{}-0 …", keys_.text<"metadata.name">(&one), now_.text(after.name));
        return sayTemplates(size->span, after, fmt::format("template \"{}\" {} from {} to {}", keys_.text<"metadata.name">(&one), larger ? "grows" : "shrinks", amountBefore->text(), amount->text()),
                            larger ? fmt::format("grow the claims {} first, then ", claims) : std::string("no claim can shrink: keep the size, or copy the data to new claims and "), sizeBefore);
      }
      if (const auto* at = firstDifference(*twin, one)) return sayTemplates(at->entrySpan(), after, fmt::format("template \"{}\" differs", keys_.text<"metadata.name">(&one)), {}, twin);
    }
    for (const auto& one : ir::Children(old))
      if (!byName(fresh, keys_.text<"metadata.name">(&one)))
        return sayTemplates(fresh ? fresh->entrySpan() : after.span, after, fmt::format("template \"{}\" is gone", keys_.text<"metadata.name">(&one)), {}, &one);
  }

  /// MLS3150, MLS3152: which claims the pods of a set use follows from their numbers.
  /// Kubernetes: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#start-ordinal, #persistentvolumeclaim-retention
  void ordinals(const ir::Object& before, const ir::Object& after) {
    const auto firstOf = [&](const ir::Object& set) { return intOf(keys_.at<"spec.ordinals.start">(set.root)).value_or(0); };
    const auto countOf = [&](const ir::Object& set) { return intOf(keys_.at<"spec.replicas">(set.root)).value_or(1); };
    const auto was = firstOf(before);
    const auto now = firstOf(after);
    const auto wasCount = countOf(before);
    const auto nowCount = countOf(after);
    const auto* claims = keys_.at<"spec.volumeClaimTemplates">(after.root);
    if (was != now && wasCount > 0 && nowCount > 0) return renumbered(before, after, claims, {was, wasCount}, {now, nowCount});
    const bool deletes = keys_.text<"spec.persistentVolumeClaimRetentionPolicy.whenScaled">(after.root) == "Delete";
    const auto* at = keys_.at<"spec.replicas">(after.root);
    if (!deletes || nowCount >= wasCount || !at) return;
    for (const auto& claim : ir::Children(claims)) {
      auto d = diag::make<Code::StateGone>(at->entrySpan(), "the state in", claimsText(keys_.text<"metadata.name">(&claim), now_.text(after.name), now + nowCount, wasCount - nowCount),
                                           fmt::format("`{}` goes from {} to {}, and its whenScaled is Delete: the claims and their data are deleted", context_.nameOf(after), counted(wasCount, "pod"), nowCount));
      d.related.push_back({keys_.at<"spec.persistentVolumeClaimRetentionPolicy.whenScaled">(after.root)->entrySpan(), "this deletes them"});
      d.help = "set `whenScaled: Retain` before, or copy what is to stay";
      context_.report(std::move(d), {&after});
    }
  }

  struct Numbers {
    std::int64_t first = 0;
    std::int64_t count = 0;
  };

  void renumbered(const ir::Object& before, const ir::Object& after, const ir::Node* claims, Numbers was, Numbers now) {
    // Pods that have their number on both sides keep their claims.
    if (was.first >= now.first && was.first + was.count <= now.first + now.count) return;
    const auto* at = keys_.at<"spec.ordinals.start">(after.root);
    const auto* old = keys_.at<"spec.ordinals.start">(before.root);
    for (const auto& claim : ir::Children(claims)) {
      const auto name = keys_.text<"metadata.name">(&claim);
      const auto set = now_.text(after.name);
      auto d = diag::make<Code::StateSwapped>(at ? at->entrySpan() : after.span, fmt::format("what \"{}\" keeps", name), context_.nameOf(after), claimsText(name, set, was.first, was.count), claimsText(name, set, now.first, now.count));
      if (old && old->span.known()) d.related.push_back({old->entrySpan(), "it was this"});
      d.help = "a pod's number is part of its claim's name: keep `ordinals.start`, or copy the data first";
      context_.report(std::move(d), {&after});
    }
  }

  const ir::Node* byName(const ir::Node* list, std::string_view name) const {
    for (const auto& one : ir::Children(list))
      if (keys_.text<"metadata.name">(&one) == name) return &one;
    return nullptr;
  }

  /// A place in `now` where two templates differ, by meaning; null when they do not.
  const ir::Node* firstDifference(const ir::Node& was, const ir::Node& now) const {
    if (was.kind != ir::NodeKind::Map || now.kind != ir::NodeKind::Map) {
      if (ir::sameValue(was, now)) return nullptr;
      const auto a = quantityOf(&was);
      const auto b = quantityOf(&now);
      return a && b && *a == *b ? nullptr : &now;
    }
    for (const auto& child : ir::Children(&now)) {
      const auto* twin = ir::find(&was, child.key);
      const auto key = now_.text(child.key);
      if (!twin) {
        const bool standard = (key == "volumeMode" && textOf(&child) == "Filesystem") || key == "apiVersion" || key == "kind" || key == "status" || key == "creationTimestamp";
        if (standard) continue;
        return &child;
      }
      if (const auto* at = firstDifference(*twin, child)) return at;
    }
    for (const auto& child : ir::Children(&was)) {
      const auto key = now_.text(child.key);
      const bool standard = (key == "volumeMode" && textOf(&child) == "Filesystem") || key == "apiVersion" || key == "kind" || key == "status" || key == "creationTimestamp";
      if (!standard && !ir::find(&now, child.key)) return &now;
    }
    return nullptr;
  }

  void sayTemplates(base::Span span, const ir::Object& set, std::string what, std::string first, const ir::Node* before) {
    auto d = diag::make<Code::TemplatesFrozen>(span, context_.nameOf(set), std::move(what));
    if (before && before->span.known()) d.related.push_back({before->span, "it was this"});
    d.help = fmt::format("{}delete the set with `--cascade=orphan` and create it again: pods and claims stay", first);
    context_.report(std::move(d), {&set});
  }

  // --- config --------------------------------------------------------------------------------

  /// MLS3148: pkg/apis/core/validation/validation.go, ValidateConfigMapUpdate and ValidateSecretUpdate.
  void immutableData(const ir::Object& before, const ir::Object& after) {
    if (keys_.isTrue<"immutable">(before.root)) {
      for (const auto field : {"immutable", "data", "binaryData", "stringData"}) {
        const auto* was = ir::findPath(before.root, field, *now_.stack.symbols);
        const auto* now = ir::findPath(after.root, field, *now_.stack.symbols);
        if ((!was && !now) || (was && now && ir::sameValue(*was, *now))) continue;
        const auto* at = now && was ? firstDifference(*was, *now) : now;
        auto d = diag::make<Code::ImmutableData>(at ? at->entrySpan() : after.span, context_.objectText(after), field);
        d.help = "give it another name when its data changes, as with a hash of the data in the name: pods then take it up";
        context_.report(std::move(d), {&after});
        return;
      }
      return;
    }
    if (after.role == ir::Role::Secret) seeds(before, after);
  }

  /// MLS3151: a password that is read once, when the data directory is empty.
  void seeds(const ir::Object& before, const ir::Object& after) {
    const auto found = readers_.find(after.order);
    if (found == readers_.end()) return;
    for (const auto reader : found->second)
      for (const auto& pods : now_.podsOf(reader))
        for (const auto& container : now_.containersOf(pods)) seed(before, after, now_.stack.objects[reader], pods, container);
  }

  void seed(const ir::Object& before, const ir::Object& after, const ir::Object& workload, const Pods& pods, const Container& container) {
    bool keeps = false;
    for (const auto& mount : now_.mountsOf(container)) {
      const auto* volume = now_.volumeOf(mount);
      keeps = keeps || (volume && (volume->kind == VolumeKind::Claim || volume->kind == VolumeKind::Template || volume->kind == VolumeKind::HostPath));
    }
    if (!keeps) return;
    for (const auto& variable : ir::Children(keys_.at<"env">(container.node))) {
      const auto name = keys_.text<"name">(&variable);
      const bool isSeed = std::any_of(kSeeds.begin(), kSeeds.end(), [&](const SeedVariable& row) {
        return row.variable == name && container.image.find(row.image) != std::string_view::npos;
      });
      const auto* reference = keys_.at<"valueFrom.secretKeyRef">(&variable);
      if (!isSeed || keys_.text<"name">(reference) != now_.text(after.name)) continue;
      const auto key = keys_.text<"key">(reference);
      const auto* fresh = secretValue(after, key);
      const auto* old = secretValue(before, key);
      if (!fresh || !old || ir::sameValue(*fresh, *old) || !before.root) continue;
      auto d = diag::make<Code::SeedChanged>(fresh->entrySpan(), name, context_.nameOf(after), context_.nameOf(workload));
      d.related.push_back({variable.span, "read from here when the data directory is empty, and never again"});
      d.help = "change the password inside the database as well, before or after this update";
      context_.report(std::move(d), {&after, pods.workload});
    }
  }

  const ir::Node* secretValue(const ir::Object& secret, std::string_view key) const {
    for (const auto* map : {keys_.at<"stringData">(secret.root), keys_.at<"data">(secret.root)})
      for (const auto& child : ir::Children(map))
        if (now_.text(child.key) == key) return &child;
    return nullptr;
  }

  // --- what pods find at a path --------------------------------------------------------------

  struct Place {
    const Volume* volume = nullptr;
    const Mount* mount = nullptr;
    const Pods* pods = nullptr;
  };
  using Places = std::map<std::pair<std::string_view, std::string_view>, Place>;   // by container and path

  static Places placesOf(const Model& model, const ir::Object& workload) {
    Places places;
    for (const auto& pods : model.podsOf(workload.order))
      for (const auto& container : model.containersOf(pods))
        for (const auto& mount : model.mountsOf(container))
          if (const auto* volume = model.volumeOf(mount)) places.emplace(std::pair{container.name, mount.path}, Place{volume, &mount, &pods});
    return places;
  }

  static bool lasts(VolumeKind kind) {
    return kind == VolumeKind::Claim || kind == VolumeKind::Template || kind == VolumeKind::HostPath || kind == VolumeKind::Network || kind == VolumeKind::Disk;
  }

  /// MLS3149, MLS3150: the path stays, what is behind it does not.
  void mounts(const ir::Object& before, const ir::Object& after) {
    const auto old = placesOf(was_, before);
    const auto fresh = placesOf(now_, after);
    std::set<const Volume*> told;
    for (const auto& [where, place] : old) {
      if (!lasts(place.volume->kind) || place.mount->readOnly) continue;
      const auto found = fresh.find(where);
      if (found == fresh.end()) {
        unmounted(after, fresh, where, place);
        continue;
      }
      const auto& now = found->second;
      if (!told.insert(now.volume).second) continue;
      if (!lasts(now.volume->kind)) {
        if (now.mount->readOnly) continue;
        auto d = diag::make<Code::StateBecomesScratch>(now.mount->node->span, where.second, context_.nameOf(after), describe(*place.volume), describe(*now.volume));
        d.related.push_back({place.mount->node->span, "it was this"});
        d.help = "keep the claim at this path; what the pods write there would end with them";
        context_.report(std::move(d), {&after});
      } else if (describe(place) != describe(now)) {
        auto d = diag::make<Code::StateSwapped>(now.mount->node->span, where.second, context_.nameOf(after), describe(place), describe(now));
        d.related.push_back({place.mount->node->span, "it was this"});
        d.help = "copy the data first if the pods need what they wrote";
        context_.report(std::move(d), {&after});
      }
    }
  }

  /// MLS3149: the path is no longer a mount, though the volume is there and another container has it. What no container mounts is
  /// told without the old stack.
  void unmounted(const ir::Object& after, const Places& fresh, const std::pair<std::string_view, std::string_view>& where, const Place& was) {
    const Place* other = nullptr;
    const Container* same = nullptr;
    for (const auto& pods : now_.podsOf(after.order))
      for (const auto& container : now_.containersOf(pods))
        if (container.name == where.first) same = &container;
    if (!same || same->phase == Phase::Init || mountAt(now_, *same, where.second)) return;
    for (const auto& [there, place] : fresh) {
      if (describe(*place.volume) != describe(*was.volume)) continue;
      if (there.first == where.first) return;   // at another path
      other = &place;
    }
    if (!other) return;
    auto d = diag::make<Code::StateBecomesScratch>(same->node->span, where.second, context_.nameOf(after), describe(was), "the container's own layer");
    d.severity = diag::Severity::Warning;
    d.related.push_back({was.mount->node->span, fmt::format("`{}` had it here", where.first)});
    d.related.push_back({other->mount->node->span, "the volume is still mounted here"});
    d.help = "mount it again, unless the program needs it no more";
    context_.report(std::move(d), {&after});
  }

  /// MLS3154: files of a database that another major version does not open.
  void versions(const ir::Object& before, const ir::Object& after) {
    for (const auto& pods : now_.podsOf(after.order)) {
      for (const auto& container : now_.containersOf(pods)) {
        if (container.phase == Phase::Init) continue;
        for (const auto& others : was_.podsOf(before.order))
          for (const auto& other : was_.containersOf(others))
            if (other.name == container.name) version(after, other, container);
      }
    }
  }

  void version(const ir::Object& after, const Container& was, const Container& now) {
    const auto* program = programOf(now.image);
    const auto* old = programOf(was.image);
    if (!program || !old || program->title != old->title || program->what != Content::Database) return;
    const auto major = majorOf(now.image);
    const auto majorWas = majorOf(was.image);
    if (!major || !majorWas || *major == *majorWas) return;
    const bool each = program->title == "PostgreSQL" || program->title == "TimescaleDB";
    if (program->title == "TimescaleDB" && (now.image.find("pg") == std::string_view::npos || was.image.find("pg") == std::string_view::npos)) return;
    const bool steps = program->title == "MongoDB" || program->title == "Elasticsearch" || program->title == "OpenSearch" || program->title == "Neo4j";
    const bool down = *major < *majorWas;
    if (!each && !(down && (steps || program->title == "MySQL" || program->title == "MariaDB")) && !(steps && *major > *majorWas + 1)) return;
    // The same folder on a volume that stays.
    for (const auto& folder : stateDirectories(now_, now)) {
      if (folder.what != Content::Database || folder.program != program) continue;
      const auto* mount = mountAt(now_, now, folder.path);
      const auto* volume = mount ? now_.volumeOf(*mount) : nullptr;
      if (!volume || !lasts(volume->kind)) continue;
      for (const auto& oldFolder : stateDirectories(was_, was)) {
        const auto* oldMount = oldFolder.path == folder.path ? mountAt(was_, was, oldFolder.path) : nullptr;
        const auto* oldVolume = oldMount ? was_.volumeOf(*oldMount) : nullptr;
        if (!oldVolume || describe({oldVolume, oldMount, nullptr}) != describe({volume, mount, nullptr})) continue;
        const auto* at = keys_.at<"image">(now.node);
        auto d = diag::make<Code::DataOfOtherVersion>(at ? at->span : now.node->span, context_.nameOf(after), program->title, *majorWas, *major, folder.path);
        if (const auto* oldImage = keys_.at<"image">(was.node); oldImage && oldImage->span.known()) d.related.push_back({oldImage->span, "it was this"});
        d.help = each ? "dump and restore, or run pg_upgrade with both versions, into another folder or claim first"
                 : down ? "no version opens the files of a newer one: restore a backup that was taken before"
                        : "go up one major version at a time, each started once on the data";
        context_.report(std::move(d), {&after});
        return;
      }
    }
  }

  static std::string describe(const Place& place) {
    if (place.mount->subPath.empty()) return describe(*place.volume);
    return fmt::format("folder \"{}\" of {}", place.mount->subPath, describe(*place.volume));
  }

  static std::string describe(const Volume& volume) {
    switch (volume.kind) {
      case VolumeKind::Claim: return fmt::format("claim \"{}\"", volume.refers);
      case VolumeKind::Template: return fmt::format("claim template \"{}\"", volume.name);
      case VolumeKind::Ephemeral: return "a claim that ends with the pod";
      case VolumeKind::HostPath: return fmt::format("hostPath {}", sourceText(volume));
      case VolumeKind::EmptyDir:
      case VolumeKind::Memory: return "an emptyDir";
      case VolumeKind::ConfigMap: return fmt::format("config \"{}\"", volume.refers);
      case VolumeKind::Secret: return fmt::format("secret \"{}\"", volume.refers);
      case VolumeKind::Network:
      case VolumeKind::Disk: return fmt::format("{} {}", volume.field, sourceText(volume));
      case VolumeKind::Projected:
      case VolumeKind::DownwardApi:
      case VolumeKind::Image:
      case VolumeKind::Csi:
      case VolumeKind::Other: return fmt::format("{} volume \"{}\"", volume.field.empty() ? "a" : volume.field, volume.name);
    }
    return {};
  }

  /// The strings of a source in one text: what tells two of them apart.
  static std::string sourceText(const Volume& volume) {
    std::string text;
    for (const auto& child : ir::Children(volume.source)) {
      if (child.kind != ir::NodeKind::String) continue;
      text += text.empty() ? "" : ":";
      text += child.text();
    }
    return text;
  }

  // --- what is no longer there ---------------------------------------------------------------

  /// MLS3152: a thing that holds state is in the old stack only.
  void gone(const ir::Object& object) {
    const auto say = [&](std::string_view what, std::string consequence, std::string help) {
      auto d = object.isProtected ? diag::make<Code::ProtectedGone>(object.span, context_.objectText(object)) : diag::make<Code::StateGone>(object.span, what, context_.nameOf(object), std::move(consequence));
      d.help = std::move(help);
      d.object = context_.objectText(object);
      context_.report(std::move(d), {});
    };
    const auto kind = was_.kindOf(object);
    if (object.role == ir::Role::Claim) {
      const auto* state = was_.stateOf(object);
      const auto kept = state ? reclaimOf(*state) : std::string_view{};
      say("claim", kept == "Retain"   ? "deleting it leaves its volume Released, with the data, and no new claim finds it"
                   : kept == "Delete" ? "deleting it deletes its volume and the data"
                                      : "deleting it deletes the data too, unless its volume has the reclaim policy Retain",
          "keep the claim in the files until its data may go");
    } else if (kind == "StatefulSet" && ir::Children(keys_.at<"spec.volumeClaimTemplates">(object.root)).size() > 0) {
      const bool deletes = keys_.text<"spec.persistentVolumeClaimRetentionPolicy.whenDeleted">(object.root) == "Delete";
      say("set", deletes ? "its claims are deleted with it (whenDeleted is Delete)" : "its claims stay and nothing uses them; a set of another name starts empty",
          "a set that is renamed needs its claims copied, or the old name");
    } else if (object.role == ir::Role::Namespace) {
      say("namespace", "deleting it deletes every claim in it", "keep the namespace while anything in it holds data");
    } else if (object.role == ir::Role::Snapshot) {
      say("snapshot", "deleting it deletes the stored copy, unless its class has the deletion policy Retain", "keep it while it is the way back");
    } else if (object.role == ir::Role::Volume) {
      if (const auto* state = boundTo(object))
        say("volume", fmt::format("claim \"{}\" is bound to it and would be Lost", state->name), "delete the claim first, or keep the volume");
    }
  }

  std::string_view reclaimOf(const State& state) const {
    if (state.volume) {
      const auto policy = keys_.text<"spec.persistentVolumeReclaimPolicy">(state.volume->root);
      return policy.empty() ? "Retain" : policy;
    }
    return state.facts ? state.facts->reclaim : std::string_view{};
  }

  const Model& was_;
  const Model& now_;
  const Keys& keys_;
  Context& context_;
  std::unordered_map<std::string_view, const State*> bound_;             // by the volume's name
  std::unordered_map<ir::ObjectId, std::vector<ir::ObjectId>> readers_;  // of secrets, in `now`
};

}  // namespace

bool isAboutMatching(diag::Code code) {
  constexpr std::array kMatching{Code::VolumeRefused, Code::NoVolumeFits,        Code::VolumeMissed,        Code::ReservedElsewhere, Code::FewerModesFirst,
                                 Code::MuchLarger,    Code::SelectorWithProvisioner, Code::NothingMakesVolumes, Code::ClassMissing,      Code::NoDefaultClass,
                                 Code::DefaultClassOpen, Code::DefaultTakesClaim, Code::WaitsForConsumer};
  return std::find(kMatching.begin(), kMatching.end(), code) != kMatching.end();
}

void analyseChange(const ir::Stack& was, const ir::Stack& now, const base::SourceSet& sources, diag::Sink& sink) {
  const Model before(was);
  const Model after(now);
  Context context(after, sources, sink);
  Change(before, context).run();
}

}  // namespace mlstack::storage
