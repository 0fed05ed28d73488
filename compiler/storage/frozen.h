#pragma once
// Which fields of an object the API server does not let change after it was created, by kind, and where
// two versions of an object differ in one. Sources are named at the rows.

#include <string>
#include <string_view>
#include <vector>

#include "ir/stack.h"

namespace mlstack::storage {

/// A frozen field with another value than before.
struct FrozenChange {
  std::string path;                    // "spec.template.spec.containers[0].image"
  const ir::Node* was = nullptr;       // null when the field is new
  const ir::Node* now = nullptr;       // null when the field is gone
  const ir::Node* around = nullptr;    // of `now`: the innermost node that is there on both sides
  std::string_view field{};            // the row's path: "spec.template"
  std::string_view mend{};             // what is done instead
};

/// The frozen fields that differ, one change a row of the table: the first place where they do. Values are compared by meaning:
/// quantities by amount, an absent field equals its default. Both objects are of one kind.
[[nodiscard]] std::vector<FrozenChange> frozenChanges(const ir::Object& was, const ir::Object& now, const base::SymbolTable& symbols);

}  // namespace mlstack::storage
