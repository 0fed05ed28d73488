#include "storage/read.h"

#include <charconv>

#include <fmt/format.h>

namespace mlstack::storage {

std::optional<base::Quantity> quantityOf(const ir::Node* node) {
  if (!node) return std::nullopt;
  if (node->kind == ir::NodeKind::Int) return base::Quantity::ofInt(node->integer);
  if (node->kind == ir::NodeKind::Float) return base::parseQuantity(fmt::format("{}", node->real));
  if (node->kind != ir::NodeKind::String) return std::nullopt;
  return base::parseQuantity(node->text());
}

std::optional<std::int64_t> scaledOf(const ir::Node* node, std::int64_t whole, bool up) {
  if (!node) return std::nullopt;
  if (node->kind == ir::NodeKind::Int) return node->integer;
  auto text = textOf(node);
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  std::int64_t percent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
  if (error != std::errc{} || end != text.data() + text.size() || percent < 0 || percent > 1'000'000) return std::nullopt;
  if (whole < 0 || whole > 1'000'000'000) return std::nullopt;
  return (whole * percent + (up ? 99 : 0)) / 100;
}

}  // namespace mlstack::storage
