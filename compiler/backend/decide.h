#pragma once
// What becomes of each object: the step and the fates of the state that it touches. Decisions ask LiveFacts and are taken
// anew as long as that has something to read.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/compare.h"
#include "backend/consent.h"
#include "backend/fate.h"
#include "backend/observe.h"

namespace mlstack::backend {

/// One object on its way into the plan.
struct Draft {
  const ir::Object* object = nullptr;       // null: it is in the inventory and no longer in the stack
  const Resource* resource = nullptr;       // null: its kind is made by this plan
  PlanStep step;
  const ir::Node* desired = nullptr;        // dressed; kept only where it differs
  const ir::Node* live = nullptr;           // kept only where there is something to decide
  bool exists = false;
  bool member = false;                      // has our inventory's label
  bool unread = false;                      // may not be read
  std::string unreadWhy;
  std::string foreign;                      // whose it is
  Difference difference;
  std::vector<std::string> frozenByServer;  // fields that a dry run called immutable
  // What was decided:
  std::vector<StateFate> state;
  std::optional<Migration> migration;
  std::vector<diag::Diagnostic> said;
};

struct Circumstances {
  Api& api;
  LiveFacts& facts;
  const ir::Stack& stack;
  const schema::Catalog& catalog;
  const PlanOptions& options;
  std::string home;                         // the inventory's namespace
};

class Decider {
 public:
  explicit Decider(const Circumstances& around);
  /// Fills in the action, its reason, the fates. May be called again.
  void decide(Draft& draft) const;

 private:
  void decideWanted(Draft& draft) const;
  void decideGone(Draft& draft) const;
  void refuse(Draft& draft, diag::Diagnostic d) const;
  [[nodiscard]] bool markFrozen(Draft& draft) const;
  void frozen(Draft& draft) const;
  void othersWouldGo(Draft& draft, std::string_view field, base::Span span) const;
  void claimChanges(Draft& draft) const;
  void claimGrows(Draft& draft, const FieldChange& change) const;
  [[nodiscard]] bool volumeIsFree(const Draft& draft) const;
  void created(Draft& draft) const;
  void setClaims(Draft& draft) const;
  void setScaled(Draft& draft) const;
  [[nodiscard]] bool scalingDeletes(const Draft& draft) const;
  [[nodiscard]] SetRange rangeAfter(const Draft& draft) const;
  void podGoes(Draft& draft, const LiveClaim& claim, bool deletes) const;
  void volumeChanges(Draft& draft) const;
  void reclaimed(Draft& draft) const;
  void mounted(Draft& draft) const;
  void scratch(Draft& draft) const;
  void ownedClaims(Draft& draft, std::string_view what) const;
  void unreadClaims(Draft& draft, std::string why) const;
  [[nodiscard]] bool makesOthers(const ObjectRef& object) const;
  [[nodiscard]] bool consented(const ObjectRef& object) const { return isConsented(around_.options.allowDataLoss, object, around_.home); }
  [[nodiscard]] std::string consentFor(const ObjectRef& object) const { return consentName(object, around_.home); }
  [[nodiscard]] std::string named(const ObjectRef& ref) const { return ref.text(around_.home); }
  [[nodiscard]] std::span<const ir::Edge> usesOf(const ir::Object& object) const;
  [[nodiscard]] const ir::Node* classNamed(std::string_view name, Found::Is& is) const;

  const Circumstances& around_;
  const base::SymbolTable& symbols_;
  FateWords words_;
  std::vector<std::uint32_t> uses_;         // ir::firstUses
};

/// What to do instead of a change of a claim, volume or snapshot that no step can make (migration.cpp).
[[nodiscard]] Migration migrationOf(const Draft& draft, const Circumstances& around);

}  // namespace mlstack::backend
