#pragma once
// The deployment graph: objects and the storage edges between them. No syntax in here: it is
// built from `.mlstack` (lower/) or from plain manifests alike.

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "base/quantity.h"
#include "base/source.h"
#include "base/symbol.h"
#include "ir/node.h"

namespace mlstack::ir {

/// The number of an object in `Stack::objects`.
using ObjectId = std::uint32_t;
inline constexpr ObjectId kNoObject = 0xffffffffu;

/// What an object is to the storage analysis.
enum class Role : std::uint8_t {
  Other,
  Class,
  Volume,
  Claim,
  SnapshotClass,
  Snapshot,
  Workload,
  Config,
  Secret,
  Namespace,
  Service,
  Account
};

struct Facts;

/// The values that one parameter of a StorageClass may have.
struct ParameterValues {
  std::string_view parameter{};
  std::span<const std::string_view> values{};
};

/// What holds instead when a parameter has one of these values: `facts` is whole, not a difference.
struct FactsVariant {
  std::span<const ParameterValues> when{};  // all of them must hold
  const Facts* facts = nullptr;
};

/// What the cluster, not the manifest, decides about a thing: a profile (stdlib/provisioners), or what
/// holds for one class or volume. Absent (null, "", an empty list) means unknown, never "no". A view of
/// texts that live as long as the program or the stack.
struct Facts {
  std::string_view title{};                            // "Amazon Elastic Block Store"
  std::string_view provisioner{};                      // the name it was asked for by
  std::span<const std::string_view> accessModes{};     // what its volumes can do; empty = unknown
  std::span<const std::string_view> blockModes{};      // likewise as raw block devices, when that is more or less
  std::optional<bool> expandable{};                    // of a class: claims may grow; of a profile: the driver can
  std::optional<bool> onlineExpansion{};               // while a pod uses it
  std::optional<bool> offlineExpansion{};              // while none does
  std::optional<bool> snapshots{};
  std::optional<bool> clones{};
  std::optional<bool> block{};                         // raw block mode
  std::optional<bool> attachable{};                    // attached to a node first: ReadWriteOnce is enforced by node
  std::optional<bool> network{};                       // a network file system: file locks and mmap are not a disk's
  std::optional<bool> nodeLocal{};                     // the bytes live on one node and end with it
  std::optional<bool> staticOnly{};                    // makes no volumes: an administrator does
  std::optional<bool> capacityEnforced{};              // false: the size asked for is no limit
  std::optional<bool> inlineVolumes{};                 // may stand in a pod as `csi:` (CSI ephemeral volume)
  std::string_view fsGroupPolicy{};                    // CSIDriver.spec: "File", "None", "ReadWriteOnceWithFSType"
  std::string_view defaultFilesystem{};                // "ext4": its root holds lost+found
  std::string_view bindingMode{};                      // of a class: "Immediate", "WaitForFirstConsumer"
  std::string_view topology{};                         // "zone", "node", "region", "any"
  std::span<const std::string_view> topologyKeys{};    // labels by which allowedTopologies may choose
  std::string_view reclaim{};                          // of a class or volume: "Delete", "Retain"
  std::optional<base::Quantity> minimumSize{};
  std::optional<base::Quantity> maximumSize{};
  std::optional<base::Quantity> sizeStep{};            // sizes are multiples of this
  std::optional<bool> roundsUp{};                      // a size below the smallest, or between steps, is made larger
                                                       // rather than refused
  std::span<const std::string_view> parameters{};      // every parameter of a StorageClass that it knows, the common
                                                       // csi.storage.k8s.io/* left out; empty = unknown
  std::span<const std::string_view> required{};        // parameters that it does not do without
  std::span<const ParameterValues> values{};           // of the parameters whose values can be listed
  std::span<const ParameterValues> defaults{};         // what an unstated parameter is (one value each)
  std::optional<bool> foldCase{};                      // parameter names in any case
  std::span<const FactsVariant> variants{};            // by parameters; the first that holds counts
  std::string_view csiDriver{};                        // of an in-tree name: the CSI driver that serves it now
  std::string_view removedIn{};                        // "1.31": Kubernetes from there on does not know the in-tree name
  std::string_view source{};                           // where the facts are written down
};

struct Object {
  Role role = Role::Other;
  bool external = false;     // exists already: never emitted
  bool observed = false;     // external, from a snapshot of the cluster: its tree is whole
  bool isProtected = false;  // `protect = true`
  bool manifest = false;     // from a plain manifest, not from a declaration of the language
  bool generated = false;    // metadata.generateName: `name` is that and a `*`, and nothing can refer to it
  Symbol apiVersion{};       // "apps/v1"
  Symbol kind{};             // "StatefulSet"
  Symbol name{};             // metadata.name
  Symbol nameSpace{};        // metadata.namespace; 0 when cluster-scoped or unset
  Symbol sourceName{};       // how the source calls it (`trainer`, `train.resnet`)
  Span span{};               // the declaration's head, for messages
  Node* root = nullptr;      // the whole tree; for externals what is known
  const Facts* facts = nullptr;
  std::uint32_t order = 0;  // position of declaration, for stable ordering
  std::uint32_t pattern = 0;  // number in `Stack::patterns`, from 1; 0: none
  const Node* const* varying = nullptr;  // with a pattern: the scalars of this tree that vary in it
};

/// Objects of one declaration whose trees are the same but for some scalars, those of the same kinds: what is found
/// out about one of them holds for all, up to these scalars.
struct Pattern {
  std::uint32_t varying = 0;  // how many scalars vary
  std::uint32_t objects = 0;  // how many have it
};

/// What a container says it does with state.
enum class Intent : std::uint8_t { Unstated, Read, Write, Checkpoint, Scratch };

/// The contract of a `checkpoint` line; absent fields were not stated.
struct CheckpointContract {
  std::optional<std::int64_t> everyMs{};
  std::optional<std::int64_t> keep{};
  std::optional<base::Quantity> size{};
  std::optional<std::int64_t> flushMs{};
};

enum class EdgeKind : std::uint8_t {
  Provides,      // class → claim or volume of that class
  Binds,         // claim → volume it names (or volume → claim by claimRef)
  Mounts,        // workload → claim, config, secret, scratch volume
  References,    // workload → config, secret (env), account; service → workload by selector
  RestoresFrom,  // claim → snapshot or claim
  Snapshots,     // snapshot → claim
  Selects,       // service, budget, policy, autoscale → workload
  Owns,          // StatefulSet → claim template
};

/// A directed relation. `to` may be kNoObject when the name is not declared in the stack;
/// then `name` says what is meant.
struct Edge {
  EdgeKind kind{};
  Intent intent = Intent::Unstated;  // Mounts
  bool readOnly = false;             // Mounts
  ObjectId from = kNoObject;
  ObjectId to = kNoObject;
  Role toRole = Role::Other;  // what kind of thing `name` is
  Symbol name{};
  Symbol container{};       // Mounts: the container's name
  Symbol volumeName{};      // Mounts: pod volume name
  std::string_view path{};  // Mounts: mountPath; References: env name
  std::string_view subPath{};
  const CheckpointContract* contract = nullptr;
  Span span{};  // the line that says it
};

/// What the source said about one mount, kept beside the trees; lower/ writes it, linking
/// (link.h) finds it by object, container and path.
struct MountIntent {
  ObjectId object = kNoObject;
  Symbol container{};
  std::string_view path{};
  Intent intent = Intent::Unstated;
  const CheckpointContract* contract = nullptr;
  Span span{};
};

/// An `output`: a literal node, or a field of an object that only the cluster knows.
struct Output {
  Symbol name{};
  std::string_view type{};
  const Node* value = nullptr;  // null when `object` is set
  ObjectId object = kNoObject;
  std::string_view fieldPath{};  // "status.podIP"
  Span span{};
};

/// `allow MLS3xxx "reason"`.
struct Allow {
  std::uint16_t code = 0;
  std::string_view reason{};
  ObjectId object = kNoObject;  // kNoObject: the whole stack
  Span span{};
};

struct Stack {
  base::Arena arena;
  base::SymbolTable* symbols = nullptr;  // shared by the run
  Symbol name{};
  Symbol nameSpace{};
  std::string_view kubernetes = "1.36";  // targeted version, "1.NN"
  std::deque<Object> objects;            // in declaration order, externals included
  std::deque<Facts> facts;
  std::vector<MountIntent> mountIntents;
  std::vector<Edge> edges;  // filled by link()
  std::vector<Output> outputs;
  std::vector<Allow> allows;
  std::deque<CheckpointContract> contracts;
  std::vector<Pattern> patterns;
  std::vector<Symbol> completeKinds;     // of cluster facts: an object of these kinds that is not here does not exist
};

/// The number of an object's pattern in `Stack::patterns`, from 0, when it has one with enough objects that it pays to
/// look at one of them more closely.
[[nodiscard]] inline std::optional<std::size_t> patternOf(const Stack& stack, const Object& object) {
  constexpr std::uint32_t kEnough = 4;
  if (object.pattern == 0 || stack.patterns[object.pattern - 1].objects < kEnough) return std::nullopt;
  return object.pattern - 1;
}

/// What the kind is to the storage analysis; Workload for everything that is in no other group and
/// may run pods.
[[nodiscard]] Role roleOf(std::string_view apiVersion, std::string_view kind);

/// The objects of a manifest's document: itself, or, of a `List` and the typed lists (`ConfigMapList`), the items, to
/// which a typed list gives its apiVersion and kind. None of a document without apiVersion and kind.
[[nodiscard]] std::vector<Node*> manifestObjects(Node* document, base::SymbolTable& symbols, base::Arena& arena);

/// Adds the objects of a plain manifest's tree, taking their names from the tree. Those without apiVersion, kind and
/// name are left out; `generateName` is a name to which nothing can refer. Returns how many were added.
std::size_t addManifest(Stack& stack, Node* root);

/// Objects in the order in which they apply cleanly: namespaces, priority classes and classes,
/// accounts and roles, config, volumes, claims, services, then workloads, then what watches
/// them; within a group as declared. Externals are left out.
[[nodiscard]] std::vector<const Object*> applyOrder(const Stack& stack);
/// The number of the group that an object is applied with. It depends on the object alone.
[[nodiscard]] unsigned applyGroup(const Stack& stack, const Object& object);

/// Computes `edges` from the trees alone, for every kind with a pod template (custom resources
/// included), so that manifests and `.mlstack` are analysed alike. Replaces earlier edges.
void link(Stack& stack);

/// Whether an edge says how a container uses state.
[[nodiscard]] inline bool isUse(const Edge& edge) {
  return edge.kind == EdgeKind::Mounts || edge.kind == EdgeKind::References;
}

/// By object, the first edge that says how it uses state; its others follow, up to one of another
/// object. The number of edges where there is none.
[[nodiscard]] std::vector<std::uint32_t> firstUses(const Stack& stack);

/// Promises: names and places agree, numbers are in range. Trees: the rings of all nodes as well,
/// which is a walk over everything.
enum class Depth : std::uint8_t { Promises, Trees };

/// Structural promises between passes; each breach is one sentence. Empty when whole.
[[nodiscard]] std::vector<std::string> verify(const Stack& stack, Depth depth = Depth::Trees);

}  // namespace mlstack::ir
