#pragma once
// The tree of one file, as plain data in an arena. Nothing is resolved; every node has its span.
// Parsing never fails: what could not be read is an Error node, and later phases stay silent
// about anything that touches one.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/span.h"
#include "base/symbol.h"

namespace mlstack::syntax {

using base::Span;
using base::Symbol;

struct Expr;
struct Statement;
struct TypeExpr;

struct Name {
  Symbol symbol;
  Span span;
};

/// Items behind their number: one pointer wide, where a span takes two.
template <class T>
class List {
 public:
  List() = default;
  /// `count` items in the arena, not yet set; none of them may be read before.
  [[nodiscard]] static List make(base::Arena& arena, std::size_t count) {
    List out;
    if (count == 0) return out;
    constexpr std::size_t front = alignof(T) > sizeof(Count) ? alignof(T) : sizeof(Count);
    auto* at = static_cast<std::byte*>(arena.allocate(front + count * sizeof(T), front));
    out.items_ = reinterpret_cast<T*>(at + front);
    out.count() = static_cast<Count>(count);
    return out;
  }
  /// The one item, which must lie right behind a Count of 1.
  [[nodiscard]] static List single(T& item) {
    List out;
    out.items_ = &item;
    return out;
  }

  using Count = std::uint32_t;
  [[nodiscard]] std::size_t size() const { return items_ == nullptr ? 0 : count(); }
  [[nodiscard]] bool empty() const { return items_ == nullptr; }
  [[nodiscard]] T* data() const { return items_; }
  [[nodiscard]] T* begin() const { return items_; }
  [[nodiscard]] T* end() const { return items_ + size(); }
  [[nodiscard]] T& operator[](std::size_t at) const { return items_[at]; }
  [[nodiscard]] T& front() const { return items_[0]; }
  [[nodiscard]] T& back() const { return items_[size() - 1]; }
  [[nodiscard]] std::span<T> subspan(std::size_t from) const { return std::span<T>(items_, size()).subspan(from); }

 private:
  [[nodiscard]] Count& count() const { return *(reinterpret_cast<Count*>(items_) - 1); }
  T* items_ = nullptr;
};

enum class Operator : std::uint8_t {
  Or, And, Eq, Ne, Lt, Le, Gt, Ge, In, Range, RangeBelow, Add, Subtract, Multiply, Divide, Remainder,
  Negate, Not,
};

enum class ExprKind : std::uint8_t {
  Error,
  Null, Bool, Int, Float,
  Suffixed,    // 10Gi, 5m: `text` as written; meaning comes from the expected type
  String,      // `text` is the value, escapes resolved, indentation of block strings stripped
  Template,    // a string with ${…}: `items` are String and other expressions in turn
  NameRef,     // `name`
  Member,      // left.name
  Index,       // left[right]
  Call,        // left(arguments)
  Unary,       // op left
  Binary,      // left op right
  Conditional, // if third then left else right
  List,        // items, spreads marked by ExprKind::Spread
  Map,         // entries
  ForList,     // [for a, b in left if third: right]
  ForMap,      // {for a, b in left if third: right = value}
  Spread,      // ...left, inside List and Map only
};

struct MapEntry {
  Expr* key = nullptr;    // String or Template; null when `path` is set
  List<Name> path;        // `a.b = 1`: two names; empty when `key` is set
  Expr* value = nullptr;  // Spread entries have neither key nor path
  Span span;
};

struct Argument {
  Name name;              // symbol 0 when positional
  Expr* value = nullptr;
};

/// Small, because there are many. Fields that no kind has both of share their place, and a node is allocated only as far
/// as its kind's last field: only those named at the kind may be read, and no node can be copied.
struct Expr {
  Expr() : text{}, left{nullptr}, right{nullptr} {}
  Expr(const Expr&) = delete;
  Expr& operator=(const Expr&) = delete;

  ExprKind kind = ExprKind::Error;
  Operator op = Operator::Or;
  bool flag = false;           // Bool: the value; String, Template: was a block string
  std::uint32_t slot = 0;      // for sema's name resolution cache
  Span span;
  Symbol name;                 // NameRef, Member; ForList/ForMap: first variable
  Symbol second;               // ForList/ForMap: second variable or 0
  union {
    std::string_view text;     // String: value; Suffixed, Int, Float: as written; empty for Template, List, Map, Call
    Span nameSpan;             // Member; ForList/ForMap: first variable
  };
  union {
    Expr* left;                // Member, Index, Call, Unary, Binary, Conditional, ForList, ForMap, Spread
    std::int64_t integer;      // Int
    double real;               // Float
  };
  union {
    Expr* right;               // Index, Binary, Conditional, ForList, ForMap
    List<Expr*> items;         // List, Template
    List<MapEntry> entries;    // Map
    List<Argument> arguments;  // Call
  };
  Expr* third = nullptr;       // Conditional, ForList, ForMap
  Expr* value = nullptr;       // ForMap: the value
};
static_assert(sizeof(Expr) <= 72);

enum class TypeExprKind : std::uint8_t { Error, Named, Enum, Record, Union };

struct TypeField {
  Name name;
  TypeExpr* type = nullptr;
  Expr* value = nullptr;  // default or null
};

/// `list<claim>?`, `enum(a, b)`, `{ host: string, port: int = 80 }`, `class | string`.
struct TypeExpr {
  TypeExprKind kind = TypeExprKind::Error;
  bool optional = false;
  Span span;
  List<Name> path;                    // Named: `list`, `lib.thing`
  List<TypeExpr*> arguments;          // Named: of <…>; Union: the alternatives
  List<Name> words;                   // Enum
  List<TypeField> fields;             // Record
};

/// One step of a field's path into an object: `spec`, `"nvidia.com/gpu"`, `containers[name]`, `args[]`.
struct TargetStep {
  Name name;
  bool isList = false;
  Name key;  // symbol 0 for `[]`
};

struct KindMember {
  std::string_view doc;
  Name name;
  TypeExpr* type = nullptr;
  Expr* range = nullptr;      // `in 1..5`
  Expr* pattern = nullptr;    // `matches "…"`
  List<TargetStep> target;
  Name via;
  Expr* value = nullptr;
  Span span;
};

enum class StatementKind : std::uint8_t {
  Error,      // could not be read; name: what it would have declared
  Stack,      // name, body
  Import,     // value (String), name (alias, symbol 0 when absent)
  Param,      // name, type, range | pattern, value
  Let,        // name, type, value
  Kind,       // name, value (String: "group/version/Kind" or null), members
  Component,  // name, body
  For,        // name, second, value, body
  If,         // value, body, otherwise (an If statement alone, or the else body; `chained`)
  Assert,     // value, second value in `at` (the message)
  Output,     // name, type, value
  Allow,      // name (MLS3xxx), value (reason)
  External,   // head, label, body
  Object,     // value (String), label, body
  Spread,     // value
  Field,      // head = value           `a.b = e`; a quoted key is a head of one name
  Use,        // head label? (= value)? (at at)? body?  `claim x { … }`, `resources { … }`, `read x at "/d"`, `port = 80 { … }`
};

/// Two cache lines; as in Expr, fields that no kind has both of share their place.
struct Statement {
  Statement() : type{nullptr}, pattern{nullptr}, otherwise{} {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  StatementKind kind = StatementKind::Error;
  bool hasBody = false;       // tells `x {}` from `x`
  bool quotedHead = false;    // the head was a string
  bool chained = false;       // If: `otherwise` holds one If statement written `else if`
  Span span;
  Span headSpan;              // the words before `=`, label or body
  std::uint32_t one = 1;      // the Count of a `head` of one name, which is then `name`
  Name name;                  // declarations; Field, Use, External: see `head`
  Name second;                // For
  std::string_view doc;       // `///` lines joined by \n, without the slashes
  List<Name> head;            // Field, Use, External: dotted names
  union {
    TypeExpr* type;           // Param, Let, Output
    Expr* label;              // Use, External, Object
  };
  union {
    Expr* pattern;            // Param
    Expr* at;                 // Use; Assert: the message
  };
  Expr* value = nullptr;
  List<Statement*> body;
  union {
    List<Statement*> otherwise;  // If
    List<KindMember> members;    // Kind
    Expr* range;                 // Param
  };
  mutable const void* cache = nullptr;   // sema's inline cache: the kind or member this statement means
  mutable const void* cacheFor = nullptr;
};
static_assert(sizeof(Statement) <= 128);
static_assert(offsetof(Statement, name) == offsetof(Statement, one) + sizeof(List<Name>::Count));

/// One parsed file. Owns its nodes.
struct File {
  base::Arena arena;
  Span span;  // the whole text
  std::span<Statement*> items;
  bool hasErrors = false;
  std::vector<Span> slips;  // whole lines on which something could not be read, in order
};

}  // namespace mlstack::syntax
