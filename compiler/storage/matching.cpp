#include "storage/matching.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "storage/model.h"
#include "storage/placement.h"

namespace mlstack::storage {

namespace {

/// How many volumes of a class are looked at for the one that nearly fits; it only words a hint.
constexpr std::size_t kNearestTries = 256;

/// A claim's wishes.
struct Wish {
  const State* state = nullptr;
  std::string_view className{};
  std::string_view attributes{};
  const ir::Node* selector = nullptr;
  std::string_view nameSpace{};
  bool waits = false;                         // binds in the scheduler's path
  std::vector<Placement> pods;                // where its pods may run; of those that wait
};

/// Volumes of one class, volume mode, attributes class and set of access modes, smallest first; those that are taken
/// are skipped by `next`.
struct Group {
  std::vector<std::uint32_t> volumes;
  std::vector<std::uint32_t> next;

  std::uint32_t free(std::uint32_t at) {
    std::uint32_t end = at;
    while (end < next.size() && next[end] != end) end = next[end];
    while (at < next.size() && next[at] != at) {
      const auto after = next[at];
      next[at] = end;
      at = after;
    }
    return end;
  }
};

/// What the volumes of a group have in common; with a label, those of them that carry it.
struct GroupKey {
  std::string_view className{};
  std::string_view attributes{};
  base::Symbol label{};
  std::string_view value{};
  Modes modes = 0;
  bool block = false;
  bool labelled = false;

  bool operator==(const GroupKey&) const = default;
  [[nodiscard]] GroupKey with(base::Symbol name, std::string_view text) const {
    GroupKey key = *this;
    key.label = name;
    key.value = text;
    key.labelled = true;
    return key;
  }
};

struct GroupHash {
  std::size_t operator()(const GroupKey& key) const {
    const std::hash<std::string_view> hash;
    const auto texts = base::FlatIndex::mix(hash(key.className), base::FlatIndex::mix(hash(key.attributes), hash(key.value)));
    return base::FlatIndex::mix(texts, (std::uint64_t{key.label.id} << 8U) + (std::uint64_t{key.modes} << 2U) + (key.block ? 2U : 0U) + (key.labelled ? 1U : 0U));
  }
};

std::string claimKey(std::string_view nameSpace, std::string_view name) { return fmt::format("{}/{}", nameSpace, name); }

}  // namespace

std::string nameStem(std::string_view name) {
  std::string stem;
  while (!name.empty()) {
    const auto end = std::min(name.find_first_of("-._"), name.size());
    const auto part = name.substr(0, end);
    if (part != "pv" && part != "pvc" && part != "claim" && part != "volume" && part != "vol" && part != "persistent") stem.append(stem.empty() ? "" : "-").append(part);
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return stem;
}

bool selects(const Model& model, const ir::Node* selector, const ir::Node* labels) {
  const auto& keys = model.keys;
  for (const auto& wanted : ir::Children(keys.at<"matchLabels">(selector)))
    if (const auto* label = ir::find(labels, wanted.key); !label || textOf(label) != textOf(&wanted)) return false;
  for (const auto& expression : ir::Children(keys.at<"matchExpressions">(selector))) {
    const auto* label = ir::find(labels, model.stack.symbols->intern(keys.text<"key">(&expression)));
    const auto word = keys.text<"operator">(&expression);
    bool listed = false;
    for (const auto& value : ir::Children(keys.at<"values">(&expression))) listed = listed || (label && textOf(label) == textOf(&value));
    if (word == "In" && !listed) return false;
    if (word == "NotIn" && listed) return false;
    if (word == "Exists" && !label) return false;
    if (word == "DoesNotExist" && label) return false;
  }
  return true;
}

/// Fills a Matching; the parts of its work.
class Matcher {
 public:
  explicit Matcher(Model& model) : model_(model), keys_(model.keys), matching_(model.matching) {
    const auto version = model.stack.kubernetes;
    int minor = 0;
    for (const char c : version.substr(std::min(version.size(), version.find('.') + 1)))
      if (c >= '0' && c <= '9') minor = minor * 10 + (c - '0');
    attributesCount_ = minor >= 34;
  }

  void run() {
    readClasses();
    readVolumes();
    matching_.bindings.resize(model_.states.size());
    wishes_.reserve(model_.states.size());
    std::vector<std::size_t> named, others, waiting;
    for (std::size_t i = 0; i < model_.states.size(); ++i) {
      wishes_.push_back(wishOf(model_.states[i]));
      if (keys_.at<"volumeName">(model_.states[i].spec)) named.push_back(i);
      else (wishes_[i].waits ? waiting : others).push_back(i);
    }
    for (const auto i : named) bindNamed(i);
    for (const auto i : others) bindFree(i);
    sortWaiting(waiting);
    for (const auto i : waiting) bindFree(i);
    finish();
  }

 private:
  void readClasses() {
    for (const auto& object : model_.stack.objects) {
      if (object.role != ir::Role::Class) continue;
      const auto* annotations = keys_.at<"metadata.annotations">(object.root);
      for (const auto* mark : {ir::find(annotations, keys_.symbol<"storageclass.kubernetes.io/is-default-class">()),
                               ir::find(annotations, keys_.symbol<"storageclass.beta.kubernetes.io/is-default-class">())}) {
        if (textOf(mark) != "true" && !isTrue(mark)) continue;
        matching_.defaultClasses.push_back(&object);
        break;
      }
    }
    knowsClasses_ = model_.knowsAll("StorageClass");
  }

  void readVolumes() {
    std::size_t count = 0;
    for (const auto& object : model_.stack.objects) count += object.role == ir::Role::Volume && object.root ? 1 : 0;
    matching_.volumes.reserve(count);
    matching_.byName.reserve(count);
    for (const auto& object : model_.stack.objects)
      if (object.role == ir::Role::Volume && object.root) addVolume(object);
    order_.resize(matching_.volumes.size());
    for (std::uint32_t i = 0; i < order_.size(); ++i) order_[i] = i;
    const auto less = [&](std::uint32_t a, std::uint32_t b) { return matching_.volumes[a].size < matching_.volumes[b].size; };
    if (!std::is_sorted(order_.begin(), order_.end(), less)) std::stable_sort(order_.begin(), order_.end(), less);
    const std::string_view* className = nullptr;
    std::vector<std::uint32_t>* ofClass = nullptr;
    for (const auto i : order_) {
      const auto& row = matching_.volumes[i];
      if (!className || *className != row.className) ofClass = &ofClass_[row.className];
      className = &row.className;
      ofClass->push_back(i);
      if (row.claimRef) ofClaim_[claimKey(row.claimSpace, row.claimName)].push_back(i);
    }
  }

  /// Made when a claim first looks for a volume of its own: many name theirs.
  void makeGroups() {
    if (grouped_) return;
    grouped_ = true;
    labelled_ = std::any_of(wishes_.begin(), wishes_.end(), [](const Wish& wish) { return wish.selector != nullptr; });
    for (const auto i : order_) {
      const auto& row = matching_.volumes[i];
      if (row.claimRef || !row.available) continue;
      modesAtHand_ |= 1U << row.modes;
      const auto key = keyOf(row);
      join(key, i);
      if (!labelled_) continue;
      for (const auto& label : ir::Children(row.labels)) join(key.with(label.key, textOf(&label)), i);
    }
  }

  static GroupKey keyOf(const VolumeRow& row) { return {row.className, row.attributes, {}, {}, row.modes, row.block, false}; }

  void join(const GroupKey& key, std::uint32_t volume) {
    auto& group = groups_[key];
    const auto place = static_cast<std::uint32_t>(group.volumes.size());
    group.next.push_back(matching_.volumes[volume].taker ? place + 1 : place);
    group.volumes.push_back(volume);
  }

  void addVolume(const ir::Object& object) {
    auto& row = matching_.volumes.emplace_back();
    row.object = &object;
    row.spec = keys_.at<"spec">(object.root);
    row.labels = keys_.at<"metadata.labels">(object.root);
    row.classAt = keys_.at<"storageClassName">(row.spec);
    if (const auto* old = ir::find(keys_.at<"metadata.annotations">(object.root), keys_.symbol<"volume.beta.kubernetes.io/storage-class">()); isText(old)) row.classAt = old;
    row.className = textOf(row.classAt);
    row.modes = modesOf(keys_.at<"accessModes">(row.spec));
    row.block = keys_.text<"volumeMode">(row.spec) == "Block";
    if (attributesCount_) row.attributes = keys_.text<"volumeAttributesClassName">(row.spec);
    row.sizeAt = keys_.at<"capacity.storage">(row.spec);
    row.size = quantityOf(row.sizeAt);
    row.claimRef = keys_.at<"claimRef">(row.spec);
    row.claimName = keys_.text<"name">(row.claimRef);
    row.claimSpace = keys_.text<"namespace">(row.claimRef);
    row.claimUid = !keys_.text<"uid">(row.claimRef).empty();
    const auto phase = keys_.text<"status.phase">(object.root);
    const bool held = phase == "Bound" && row.claimRef;
    row.available = !keys_.at<"metadata.deletionTimestamp">(object.root) && (phase.empty() || phase == "Available" || phase == "Pending" || held);
    const auto number = static_cast<std::uint32_t>(matching_.volumes.size() - 1);
    matching_.byName.emplace(model_.text(object.name), number);
  }

  void makeStems() {
    if (!ofStem_.empty()) return;
    for (std::uint32_t i = 0; i < matching_.volumes.size(); ++i) ofStem_[nameStem(model_.text(matching_.volumes[i].object->name))].push_back(i);
  }

  Wish wishOf(const State& state) {
    Wish wish;
    wish.state = &state;
    if (attributesCount_) wish.attributes = keys_.text<"volumeAttributesClassName">(state.spec);
    wish.selector = keys_.at<"selector">(state.spec);
    wish.nameSpace = model_.text(model_.nameSpaceOf(*state.object));
    auto& binding = bindingOf(state);
    const ir::Object* object = state.classObject;
    if (state.className) {
      wish.className = *state.className;
      binding.classUnknown = !object && !wish.className.empty();
      binding.classAbsent = binding.classUnknown && knowsClasses_;
    } else if (!matching_.defaultClasses.empty()) {
      // Of several the newest wins; which one that is, no manifest says.
      object = matching_.defaultClasses.front();
      wish.className = model_.text(object->name);
    } else {
      binding.defaultDecides = !knowsClasses_;
    }
    binding.classStatic = object ? makesNone(*object) : wish.className.empty() && !binding.defaultDecides;
    wish.waits = object && bindingModeOf(*object) == "WaitForFirstConsumer";
    if (wish.waits && !matching_.volumes.empty())
      for (const auto& use : state.uses) wish.pods.push_back(Placement::ofPod(keys_, *model_.stack.symbols, use.pods->spec));
    return wish;
  }

  std::string_view bindingModeOf(const ir::Object& object) const {
    if (const auto written = keys_.text<"volumeBindingMode">(object.root); !written.empty()) return written;
    return object.facts ? object.facts->bindingMode : std::string_view{};
  }

  bool makesNone(const ir::Object& object) const {
    const auto provisioner = keys_.text<"provisioner">(object.root);
    if (provisioner == "kubernetes.io/no-provisioner") return true;
    return object.facts && object.facts->staticOnly.value_or(false);
  }

  Binding& bindingOf(const State& state) { return matching_.bindings[static_cast<std::size_t>(&state - model_.states.data())]; }

  /// Everything but what others have: checkVolumeSatisfyClaim and the filter of FindMatchingVolume.
  Misfits misfitsOf(const Wish& wish, const VolumeRow& row, bool bySelector) const {
    Misfits misfits = 0;
    const auto add = [&](bool holds, Misfit misfit) { misfits = static_cast<Misfits>(misfits | (holds ? misfit : 0)); };
    const auto& state = *wish.state;
    add(state.size && row.size && *row.size < *state.size, TooSmall);
    add((state.declared & ~row.modes) != 0, LacksMode);
    add(state.block != row.block, OtherVolumeMode);
    add(wish.attributes != row.attributes, OtherAttributes);
    add(wish.className != row.className, OtherClass);
    add(bySelector && wish.selector && !selects(model_, wish.selector, row.labels), NotSelected);
    add(!row.available, Unavailable);
    return misfits;
  }

  bool isReservedFor(const VolumeRow& row, const Wish& wish) const {
    // A volume that its claim has left (Released) keeps that one's uid: a new claim of the name is another.
    const bool isLeft = !row.available && row.claimUid;
    return row.claimRef && !isLeft && wish.state->kind == StateKind::Claim && row.claimName == wish.state->name && row.claimSpace == wish.nameSpace;
  }

  /// spec.volumeName: the volume is looked at alone (syncUnboundClaim).
  void bindNamed(std::size_t index) {
    const auto& wish = wishes_[index];
    auto& binding = matching_.bindings[index];
    binding.named = true;
    const auto at = matching_.byName.find(keys_.text<"volumeName">(wish.state->spec));
    if (at == matching_.byName.end()) {
      binding.missing = true;
      if (model_.knowsAll("PersistentVolume")) binding.outcome = Outcome::Never;
      return;
    }
    auto& row = matching_.volumes[at->second];
    binding.volume = at->second;
    binding.misfits = misfitsOf(wish, row, false);
    if (isReservedFor(row, wish)) {
      binding.reserved = true;
      binding.misfits = misfitsOf(wish, row, true);
      binding.outcome = Outcome::Binds;   // unchecked, whatever `misfits` says
    } else {
      if (row.claimRef) binding.misfits |= Reserved;
      if (row.taker) binding.misfits |= Taken;
      // What the cluster has bound already is not looked at again.
      const bool isBound = wish.state->object->external && keys_.text<"status.phase">(wish.state->root) == "Bound";
      binding.outcome = binding.misfits == 0 || isBound ? Outcome::Binds : Outcome::Never;
      // The class that it gets may be the volume's.
      if (binding.defaultDecides && binding.misfits == OtherClass) binding.outcome = Outcome::Unknown;
    }
    if (binding.outcome != Outcome::Never) take(at->second, *wish.state);
    else binding.alternative = find(wish, false).volume;
  }

  void take(std::uint32_t volume, const State& state) {
    auto& row = matching_.volumes[volume];
    if (!row.taker) row.taker = &state;
    if (!grouped_ || row.claimRef || !row.available) return;
    const auto key = keyOf(row);
    strike(key, volume);
    if (!labelled_) return;
    for (const auto& label : ir::Children(row.labels)) strike(key.with(label.key, textOf(&label)), volume);
  }

  void strike(const GroupKey& key, std::uint32_t volume) {
    auto& group = groups_[key];
    const auto& rows = matching_.volumes;
    auto at = std::lower_bound(group.volumes.begin(), group.volumes.end(), volume, [&](std::uint32_t a, std::uint32_t b) {
      return rows[a].size != rows[b].size ? rows[a].size < rows[b].size : a < b;
    });
    if (at == group.volumes.end() || *at != volume) return;
    const auto place = static_cast<std::uint32_t>(at - group.volumes.begin());
    group.next[place] = place + 1;
  }

  struct Found {
    std::uint32_t volume = Binding::kNone;
    std::uint32_t smaller = Binding::kNone;
    bool reserved = false;
  };

  /// A volume that names this claim comes before all others; else the smallest of the group with the fewest modes,
  /// for the scheduler the smallest of all.
  Found find(const Wish& wish, bool reservedOnly) {
    const auto& state = *wish.state;
    if (state.kind == StateKind::Claim && !ofClaim_.empty()) {
      if (const auto own = reservedFor(wish, claimKey(wish.nameSpace, state.name)); own != Binding::kNone) return {own, Binding::kNone, true};
    }
    Found best;
    if (reservedOnly) return best;
    makeGroups();
    // The claim has the class "" unless a default class decides otherwise.
    for (int count = 1; count <= 4; ++count) {
      for (Modes modes = 1; modes < 16; ++modes) {
        if ((modesAtHand_ & (1U << modes)) == 0 || std::popcount(static_cast<unsigned>(modes)) != count || (state.declared & ~modes) != 0) continue;
        const auto volume = smallest(wish, modes);
        if (volume == Binding::kNone) continue;
        const auto& rows = matching_.volumes;
        const bool less = best.volume == Binding::kNone || rows[volume].size < rows[best.volume].size;
        if (best.volume == Binding::kNone || (less && wish.waits)) best.volume = volume;
        else if (less && (best.smaller == Binding::kNone || rows[volume].size < rows[best.smaller].size)) best.smaller = volume;
      }
    }
    return best;
  }

  std::uint32_t reservedFor(const Wish& wish, const std::string& claim) const {
    const auto at = ofClaim_.find(claim);
    if (at == ofClaim_.end()) return Binding::kNone;
    for (const auto volume : at->second) {
      const auto& row = matching_.volumes[volume];
      // The scheduler, which looks at volumes of the claim's class, takes a reserved one before it looks at modes.
      const bool byScheduler = wish.waits && wish.className == row.className;
      const Misfits checked = TooSmall | OtherVolumeMode | OtherAttributes | Unavailable | (byScheduler ? 0 : LacksMode);
      if (!row.taker && !(misfitsOf(wish, row, false) & checked)) return volume;
    }
    return Binding::kNone;
  }

  std::uint32_t smallest(const Wish& wish, Modes modes) {
    const auto& rows = matching_.volumes;
    auto best = Binding::kNone;
    for (auto* group : groupsFor(wish, {wish.className, wish.attributes, {}, {}, modes, wish.state->block, false})) {
      auto at = static_cast<std::uint32_t>(std::lower_bound(group->volumes.begin(), group->volumes.end(), wish.state->size,
                                                            [&](std::uint32_t a, const auto& size) { return rows[a].size < size; }) - group->volumes.begin());
      for (at = group->free(at); at < group->volumes.size(); at = group->free(at + 1)) {
        const auto volume = group->volumes[at];
        if (wish.selector && !selects(model_, wish.selector, rows[volume].labels)) continue;
        if (!reaches(wish, rows[volume])) continue;
        const bool less = best == Binding::kNone || (rows[volume].size != rows[best].size ? rows[volume].size < rows[best].size : volume < best);
        if (less) best = volume;
        break;
      }
    }
    return best;
  }

  /// With labels asked for, the shortest lists of volumes that carry one of them.
  std::vector<Group*> groupsFor(const Wish& wish, const GroupKey& key) {
    const auto at = groups_.find(key);
    if (at == groups_.end()) return {};
    std::vector<Group*> shortest{&at->second};
    auto least = at->second.volumes.size();
    for (const auto& label : ir::Children(keys_.at<"matchLabels">(wish.selector))) {
      const auto labelled = groups_.find(key.with(label.key, textOf(&label)));
      if (labelled == groups_.end()) return {};
      if (labelled->second.volumes.size() >= least) continue;
      shortest.assign(1, &labelled->second);
      least = labelled->second.volumes.size();
    }
    for (const auto& expression : ir::Children(keys_.at<"matchExpressions">(wish.selector))) {
      if (keys_.text<"operator">(&expression) != "In") continue;
      const auto name = model_.stack.symbols->intern(keys_.text<"key">(&expression));
      std::vector<Group*> any;
      std::size_t count = 0;
      for (const auto& value : ir::Children(keys_.at<"values">(&expression))) {
        const auto labelled = groups_.find(key.with(name, textOf(&value)));
        if (labelled == groups_.end()) continue;
        any.push_back(&labelled->second);
        count += labelled->second.volumes.size();
      }
      if (count >= least) continue;
      shortest = std::move(any);
      least = count;
    }
    return shortest;
  }

  bool reaches(const Wish& wish, const VolumeRow& row) const {
    if (wish.pods.empty() || !keys_.at<"nodeAffinity">(row.spec)) return true;
    const auto here = Placement::ofVolume(keys_, row.spec);
    return std::all_of(wish.pods.begin(), wish.pods.end(), [&](const Placement& pods) { return pods.meets(here); });
  }

  void bindFree(std::size_t index) {
    const auto& wish = wishes_[index];
    const auto& state = *wish.state;
    auto& binding = matching_.bindings[index];
    const auto copies = state.kind == StateKind::Claim ? std::int64_t{1} : std::max<std::int64_t>(state.copies, 0);
    const auto tries = std::min<std::int64_t>(copies, static_cast<std::int64_t>(matching_.volumes.size()) + 1);
    std::int64_t served = 0;
    Found first;
    for (std::int64_t copy = 0; copy < tries; ++copy) {
      auto found = find(wish, binding.defaultDecides);
      if (state.kind == StateKind::Template && found.volume == Binding::kNone) found = {};
      if (const auto own = reservedForCopy(wish, copy); own != Binding::kNone) found = {own, Binding::kNone, true};
      if (found.volume == Binding::kNone && ofClaim_.empty()) break;   // nor do the others find one
      if (found.volume == Binding::kNone) continue;
      if (first.volume == Binding::kNone) first = found;
      take(found.volume, state);
      ++served;
    }
    binding.volume = first.volume;
    binding.smaller = first.smaller;
    binding.reserved = first.reserved;
    if (first.volume != Binding::kNone && first.reserved) binding.misfits = misfitsOf(wish, matching_.volumes[first.volume], true);
    binding.unserved = copies - served;
    const bool isMade = keys_.at<"dataSource">(state.spec) || keys_.at<"dataSourceRef">(state.spec);   // no volume at hand is meant
    if (binding.defaultDecides && first.volume == Binding::kNone && !isMade) binding.alternative = find(wish, false).volume;
    binding.outcome = outcomeOf(wish, binding, served == copies && copies > 0);
  }

  /// The claims of a StatefulSet have names: TEMPLATE-SET-N.
  std::uint32_t reservedForCopy(const Wish& wish, std::int64_t copy) const {
    const auto& state = *wish.state;
    if (state.kind != StateKind::Template || ofClaim_.empty()) return Binding::kNone;
    const auto start = intOf(keys_.at<"spec.ordinals.start">(state.object->root)).value_or(0);
    return reservedFor(wish, claimKey(wish.nameSpace, fmt::format("{}-{}-{}", state.name, model_.text(state.object->name), start + copy)));
  }

  Outcome outcomeOf(const Wish& wish, const Binding& binding, bool all) const {
    if (all) return wish.waits && !binding.reserved ? Outcome::Waits : Outcome::Binds;
    if (binding.classAbsent) return Outcome::Never;
    if (binding.classUnknown || binding.defaultDecides) return Outcome::Unknown;
    if (!binding.classStatic) return wish.waits ? Outcome::Waits : Outcome::Provisioned;
    // A class that makes nothing: only what is there can serve.
    return model_.knowsAll("PersistentVolume") || ofClass_.contains(wish.className) ? Outcome::Never : Outcome::Unknown;
  }

  void sortWaiting(std::vector<std::size_t>& waiting) const {
    const auto first = [&](std::size_t i) { return model_.states[i].uses.empty() ? nullptr : model_.states[i].uses.front().pods; };
    std::stable_sort(waiting.begin(), waiting.end(), [&](std::size_t a, std::size_t b) {
      const auto* podsA = first(a);
      const auto* podsB = first(b);
      if (podsA != podsB) return std::less<>()(podsA, podsB);
      return model_.states[a].size < model_.states[b].size;
    });
  }

  // --- what nearly fits -------------------------------------------------------------------------

  void finish() {
    for (std::size_t i = 0; i < model_.states.size(); ++i) {
      auto& state = model_.states[i];
      auto& binding = matching_.bindings[i];
      const bool takes = binding.volume != Binding::kNone && binding.outcome != Outcome::Never;
      if (takes || (binding.volume != Binding::kNone && binding.unserved > 0)) {
        state.volume = matching_.volumes[binding.volume].object;
        if (!state.facts && state.volume->facts) state.facts = state.volume->facts;
      }
      const bool isMade = keys_.at<"dataSource">(state.spec) || keys_.at<"dataSourceRef">(state.spec);
      if (binding.volume == Binding::kNone && !binding.named && !isMade && !matching_.volumes.empty()) findNearest(wishes_[i], binding);
    }
  }

  void findNearest(const Wish& wish, Binding& binding) {
    int best = 1000;
    const auto consider = [&](std::uint32_t volume, bool meant) {
      const auto& row = matching_.volumes[volume];
      auto misfits = misfitsOf(wish, row, true);
      if (row.claimRef && !isReservedFor(row, wish)) misfits |= Reserved;
      if (row.taker) misfits |= Taken;
      if (!reaches(wish, row)) misfits |= Elsewhere;
      if (misfits == 0) return;
      const int distance = std::popcount(static_cast<unsigned>(misfits)) * 2 - (meant ? 3 : 0) + ((misfits & (Taken | Reserved)) ? 2 : 0);
      if (distance >= best) return;
      best = distance;
      binding.nearest = volume;
      binding.nearestMisfits = misfits;
    };
    makeStems();
    if (const auto own = ofClaim_.find(claimKey(wish.nameSpace, wish.state->name)); own != ofClaim_.end())
      for (const auto volume : own->second) consider(volume, true);
    if (const auto alike = ofStem_.find(nameStem(wish.state->name)); alike != ofStem_.end())
      for (const auto volume : alike->second) consider(volume, true);
    const auto ofClass = ofClass_.find(wish.className);
    if (ofClass == ofClass_.end()) return;
    // The largest come last: of those that are too small the largest is nearest.
    const auto& list = ofClass->second;
    for (std::size_t tried = 0; tried < std::min(list.size(), kNearestTries); ++tried) consider(list[list.size() - 1 - tried], false);
  }

  Model& model_;
  const Keys& keys_;
  Matching& matching_;
  bool knowsClasses_ = false;
  bool attributesCount_ = false;   // VolumeAttributesClass is on since 1.34
  std::vector<Wish> wishes_;
  std::vector<std::uint32_t> order_;          // of volumes: smallest first, as declared
  std::unordered_map<GroupKey, Group, GroupHash> groups_;
  bool grouped_ = false;
  bool labelled_ = false;                     // some claim asks for labels
  unsigned modesAtHand_ = 0;                  // by set of modes: whether a group has it
  std::unordered_map<std::string, std::vector<std::uint32_t>> ofClaim_;     // by claimRef, smallest first
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> ofClass_;   // smallest first
  std::unordered_map<std::string, std::vector<std::uint32_t>> ofStem_;
};

void matchVolumes(Model& model) { Matcher(model).run(); }

namespace {

std::string classText(std::string_view name) { return name.empty() ? "no class" : fmt::format("the class `{}`", name); }
std::string writtenOf(const ir::Node* node, const std::optional<base::Quantity>& size) {
  if (isText(node)) return std::string(node->text());
  return size ? size->text() : "nothing";
}

std::string oneMisfit(const Model& model, const State& state, const VolumeRow& row, Misfit misfit) {
  const auto& keys = model.keys;
  switch (misfit) {
    case TooSmall: return fmt::format("it has {}, and {} are asked for", writtenOf(row.sizeAt, row.size), writtenOf(state.sizeAt, state.size));
    case LacksMode: return fmt::format("it lacks {}", modesText(static_cast<Modes>(state.declared & ~row.modes)));
    case OtherVolumeMode: return fmt::format("its volumeMode is {}, and {} is asked for", row.block ? "Block" : "Filesystem", state.block ? "Block" : "Filesystem");
    case OtherAttributes: {
      const auto asked = keys.text<"volumeAttributesClassName">(state.spec);
      return fmt::format("its volumeAttributesClassName is \"{}\", and \"{}\" is asked for", row.attributes, asked);
    }
    case OtherClass: {
      const auto* taken = model.matching.defaultClasses.empty() ? nullptr : model.matching.defaultClasses.front();
      const auto asked = state.className ? *state.className : taken ? model.text(taken->name) : std::string_view{};
      return fmt::format("it has {}, and the claim {}", classText(row.className), classText(asked));
    }
    case NotSelected: return "its labels are not those of the selector";
    case Reserved: return row.claimSpace.empty() ? fmt::format("its claimRef names `{}` without a namespace", row.claimName)
                                                 : fmt::format("its claimRef names {}/{}", row.claimSpace, row.claimName);
    case Taken: return fmt::format("`{}` takes it", row.taker ? row.taker->name : std::string_view{});
    case Unavailable: {
      const auto phase = keys.text<"status.phase">(row.object->root);
      return phase.empty() || phase == "Available" ? "it is being deleted" : fmt::format("it is {}", phase);
    }
    case Elsewhere: return "its node affinity keeps the pods away";
  }
  return {};
}

}  // namespace

std::string misfitText(const Model& model, const State& state, const VolumeRow& volume, Misfits misfits) {
  std::string text;
  for (unsigned bit = 1; bit <= Elsewhere; bit <<= 1U) {
    if (!(misfits & bit)) continue;
    text.append(text.empty() ? "" : "; ").append(oneMisfit(model, state, volume, static_cast<Misfit>(bit)));
  }
  return text;
}

}  // namespace mlstack::storage
