#pragma once
// From JSON schema, as OpenAPI definitions and CRDs write it, to type rows. Used at run time for
// the CRDs of a project and by the generator for the committed tables.

#include <functional>
#include <string_view>

#include "base/symbol.h"
#include "ir/node.h"
#include "schema/tables.h"

namespace mlstack::schema {

/// The value of a map's `key`, or null. By text: schemas come from foreign symbol tables.
[[nodiscard]] const ir::Node* member(const ir::Node* map, std::string_view key, const base::SymbolTable& symbols);
/// The text of a string member, or empty.
[[nodiscard]] std::string_view memberText(const ir::Node* map, std::string_view key, const base::SymbolTable& symbols);
/// True when the member is there and true.
[[nodiscard]] bool memberTrue(const ir::Node* map, std::string_view key, const base::SymbolTable& symbols);

class StructuralReader {
 public:
  /// `custom`: the schema is a CRD's. `objectMeta`: the type of `metadata` in embedded objects.
  StructuralReader(table::Store& store, const base::SymbolTable& symbols, bool custom, table::Index objectMeta)
      : store_(store), symbols_(symbols), custom_(custom), objectMeta_(objectMeta) {}

  /// Resolves "$ref"; without it references are of type Any.
  std::function<table::Index(std::string_view)> resolve;

  /// The row of a schema node. Nesting beyond 200 levels reads as Any.
  [[nodiscard]] table::Index read(const ir::Node& schema) { return read(schema, {}, 0); }
  /// The root of a custom resource: apiVersion, kind and metadata are added, the type is named `kind`.
  [[nodiscard]] table::Index readRoot(const ir::Node& schema, std::string_view kind);
  /// The draft of a schema, its parts added, itself not yet.
  [[nodiscard]] table::TypeDraft draft(const ir::Node& schema, std::string_view fieldName, int depth);

 private:
  [[nodiscard]] table::Index read(const ir::Node& schema, std::string_view fieldName, int depth);
  [[nodiscard]] const ir::Node* get(const ir::Node& schema, std::string_view key) const {
    return member(&schema, key, symbols_);
  }
  void readObject(const ir::Node& schema, table::TypeDraft& out, std::string_view fieldName, int depth);
  void readList(const ir::Node& schema, table::TypeDraft& out, int depth);
  void readScalar(const ir::Node& schema, table::TypeDraft& out, std::string_view type);
  void readLimits(const ir::Node& schema, table::TypeDraft& out, std::string_view low, std::string_view high) const;
  void addEmbedded(table::TypeDraft& out);

  table::Store& store_;
  const base::SymbolTable& symbols_;
  bool custom_;
  table::Index objectMeta_;
};

}  // namespace mlstack::schema
