#pragma once
// What a plan has seen of an object, small enough to keep: by it an apply tells a change that matters from a report of status.

#include <string>

#include "base/symbol.h"
#include "ir/node.h"

namespace mlstack::backend {

/// Equal for two states of one object that differ in nothing but its status and what a server counts and notes about it
/// (metadata: resourceVersion, generation, managedFields; status of kinds that have one). 16 digits.
[[nodiscard]] std::string seenOf(const ir::Node& live, const base::SymbolTable& symbols);

}  // namespace mlstack::backend
