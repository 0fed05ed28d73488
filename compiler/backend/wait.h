#pragma once
// Whether an object is as it should be, by kind; what is wrong with pods and what events tell about it. Looks at one object, asks nobody.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/symbol.h"
#include "ir/node.h"

namespace mlstack::backend {

/// How an object, or the whole of a stack, is doing.
enum class Health : std::uint8_t { Good, Waiting, Failed };

struct Verdict {
  Health health = Health::Good;
  std::string what;         // "2 of 3 replicas are ready"
  bool vague = false;       // Waiting, but perhaps nobody will ever say more: a custom resource without a status
};

struct JudgeOptions {
  bool jobsToCompletion = false;
  const std::set<std::string>* lateClasses = nullptr;   // StorageClasses that bind at the first pod; null: not known
  std::string_view defaultClass{};
};

/// What "ready" means for its kind; of custom resources what their conditions say (the rules of kstatus,
/// sigs.k8s.io/cli-utils/pkg/kstatus). Kinds that only are there are Good.
[[nodiscard]] Verdict judge(const ir::Node& object, const base::SymbolTable& symbols, const JudgeOptions& options);
/// Whether `judge` may ever say something else than Good.
[[nodiscard]] bool isWaitedFor(std::string_view apiVersion, std::string_view kind);

/// Why something does not come to be, and where the source says what it depends on.
struct Trouble {
  std::string text;         // "container `train`: ImagePullBackOff: …"
  std::string field;        // "containers[name=\"train\"].image", below the pod's spec; empty: the pod as a whole
  std::string claim;        // the claim that it is about
  bool fatal = false;       // it does not pass by itself
  bool operator==(const Trouble&) const = default;
};

/// From a pod's conditions and container states.
[[nodiscard]] std::vector<Trouble> podTroubles(const ir::Node& pod, const base::SymbolTable& symbols);
/// From an event; an empty text when it tells of none.
[[nodiscard]] Trouble eventTrouble(const ir::Node& event, const base::SymbolTable& symbols);

/// spec.template.spec and the like: where a workload of this kind has its pod's spec; empty when it has none that is known.
[[nodiscard]] std::string_view podSpecPath(std::string_view kind);

/// The label selector of a workload's pods, from spec.selector; empty: none.
[[nodiscard]] std::string podSelector(const ir::Node& workload, const base::SymbolTable& symbols);
/// The claims that a pod names.
[[nodiscard]] std::vector<std::string> claimsOf(const ir::Node& pod, const base::SymbolTable& symbols);

/// "OOMKilled (exit code 137)" of the last container of a pod that ended badly; empty: none did.
[[nodiscard]] std::string lastBadEnd(const ir::Node& pod, const base::SymbolTable& symbols);
[[nodiscard]] std::int64_t restartsOf(const ir::Node& pod, const base::SymbolTable& symbols);

/// A number at a dotted path; `otherwise` when it is not there.
[[nodiscard]] std::int64_t numberAt(const ir::Node* tree, std::string_view dotted, const base::SymbolTable& symbols, std::int64_t otherwise = 0);

}  // namespace mlstack::backend
