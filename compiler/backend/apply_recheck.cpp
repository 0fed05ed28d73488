// Whether the cluster still is what the plan has seen.

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "backend/apply_run.h"
#include "backend/seen.h"
#include "diag/cluster.h"

namespace mlstack::backend {

using diag::ClusterCode;
using ir::Node;

namespace {

/// So many objects of a kind in a namespace are asked for one by one rather than by a list of all that it has.
constexpr std::size_t kSingly = 8;

struct Looked {
  bool there = false;
  bool whole = false;      // not metadata alone
  std::string uid, resourceVersion, deletion, seen;
};

Looked look(const Node& object, bool whole, const base::SymbolTable& symbols) {
  Looked looked;
  looked.there = true;
  looked.whole = whole;
  looked.uid = textAt(&object, "metadata.uid", symbols);
  looked.resourceVersion = textAt(&object, "metadata.resourceVersion", symbols);
  looked.deletion = textAt(&object, "metadata.deletionTimestamp", symbols);
  if (whole) looked.seen = seenOf(object, symbols);
  return looked;
}

struct Reading {
  std::map<const Work*, Looked> found;
  std::size_t left = 0;
  Failure failure;
  std::string doing;
  void done(Failure failed, std::string what) {
    --left;
    if (!failed.failed() || failed.notFound() || failure.failed()) return;
    failure = std::move(failed);
    doing = std::move(what);
  }
};

void readOne(Api& api, const Work& work, const std::shared_ptr<Reading>& reading) {
  ++reading->left;
  api.get(work.ref, [&api, &work, reading](const Answer& answer) {
    if (answer.ok()) reading->found[&work] = look(*answer.document->root, true, api.symbols());
    reading->done(answer.failure, fmt::format("read {}", work.ref.text()));
  });
}

void readAll(Api& api, const Resource& resource, const std::string& nameSpace, const std::vector<const Work*>& works, const std::shared_ptr<Reading>& reading) {
  ++reading->left;
  const auto byName = std::make_shared<std::map<std::string, const Work*, std::less<>>>();
  for (const auto* work : works) byName->emplace(work->ref.name, work);
  ListQuery query;
  query.resource = &resource;
  query.nameSpace = nameSpace;
  query.metadataOnly = true;
  api.list(
      query,
      [&api, byName, reading](Node& item, const std::shared_ptr<Document>&) {
        if (const auto at = byName->find(textAt(&item, "metadata.name", api.symbols())); at != byName->end()) reading->found[at->second] = look(item, false, api.symbols());
      },
      [] {}, [reading, kind = resource.kind](Failure failure, const std::string&) { reading->done(std::move(failure), fmt::format("list {}", kind)); });
}

/// Empty: as it was, or so near that the plan would be the same.
std::string whatMoved(const PlanStep& step, const Looked& now) {
  const bool goes = step.action == Action::Delete || step.action == Action::Release;
  if (step.uid.empty()) return now.there ? "it was not there, and now it is" : "";
  if (!now.there) return goes ? "" : "it is gone";
  if (now.uid != step.uid) return "another object has its name now";
  if (!now.deletion.empty() && !goes) return "it is being deleted";
  if (now.resourceVersion == step.resourceVersion) return "";
  return now.whole && now.seen == step.seen ? "" : "it was changed";
}

}  // namespace

void ApplyRun::moved(const PlanStep& step, std::string_view what) {
  say(step, diag::make<ClusterCode::ClusterMoved>(step.span, step.object.text(plan_.nameSpace), what).hint("look at what changed, then make the plan anew"));
}

bool ApplyRun::recheck() {
  std::map<std::pair<const Resource*, std::string>, std::vector<const Work*>> lists;
  for (const auto& work : works_) {
    const auto* resource = api_.resource(work.ref.apiVersion, work.ref.kind);
    if (resource == nullptr) continue;   // its definition comes with this plan
    if (madeHome_ && work.ref.kind == "Namespace" && work.ref.name == plan_.nameSpace) continue;
    lists[{resource, work.ref.nameSpace}].push_back(&work);
  }
  const auto reading = std::make_shared<Reading>();
  for (const auto& entry : lists) {
    if (entry.second.size() <= kSingly || !entry.first.first->canList) {
      for (const auto* work : entry.second) readOne(api_, *work, reading);
    } else {
      readAll(api_, *entry.first.first, entry.first.second, entry.second, reading);
    }
  }
  if (!pump([&] { return reading->left == 0; })) return false;
  // Of what has another version, the rest tells whether it matters.
  for (const auto& entry : lists) {
    for (const auto* work : entry.second) {
      const auto at = reading->found.find(work);
      if (at != reading->found.end() && !at->second.whole && at->second.uid == work->step->uid && at->second.resourceVersion != work->step->resourceVersion) readOne(api_, *work, reading);
    }
  }
  if (!pump([&] { return reading->left == 0; })) return false;
  if (reading->failure.failed()) {
    sink_.add(report(reading->failure, reading->doing));
    return false;
  }
  bool same = true;
  for (const auto& entry : lists) {
    for (const auto* work : entry.second) {
      const auto at = reading->found.find(work);
      const auto what = whatMoved(*work->step, at == reading->found.end() ? Looked{} : at->second);
      if (what.empty()) continue;
      moved(*work->step, what);
      same = false;
    }
  }
  return same;
}

/// The volumes of claims that go, and whose bytes were to stay, still say so.
bool ApplyRun::volumesStillKept() {
  const auto looks = std::make_shared<std::deque<std::pair<const StateFate*, Answer>>>();
  const auto left = std::make_shared<std::size_t>(0);
  for (const auto& fate : plan_.state) {
    if (fate.volume.empty() || fate.fate == Fate::Lost || fate.fate == Fate::AtRisk || fate.step >= plan_.steps.size() || fate.object.kind != "PersistentVolumeClaim") continue;
    const auto& step = plan_.steps[fate.step];
    const bool itself = step.object.kind == "PersistentVolumeClaim" && (step.action == Action::Delete || step.action == Action::Replace);
    // A claim that goes with its owner is kept by its volume's policy alone, which is then what its fate says (`whenClaimGoes`).
    if (!itself && fate.why.find("reclaim policy Retain") == std::string::npos) continue;
    auto& look = looks->emplace_back(&fate, Answer{});
    ++*left;
    api_.get({"v1", "PersistentVolume", {}, fate.volume}, [looks, left, &look](Answer answer) {
      look.second = std::move(answer);
      --*left;
    });
  }
  if (!pump([&] { return *left == 0; })) return false;
  bool kept = true;
  for (const auto& [looked, answer] : *looks) {
    const auto& fate = *looked;
    const auto& step = plan_.steps[fate.step];
    const auto policy = answer.ok() ? textAt(answer.document->root, "spec.persistentVolumeReclaimPolicy", api_.symbols()) : std::string_view();
    if (policy == "Retain") continue;
    kept = false;
    if (answer.failure.notFound()) {
      moved(step, fmt::format("its volume `{}` is gone", fate.volume));
    } else if (!answer.ok()) {
      say(step, report(answer.failure, fmt::format("read PersistentVolume/{}", fate.volume), step.span));
    } else {
      say(step, diag::make<ClusterCode::VolumeNotKept>(step.span, fate.object.text(plan_.nameSpace), fate.volume, policy)
                    .hint(fmt::format("kubectl patch pv {} -p '{{\"spec\":{{\"persistentVolumeReclaimPolicy\":\"Retain\"}}}}', then make the plan anew", fate.volume)));
    }
  }
  return kept;
}

}  // namespace mlstack::backend
