#include "ir/pods.h"

namespace mlstack::ir {

namespace {

struct KindRole {
  std::string_view kind;
  Role role;
};

constexpr KindRole kRoles[] = {
    {"StorageClass", Role::Class},
    {"PersistentVolume", Role::Volume},
    {"PersistentVolumeClaim", Role::Claim},
    {"VolumeSnapshotClass", Role::SnapshotClass},
    {"VolumeSnapshot", Role::Snapshot},
    {"ConfigMap", Role::Config},
    {"Secret", Role::Secret},
    {"Namespace", Role::Namespace},
    {"ServiceAccount", Role::Account},
    {"Pod", Role::Workload},
    {"PodTemplate", Role::Other},
    {"ReplicationController", Role::Workload},
};

/// Custom resources around the running ones.
constexpr std::string_view kIdleKinds[] = {
    "ClusterQueue",
    "LocalQueue",
    "ResourceFlavor",
    "WorkloadPriorityClass",
    "VolumeSnapshotContent",
    "ServiceMonitor",
    "PodMonitor",
    "PrometheusRule",
    "ScaledObject",
    "HTTPRoute",
    "Gateway",
    "SecretProviderClass",
    "ServingRuntime",
    "ClusterServingRuntime",
    "TrainingRuntime",
    "ClusterTrainingRuntime",
    "VirtualService",
};

std::string_view groupOf(std::string_view apiVersion) {
  const auto slash = apiVersion.find('/');
  return slash == std::string_view::npos ? std::string_view{} : apiVersion.substr(0, slash);
}

Symbol symbolAt(const Node* root, std::string_view path, base::SymbolTable& symbols) {
  const auto* node = findPath(root, path, symbols);
  return node && node->kind == NodeKind::String ? symbols.intern(node->text()) : Symbol{};
}

}  // namespace

Role roleOf(std::string_view apiVersion, std::string_view kind) {
  const auto group = groupOf(apiVersion);
  if (kind == "Service")
    return group.empty() ? Role::Service : Role::Workload;  // Knative's runs pods
  for (const auto& row : kRoles) {
    if (row.kind == kind) return row.role;
  }
  if (group == "apps" || group == "batch") return Role::Workload;
  if (group.find('.') == std::string_view::npos) return Role::Other;
  if (group.ends_with(".k8s.io") && !group.ends_with(".x-k8s.io")) return Role::Other;
  for (const auto idle : kIdleKinds) {
    if (idle == kind) return Role::Other;
  }
  return Role::Workload;
}

std::size_t addManifest(Stack& stack, Node* root) {
  auto& symbols = *stack.symbols;
  const auto kind = symbolAt(root, "kind", symbols);
  const auto apiVersion = symbolAt(root, "apiVersion", symbols);
  if (!kind || !apiVersion) return 0;
  if (symbols.text(kind).ends_with("List") && symbols.text(apiVersion) == "v1") {
    std::size_t added = 0;
    for (auto& item : Children(findPath(root, "items", symbols)))
      added += addManifest(stack, &item);
    return added;
  }
  const auto name = symbolAt(root, "metadata.name", symbols);
  if (!name) return 0;  // `generateName`: nothing can refer to it
  auto& object = stack.objects.emplace_back();
  object.role = roleOf(symbols.text(apiVersion), symbols.text(kind));
  object.apiVersion = apiVersion;
  object.kind = kind;
  object.name = object.sourceName = name;
  object.nameSpace = symbolAt(root, "metadata.namespace", symbols);
  const auto* nameNode = findPath(root, "metadata.name", symbols);
  object.span = nameNode->span;
  object.root = root;
  // Custom resources that run nothing; a TrainJob runs what its runtime says.
  if (object.role == Role::Workload && symbols.text(kind) != "TrainJob" &&
      podTemplates(object, symbols).empty()) {
    object.role = Role::Other;
  }
  object.order = static_cast<std::uint32_t>(stack.objects.size() - 1);
  return 1;
}

}  // namespace mlstack::ir
