// The server tries every change without doing it: what it fills in, refuses, or gives to others. Its word counts.

#include <algorithm>
#include <array>
#include <unordered_map>

#include <fmt/format.h>

#include "backend/cluster_plan.h"
#include "backend/compare_parts.h"
#include "diag/cluster.h"

namespace mlstack::backend {

using diag::ClusterCode;
using ir::Node;

namespace {

constexpr std::size_t kTryingAtOnce = 128;   // bodies in memory beside those of the plan

bool tries(Action action) { return action == Action::Create || action == Action::Update || action == Action::Adopt; }

bool isAt(std::string_view path, std::string_view top) { return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '.' || path[top.size()] == '['); }

/// What stands between the first pair of double quotes: `conflict with "kubectl" using apps/v1`.
std::string_view quoted(std::string_view text) {
  const auto from = text.find('"');
  if (from == std::string_view::npos) return {};
  const auto end = text.find('"', from + 1);
  return end == std::string_view::npos ? std::string_view{} : text.substr(from + 1, end - from - 1);
}

/// Messages by which servers say that a field cannot change (apimachinery validation.ValidateImmutableField, validation.go of
/// each group, CEL rules of CRDs).
bool saysFrozen(std::string_view message) {
  constexpr std::array<std::string_view, 7> kWords{"immutable", "may not change once set", "updates to statefulset spec for fields other than", "may not be changed", "cannot be changed", "is forbidden after creation",
                                                   "pod updates may not change fields other than"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return message.find(word) != std::string_view::npos; });
}

std::string_view lastField(std::string_view path) {
  const auto at = path.find_last_of(".]");
  return at == std::string_view::npos ? path : path.substr(at + 1);
}

}  // namespace

void ClusterPlanner::dryRuns() {
  std::unordered_map<std::uint32_t, std::pair<unsigned, const Draft*>> tried;   // by pattern: how many, and the first
  for (auto& draft : drafts_) {
    if (!draft.object || !tries(draft.step.action)) continue;
    if (options_.triesPerPattern != 0 && draft.object->pattern != 0 && draft.step.action == Action::Create) {
      auto& [count, first] = tried[draft.object->pattern];
      if (count++ == 0) first = &draft;
      if (count > options_.triesPerPattern) {
        draft.step.notDryRun = fmt::format("{}{}", kTriedAlike, first->step.object.text(home_));
        continue;
      }
    }
    if (auto why = whyNotTried(draft); !why.empty()) draft.step.notDryRun = std::move(why);
    else waiting_.push_back(&draft);
  }
  if (waiting_.empty()) return;
  launch();
  api_.run();
  for (const auto& nameSpace : missingNamespaces_) {
    const auto first = std::find_if(drafts_.begin(), drafts_.end(), [&](const Draft& draft) { return draft.object && draft.step.object.nameSpace == nameSpace; });
    sink_.add(diag::make<ClusterCode::NamespaceMissing>(first == drafts_.end() ? base::Span{} : first->object->span, nameSpace)
                  .hint(fmt::format("`kubectl create namespace {}`, or declare it in the stack", nameSpace)));
  }
  // What the server called immutable: decided anew.
  const Circumstances around{api_, facts_, stack_, catalog_, options_, home_};
  const Decider decider(around);
  std::vector<Draft*> again;
  for (auto& draft : drafts_)
    if (!draft.frozenByServer.empty()) again.push_back(&draft);
  if (again.empty()) return;
  do {
    for (auto* draft : again) decider.decide(*draft);
  } while (facts_.read());
}

/// Why the server cannot be asked; empty: it can.
std::string ClusterPlanner::whyNotTried(const Draft& draft) const {
  const auto& step = draft.step;
  if (!draft.resource) return step.notDryRun.empty() ? fmt::format("its kind is made by this plan") : step.notDryRun;
  if (!step.object.nameSpace.empty()) {
    const auto made = byName_.find(fmt::format("|Namespace||{}", step.object.nameSpace));
    if (made != byName_.end() && made->second->step.action == Action::Create) return fmt::format("namespace `{}` is made by this plan", step.object.nameSpace);
  }
  return {};
}

void ClusterPlanner::launch() {
  while (trying_ < kTryingAtOnce && !waiting_.empty()) {
    auto& draft = *waiting_.front();
    waiting_.pop_front();
    ++trying_;
    scratch_.recycle();
    draft.step.body = bodyOf(draft.desired ? *draft.desired : *dress(draft, scratch_));
    const ApplyFlags flags{.dryRun = true, .force = options_.forceConflicts, .strict = true};
    api_.apply(draft.step.object, draft.step.body, flags, [this, &draft](const Answer& answer) {
      --trying_;
      answered(draft, answer);
      launch();
    });
  }
}

void ClusterPlanner::answered(Draft& draft, const Answer& answer) {
  auto& step = draft.step;
  for (const auto& warning : answer.warnings) step.warnings.push_back(warning);
  if (answer.ok()) {
    step.dryRun = true;
    return accepted(draft, *answer.document->root);
  }
  refused(draft, answer.failure);
}

/// The object as it would be: what of the difference is real.
void ClusterPlanner::accepted(Draft& draft, const Node& answer) {
  auto& step = draft.step;
  if (!options_.forceConflicts) step.conflicts.clear();   // it would have said so
  if (!draft.live) return;
  const auto real = compareWhole(*draft.live, answer, catalog_, symbols_);
  auto& changes = step.changes;
  changes.erase(std::remove_if(changes.begin(), changes.end(),
                               [&](const FieldChange& change) {
                                 return std::none_of(real.begin(), real.end(), [&](const FieldChange& other) { return isAt(other.path, change.path) || isAt(change.path, other.path); });
                               }),
                changes.end());
  for (const auto& other : real) {
    // What the server fills in by itself is no news; what goes, and what the source says, is.
    const bool known = std::any_of(changes.begin(), changes.end(), [&](const FieldChange& change) { return isAt(other.path, change.path) || isAt(change.path, other.path); });
    if (known) continue;
    const auto* said = nodeAt(*draft.desired, other.path, symbols_);
    const bool says = said != draft.desired && symbols_.text(said->key) == lastField(other.path);
    if (!says && !other.after.empty()) continue;
    changes.push_back(other);
    changes.back().span = said->span.known() ? said->entrySpan() : draft.object->span;
  }
  if (!changes.empty() || step.action != Action::Update) return;
  const auto ours = [&](const Node& object) -> const Node* {
    for (const auto& owner : ownership(object, symbols_))
      if (owner.manager == kFieldManager && owner.operation == "Apply" && owner.subresource.empty()) return owner.fields;
    return nullptr;
  };
  const auto* before = ours(*draft.live);
  const auto* after = ours(answer);
  if (real.empty() && before && after && ir::sameValue(*before, *after)) {
    step.action = Action::Unchanged;
    step.body.clear();
    draft.state.clear();
  }
}

const Node* ClusterPlanner::sourceAt(const Draft& draft, std::string_view field) const {
  const auto* root = draft.object->root;
  if (field.empty() || field == "[]" || field == "<nil>") return nullptr;
  const auto* node = nodeAt(*root, field, symbols_);
  // Some validations leave `spec` out.
  if (node == root) node = nodeAt(*root, fmt::format("spec.{}", field), symbols_);
  return node == root ? nullptr : node;
}

void ClusterPlanner::fieldRefused(Draft& draft, std::string_view field, std::string_view message) {
  const auto* node = sourceAt(draft, field);
  const auto span = node && node->span.known() ? (node->isContainer() ? node->entrySpan() : node->span) : draft.object->span;
  const auto text = field.empty() || message.find(field) != std::string_view::npos ? std::string(message) : fmt::format("{}: {}", field, message);
  draft.step.action = Action::Refused;
  if (draft.step.why.empty()) draft.step.why = fmt::format("the API server refuses it: {}", text);
  say(draft, diag::make<ClusterCode::ServerRefuses>(span, draft.step.object.text(home_), text));
}

bool ClusterPlanner::isFrozenRefusal(const Failure& failure) const {
  if (failure.code != 422) return false;
  if (failure.causes.empty()) return saysFrozen(failure.message);
  return std::all_of(failure.causes.begin(), failure.causes.end(), [](const Cause& cause) { return saysFrozen(cause.message); });
}

/// Something that the message names and that this plan makes: "ServiceAccount/runner". A dry run does not make it.
std::string ClusterPlanner::madeHere(std::string_view message, const Draft& draft) const {
  for (const auto& other : drafts_) {
    if (&other == &draft || !other.object || other.step.action != Action::Create) continue;
    const auto& name = other.step.object.name;
    if (message.find(fmt::format("\"{}\"", name)) != std::string_view::npos || message.find(fmt::format("/{}:", name)) != std::string_view::npos ||
        message.find(fmt::format(" {} ", name)) != std::string_view::npos)
      return other.step.object.text(home_);
  }
  return {};
}

/// What the server filled in belongs to nobody, and an apply leaves it there: the `rollingUpdate` of a strategy that is now
/// Recreate, the `scheme` of a probe that is now a command, the `defaultMode` of a volume that is now another. Owned first, it
/// can be given up. True when that is what is wrong.
bool ClusterPlanner::defaultsInTheWay(Draft& draft, const Failure& failure) const {
  constexpr std::array<std::string_view, 3> kWords{"may not specify more than 1", "may not be specified when", "must not be specified when"};
  if (!draft.live || failure.code != 422 || failure.causes.empty()) return false;
  const bool all = std::all_of(failure.causes.begin(), failure.causes.end(), [&](const Cause& cause) {
    return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return cause.message.find(word) != std::string_view::npos; });
  });
  if (!all) return false;
  base::Arena arena;
  ir::Builder builder(arena);
  auto* first = undone(*draft.desired, draft.difference.undo, builder);
  bool any = false;
  // The topmost value on the way that the live object has and the stack does not.
  const auto take = [&](std::string path) {
    if (!path.starts_with('.')) path.insert(0, ".");
    int inside = 0;
    for (std::size_t end = 1, parent = 0; end <= path.size(); ++end) {
      if (end < path.size()) inside += path[end] == '[' ? 1 : path[end] == ']' ? -1 : 0;
      if (end < path.size() && (path[end] != '.' || inside > 0)) continue;
      const auto part = std::string_view(path).substr(0, end);
      const auto* live = exactAt(*draft.live, part, symbols_);
      if (live && !exactAt(*draft.desired, part, symbols_)) {
        auto* into = const_cast<Node*>(exactAt(*first, part.substr(0, parent), symbols_));   // of this arena
        if (!into || into->kind != ir::NodeKind::Map || !live->key) return;
        ir::Builder::set(*into, live->key, builder.clone(*live));
        any = true;
        return;
      }
      parent = end;
    }
  };
  for (const auto& change : draft.step.changes)
    if (change.after.empty()) take(change.path);
  for (const auto& cause : failure.causes) take(cause.field);
  if (!any) return false;
  draft.step.bodyFirst = bodyOf(*first);
  draft.step.notDryRun = "what the server filled in is taken over first, and then given up";
  return true;
}

void ClusterPlanner::refused(Draft& draft, const Failure& failure) {
  auto& step = draft.step;
  const auto message = failureText(failure);
  if (failure.outcome != Outcome::Answered) {
    sink_.add(diag::make<ClusterCode::StateUnread>(draft.object->span, step.object.text(home_), message).about(step.object.text()));
    return;
  }
  if (failure.code == 409 && std::any_of(failure.causes.begin(), failure.causes.end(), [](const Cause& cause) { return cause.reason == "FieldManagerConflict"; })) return conflicted(draft, failure);
  if (defaultsInTheWay(draft, failure)) return;
  if (draft.live && isFrozenRefusal(failure)) return freeze(draft, failure);
  const auto* known = catalog_.resource(step.object.apiVersion, step.object.kind);
  if (draft.live && failure.code == 422 && (!known || known->custom)) return tryAsNew(draft, failure);
  if (failure.code == 404 && message.find("namespaces \"") != std::string::npos) {
    step.notDryRun = fmt::format("namespace `{}` is not there", step.object.nameSpace);
    missingNamespaces_.insert(step.object.nameSpace);
    return;
  }
  // Every namespace gets one by a controller, a moment after it was made.
  if (failure.code == 403 && message.find("serviceaccount \"default\" not found") != std::string::npos) {
    step.notDryRun = "the namespace has no service account `default` yet";
    return;
  }
  if (failure.code == 403 || failure.code == 404) {
    if (auto needs = madeHere(message, draft); !needs.empty()) {
      step.notDryRun = fmt::format("it needs {}, which this plan makes", needs);
      return;
    }
  }
  constexpr std::string_view kWebhook = "admission webhook ";
  if (message.find(kWebhook) != std::string::npos) {
    const auto denied = message.find("denied the request: ");
    const auto words = denied == std::string::npos ? message : message.substr(denied + 20);
    step.action = Action::Refused;
    step.why = fmt::format("a webhook refuses it: {}", words);
    return say(draft, diag::make<ClusterCode::WebhookRefuses>(draft.object->span, quoted(message), step.object.text(home_), words));
  }
  if (failure.code == 403) {
    step.action = Action::Refused;
    step.why = fmt::format("it may not be applied: {}", message);
    return say(draft, diag::make<ClusterCode::MayNotApply>(draft.object->span, step.object.text(home_), message));
  }
  refusedFields(draft, failure);
}

void ClusterPlanner::refusedFields(Draft& draft, const Failure& failure) {
  if (!failure.causes.empty()) {
    for (const auto& cause : failure.causes) fieldRefused(draft, cause.field, cause.message);
    return;
  }
  const auto message = failureText(failure);
  // "failed to create typed patch object (ns/name; v1, Kind=Pod): .spec.foo: field not declared in schema"
  if (const auto at = message.find("): ."); message.starts_with("failed to create typed patch object") && at != std::string::npos) {
    const auto rest = std::string_view(message).substr(at + 3);
    const auto end = rest.find(": ");
    return fieldRefused(draft, rest.substr(0, end), end == std::string_view::npos ? rest : rest.substr(end + 2));
  }
  fieldRefused(draft, {}, message);
}

/// Rules of a CRD that compare with the old object (CEL, `oldSelf`) say why in words of their own. What the server takes as a new
/// object is refused for the change alone.
void ClusterPlanner::tryAsNew(Draft& draft, const Failure& failure) {
  scratch_.recycle();
  ir::Builder builder(scratch_);
  auto* tree = builder.clone(*draft.desired);
  auto* metadata = ir::findPath(tree, "metadata", symbols_);
  if (!metadata) return refusedFields(draft, failure);
  auto ref = draft.step.object;
  constexpr std::size_t kRoom = 55;   // of the 63 bytes that many names may have
  ref.name = ref.name.substr(0, kRoom) + "-try";
  ir::Builder::set(*metadata, symbols_.intern("name"), builder.copyString(ref.name));
  ++trying_;
  api_.create(ref, bodyOf(*tree), true, [this, &draft, failure](const Answer& answer) {
    --trying_;
    if (answer.ok()) freeze(draft, failure);
    else refusedFields(draft, failure);
    launch();
  });
}

/// The fields that a refusal names cannot change in place.
void ClusterPlanner::freeze(Draft& draft, const Failure& failure) const {
  const auto& changes = draft.step.changes;
  for (const auto& cause : failure.causes) {
    auto field = cause.field;
    if (!field.starts_with('.')) field.insert(0, ".");
    const bool known = std::any_of(changes.begin(), changes.end(), [&](const FieldChange& change) { return isAt(change.path, field) || isAt(field, change.path); });
    draft.frozenByServer.push_back(known ? field : ".spec" + field);
  }
  if (draft.frozenByServer.empty()) draft.frozenByServer.emplace_back(".spec");
}

void ClusterPlanner::conflicted(Draft& draft, const Failure& failure) {
  auto& step = draft.step;
  step.conflicts.clear();
  const bool secret = step.object.kind == "Secret" && step.object.apiVersion == "v1";
  for (const auto& cause : failure.causes) {
    if (cause.reason != "FieldManagerConflict") continue;
    const auto* node = sourceAt(draft, cause.field);
    const auto textOf = [&](const Node* tree) -> std::string {
      if (!tree) return {};
      const auto* at = nodeAt(*tree, cause.field, symbols_);
      if (at == tree) return {};
      return secret && isAt(cause.field, ".data") ? "(secret)" : flowText(*at, symbols_);
    };
    step.conflicts.push_back({cause.field, std::string(quoted(cause.message)), textOf(draft.live), textOf(draft.desired), node && node->span.known() ? node->entrySpan() : draft.object->span});
  }
}

}  // namespace mlstack::backend
