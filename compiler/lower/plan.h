#pragma once
// The kinds table made ready for one run: target paths as symbols, members by rank. Built for each
// kind on first use. Private to this folder.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "base/symbol.h"
#include "sema/kind.h"

namespace mlstack::lower {

using base::Symbol;

/// One step of a target. A list step without `element` appends; with it, it means the first element.
struct StepPlan {
  Symbol key;
  bool isList = false;
  Symbol element;
};

/// What lowering does with a member on top of writing it.
struct MemberPlan {
  const sema::Member* member = nullptr;
  std::span<const StepPlan> steps;
  std::uint16_t rank = 0;      // position of declaration: keys are written in this order
  std::uint32_t above = 0;     // the same number: the same steps but for the last; 0: no two writes need come to the same place
};

struct KindPlan {
  const sema::Kind* kind = nullptr;
  std::span<const MemberPlan> members;   // as kind->members
  Symbol apiVersion;
  Symbol kindName;                       // "PersistentVolumeClaim"
  std::vector<Symbol> podMetadata;       // steps to the pods' metadata
  std::vector<Symbol> podSpec;
  const MemberPlan* label = nullptr;
  bool builtin = false;                  // of the prelude

  [[nodiscard]] const MemberPlan& of(const sema::Member& member) const {
    return members[static_cast<std::size_t>(&member - kind->members.data())];
  }
  [[nodiscard]] bool owns(const sema::Member& member) const {
    return !members.empty() && &member >= kind->members.data() && &member < kind->members.data() + kind->members.size();
  }
  [[nodiscard]] const MemberPlan* find(std::string_view name) const {
    const auto* member = kind->find(name);
    return member == nullptr ? nullptr : &of(*member);
  }
};

/// "apps/v1/Deployment" → "apps/v1", "Deployment"; "v1/Pod" → "v1", "Pod".
struct ApiParts {
  std::string_view apiVersion;
  std::string_view kind;
};
[[nodiscard]] ApiParts splitApi(std::string_view api);

class Plans {
 public:
  explicit Plans(base::SymbolTable& symbols) : symbols_(symbols), prelude_(sema::preludeKinds().size()) {}
  [[nodiscard]] const KindPlan& of(const sema::Kind& kind) {
    const auto first = sema::preludeKinds().data();
    const bool ours = &kind >= first && &kind < first + prelude_.size();
    auto& slot = ours ? prelude_[static_cast<std::size_t>(&kind - first)] : declared_[&kind];
    if (slot == nullptr) slot = make(kind, ours);
    return *slot;
  }

 private:
  [[nodiscard]] std::unique_ptr<KindPlan> make(const sema::Kind& kind, bool builtin);
  [[nodiscard]] std::vector<Symbol> path(std::string_view dotted);
  void numberAbove(std::vector<MemberPlan>& members);

  base::SymbolTable& symbols_;
  base::Arena arena_;
  std::uint32_t places_ = 0;
  std::vector<std::unique_ptr<KindPlan>> prelude_;   // as preludeKinds()
  std::unordered_map<const sema::Kind*, std::unique_ptr<KindPlan>> declared_;
};

}  // namespace mlstack::lower
