#pragma once
// Which volume each claim takes, as Kubernetes would decide it: the PV controller for claims that bind at once, the
// scheduler for those that wait for a pod. Near-linear: volumes stand in groups by what a claim must agree with.
// Kubernetes: pkg/controller/volume/persistentvolume/{index,pv_controller}.go, component-helpers
// storage/volume/pv_helpers.go, pkg/scheduler/framework/plugins/volumebinding/binder.go.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/quantity.h"
#include "ir/stack.h"

namespace mlstack::storage {

struct State;
class Model;

/// Why a volume is not the claim's; a set of bits.
enum Misfit : std::uint16_t {
  TooSmall = 1,
  LacksMode = 2,           // an access mode of the claim is not among its own
  OtherVolumeMode = 4,     // Block against Filesystem
  OtherAttributes = 8,     // volumeAttributesClassName
  OtherClass = 16,
  NotSelected = 32,        // spec.selector
  Reserved = 64,           // its claimRef names another claim
  Taken = 128,             // by a claim that comes first
  Unavailable = 256,       // being deleted, or in a phase in which nothing binds
  Elsewhere = 512,         // no pod of the claim may run where it can be reached
};
using Misfits = std::uint16_t;

/// A PersistentVolume as matching reads it.
struct VolumeRow {
  const ir::Object* object = nullptr;
  const ir::Node* spec = nullptr;
  const ir::Node* labels = nullptr;
  std::string_view className{};          // "" for none
  const ir::Node* classAt = nullptr;     // the field, or the older annotation, which wins
  std::uint8_t modes = 0;
  bool block = false;
  bool available = true;
  std::string_view attributes{};
  std::optional<base::Quantity> size{};
  const ir::Node* sizeAt = nullptr;
  const ir::Node* claimRef = nullptr;
  std::string_view claimName{};          // of claimRef
  std::string_view claimSpace{};         // "" when claimRef has none: no claim is meant then
  bool claimUid = false;
  const State* taker = nullptr;          // the claim that takes it here
};

enum class Outcome : std::uint8_t {
  Unknown,      // its class, or the cluster, is not known
  Binds,        // to `volume`
  Waits,        // for its first pod; then it takes `volume`, or its class makes one
  Provisioned,  // its class makes a volume
  Never         // stays Pending
};

struct Binding {
  static constexpr std::uint32_t kNone = 0xffffffffu;

  Outcome outcome = Outcome::Unknown;
  std::uint32_t volume = kNone;        // in Matching::volumes
  Misfits misfits = 0;                 // of `volume`: bound all the same (both sides name each other), or why the named one is refused
  std::uint32_t nearest = kNone;       // where it takes none: the volume that fits best, and why it does not
  Misfits nearestMisfits = 0;
  std::uint32_t smaller = kNone;       // a smaller one that fits too, and was not taken: it has more access modes
  std::uint32_t alternative = kNone;   // where the named one is refused: one that would do; where a default class
                                       // decides: one that it takes if there is none
  std::int64_t unserved = 0;           // of a template: how many of its claims get none
  bool named = false;                  // spec.volumeName decides
  bool reserved = false;               // the volume's claimRef decides
  bool missing = false;                // spec.volumeName names a volume that is not here
  bool classAbsent = false;            // the cluster's classes are known, and its class is not among them
  bool classUnknown = false;           // its class is not declared here
  bool classStatic = false;            // its class makes no volumes; nor does no class at all
  bool defaultDecides = false;         // it names no class, and which one is the default is not known
};

struct Matching {
  std::vector<VolumeRow> volumes;      // in declaration order
  std::vector<Binding> bindings;       // by number of State
  std::vector<const ir::Object*> defaultClasses;
  std::unordered_map<std::string_view, std::uint32_t> byName;   // volumes
};

/// Fills `matching` of a model whose pods and states are all there, and each State's `volume`; its facts where its
/// class has none.
void matchVolumes(Model& model);

/// "it has 10Gi, and 20Gi are asked for; it lacks ReadWriteMany": in the order of the bits.
[[nodiscard]] std::string misfitText(const Model& model, const State& state, const VolumeRow& volume, Misfits misfits);

/// "data" of "data-pvc", "pv-data" and "data-volume": what a claim and its volume are called alike.
[[nodiscard]] std::string nameStem(std::string_view name);

/// Whether labels satisfy a LabelSelector; a null one is satisfied by all.
[[nodiscard]] bool selects(const Model& model, const ir::Node* selector, const ir::Node* labels);

}  // namespace mlstack::storage
