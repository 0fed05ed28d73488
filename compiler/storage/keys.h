#pragma once
// Field names as symbols: a rule writes `keys.at<"spec.resources.requests.storage">(root)` and pays
// a comparison of numbers a step. Every name used anywhere in this library registers itself before
// main; a Keys interns them all once a run.

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/symbol.h"
#include "ir/node.h"

namespace mlstack::storage {

/// A text as a template argument.
template <std::size_t N>
struct FieldName {
  char text[N]{};
  constexpr FieldName(const char (&from)[N]) {   // NOLINT: implicit, so that a literal is enough
    for (std::size_t i = 0; i < N; ++i) text[i] = from[i];
  }
  [[nodiscard]] constexpr std::string_view view() const { return {text, N - 1}; }
};

namespace detail {

/// The slot of a name; equal names of different instantiations share one.
[[nodiscard]] unsigned slotOf(std::string_view name);
[[nodiscard]] const std::vector<std::string_view>& registeredNames();

constexpr std::size_t stepsOf(std::string_view path) {
  std::size_t steps = 1;
  for (const char c : path) steps += c == '.' ? 1 : 0;
  return steps;
}

constexpr std::string_view stepAt(std::string_view path, std::size_t index) {
  while (index-- > 0) path.remove_prefix(path.find('.') + 1);
  return path.substr(0, path.find('.'));
}

template <FieldName Path>
struct Slots {
  static constexpr std::size_t count = stepsOf(Path.view());
  static std::array<unsigned, count> make() {
    std::array<unsigned, count> slots{};
    for (std::size_t i = 0; i < count; ++i) slots[i] = slotOf(stepAt(Path.view(), i));
    return slots;
  }
  static inline const std::array<unsigned, count> value = make();
};

template <FieldName Name>
struct Slot {
  static inline const unsigned value = slotOf(Name.view());
};

}  // namespace detail

class Keys {
 public:
  explicit Keys(base::SymbolTable& symbols);

  /// The symbol of one name; dots stand for themselves.
  template <FieldName Name>
  [[nodiscard]] base::Symbol symbol() const {
    return symbols_[detail::Slot<Name>::value];
  }

  /// The value at a dotted path, or null. A key with dots in it ("nvidia.com/gpu") is found by `symbol`.
  template <FieldName Path>
  [[nodiscard]] ir::Node* at(const ir::Node* from) const {
    ir::Node* found = nullptr;
    for (const auto slot : detail::Slots<Path>::value) {
      found = ir::find(from, symbols_[slot]);
      if (!found) return nullptr;
      from = found;
    }
    return found;
  }

  /// The string at a path; empty when it is not there or no string.
  template <FieldName Path>
  [[nodiscard]] std::string_view text(const ir::Node* from) const {
    const auto* node = at<Path>(from);
    return node && node->kind == ir::NodeKind::String ? node->text() : std::string_view{};
  }

  /// Whether `true` stands at a path.
  template <FieldName Path>
  [[nodiscard]] bool isTrue(const ir::Node* from) const {
    const auto* node = at<Path>(from);
    return node && node->kind == ir::NodeKind::Bool && node->boolean;
  }

 private:
  std::vector<base::Symbol> symbols_;   // by slot
};

}  // namespace mlstack::storage
