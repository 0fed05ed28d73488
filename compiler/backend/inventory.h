#pragma once
// Which objects belong to a stack: an ApplySet (KEP-3659, kubectl apply --prune --applyset) whose parent is a ConfigMap.
// There is no state file. Every member has the label `applyset.kubernetes.io/part-of: ID`; the parent has
// `applyset.kubernetes.io/id: ID`, and annotations with the tool, the kinds of the members and their namespaces.
//
// The parent is named STACK-RANDOM and has the label `mlstack.dev/stack: STACK`; as an ApplySet's id is made of its parent's
// name, two stacks never have the same one, and a stack that is deleted and made again has another. The parent keeps the
// file that the stack came from (`mlstack.dev/origin`): a second file of the same stack name is refused.

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/api.h"

namespace mlstack::backend {

inline constexpr std::string_view kSetIdLabel = "applyset.kubernetes.io/id";
inline constexpr std::string_view kPartOfLabel = "applyset.kubernetes.io/part-of";
inline constexpr std::string_view kToolingAnnotation = "applyset.kubernetes.io/tooling";
inline constexpr std::string_view kKindsAnnotation = "applyset.kubernetes.io/contains-group-kinds";
inline constexpr std::string_view kNamespacesAnnotation = "applyset.kubernetes.io/additional-namespaces";
inline constexpr std::string_view kStackLabel = "mlstack.dev/stack";
inline constexpr std::string_view kOriginAnnotation = "mlstack.dev/origin";
/// On objects with `protect = true`: their protection outlives the line that said it.
inline constexpr std::string_view kProtectAnnotation = "mlstack.dev/protect";

struct Inventory {
  std::string name;                 // the parent ConfigMap's; empty: not made yet
  std::string nameSpace;
  std::string stack;
  std::string origin;
  std::string uid, resourceVersion;
  std::set<std::string> kinds;      // "StatefulSet.apps", "ConfigMap": what may be there, a superset while applying
  std::set<std::string> nameSpaces; // beside its own
  std::string lastApply;            // when the last apply ended, RFC 3339; empty: none has
  std::string appliedBy;            // "lena@laptop"
  std::size_t members = 0;          // that it left
  std::string outputs;              // outputDefinitions of the stack (outputs.h); empty: none
  [[nodiscard]] std::string id() const;   // "applyset-<base64url(sha256(NAME.NAMESPACE.ConfigMap.))>-v1"
};

/// A new one with a random name; nothing is sent.
[[nodiscard]] Inventory newInventory(std::string_view stack, std::string_view nameSpace, std::string_view origin);

/// The stack's inventory in this namespace; not there: an Inventory with an empty name. Two parents of one stack (an apply
/// was killed between its first two requests, or somebody copied one) are a Failure with reason "Ambiguous" unless all but one
/// have no members. Blocks.
[[nodiscard]] Failure findInventory(Api& api, std::string_view stack, std::string_view nameSpace, Inventory& found);
/// The same for who only wants to look at a stack: false with a diagnostic when it cannot be read or is not there.
[[nodiscard]] bool findStack(Api& api, std::string_view stack, std::string_view nameSpace, Inventory& found, diag::Sink& sink);
/// All inventories that the user may see, of one namespace or (empty) all. Blocks.
[[nodiscard]] Failure listInventories(Api& api, std::string_view nameSpace, std::vector<Inventory>& found);

/// Creates the parent or widens what it names before anything else is sent: kinds and namespaces grow first and shrink last,
/// so that no member is ever outside of what the parent names. Blocks.
[[nodiscard]] Failure saveInventory(Api& api, Inventory& inventory);
[[nodiscard]] Failure removeInventory(Api& api, const Inventory& inventory);

/// Every member: lists each kind in each namespace by label. `member` gets each object; kinds that are not served (any
/// more) go to `unknownKinds`. Blocks; the lists run in parallel.
[[nodiscard]] Failure listMembers(Api& api, const Inventory& inventory,
                                  const std::function<void(const Resource&, ir::Node&, const std::shared_ptr<Document>&)>& member,
                                  std::vector<std::string>& unknownKinds);

/// The same with what identifies them and their labels only (PartialObjectMetadata).
[[nodiscard]] Failure listMemberNames(Api& api, const Inventory& inventory,
                                      const std::function<void(const Resource&, ir::Node&, const std::shared_ptr<Document>&)>& member,
                                      std::vector<std::string>& unknownKinds);

/// One apply or destroy at a time: a coordination.k8s.io Lease `mlstack-STACK` in the inventory's namespace, held for 15 s and
/// renewed while we run. A lease that its holder let expire is taken over.
class StackLease {
 public:
  StackLease(Api& api, std::string_view stack, std::string_view nameSpace);
  ~StackLease();
  StackLease(const StackLease&) = delete;
  StackLease& operator=(const StackLease&) = delete;
  /// Waits until `deadline` for another holder; `waiting` is told who it is. A Failure "LeaseHeld" when it stays held.
  [[nodiscard]] Failure acquire(Clock::time_point deadline, const std::function<void(std::string_view holder)>& waiting);
  /// Lost: another one took it, or may have (the machine slept, or the network failed). Nothing more may be sent then.
  [[nodiscard]] bool lost() const;
  /// Lost because it was not renewed in time; who has it now is not known.
  [[nodiscard]] bool expired() const;
  /// Held, and renewed so lately that nobody can have taken it: only then something new is begun.
  [[nodiscard]] bool fresh() const;
  /// Who took it; empty when it was deleted.
  [[nodiscard]] std::string taker() const;
  void release();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Who holds the lease of a stack just now, for people; empty: nobody. Blocks.
[[nodiscard]] Failure readHolder(Api& api, std::string_view stack, std::string_view nameSpace, std::string& holder);
/// "lena@laptop (process 4711)" of a holder's identity.
[[nodiscard]] std::string holderName(std::string_view identity);
/// "lena@laptop".
[[nodiscard]] std::string whoAmI();
/// Now, as RFC 3339 in UTC.
[[nodiscard]] std::string utcNow();

}  // namespace mlstack::backend
