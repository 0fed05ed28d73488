#pragma once
// Where manifests go. Two backends keep the same promises: the API server of a cluster (cluster.cpp) and a folder for
// GitOps (folder.cpp). A plan says all that will happen; nothing that holds data goes without its name having been said.

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backend/plan.h"
#include "base/source.h"
#include "diag/diag.h"
#include "ir/stack.h"
#include "schema/schema.h"

namespace mlstack::backend {

struct PlanOptions {
  std::set<std::string> allowDataLoss;   // "claim/model" in the home namespace, "claim/ml/model" elsewhere; kind in any form
  bool forceConflicts = false;
  bool takeOver = false;                 // adopt what another stack's inventory holds
  bool prune = true;                     // delete what the stack no longer has
  bool serverDryRun = true;
  /// How many of the new objects that one declaration makes alike (ir::Pattern) the server tries, so that a loop of thousands is not
  /// sent twice; 0: all. An apply tries some, a plan all.
  unsigned triesPerPattern = 0;
  bool destroy = false;                  // plan the end of the stack: desired is empty
  std::string origin;                    // the stack file's path from the project's top: tells stacks of one name apart
};

struct ApplyOptions {
  std::chrono::milliseconds timeout{std::chrono::minutes(10)};   // of the whole; --timeout
  bool wait = true;                  // --no-wait: until the server has accepted everything
  bool waitForJobs = false;          // --wait-jobs: until Jobs are complete
  bool forceConflicts = false;
  unsigned inFlight = 32;
};

/// What goes on, as it happens. Called from within `apply` only.
class Progress {
 public:
  virtual ~Progress() = default;
  /// A step begins, waits ("bound when its first pod is placed", "2 of 3 replicas are ready"), or is done.
  virtual void step(const PlanStep& step, std::string_view what) = 0;
  virtual void done(const PlanStep& step, std::string_view what) = 0;
  /// An event or a failing container that explains a wait: "FailedScheduling: 0/3 nodes …".
  virtual void trouble(const PlanStep& step, std::string_view what) = 0;
};

struct Report {
  std::size_t created = 0, updated = 0, replaced = 0, deleted = 0, released = 0, unchanged = 0;
  bool complete = false;       // every step was carried out, and waited for
  bool timedOut = false;
  bool interrupted = false;
  std::vector<ObjectRef> left; // steps not carried out, in order
};

class Backend {
 public:
  virtual ~Backend() = default;
  /// Reads what is there and says what would be done. What cannot be read goes to `sink` as an error, and there is no
  /// plan: an unreachable cluster is never "nothing there".
  [[nodiscard]] virtual std::optional<Plan> plan(const ir::Stack& desired, const PlanOptions& options, diag::Sink& sink) = 0;
  /// Carries a plan out. Refuses (MLS53nn) when something that the plan looked at has changed since, when it holds
  /// refused steps, conflicts or state at risk without consent. The next plan after an interrupted one goes on from there.
  [[nodiscard]] virtual Report apply(const Plan& plan, const ApplyOptions& options, Progress& progress, diag::Sink& sink) = 0;
};

/// `api` is discovered already. The catalog tells list keys and quantities apart when values are compared.
[[nodiscard]] std::unique_ptr<Backend> clusterBackend(Api& api, const Connection& connection, const schema::Catalog& catalog);
[[nodiscard]] std::unique_ptr<Backend> folderBackend(std::string folder, const schema::Catalog& catalog, base::SymbolTable& symbols,
                                                     base::SourceSet& sources);

}  // namespace mlstack::backend
