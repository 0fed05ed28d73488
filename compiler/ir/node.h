#pragma once
// The tree of one Kubernetes object: JSON's shapes, each node with the source it came from.
// 40 bytes a node, in an arena: ten thousand workloads are millions of nodes.

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "base/span.h"
#include "base/symbol.h"

namespace mlstack::ir {

using base::Span;
using base::Symbol;

enum class NodeKind : std::uint8_t { Null, Bool, Int, Float, String, List, Map };

/// Set on a node; `Raw` nodes came from `object`, `with` or YAML and are checked field by field
/// against the schema, the others came through the kinds table, whose paths are proven by a test.
enum NodeFlag : std::uint8_t {
  FlagRaw = 1,
  FlagBlock = 2,    // a string the source wrote as a block: the emitter prefers `|`
  FlagError = 8,     // stands for a value that has an error, reported already: checks are silent about it
  FlagImplied = 4,  // added by the compiler, not written by the user
  FlagKeyInside = 16,  // the span begins with the key: a block (`labels { … }`)
};

struct Node {
  NodeKind kind = NodeKind::Null;
  std::uint8_t flags = 0;
  std::uint16_t keyGap = 0;  // from the key's first byte to the value's in the source; 0: not known
  std::uint32_t length = 0;  // String: bytes; List, Map: number of children
  Symbol key;                // in a Map
  Span span;
  union {
    bool boolean;
    std::int64_t integer = 0;
    double real;
    const char* chars;  // String: not NUL-terminated, in an arena
    Node* last;         // List, Map: last child; its `next` is the first (a ring)
  };
  Node* next = nullptr;

  [[nodiscard]] std::string_view text() const { return {chars, length}; }
  [[nodiscard]] bool isContainer() const { return kind == NodeKind::List || kind == NodeKind::Map; }
  /// Notes where the key stands that this node is the value of; both must be in one file.
  void setKeyAt(Span keySpan) {
    if (keySpan.known() && span.begin > keySpan.begin && span.begin - keySpan.begin <= 0xffff)
      keyGap = static_cast<std::uint16_t>(span.begin - keySpan.begin);
    else if (keySpan.known() && span.begin == keySpan.begin && span.end > keySpan.end)
      flags |= FlagKeyInside;
  }
  [[nodiscard]] bool knowsKey() const { return keyGap != 0 || (flags & FlagKeyInside) != 0; }
  /// From the key on; the value alone when its key's place is not known.
  [[nodiscard]] Span entrySpan() const { return {span.begin - keyGap, span.end}; }
  /// The key, `length` bytes of it; the value when its key's place is not known.
  [[nodiscard]] Span keySpan(std::size_t bytes) const {
    return !knowsKey()
               ? span
               : Span{span.begin - keyGap, span.begin - keyGap + static_cast<base::Pos>(bytes)};
  }
};
static_assert(sizeof(Node) == 40);

/// The children of a List or Map in order; empty for scalars.
class Children {
 public:
  class Iterator {
   public:
    Iterator(Node* node, std::uint32_t left) : node_(node), left_(left) {}
    Node& operator*() const { return *node_; }
    Node* operator->() const { return node_; }
    Iterator& operator++() {
      node_ = node_->next;
      --left_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return left_ == other.left_; }

   private:
    Node* node_;
    std::uint32_t left_;
  };
  explicit Children(const Node* parent)
      : first_(parent && parent->isContainer() && parent->length ? parent->last->next : nullptr),
        count_(first_ ? parent->length : 0) {}
  [[nodiscard]] Iterator begin() const { return {first_, count_}; }
  [[nodiscard]] Iterator end() const { return {nullptr, 0}; }
  [[nodiscard]] std::uint32_t size() const { return count_; }

 private:
  Node* first_;
  std::uint32_t count_;
};

/// Makes nodes; all memory is the arena's. Strings passed in must outlive the arena's user
/// (intern or copy them first) unless the function says that it copies.
class Builder {
 public:
  explicit Builder(base::Arena& arena) : Builder(arena, arena) {}
  /// Nodes that may vanish before their texts do.
  Builder(base::Arena& nodes, base::Arena& texts) : nodes_(&nodes), texts_(&texts) {}

  [[nodiscard]] Node* null(Span span = {}) { return make(NodeKind::Null, span); }
  [[nodiscard]] Node* boolean(bool value, Span span = {});
  [[nodiscard]] Node* integer(std::int64_t value, Span span = {});
  [[nodiscard]] Node* real(double value, Span span = {});
  [[nodiscard]] Node* string(std::string_view stable, Span span = {}) {
    auto* node = make(NodeKind::String, span);
    node->chars = stable.data();
    node->length = static_cast<std::uint32_t>(stable.size());
    return node;
  }
  [[nodiscard]] Node* copyString(std::string_view text, Span span = {});
  [[nodiscard]] Node* list(Span span = {}) { return make(NodeKind::List, span); }
  [[nodiscard]] Node* map(Span span = {}) { return make(NodeKind::Map, span); }
  /// A deep copy (for a tree used in two objects).
  [[nodiscard]] Node* clone(const Node& tree);

  /// `child` must be in no other parent.
  static void append(Node& list, Node* child) {
    if (list.length == 0) {
      child->next = child;
    } else {
      child->next = list.last->next;
      list.last->next = child;
    }
    list.last = child;
    ++list.length;
  }
  /// Adds without looking for a key of the same name.
  static void add(Node& map, Symbol key, Node* child) {
    child->key = key;
    append(map, child);
  }
  /// Replaces the value of `key` in place, or adds it.
  static void set(Node& map, Symbol key, Node* child);
  /// Removes `key`; false when it was not there.
  static bool remove(Node& map, Symbol key);
  /// The Map under `key`, made when it is not there; null when there is something else.
  [[nodiscard]] Node* mapAt(Node& map, Symbol key, Span span);
  [[nodiscard]] Node* listAt(Node& map, Symbol key, Span span);

  [[nodiscard]] base::Arena& arena() { return *nodes_; }

 private:
  [[nodiscard]] Node* make(NodeKind kind, Span span) {
    auto* node = nodes_->make<Node>();   // a container's `last` is null, as an integer's value is 0
    node->kind = kind;
    node->span = span;
    return node;
  }
  base::Arena* nodes_;
  base::Arena* texts_;
};

/// The value of `key`, or null.
[[nodiscard]] inline Node* find(const Node* map, Symbol key) {
  if (!map || map->kind != NodeKind::Map || map->length == 0) return nullptr;
  auto* node = map->last;
  do {
    node = node->next;
    if (node->key == key) return node;
  } while (node != map->last);
  return nullptr;
}
/// The value at a dotted path of map keys ("spec.template.spec"), or null. Convenience for rules
/// and tests.
[[nodiscard]] Node* findPath(const Node* map, std::string_view dotted,
                             const base::SymbolTable& symbols);
/// Equal by JSON meaning (key order does not matter).
[[nodiscard]] bool sameValue(const Node& a, const Node& b);

}  // namespace mlstack::ir
