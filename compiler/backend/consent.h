#pragma once
// Who may go: what a frozen field means for a kind, and what --allow-data-loss names.

#include <set>
#include <string>

#include "backend/plan.h"
#include "ir/stack.h"

namespace mlstack::backend {

/// Claims, volumes, snapshots and their contents, and the definitions of custom kinds (deleting one deletes all its objects):
/// never deleted without being named.
[[nodiscard]] bool holdsData(std::string_view apiVersion, std::string_view kind);

/// What becomes of an object of this kind when a frozen field of it changes: Replace, Recreate (StatefulSet: around its pods
/// and claims), or Refused where the object is the data itself.
[[nodiscard]] Action actionWhenFrozen(const ir::Object& object, const base::SymbolTable& symbols);

/// Whether somebody named this object with --allow-data-loss: "claim/model", "pvc/model", "PersistentVolumeClaim/model",
/// "persistentvolumeclaims/ml/model"; case does not count in the kind. A name without a namespace means the one in `home`, or what
/// has none. The words for claims, volumes and snapshots never mean a custom kind of such a name: that one is said with its group,
/// "Claim.example.com/model".
[[nodiscard]] bool isConsented(const std::set<std::string>& named, const ObjectRef& object, std::string_view home);
/// How it is named, shortest: "claim/model", outside of `home` "claim/prod/model".
[[nodiscard]] std::string consentName(const ObjectRef& object, std::string_view home);

}  // namespace mlstack::backend
