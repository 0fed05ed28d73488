// Waiting for objects that are deleted, for the pods of what was deleted, and for the pods that still use a claim.

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backend/apply_run.h"
#include "backend/consent.h"
#include "diag/cluster.h"

namespace mlstack::backend {

using diag::ClusterCode;
using ir::Node;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kLookAgain{2'000};
/// So many watches at once; what comes on top is listed every few seconds.
constexpr std::size_t kWatches = 40;

std::string whyStillThere(const Node& object, const base::SymbolTable& symbols) {
  std::vector<std::string_view> finalizers;
  for (const Node& item : ir::Children(ir::findPath(&object, "metadata.finalizers", symbols))) {
    if (item.kind == ir::NodeKind::String) finalizers.push_back(item.text());
  }
  if (textAt(&object, "metadata.deletionTimestamp", symbols).empty()) return "it is not being deleted";
  if (!finalizers.empty()) return fmt::format("waits for {} {}", finalizers.size() == 1 ? "the finalizer" : "the finalizers", fmt::join(finalizers, ", "));
  return textAt(&object, "kind", symbols) == "Pod" ? "its containers are ending" : "is being deleted";
}

/// Whether a pod is one of the workload's own: its owner, or, of a Deployment, any ReplicaSet that its selector finds.
bool isOwned(const Node& pod, const Work& work, const base::SymbolTable& symbols) {
  const auto* owners = ir::findPath(&pod, "metadata.ownerReferences", symbols);
  for (const Node& owner : ir::Children(owners)) {
    if (textAt(&owner, "uid", symbols) == work.uid) return true;
    if (work.ref.kind == "Deployment" && textAt(&owner, "kind", symbols) == "ReplicaSet") return true;
  }
  return false;
}

bool hasEnded(const Node& pod, const base::SymbolTable& symbols) {
  const auto phase = textAt(&pod, "status.phase", symbols);
  return phase == "Succeeded" || phase == "Failed";
}

}  // namespace

std::shared_ptr<Informer> ApplyRun::informer(const Resource& resource, const std::string& nameSpace, const std::string& labels, const std::string& fields, bool metadataOnly) {
  ListQuery query;
  query.resource = &resource;
  query.nameSpace = nameSpace;
  query.labels = labels;
  query.fields = fields;
  query.metadataOnly = metadataOnly;
  return std::make_shared<Informer>(api_, std::move(query), watches_++ < kWatches);
}

void ApplyRun::awaitGone(Work& work, bool bulk, std::function<void()> then) {
  const auto* resource = api_.resource(work.ref.apiVersion, work.ref.kind);
  if (resource == nullptr || !work.removing) {
    work.removing = false;
    if (then) then();
    return;
  }
  waiting_.insert(&work);
  const auto key = bulk ? fmt::format("{} {} {}", work.ref.apiVersion, work.ref.kind, work.ref.nameSpace) : fmt::format("{} {} {} {}", work.ref.apiVersion, work.ref.kind, work.ref.nameSpace, work.ref.name);
  const std::pair name(work.ref.nameSpace, work.ref.name);
  auto& waits = gone_[key][name];
  waits.push_back({&work, std::move(then), false});
  auto& watched = goneInformers_[key];
  if (watched) {
    if (watched->hasSynced() && !watched->has(name.first, name.second)) checkGone(key, name);
    return;
  }
  watched = informer(*resource, work.ref.nameSpace, bulk ? fmt::format("{}={}", kPartOfLabel, inventory_.id()) : "", bulk ? "" : fmt::format("metadata.name={}", work.ref.name), true);
  watched->present = [this, key](const Node& object, const std::shared_ptr<Document>&) {
    const std::pair seen(std::string(textAt(&object, "metadata.namespace", api_.symbols())), std::string(textAt(&object, "metadata.name", api_.symbols())));
    const auto waited = gone_.find(key);
    if (waited == gone_.end()) return;
    const auto at = waited->second.find(seen);
    if (at == waited->second.end()) return;
    for (auto& wait : at->second) {
      if (!wait.work->uid.empty() && textAt(&object, "metadata.uid", api_.symbols()) != wait.work->uid) return checkGone(key, seen);
      auto why = whyStillThere(object, api_.symbols());
      if (why == wait.work->waitsFor) continue;
      wait.work->waitsFor = std::move(why);
      progress_.step(*wait.work->step, wait.work->waitsFor);
    }
  };
  watched->gone = [this, key](const std::string& nameSpace, const std::string& seen) {
    checkGone(key, {nameSpace, seen});
  };
  watched->synced = [this, key] { checkMissing(key); };
  watched->failed = [this, key](const Failure&) { checkMissing(key); };   // asked one by one
  watched->start();
}

void ApplyRun::checkMissing(const std::string& key) {
  std::vector<Name> missing;
  const auto waits = gone_.find(key);
  const auto watched = goneInformers_.find(key);
  if (waits == gone_.end() || watched == goneInformers_.end() || !watched->second) return;
  for (const auto& entry : waits->second) {
    if (!watched->second->has(entry.first.first, entry.first.second)) missing.push_back(entry.first);
  }
  for (const auto& name : missing) checkGone(key, name);
}

/// A list may be by label, and labels may go before their objects do: only the server's "not found" counts.
void ApplyRun::checkGone(const std::string& key, const Name& name) {
  const auto waited = gone_.find(key);
  if (waited == gone_.end()) return;
  const auto at = waited->second.find(name);
  if (at == waited->second.end() || at->second.empty() || at->second.front().checking) return;
  at->second.front().checking = true;
  const auto& work = *at->second.front().work;
  api_.get(work.ref, [this, key, name, uid = work.uid](const Answer& answer) {
    const auto waiting = gone_.find(key);
    if (waiting == gone_.end()) return;
    const auto found = waiting->second.find(name);
    if (found == waiting->second.end()) return;
    const bool isGone = answer.failure.notFound() || (answer.ok() && !uid.empty() && textAt(answer.document->root, "metadata.uid", api_.symbols()) != uid);
    if (!isGone) {
      found->second.front().checking = false;
      if (answer.failure.outcome != Outcome::Cancelled) after(kLookAgain, [this, key, name] {
        const auto watched = goneInformers_.find(key);   // another answer may have ended it meanwhile
        if (watched != goneInformers_.end() && watched->second && !watched->second->has(name.first, name.second)) checkGone(key, name);
      });
      return;
    }
    auto waits = std::move(found->second);
    waiting->second.erase(found);
    for (auto& wait : waits) {
      wait.work->removing = false;
      wait.work->waitsFor.clear();
      waiting_.erase(wait.work);
      if (wait.then) {
        wait.then();
      } else {
        wait.work->stage = Stage::Done;
        progress_.done(*wait.work->step, {});
      }
    }
    if (const auto left = gone_.find(key); left != gone_.end() && left->second.empty()) {
      goneInformers_.erase(key);
      gone_.erase(left);
    }
  });
}

/// What was deleted may have left pods that end later and hold its volumes until then.
void ApplyRun::awaitPodsGone(Work& work, const std::function<void()>& then) {
  const auto* pods = api_.resource("v1", "Pod");
  if (work.selector.empty() || work.uid.empty() || pods == nullptr || work.ref.nameSpace.empty() || podSpecPath(work.ref.kind).empty()) return then();
  waiting_.insert(&work);
  const auto watched = informer(*pods, work.ref.nameSpace, work.selector, {}, false);
  const auto left = std::make_shared<std::set<std::string>>();
  const auto ended = std::make_shared<bool>(false);
  // From outside of its own calls. Those that list instead of watching would do so until the end of the apply.
  const auto giveUp = [this, weak = std::weak_ptr(watched)] {
    after(milliseconds(0), [this, weak] { informers_.erase(std::remove(informers_.begin(), informers_.end(), weak.lock()), informers_.end()); });
  };
  const auto look = [this, &work, left, ended, then, giveUp] {
    if (*ended) return;
    if (left->empty()) {
      *ended = true;
      giveUp();
      waiting_.erase(&work);
      work.waitsFor.clear();
      return then();
    }
    work.waitsFor = fmt::format("waits until pod `{}` has ended", *left->begin());
    progress_.step(*work.step, work.waitsFor);
  };
  watched->present = [this, &work, left, look, weak = std::weak_ptr(watched)](const Node& pod, const std::shared_ptr<Document>&) {
    const auto name = std::string(textAt(&pod, "metadata.name", api_.symbols()));
    if (isOwned(pod, work, api_.symbols()) && !hasEnded(pod, api_.symbols())) left->insert(name);
    else left->erase(name);
    if (const auto self = weak.lock(); self && self->hasSynced()) look();
  };
  watched->gone = [left, look](const std::string&, const std::string& name) {
    left->erase(name);
    look();
  };
  watched->synced = look;
  watched->failed = [this, &work, ended, then, giveUp](const Failure& failure) {
    if (std::exchange(*ended, true)) return;
    giveUp();
    progress_.trouble(*work.step, fmt::format("its pods cannot be watched: {}", failure.message));
    waiting_.erase(&work);
    then();
  };
  informers_.push_back(watched);
  watched->start();
}

bool ApplyRun::awaitConsumers(const std::vector<Work*>& list) {
  std::map<Name, Work*> claims;
  std::set<std::string> nameSpaces;
  for (auto* work : list) {
    if (work->ref.kind != "PersistentVolumeClaim" || work->ref.apiVersion != "v1") continue;
    claims.emplace(Name(work->ref.nameSpace, work->ref.name), work);
    nameSpaces.insert(work->ref.nameSpace);
  }
  const auto* pods = api_.resource("v1", "Pod");
  if (claims.empty() || pods == nullptr) return true;
  struct Users {
    std::map<Name, std::vector<Name>> byPod;      // pod → claims
    std::size_t unread = 0;
  };
  const auto users = std::make_shared<Users>();
  users->unread = nameSpaces.size();
  std::vector<std::shared_ptr<Informer>> watched;
  for (const auto& nameSpace : nameSpaces) {
    auto one = informer(*pods, nameSpace, {}, {}, false);
    const auto first = std::make_shared<bool>(true);
    one->present = [this, users, &claims, nameSpace](const Node& pod, const std::shared_ptr<Document>&) {
      std::vector<Name> used;
      for (auto& claim : claimsOf(pod, api_.symbols())) {
        if (claims.contains({nameSpace, claim})) used.emplace_back(nameSpace, std::move(claim));
      }
      const Name name(nameSpace, textAt(&pod, "metadata.name", api_.symbols()));
      if (used.empty()) users->byPod.erase(name);
      else users->byPod[name] = std::move(used);
    };
    one->gone = [users](const std::string& in, const std::string& name) { users->byPod.erase({in, name}); };
    one->synced = [users, first] { users->unread -= std::exchange(*first, false) ? 1 : 0; };
    one->failed = [users, first](const Failure&) { users->unread -= std::exchange(*first, false) ? 1 : 0; };   // the server guards claims in use
    watched.push_back(one);
    one->start();
  }
  std::string told;
  const bool fine = pump([&] {
    if (users->unread != 0) return false;
    if (users->byPod.empty()) return true;
    const auto& [pod, used] = *users->byPod.begin();
    auto& work = *claims[used.front()];
    auto text = fmt::format("waits until pod `{}` no longer uses it", pod.second);
    if (text != told) {
      progress_.step(*work.step, {});   // it begins with this
      progress_.step(*work.step, text);
    }
    told = std::move(text);
    return false;
  });
  if (!fine) {
    for (const auto& entry : users->byPod) {
      for (const auto& claim : entry.second) {
        auto& work = *claims[claim];
        if (work.waitsFor.empty()) say(*work.step, diag::make<ClusterCode::ClaimStillUsed>(work.step->span, work.ref.text(plan_.nameSpace), fmt::format("pod `{}`", entry.first.second), "uses"));
        work.waitsFor = "used";
      }
    }
    endCalls();   // what watches looks at what is about to go
  }
  return fine;
}

void ApplyRun::sayStillThere() {
  for (auto* work : waiting_) {
    if (!work->removing) continue;
    say(*work->step, diag::make<ClusterCode::StillThere>(work->step->span, work->ref.text(plan_.nameSpace), work->waitsFor.empty() ? "nobody has said why" : work->waitsFor)
                         .hint("what sets a finalizer takes it away: look whether its controller runs"));
  }
}

}  // namespace mlstack::backend
