// Which kinds a server serves. Aggregated discovery tells it in two answers (Kubernetes 1.27 on,
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery); without it each group version is asked.

#include <algorithm>

#include <fmt/format.h>

#include "backend/api_impl.h"

namespace mlstack::backend {
namespace {

using ir::Children;
using ir::Node;

constexpr std::string_view kAccept =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

bool hasVerb(const Node* verbs, std::string_view verb) {
  for (const auto& one : Children(verbs)) {
    if (one.kind == ir::NodeKind::String && one.text() == verb) return true;
  }
  return false;
}

void takeVerbs(Resource& resource, const Node* verbs) {
  resource.canApply = hasVerb(verbs, "patch");
  resource.canList = hasVerb(verbs, "list");
  resource.canWatch = hasVerb(verbs, "watch");
}

}  // namespace

void Api::Impl::learn(Resource resource) {
  auto key = fmt::format("{}/{}", resource.apiVersion(), resource.kind);
  const auto known = byName.find(key);
  if (known == byName.end()) {
    resources.push_back(std::move(resource));
    byName.emplace(std::move(key), &resources.back());
  } else if (known->second->plural == resource.plural || (resource.canApply && !known->second->canApply)) {
    *known->second = std::move(resource);   // of two resources of one kind, the one that objects are written through
  }
}

void Api::Impl::learnAggregated(const Node& list) {
  for (const auto& group : Children(ir::findPath(&list, "items", symbols))) {
    const std::string name(textAt(&group, "metadata.name", symbols));
    auto& known = versions[name];
    known.clear();
    for (const auto& version : Children(ir::findPath(&group, "versions", symbols))) {
      const std::string versionName(textAt(&version, "version", symbols));
      const auto* served = ir::findPath(&version, "resources", symbols);
      if (textAt(&version, "freshness", symbols) == "Stale" && Children(served).size() == 0) unknownGroups.insert(name);
      known.push_back(versionName);
      for (const auto& one : Children(served)) {
        Resource resource;
        resource.group = name;
        resource.version = versionName;
        resource.kind = textAt(&one, "responseKind.kind", symbols);
        resource.plural = textAt(&one, "resource", symbols);
        resource.namespaced = textAt(&one, "scope", symbols) == "Namespaced";
        takeVerbs(resource, ir::findPath(&one, "verbs", symbols));
        if (!resource.kind.empty() && !resource.plural.empty()) learn(std::move(resource));
      }
    }
  }
}

/// An APIResourceList.
void Api::Impl::learnClassic(const Node& list) {
  const auto groupVersion = textAt(&list, "groupVersion", symbols);
  const auto slash = groupVersion.find('/');
  for (const auto& one : Children(ir::findPath(&list, "resources", symbols))) {
    const auto plural = textAt(&one, "name", symbols);
    if (plural.find('/') != std::string_view::npos) continue;   // a subresource
    Resource resource;
    resource.group = slash == std::string_view::npos ? std::string_view{} : groupVersion.substr(0, slash);
    resource.version = slash == std::string_view::npos ? groupVersion : groupVersion.substr(slash + 1);
    resource.kind = textAt(&one, "kind", symbols);
    resource.plural = plural;
    const auto* namespaced = ir::findPath(&one, "namespaced", symbols);
    resource.namespaced = namespaced != nullptr && namespaced->kind == ir::NodeKind::Bool && namespaced->boolean;
    takeVerbs(resource, ir::findPath(&one, "verbs", symbols));
    if (!resource.kind.empty()) learn(std::move(resource));
  }
}

Failure Api::Impl::discoverClassic(const Node& core, const Node& groups) {
  struct Place {
    std::string group;
    std::string path;
  };
  std::vector<Place> places;
  for (const auto& version : Children(ir::findPath(&core, "versions", symbols))) {
    if (version.kind != ir::NodeKind::String) continue;
    versions[""].emplace_back(version.text());
    places.push_back({"", fmt::format("/api/{}", version.text())});
  }
  for (const auto& group : Children(ir::findPath(&groups, "groups", symbols))) {
    const std::string name(textAt(&group, "name", symbols));
    auto& known = versions[name];
    const auto preferred = textAt(&group, "preferredVersion.version", symbols);
    for (const auto& version : Children(ir::findPath(&group, "versions", symbols))) {
      const auto text = textAt(&version, "version", symbols);
      known.insert(text == preferred ? known.begin() : known.end(), std::string(text));
      places.push_back({name, fmt::format("/apis/{}/{}", name, text)});
    }
  }
  std::size_t left = places.size();
  Failure failure;
  for (const auto& place : places) {
    HttpRequest request;
    request.path = place.path;
    send(std::move(request), [this, &left, &failure, &place](Attempted attempted) {
      --left;
      const auto answer = decode(std::move(attempted), symbols);
      if (answer.ok()) return learnClassic(*answer.document->root);
      if (place.group.empty()) failure = answer.failure;
      else unknownGroups.insert(place.group);
    });
  }
  api.run([&] { return left == 0; });
  return failure;
}

Failure Api::discover() {
  auto& impl = *impl_;
  struct Asked {
    std::string path;
    std::string_view accept;
    Answer answer;
    bool done = false;
  };
  Asked asked[] = {{"/version", "application/json", {}, false}, {"/api", kAccept, {}, false}, {"/apis", kAccept, {}, false}};
  for (auto& one : asked) {
    HttpRequest request;
    request.path = one.path;
    request.accept = one.accept;
    impl.send(std::move(request), [&impl, &one](Attempted attempted) {
      one.answer = decode(std::move(attempted), impl.symbols);
      one.done = true;
    });
  }
  run([&] { return std::all_of(std::begin(asked), std::end(asked), [](const Asked& one) { return one.done; }); });
  auto& [version, core, groups] = asked;
  if (!core.answer.ok()) return core.answer.failure;
  if (!groups.answer.ok()) return groups.answer.failure;
  // Not everybody may ask for it; "1" and "36+" of some clouds.
  if (version.answer.ok()) {
    const auto& about = *version.answer.document;   // a lambda may capture it: clang 14 lets none capture a binding
    const auto part = [&](std::string_view name) {
      auto text = textAt(about.root, name, impl.symbols);
      return text.substr(0, std::min(text.size(), text.find_first_not_of("0123456789")));
    };
    impl.serverVersion = fmt::format("{}.{}", part("major"), part("minor"));
  }
  impl.byName.clear();
  impl.versions.clear();
  impl.unknownGroups.clear();
  const auto& coreRoot = *core.answer.document->root;
  const auto& groupsRoot = *groups.answer.document->root;
  const bool aggregated = textAt(&coreRoot, "kind", impl.symbols) == "APIGroupDiscoveryList" &&
                          textAt(&groupsRoot, "kind", impl.symbols) == "APIGroupDiscoveryList";
  if (!aggregated) return impl.discoverClassic(coreRoot, groupsRoot);
  impl.learnAggregated(coreRoot);
  impl.learnAggregated(groupsRoot);
  return {};
}

const std::string& Api::version() const { return impl_->serverVersion; }

const Resource* Api::resource(std::string_view apiVersion, std::string_view kind) const {
  const auto found = impl_->byName.find(fmt::format("{}/{}", apiVersion, kind));
  return found == impl_->byName.end() ? nullptr : found->second;
}

const Resource* Api::preferred(std::string_view group, std::string_view kind) const {
  const auto known = impl_->versions.find(group);
  if (known == impl_->versions.end()) return nullptr;
  for (const auto& version : known->second) {
    if (const auto* found = resource(group.empty() ? version : fmt::format("{}/{}", group, version), kind)) return found;
  }
  return nullptr;
}

bool Api::unknownGroup(std::string_view group) const { return impl_->unknownGroups.find(group) != impl_->unknownGroups.end(); }

}  // namespace mlstack::backend
