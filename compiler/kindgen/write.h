#pragma once
// Kinds as C++: the text of generated/kinds_table.inc.

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/source.h"
#include "sema/kind.h"

namespace mlstack::kindgen {

/// A C++ string literal.
[[nodiscard]] std::string quoted(std::string_view text);

/// Constant-initialised tables: nothing runs at start-up. `kinds` are sorted by name.
[[nodiscard]] std::string tableText(std::span<const sema::Kind* const> kinds, const base::SourceSet& sources);

/// {"version": 1, "kinds": […], "parts": […], "mounts": […], "functions": […], "fields": […]}, each list
/// sorted and without repeats: what editors colour.
[[nodiscard]] std::string wordsText(std::span<const sema::Kind* const> kinds);

}  // namespace mlstack::kindgen
