#include "ir/settle.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace mlstack::ir {

namespace {

/// Of two nodes with the same kind and length.
bool sameScalar(const Node& a, const Node& b) {
  switch (a.kind) {
    case NodeKind::Null: return true;
    case NodeKind::Bool: return a.boolean == b.boolean;
    case NodeKind::Int: return a.integer == b.integer;
    case NodeKind::Float: return a.real == b.real;
    case NodeKind::String: return a.chars == b.chars || std::memcmp(a.chars, b.chars, a.length) == 0;
    case NodeKind::List:
    case NodeKind::Map: break;
  }
  return false;
}

/// Kind, flags and the key's place; the key; the span.
bool alike(const Node& a, const Node& b) {
  return a.kind == b.kind && a.flags == b.flags && a.keyGap == b.keyGap && a.key == b.key && a.span == b.span;
}

}  // namespace

void Settler::settle(Object& object) {
  if (object.root == nullptr) return;
  auto& lately = known_[keyOf(object)];
  for (auto& known : lately) {
    if (known.apiVersion != object.apiVersion || !matches(*object.root, known)) continue;
    take(object, known);
    if (&known != lately.data()) std::swap(known, lately.front());
    return;
  }
  std::rotate(lately.begin(), lately.end() - 1, lately.end());
  begin(lately.front(), object);
}

bool Settler::matches(const Node& root, Known& known) {
  if (known.entries.empty()) return false;
  const auto& first = *known.entries.front().kept;
  if (!alike(root, first) || root.length != first.length) return false;
  widened_.clear();
  if (match(root, known, 1) != 0) {
    if (!widened_.empty()) {
      markSame(known);
      known.pattern = 0;
    }
    return true;
  }
  for (const auto entry : widened_) known.entries[entry].varies = false;
  return false;
}

void Settler::take(Object& object, Known& known) {
  if (known.pattern == 0) {
    stack_.patterns.emplace_back();
    known.pattern = static_cast<std::uint32_t>(stack_.patterns.size());
  }
  varying_.clear();
  auto* root = stack_.arena.make<Node>(*object.root);
  root->next = nullptr;
  copyChildren(*root, known, 1);
  object.root = root;
  object.pattern = known.pattern;
  object.varying = stack_.arena.copy(varying_).data();
  auto& pattern = stack_.patterns[known.pattern - 1];
  pattern.varying = static_cast<std::uint32_t>(varying_.size());
  ++pattern.objects;
}

std::span<Node* const> Settler::repeat(Object& object, Known& form) {
  take(object, form);
  return varying_;
}

void Settler::begin(Known& known, Object& object) {
  known.apiVersion = object.apiVersion;
  known.entries.clear();
  known.pattern = 0;
  object.root = copyAll(*object.root, known);
}

Node* Settler::copyAll(const Node& node, Known& known) {
  auto* copy = stack_.arena.make<Node>(node);
  const auto at = known.entries.size();
  known.entries.push_back({.kept = copy});
  if (node.isContainer()) {
    copy->length = 0;
    copy->last = nullptr;
    for (const auto& child : Children(&node)) Builder::append(*copy, copyAll(child, known));
  }
  known.entries[at].end = static_cast<std::uint32_t>(known.entries.size());
  return copy;
}

/// Whether the children are like those that begin with entry `at`: the entry behind them, or 0. What differs in scalars
/// only is alike; `widened_` then has what was not known to vary.
std::uint32_t Settler::match(const Node& node, Known& known, std::uint32_t at) {
  for (const auto& child : Children(&node)) {
    auto& entry = known.entries[at++];
    const auto& kept = *entry.kept;
    if (!alike(child, kept)) return 0;
    if (child.isContainer()) {
      if (child.length != kept.length) return 0;
      if (child.length != 0) at = match(child, known, at);
      if (at == 0) return 0;
    } else if (!entry.varies && (child.length != kept.length || !sameScalar(child, kept))) {
      entry.varies = true;
      widened_.push_back(at - 1);
    }
  }
  return at;
}

void Settler::markSame(Known& known) {
  auto& entries = known.entries;
  for (std::size_t i = entries.size(); i-- > 0;) {
    entries[i].same = !entries[i].varies;
    for (auto child = i + 1; child < entries[i].end && entries[i].same; child = entries[child].end) {
      entries[i].same = entries[child].same;
    }
  }
}

/// Gives `node`, a copy, children of its own; they are those from entry `at` on. Returns the entry behind them.
std::uint32_t Settler::copyChildren(Node& node, const Known& known, std::uint32_t at) {
  if (node.length == 0) return at;
  const Children children(&node);
  auto* const first = static_cast<Node*>(stack_.arena.allocate(node.length * sizeof(Node), alignof(Node)));
  auto* copy = first;
  for (const auto& child : children) {
    ::new (copy) Node(child);
    copy->next = copy + 1;
    const auto& entry = known.entries[at];
    if (entry.same) {
      copy->last = entry.kept->last;   // its children, or a scalar's value
      at = entry.end;
    } else if (entry.varies) {
      varying_.push_back(copy);
      ++at;
    } else {
      at = copyChildren(*copy, known, at + 1);
    }
    ++copy;
  }
  --copy;
  copy->next = first;
  node.last = copy;
  return at;
}

}  // namespace mlstack::ir
