// Waiting until what was applied is as it should be, and telling why it is not.

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backend/apply_run.h"
#include "backend/compare.h"
#include "diag/cluster.h"

namespace mlstack::backend {

using diag::ClusterCode;
using ir::Node;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// What nobody may ever say more about is waited for so long.
constexpr seconds kVague{10};
/// Pods and events are looked at when it takes longer than what goes well.
constexpr milliseconds kTroubleAfter{1'500};

std::string_view withoutLast(std::string_view name) { return name.substr(0, name.rfind('-')); }

/// `2026-11-24T21:00:00Z` of a time some seconds before now, by the server's clock; comparable as text.
std::string serverTime(std::chrono::seconds skew, std::chrono::seconds ago) {
  const auto now = std::time(nullptr) + skew.count() - ago.count();
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32] = {};
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

/// Which classes bind a claim only when its first pod is placed.
void ApplyRun::readClasses() {
  const auto* resource = api_.resource("storage.k8s.io/v1", "StorageClass");
  if (resource == nullptr) return;
  ListQuery query;
  query.resource = resource;
  const auto ended = std::make_shared<bool>(false);
  std::string newest;
  api_.list(
      query,
      [this, ended, weak = std::weak_ptr<char>(alive_)](Node& item, const std::shared_ptr<Document>&) {
        if (!weak.lock() || *ended) return;
        const auto name = std::string(textAt(&item, "metadata.name", api_.symbols()));
        if (textAt(&item, "volumeBindingMode", api_.symbols()) == "WaitForFirstConsumer") lateClasses_.insert(name);
        for (const Node& annotation : ir::Children(ir::findPath(&item, "metadata.annotations", api_.symbols()))) {
          if (api_.symbols().text(annotation.key) == "storageclass.kubernetes.io/is-default-class" && annotation.kind == ir::NodeKind::String && annotation.text() == "true") defaultClass_ = name;
        }
      },
      [] {},
      [this, ended](const Failure& failure, const std::string&) {
        classesKnown_ = !failure.failed();
        *ended = true;
      });
  (void)pump([&] { return *ended; });
}

void ApplyRun::watchReady(Work& work) {
  const auto* resource = api_.resource(work.ref.apiVersion, work.ref.kind);
  if (resource == nullptr || !resource->canList) {
    work.stage = Stage::Done;
    progress_.done(*work.step, {});
    return;
  }
  waiting_.insert(&work);
  const auto key = fmt::format("{} {} {}", work.ref.apiVersion, work.ref.kind, work.ref.nameSpace);
  const bool first = !ready_.contains(key);
  ready_[key].emplace(Name(work.ref.nameSpace, work.ref.name), &work);
  if (!first) return;
  const auto watched = informer(*resource, work.ref.nameSpace, fmt::format("{}={}", kPartOfLabel, inventory_.id()), {}, false);
  watched->present = [this, key](const Node& object, const std::shared_ptr<Document>&) {
    const auto& named = ready_[key];
    const auto at = named.find(Name(textAt(&object, "metadata.namespace", api_.symbols()), textAt(&object, "metadata.name", api_.symbols())));
    if (at != named.end() && waiting_.contains(at->second)) judged(*at->second, object);
  };
  watched->gone = [this, key](const std::string& nameSpace, const std::string& name) {
    const auto at = ready_[key].find({nameSpace, name});
    if (at == ready_[key].end() || !waiting_.contains(at->second)) return;
    hasFailed(*at->second, "somebody deleted it");
  };
  watched->failed = [this, key](const Failure& failure) {
    for (auto& entry : ready_[key]) {
      if (waiting_.erase(entry.second) == 0) continue;
      entry.second->stage = Stage::Done;
      progress_.done(*entry.second->step, fmt::format("cannot be watched: {}", failure.message));
    }
  };
  informers_.push_back(watched);
  watched->start();
}

void ApplyRun::judged(Work& work, const Node& object) {
  JudgeOptions options;
  options.jobsToCompletion = options_.waitForJobs;
  options.lateClasses = classesKnown_ ? &lateClasses_ : nullptr;
  options.defaultClass = defaultClass_;
  auto verdict = judge(object, api_.symbols(), options);
  if (work.selector.empty() && !podSpecPath(work.ref.kind).empty()) work.selector = podSelector(object, api_.symbols());
  if (work.ref.kind == "Pod" && verdict.health == Health::Failed) podSeen(object);   // its containers say more
  work.vague = verdict.vague;
  work.failed = work.failed && verdict.health == Health::Failed;   // a rollout may yet succeed
  switch (verdict.health) {
    case Health::Good:
      waiting_.erase(&work);
      work.stage = Stage::Done;
      return progress_.done(*work.step, verdict.what);
    case Health::Waiting:
      if (verdict.what == work.waitsFor) return;
      work.waitsFor = std::move(verdict.what);
      return progress_.step(*work.step, work.waitsFor);
    case Health::Failed: return hasFailed(work, std::move(verdict.what));
  }
}

/// It is not waited for any more, but what its pods say is still listened to.
void ApplyRun::hasFailed(Work& work, std::string what) {
  if (!work.failed || work.waitsFor != what) progress_.trouble(*work.step, what);
  work.failed = true;
  work.waitsFor = std::move(what);
}

bool ApplyRun::onlyFailedLeft() const {
  return std::all_of(waiting_.begin(), waiting_.end(), [](const Work* work) { return work->failed; });
}

/// What failed before its pods were looked at: they say more than it does.
void ApplyRun::endFailed() {
  std::set<std::string> nameSpaces;
  for (const auto* work : waiting_) {
    if (!podSpecPath(work->ref.kind).empty() && !troubled_.contains(work->ref.nameSpace)) nameSpaces.insert(work->ref.nameSpace);
  }
  const auto known = informers_.size();
  if (!nameSpaces.empty()) watchTroubles(nameSpaces);
  const auto until = Clock::now() + seconds(2);
  const std::vector<std::shared_ptr<Informer>> begun(informers_.begin() + static_cast<std::ptrdiff_t>(known), informers_.end());
  (void)pump([&] { return Clock::now() > until || std::all_of(begun.begin(), begun.end(), [](const auto& each) { return each->hasSynced(); }); });
  for (auto* work : waiting_) sayNotReady(*work);
  waiting_.clear();
}

bool ApplyRun::awaitReady() {
  std::vector<Work*> list;
  bool claims = false;
  named_.clear();
  for (auto& work : works_) {
    named_[Name(work.ref.nameSpace, work.ref.name)].push_back(&work);
    // What an earlier apply sent, and perhaps did not wait for, belongs to what this one promises.
    if (work.step->action == Action::Unchanged && isWaitedFor(work.ref.apiVersion, work.ref.kind)) work.stage = Stage::Accepted;
    if (work.stage != Stage::Accepted || work.step->action == Action::Delete) continue;
    list.push_back(&work);
    claims = claims || work.ref.kind == "PersistentVolumeClaim";
  }
  if (claims) readClasses();
  for (auto* work : list) watchReady(*work);
  const auto begun = Clock::now();
  const bool fine = pump([&] {
    if (onlyFailedLeft()) return true;
    const auto waited = Clock::now() - begun;
    if (waited > kTroubleAfter) {
      std::set<std::string> nameSpaces;
      for (const auto* work : waiting_) {
        if (!work->removing && !work->ref.nameSpace.empty() && !troubled_.contains(work->ref.nameSpace)) nameSpaces.insert(work->ref.nameSpace);
      }
      if (!nameSpaces.empty()) watchTroubles(nameSpaces);
    }
    if (waited > kVague) {
      std::vector<Work*> vague;
      for (auto* work : waiting_) {
        if (work->vague && !work->removing && !work->failed) vague.push_back(work);
      }
      for (auto* work : vague) {
        waiting_.erase(work);
        work->stage = Stage::Done;
        progress_.done(*work->step, work->waitsFor);
      }
    }
    return onlyFailedLeft();
  });
  if (fine && !waiting_.empty()) endFailed();
  return fine;
}

void ApplyRun::watchTroubles(const std::set<std::string>& nameSpaces) {
  const auto* pods = api_.resource("v1", "Pod");
  const auto* events = api_.resource("v1", "Event");
  for (const auto& nameSpace : nameSpaces) {
    troubled_.insert(nameSpace);
    if (pods != nullptr) {
      auto watched = informer(*pods, nameSpace, {}, {}, false);
      watched->present = [this](const Node& pod, const std::shared_ptr<Document>&) { podSeen(pod); };
      informers_.push_back(watched);
      watched->start();
    }
    if (events != nullptr) {
      auto watched = informer(*events, nameSpace, {}, {}, false);
      watched->present = [this](const Node& event, const std::shared_ptr<Document>&) { eventSeen(event); };
      informers_.push_back(watched);
      watched->start();
    }
  }
}

Work* ApplyRun::waitingFor(std::string_view nameSpace, std::string_view kind, std::string_view name) const {
  const auto at = named_.find(Name(nameSpace, name));
  if (at == named_.end()) return nullptr;
  for (auto* work : at->second) {
    if (!work->removing && (kind.empty() || work->ref.kind == kind) && waiting_.contains(work)) return work;
  }
  return nullptr;
}

Work* ApplyRun::waitingAbove(std::string_view nameSpace, std::string_view name) const {
  for (auto hyphen = name.rfind('-'); hyphen != std::string_view::npos && hyphen != 0; hyphen = name.rfind('-', hyphen - 1)) {
    const auto at = named_.find(Name(nameSpace, name.substr(0, hyphen)));
    if (at == named_.end()) continue;
    for (auto* work : at->second) {
      if (!work->removing && work->ref.kind != "PersistentVolumeClaim" && waiting_.contains(work)) return work;
    }
  }
  return nullptr;
}

/// The step whose pod it is. Owners are told by name: what owns them in turn (a ReplicaSet, the Jobs of a JobSet) has the
/// name of its own owner in front.
Work* ApplyRun::ownerOf(const Node& pod) {
  const auto nameSpace = textAt(&pod, "metadata.namespace", api_.symbols());
  const auto kind = textAt(&pod, "kind", api_.symbols());
  if (auto* self = waitingFor(nameSpace, kind.empty() ? "Pod" : kind, textAt(&pod, "metadata.name", api_.symbols()))) return self;
  for (const Node& owner : ir::Children(ir::findPath(&pod, "metadata.ownerReferences", api_.symbols()))) {
    const auto ownerKind = textAt(&owner, "kind", api_.symbols());
    const auto name = textAt(&owner, "name", api_.symbols());
    if (auto* direct = waitingFor(nameSpace, ownerKind, name)) return direct;
    if (ownerKind == "ReplicaSet") {
      if (auto* deployment = waitingFor(nameSpace, "Deployment", withoutLast(name))) return deployment;
    }
    if (auto* further = waitingAbove(nameSpace, name)) return further;
  }
  return nullptr;
}

void ApplyRun::podSeen(const Node& pod) {
  if (!textAt(&pod, "metadata.deletionTimestamp", api_.symbols()).empty()) return;
  auto troubles = podTroubles(pod, api_.symbols());
  auto* work = ownerOf(pod);
  const auto name = textAt(&pod, "metadata.name", api_.symbols());
  const auto nameSpace = textAt(&pod, "metadata.namespace", api_.symbols());
  for (auto& each : troubles) {
    if (work != nullptr) {
      if (work->ref.kind != "Pod") each.text = fmt::format("pod `{}`: {}", name, each.text);
      trouble(*work, each);
    }
    auto* claim = each.claim.empty() ? nullptr : waitingFor(nameSpace, "PersistentVolumeClaim", each.claim);
    if (claim != nullptr && claim != work) trouble(*claim, each);   // it waits for its pod
  }
}

void ApplyRun::eventSeen(const Node& event) {
  const auto& symbols = api_.symbols();
  std::string_view last = textAt(&event, "series.lastObservedTime", symbols);
  if (last.empty()) last = textAt(&event, "lastTimestamp", symbols);
  if (last.empty()) last = textAt(&event, "eventTime", symbols);
  const auto since = std::chrono::duration_cast<seconds>(Clock::now() - startedAt_) + seconds(5);
  if (!last.empty() && last.substr(0, 19) < std::string_view(serverTime(api_.http().clockSkew(), since)).substr(0, 19)) return;   // of an earlier time
  auto found = eventTrouble(event, symbols);
  if (found.text.empty()) return;
  const auto kind = textAt(&event, "involvedObject.kind", symbols);
  const auto name = textAt(&event, "involvedObject.name", symbols);
  const auto nameSpace = textAt(&event, "metadata.namespace", symbols);
  auto* meant = waitingFor(nameSpace, kind, name);
  if (meant == nullptr && (kind == "Pod" || kind == "ReplicaSet" || kind == "Job")) meant = waitingAbove(nameSpace, name);
  if (meant == nullptr || found.text == meant->waitsFor) return;
  if (meant->ref.kind != kind) found.text = fmt::format("{} `{}`: {}", kind == "Pod" ? "pod" : kind, name, found.text);
  trouble(*meant, std::move(found));
}

void ApplyRun::trouble(Work& work, Trouble what) {
  if (std::find(work.troubles.begin(), work.troubles.end(), what) != work.troubles.end()) return;
  // Said of every volume that takes a moment; of interest when it never comes.
  if (!what.text.starts_with("ExternalProvisioning")) progress_.trouble(*work.step, what.text);
  constexpr std::size_t kKept = 8;   // the newest count
  if (work.troubles.size() >= kKept) work.troubles.erase(work.troubles.begin());
  work.troubles.push_back(std::move(what));
}

/// At the line of what it is about: the container, its image, the claim; the declaration else.
void ApplyRun::sayNotReady(Work& work) {
  if (work.removing || work.step->action == Action::Delete) return;
  const auto name = work.ref.text(plan_.nameSpace);
  const auto waits = work.waitsFor.empty() ? std::string("nothing is known of it") : work.waitsFor;
  auto d = work.failed ? diag::make<ClusterCode::NeverReady>(work.step->span, name, waits) : diag::make<ClusterCode::NotReady>(work.step->span, name, waits);
  if (!work.failed && work.troubles.empty()) d.help = "`mlstackc status` shows how it goes on; --timeout waits longer";
  say(*work.step, std::move(d));
  const auto path = podSpecPath(work.ref.kind);
  for (const auto& each : work.troubles) {
    auto span = work.step->span;
    if (!each.field.empty() && !path.empty()) span = spanOf(*work.step, fmt::format("{}.{}", path, each.field));
    if (!each.claim.empty()) {
      const auto claim = std::find_if(works_.begin(), works_.end(), [&](const Work& other) { return other.ref.kind == "PersistentVolumeClaim" && other.ref.name == each.claim && other.ref.nameSpace == work.ref.nameSpace; });
      if (claim != works_.end() && claim->step->span.known()) span = claim->step->span;
    }
    say(*work.step, diag::make<ClusterCode::HeldUp>(span, name, each.text));
  }
}

}  // namespace mlstack::backend
