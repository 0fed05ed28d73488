#include "storage/model.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace mlstack::storage {

namespace {

constexpr std::array<std::pair<std::string_view, Mode>, 4> kModes{{
    {"ReadWriteOnce", ReadWriteOnce},
    {"ReadOnlyMany", ReadOnlyMany},
    {"ReadWriteMany", ReadWriteMany},
    {"ReadWriteOncePod", ReadWriteOncePod},
}};

/// Half of the largest common node (8 GPUs): two pods that ask for more cannot share one.
constexpr std::int64_t kGpusThatFillANode = 5;

using Source = std::pair<base::Symbol, VolumeKind>;

std::array<Source, 26> sourcesOf(const Keys& keys) {
  return {{
      {keys.symbol<"persistentVolumeClaim">(), VolumeKind::Claim},
      {keys.symbol<"ephemeral">(), VolumeKind::Ephemeral},
      {keys.symbol<"emptyDir">(), VolumeKind::EmptyDir},
      {keys.symbol<"hostPath">(), VolumeKind::HostPath},
      {keys.symbol<"configMap">(), VolumeKind::ConfigMap},
      {keys.symbol<"secret">(), VolumeKind::Secret},
      {keys.symbol<"projected">(), VolumeKind::Projected},
      {keys.symbol<"downwardAPI">(), VolumeKind::DownwardApi},
      {keys.symbol<"image">(), VolumeKind::Image},
      {keys.symbol<"csi">(), VolumeKind::Csi},
      {keys.symbol<"nfs">(), VolumeKind::Network},
      {keys.symbol<"cephfs">(), VolumeKind::Network},
      {keys.symbol<"glusterfs">(), VolumeKind::Network},
      {keys.symbol<"azureFile">(), VolumeKind::Network},
      {keys.symbol<"quobyte">(), VolumeKind::Network},
      {keys.symbol<"iscsi">(), VolumeKind::Disk},
      {keys.symbol<"fc">(), VolumeKind::Disk},
      {keys.symbol<"rbd">(), VolumeKind::Disk},
      {keys.symbol<"awsElasticBlockStore">(), VolumeKind::Disk},
      {keys.symbol<"gcePersistentDisk">(), VolumeKind::Disk},
      {keys.symbol<"azureDisk">(), VolumeKind::Disk},
      {keys.symbol<"vsphereVolume">(), VolumeKind::Disk},
      {keys.symbol<"cinder">(), VolumeKind::Disk},
      {keys.symbol<"portworxVolume">(), VolumeKind::Disk},
      {keys.symbol<"scaleIO">(), VolumeKind::Disk},
      {keys.symbol<"storageos">(), VolumeKind::Disk},
  }};
}

std::uint64_t nameHash(base::Symbol kind, base::Symbol nameSpace, base::Symbol name) {
  return base::FlatIndex::mix(base::FlatIndex::mix(kind.id, nameSpace.id), name.id);
}

}  // namespace

Modes modeOf(std::string_view word) {
  for (const auto& [name, mode] : kModes)
    if (name == word) return mode;
  return 0;
}

Modes modesOf(const ir::Node* list) {
  Modes modes = 0;
  for (const auto& mode : ir::Children(list)) modes |= modeOf(textOf(&mode));
  return modes;
}

std::string modesText(Modes modes) {
  std::vector<std::string_view> names;
  for (const auto& [name, mode] : kModes)
    if (modes & mode) names.push_back(name);
  if (names.empty()) return "no access mode";
  if (names.size() == 1) return std::string(names.front());
  const auto last = names.back();
  names.pop_back();
  return fmt::format("{} and {}", fmt::join(names, ", "), last);
}

base::Span Use::span() const {
  if (mount && mount->edge && mount->edge->span.known()) return mount->edge->span;
  if (mount) return mount->node->span;
  return volume->node->span;
}

std::optional<Modes> State::classModes() const {
  if (!facts) return std::nullopt;
  const auto& known = block && !facts->blockModes.empty() ? facts->blockModes : facts->accessModes;
  if (known.empty()) return std::nullopt;
  Modes modes = 0;
  for (const auto mode : known) modes |= modeOf(mode);
  return modes;
}

Modes State::capability() const {
  const auto known = classModes();
  if (!known) return declared;
  const Modes both = declared & *known;
  return both ? both : *known;
}

/// Fills a Model; the parts of its work.
class ModelBuilder {
 public:
  explicit ModelBuilder(Model& model) : model_(model), keys_(model.keys), stack_(model.stack), sources_(sourcesOf(model.keys)) {}

  void build() {
    indexNames();
    findUses();
    reserve();
    constexpr std::size_t kEnoughToTell = 1024;
    for (ir::ObjectId id = 0; id < stack_.objects.size(); ++id) {
      // As many a workload as so far, instead of twice the memory and both copies at once.
      if (model_.pods.size() == kEnoughToTell && model_.firstPods_.back() < kEnoughToTell) reserveLike(kEnoughToTell);
      model_.firstPods_.push_back(static_cast<std::uint32_t>(model_.pods.size()));
      if (stack_.objects[id].role == ir::Role::Workload && !stack_.objects[id].external) addWorkload(id);
    }
    model_.firstPods_.push_back(static_cast<std::uint32_t>(model_.pods.size()));
    addClaims();
    addMadeClaims();
    connect();
    matchVolumes(model_);
  }

 private:
  void indexNames() {
    model_.byName_.reserve(stack_.objects.size());
    for (ir::ObjectId id = 0; id < stack_.objects.size(); ++id) {
      const auto& object = stack_.objects[id];
      const auto space = model_.nameSpaceOf(object);
      (void)model_.byName_.insert(nameHash(object.kind, space, object.name), id, [&](std::uint32_t other) {
        const auto& there = stack_.objects[other];
        return there.kind == object.kind && there.name == object.name && model_.nameSpaceOf(there) == space;
      });
    }
  }

  /// Most workloads have one pod template, and most pods a container and a volume at least.
  void reserve() {
    std::size_t workloads = 0;
    std::size_t claims = 0;
    for (const auto& object : stack_.objects) {
      workloads += object.role == ir::Role::Workload && !object.external ? 1 : 0;
      claims += object.role == ir::Role::Claim ? 1 : 0;
    }
    model_.firstPods_.reserve(stack_.objects.size() + 1);
    model_.pods.reserve(workloads);
    model_.states.reserve(claims);
  }

  void reserveLike(std::size_t workloads) {
    const auto all = model_.pods.capacity();
    const auto reserveOne = [&](auto& list) { list.reserve(list.size() * (all + all / 32) / workloads); };
    reserveOne(model_.containers);
    reserveOne(model_.volumes);
    reserveOne(model_.mounts);
  }

  /// The first edge of each object that says how a container uses something.
  void findUses() { firstUse_ = ir::firstUses(stack_); }

  std::int64_t gpusOf(const ir::Node& container) const {
    std::int64_t most = 0;
    for (const auto& limit : ir::Children(keys_.at<"resources.limits">(&container))) {
      if (!model_.text(limit.key).ends_with("/gpu")) continue;
      if (const auto amount = quantityOf(&limit)) most = std::max(most, amount->ceiling());
    }
    return most;
  }

  bool isHostname(const ir::Node& term) const { return keys_.text<"topologyKey">(&term) == "kubernetes.io/hostname"; }

  /// Whether the scheduler must put the pods of one template on nodes of their own: required anti-affinity or
  /// a hard spread over host names (with a skew of 1 the second pod takes a second node).
  bool keepsApart(const ir::Node* spec) const {
    for (const auto& term : ir::Children(keys_.at<"affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution">(spec)))
      if (isHostname(term)) return true;
    for (const auto& spread : ir::Children(keys_.at<"topologySpreadConstraints">(spec)))
      if (isHostname(spread) && keys_.text<"whenUnsatisfiable">(&spread) == "DoNotSchedule") return true;
    return false;
  }

  bool isPinned(const ir::Node* spec) const {
    if (keys_.at<"nodeName">(spec)) return true;
    if (ir::find(keys_.at<"nodeSelector">(spec), keys_.symbol<"kubernetes.io/hostname">())) return true;
    // Required affinity whose every term means the same one node.
    std::string_view node;
    const auto* terms = keys_.at<"affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms">(spec);
    for (const auto& term : ir::Children(terms)) {
      const auto one = nodeOf(term);
      if (one.empty() || (!node.empty() && one != node)) return false;
      node = one;
    }
    return !node.empty();
  }

  /// The one node that a term of node affinity permits, by host name or by name; empty when it permits several.
  std::string_view nodeOf(const ir::Node& term) const {
    for (const auto* list : {keys_.at<"matchExpressions">(&term), keys_.at<"matchFields">(&term)}) {
      for (const auto& rule : ir::Children(list)) {
        const auto key = keys_.text<"key">(&rule);
        const auto* values = keys_.at<"values">(&rule);
        if ((key == "kubernetes.io/hostname" || key == "metadata.name") && keys_.text<"operator">(&rule) == "In" && ir::Children(values).size() == 1) return textOf(values->last);
      }
    }
    return {};
  }

  void addWorkload(ir::ObjectId id) {
    const auto& object = stack_.objects[id];
    auto templates = ir::podTemplates(object, *stack_.symbols);
    if (templates.empty()) return;
    const auto claims = claimTemplatesOf(object);
    cursor_ = id < firstUse_.size() ? firstUse_[id] : static_cast<std::uint32_t>(stack_.edges.size());
    for (auto& one : templates) {
      auto& pods = model_.pods.emplace_back();
      pods.object = id;
      pods.workload = &object;
      pods.metadata = one.metadata;
      pods.spec = one.spec;
      pods.path = std::move(one.path);
      pods.replicas = one.replicas;
      pods.onePerNode = one.onePerNode;
      pods.rolling = one.rolling;
      pods.runsToEnd = one.runsToEnd;
      pods.distinctStorage = one.distinctStorage;
      pods.pinned = isPinned(pods.spec);
      addVolumes(pods, claims);
      addContainers(pods);
      pods.separateNodes = pods.onePerNode || pods.gpus >= kGpusThatFillANode || keepsApart(pods.spec);
    }
  }

  /// Of StatefulSets, JobSets and training runtimes: their names are volume names to the pods.
  std::vector<const ir::Node*> claimTemplatesOf(const ir::Object& object) const {
    std::vector<const ir::Node*> found;
    const auto* spec = keys_.at<"spec">(object.root);
    for (const auto& claim : ir::Children(keys_.at<"volumeClaimTemplates">(spec))) found.push_back(&claim);
    for (const auto* holder : {spec, static_cast<const ir::Node*>(keys_.at<"template.spec">(spec))})
      for (const auto& policy : ir::Children(keys_.at<"volumeClaimPolicies">(holder)))
        for (const auto& claim : ir::Children(keys_.at<"templates">(&policy))) found.push_back(&claim);
    return found;
  }

  void addVolumes(Pods& pods, const std::vector<const ir::Node*>& claims) {
    pods.volumes.first = static_cast<std::uint32_t>(model_.volumes.size());
    for (const auto* claim : claims) {
      auto& volume = model_.volumes.emplace_back();
      volume.node = claim;
      volume.source = keys_.at<"spec">(claim);
      volume.name = keys_.text<"metadata.name">(claim);
      volume.kind = VolumeKind::Template;
    }
    for (const auto& node : ir::Children(keys_.at<"volumes">(pods.spec)))
      if (node.kind == ir::NodeKind::Map) addVolume(node, *pods.workload);
    pods.volumes.count = static_cast<std::uint32_t>(model_.volumes.size()) - pods.volumes.first;
  }

  void addVolume(const ir::Node& node, const ir::Object& workload) {
    auto& volume = model_.volumes.emplace_back();
    volume.node = &node;
    volume.name = keys_.text<"name">(&node);
    for (const auto& child : ir::Children(&node)) {
      if (child.key == keys_.symbol<"name">()) continue;
      volume.source = &child;
      volume.field = model_.text(child.key);
      break;
    }
    for (const auto& [field, kind] : sources_) {
      if (!volume.source || field != volume.source->key) continue;
      volume.kind = kind;
      break;
    }
    const auto refer = [&](std::string_view kind, std::string_view name) {
      volume.refers = name;
      if (const auto* object = model_.find(&workload, kind, name)) volume.object = object->order;
    };
    volume.readOnly = keys_.isTrue<"readOnly">(volume.source);
    switch (volume.kind) {
      case VolumeKind::Claim: refer("PersistentVolumeClaim", keys_.text<"claimName">(volume.source)); break;
      case VolumeKind::ConfigMap: refer("ConfigMap", keys_.text<"name">(volume.source)); break;
      case VolumeKind::Secret: refer("Secret", keys_.text<"secretName">(volume.source)); break;
      case VolumeKind::EmptyDir:
        if (keys_.text<"medium">(volume.source) == "Memory") volume.kind = VolumeKind::Memory;
        break;
      case VolumeKind::Projected:
      case VolumeKind::DownwardApi:
      case VolumeKind::Image: volume.readOnly = true; break;
      case VolumeKind::Memory:
      case VolumeKind::Template:
      case VolumeKind::Ephemeral:
      case VolumeKind::HostPath:
      case VolumeKind::Network:
      case VolumeKind::Disk:
      case VolumeKind::Csi:
      case VolumeKind::Other: break;
    }
    if (volume.kind == VolumeKind::ConfigMap || volume.kind == VolumeKind::Secret) volume.readOnly = true;
  }

  /// The containers of a list, as ir::containersOf counts them.
  static std::size_t countIn(const ir::Node* list) {
    std::size_t count = 0;
    for (const auto& child : ir::Children(list)) count += child.kind == ir::NodeKind::Map ? 1 : 0;
    return count;
  }

  void addContainers(Pods& pods) {
    pods.containers.first = static_cast<std::uint32_t>(model_.containers.size());
    byName_.clear();
    const auto mains = countIn(keys_.at<"initContainers">(pods.spec));
    const auto ephemerals = mains + countIn(keys_.at<"containers">(pods.spec));
    const auto others = ephemerals + countIn(keys_.at<"ephemeralContainers">(pods.spec));
    std::size_t number = 0;
    for (const auto* node : ir::containersOf(*pods.spec, *stack_.symbols)) {
      const auto at = number++;
      auto& container = model_.containers.emplace_back();
      container.node = node;
      container.name = keys_.text<"name">(node);
      container.image = keys_.text<"image">(node);
      if (at < mains) container.phase = keys_.text<"restartPolicy">(node) == "Always" ? Phase::Sidecar : Phase::Init;
      else container.phase = at >= ephemerals && at < others ? Phase::Ephemeral : Phase::Main;
      pods.gpus = std::max(pods.gpus, gpusOf(*node));
      container.mounts.first = static_cast<std::uint32_t>(model_.mounts.size());
      for (const auto& mount : ir::Children(keys_.at<"volumeMounts">(node))) addMount(pods, mount, false);
      for (const auto& device : ir::Children(keys_.at<"volumeDevices">(node))) addMount(pods, device, true);
      addStorageUri(pods, *node);
      container.mounts.count = static_cast<std::uint32_t>(model_.mounts.size()) - container.mounts.first;
    }
    pods.containers.count = static_cast<std::uint32_t>(model_.containers.size()) - pods.containers.first;
  }

  /// KServe mounts `pvc://claim/folder` itself, read-only: it counts as a volume and a mount.
  void addStorageUri(Pods& pods, const ir::Node& container) {
    constexpr std::string_view kScheme = "pvc://";
    const auto* uri = keys_.at<"storageUri">(&container);
    if (!textOf(uri).starts_with(kScheme)) return;
    const auto rest = textOf(uri).substr(kScheme.size());
    const auto claim = rest.substr(0, rest.find('/'));
    auto& mount = model_.mounts.emplace_back();
    mount.node = uri;
    mount.path = "/mnt/models";
    mount.readOnly = true;
    mount.edge = edgeOf(pods.object, {}, mount.path);
    mount.volume = static_cast<std::uint32_t>(model_.volumes.size());
    auto& volume = model_.volumes.emplace_back();
    volume.node = volume.source = uri;
    volume.field = "storageUri";
    volume.kind = VolumeKind::Claim;
    volume.readOnly = volume.mounted = true;
    volume.refers = claim;
    if (const auto* object = model_.find(pods.workload, "PersistentVolumeClaim", claim)) volume.object = object->order;
    ++pods.volumes.count;
    if (!byName_.empty()) byName_.emplace(volume.name, mount.volume);
  }

  /// Edges stand in the order of the mounts; one that is not where it should be is looked for from the start.
  const ir::Edge* edgeOf(ir::ObjectId id, std::string_view volume, std::string_view path) {
    const auto isIt = [&](const ir::Edge& edge) {
      return edge.kind == ir::EdgeKind::Mounts && edge.path == path && (volume.empty() || model_.text(edge.volumeName) == volume);
    };
    for (auto at = cursor_; at < stack_.edges.size() && stack_.edges[at].from == id; ++at) {
      if (!isIt(stack_.edges[at])) continue;
      cursor_ = at + 1;
      return &stack_.edges[at];
    }
    return nullptr;
  }

  void addMount(const Pods& pods, const ir::Node& node, bool device) {
    if (node.kind != ir::NodeKind::Map) return;
    auto& mount = model_.mounts.emplace_back();
    mount.node = &node;
    mount.name = keys_.text<"name">(&node);
    mount.device = device;
    mount.path = device ? keys_.text<"devicePath">(&node) : keys_.text<"mountPath">(&node);
    mount.subPath = keys_.text<"subPath">(&node);
    if (const auto* expression = keys_.at<"subPathExpr">(&node); expression && mount.subPath.empty()) {
      mount.subPath = textOf(expression);
      mount.expandsSubPath = true;
    }
    mount.readOnly = keys_.isTrue<"readOnly">(&node);
    mount.volume = volumeNamed(pods, mount.name);
    if (mount.volume == Mount::kNoVolume) return;
    auto& volume = model_.volumes[mount.volume];
    volume.mounted = true;
    mount.readOnly = mount.readOnly || volume.readOnly;
    mount.edge = edgeOf(pods.object, mount.name, mount.path);
  }

  /// The first one: a claim template hides a volume of the same name.
  std::uint32_t volumeNamed(const Pods& pods, std::string_view name) {
    constexpr std::uint32_t kFew = 16;
    const auto end = pods.volumes.first + pods.volumes.count;
    if (pods.volumes.count <= kFew) {
      for (auto i = pods.volumes.first; i < end; ++i)
        if (model_.volumes[i].name == name) return i;
      return Mount::kNoVolume;
    }
    if (byName_.empty())
      for (auto i = pods.volumes.first; i < end; ++i) byName_.emplace(model_.volumes[i].name, i);
    const auto at = byName_.find(name);
    return at == byName_.end() ? Mount::kNoVolume : at->second;
  }

  void readSpec(State& state) {
    state.spec = keys_.at<"spec">(state.root);
    state.declaredAt = keys_.at<"accessModes">(state.spec);
    state.declared = modesOf(state.declaredAt);
    state.classAt = keys_.at<"storageClassName">(state.spec);
    if (isText(state.classAt)) state.className = state.classAt->text();
    // The older annotation still wins over the field (persistentvolume/util: GetPersistentVolumeClaimClass).
    const auto* annotation = ir::find(keys_.at<"metadata.annotations">(state.root), keys_.symbol<"volume.beta.kubernetes.io/storage-class">());
    if (isText(annotation)) {
      state.classAt = annotation;
      state.className = annotation->text();
    }
    if (state.className && !state.className->empty()) state.classObject = model_.find(nullptr, "StorageClass", *state.className);
    if (state.classObject) state.facts = state.classObject->facts;
    state.block = keys_.text<"volumeMode">(state.spec) == "Block";
    state.sizeAt = keys_.at<"resources.requests.storage">(state.spec);
    state.size = quantityOf(state.sizeAt);
  }

  void addClaims() {
    model_.stateByObject_.assign(stack_.objects.size(), base::FlatIndex::kNone);
    for (ir::ObjectId id = 0; id < stack_.objects.size(); ++id) {
      const auto& object = stack_.objects[id];
      if (object.role != ir::Role::Claim) continue;
      model_.stateByObject_[id] = static_cast<std::uint32_t>(model_.states.size());
      auto& state = model_.states.emplace_back();
      state.object = &object;
      state.root = object.root;
      state.name = model_.text(object.name);
      readSpec(state);
    }
  }

  /// Templates are the workload's: several pod templates of one workload share their row.
  void addMadeClaims() {
    for (const auto& pods : model_.pods) {
      for (std::uint32_t i = 0; i < pods.volumes.count; ++i) {
        auto& volume = model_.volumes[pods.volumes.first + i];
        if (volume.kind != VolumeKind::Template && volume.kind != VolumeKind::Ephemeral) continue;
        const bool isTemplate = volume.kind == VolumeKind::Template;
        auto& state = model_.states.emplace_back();
        state.kind = isTemplate ? StateKind::Template : StateKind::Ephemeral;
        state.object = pods.workload;
        state.root = isTemplate ? volume.node : keys_.at<"volumeClaimTemplate">(volume.source);
        state.name = volume.name;
        state.copies = pods.together();
        readSpec(state);
      }
    }
  }

  /// States are all there: pointers to them hold from here on.
  void connect() {
    auto made = static_cast<std::size_t>(std::count_if(model_.states.begin(), model_.states.end(), [](const State& state) { return state.kind == StateKind::Claim; }));
    for (const auto& pods : model_.pods) {
      for (std::uint32_t i = 0; i < pods.volumes.count; ++i) {
        auto& volume = model_.volumes[pods.volumes.first + i];
        if (volume.kind == VolumeKind::Template || volume.kind == VolumeKind::Ephemeral) {
          volume.state = &model_.states[made++];
        } else if (volume.kind == VolumeKind::Claim && volume.object != ir::kNoObject && model_.stateByObject_[volume.object] != base::FlatIndex::kNone) {
          volume.state = &model_.states[model_.stateByObject_[volume.object]];
        }
      }
      addUses(pods);
    }
  }

  void addUses(const Pods& pods) {
    uses_.assign(pods.volumes.count, {});
    for (const auto& container : model_.containersOf(pods)) {
      for (const auto& mount : model_.mountsOf(container)) {
        if (mount.volume == Mount::kNoVolume) continue;
        auto& use = uses_[mount.volume - pods.volumes.first];
        if (!use.mount || (use.mount->readOnly && !mount.readOnly)) use.mount = &mount;
        use.writes = use.writes || !mount.readOnly;
      }
    }
    for (std::uint32_t i = 0; i < pods.volumes.count; ++i) {
      const auto& volume = model_.volumes[pods.volumes.first + i];
      if (!volume.state) continue;
      uses_[i].pods = &pods;
      uses_[i].volume = &volume;
      model_.states[static_cast<std::size_t>(volume.state - model_.states.data())].uses.push_back(uses_[i]);
    }
  }

  Model& model_;
  const Keys& keys_;
  const ir::Stack& stack_;
  const std::array<Source, 26> sources_;
  std::vector<Use> uses_;                                       // of the volumes of the pods at hand
  std::unordered_map<std::string_view, std::uint32_t> byName_;   // likewise, when they are many
  std::vector<std::uint32_t> firstUse_;
  std::uint32_t cursor_ = 0;
};

Model::Model(const ir::Stack& of) : stack(of), keys(*of.symbols), defaultNameSpace_(of.symbols->intern("default")) {
  ModelBuilder(*this).build();
}

std::span<const Pods> Model::podsOf(ir::ObjectId object) const {
  const auto first = firstPods_[object];
  return {pods.data() + first, firstPods_[object + 1] - first};
}

/// Kinds are asked for by the same few literals again and again.
base::Symbol Model::kindNamed(std::string_view name) const {
  auto& known = kinds_[(reinterpret_cast<std::uintptr_t>(name.data()) >> 3U) % kinds_.size()];
  if (known.text.data() != name.data() || known.text.size() != name.size() || text(known.symbol) != name) known = {name, stack.symbols->intern(name)};
  return known.symbol;
}

const ir::Object* Model::find(const ir::Object* from, std::string_view kindName, std::string_view wanted) const {
  if (wanted.empty()) return nullptr;
  const auto kind = kindNamed(kindName);
  const auto name = stack.symbols->intern(wanted);
  const auto space = from ? nameSpaceOf(*from) : defaultNameSpace_;
  const auto found = byName_.find(nameHash(kind, space, name), [&](std::uint32_t other) {
    const auto& there = stack.objects[other];
    return there.kind == kind && there.name == name && nameSpaceOf(there) == space;
  });
  return found == base::FlatIndex::kNone ? nullptr : &stack.objects[found];
}

bool Model::knowsAll(std::string_view kindName) const {
  for (const auto kind : stack.completeKinds)
    if (text(kind) == kindName) return true;
  return false;
}

const State* Model::stateOf(const ir::Object& claim) const {
  const auto found = stateByObject_[claim.order];
  return found == base::FlatIndex::kNone ? nullptr : &states[found];
}

}  // namespace mlstack::storage
