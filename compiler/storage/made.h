#pragma once
// Claims that a StatefulSet makes: TEMPLATE-SET-ORDINAL.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/model.h"

namespace mlstack::storage {

struct MadeClaim {
  const State* state = nullptr;   // the template
  std::int64_t ordinal = 0;
  std::int64_t first = 0;         // of the set's ordinals
  std::int64_t count = 0;         // of its pods

  [[nodiscard]] bool isMade() const { return ordinal >= first && ordinal < first + count; }
};

/// The template that makes claims of a name like that in the namespace of `from`; nothing when none that is declared here does.
/// Kubernetes: pkg/controller/statefulset/stateful_set_utils.go#getPersistentVolumeClaimName
[[nodiscard]] std::optional<MadeClaim> madeClaim(const Model& model, const ir::Object& from, std::string_view name);

/// "data-db-0", "data-db-0 … data-db-2".
[[nodiscard]] std::string claimsText(std::string_view claim, std::string_view set, std::int64_t first, std::int64_t count);

}  // namespace mlstack::storage
