#pragma once
// Where in an object a check stands: frames on the stack, turned into text only for a message.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ir/node.h"
#include "schema/catalog_rows.h"

namespace mlstack::schema {

struct Place {
  const Place* up = nullptr;
  std::string_view key;           // of a field or map entry
  std::uint32_t index = 0;        // of a list item
  bool isItem = false;
  table::Index type = 0;
};

/// "spec.template.spec.containers[0].image"; empty at the root.
[[nodiscard]] std::string pathText(const Place& place);
/// `pathText` in backticks, or the object's kind at the root.
[[nodiscard]] std::string subject(const Place& place, std::string_view kind);

/// "string \"5\"", "the number 5", "a list".
[[nodiscard]] std::string foundText(const ir::Node& node);
/// "an integer", "a list", "a quantity such as 512Mi or 2".
[[nodiscard]] std::string_view takesText(Shape shape);

/// What to say about a field that the type at `place` does not have.
struct FieldSuggestion {
  std::string nearest;      // a field of the same type
  std::string elsewhere;    // the paths at which that very name is a field, quoted
};
[[nodiscard]] FieldSuggestion suggestField(const table::Store& store, const Place& place, std::string_view wrong,
                                           VersionSet version);

/// "`a`, `b` and `c`".
[[nodiscard]] std::string quotedList(const std::vector<std::string_view>& items, std::string_view last = "and");

/// "since 1.33", "removed in 1.34", seen from the target version.
[[nodiscard]] std::string availabilityText(VersionSet versions, VersionSet target);

}  // namespace mlstack::schema
