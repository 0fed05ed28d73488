// `with { … }`: a tree typed by the schema, merged over what the kind made. Maps merge, lists with a merge
// key merge by it, other lists and scalars are replaced, an explicit null removes.

#include <fmt/format.h>

#include "lower/lowering.h"

namespace mlstack::lower {

schema::TypeRef Lowering::typeOf(const ir::Object& object) const {
  const auto* resource = catalog_.resource(symbols_.text(object.apiVersion), symbols_.text(object.kind));
  return resource == nullptr ? schema::TypeRef{} : resource->type;
}

schema::TypeRef Lowering::walk(schema::TypeRef type, std::span<const StepPlan> steps) const {
  for (const auto& step : steps) {
    if (!type) return {};
    const auto shape = catalog_.shape(type);
    if (shape == schema::Shape::Map) {
      type = catalog_.element(type);
    } else {
      const auto* field = catalog_.field(type, symbols_.text(step.key));
      if (field == nullptr) return {};
      type = field->type;
    }
    if (step.isList) type = catalog_.element(type);
  }
  return type;
}

/// The type of the node that a part makes.
schema::TypeRef Lowering::typeOf(const Instance& instance) {
  if (instance.parent == nullptr || instance.member == nullptr || instance.parent->kind == nullptr) {
    const auto [apiVersion, kind] = splitApi(instance.kind != nullptr ? instance.kind->api : instance.api);
    const auto* resource = catalog_.resource(apiVersion, kind);
    return resource == nullptr ? schema::TypeRef{} : resource->type;
  }
  const auto& plan = plans_.of(*instance.parent->kind);
  const auto above = typeOf(*instance.parent);
  return plan.owns(*instance.member) ? walk(above, plan.of(*instance.member).steps) : schema::TypeRef{};
}

void Lowering::overlay(const sema::Overlay* overlays, Node& node, schema::TypeRef type) {
  unsteady();
  lately_ = {};   // what it replaces may be on the way there
  for (; overlays != nullptr; overlays = overlays->next) {
    if (overlays->tree != nullptr && overlays->tree->kind == ir::NodeKind::Map) merge(node, *overlays->tree, type);
  }
}

void Lowering::merge(Node& into, const Node& from, schema::TypeRef type) {
  for (const auto& child : ir::Children(&from)) {
    if (child.kind == ir::NodeKind::Null) {
      (void)ir::Builder::remove(into, child.key);
      continue;
    }
    schema::TypeRef childType;
    if (type) {
      if (const auto* field = catalog_.field(type, symbols_.text(child.key))) {
        childType = field->type;
      } else if (catalog_.shape(type) == schema::Shape::Map) {
        childType = catalog_.element(type);
      }
    }
    auto* old = ir::find(&into, child.key);
    if (old != nullptr && old->kind == ir::NodeKind::Map && child.kind == ir::NodeKind::Map) {
      merge(*old, child, childType);
      continue;
    }
    if (old != nullptr && old->kind == ir::NodeKind::List && child.kind == ir::NodeKind::List && childType) {
      if (const auto keys = catalog_.listKeys(childType); !keys.empty()) {
        mergeList(*old, child, catalog_.element(childType), keys);
        continue;
      }
    }
    auto* copy = builder_.clone(child);
    dropNulls(*copy);
    ir::Builder::set(into, child.key, copy);
  }
}

/// What names no container that is there makes one: without an image it was meant for another.
void Lowering::strayContainer(const Node& list, const Node& element, schema::TypeRef type) {
  if (!type || element.kind != ir::NodeKind::Map || catalog_.describe(type) != "Container") return;
  const auto* name = ir::find(&element, keys_.name);
  if (name == nullptr || name->kind != ir::NodeKind::String || ir::find(&element, keys_.image) != nullptr) return;
  std::vector<std::string_view> names;
  for (const auto& other : ir::Children(&list)) {
    const auto* known = ir::find(&other, keys_.name);
    if (known != nullptr && known->kind == ir::NodeKind::String) names.push_back(known->text());
  }
  const auto near = diag::nearest(name->text(), names);
  std::string hint = fmt::format("no container here is called so; there is `{}`", fmt::join(names, "`, `"));
  if (!near.empty()) hint = fmt::format("no container here is called so: did you mean \"{}\"?", near);
  if (names.empty()) hint.clear();
  sink_.add(complain<diag::Code::ContainerWithoutImage>(name->span, name->text()).hint(std::move(hint)));
}

void Lowering::mergeList(Node& into, const Node& from, schema::TypeRef type, const std::vector<std::string_view>& keys) {
  const auto same = [&](const Node& a, const Node& b) {
    bool any = false;
    for (const auto key : keys) {
      const auto symbol = symbols_.intern(key);
      const auto* left = ir::find(&a, symbol);
      const auto* right = ir::find(&b, symbol);
      if (left == nullptr || right == nullptr) continue;   // `protocol` of a port is rarely written
      if (!ir::sameValue(*left, *right)) return false;
      any = true;
    }
    return any;
  };
  for (const auto& element : ir::Children(&from)) {
    Node* found = nullptr;
    for (auto& old : ir::Children(&into)) {
      if (found == nullptr && same(old, element)) found = &old;
    }
    if (found != nullptr && found->kind == ir::NodeKind::Map && element.kind == ir::NodeKind::Map) {
      merge(*found, element, type);
      continue;
    }
    strayContainer(into, element, type);
    auto* copy = builder_.clone(element);
    dropNulls(*copy);
    copy->key = {};
    ir::Builder::append(into, copy);
  }
}

/// In a tree that is put in whole there is nothing to remove.
void Lowering::dropNulls(Node& node) {
  if (node.kind == ir::NodeKind::List) {
    for (auto& child : ir::Children(&node)) dropNulls(child);
    return;
  }
  if (node.kind != ir::NodeKind::Map) return;
  std::vector<Symbol> nulls;
  for (auto& child : ir::Children(&node)) {
    if (child.kind == ir::NodeKind::Null) nulls.push_back(child.key);
    dropNulls(child);
  }
  for (const auto key : nulls) (void)ir::Builder::remove(node, key);
}

}  // namespace mlstack::lower
