// The order in which a plan is carried out: nothing before the lease, nothing before the inventory names it, consumers before
// what they use when it goes, the other way round when it comes.

#include <algorithm>

#include "backend/apply_run.h"
#include "backend/blocking.h"
#include "backend/consent.h"
#include "base/json.h"
#include "diag/cluster.h"

namespace mlstack::backend {

using diag::ClusterCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr seconds kWaitForLease{60};
constexpr seconds kToEnd{5};            // for giving up the lease after everything else
constexpr seconds kReadsCount{10};      // a plan's own reads, in the run that made it
constexpr seconds kUntilServed{30};     // from an established definition to its kind in discovery

bool stays(Action action) {
  switch (action) {
    case Action::Unchanged:
    case Action::Create:
    case Action::Update:
    case Action::Adopt:
    case Action::Replace:
    case Action::Recreate: return true;
    case Action::Delete:
    case Action::Release:
    case Action::Refused: return false;
  }
  return false;
}

bool comes(const Work& work) {
  const auto action = work.step->action;
  return action != Action::Unchanged && stays(action);
}

std::string groupKindOf(const Api& api, const ObjectRef& ref) {
  if (const auto* resource = api.resource(ref.apiVersion, ref.kind)) return resource->groupKind();
  const auto slash = ref.apiVersion.find('/');
  return slash == std::string::npos ? ref.kind : ref.kind + "." + ref.apiVersion.substr(0, slash);
}

std::string_view groupOfKind(std::string_view groupKind) {
  const auto dot = groupKind.find('.');
  return dot == std::string_view::npos ? std::string_view{} : groupKind.substr(dot + 1);
}

}  // namespace

ApplyRun::ApplyRun(Api& api, const Plan& plan, const ApplyOptions& options, Progress& progress, diag::Sink& sink)
    : api_(api), plan_(plan), options_(options), progress_(progress), sink_(sink), lease_(api, plan.stack, plan.nameSpace),
      deadline_(std::min(api.deadline, Clock::now() + options.timeout)), outerDeadline_(api.deadline), outerInterrupted_(api.interrupted) {
  for (const auto& step : plan.steps) {
    auto& work = works_.emplace_back();
    work.step = &step;
    work.ref = step.object;
    const auto* resource = api.resource(step.object.apiVersion, step.object.kind);
    if (work.ref.nameSpace.empty() && resource != nullptr && resource->namespaced) work.ref.nameSpace = plan.nameSpace;
    work.uid = step.uid;
  }
  api_.deadline = deadline_;
  api_.interrupted = [this] { return halted_ || lease_.lost() || (outerInterrupted_ && outerInterrupted_()); };
}

ApplyRun::~ApplyRun() {
  api_.interrupted = outerInterrupted_;
  api_.deadline = outerDeadline_;
}

bool ApplyRun::mustEnd() const { return halted_ || lease_.lost() || (outerInterrupted_ && outerInterrupted_()) || Clock::now() >= deadline_; }

/// While the lease is not renewed, what is under way may end, and nothing new begins.
bool ApplyRun::mayBegin() const { return !mustEnd() && lease_.fresh(); }

bool ApplyRun::pump(const std::function<bool()>& done) {
  for (;;) {
    if (mustEnd()) return false;
    if (done()) return true;
    api_.run([&] { return mustEnd() || done(); });
    if (mustEnd()) return false;
    if (done()) return true;
    api_.http().step(milliseconds(50));
  }
}

void ApplyRun::endCalls() {
  halted_ = true;
  api_.run();
}

void ApplyRun::after(milliseconds delay, std::function<void()> action) {
  api_.http().after(delay, [weak = std::weak_ptr<char>(alive_), action = std::move(action)] {
    if (weak.lock()) action();
  });
}

bool ApplyRun::inParallel(const std::vector<Work*>& list, void (ApplyRun::*start)(Work&)) {
  std::size_t next = 0;
  const auto limit = std::max(options_.inFlight, 1u);
  return pump([&] {
    while (next < list.size() && active_ < limit && mayBegin()) {
      auto& work = *list[next++];
      work.stage = Stage::Begun;
      work.begunAt = Clock::now();
      ++active_;
      (this->*start)(work);
    }
    return active_ == 0 && next == list.size();
  });
}

std::vector<std::vector<Work*>> ApplyRun::byGroup(bool (*wanted)(const Work&), bool rising) {
  std::map<unsigned, std::vector<Work*>> groups;
  for (auto& work : works_) {
    if (wanted(work)) groups[work.step->group].push_back(&work);
  }
  std::vector<std::vector<Work*>> out;
  for (auto& entry : groups) out.push_back(std::move(entry.second));
  if (!rising) std::reverse(out.begin(), out.end());
  return out;
}

/// A plan is carried out as a whole or not at all.
bool ApplyRun::allowed() {
  bool fine = true;
  for (const auto& step : plan_.steps) {
    if (step.action == Action::Refused) {
      say(step, diag::make<ClusterCode::StepRefused>(step.span, step.object.text(plan_.nameSpace), step.why));
      fine = false;
    }
    if (step.action == Action::Unchanged || options_.forceConflicts) continue;
    for (const auto& conflict : step.conflicts) {
      say(step, diag::make<ClusterCode::FieldOwned>(conflict.span.known() ? conflict.span : step.span, conflict.path, step.object.text(plan_.nameSpace), conflict.manager)
                    .hint("leave the field to it by not setting it, or take it with --force-conflicts"));
      fine = false;
    }
  }
  for (const auto& fate : plan_.state) {
    if ((fate.fate != Fate::Lost && fate.fate != Fate::AtRisk) || fate.consented || fate.consent.empty()) continue;
    const auto* step = fate.step < plan_.steps.size() ? &plan_.steps[fate.step] : nullptr;
    auto d = diag::make<ClusterCode::DataNotNamed>(step ? step->span : base::Span{}, fate.object.text(plan_.nameSpace), fate.why)
                 .hint(fate.instead.empty() ? fmt::format("--allow-data-loss {}", fate.consent) : fmt::format("{}; or --allow-data-loss {}", fate.instead, fate.consent));
    if (step) say(*step, std::move(d));
    else sink_.add(std::move(d));
    fine = false;
  }
  return fine;
}

/// The namespace of lease and inventory when this plan makes it. Bare: should it end here, the next plan adopts it.
bool ApplyRun::makeHome() {
  const auto home = std::find_if(works_.begin(), works_.end(), [&](const Work& work) {
    return work.step->action == Action::Create && work.ref.kind == "Namespace" && work.ref.apiVersion == "v1" && work.ref.name == plan_.nameSpace;
  });
  if (home == works_.end()) return true;
  std::string body = R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":)";
  base::appendJsonString(body, plan_.nameSpace);
  body += "}}";
  auto answer = blocking(api_, [&](Api::Done done) { api_.create(home->ref, body, false, std::move(done)); });
  if (answer.ok()) madeHome_ = true;
  if (answer.ok() || answer.failure.conflict() || answer.failure.outcome == Outcome::Broken) return true;   // the re-read tells
  if (!mustEnd()) sink_.add(report(answer.failure, fmt::format("create {}", home->ref.text(plan_.nameSpace)), home->step->span));
  return false;
}

bool ApplyRun::begin() {
  if (!makeHome()) return false;
  std::string told;
  const auto failure = lease_.acquire(std::min(deadline_, Clock::now() + kWaitForLease), [&](std::string_view holder) {
    waitedForLease_ = true;
    if (told == holder) return;
    told = holder;
    if (!works_.empty()) progress_.step(plan_.steps.front(), fmt::format("waits for another apply: {}", holder));
  });
  if (!failure.failed()) {
    return true;
  }
  if (failure.reason == "LeaseHeld") {
    sink_.add(diag::make<ClusterCode::LeaseHeld>({}, plan_.stack, failure.message).hint("one that was killed gives it up after 15 s; `mlstackc status` shows who holds it"));
  } else if (!mustEnd()) {
    sink_.add(report(failure, fmt::format("take the lease of `{}`", plan_.stack)));
  }
  return false;
}

/// The inventory names everything that is or will be a member before it is.
bool ApplyRun::grow() {
  auto failure = findInventory(api_, plan_.stack, plan_.nameSpace, inventory_);
  if (failure.failed()) {
    if (mustEnd()) return false;
    const bool unclear = failure.reason == "Ambiguous" || failure.reason == "OtherTool";
    sink_.add(unclear ? diag::make<ClusterCode::InventoryUnclear>({}, plan_.stack, failure.message) : report(failure, "read the inventory"));
    return false;
  }
  if (!inventory_.name.empty() && !plan_.inventory.empty() && inventory_.name != plan_.inventory) {
    sink_.add(diag::make<ClusterCode::ClusterMoved>({}, fmt::format("the inventory of `{}`", plan_.stack), fmt::format("it is ConfigMap `{}` now", inventory_.name)).hint("make the plan anew"));
    return false;
  }
  auto wanted = inventory_;
  if (wanted.name.empty()) {
    wanted = newInventory(plan_.stack, plan_.nameSpace, plan_.origin);
    if (!plan_.inventory.empty()) wanted.name = plan_.inventory;
  }
  if (!plan_.origin.empty()) wanted.origin = plan_.origin;
  for (const auto& work : works_) {
    if (work.step->action == Action::Release) continue;
    wanted.kinds.insert(groupKindOf(api_, work.ref));
    if (!work.ref.nameSpace.empty() && work.ref.nameSpace != plan_.nameSpace) wanted.nameSpaces.insert(work.ref.nameSpace);
  }
  const bool same = !inventory_.name.empty() && wanted.kinds == inventory_.kinds && wanted.nameSpaces == inventory_.nameSpaces && wanted.origin == inventory_.origin;
  if (!same) failure = saveInventory(api_, wanted);
  inventory_ = std::move(wanted);
  if (failure.failed() && !mustEnd()) sink_.add(report(failure, fmt::format("write the inventory `{}`", inventory_.name)));
  return !failure.failed();
}

/// Names no more than there is. What still has members stays named, whoever left them.
bool ApplyRun::shrink() {
  Inventory now = inventory_;
  now.kinds.clear();
  now.nameSpaces.clear();
  now.members = 0;
  for (const auto& work : works_) {
    if (!stays(work.step->action)) continue;
    ++now.members;
    now.kinds.insert(groupKindOf(api_, work.ref));
    if (!work.ref.nameSpace.empty() && work.ref.nameSpace != plan_.nameSpace) now.nameSpaces.insert(work.ref.nameSpace);
  }
  if (now.kinds != inventory_.kinds || now.nameSpaces != inventory_.nameSpaces) {
    std::vector<std::string> unknown;
    const auto failure = listMemberNames(api_, inventory_, [&](const Resource& resource, ir::Node& item, const std::shared_ptr<Document>&) {
      if (plan_.destroys && !textAt(&item, "metadata.deletionTimestamp", api_.symbols()).empty()) return;   // on its way
      now.kinds.insert(resource.groupKind());
      if (const auto nameSpace = textAt(&item, "metadata.namespace", api_.symbols()); !nameSpace.empty() && nameSpace != plan_.nameSpace) now.nameSpaces.emplace(nameSpace);
    }, unknown);
    for (const auto& kind : unknown) {
      if (!api_.unknownGroup(groupOfKind(kind))) continue;
      now.kinds.insert(kind);
      now.nameSpaces = inventory_.nameSpaces;   // any of them may hold some
    }
    if (failure.failed()) {
      if (!mustEnd()) sink_.add(report(failure, "list what the stack has"));
      return false;
    }
  }
  Failure failure;
  if (plan_.destroys && now.kinds.empty()) {
    failure = removeInventory(api_, inventory_);
  } else {
    now.lastApply = utcNow();
    now.appliedBy = whoAmI();
    now.outputs = plan_.outputs;
    failure = saveInventory(api_, now);
  }
  if (failure.failed()) {
    if (!mustEnd()) sink_.add(report(failure, fmt::format("write the inventory `{}`", inventory_.name)));
    return false;
  }
  inventory_ = std::move(now);
  return true;
}

bool ApplyRun::tearDownFirst() {
  const bool needed = std::any_of(works_.begin(), works_.end(), [](const Work& work) { return work.step->action == Action::Replace && holdsData(work.ref.apiVersion, work.ref.kind); });
  if (!needed) return true;
  for (auto& group : byGroup([](const Work& work) { return work.step->action == Action::Replace; }, false)) {
    tearingDown_ = true;
    const bool done = awaitConsumers(group) && inParallel(group, &ApplyRun::beginTearDown);
    tearingDown_ = false;
    if (!done) return false;
    if (failed_) return true;
    for (auto* work : group) work->stage = Stage::Pending;
  }
  return true;
}

/// Definitions are served some moments after they were accepted.
bool ApplyRun::awaitDefinitions(const std::vector<Work*>& group) {
  std::vector<Work*> definitions;
  for (auto* work : group) {
    if (work->ref.kind == "CustomResourceDefinition") definitions.push_back(work);
  }
  if (definitions.empty()) return true;
  std::set<std::pair<std::string, std::string>> needed;
  for (const auto& work : works_) {
    if (comes(work) && work.stage == Stage::Pending && api_.resource(work.ref.apiVersion, work.ref.kind) == nullptr) needed.emplace(work.ref.apiVersion, work.ref.kind);
  }
  if (needed.empty()) return true;
  const auto until = std::min(deadline_, Clock::now() + kUntilServed);
  for (milliseconds pause{100};; pause = std::min(pause * 2, milliseconds(2'000))) {
    progress_.step(*definitions.front()->step, "waits until its kind is served");
    (void)api_.discover();
    const bool all = std::all_of(needed.begin(), needed.end(), [&](const auto& kind) { return api_.resource(kind.first, kind.second) != nullptr; });
    if (all || Clock::now() >= until) break;
    const auto woken = std::make_shared<bool>(false);
    after(pause, [woken] { *woken = true; });
    if (!pump([&] { return *woken; })) return false;
  }
  for (auto& work : works_) {
    const auto* resource = api_.resource(work.ref.apiVersion, work.ref.kind);
    if (work.ref.nameSpace.empty() && resource != nullptr && resource->namespaced) work.ref.nameSpace = plan_.nameSpace;
  }
  return true;
}

bool ApplyRun::runGroups() {
  for (const auto& group : byGroup(comes, true)) {
    if (!inParallel(group, &ApplyRun::beginStep)) return false;
    if (failed_) return true;
    if (!awaitDefinitions(group)) return false;
  }
  return true;
}

bool ApplyRun::runDeletes() {
  std::vector<Work*> released;
  for (auto& work : works_) {
    if (work.step->action == Action::Release) released.push_back(&work);
  }
  if (!inParallel(released, &ApplyRun::sendRelease)) return false;
  if (failed_) return true;
  for (const auto& group : byGroup([](const Work& work) { return work.step->action == Action::Delete; }, false)) {
    if (options_.wait && !awaitConsumers(group)) return false;
    if (!inParallel(group, &ApplyRun::beginDelete)) return false;
    if (failed_) return true;
    if (!options_.wait) continue;
    for (auto* work : group) {
      if (work->removing) awaitGone(*work, group.size() > 3, {});
    }
  }
  return true;
}

bool ApplyRun::carryOut() {
  if (!begin()) return false;
  const bool own = plan_.readAt != Clock::time_point{} && Clock::now() - plan_.readAt < kReadsCount && !waitedForLease_;
  if (!own && (!recheck() || !volumesStillKept())) return false;
  if (!grow() || !tearDownFirst() || failed_) return false;
  if (!runGroups() || failed_) return false;
  if (!runDeletes() || failed_) return false;
  // What was sent is noted before the waiting; what is only then gone, after it.
  if (!plan_.destroys && !shrink()) return false;
  if (options_.wait && !awaitReady()) return false;
  const bool deletes = std::any_of(works_.begin(), works_.end(), [](const Work& work) { return work.step->action == Action::Delete; });
  if ((plan_.destroys || deletes) && !shrink()) return false;
  return std::none_of(works_.begin(), works_.end(), [](const Work& work) { return work.failed; });
}

/// Everything is gone already: what a destroy before this one did not get to is the inventory itself.
bool ApplyRun::endInventory() {
  if (!begin()) return false;
  const auto failure = findInventory(api_, plan_.stack, plan_.nameSpace, inventory_);
  if (failure.failed() && !mustEnd()) sink_.add(report(failure, "read the inventory"));
  if (failure.failed()) return false;
  return inventory_.name.empty() || shrink();
}

/// Nothing to do but that what the outputs are may have changed.
void ApplyRun::keepOutputs() {
  if (plan_.outputs.empty()) return;
  Inventory found;
  if (findInventory(api_, plan_.stack, plan_.nameSpace, found).failed() || found.name.empty() || found.outputs == plan_.outputs) return;
  if (!begin()) return;
  if (findInventory(api_, plan_.stack, plan_.nameSpace, found).failed() || found.name.empty()) return;
  found.outputs = plan_.outputs;
  if (const auto failure = saveInventory(api_, found); failure.failed() && !mustEnd()) sink_.add(report(failure, fmt::format("write the inventory `{}`", found.name)));
}

Report ApplyRun::summary() {
  for (const auto& work : works_) {
    const auto action = work.step->action;
    const bool carriedOut = work.stage == Stage::Accepted || work.stage == Stage::Done;
    if (action != Action::Unchanged && !carriedOut) {
      report_.left.push_back(work.step->object);
      continue;
    }
    switch (action) {
      case Action::Unchanged: ++report_.unchanged; break;
      case Action::Create: ++report_.created; break;
      case Action::Update:
      case Action::Adopt: ++report_.updated; break;
      case Action::Replace:
      case Action::Recreate: ++report_.replaced; break;
      case Action::Delete: ++report_.deleted; break;
      case Action::Release: ++report_.released; break;
      case Action::Refused: break;
    }
  }
  return report_;
}

/// Everything under way ends, and the lease is given up, whatever happened.
void ApplyRun::end() {
  const bool lost = lease_.lost();
  report_.interrupted = outerInterrupted_ && outerInterrupted_();
  report_.timedOut = !report_.complete && !report_.interrupted && Clock::now() >= deadline_;
  const auto taker = lease_.expired() ? "whoever asks for it: it was not renewed for 15 s" : lease_.taker().empty() ? "nobody: it was deleted" : lease_.taker();
  if (lost) sink_.add(diag::make<ClusterCode::LeaseLost>({}, plan_.stack, taker).hint("look at `mlstackc status`, then make the plan anew"));
  if (!report_.complete) {
    sayStillThere();
    for (auto* work : waiting_) sayNotReady(*work);
  }
  endCalls();
  informers_.clear();
  goneInformers_.clear();
  alive_.reset();
  api_.interrupted = {};
  api_.deadline = Clock::now() + kToEnd;
  lease_.release();
}

Report ApplyRun::run() {
  const auto finishUp = [&] {
    end();
    return summary();
  };
  if (!allowed()) return finishUp();
  if (!plan_.changes() && (plan_.inventoryExists || works_.empty())) {
    if (!plan_.destroys) keepOutputs();
    report_.complete = plan_.destroys ? endInventory() : !mustEnd();
    if (report_.complete && !plan_.destroys && options_.wait) {
      report_.complete = awaitReady() && std::none_of(works_.begin(), works_.end(), [](const Work& work) { return work.failed; });
    }
    return finishUp();
  }
  report_.complete = carryOut();
  return finishUp();
}

Report applyPlan(Api& api, const Connection&, const Plan& plan, const ApplyOptions& options, Progress& progress, diag::Sink& sink) {
  ApplyRun run(api, plan, options, progress, sink);
  return run.run();
}

}  // namespace mlstack::backend
