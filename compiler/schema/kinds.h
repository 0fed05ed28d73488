#pragma once
// The group, version and kind of an object against the catalog.

#include "schema/catalog_rows.h"

namespace mlstack::schema {

/// The row of the object's kind, or null after saying why there is none. Also says when the API is
/// not in the targeted version (null: nothing else can be checked) or deprecated.
[[nodiscard]] const table::ResourceRow* checkKind(const Catalog::Impl& catalog, std::string_view apiVersion,
                                                  std::string_view kind, base::Span at, std::string_view about,
                                                  VersionSet target, diag::Sink& sink);

}  // namespace mlstack::schema
