#pragma once
// A plan against an API server. Private to this folder: `clusterBackend` is the way to it.

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend/decide.h"
#include "backend/inventory.h"

namespace mlstack::backend {

class ClusterPlanner {
 public:
  ClusterPlanner(Api& api, const Connection& connection, const schema::Catalog& catalog, const ir::Stack& stack, const PlanOptions& options, diag::Sink& sink);
  [[nodiscard]] std::optional<Plan> run();

 private:
  // cluster_plan.cpp: from the stack and the cluster to drafts
  [[nodiscard]] bool gather();
  [[nodiscard]] bool resolve(const ir::Object& object, Draft& draft);
  [[nodiscard]] bool findSet();
  [[nodiscard]] bool readMembers();
  [[nodiscard]] bool readStrangers();
  void readOne(Draft& draft);
  void readNames(const Resource& resource, const std::string& nameSpace, const std::vector<Draft*>& drafts);
  void meet(Draft& draft, const ir::Node& live);
  void strange(const Resource& resource, const ir::Node& live);
  void settle();
  [[nodiscard]] const ir::Node* dress(const Draft& draft, base::Arena& arena) const;
  [[nodiscard]] std::string bodyOf(const ir::Node& tree) const;
  [[nodiscard]] std::string definitionOf(std::string_view group, std::string_view kind, std::string_view version, bool& namespaced) const;
  void say(Draft& draft, diag::Diagnostic d) const;

  // externals.cpp
  void lookForExternals();

  // dry_run.cpp
  void dryRuns();
  [[nodiscard]] std::string whyNotTried(const Draft& draft) const;
  void launch();
  void answered(Draft& draft, const Answer& answer);
  void accepted(Draft& draft, const ir::Node& answer);
  void refused(Draft& draft, const Failure& failure);
  void refusedFields(Draft& draft, const Failure& failure);
  void tryAsNew(Draft& draft, const Failure& failure);
  void freeze(Draft& draft, const Failure& failure) const;
  void conflicted(Draft& draft, const Failure& failure);
  void fieldRefused(Draft& draft, std::string_view field, std::string_view message);
  [[nodiscard]] bool defaultsInTheWay(Draft& draft, const Failure& failure) const;
  [[nodiscard]] bool isFrozenRefusal(const Failure& failure) const;
  [[nodiscard]] const ir::Node* sourceAt(const Draft& draft, std::string_view field) const;
  [[nodiscard]] std::string madeHere(std::string_view message, const Draft& draft) const;

  // cluster_plan.cpp: from drafts to the plan
  void assemble();
  void addSteps(std::vector<Draft*>& order);
  void addState(const Draft& draft, std::size_t step);

  Api& api_;
  const Connection& connection_;
  const schema::Catalog& catalog_;
  const ir::Stack& stack_;
  const PlanOptions& options_;
  diag::Sink& sink_;
  base::SymbolTable& symbols_;

  Plan plan_;
  std::string home_;
  std::string setId_;
  Inventory inventory_;
  LiveFacts facts_;
  std::deque<Draft> drafts_;                                   // those of the stack, then those of the inventory alone
  std::unordered_map<std::string, Draft*> byName_;
  std::unordered_multimap<std::string, const ir::Object*> definitions_;   // of custom kinds in the stack, by "group|kind"
  base::Arena kept_;                                           // live objects that there is something to decide about
  base::Arena dressed_;                                        // the same of desired ones
  mutable base::Arena scratch_;
  std::vector<std::string> unknownKinds_;
  std::size_t notPruned_ = 0;
  std::size_t madeByOthers_ = 0;                               // they have the stack's label because a controller copied it
  std::deque<Draft*> waiting_;                                 // for a dry run
  std::size_t trying_ = 0;
  std::set<std::string> missingNamespaces_;
  std::map<ObjectRef, std::size_t> stateAt_;                   // in plan_.state
};

}  // namespace mlstack::backend
