#pragma once
// Turns of a loop that differ in nothing but texts made of its variables: what one of them made is made again with the
// texts of the next, without running its statements. Private to this folder.
//
// What has to hold is seen in two ways. The statements are of few forms (repeat.cpp), in which a variable leads to texts
// and to nothing else. And while one turn runs as any other, it is noted where each text was held against something: the
// next turns' texts are held against the same, and where one is judged otherwise that turn runs as any other.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/span.h"
#include "sema/program.h"
#include "syntax/ast.h"

namespace mlstack::sema {

struct Type;

struct TurnPattern {
  /// A text that is another in each turn. Several places may make the same.
  struct Text {
    enum class From : std::uint8_t { Expression, Let, Variable, Entry } from = From::Expression;
    const syntax::Expr* expr = nullptr;   // Expression, Let: what it is made by
    std::uint32_t slot = 0;               // Let, Variable; Entry: of the variable
    base::Symbol key;                     // Entry: `variable.key`
    std::uint32_t number = 0;             // the same for those that are the same text in each turn
    Value value;                          // of the turn that was noted; Null: not made yet
  };
  /// A text was held against a type.
  struct Held {
    std::uint32_t number = 0;
    const Type* type = nullptr;
    const syntax::Expr* literal = nullptr;
    bool taken = false;
    bool faulted = false;
  };
  struct Thing {
    std::uint32_t api = 0, nameSpace = 0;   // symbols
    std::uint32_t number = 0;               // of the text that is its name
    std::string_view apiText;
    base::Span head;
  };

  std::vector<Text> texts;
  std::uint32_t numbers = 0;
  std::vector<Held> held;
  std::vector<Thing> things;
  std::uint64_t steps = 0;      // what a turn spends, but for its texts
  std::uint64_t elements = 0;
  std::uint64_t otherText = 0;
  std::uint64_t ownText = 0;    // what its texts spent
  bool sound = true;            // of the turn that is noted
  bool ready = false;           // others can be made like it

  void clearNotes() {
    for (auto& text : texts) text.value = {};
    held.clear();
    things.clear();
    sound = true;
    ready = false;
  }
  /// The number of the text that a value is; 0xffffffff: none of them.
  [[nodiscard]] std::uint32_t numberOf(const Value& value) const {
    for (const auto& text : texts)
      if (text.value.kind == ValueKind::String && text.value.chars == value.chars && text.value.length == value.length) return text.number;
    return kNone;
  }
  static constexpr std::uint32_t kNone = 0xffffffffu;
};

}  // namespace mlstack::sema
