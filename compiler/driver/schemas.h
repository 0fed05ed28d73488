#pragma once
// The custom resources that a project keeps in `.mlstack/schemas`.

#include <string>
#include <string_view>

#include "base/symbol.h"
#include "diag/diag.h"
#include "driver/project.h"
#include "schema/schema.h"

namespace mlstack::driver {

/// Adds every CRD kept in the project to `catalog`. Nothing is read when there is no such folder.
void loadSchemas(const std::string& root, schema::Catalog& catalog, Sources& sources,
                 base::SymbolTable& symbols, diag::Sink& sink);

/// What stands at "v1/Pod.spec.containers", two levels deep; empty when nothing does.
[[nodiscard]] std::string describePlace(const schema::Catalog& catalog, std::string_view what);
/// MLS9016 for such a place, with the nearest API or field as a hint.
[[nodiscard]] diag::Diagnostic unknownPlace(const schema::Catalog& catalog, std::string_view what);

/// The project that a command without a file is about: the current folder's.
[[nodiscard]] std::string currentRoot();

}  // namespace mlstack::driver
