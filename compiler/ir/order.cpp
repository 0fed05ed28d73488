#include <algorithm>
#include <array>
#include <unordered_map>

#include "ir/stack.h"

namespace mlstack::ir {

namespace {

/// Groups in apply order. What is in no table is a workload or belongs with them: most custom
/// resources name claims, and nothing that claims need is unknown here.
enum Group : std::uint8_t {
  Namespaces,
  Definitions,
  Classes,
  Accounts,
  Roles,
  RoleBindings,
  Quotas,
  Configs,
  Volumes,
  Claims,
  Snapshots,
  RestoredClaims,
  Queues,
  Runtimes,
  Services,
  Workloads,
  Watchers,
  Hooks,
  kGroups
};

struct KindGroup {
  std::string_view kind;
  Group group;
};

constexpr KindGroup kKindGroups[] = {
    {"Namespace", Namespaces},
    {"CustomResourceDefinition", Definitions},
    {"PriorityClass", Classes},
    {"RuntimeClass", Classes},
    {"IngressClass", Classes},
    {"GatewayClass", Classes},
    {"DeviceClass", Classes},
    {"StorageClass", Classes},
    {"CSIDriver", Classes},
    {"VolumeAttributesClass", Classes},
    {"VolumeSnapshotClass", Classes},
    {"VolumeGroupSnapshotClass", Classes},
    {"WorkloadPriorityClass", Classes},
    {"ResourceFlavor", Classes},
    {"Topology", Classes},
    {"ServiceAccount", Accounts},
    {"ClusterRole", Roles},
    {"Role", Roles},
    {"ClusterRoleBinding", RoleBindings},
    {"RoleBinding", RoleBindings},
    {"ResourceQuota", Quotas},
    {"LimitRange", Quotas},
    {"ConfigMap", Configs},
    {"Secret", Configs},
    {"SecretProviderClass", Configs},
    {"ResourceClaimTemplate", Configs},
    {"ResourceClaim", Configs},
    {"PersistentVolume", Volumes},
    {"VolumeSnapshotContent", Volumes},
    {"PersistentVolumeClaim", Claims},
    {"VolumeSnapshot", Snapshots},
    {"VolumeGroupSnapshot", Snapshots},
    {"Cohort", Queues},
    {"AdmissionCheck", Queues},
    {"ClusterQueue", Queues},
    {"LocalQueue", Queues},
    {"ClusterTrainingRuntime", Runtimes},
    {"TrainingRuntime", Runtimes},
    {"ClusterServingRuntime", Runtimes},
    {"ServingRuntime", Runtimes},
    {"NetworkPolicy", Services},
    {"Service", Services},
    {"Endpoints", Services},
    {"EndpointSlice", Services},
    {"PodDisruptionBudget", Watchers},
    {"HorizontalPodAutoscaler", Watchers},
    {"VerticalPodAutoscaler", Watchers},
    {"ScaledObject", Watchers},
    {"ServiceMonitor", Watchers},
    {"PodMonitor", Watchers},
    {"PrometheusRule", Watchers},
    {"Ingress", Watchers},
    {"Gateway", Services},
    {"HTTPRoute", Watchers},
    {"GRPCRoute", Watchers},
    {"VirtualService", Watchers},
    {"APIService", Hooks},
    {"MutatingWebhookConfiguration", Hooks},
    {"ValidatingWebhookConfiguration", Hooks},
    {"ValidatingAdmissionPolicy", Hooks},
    {"ValidatingAdmissionPolicyBinding", Hooks},
};

Group groupOf(std::string_view apiVersion, std::string_view kind) {
  // Knative's Service is a workload of the same name.
  if (kind == "Service" && apiVersion != "v1") return Workloads;
  for (const auto& row : kKindGroups) {
    if (row.kind == kind) return row.group;
  }
  return Workloads;
}

/// A claim that restores waits for its snapshot; the snapshot, for the claim it is taken of.
bool restores(const Object& claim, const base::SymbolTable& symbols) {
  const auto* spec = findPath(claim.root, "spec", symbols);
  return findPath(spec, "dataSource", symbols) || findPath(spec, "dataSourceRef", symbols);
}

}  // namespace

unsigned applyGroup(const Stack& stack, const Object& object) {
  const auto& symbols = *stack.symbols;
  const auto group = groupOf(symbols.text(object.apiVersion), symbols.text(object.kind));
  return group == Claims && restores(object, symbols) ? RestoredClaims : group;
}

std::vector<const Object*> applyOrder(const Stack& stack) {
  const auto& symbols = *stack.symbols;
  std::unordered_map<std::uint64_t, Group> known;
  constexpr auto kUnasked = kGroups;
  std::vector<Group> patterns(stack.patterns.size(), kUnasked);
  Group own = kUnasked;
  std::array<std::vector<const Object*>, kGroups> groups;
  std::size_t count = 0;
  for (const auto& object : stack.objects) {
    if (object.external) continue;
    const auto id = (std::uint64_t{object.apiVersion.id} << 32) | object.kind.id;
    const auto [at, isNew] = known.try_emplace(id, Workloads);
    if (isNew) at->second = groupOf(symbols.text(object.apiVersion), symbols.text(object.kind));
    auto group = at->second;
    if (group == Claims) {
      auto& answer = object.pattern == 0 ? own : patterns[object.pattern - 1];   // keys do not vary
      if (object.pattern == 0 || answer == kUnasked) answer = restores(object, symbols) ? RestoredClaims : Claims;
      group = answer;
    }
    groups[group].push_back(&object);
    ++count;
  }
  std::vector<const Object*> order;
  order.reserve(count);
  for (auto& group : groups) {
    const auto byOrder = [](const Object* a, const Object* b) { return a->order < b->order; };
    if (!std::is_sorted(group.begin(), group.end(), byOrder)) std::stable_sort(group.begin(), group.end(), byOrder);
    order.insert(order.end(), group.begin(), group.end());
  }
  return order;
}

}  // namespace mlstack::ir
