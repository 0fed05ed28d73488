#include "schema/project.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "schema/structural.h"

namespace mlstack::schema {

using ir::Node;
using ir::NodeKind;

namespace {

constexpr int kMaxDepth = 200;

class Minifier {
 public:
  Minifier(std::string& out, const base::SymbolTable& symbols) : json_(out), symbols_(symbols) {}

  void crd(const Node& crd) {
    json_.beginObject();
    copy(crd, {"apiVersion", "kind"});
    if (const Node* metadata = member(&crd, "metadata", symbols_)) {
      json_.key("metadata").beginObject();
      copy(*metadata, {"name"});
      json_.endObject();
    }
    if (const Node* spec = member(&crd, "spec", symbols_)) this->spec(*spec);
    json_.endObject();
  }

 private:
  void spec(const Node& spec) {
    json_.key("spec").beginObject();
    copy(spec, {"group", "scope"});
    if (const Node* names = member(&spec, "names", symbols_)) {
      json_.key("names").beginObject();
      copy(*names, {"kind", "plural", "singular", "shortNames"});
      json_.endObject();
    }
    json_.key("versions").beginArray();
    for (const Node& version : ir::Children(member(&spec, "versions", symbols_))) {
      json_.beginObject();
      copy(version, {"name", "served", "storage", "deprecated", "deprecationWarning"});
      if (const Node* root = member(member(&version, "schema", symbols_), "openAPIV3Schema", symbols_)) {
        json_.key("schema").beginObject().key("openAPIV3Schema");
        schema(*root, 0);
        json_.endObject();
      }
      json_.endObject();
    }
    json_.endArray().endObject();
  }

  void copy(const Node& map, std::initializer_list<std::string_view> keys) {
    for (std::string_view key : keys) {
      if (const Node* node = member(&map, key, symbols_)) value(*node, key);
    }
  }

  void value(const Node& node, std::string_view key) {
    json_.key(key);
    value(node, 0);
  }

  void value(const Node& node, int depth) {
    if (depth > kMaxDepth) {
      json_.null();
      return;
    }
    switch (node.kind) {
      case NodeKind::Null: json_.null(); return;
      case NodeKind::Bool: json_.value(node.boolean); return;
      case NodeKind::Int: json_.value(node.integer); return;
      case NodeKind::Float: json_.value(node.real); return;
      case NodeKind::String: json_.value(node.text()); return;
      case NodeKind::List:
        json_.beginArray();
        for (const Node& item : ir::Children(&node)) value(item, depth + 1);
        json_.endArray();
        return;
      case NodeKind::Map:
        json_.beginObject();
        for (const Node& child : ir::Children(&node)) {
          json_.key(symbols_.text(child.key));
          value(child, depth + 1);
        }
        json_.endObject();
        return;
    }
  }

  /// Only the keywords that the tables know: descriptions, rules and examples are left out. A
  /// property may be called like a keyword, so `properties` is followed on its own.
  void schema(const Node& node, int depth) {
    if (node.kind != NodeKind::Map || depth > kMaxDepth) {
      value(node, depth);
      return;
    }
    static constexpr std::array<std::string_view, 22> kKept{
        "type", "format", "required", "enum", "nullable", "default", "pattern", "minimum", "maximum", "minLength",
        "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "anyOf",
        "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string", "x-kubernetes-embedded-resource",
        "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type"};
    json_.beginObject();
    for (const Node& child : ir::Children(&node)) {
      const std::string_view key = symbols_.text(child.key);
      if (key == "properties" && child.kind == NodeKind::Map) {
        json_.key(key).beginObject();
        for (const Node& property : ir::Children(&child)) {
          json_.key(symbols_.text(property.key));
          schema(property, depth + 1);
        }
        json_.endObject();
      } else if (key == "items" || key == "additionalProperties") {
        json_.key(key);
        schema(child, depth + 1);
      } else if (std::find(kKept.begin(), kKept.end(), key) != kKept.end()) {
        value(child, key);
      }
    }
    json_.endObject();
  }

  base::JsonWriter json_;
  const base::SymbolTable& symbols_;
};

bool fitForFileName(std::string_view text) {
  return !text.empty() && text.front() != '.' && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

}  // namespace

std::string minifyCrd(const Node& crd, const base::SymbolTable& symbols) {
  std::string out;
  Minifier(out, symbols).crd(crd);
  return out;
}

std::string crdFileName(const Node& crd, const base::SymbolTable& symbols) {
  const Node* spec = member(&crd, "spec", symbols);
  const std::string_view plural = memberText(member(spec, "names", symbols), "plural", symbols);
  const std::string_view group = memberText(spec, "group", symbols);
  if (!fitForFileName(plural) || !fitForFileName(group)) return {};
  return std::string(plural) + "." + std::string(group) + ".json";
}

}  // namespace mlstack::schema
