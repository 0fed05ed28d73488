#pragma once
// The objects that a loop makes of one declaration: mostly the same tree again, with other scalars in a few places.

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "ir/stack.h"

namespace mlstack::ir {

/// Moves trees from memory that vanishes into a stack. What a tree has in common with an earlier one of the same
/// declaration (values, flags and places in the source alike) is not copied: both then lead to the same nodes, which
/// nobody may change from there on. Objects that differ in scalars only get a number in `Stack::patterns`.
class Settler {
 public:
  explicit Settler(Stack& stack) : stack_(stack) {}
  /// The tree's texts must be in lasting memory already.
  void settle(Object& object);

 private:
  struct Entry {
    const Node* kept = nullptr;   // in the first tree
    std::uint32_t end = 0;        // the entry behind this one's children
    bool varies = false;          // a scalar that is not the same in each
    bool same = true;             // nothing in it varies
  };

 public:
  struct Known {
    Symbol apiVersion;
    std::vector<Entry> entries;   // in the order of reading
    std::uint32_t pattern = 0;    // 0: none yet for what varies now
  };
  /// The form that an object was just settled in. It holds until another object of its declaration is settled.
  [[nodiscard]] Known& formOf(const Object& object) { return known_[keyOf(object)].front(); }
  /// Gives `object`, a copy of one that has that form and a pattern, a tree of its own. The scalars that vary, in the order of
  /// reading, are for the caller to write: until then they are as in the other's tree.
  [[nodiscard]] std::span<Node* const> repeat(Object& object, Known& form);

 private:
  [[nodiscard]] static std::uint64_t keyOf(const Object& object) { return std::uint64_t{object.span.begin} << 32 | object.kind.id; }
  void begin(Known& known, Object& object);
  void take(Object& object, Known& known);
  [[nodiscard]] bool matches(const Node& root, Known& known);
  [[nodiscard]] Node* copyAll(const Node& node, Known& known);
  [[nodiscard]] std::uint32_t match(const Node& node, Known& known, std::uint32_t at);
  std::uint32_t copyChildren(Node& node, const Known& known, std::uint32_t at);
  static void markSame(Known& known);

  Stack& stack_;
  /// By place and kind. Two forms, the later used first: a block with an `if` has two.
  std::unordered_map<std::uint64_t, std::array<Known, 2>> known_;
  std::vector<Node*> varying_;
  std::vector<std::uint32_t> widened_;
};

}  // namespace mlstack::ir
