#pragma once
// Reading a CustomResourceDefinition into rows: shared by Catalog::addCrd and the generator.

#include <string>

#include "base/symbol.h"
#include "ir/node.h"
#include "schema/tables.h"

namespace mlstack::schema {

enum class CrdProblem : std::uint8_t { None, NotACrd, NoNames, NoServedVersion, NoSchema, TooLarge };

struct CrdResult {
  CrdProblem problem = CrdProblem::None;
  const ir::Node* at = nullptr;    // the node the problem is about
  std::string detail;
  int versions = 0;                // how many served versions were added
};

/// Adds every served version of `crd` to `store`, replacing earlier rows of the same name. With a
/// problem the store is as it was.
[[nodiscard]] CrdResult readCrd(const ir::Node& crd, const base::SymbolTable& symbols, table::Store& store,
                                table::Index objectMeta);

}  // namespace mlstack::schema
