#include "backend/observe.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "backend/inventory.h"

namespace mlstack::backend {

using ir::Node;
using ir::NodeKind;

std::string failureText(const Failure& failure) {
  if (!failure.message.empty()) return failure.message;
  if (!failure.reason.empty()) return failure.reason;
  switch (failure.outcome) {
    case Outcome::Answered: return fmt::format("the server answered {}", failure.code);
    case Outcome::Unreachable: return "the server cannot be reached";
    case Outcome::Untrusted: return "the server's certificate is not trusted";
    case Outcome::Broken: return "the connection broke";
    case Outcome::TimedOut: return "the server did not answer in time";
    case Outcome::Cancelled: return "it was interrupted";
    case Outcome::NoCredentials: return "there are no credentials";
  }
  return {};
}

std::string_view markOf(const Node& live, std::string_view map, std::string_view key, const base::SymbolTable& symbols) {
  for (const auto& child : ir::Children(ir::findPath(&live, map, symbols)))
    if (symbols.text(child.key) == key && child.kind == NodeKind::String) return child.text();
  return {};
}

std::vector<Owner> ownersOf(const Node& live, const base::SymbolTable& symbols) {
  std::vector<Owner> owners;
  for (const auto& one : ir::Children(ir::findPath(&live, "metadata.ownerReferences", symbols))) {
    const auto* controller = ir::findPath(&one, "controller", symbols);
    owners.push_back({textCopyAt(&one, "apiVersion", symbols), textCopyAt(&one, "kind", symbols), textCopyAt(&one, "name", symbols), textCopyAt(&one, "uid", symbols),
                      controller && controller->kind == NodeKind::Bool && controller->boolean});
  }
  return owners;
}

LiveClaim liveClaim(const Node& claim, const base::SymbolTable& symbols) {
  LiveClaim live;
  live.nameSpace = textCopyAt(&claim, "metadata.namespace", symbols);
  live.name = textCopyAt(&claim, "metadata.name", symbols);
  live.uid = textCopyAt(&claim, "metadata.uid", symbols);
  live.volume = textCopyAt(&claim, "spec.volumeName", symbols);
  live.size = textCopyAt(&claim, "status.capacity.storage", symbols);
  if (live.size.empty()) live.size = textCopyAt(&claim, "spec.resources.requests.storage", symbols);
  live.storageClass = textCopyAt(&claim, "spec.storageClassName", symbols);
  live.owners = ownersOf(claim, symbols);
  live.deleting = ir::findPath(&claim, "metadata.deletionTimestamp", symbols) != nullptr;
  return live;
}

const LiveClaim* LiveClaims::find(std::string_view name) const {
  const auto found = std::lower_bound(all.begin(), all.end(), name, [](const LiveClaim& claim, std::string_view other) { return claim.name < other; });
  return found == all.end() || found->name != name ? nullptr : &*found;
}

const Found& LiveFacts::object(const ObjectRef& ref) {
  const auto [at, isNew] = objects_.try_emplace(ref);
  if (isNew) askedObjects_.push_back(ref);
  return at->second;
}

const LiveClaims& LiveFacts::claims(std::string_view nameSpace) {
  const auto [at, isNew] = claims_.try_emplace(std::string(nameSpace));
  if (isNew) askedClaims_.push_back(at->first);
  return at->second;
}

void LiveFacts::climb(const LiveClaim& claim, const std::vector<Owner>& owners, int depth, ClaimOwners& into) {
  for (const auto& owner : owners) {
    auto& owned = into.byOwner[owner.uid];
    if (!owned.empty() && owned.back() == &claim) continue;
    owned.push_back(&claim);
    if (depth == 0) continue;
    const auto& found = object({owner.apiVersion, owner.kind, claim.nameSpace, owner.name});
    // One of the same name that came later owns nothing of this.
    if (found.there() && textCopyAt(found.node, "metadata.uid", api_.symbols()) == owner.uid) climb(claim, ownersOf(*found.node, api_.symbols()), depth - 1, into);
    else if (found.is == Found::Is::Unreadable) into.unread.push_back({&claim, fmt::format("{}/{}, which owns it, cannot be read ({})", owner.kind, owner.name, found.why)});
  }
}

const ClaimOwners& LiveFacts::claimOwners(std::string_view nameSpace, bool direct) {
  constexpr int kDepth = 4;   // TrainJob, JobSet, Job, Pod
  const auto& all = claims(nameSpace);
  const auto [at, isNew] = claimOwners_.try_emplace({std::string(nameSpace), direct});
  if (isNew)
    for (const auto& claim : all.all) climb(claim, claim.owners, direct ? 0 : kDepth, at->second);
  return at->second;
}

const LivePods& LiveFacts::pods(std::string_view nameSpace) {
  const auto [at, isNew] = pods_.try_emplace(std::string(nameSpace));
  if (isNew) askedPods_.push_back(at->first);
  return at->second;
}

bool LiveFacts::read() {
  if (askedObjects_.empty() && askedClaims_.empty() && askedPods_.empty()) return false;
  claimOwners_.clear();
  for (const auto& ref : askedObjects_) readObject(ref, objects_.at(ref));
  for (const auto& nameSpace : askedClaims_) readClaims(nameSpace, claims_.at(nameSpace));
  for (const auto& nameSpace : askedPods_) readPods(nameSpace, pods_.at(nameSpace));
  askedObjects_.clear();
  askedClaims_.clear();
  askedPods_.clear();
  api_.run();
  // What was cancelled on the way is not known, and not asked for again.
  for (auto& [ref, found] : objects_)
    if (found.is == Found::Is::Asked) found.is = Found::Is::Unreadable;
  for (auto& [nameSpace, found] : claims_)
    if (found.is == Found::Is::Asked) found.is = Found::Is::Unreadable;
  for (auto& [nameSpace, found] : pods_)
    if (found.is == Found::Is::Asked) found.is = Found::Is::Unreadable;
  return true;
}

void LiveFacts::note(std::string_view what, const Failure& failure) {
  unreadable_.insert(fmt::format("{} cannot be read ({}): what depends on it counts as at risk", what, failureText(failure)));
}

void LiveFacts::readObject(const ObjectRef& ref, Found& into) {
  if (!api_.resource(ref.apiVersion, ref.kind)) {
    const auto group = ref.apiVersion.substr(0, ref.apiVersion.find('/') == std::string::npos ? 0 : ref.apiVersion.find('/'));
    into.is = api_.unknownGroup(group) ? Found::Is::Unreadable : Found::Is::Absent;
    into.why = fmt::format("{} is not served", ref.apiVersion);
    return;
  }
  api_.get(ref, [this, ref, &into](Answer answer) {
    if (answer.ok()) {
      auto& root = *answer.document->root;
      if (auto* meta = ir::findPath(&root, "metadata", api_.symbols())) ir::Builder::remove(*meta, api_.symbols().intern("managedFields"));
      into.node = ir::Builder(arena_).clone(root);
      into.is = Found::Is::There;
    } else if (answer.failure.notFound()) {
      into.is = Found::Is::Absent;
    } else {
      into.is = Found::Is::Unreadable;
      into.why = failureText(answer.failure);
      note(ref.text(), answer.failure);
    }
  });
}

void LiveFacts::readClaims(const std::string& nameSpace, LiveClaims& into) {
  ListQuery query;
  query.resource = api_.resource("v1", "PersistentVolumeClaim");
  query.nameSpace = nameSpace;
  if (!query.resource) {
    into.is = Found::Is::Unreadable;
    return;
  }
  api_.list(
      query, [this, &into](Node& item, const std::shared_ptr<Document>&) { into.all.push_back(liveClaim(item, api_.symbols())); },
      [&into] { into.all.clear(); },
      [this, &into, nameSpace](Failure failure, const std::string&) {
        into.is = failed(failure) ? Found::Is::Unreadable : Found::Is::There;
        into.why = failed(failure) ? failureText(failure) : std::string{};
        std::sort(into.all.begin(), into.all.end(), [](const LiveClaim& a, const LiveClaim& b) { return std::tie(a.nameSpace, a.name) < std::tie(b.nameSpace, b.name); });
        if (failed(failure)) note(nameSpace.empty() ? std::string("the claims of all namespaces") : fmt::format("the claims of namespace `{}`", nameSpace), failure);
      });
}

void LiveFacts::readPods(const std::string& nameSpace, LivePods& into) {
  ListQuery query;
  query.resource = api_.resource("v1", "Pod");
  query.nameSpace = nameSpace;
  if (!query.resource) {
    into.is = Found::Is::Unreadable;
    return;
  }
  api_.list(
      query,
      [this, &into](Node& item, const std::shared_ptr<Document>&) {
        const auto& symbols = api_.symbols();
        LivePod pod{textCopyAt(&item, "metadata.name", symbols), textCopyAt(&item, "status.phase", symbols), ownersOf(item, symbols), {}};
        for (const auto& volume : ir::Children(ir::findPath(&item, "spec.volumes", symbols)))
          if (auto claim = textCopyAt(&volume, "persistentVolumeClaim.claimName", symbols); !claim.empty()) pod.claims.push_back(std::move(claim));
        if (!pod.claims.empty()) into.all.push_back(std::move(pod));
      },
      [&into] { into.all.clear(); },
      [this, &into, nameSpace](Failure failure, const std::string&) {
        into.is = failed(failure) ? Found::Is::Unreadable : Found::Is::There;
        into.why = failed(failure) ? failureText(failure) : std::string{};
        if (failed(failure)) note(fmt::format("the pods of namespace `{}`", nameSpace), failure);
      });
}

std::string foreignOwner(const Node& live, std::string_view setId, const base::SymbolTable& symbols) {
  constexpr std::string_view kLabels = "metadata.labels";
  constexpr std::string_view kNotes = "metadata.annotations";
  const auto set = markOf(live, kLabels, kPartOfLabel, symbols);
  if (!set.empty() && set == setId) return {};
  if (!set.empty()) return fmt::format("another inventory, `{}`", set);
  // https://helm.sh/docs/topics/charts_hooks/, pkg/action/validate.go of Helm: who owns a release's objects.
  if (const auto release = markOf(live, kNotes, "meta.helm.sh/release-name", symbols); !release.empty())
    return fmt::format("the Helm release `{}/{}`", markOf(live, kNotes, "meta.helm.sh/release-namespace", symbols), release);
  if (markOf(live, kLabels, "app.kubernetes.io/managed-by", symbols) == "Helm") return "a Helm release";
  // https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
  if (const auto tracked = markOf(live, kNotes, "argocd.argoproj.io/tracking-id", symbols); !tracked.empty())
    return fmt::format("the Argo CD application `{}`", tracked.substr(0, tracked.find(':')));
  if (const auto app = markOf(live, kLabels, "argocd.argoproj.io/instance", symbols); !app.empty()) return fmt::format("the Argo CD application `{}`", app);
  // https://fluxcd.io/flux/components/kustomize/kustomizations/, helmreleases
  if (const auto name = markOf(live, kLabels, "kustomize.toolkit.fluxcd.io/name", symbols); !name.empty())
    return fmt::format("the Flux kustomization `{}/{}`", markOf(live, kLabels, "kustomize.toolkit.fluxcd.io/namespace", symbols), name);
  if (const auto name = markOf(live, kLabels, "helm.toolkit.fluxcd.io/name", symbols); !name.empty()) return fmt::format("the Flux release `{}`", name);
  for (const auto& owner : ownersOf(live, symbols))
    if (owner.controller) return fmt::format("{}/{}, which made it", owner.kind, owner.name);
  return {};
}

}  // namespace mlstack::backend
