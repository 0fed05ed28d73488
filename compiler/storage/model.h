#pragma once
// What every rule looks at: the pods of each workload taken apart, and each piece of state with what
// it can give and who uses it. Built once from the graph alone, so that manifests and `.mlstack` are
// judged alike; linear in objects plus uses.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/flat_index.h"
#include "ir/pods.h"
#include "ir/stack.h"
#include "storage/keys.h"
#include "storage/matching.h"
#include "storage/read.h"

namespace mlstack::storage {

/// A set of access modes.
enum Mode : std::uint8_t { ReadWriteOnce = 1, ReadOnlyMany = 2, ReadWriteMany = 4, ReadWriteOncePod = 8 };
using Modes = std::uint8_t;
inline constexpr Modes kManyNodes = ReadOnlyMany | ReadWriteMany;

/// 0 for a word that is no access mode.
[[nodiscard]] Modes modeOf(std::string_view word);
/// Of a list of words; those that are no modes are left out.
[[nodiscard]] Modes modesOf(const ir::Node* list);
/// "ReadWriteOnce and ReadWriteOncePod".
[[nodiscard]] std::string modesText(Modes modes);

enum class VolumeKind : std::uint8_t {
  Claim,        // persistentVolumeClaim
  Template,     // a claim template of the workload: each pod has a claim of its own
  Ephemeral,    // a claim made for the pod and deleted with it
  EmptyDir,     // on the node's disk, ends with the pod
  Memory,       // emptyDir of medium Memory
  HostPath,
  ConfigMap,
  Secret,
  Projected,
  DownwardApi,
  Image,        // an image as a read-only folder
  Network,      // nfs, cephfs, glusterfs, azureFile: a server's folder, written straight into the pod
  Disk,         // iscsi, fc, rbd, awsElasticBlockStore …: a disk, written straight into the pod
  Csi,          // an inline CSI volume
  Other         // another source, or none
};

struct State;

/// One entry of a pod's `volumes`, or a claim template that stands for one.
struct Volume {
  const ir::Node* node = nullptr;     // the entry; of a template the template
  const ir::Node* source = nullptr;   // the value of its one source field; of a template its spec
  std::string_view name{};
  std::string_view field{};           // the source field's name: "emptyDir"
  VolumeKind kind = VolumeKind::Other;
  bool readOnly = false;              // the source says so, or it can be nothing else
  bool mounted = false;
  std::string_view refers{};          // the claim's, config's, secret's name
  ir::ObjectId object = ir::kNoObject;   // the declared object it names
  const State* state = nullptr;       // of Claim, Template, Ephemeral; null when not declared here
};

/// One `volumeMounts` or `volumeDevices` entry.
struct Mount {
  const ir::Node* node = nullptr;
  std::string_view name{};            // of the volume
  std::string_view path{};            // as written
  std::string_view subPath{};
  bool expandsSubPath = false;        // `subPathExpr`
  bool device = false;
  bool readOnly = false;              // the mount or its volume says so
  std::uint32_t volume = kNoVolume;   // in Model::volumes
  const ir::Edge* edge = nullptr;     // intent and contract of the source, null when there is none

  static constexpr std::uint32_t kNoVolume = 0xffffffffu;
};

enum class Phase : std::uint8_t {
  Init,      // runs to its end before the others start
  Sidecar,   // an init container with restartPolicy Always
  Main,
  Ephemeral
};

struct Range {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

struct Container {
  const ir::Node* node = nullptr;
  std::string_view name{};
  std::string_view image{};
  Phase phase = Phase::Main;
  Range mounts;                       // in Model::mounts
};

/// One pod template of a workload.
struct Pods {
  ir::ObjectId object = ir::kNoObject;
  const ir::Object* workload = nullptr;
  const ir::Node* metadata = nullptr;   // of the template; may be null
  const ir::Node* spec = nullptr;       // the PodSpec
  std::string path;                     // "spec.template.spec"
  std::int64_t replicas = 1;            // at the same time, rolling update excluded
  bool onePerNode = false;              // DaemonSet: `replicas` is 1 and means one a node
  bool rolling = false;                 // an update runs old and new pods side by side
  bool runsToEnd = false;
  bool distinctStorage = false;         // has claim templates
  bool pinned = false;                  // all on one node, by name
  bool separateNodes = false;           // its pods cannot share a node: many GPUs each, kept apart, one a node
  std::int64_t gpus = 0;                // of the container that asks for most
  Range volumes;                        // in Model::volumes; templates first
  Range containers;                     // in Model::containers; in the order of ir::containersOf

  /// Pods that can be there at one time, surge excluded; a DaemonSet counts as two.
  [[nodiscard]] std::int64_t together() const { return onePerNode ? 2 : replicas; }
};

/// The use of one piece of state by one pod template.
struct Use {
  const Pods* pods = nullptr;
  const Volume* volume = nullptr;
  const Mount* mount = nullptr;         // the first one, a writing one before others; null: listed but not mounted
  bool writes = false;                  // some container can
  /// Where the source says it: the mount, else the volume.
  [[nodiscard]] base::Span span() const;
};

enum class StateKind : std::uint8_t { Claim, Template, Ephemeral };

/// One claim, or what claims are made from.
struct State {
  StateKind kind = StateKind::Claim;
  const ir::Object* object = nullptr;    // the claim; of the others the workload that makes them
  const ir::Node* root = nullptr;        // with metadata and spec
  const ir::Node* spec = nullptr;        // the PersistentVolumeClaimSpec; null for externals that state none
  std::string_view name{};               // of the claim, the template, the pod's volume
  Modes declared = 0;                    // spec.accessModes
  const ir::Node* declaredAt = nullptr;
  std::optional<std::string_view> className{};   // absent: the cluster's default; "" : no class
  const ir::Node* classAt = nullptr;     // spec.storageClassName
  const ir::Object* classObject = nullptr;
  const ir::Facts* facts = nullptr;      // of the class, or of the volume it binds to
  bool block = false;                    // volumeMode Block
  std::optional<base::Quantity> size{};
  const ir::Node* sizeAt = nullptr;
  const ir::Object* volume = nullptr;    // the PersistentVolume of this stack that it binds to, by name or by matching
  std::int64_t copies = 1;               // claims made from a template at one time
  std::vector<Use> uses;

  /// What its class can do; absent when unknown.
  [[nodiscard]] std::optional<Modes> classModes() const;
  /// What it can give: declared, less what the class cannot; the class's own when nothing is left.
  [[nodiscard]] Modes capability() const;
};

class Model {
 public:
  /// The stack must be linked and must outlive the model.
  explicit Model(const ir::Stack& stack);
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const ir::Stack& stack;
  Keys keys;
  std::vector<Volume> volumes;
  std::vector<Mount> mounts;
  std::vector<Container> containers;
  std::vector<Pods> pods;               // in the order of their objects
  std::vector<State> states;            // claims in declaration order, then templates and ephemeral ones
  Matching matching;                    // volumes, and which claim takes which

  [[nodiscard]] std::span<const Volume> volumesOf(const Pods& of) const { return span(volumes, of.volumes); }
  [[nodiscard]] std::span<const Container> containersOf(const Pods& of) const { return span(containers, of.containers); }
  [[nodiscard]] std::span<const Mount> mountsOf(const Container& of) const { return span(mounts, of.mounts); }
  /// All pod templates of an object.
  [[nodiscard]] std::span<const Pods> podsOf(ir::ObjectId object) const;
  [[nodiscard]] const Volume* volumeOf(const Mount& mount) const {
    return mount.volume == Mount::kNoVolume ? nullptr : &volumes[mount.volume];
  }

  [[nodiscard]] std::string_view text(base::Symbol symbol) const { return stack.symbols->text(symbol); }
  [[nodiscard]] std::string_view kindOf(const ir::Object& object) const { return text(object.kind); }
  [[nodiscard]] ir::ObjectId idOf(const ir::Object& object) const { return object.order; }
  /// Unset is "default".
  [[nodiscard]] base::Symbol nameSpaceOf(const ir::Object& object) const { return object.nameSpace ? object.nameSpace : defaultNameSpace_; }
  /// The object of that kind and name: in the namespace of `from`, or cluster-wide when `from` is null. Null
  /// when it is not declared here.
  [[nodiscard]] const ir::Object* find(const ir::Object* from, std::string_view kind, std::string_view name) const;
  /// The state of a claim's object; null when it is no claim.
  [[nodiscard]] const State* stateOf(const ir::Object& claim) const;
  /// What becomes of a state's claim.
  [[nodiscard]] const Binding& bindingOf(const State& state) const { return matching.bindings[static_cast<std::size_t>(&state - states.data())]; }
  /// Whether the cluster's facts hold every object of that kind: what is not among them does not exist.
  [[nodiscard]] bool knowsAll(std::string_view kind) const;

 private:
  friend class ModelBuilder;
  template <class T>
  [[nodiscard]] static std::span<const T> span(const std::vector<T>& all, Range range) {
    return {all.data() + range.first, range.count};
  }

  struct Kind {
    std::string_view text{};
    base::Symbol symbol{};
  };
  [[nodiscard]] base::Symbol kindNamed(std::string_view name) const;

  mutable std::array<Kind, 64> kinds_{};   // by the place of the literal
  base::Symbol defaultNameSpace_;
  base::FlatIndex byName_;
  std::vector<std::uint32_t> firstPods_;    // by object, one more than objects
  std::vector<std::uint32_t> stateByObject_;
};

}  // namespace mlstack::storage
