#include "ir/node.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace mlstack::ir {

Node* Builder::boolean(bool value, Span span) {
  auto* node = make(NodeKind::Bool, span);
  node->boolean = value;
  return node;
}

Node* Builder::integer(std::int64_t value, Span span) {
  auto* node = make(NodeKind::Int, span);
  node->integer = value;
  return node;
}

Node* Builder::real(double value, Span span) {
  auto* node = make(NodeKind::Float, span);
  node->real = value;
  return node;
}

Node* Builder::copyString(std::string_view text, Span span) {
  return string(texts_->copy(text), span);
}

Node* Builder::clone(const Node& tree) {
  auto* copy = make(tree.kind, tree.span);
  copy->flags = tree.flags;
  copy->keyGap = tree.keyGap;
  copy->key = tree.key;
  switch (tree.kind) {
    case NodeKind::Null:
      break;
    case NodeKind::Bool:
      copy->boolean = tree.boolean;
      break;
    case NodeKind::Int:
      copy->integer = tree.integer;
      break;
    case NodeKind::Float:
      copy->real = tree.real;
      break;
    case NodeKind::String:
      copy->chars = texts_->copy(tree.text()).data();
      copy->length = tree.length;
      break;
    case NodeKind::List:
    case NodeKind::Map:
      for (const auto& child : Children(&tree)) append(*copy, clone(child));
      break;
  }
  return copy;
}

namespace {

/// The child before the one of `key` in the ring (itself when alone); null when there is none.
Node* before(const Node& map, Symbol key) {
  Node* previous = map.length ? map.last : nullptr;
  for (std::uint32_t i = 0; i < map.length; ++i, previous = previous->next) {
    if (previous->next->key == key) return previous;
  }
  return nullptr;
}

}  // namespace

void Builder::set(Node& map, Symbol key, Node* child) {
  auto* previous = before(map, key);
  if (!previous) return add(map, key, child);
  auto* old = previous->next;
  if (old == child) return;
  child->key = key;
  if (previous == old) {
    child->next = child;
  } else {
    child->next = old->next;
    previous->next = child;
  }
  if (map.last == old) map.last = child;
  old->next = nullptr;
}

bool Builder::remove(Node& map, Symbol key) {
  auto* previous = before(map, key);
  if (!previous) return false;
  auto* old = previous->next;
  if (--map.length == 0) {
    map.last = nullptr;
  } else {
    previous->next = old->next;
    if (map.last == old) map.last = previous;
  }
  old->next = nullptr;
  return true;
}

Node* Builder::mapAt(Node& map, Symbol key, Span span) {
  if (auto* found = find(&map, key)) return found->kind == NodeKind::Map ? found : nullptr;
  auto* child = this->map(span);
  add(map, key, child);
  return child;
}

Node* Builder::listAt(Node& map, Symbol key, Span span) {
  if (auto* found = find(&map, key)) return found->kind == NodeKind::List ? found : nullptr;
  auto* child = list(span);
  add(map, key, child);
  return child;
}

Node* findPath(const Node* map, std::string_view dotted, const base::SymbolTable& symbols) {
  const char* at = dotted.data();
  const char* const end = at + dotted.size();
  while (true) {
    if (!map || map->kind != NodeKind::Map) return nullptr;
    const char* dot = at;   // keys are short: looking for it takes less than a call
    while (dot != end && *dot != '.') ++dot;
    const auto length = static_cast<std::size_t>(dot - at);
    Node* found = nullptr;
    for (auto& child : Children(map)) {
      const auto text = symbols.text(child.key);
      if (text.size() != length || (length != 0 && text.front() != *at) || std::memcmp(text.data(), at, length) != 0) continue;
      found = &child;
      break;
    }
    if (!found || dot == end) return found;
    map = found;
    at = dot + 1;
  }
}

namespace {

bool sameNumber(const Node& a, const Node& b) {
  if (a.kind == b.kind) return a.kind == NodeKind::Int ? a.integer == b.integer : a.real == b.real;
  const auto whole = a.kind == NodeKind::Int ? a.integer : b.integer;
  const auto real = a.kind == NodeKind::Int ? b.real : a.real;
  // Not by converting the integer: above 2^53 that rounds.
  return real >= -0x1p63 && real < 0x1p63 && std::trunc(real) == real &&
         static_cast<std::int64_t>(real) == whole;
}

bool isNumber(const Node& node) {
  return node.kind == NodeKind::Int || node.kind == NodeKind::Float;
}

std::vector<const Node*> byKey(const Node& map) {
  std::vector<const Node*> nodes;
  nodes.reserve(map.length);
  for (const auto& child : Children(&map)) nodes.push_back(&child);
  std::sort(nodes.begin(), nodes.end(),
            [](const Node* a, const Node* b) { return a->key.id < b->key.id; });
  return nodes;
}

bool sameMap(const Node& a, const Node& b) {
  // Nearly always the same order: walk in step, and sort only from where they part.
  auto other = Children(&b).begin();
  bool inStep = true;
  for (const auto& child : Children(&a)) {
    if (child.key != other->key) {
      inStep = false;
      break;
    }
    if (!sameValue(child, *other)) return false;
    ++other;
  }
  if (inStep) return true;
  const auto left = byKey(a);
  const auto right = byKey(b);
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i]->key != right[i]->key || !sameValue(*left[i], *right[i])) return false;
  }
  return true;
}

}  // namespace

bool sameValue(const Node& a, const Node& b) {
  if (isNumber(a) && isNumber(b)) return sameNumber(a, b);
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case NodeKind::Null:
      return true;
    case NodeKind::Bool:
      return a.boolean == b.boolean;
    case NodeKind::Int:
    case NodeKind::Float:
      return sameNumber(a, b);
    case NodeKind::String:
      return a.text() == b.text();
    case NodeKind::Map:
      return a.length == b.length && sameMap(a, b);
    case NodeKind::List: {
      if (a.length != b.length) return false;
      auto other = Children(&b).begin();
      for (const auto& child : Children(&a)) {
        if (!sameValue(child, *other)) return false;
        ++other;
      }
      return true;
    }
  }
  return false;
}

}  // namespace mlstack::ir
