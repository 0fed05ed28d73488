#pragma once
// What Kubernetes' own words are called here. Private to this folder and to `explain`.

#include <string>
#include <string_view>
#include <vector>

#include "sema/kind.h"

namespace mlstack::sema {

/// The members of `kind` that write the first field of this name: `backoffLimit` → `retries`. In the order of declaration.
[[nodiscard]] std::vector<const Member*> membersFor(const Kind& kind, std::string_view field);
/// Members whose name or place has all the words of `words` (`memory-limit`); at most four.
[[nodiscard]] std::vector<std::string_view> membersAbout(const Kind& kind, std::string_view words);
/// What a kind has beside what every object has, in the order of declaration.
[[nodiscard]] std::vector<std::string_view> ownMembers(const Kind& kind);
/// The one kind whose name in Kubernetes has `word` in it: `disruption` → PodDisruptionBudget; null for none or several.
[[nodiscard]] const Kind* kindAbout(std::string_view word);
/// "`retries` sets `spec.backoffLimit`"; empty when `members` is.
[[nodiscard]] std::string membersText(const std::vector<const Member*>& members);
/// The kind for `PersistentVolumeClaim`, `configmap` or `pvc`, or null.
[[nodiscard]] const Kind* kindFor(std::string_view word);

}  // namespace mlstack::sema
