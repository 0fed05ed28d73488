#pragma once
// Scalars of a tree as rules need them. All take null.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/quantity.h"
#include "ir/node.h"

namespace mlstack::storage {

[[nodiscard]] inline bool isText(const ir::Node* node) { return node && node->kind == ir::NodeKind::String; }
[[nodiscard]] inline std::string_view textOf(const ir::Node* node) { return isText(node) ? node->text() : std::string_view{}; }
[[nodiscard]] inline std::optional<std::int64_t> intOf(const ir::Node* node) {
  if (!node || node->kind != ir::NodeKind::Int) return std::nullopt;
  return node->integer;
}
[[nodiscard]] inline bool isTrue(const ir::Node* node) { return node && node->kind == ir::NodeKind::Bool && node->boolean; }
[[nodiscard]] inline bool isFalse(const ir::Node* node) { return node && node->kind == ir::NodeKind::Bool && !node->boolean; }

/// A quantity written as text or as a number; nothing for other nodes and other text.
[[nodiscard]] std::optional<base::Quantity> quantityOf(const ir::Node* node);

/// An int-or-percentage of `whole`, rounded up or down as Kubernetes does for that field.
[[nodiscard]] std::optional<std::int64_t> scaledOf(const ir::Node* node, std::int64_t whole, bool up);

}  // namespace mlstack::storage
