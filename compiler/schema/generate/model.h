#pragma once
// Several Kubernetes versions as one set of types: a field exists in a set of versions.

#include <map>
#include <string>
#include <string_view>

#include "base/symbol.h"
#include "ir/node.h"
#include "schema/tables.h"

namespace mlstack::schemagen {

struct MergedField {
  const ir::Node* schema = nullptr;   // of the newest version that has it
  schema::VersionSet versions = 0;
  schema::VersionSet required = 0;
};

struct MergedDefinition {
  const ir::Node* schema = nullptr;   // of the newest version that has it
  std::map<std::string_view, MergedField> fields;
};

struct MergedResource {
  std::string apiVersion;
  std::string kind;
  std::string plural;
  bool namespaced = true;
  schema::VersionSet versions = 0;
  std::string_view definition;
};

/// What the OpenAPI documents say, oldest version first.
class Model {
 public:
  explicit Model(const base::SymbolTable& symbols) : symbols_(symbols) {}
  /// Adds one document; versions must come in rising order.
  void add(const ir::Node& document);

  std::map<std::string_view, MergedDefinition> definitions;   // by full name
  std::map<std::string, MergedResource> resources;            // "apps/v1 Deployment"

 private:
  void addDefinition(std::string_view name, const ir::Node& schema, schema::VersionSet bit);
  const base::SymbolTable& symbols_;
};

/// Turns the model into rows; `objectMeta` receives the type of ObjectMeta.
void buildTypes(const Model& model, const base::SymbolTable& symbols, schema::table::Store& store,
                schema::table::Index& objectMeta);

/// Writes the .inc files into `folder`.
void writeTables(const schema::table::Store& store, const std::string& folder);

}  // namespace mlstack::schemagen
