#include "backend/desired.h"

#include <algorithm>
#include <array>

#include "backend/compare_parts.h"
#include "base/base64.h"
#include "backend/inventory.h"

namespace mlstack::backend {

namespace {

using ir::Node;
using ir::NodeKind;

constexpr std::array<std::string_view, 7> kServers{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink", "deletionTimestamp"};

class Dresser {
 public:
  Dresser(const schema::Catalog& catalog, base::SymbolTable& symbols, ir::Builder& builder) : catalog_(catalog), symbols_(symbols), builder_(builder) {}

  const Node* run(const ir::Object& object, const Dress& dress) {
    const auto* resource = catalog_.resource(symbols_.text(object.apiVersion), symbols_.text(object.kind));
    const Node* from = object.root;
    if (hasNull(*from)) from = withoutNulls(*from, resource ? resource->type : schema::TypeRef{});
    auto* root = shallow(*from);
    ir::Builder::remove(*root, symbols_.intern("status"));
    if (object.role == ir::Role::Secret) fold(*root);
    metadata(*root, object, dress);
    return root;
  }

 private:
  /// The same children again, in a ring of their own.
  Node* shallow(const Node& map) {
    auto* copy = builder_.map(map.span);
    copy->flags = map.flags;
    copy->keyGap = map.keyGap;
    copy->key = map.key;
    for (const auto& child : ir::Children(&map)) {
      auto* twin = builder_.null(child.span);
      *twin = child;
      ir::Builder::append(*copy, twin);
    }
    return copy;
  }

  Node* mapIn(Node& map, std::string_view key) {
    const auto symbol = symbols_.intern(key);
    const auto* there = ir::find(&map, symbol);
    auto* copy = there && there->kind == NodeKind::Map ? shallow(*there) : builder_.map(map.span);
    ir::Builder::set(map, symbol, copy);
    return copy;
  }

  void put(Node& map, std::string_view key, std::string_view value, base::Span span) {
    ir::Builder::set(map, symbols_.intern(key), builder_.copyString(value, span));
  }

  void metadata(Node& root, const ir::Object& object, const Dress& dress) {
    auto* meta = mapIn(root, "metadata");
    for (const auto key : kServers) ir::Builder::remove(*meta, symbols_.intern(key));
    if (dress.nameSpace.empty()) ir::Builder::remove(*meta, symbols_.intern("namespace"));
    else put(*meta, "namespace", dress.nameSpace, object.span);
    if (!dress.setId.empty()) put(*mapIn(*meta, "labels"), kPartOfLabel, dress.setId, object.span);
    if (object.isProtected) put(*mapIn(*meta, "annotations"), kProtectAnnotation, "true", object.span);
  }

  void fold(Node& root) {
    const auto key = symbols_.intern("stringData");
    const auto* texts = ir::find(&root, key);
    if (!texts || texts->kind != NodeKind::Map) return;
    auto* data = mapIn(root, "data");
    for (const auto& text : ir::Children(texts)) {
      if (text.kind != NodeKind::String) continue;
      auto* value = builder_.copyString(base::encodeBase64(text.text()), text.span);
      value->keyGap = text.keyGap;
      ir::Builder::set(*data, text.key, value);
    }
    ir::Builder::remove(root, key);
  }

  static bool hasNull(const Node& node) {
    for (const auto& child : ir::Children(&node)) {
      if (child.kind == NodeKind::Null || (child.isContainer() && hasNull(child))) return true;
    }
    return false;
  }

  /// Nulls stay where the schema takes anything: there they are values.
  Node* withoutNulls(const Node& node, schema::TypeRef type) {
    auto* copy = builder_.null(node.span);
    *copy = node;
    if (!node.isContainer()) return copy;
    copy->length = 0;
    copy->last = nullptr;
    const auto shape = type ? catalog_.shape(type) : schema::Shape::Object;
    for (const auto& child : ir::Children(&node)) {
      if (child.kind == NodeKind::Null && node.kind == NodeKind::Map && shape != schema::Shape::Any) continue;
      schema::TypeRef below = shape == schema::Shape::Any ? type : schema::TypeRef{};
      if (shape == schema::Shape::List || shape == schema::Shape::Map) below = catalog_.element(type);
      else if (type && shape == schema::Shape::Object)
        if (const auto* field = catalog_.field(type, symbols_.text(child.key))) below = field->type;
      auto* twin = withoutNulls(child, below);
      ir::Builder::append(*copy, twin);
    }
    return copy;
  }

  const schema::Catalog& catalog_;
  base::SymbolTable& symbols_;
  ir::Builder& builder_;
};

}  // namespace

const Node* dressed(const ir::Object& object, const Dress& dress, const schema::Catalog& catalog, base::SymbolTable& symbols, ir::Builder& builder) {
  return Dresser(catalog, symbols, builder).run(object, dress);
}

}  // namespace mlstack::backend
