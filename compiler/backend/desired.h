#pragma once
// An object of the stack as it is sent: what a server fills in or forbids is not in it.

#include <string_view>

#include "ir/node.h"
#include "ir/stack.h"
#include "schema/schema.h"

namespace mlstack::backend {

struct Dress {
  std::string_view nameSpace{};   // empty: cluster-scoped
  std::string_view setId{};       // of the inventory that it belongs to
};

/// The tree with its namespace, the inventory's label and the mark of protection; `stringData` of a Secret as `data` (its
/// fields can be owned and given up, those of stringData cannot); without status, without what only a server writes, without
/// nulls (which server-side apply would own as values). It shares nodes with the object's tree, which must not be changed,
/// and lives as long as that and the builder's arena.
[[nodiscard]] const ir::Node* dressed(const ir::Object& object, const Dress& dress, const schema::Catalog& catalog,
                                      base::SymbolTable& symbols, ir::Builder& builder);

}  // namespace mlstack::backend
