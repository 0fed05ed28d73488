#pragma once
// The function library as a table. Private to this folder; `functions()` in sema.h is its public face.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sema/evaluator.h"

namespace mlstack::sema {

/// A call whose arguments are evaluated, typed and known.
struct Call {
  Evaluator& evaluator;
  const Expr& expr;
  std::span<const Value> arguments;   // by parameter; Null when left out
  std::span<const Span> spans;
  const base::SourceFile* source = nullptr;

  [[nodiscard]] const Value& operator[](std::size_t i) const { return arguments[i]; }
  [[nodiscard]] bool given(std::size_t i) const { return i < arguments.size() && arguments[i].kind != ValueKind::Null; }
  /// Reports that the call cannot be done; muted in check mode.
  Value fail(std::size_t argument, std::string reason) const;
  /// What a call gives that has been complained about already.
  [[nodiscard]] static Value error();
};

struct Parameter {
  std::string_view name;
  const Type* type;
  bool required = true;
};

struct Function {
  std::string_view name;
  std::string_view signature;
  std::string_view doc;
  std::span<const Parameter> parameters;
  bool variadic = false;          // the last parameter takes any number
  const Type* result = nullptr;   // what it gives when an argument is unknown; null: anything
  Value (*call)(Call&) = nullptr;
};

/// By name; `_` and `-` are the same. Null when there is none.
[[nodiscard]] const Function* functionNamed(std::string_view name);
/// All, sorted by name.
[[nodiscard]] std::span<const Function* const> allFunctions();

[[nodiscard]] std::span<const Function> textFunctions();
[[nodiscard]] std::span<const Function> listFunctions();
[[nodiscard]] std::span<const Function> numberFunctions();

}  // namespace mlstack::sema
