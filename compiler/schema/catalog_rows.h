#pragma once
// The inside of a Catalog, for check and describe.

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/regex.h"
#include "schema/tables.h"

namespace mlstack::schema {

struct Catalog::Impl {
  table::Store store{table::builtin()};

  /// Project CRDs come before the built-in rows of the same name.
  [[nodiscard]] const table::ResourceRow* findResource(std::string_view apiVersion, std::string_view kind) const;
  [[nodiscard]] table::Index objectMeta() const;

  /// Whether `text` satisfies the pattern of that name; true for one that cannot be compiled.
  [[nodiscard]] bool matches(table::Index pattern, std::string_view text) const;

  // Infos are made when first asked for and then stay where they are.
  mutable std::mutex lock;
  mutable std::unordered_map<std::uint32_t, FieldInfo> fieldInfos;
  mutable std::deque<ResourceInfo> resourceInfos;
  mutable std::unordered_map<std::string, const ResourceInfo*> resourceByKey;
  mutable std::unordered_map<table::Index, std::optional<base::Regex>> patterns;
};

[[nodiscard]] inline Shape shapeOf(const table::TypeRow& row) { return static_cast<Shape>(row.shape); }

}  // namespace mlstack::schema
