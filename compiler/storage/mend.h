#pragma once
// Edits of the source that put a field into a map as the map is written. Only for YAML: what stands in a
// `.mlstack` is not laid out like the object.

#include <optional>
#include <string>
#include <string_view>

#include "base/source.h"
#include "diag/diag.h"
#include "ir/node.h"

namespace mlstack::storage {

/// Puts `entry` ("readOnly: true") before the map's first entry: on a line of its own in block style, with a
/// comma in flow style. Nothing where it cannot be told how the map is written.
[[nodiscard]] std::optional<diag::Edit> entryInto(const base::SourceSet& sources, const ir::Node* map, std::string_view entry);

/// Adds the fix when there is an edit.
void mend(diag::Diagnostic& d, std::string title, std::optional<diag::Edit> edit);

}  // namespace mlstack::storage
