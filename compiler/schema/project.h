#pragma once
// What `mlstackc schema add` keeps of a CRD in the project: the structure without the prose.
// The way back is Catalog::addCrd on the file's tree.

#include <string>

#include "base/symbol.h"
#include "ir/node.h"

namespace mlstack::schema {

/// The folder, beside the project's sources, that holds the kept CRDs.
inline constexpr const char* kProjectSchemaFolder = ".mlstack/schemas";

/// One line of JSON: an equal catalog comes from it, at a fraction of the size.
[[nodiscard]] std::string minifyCrd(const ir::Node& crd, const base::SymbolTable& symbols);

/// "volumesnapshots.snapshot.storage.k8s.io.json"; empty when the CRD does not say its names, or
/// they are not fit for a file name.
[[nodiscard]] std::string crdFileName(const ir::Node& crd, const base::SymbolTable& symbols);

}  // namespace mlstack::schema
