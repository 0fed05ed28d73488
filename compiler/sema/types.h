#pragma once
// The types the evaluator itself names, and questions about types. Private to this folder.

#include <string>
#include <string_view>

#include "sema/kind.h"
#include "sema/value.h"

namespace mlstack::sema::types {

inline constexpr Type kAny{.kind = TypeKind::Any};
inline constexpr Type kBool{.kind = TypeKind::Bool};
inline constexpr Type kInt{.kind = TypeKind::Int};
inline constexpr Type kFloat{.kind = TypeKind::Float};
inline constexpr Type kString{.kind = TypeKind::String};
inline constexpr Type kQuantity{.kind = TypeKind::Quantity};
inline constexpr Type kDuration{.kind = TypeKind::Duration};
inline constexpr Type kPath{.kind = TypeKind::Path};
inline constexpr Type kName{.kind = TypeKind::Name};
inline constexpr Type kList{.kind = TypeKind::List, .element = &kAny};
inline constexpr Type kStrings{.kind = TypeKind::List, .element = &kString};
inline constexpr Type kInts{.kind = TypeKind::List, .element = &kInt};
inline constexpr Type kLists{.kind = TypeKind::List, .element = &kList};
inline constexpr Type kMap{.kind = TypeKind::Map, .element = &kAny};
inline constexpr Type kStringMap{.kind = TypeKind::Map, .element = &kString};

/// The Enum that a bare word may belong to here: the type itself, an alternative, a list's element.
[[nodiscard]] const Type* enumOf(const Type* type);
/// The alternative that a value written so would take; the type itself when it is no union.
[[nodiscard]] const Type* alternativeOf(const Type* type, TypeKind kind);
[[nodiscard]] bool takes(const Type* type, TypeKind kind);
/// The words of an enum in one line: "`A`, `B` or `C`".
[[nodiscard]] std::string wordList(const Type& type);
/// "a quantity", "one of `A` and `B`", "a list of strings": what a place takes.
[[nodiscard]] std::string described(const Type& type);

}  // namespace mlstack::sema::types

namespace mlstack::sema {

/// "a string", "a claim": what a value is.
[[nodiscard]] std::string describedValue(const Value& value);
/// "a claim", "an int".
[[nodiscard]] std::string withArticle(std::string_view noun);

}  // namespace mlstack::sema
