#pragma once
// The kinds and functions in words, made from the tables that check and lower them.

#include <string>
#include <string_view>

#include "sema/kind.h"

namespace mlstack::sema {

/// A kind of the prelude ("claim", "host_path") or one of its members ("claim.size"), for a terminal;
/// empty when there is no such.
[[nodiscard]] std::string explainKind(std::string_view what);
/// Any kind, also one declared by a user.
[[nodiscard]] std::string explainKind(const Kind& kind);
[[nodiscard]] std::string explainMember(const Kind& kind, const Member& member);
/// Where a member's value goes: "spec.resources.requests.storage".
[[nodiscard]] std::string targetText(const Member& member);
/// How a line of the kind is written: "read STATE at \"/path\" { … }".
[[nodiscard]] std::string shapeText(const Kind& kind);
/// As the member `word` of another kind.
[[nodiscard]] std::string shapeText(const Kind& kind, std::string_view word);

/// The generated part of grammar/README.md: kinds, parts, sources and functions as tables.
[[nodiscard]] std::string referenceMarkdown();

}  // namespace mlstack::sema
