#include "schema/structural.h"

#include <algorithm>
#include <cmath>

namespace mlstack::schema {

using table::Index;
using table::TypeDraft;

namespace {

constexpr int kMaxDepth = 200;

bool listed(const ir::Node* list, std::string_view text) {
  if (list == nullptr || list->kind != ir::NodeKind::List) return false;
  for (const ir::Node& item : ir::Children(list)) {
    if (item.kind == ir::NodeKind::String && item.text() == text) return true;
  }
  return false;
}

/// controller-tools writes quantities as integer-or-string with this pattern; its heart is enough.
bool isQuantityPattern(std::string_view pattern) {
  return pattern.find("[KMGTPE]i)|[numkMGTPE]") != std::string_view::npos;
}

bool allowsIntAndString(const ir::Node* anyOf, const base::SymbolTable& symbols) {
  if (anyOf == nullptr || anyOf->kind != ir::NodeKind::List) return false;
  bool integer = false;
  bool string = false;
  for (const ir::Node& item : ir::Children(anyOf)) {
    const std::string_view type = memberText(&item, "type", symbols);
    integer = integer || type == "integer";
    string = string || type == "string";
  }
  return integer && string;
}

}  // namespace

const ir::Node* member(const ir::Node* map, std::string_view key, const base::SymbolTable& symbols) {
  if (map == nullptr || map->kind != ir::NodeKind::Map) return nullptr;
  for (const ir::Node& child : ir::Children(map)) {
    if (symbols.text(child.key) == key) return &child;
  }
  return nullptr;
}

std::string_view memberText(const ir::Node* map, std::string_view key, const base::SymbolTable& symbols) {
  const ir::Node* node = member(map, key, symbols);
  return node != nullptr && node->kind == ir::NodeKind::String ? node->text() : std::string_view{};
}

bool memberTrue(const ir::Node* map, std::string_view key, const base::SymbolTable& symbols) {
  const ir::Node* node = member(map, key, symbols);
  return node != nullptr && node->kind == ir::NodeKind::Bool && node->boolean;
}

Index StructuralReader::read(const ir::Node& schema, std::string_view fieldName, int depth) {
  if (schema.kind != ir::NodeKind::Map || depth > kMaxDepth) return table::kAnyType;
  if (const std::string_view ref = memberText(&schema, "$ref", symbols_); !ref.empty()) {
    return resolve ? resolve(ref) : table::kAnyType;
  }
  return store_.add(draft(schema, fieldName, depth));
}

TypeDraft StructuralReader::draft(const ir::Node& schema, std::string_view fieldName, int depth) {
  TypeDraft out;
  if (custom_) out.flags |= table::Custom;
  if (memberTrue(&schema, "nullable", symbols_)) out.flags |= table::Nullable;
  const ir::Node* anyOf = get(schema, "anyOf");
  if (memberTrue(&schema, "x-kubernetes-int-or-string", symbols_) || allowsIntAndString(anyOf, symbols_)) {
    out.shape = isQuantityPattern(memberText(&schema, "pattern", symbols_)) ? Shape::Quantity : Shape::IntOrString;
    return out;
  }
  const std::string_view type = memberText(&schema, "type", symbols_);
  const bool isObject = type == "object" || get(schema, "properties") != nullptr ||
                        memberTrue(&schema, "x-kubernetes-embedded-resource", symbols_);
  if (isObject) readObject(schema, out, fieldName, depth);
  else if (type == "array") readList(schema, out, depth);
  else readScalar(schema, out, type);
  return out;
}

void StructuralReader::readObject(const ir::Node& schema, TypeDraft& out, std::string_view fieldName, int depth) {
  readLimits(schema, out, "minProperties", "maxProperties");
  out.shape = Shape::Object;
  if (memberTrue(&schema, "x-kubernetes-preserve-unknown-fields", symbols_)) out.flags |= table::KeepsUnknown;
  if (memberText(&schema, "x-kubernetes-map-type", symbols_) == "atomic") out.flags |= table::AtomicMap;
  const ir::Node* properties = get(schema, "properties");
  const ir::Node* additional = get(schema, "additionalProperties");
  if (properties == nullptr && additional != nullptr) {
    if (additional->kind == ir::NodeKind::Map) {
      out.shape = Shape::Map;
      out.element = read(*additional, {}, depth + 1);
      return;
    }
    if (additional->kind == ir::NodeKind::Bool && additional->boolean) out.flags |= table::KeepsUnknown;
  }
  const ir::Node* required = get(schema, "required");
  if (properties != nullptr) {
    for (const ir::Node& property : ir::Children(properties)) {
      const std::string_view name = symbols_.text(property.key);
      table::FieldDraft field{.name = name, .type = read(property, name, depth + 1)};
      field.defaulted = get(property, "default") != nullptr;
      if (!field.defaulted && listed(required, name)) field.required = kAllVersions;
      out.fields.push_back(field);
    }
  } else if (custom_ && fieldName == "metadata" && objectMeta_ != table::kAnyType && additional == nullptr) {
    // A bare `metadata` stands for the metadata of an embedded object.
    const table::TypeRow meta = store_.type(objectMeta_);
    for (const table::FieldRow& row : store_.fields(meta)) {
      out.fields.push_back({.name = store_.name(row.name), .type = row.type, .versions = row.versions});
    }
  }
  if (memberTrue(&schema, "x-kubernetes-embedded-resource", symbols_)) addEmbedded(out);
}

void StructuralReader::addEmbedded(TypeDraft& out) {
  const auto has = [&](std::string_view name) {
    return std::any_of(out.fields.begin(), out.fields.end(), [&](const auto& field) { return field.name == name; });
  };
  TypeDraft text;
  text.shape = Shape::String;
  for (std::string_view name : {std::string_view("apiVersion"), std::string_view("kind")}) {
    if (!has(name)) out.fields.push_back({.name = name, .type = store_.add(text)});
  }
  std::erase_if(out.fields, [](const auto& field) { return field.name == "metadata"; });
  out.fields.push_back({.name = "metadata", .type = objectMeta_});
}

Index StructuralReader::readRoot(const ir::Node& schema, std::string_view kind) {
  TypeDraft root = draft(schema, {}, 0);
  root.shape = Shape::Object;
  root.name = kind;
  addEmbedded(root);
  return store_.add(std::move(root));
}

void StructuralReader::readList(const ir::Node& schema, TypeDraft& out, int depth) {
  out.shape = Shape::List;
  readLimits(schema, out, "minItems", "maxItems");
  if (const ir::Node* items = get(schema, "items")) out.element = read(*items, {}, depth + 1);
  const std::string_view listType = memberText(&schema, "x-kubernetes-list-type", symbols_);
  if (listType == "set") out.listType = ListType::Set;
  if (listType == "map") out.listType = ListType::Map;
  const ir::Node* keys = get(schema, "x-kubernetes-list-map-keys");
  if (keys == nullptr) return;
  for (const ir::Node& key : ir::Children(keys)) {
    if (key.kind == ir::NodeKind::String && out.keys.size() < 16) out.keys.push_back(key.text());
  }
}

void StructuralReader::readScalar(const ir::Node& schema, TypeDraft& out, std::string_view type) {
  const std::string_view format = memberText(&schema, "format", symbols_);
  if (type == "string") {
    out.shape = format == "int-or-string" ? Shape::IntOrString : Shape::String;
    if (format == "byte") out.flags |= table::Base64;
    if (format == "date-time") out.flags |= table::DateTime;
    readLimits(schema, out, "minLength", "maxLength");
    out.pattern = memberText(&schema, "pattern", symbols_);
  } else if (type == "integer") {
    out.shape = Shape::Int;
    if (format == "int32") out.flags |= table::Int32;
    readLimits(schema, out, "minimum", "maximum");
  } else if (type == "number") {
    out.shape = Shape::Float;
    readLimits(schema, out, "minimum", "maximum");
  } else if (type == "boolean") {
    out.shape = Shape::Bool;
  } else {
    out.shape = Shape::Any;
    out.flags |= table::KeepsUnknown;
  }
  const ir::Node* values = get(schema, "enum");
  if (values == nullptr || out.shape != Shape::String) return;
  for (const ir::Node& value : ir::Children(values)) {
    if (value.kind == ir::NodeKind::String) out.enums.push_back(value.text());
  }
}

void StructuralReader::readLimits(const ir::Node& schema, TypeDraft& out, std::string_view low,
                                  std::string_view high) const {
  const auto bound = [&](std::string_view key, std::int64_t& to, bool up) {
    const ir::Node* node = get(schema, key);
    if (node == nullptr) return;
    if (node->kind == ir::NodeKind::Int) to = node->integer;
    if (node->kind == ir::NodeKind::Float && std::abs(node->real) < 9e18) {
      to = static_cast<std::int64_t>(up ? std::ceil(node->real) : std::floor(node->real));
    }
  };
  bound(low, out.limits.minimum, false);
  bound(high, out.limits.maximum, true);
}

}  // namespace mlstack::schema
