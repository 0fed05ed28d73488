// The other direction of the table: what stands at a member's target, as the source would say it.

#include <fmt/format.h>

#include "base/duration.h"
#include "lower/lower.h"
#include "lower/plan.h"

namespace mlstack::lower {

namespace {

using ir::Node;
using ir::NodeKind;
using sema::Member;
using sema::Via;

class Raising {
 public:
  Raising(ir::Builder& builder, base::SymbolTable& symbols) : builder_(builder), symbols_(symbols) {}

  const Node* field(const Member& member, const Node& root);

 private:
  [[nodiscard]] Node* at(const Node* map, std::string_view key) { return ir::find(map, symbols_.intern(key)); }
  [[nodiscard]] const Node* walk(const Node& root, std::span<const sema::Step> steps);
  [[nodiscard]] const Node* nameIn(const Node* node) { return at(node, "name"); }
  const Node* duration(const Node& node);
  const Node* environment(const Node& node);
  const Node* environmentFrom(const Node& node);
  const Node* script(const Node& node);
  const Node* gpus(const Node& limits);
  const Node* reserve(const Member& member, const Node& root);
  const Node* names(const Node& node);
  const Node* nodeTerms(const Node& node);
  const Node* fragment(const Member& member, const Node& node);
  const Node* fragmentOf(const sema::Kind& kind, const Node& node);
  [[nodiscard]] bool mayMake(const sema::Type* type, const sema::Kind& kind) const;

  ir::Builder& builder_;
  base::SymbolTable& symbols_;
};

const Node* Raising::walk(const Node& root, std::span<const sema::Step> steps) {
  const Node* node = &root;
  for (std::size_t i = 0; i < steps.size() && node != nullptr; ++i) {
    node = at(node, steps[i].key);
    const bool last = i + 1 == steps.size();
    if (node == nullptr || !steps[i].isList || (last && steps[i].elementKey.empty())) continue;
    if (node->kind != NodeKind::List || node->length == 0) return nullptr;
    node = steps[i].elementKey.empty() ? node->last : node->last->next;
  }
  return node;
}

const Node* Raising::duration(const Node& node) {
  if (node.kind != NodeKind::Int) return &node;
  return builder_.copyString(base::Duration{node.integer * 1000}.text(), node.span);
}

/// `value` as it is; a key or a function's call as a map that names it.
const Node* Raising::environment(const Node& node) {
  if (const auto* value = at(&node, "value")) return value;
  const auto* from = at(&node, "valueFrom");
  if (from == nullptr) return nullptr;
  for (const auto& [key, name] : {std::pair{"secretKeyRef", "secret"}, std::pair{"configMapKeyRef", "config"}}) {
    const auto* reference = at(from, key);
    const auto* optional = at(reference, "optional");
    if (reference == nullptr || optional != nullptr) continue;
    const auto* label = nameIn(reference);
    const auto* entry = at(reference, "key");
    if (label == nullptr || entry == nullptr) continue;
    auto* made = builder_.map(from->span);
    ir::Builder::add(*made, symbols_.intern(name), builder_.string(label->text(), label->span));
    ir::Builder::add(*made, symbols_.intern("key"), builder_.string(entry->text(), entry->span));
    return made;
  }
  for (const auto& kind : sema::preludeKinds()) {
    if (kind.word != "env-source") continue;
    if (const auto* made = fragmentOf(kind, *from)) return made;
  }
  return nullptr;
}

const Node* Raising::environmentFrom(const Node& node) {
  auto* list = builder_.list(node.span);
  for (const auto& entry : ir::Children(&node)) {
    const auto* config = nameIn(at(&entry, "configMapRef"));
    const auto* secret = nameIn(at(&entry, "secretRef"));
    const auto* name = config != nullptr ? config : secret;
    if (name != nullptr) ir::Builder::append(*list, builder_.string(name->text(), name->span));
  }
  return list;
}

/// Null when the command is none that `script` makes.
const Node* Raising::script(const Node& node) {
  if (node.kind != NodeKind::List || (node.length != 3 && node.length != 4)) return nullptr;
  const auto* shell = node.last->next;
  if (shell->kind != NodeKind::String || shell->text() != "/bin/sh") return nullptr;
  if (shell->next->kind != NodeKind::String || shell->next->text() != "-c") return nullptr;
  const auto* text = shell->next->next;
  if (node.length == 4 && !ir::sameValue(*node.last, *shell)) return nullptr;   // a `$0` of its own
  return text;
}

const Node* Raising::gpus(const Node& limits) {
  for (const auto& limit : ir::Children(&limits)) {
    const auto key = symbols_.text(limit.key);
    if (key.size() > 4 && key.substr(key.size() - 4) == "/gpu") return &limit;
  }
  return nullptr;
}

/// What requests and limits have alike.
const Node* Raising::reserve(const Member& member, const Node& root) {
  const auto steps = member.target;
  const auto* parent = walk(root, steps.first(steps.size() - 1));
  const auto* requests = at(parent, "requests");
  const auto* limits = at(parent, "limits");
  if (requests == nullptr || limits == nullptr) return nullptr;
  auto* map = builder_.map(requests->span);
  for (const auto& request : ir::Children(requests)) {
    const auto* limit = ir::find(limits, request.key);
    if (limit != nullptr && ir::sameValue(*limit, request)) ir::Builder::add(*map, request.key, builder_.clone(request));
  }
  return map->length == 0 ? nullptr : map;
}

const Node* Raising::names(const Node& node) {
  auto* list = builder_.list(node.span);
  for (const auto& entry : ir::Children(&node)) {
    const auto* name = nameIn(&entry);
    if (name != nullptr) ir::Builder::append(*list, builder_.string(name->text(), name->span));
  }
  return list;
}

/// Null when the terms say more than a map of values can.
const Node* Raising::nodeTerms(const Node& node) {
  const auto* terms = at(&node, "nodeSelectorTerms");
  if (terms == nullptr || terms->kind != NodeKind::List || terms->length != 1) return nullptr;
  if (terms->last->kind != NodeKind::Map || terms->last->length != 1) return nullptr;
  auto* map = builder_.map(node.span);
  for (const auto& expression : ir::Children(at(terms->last, "matchExpressions"))) {
    const auto* key = at(&expression, "key");
    const auto* comparison = at(&expression, "operator");
    const auto* values = at(&expression, "values");
    if (key == nullptr || values == nullptr || comparison == nullptr || comparison->text() != "In") return nullptr;
    ir::Builder::add(*map, symbols_.intern(key->text()), builder_.clone(*values));
  }
  return map;
}

bool Raising::mayMake(const sema::Type* type, const sema::Kind& kind) const {
  if (type == nullptr) return false;
  if (type->kind == sema::TypeKind::Fragment) return type->word == kind.word;
  for (const auto* alternative : type->alternatives) {
    if (mayMake(alternative, kind)) return true;
  }
  return false;
}

/// `{ nfs { server = …  path = … } }` when the node holds what the function makes; null otherwise.
const Node* Raising::fragmentOf(const sema::Kind& kind, const Node& node) {
  auto* arguments = builder_.map(node.span);
  for (const auto index : kind.order) {
    const auto& member = kind.members[index];
    const auto* value = field(member, node);
    if (value == nullptr && member.required) return nullptr;
    if (value != nullptr) ir::Builder::add(*arguments, symbols_.intern(member.name), builder_.clone(*value));
  }
  if (arguments->length == 0) return nullptr;
  auto* made = builder_.map(node.span);
  ir::Builder::add(*made, symbols_.intern(kind.name), arguments);
  return made;
}

const Node* Raising::fragment(const Member& member, const Node& node) {
  for (const auto& kind : sema::preludeKinds()) {
    if (kind.role != sema::KindRole::Source || !mayMake(member.type, kind)) continue;
    if (const auto* made = fragmentOf(kind, node)) return made;
  }
  return nullptr;
}

const Node* Raising::field(const Member& member, const Node& root) {
  if (member.via == Via::Facts || member.via == Via::Self) return nullptr;
  if (member.via == Via::RequestAndLimit) return reserve(member, root);
  const auto* node = walk(root, member.target);
  if (node == nullptr) return nullptr;
  switch (member.via) {
    case Via::Plain: case Via::Text: case Via::Selector: return node;
    case Via::Merge: return fragment(member, *node);
    case Via::Seconds: return duration(*node);
    case Via::EnvValue: return environment(*node);
    case Via::EnvFrom: return environmentFrom(*node);
    case Via::Script: return script(*node);
    case Via::Gpus: return gpus(*node);
    case Via::DataSource: case Via::ClaimRef: case Via::ObjectRef: return nameIn(node);
    case Via::NamedRefs: case Via::Subjects: return names(*node);
    case Via::NodeSelector: return nodeTerms(*node);
    case Via::RequestAndLimit: case Via::Facts: case Via::Self: return nullptr;
  }
  return nullptr;
}

}  // namespace

const ir::Node* raiseField(const sema::Member& member, const ir::Node& root, ir::Builder& builder, base::SymbolTable& symbols) {
  return Raising(builder, symbols).field(member, root);
}

}  // namespace mlstack::lower
