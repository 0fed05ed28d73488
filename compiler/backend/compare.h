#pragma once
// Two objects compared by meaning: what a live object has against what the source says, and only in what the source says.

#include <functional>
#include <string>
#include <vector>

#include "backend/plan.h"
#include "ir/node.h"
#include "schema/schema.h"

namespace mlstack::backend {

/// Field sets of managedFields (FieldsV1): which manager owns which leaf.
struct Ownership {
  std::string manager;
  std::string operation;      // "Apply", "Update"
  std::string subresource;
  std::string apiVersion;
  const ir::Node* fields = nullptr;   // the FieldsV1 tree
};
[[nodiscard]] std::vector<Ownership> ownership(const ir::Node& live, const base::SymbolTable& symbols);

/// A change as places in the two trees. Points into them.
struct Undo {
  struct At {
    base::Symbol key{};             // of a map, or
    std::uint32_t index = kAppend;  // of a list in `desired`; kAppend: an item that only the live object has
  };
  static constexpr std::uint32_t kAppend = 0xffffffffu;
  std::vector<At> at;
  const ir::Node* live = nullptr;   // null: the live object does not have it
};

struct Difference {
  std::vector<FieldChange> changes;        // in the order of the tree
  std::vector<Undo> undo;                  // the same changes
  std::vector<Conflict> conflicts;         // fields that differ and that another manager owns (Apply would refuse)
  bool ownershipChanges = false;           // equal values, but we would begin or cease to own fields
  [[nodiscard]] bool none() const { return changes.empty() && conflicts.empty() && !ownershipChanges; }
};

/// What a server-side apply of `desired` by kFieldManager would change in `live`: fields of `desired` whose value differs by
/// meaning (quantities by amount, list maps by key whatever the order, sets, int-or-string, defaulted and normalised values,
/// RFC 3339 times), and fields that only we own and that `desired` no longer has. Fields that others set are no difference.
[[nodiscard]] Difference compare(const ir::Node& desired, const ir::Node& live, const schema::Catalog& catalog,
                                 const base::SymbolTable& symbols);
/// `desired` with some of its changes taken back: what the live object has of it, in its shape, whatever else the server put
/// there. Nodes are the builder's own.
[[nodiscard]] ir::Node* undone(const ir::Node& desired, const std::vector<Undo>& undo, ir::Builder& builder);

/// Two whole objects (before and after a dry run): every field but what a server changes by itself (managedFields,
/// resourceVersion, generation, uid, times, status).
[[nodiscard]] std::vector<FieldChange> compareWhole(const ir::Node& before, const ir::Node& after, const schema::Catalog& catalog,
                                                    const base::SymbolTable& symbols);

/// Paths as the server writes them, against the node of the source that says it: ".spec.containers[name=\"a\"].image" and
/// "spec.containers[0].image" alike. The innermost node on the way that is there.
[[nodiscard]] const ir::Node* exactAt(const ir::Node& tree, std::string_view path, const base::SymbolTable& symbols);   // null when it ends early
[[nodiscard]] const ir::Node* nodeAt(const ir::Node& tree, std::string_view path, const base::SymbolTable& symbols);

}  // namespace mlstack::backend
