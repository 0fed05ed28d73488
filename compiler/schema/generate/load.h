#pragma once
// Reads the JSON and YAML files that the tables are made from into IR trees.

#include <filesystem>
#include <vector>

#include "base/symbol.h"
#include "ir/node.h"

namespace mlstack::schemagen {

/// All documents of a YAML or JSON file. Throws std::runtime_error when it cannot be read: the
/// generator is a host tool and has nothing to mend.
[[nodiscard]] std::vector<ir::Node*> loadFile(const std::filesystem::path& path, base::SymbolTable& symbols,
                                              ir::Builder& builder);

}  // namespace mlstack::schemagen
