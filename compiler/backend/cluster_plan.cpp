#include "backend/cluster_plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "backend/consent.h"
#include "backend/desired.h"
#include "backend/outputs.h"
#include "backend/seen.h"
#include "diag/cluster.h"

namespace mlstack::backend {

using diag::ClusterCode;
using ir::Node;
using ir::NodeKind;

namespace {

/// Objects of one kind and namespace that are asked for one by one; more of them are looked up in a list of names.
constexpr std::size_t kFewObjects = 20;

std::string nameKey(std::string_view group, std::string_view kind, std::string_view nameSpace, std::string_view name) {
  return fmt::format("{}|{}|{}|{}", group, kind, nameSpace, name);
}

}  // namespace

ClusterPlanner::ClusterPlanner(Api& api, const Connection& connection, const schema::Catalog& catalog, const ir::Stack& stack, const PlanOptions& options, diag::Sink& sink)
    : api_(api), connection_(connection), catalog_(catalog), stack_(stack), options_(options), sink_(sink), symbols_(api.symbols()), facts_(api) {}

std::optional<Plan> ClusterPlanner::run() {
  plan_.readAt = Clock::now();
  plan_.stack = symbols_.text(stack_.name);
  home_ = stack_.nameSpace ? std::string(symbols_.text(stack_.nameSpace)) : connection_.nameSpace;
  plan_.nameSpace = home_;
  plan_.server = connection_.server;
  plan_.context = connection_.context;
  plan_.origin = options_.origin;
  plan_.destroys = options_.destroy;
  if (!options_.destroy) plan_.outputs = outputDefinitions(stack_);
  if (!gather() || !findSet() || !readMembers() || !readStrangers()) return std::nullopt;
  settle();
  if (!options_.destroy) lookForExternals();
  if (options_.serverDryRun && !options_.destroy) dryRuns();
  if (api_.interrupted && api_.interrupted()) return std::nullopt;
  assemble();
  return std::move(plan_);
}

// --- the stack ---------------------------------------------------------------------------------------

bool ClusterPlanner::gather() {
  if (options_.destroy) return true;
  bool good = true;
  for (const auto& object : stack_.objects)
    if (object.root && symbols_.text(object.kind) == "CustomResourceDefinition")
      definitions_.emplace(fmt::format("{}|{}", textAt(object.root, "spec.group", symbols_), textAt(object.root, "spec.names.kind", symbols_)), &object);
  for (const auto* object : ir::applyOrder(stack_)) {
    if (!object->root || object->generated) {
      if (object->generated) plan_.notes.push_back(fmt::format("{}/{} has a name that the server would make up: it is left out", symbols_.text(object->kind), symbols_.text(object->name)));
      continue;
    }
    auto& draft = drafts_.emplace_back();
    draft.object = object;
    draft.step.group = ir::applyGroup(stack_, *object);
    draft.step.span = object->span;
    draft.step.source = object->root;
    draft.step.object = {std::string(symbols_.text(object->apiVersion)), std::string(symbols_.text(object->kind)), {}, std::string(symbols_.text(object->name))};
    if (!resolve(*object, draft)) {
      good = false;
      continue;
    }
    const auto& ref = draft.step.object;
    byName_.emplace(nameKey(groupOf(ref.apiVersion), ref.kind, ref.nameSpace, ref.name), &draft);
  }
  return good;
}

/// The definition in the stack that makes this kind; empty when there is none.
std::string ClusterPlanner::definitionOf(std::string_view group, std::string_view kind, std::string_view version, bool& namespaced) const {
  const auto [first, last] = definitions_.equal_range(fmt::format("{}|{}", group, kind));
  for (auto at = first; at != last; ++at) {
    const auto& object = *at->second;
    for (const auto& one : ir::Children(ir::findPath(object.root, "spec.versions", symbols_))) {
      if (textAt(&one, "name", symbols_) != version) continue;
      namespaced = textAt(object.root, "spec.scope", symbols_) != "Cluster";
      return fmt::format("CustomResourceDefinition/{}", symbols_.text(object.name));
    }
  }
  return {};
}

bool ClusterPlanner::resolve(const ir::Object& object, Draft& draft) {
  auto& ref = draft.step.object;
  const auto group = groupOf(ref.apiVersion);
  const auto nameSpace = object.nameSpace ? std::string(symbols_.text(object.nameSpace)) : home_;
  draft.resource = api_.resource(ref.apiVersion, ref.kind);
  if (draft.resource) {
    if (draft.resource->namespaced) ref.nameSpace = nameSpace;
    return true;
  }
  bool namespaced = true;
  const auto version = group.empty() ? std::string_view(ref.apiVersion) : std::string_view(ref.apiVersion).substr(group.size() + 1);
  if (const auto definition = definitionOf(group, ref.kind, version, namespaced); !definition.empty()) {
    if (namespaced) ref.nameSpace = nameSpace;
    draft.step.notDryRun = fmt::format("its kind is made by this plan, with {}", definition);
    return true;
  }
  const auto* apiVersion = ir::findPath(object.root, "apiVersion", symbols_);
  const auto span = apiVersion && apiVersion->span.known() ? apiVersion->entrySpan() : object.span;
  if (const auto* other = api_.preferred(group, ref.kind)) {
    sink_.add(diag::make<ClusterCode::KindServedOtherwise>(span, ref.kind, other->apiVersion(), ref.apiVersion).about(ref.text()).hint(fmt::format("write it as `{}`; fields may have other names there", other->apiVersion())));
  } else if (api_.unknownGroup(group)) {
    sink_.add(diag::make<ClusterCode::GroupSilent>(span, ref.apiVersion, ref.text(home_)).about(ref.text()).hint("`kubectl get apiservices` shows which one is down"));
  } else {
    std::vector<std::string_view> served;
    for (const auto* known : catalog_.resources())
      if (api_.resource(known->apiVersion, known->kind)) served.push_back(known->kind);
    const auto near = diag::nearest(ref.kind, served);
    auto d = diag::make<ClusterCode::KindUnknownHere>(span, ref.kind, ref.apiVersion).about(ref.text());
    d.help = !near.empty() && near != ref.kind ? fmt::format("`{}` is served", near) : "install what brings this kind, or put its CustomResourceDefinition into the stack";
    sink_.add(std::move(d));
  }
  return false;
}

// --- the inventory -----------------------------------------------------------------------------------

bool ClusterPlanner::findSet() {
  const auto failure = findInventory(api_, plan_.stack, home_, inventory_);
  if (failed(failure)) {
    sink_.add(diag::make<ClusterCode::StateUnread>({}, fmt::format("the inventory of stack `{}` in namespace `{}`", plan_.stack, home_), failureText(failure)));
    return false;
  }
  plan_.inventoryExists = !inventory_.name.empty();
  if (!plan_.inventoryExists) inventory_ = newInventory(plan_.stack, home_, options_.origin);
  else if (!options_.takeOver && !options_.origin.empty() && !inventory_.origin.empty() && inventory_.origin != options_.origin) {
    sink_.add(diag::make<ClusterCode::OtherOrigin>({}, plan_.stack, home_, inventory_.origin, options_.origin)
                  .hint("two stacks of one name would delete each other's objects: give this one another name; if the file has moved, `--take-over` says so"));
    return false;
  }
  plan_.inventory = inventory_.name;
  setId_ = inventory_.id();
  plan_.setId = setId_;
  if (options_.destroy && !plan_.inventoryExists) plan_.notes.push_back(fmt::format("there is no stack `{}` in namespace `{}`", plan_.stack, home_));
  return true;
}

bool ClusterPlanner::readMembers() {
  if (!plan_.inventoryExists) return true;
  const auto failure = listMembers(
      api_, inventory_,
      [this](const Resource& resource, Node& live, const std::shared_ptr<Document>&) {
        const auto found = byName_.find(nameKey(resource.group, resource.kind, textAt(&live, "metadata.namespace", symbols_), textAt(&live, "metadata.name", symbols_)));
        if (found == byName_.end()) return strange(resource, live);
        // Another version has other fields: it is read as the stack writes it.
        if (found->second->resource && found->second->resource->version == resource.version) meet(*found->second, live);
      },
      unknownKinds_);
  if (failed(failure)) {
    sink_.add(diag::make<ClusterCode::StateUnread>({}, fmt::format("what belongs to stack `{}`", plan_.stack), failureText(failure))
                  .hint("without it nobody can tell what is new and what is to go: give the user `list` on the kinds that the inventory names"));
    return false;
  }
  for (const auto& kind : unknownKinds_) plan_.notes.push_back(fmt::format("objects of kind {} may belong to the stack, and the cluster does not serve it any more: they are left alone", kind));
  return true;
}

/// In the inventory and not in the stack.
void ClusterPlanner::strange(const Resource& resource, const Node& live) {
  // The controllers of Endpoints and EndpointSlices copy all labels of a Service to what they make (k8s.io/endpointslice/utils.go,
  // pkg/controller/endpoint/endpoints_controller.go); others do as much. Such an object is its controller's, not a member.
  const auto owners = ownersOf(live, symbols_);
  if (std::any_of(owners.begin(), owners.end(), [](const Owner& owner) { return owner.controller; }) ||
      (resource.kind == "Endpoints" && !markOf(live, "metadata.labels", "endpoints.kubernetes.io/managed-by", symbols_).empty())) {
    ++madeByOthers_;
    return;
  }
  if (!options_.prune && !options_.destroy) {
    ++notPruned_;
    return;
  }
  if (ir::findPath(&live, "metadata.deletionTimestamp", symbols_)) {
    plan_.notes.push_back(fmt::format("{}/{} is being deleted already", resource.kind, textAt(&live, "metadata.name", symbols_)));
    return;
  }
  auto& draft = drafts_.emplace_back();
  draft.resource = api_.resource(resource.apiVersion(), resource.kind);
  draft.exists = draft.member = true;
  draft.step.object = {resource.apiVersion(), resource.kind, std::string(textAt(&live, "metadata.namespace", symbols_)), std::string(textAt(&live, "metadata.name", symbols_))};
  draft.step.uid = textAt(&live, "metadata.uid", symbols_);
  draft.step.resourceVersion = textAt(&live, "metadata.resourceVersion", symbols_);
  draft.step.seen = seenOf(live, symbols_);
  ir::Object object;
  object.apiVersion = symbols_.intern(draft.step.object.apiVersion);
  object.kind = symbols_.intern(resource.kind);
  object.root = const_cast<Node*>(&live);   // read only
  draft.step.group = ir::applyGroup(stack_, object);
  // Of config and work only the metadata counts, and there may be ten thousand.
  ir::Builder builder(kept_);
  const bool state = holdsData(draft.step.object.apiVersion, resource.kind) || resource.kind == "StatefulSet";
  auto* copy = builder.map();
  for (const auto& child : ir::Children(&live)) {
    const auto key = symbols_.text(child.key);
    if (key != "metadata" && (!state || (key != "spec" && key != "status"))) continue;
    auto* twin = builder.map();
    for (const auto& field : ir::Children(&child)) {
      const auto name = symbols_.text(field.key);
      if (key == "metadata" && name != "annotations" && name != "ownerReferences" && name != "finalizers") continue;
      if (key == "spec" && resource.kind == "CustomResourceDefinition" && name != "names") continue;
      ir::Builder::add(*twin, field.key, builder.clone(field));
    }
    ir::Builder::add(*copy, child.key, twin);
  }
  draft.live = copy;
}

// --- objects that are not members --------------------------------------------------------------------

bool ClusterPlanner::readStrangers() {
  std::map<std::pair<std::string, std::string>, std::vector<Draft*>> byKind;
  for (auto& draft : drafts_) {
    if (!draft.object || draft.exists || !draft.resource) continue;
    byKind[{draft.step.object.apiVersion + "/" + draft.step.object.kind, draft.step.object.nameSpace}].push_back(&draft);
  }
  for (const auto& [key, drafts] : byKind) {
    if (drafts.size() <= kFewObjects || !drafts.front()->resource->canList) {
      for (auto* draft : drafts) readOne(*draft);
    } else {
      readNames(*drafts.front()->resource, key.second, drafts);
    }
  }
  const auto before = sink_.errorCount();
  api_.run();
  return sink_.errorCount() == before && !(api_.interrupted && api_.interrupted());
}

void ClusterPlanner::readOne(Draft& draft) {
  api_.get(draft.step.object, [this, &draft](const Answer& answer) {
    if (answer.ok()) return meet(draft, *answer.document->root);
    if (answer.failure.notFound()) return;
    if (answer.failure.outcome == Outcome::Answered && answer.failure.code == 403) {
      draft.exists = draft.unread = true;
      draft.unreadWhy = failureText(answer.failure);
      plan_.notes.push_back(fmt::format("{} may not be read: {}", draft.step.object.text(home_), draft.unreadWhy));
      return;
    }
    sink_.add(diag::make<ClusterCode::StateUnread>(draft.object->span, draft.step.object.text(home_), failureText(answer.failure)).about(draft.step.object.text()));
  });
}

void ClusterPlanner::readNames(const Resource& resource, const std::string& nameSpace, const std::vector<Draft*>& drafts) {
  ListQuery query;
  query.resource = &resource;
  query.nameSpace = nameSpace;
  query.metadataOnly = true;
  auto names = std::make_shared<std::set<std::string>>();
  api_.list(
      query, [this, names](Node& item, const std::shared_ptr<Document>&) { names->emplace(textAt(&item, "metadata.name", symbols_)); },
      [names] { names->clear(); },
      [this, names, drafts](const Failure& failure, const std::string&) {
        for (auto* draft : drafts)
          if (failed(failure) || names->count(draft->step.object.name)) readOne(*draft);
      });
}

const Node* ClusterPlanner::dress(const Draft& draft, base::Arena& arena) const {
  ir::Builder builder(arena);
  return dressed(*draft.object, {draft.step.object.nameSpace, setId_}, catalog_, symbols_, builder);
}

std::string ClusterPlanner::bodyOf(const Node& tree) const {
  std::string body;
  appendCompactJson(body, tree, symbols_);
  return body;
}

/// A live object of that name.
void ClusterPlanner::meet(Draft& draft, const Node& live) {
  draft.exists = true;
  draft.step.uid = textAt(&live, "metadata.uid", symbols_);
  draft.step.resourceVersion = textAt(&live, "metadata.resourceVersion", symbols_);
  draft.step.seen = seenOf(live, symbols_);
  draft.member = markOf(live, "metadata.labels", kPartOfLabel, symbols_) == setId_;
  if (!draft.member) draft.foreign = foreignOwner(live, setId_, symbols_);
  scratch_.recycle();
  const auto difference = compare(*dress(draft, scratch_), live, catalog_, symbols_);
  if (difference.none() && draft.member && !ir::findPath(&live, "metadata.deletionTimestamp", symbols_)) return;
  draft.live = ir::Builder(kept_).clone(live);
  draft.desired = dress(draft, dressed_);
  draft.difference = compare(*draft.desired, *draft.live, catalog_, symbols_);
  for (const auto& change : draft.difference.changes) {
    // That it becomes ours is what `adopt` says.
    const bool mark = change.path == fmt::format(".metadata.labels[{}]", kPartOfLabel) || (change.path == ".metadata.labels" && change.after == fmt::format("{{{}: {}}}", kPartOfLabel, setId_));
    if (!mark) draft.step.changes.push_back(change);
  }
  draft.step.conflicts = draft.difference.conflicts;
}

/// Decides until nothing is left to be read.
void ClusterPlanner::settle() {
  const Circumstances around{api_, facts_, stack_, catalog_, options_, home_};
  const Decider decider(around);
  do {
    for (auto& draft : drafts_) decider.decide(draft);
  } while (facts_.read());
}

void ClusterPlanner::say(Draft& draft, diag::Diagnostic d) const {
  d.object = draft.step.object.text();
  draft.said.push_back(std::move(d));
}

// --- the plan ----------------------------------------------------------------------------------------

void ClusterPlanner::assemble() {
  std::vector<Draft*> order;
  for (auto& draft : drafts_)
    if (draft.object) order.push_back(&draft);
  std::vector<Draft*> gone;
  for (auto& draft : drafts_)
    if (!draft.object) gone.push_back(&draft);
  std::stable_sort(gone.begin(), gone.end(), [](const Draft* a, const Draft* b) {
    return a->step.group != b->step.group ? a->step.group > b->step.group : a->step.object < b->step.object;
  });
  order.insert(order.end(), gone.begin(), gone.end());
  addSteps(order);
  for (const auto& note : facts_.unreadable()) plan_.notes.push_back(note);
  if (madeByOthers_ != 0)
    plan_.notes.push_back(fmt::format("{} the stack's label and {} by a controller of the cluster for another object: left alone", madeByOthers_ == 1 ? "1 object has" : fmt::format("{} objects have", madeByOthers_),
                                      madeByOthers_ == 1 ? "was made" : "were made"));
  if (notPruned_ != 0) plan_.notes.push_back(fmt::format("{} {} no longer in the stack and left alone (`--no-prune`)", notPruned_, notPruned_ == 1 ? "object is" : "objects are"));
  for (const auto& named : options_.allowDataLoss) {
    const auto used = std::any_of(plan_.state.begin(), plan_.state.end(), [&](const StateFate& fate) { return fate.consented && isConsented({named}, fate.object, home_); }) ||
                      std::any_of(plan_.steps.begin(), plan_.steps.end(), [&](const PlanStep& step) { return step.action == Action::Delete && isConsented({named}, step.object, home_); });
    if (!used) sink_.add(diag::make<ClusterCode::ConsentUnused>({}, named));
  }
}

void ClusterPlanner::addSteps(std::vector<Draft*>& order) {
  plan_.steps.reserve(order.size());
  for (auto* draft : order) {
    auto& step = draft->step;
    switch (step.action) {
      case Action::Create:
      case Action::Update:
      case Action::Adopt:
      case Action::Replace:
      case Action::Recreate:
        if (step.body.empty()) {
          scratch_.recycle();
          step.body = bodyOf(draft->desired ? *draft->desired : *dress(*draft, scratch_));
        }
        break;
      case Action::Unchanged:
      case Action::Delete:
      case Action::Release:
      case Action::Refused:
        step.body.clear();
        break;
    }
    if (step.action == Action::Unchanged) step.changes.clear();
    if (step.action == Action::Replace || step.action == Action::Recreate) {
      step.conflicts.clear();   // the new object has no other owners
      if (step.notDryRun.empty()) step.notDryRun = "the old one must go first";
    }
    if (options_.forceConflicts) {
      for (const auto& conflict : step.conflicts) step.warnings.push_back(fmt::format("`{}` is taken from `{}`, which set it to {}", conflict.path, conflict.manager, conflict.theirs));
      step.conflicts.clear();
    }
    for (const auto& conflict : step.conflicts) {
      auto d = diag::make<ClusterCode::FieldOfOther>(conflict.span.known() ? conflict.span : step.span, conflict.path, step.object.text(home_), conflict.manager, conflict.theirs, conflict.ours);
      d.object = step.object.text();
      d.help = "leave the field out here, or take it with `--force-conflicts`";
      sink_.add(std::move(d));
    }
    for (auto& d : draft->said) sink_.add(std::move(d));
    plan_.steps.push_back(std::move(step));
    addState(*draft, plan_.steps.size() - 1);
    if (draft->migration) plan_.migrations.push_back(std::move(*draft->migration));
  }
}

/// One row a piece of state: what is done to it itself says more than that a workload goes on with it.
void ClusterPlanner::addState(const Draft& draft, std::size_t step) {
  const auto weight = [](const StateFate& fate) {
    switch (fate.fate) {
      case Fate::Kept: return 0;
      case Fate::New: return 1;
      case Fate::Rebound: return 2;
      case Fate::Grown: return 3;
      case Fate::Orphaned: return 4;
      case Fate::AtRisk: return 5;
      case Fate::Lost: return 6;
    }
    return 0;
  };
  for (const auto& fate : draft.state) {
    const auto [at, isNew] = stateAt_.try_emplace(fate.object, plan_.state.size());
    if (isNew) plan_.state.push_back(fate);
    else if (weight(plan_.state[at->second]) < weight(fate)) plan_.state[at->second] = fate;
    else continue;
    plan_.state[at->second].step = step;
  }
}

}  // namespace mlstack::backend
