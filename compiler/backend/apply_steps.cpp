// One step, from its first request to its last answer.

#include <algorithm>

#include <fmt/format.h>

#include "backend/apply_body.h"
#include "backend/apply_run.h"
#include "backend/seen.h"
#include "diag/cluster.h"

namespace mlstack::backend {

using diag::ClusterCode;
using ir::Node;
using std::chrono::milliseconds;

namespace {

/// Of conflicts that pass: somebody wrote between our read and our write.
constexpr unsigned kTries = 6;
/// A new namespace has no service account for its pods at first.
constexpr std::chrono::seconds kUntilAccount{20};

bool isOtherObject(const Failure& failure) {
  if (failure.message.find("uid mismatch") != std::string::npos || failure.message.find("UID in precondition") != std::string::npos) return true;
  return std::any_of(failure.causes.begin(), failure.causes.end(), [](const Cause& cause) { return cause.field == "metadata.uid"; });
}

bool ownedByOthers(const Failure& failure) {
  return std::any_of(failure.causes.begin(), failure.causes.end(), [](const Cause& cause) { return cause.reason == "FieldManagerConflict"; });
}

/// Nobody but this program set fields of it, controllers' writes to its status aside.
bool appliedByUsAlone(const Node& object, const base::SymbolTable& symbols) {
  for (const Node& entry : ir::Children(ir::findPath(&object, "metadata.managedFields", symbols))) {
    if (textAt(&entry, "manager", symbols) != kFieldManager && textAt(&entry, "subresource", symbols).empty()) return false;
  }
  return true;
}

bool lacksAccount(const Failure& failure) {
  return failure.code == 403 && failure.message.find("serviceaccount") != std::string::npos && failure.message.find("not found") != std::string::npos;
}

}  // namespace

void ApplyRun::beginStep(Work& work) {
  progress_.step(*work.step, {});
  switch (work.step->action) {
    case Action::Create:
    case Action::Update:
    case Action::Adopt: return sendApply(work);
    case Action::Replace:
    case Action::Recreate: return work.tornDown ? sendApply(work) : tearDown(work);
    case Action::Delete:
    case Action::Release:
    case Action::Unchanged:
    case Action::Refused: return finish(work);
  }
}

void ApplyRun::beginTearDown(Work& work) {
  progress_.step(*work.step, {});
  tearDown(work);
}

void ApplyRun::sendApply(Work& work) {
  if (mustEnd()) return fail(work);
  const auto& step = *work.step;
  const bool inPlace = step.action == Action::Update || step.action == Action::Adopt;
  const bool first = inPlace && !step.bodyFirst.empty() && !work.tookDefaults;
  auto body = first ? step.bodyFirst : step.body;
  const auto id = inventory_.id();
  if (body.find(id) == std::string::npos) body = withLabel(std::move(body), kPartOfLabel, id);
  if (inPlace && !step.uid.empty()) body = withUid(std::move(body), step.uid);
  ApplyFlags flags;
  flags.force = options_.forceConflicts;
  api_.apply(work.ref, std::move(body), flags, [this, &work, first](const Answer& answer) {
    if (!first || !answer.ok()) return applied(work, answer);
    work.tookDefaults = true;
    sendApply(work);
  });
}

void ApplyRun::applied(Work& work, const Answer& answer) {
  for (const auto& warning : answer.warnings) say(*work.step, diag::make<ClusterCode::ServerWarning>(work.step->span, work.ref.text(plan_.nameSpace), warning));
  if (answer.ok()) {
    work.uid = textAt(answer.document->root, "metadata.uid", api_.symbols());
    // Made anew it was not: somebody made it after the plan's reads. Fields of other managers meet a conflict; those of another
    // apply of ours do not, and nothing else would tell of two stacks that declare the same object.
    const bool makes = work.step->action == Action::Create || work.step->action == Action::Replace || work.step->action == Action::Recreate;
    const bool ownHome = madeHome_ && work.ref.kind == "Namespace" && work.ref.name == plan_.nameSpace;
    if (makes && answer.status == 200 && !answer.repeated && work.tries == 0 && !ownHome && appliedByUsAlone(*answer.document->root, api_.symbols())) {
      moved(*work.step, "another apply made it at the same time, and this one has written over it");
      return fail(work);
    }
    return accept(work);
  }
  const auto& failure = answer.failure;
  if (isOtherObject(failure)) {
    moved(*work.step, "another object has its name now");
    return fail(work);
  }
  if (failure.conflict() && !ownedByOthers(failure) && failure.reason != "AlreadyExists") return tryAgain(work, failure, &ApplyRun::sendApply);
  if (lacksAccount(failure) && Clock::now() - work.begunAt < kUntilAccount && !mustEnd()) {
    progress_.step(*work.step, "waits for the service account of its namespace");
    return after(milliseconds(500), [this, &work] { sendApply(work); });
  }
  refuse(work, failure, "apply");
}

void ApplyRun::tryAgain(Work& work, const Failure& failure, void (ApplyRun::*what)(Work&)) {
  if (++work.tries >= kTries || mustEnd()) {
    if (!mustEnd()) say(*work.step, diag::make<ClusterCode::ChangedAgain>(work.step->span, work.ref.text(plan_.nameSpace), failure.message).hint("find out which controller writes it all the time, then apply again"));
    return fail(work);
  }
  after(milliseconds(50u << work.tries), [this, &work, what] { (this->*what)(work); });
}

/// What is replaced is looked at first: only what the plan has seen is deleted.
void ApplyRun::tearDown(Work& work) {
  if (mustEnd()) return fail(work);
  api_.get(work.ref, [this, &work](const Answer& answer) { tearDownFound(work, answer); });
}

void ApplyRun::tearDownFound(Work& work, const Answer& live) {
  if (!live.ok()) {
    if (live.failure.notFound()) return tearDownDone(work);   // an apply before this one got so far
    return refuse(work, live.failure, "read");
  }
  const auto& step = *work.step;
  const auto uid = textAt(live.document->root, "metadata.uid", api_.symbols());
  if (!step.uid.empty() && uid != step.uid) {
    moved(step, "another object has its name now");
    return fail(work);
  }
  work.uid = uid;
  work.selector = podSelector(*live.document->root, api_.symbols());
  if (!textAt(live.document->root, "metadata.deletionTimestamp", api_.symbols()).empty()) {
    work.removing = true;
    return awaitGone(work, false, [this, &work] { awaitPodsGone(work, [this, &work] { tearDownDone(work); }); });
  }
  // Fates were judged by what the plan has seen: a claim that is bound by now has something to lose.
  if (!step.seen.empty() && seenOf(*live.document->root, api_.symbols()) != step.seen) {
    moved(step, "it was changed");
    return fail(work);
  }
  sendDelete(work, std::string(textAt(live.document->root, "metadata.resourceVersion", api_.symbols())));
}

void ApplyRun::beginDelete(Work& work) {
  progress_.step(*work.step, {});
  sendDelete(work, work.step->resourceVersion);
}

void ApplyRun::sendDelete(Work& work, std::string resourceVersion) {
  if (mustEnd()) return fail(work);
  DeleteFlags flags;
  // Dependents of what is replaced are waited for by their pods, so that it works without a garbage collector as well.
  flags.propagation = work.step->action == Action::Recreate ? Propagation::Orphan : Propagation::Background;
  flags.uid = work.uid;
  flags.resourceVersion = std::move(resourceVersion);
  api_.remove(work.ref, flags, [this, &work](const Answer& answer) { deleted(work, answer); });
}

void ApplyRun::deleted(Work& work, const Answer& answer) {
  const bool replaces = work.step->action != Action::Delete;
  if (!answer.ok() && answer.failure.conflict()) return deleteConflicted(work, answer.failure);
  if (!answer.ok() && !answer.failure.notFound()) return refuse(work, answer.failure, "delete");
  work.removing = answer.ok();
  if (!replaces) return accept(work);
  awaitGone(work, false, [this, &work] {
    if (work.step->action == Action::Recreate) return tearDownDone(work);   // its pods go on
    awaitPodsGone(work, [this, &work] { tearDownDone(work); });
  });
}

/// Another uid: what the plan meant is gone. Another version: only its status may have moved.
void ApplyRun::deleteConflicted(Work& work, const Failure& failure) {
  if (isOtherObject(failure) && work.step->action == Action::Delete) {
    work.removing = false;
    return accept(work);
  }
  if (isOtherObject(failure) || ++work.tries >= kTries) {
    moved(*work.step, isOtherObject(failure) ? "another object has its name now" : "it changes all the time");
    return fail(work);
  }
  api_.get(work.ref, [this, &work](const Answer& answer) {
    if (!answer.ok()) {
      if (answer.failure.notFound()) return work.step->action == Action::Delete ? accept(work) : tearDownDone(work);
      return refuse(work, answer.failure, "read");
    }
    if (!work.step->seen.empty() && seenOf(*answer.document->root, api_.symbols()) != work.step->seen) {
      moved(*work.step, "it was changed");
      return fail(work);
    }
    sendDelete(work, std::string(textAt(answer.document->root, "metadata.resourceVersion", api_.symbols())));
  });
}

void ApplyRun::tearDownDone(Work& work) {
  work.tornDown = true;
  work.removing = false;
  const bool alone = work.stage == Stage::Begun && tearingDown_;
  if (alone) return finish(work);
  sendApply(work);
}

/// Its place in the inventory, and nothing else of it. The same object, or none.
void ApplyRun::sendRelease(Work& work) {
  if (mustEnd()) return fail(work);
  progress_.step(*work.step, {});
  std::string body = R"({"metadata":{)";
  if (!work.uid.empty()) body += fmt::format(R"("uid":"{}",)", work.uid);
  body += fmt::format(R"("labels":{{"{}":null}}}}}})", kPartOfLabel);
  api_.patch(work.ref, std::move(body), [this, &work](const Answer& answer) { released(work, answer); });
}

void ApplyRun::released(Work& work, const Answer& answer) {
  if (answer.ok() || answer.failure.notFound() || isOtherObject(answer.failure)) return finish(work);
  if (answer.failure.conflict()) return tryAgain(work, answer.failure, &ApplyRun::sendRelease);
  refuse(work, answer.failure, "release");
}

/// The server has it. Whether it is waited for is decided when everything is sent.
void ApplyRun::accept(Work& work) {
  --active_;
  work.stage = Stage::Accepted;
  const bool waits = options_.wait && (work.step->action == Action::Delete ? work.removing : isWaitedFor(work.ref.apiVersion, work.ref.kind));
  if (waits) return;
  work.stage = Stage::Done;
  progress_.done(*work.step, {});
}

/// Without anything to wait for.
void ApplyRun::finish(Work& work, std::string_view what) {
  --active_;
  work.stage = Stage::Done;
  if (!tearingDown_) progress_.done(*work.step, what);
}

void ApplyRun::fail(Work& work) {
  --active_;
  work.stage = Stage::Failed;
  failed_ = true;
}

}  // namespace mlstack::backend
