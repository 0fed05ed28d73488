#include <fmt/format.h>

#include "backend/api_impl.h"
#include "base/json.h"

namespace mlstack::backend {

std::string ObjectRef::text(std::string_view home) const {
  if (nameSpace.empty() || nameSpace == home) return fmt::format("{}/{}", kind, name);
  return fmt::format("{}/{}/{}", kind, nameSpace, name);
}

std::string escapeSegment(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~' || c == ':';
    if (plain) escaped += c;
    else escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return escaped;
}

std::string pathOf(const Resource& resource, std::string_view nameSpace, std::string_view name) {
  std::string path = resource.group.empty() ? fmt::format("/api/{}", resource.version) : fmt::format("/apis/{}/{}", resource.group, resource.version);
  if (resource.namespaced && !nameSpace.empty()) path += fmt::format("/namespaces/{}", escapeSegment(nameSpace));
  path += fmt::format("/{}", resource.plural);
  if (!name.empty()) path += fmt::format("/{}", escapeSegment(name));
  return path;
}

namespace {

void write(base::JsonWriter& json, const ir::Node& node, const base::SymbolTable& symbols) {
  switch (node.kind) {
    case ir::NodeKind::Null: json.null(); return;
    case ir::NodeKind::Bool: json.value(node.boolean); return;
    case ir::NodeKind::Int: json.value(node.integer); return;
    case ir::NodeKind::Float: json.value(node.real); return;
    case ir::NodeKind::String: json.value(node.text()); return;
    case ir::NodeKind::List:
      json.beginArray();
      for (const auto& child : ir::Children(&node)) write(json, child, symbols);
      json.endArray();
      return;
    case ir::NodeKind::Map:
      json.beginObject();
      for (const auto& child : ir::Children(&node)) {
        json.key(symbols.text(child.key));
        write(json, child, symbols);
      }
      json.endObject();
      return;
  }
}

}  // namespace

void appendCompactJson(std::string& out, const ir::Node& tree, const base::SymbolTable& symbols) {
  base::JsonWriter json(out);
  write(json, tree, symbols);
}

std::string_view textAt(const ir::Node* tree, std::string_view dotted, const base::SymbolTable& symbols) {
  const auto* node = ir::findPath(tree, dotted, symbols);
  return node != nullptr && node->kind == ir::NodeKind::String ? node->text() : std::string_view{};
}

}  // namespace mlstack::backend
