#pragma once
// Kinds as text for people: `mlstackc explain claim`, `mlstackc explain claim.size`.

#include <string>
#include <string_view>

namespace mlstack::sema {

/// A kind of the prelude with its fields and parts, as declared; or one of them, "container.read". Empty
/// when there is no such kind or member.
[[nodiscard]] std::string explainKind(std::string_view what);

}  // namespace mlstack::sema
