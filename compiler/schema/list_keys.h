#pragma once
// Entries of a list that Kubernetes tells apart by keys, and that are not told apart.

#include <string>
#include <string_view>
#include <vector>

#include "base/symbol.h"
#include "ir/node.h"
#include "schema/tables.h"

namespace mlstack::schema {

struct ListClash {
  const ir::Node* first = nullptr;
  const ir::Node* second = nullptr;
  std::string what;       // "the name `main`"
  bool shadows = false;   // the API server takes it, the later entry wins
};

/// Every entry whose keys an earlier one has, for lists of type map and set.
[[nodiscard]] std::vector<ListClash> findClashes(const ir::Node& list, const table::Store& store,
                                                 const table::TypeRow& type, std::string_view fieldName,
                                                 const base::SymbolTable& symbols);

}  // namespace mlstack::schema
