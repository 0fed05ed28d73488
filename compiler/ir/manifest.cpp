#include <unordered_map>
#include <unordered_set>

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
  if (group == kSparkGroup) return kind == "SparkApplication" ? Role::Workload : Role::Other;
  if (group.find('.') == std::string_view::npos) return Role::Other;
  if (group.ends_with(".k8s.io") && !group.ends_with(".x-k8s.io")) return Role::Other;
  for (const auto idle : kIdleKinds) {
    if (idle == kind) return Role::Other;
  }
  return Role::Workload;
}

namespace {

/// The items of `ConfigMapList` may leave out what the list says.
void completeItem(Node& item, std::string_view apiVersion, std::string_view kind, base::SymbolTable& symbols,
                  base::Arena& arena) {
  Builder builder(arena);
  const auto complete = [&](std::string_view key, std::string_view text) {
    const auto symbol = symbols.intern(key);
    if (find(&item, symbol)) return;
    auto* node = builder.copyString(text, {item.span.begin, item.span.begin});
    node->flags |= FlagImplied;
    Builder::add(item, symbol, node);
  };
  complete("apiVersion", apiVersion);
  complete("kind", kind);
}

void collectObjects(Node* document, base::SymbolTable& symbols, base::Arena& arena, std::vector<Node*>& objects) {
  const auto kind = symbolAt(document, "kind", symbols);
  const auto apiVersion = symbolAt(document, "apiVersion", symbols);
  if (!kind || !apiVersion) return;
  constexpr std::string_view kList = "List";
  const auto word = symbols.text(kind);
  const auto* items = word.ends_with(kList) ? findPath(document, "items", symbols) : nullptr;
  const bool isList = items && (items->kind == NodeKind::List || items->kind == NodeKind::Null);
  if (!isList) return objects.push_back(document);
  for (auto& item : Children(items)) {
    if (item.kind != NodeKind::Map) continue;
    if (word != kList)
      completeItem(item, symbols.text(apiVersion), word.substr(0, word.size() - kList.size()), symbols, arena);
    collectObjects(&item, symbols, arena, objects);
  }
}

/// Argo's workflows state volumes for all of their pods at once. Each template gets those that it mounts, so that its pods
/// are as those of any other kind; what it states itself counts.
/// https://argo-workflows.readthedocs.io/en/latest/walk-through/volumes/
void shareVolumes(Stack& stack, Node* root, std::string_view kind) {
  auto& symbols = *stack.symbols;
  Builder builder(stack.arena);
  auto* spec = findPath(root, kind == "CronWorkflow" ? "spec.workflowSpec" : "spec", symbols);
  const auto* shared = findPath(spec, "volumes", symbols);
  if (!shared || shared->kind != NodeKind::List) return;
  std::unordered_map<std::uint32_t, const Node*> byName;
  for (const auto& volume : Children(shared)) {
    if (const auto name = symbolAt(&volume, "name", symbols)) byName.emplace(name.id, &volume);
  }
  for (auto& step : Children(findPath(spec, "templates", symbols))) {
    std::unordered_set<std::uint32_t> has;
    for (const auto& volume : Children(findPath(&step, "volumes", symbols))) has.insert(symbolAt(&volume, "name", symbols).id);
    for (const std::string_view field : {"container.volumeMounts", "script.volumeMounts"}) {
      for (const auto& mount : Children(findPath(&step, field, symbols))) {
        const auto found = byName.find(symbolAt(&mount, "name", symbols).id);
        if (found == byName.end() || !has.insert(found->first).second) continue;
        auto* own = builder.listAt(step, symbols.intern("volumes"), shared->span);
        if (!own) continue;
        auto* copy = stack.arena.make<Node>(*found->second);  // its children are shared: nobody changes them
        Builder::append(*own, copy);
      }
    }
  }
}

bool addObject(Stack& stack, Node* root) {
  auto& symbols = *stack.symbols;
  const auto kind = symbolAt(root, "kind", symbols);
  const auto apiVersion = symbolAt(root, "apiVersion", symbols);
  const auto* name = findPath(root, "metadata.name", symbols);
  const bool generated = !name || name->kind == NodeKind::Null;
  if (generated) name = findPath(root, "metadata.generateName", symbols);
  if (!name || name->kind != NodeKind::String || name->length == 0) return false;
  auto& object = stack.objects.emplace_back();
  object.role = roleOf(symbols.text(apiVersion), symbols.text(kind));
  object.apiVersion = apiVersion;
  object.kind = kind;
  object.manifest = true;
  object.generated = generated;
  object.name = symbols.intern(generated ? std::string(name->text()) + "*" : std::string(name->text()));
  object.sourceName = object.name;
  object.nameSpace = symbolAt(root, "metadata.namespace", symbols);
  object.span = name->span;
  object.root = root;
  if (symbols.text(apiVersion).starts_with("argoproj.io/")) shareVolumes(stack, root, symbols.text(kind));
  // Custom resources that run nothing; a TrainJob runs what its runtime says.
  if (object.role == Role::Workload && symbols.text(kind) != "TrainJob" && podTemplates(object, symbols).empty())
    object.role = Role::Other;
  object.order = static_cast<std::uint32_t>(stack.objects.size() - 1);
  return true;
}

}  // namespace

std::vector<Node*> manifestObjects(Node* document, base::SymbolTable& symbols, base::Arena& arena) {
  std::vector<Node*> objects;
  if (document && document->kind == NodeKind::Map) collectObjects(document, symbols, arena, objects);
  return objects;
}

std::size_t addManifest(Stack& stack, Node* root) {
  std::size_t added = 0;
  for (auto* object : manifestObjects(root, *stack.symbols, stack.arena)) added += addObject(stack, object) ? 1 : 0;
  return added;
}

}  // namespace mlstack::ir
