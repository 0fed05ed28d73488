#pragma once
// Types as text for people: `mlstackc explain v1/Pod.spec.containers` and `mlstackc schema show`.

#include <string>
#include <string_view>

#include "schema/schema.h"

namespace mlstack::schema {

/// The fields of `type`, one a line, with types, enumerators, "required" and the versions that have
/// them; nested objects down to `depth` levels (1: the fields alone). `version` 0 shows all versions.
[[nodiscard]] std::string describeType(const Catalog& catalog, TypeRef type, int depth, VersionSet version);

/// What "v1/Pod.spec.containers" or "apps/v1/Deployment" names.
struct Subject {
  const ResourceInfo* resource = nullptr;   // null: no such kind
  std::string_view path;                    // behind the kind, without the dot
  TypeRef type;                             // none: no such path
};
[[nodiscard]] Subject findSubject(const Catalog& catalog, std::string_view text);

/// One line on a kind: "apps/v1/StatefulSet  statefulsets, namespaced".
[[nodiscard]] std::string describeResource(const ResourceInfo& resource);

}  // namespace mlstack::schema
