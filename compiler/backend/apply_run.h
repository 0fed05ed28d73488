#pragma once
// One apply under way. Private to `apply*.cpp`.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backend/apply.h"
#include "backend/informer.h"
#include "backend/inventory.h"
#include "backend/wait.h"

namespace mlstack::backend {

enum class Stage : std::uint8_t {
  Pending,
  Begun,
  Accepted,   // the server has it; nothing more is sent for it
  Done,       // and it is as it should be
  Failed,
};

/// A step on its way.
struct Work {
  const PlanStep* step = nullptr;
  ObjectRef ref;               // with its namespace
  Stage stage = Stage::Pending;
  bool tornDown = false;       // what a Replace deletes is gone
  bool removing = false;       // a delete was accepted
  bool tookDefaults = false;   // bodyFirst was accepted
  unsigned tries = 0;          // after conflicts
  Clock::time_point begunAt{};
  std::string uid;             // of what is there now
  // While it is waited for:
  bool failed = false;         // it will not become ready
  bool vague = false;          // nobody may ever say more about it: waited for a little while only
  std::string waitsFor;        // "2 of 3 replicas are ready"
  std::string selector;        // label selector of its pods
  std::vector<Trouble> troubles;
};

class ApplyRun {
 public:
  ApplyRun(Api& api, const Plan& plan, const ApplyOptions& options, Progress& progress, diag::Sink& sink);
  ~ApplyRun();
  ApplyRun(const ApplyRun&) = delete;
  ApplyRun& operator=(const ApplyRun&) = delete;
  [[nodiscard]] Report run();

 private:
  // apply.cpp: the order of things
  [[nodiscard]] bool allowed();
  [[nodiscard]] bool begin();
  [[nodiscard]] bool makeHome();
  [[nodiscard]] bool grow();
  [[nodiscard]] bool shrink();
  void keepOutputs();
  [[nodiscard]] bool endInventory();
  [[nodiscard]] bool carryOut();
  [[nodiscard]] bool runGroups();
  [[nodiscard]] bool awaitDefinitions(const std::vector<Work*>& group);
  [[nodiscard]] bool tearDownFirst();
  [[nodiscard]] bool runDeletes();
  [[nodiscard]] Report summary();
  void end();

  /// Everything under way ends now.
  void endCalls();
  /// Runs the event loop until `done`. False: it has to end (signal, deadline, lease, credentials).
  [[nodiscard]] bool pump(const std::function<bool()>& done);
  [[nodiscard]] bool mustEnd() const;
  [[nodiscard]] bool mayBegin() const;
  /// All of them, so many at once as there may be. False as `pump`.
  [[nodiscard]] bool inParallel(const std::vector<Work*>& list, void (ApplyRun::*start)(Work&));
  [[nodiscard]] std::vector<std::vector<Work*>> byGroup(bool (*wanted)(const Work&), bool rising);
  void after(std::chrono::milliseconds delay, std::function<void()> action);

  // apply_recheck.cpp
  [[nodiscard]] bool recheck();
  void moved(const PlanStep& step, std::string_view what);
  [[nodiscard]] bool volumesStillKept();

  // apply_steps.cpp: one step
  void beginStep(Work& work);
  void beginTearDown(Work& work);
  void beginDelete(Work& work);
  void sendApply(Work& work);
  void applied(Work& work, const Answer& answer);
  void tryAgain(Work& work, const Failure& failure, void (ApplyRun::*what)(Work&));
  void tearDown(Work& work);
  void tearDownFound(Work& work, const Answer& live);
  void sendDelete(Work& work, std::string resourceVersion);
  void deleted(Work& work, const Answer& answer);
  void deleteConflicted(Work& work, const Failure& failure);
  void tearDownDone(Work& work);
  void sendRelease(Work& work);
  void released(Work& work, const Answer& answer);
  void accept(Work& work);
  void finish(Work& work, std::string_view what = {});
  void fail(Work& work);

  // apply_refusals.cpp
  void refuse(Work& work, const Failure& failure, std::string_view doing);
  void conflicted(const PlanStep& step, const Failure& failure);
  void fieldsRefused(const PlanStep& step, const Failure& failure);
  [[nodiscard]] base::Span spanOf(const PlanStep& step, std::string_view field) const;
  void say(const PlanStep& step, diag::Diagnostic d);

  // apply_gone.cpp
  /// Calls `then` once the object is gone. `then` may be empty.
  void awaitGone(Work& work, bool bulk, std::function<void()> then);
  using Name = std::pair<std::string, std::string>;   // namespace and name
  void checkGone(const std::string& key, const Name& name);
  void checkMissing(const std::string& key);
  void awaitPodsGone(Work& work, const std::function<void()>& then);
  /// Blocks until no pod uses one of these claims. False as `pump`.
  [[nodiscard]] bool awaitConsumers(const std::vector<Work*>& list);
  void sayStillThere();

  // apply_wait.cpp
  [[nodiscard]] bool awaitReady();
  void readClasses();
  void watchReady(Work& work);
  void judged(Work& work, const ir::Node& object);
  void hasFailed(Work& work, std::string what);
  [[nodiscard]] bool onlyFailedLeft() const;
  void endFailed();
  void watchTroubles(const std::set<std::string>& nameSpaces);
  void podSeen(const ir::Node& pod);
  void eventSeen(const ir::Node& event);
  [[nodiscard]] Work* ownerOf(const ir::Node& pod);
  /// Of what is waited for and not on its way out. An empty kind: any.
  [[nodiscard]] Work* waitingFor(std::string_view nameSpace, std::string_view kind, std::string_view name) const;
  /// The one with the longest name that `name` goes on from with a hyphen.
  [[nodiscard]] Work* waitingAbove(std::string_view nameSpace, std::string_view name) const;
  void trouble(Work& work, Trouble trouble);
  void sayNotReady(Work& work);
  [[nodiscard]] std::shared_ptr<Informer> informer(const Resource& resource, const std::string& nameSpace, const std::string& labels, const std::string& fields, bool metadataOnly);

  Api& api_;
  const Plan& plan_;
  const ApplyOptions& options_;
  Progress& progress_;
  diag::Sink& sink_;
  Report report_;

  std::deque<Work> works_;            // as plan_.steps
  StackLease lease_;
  Inventory inventory_;
  bool waitedForLease_ = false;
  bool madeHome_ = false;
  bool failed_ = false;               // a step was refused: no new group is begun
  bool halted_ = false;               // nothing more is sent
  bool tearingDown_ = false;          // what is replaced goes first, all of it
  std::size_t active_ = 0;
  Clock::time_point startedAt_ = Clock::now();
  Clock::time_point deadline_;
  Clock::time_point outerDeadline_;
  std::function<bool()> outerInterrupted_;

  // Waits
  struct GoneWait {
    Work* work = nullptr;
    std::function<void()> then;
    bool checking = false;
  };
  using NamedWork = std::map<Name, std::vector<GoneWait>>;
  std::map<std::string, std::shared_ptr<Informer>> goneInformers_;
  std::map<std::string, NamedWork> gone_;                  // by informer, then namespace and name
  std::vector<std::shared_ptr<Informer>> informers_;       // of readiness, troubles, consumers
  std::map<std::string, std::map<Name, Work*>> ready_;
  std::set<Work*> waiting_;
  std::map<Name, std::vector<Work*>> named_;               // of all steps, from `awaitReady` on
  std::set<std::string> lateClasses_;                      // that bind at the first pod
  std::string defaultClass_;
  bool classesKnown_ = false;
  std::set<std::string> troubled_;                         // namespaces whose pods and events are watched
  std::size_t watches_ = 0;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace mlstack::backend
