#include "ir/linker.h"

namespace mlstack::ir {

Keys::Keys(base::SymbolTable& symbols) {
  const auto keyText =
      [](std::string_view written) {  // `operator` and `namespace` are words of C++
        if (written.ends_with('_')) written.remove_suffix(1);
        return written;
      };
#define MLSTACK_KEY(key) key = symbols.intern(keyText(#key));
  MLSTACK_KEYS(MLSTACK_KEY)
#undef MLSTACK_KEY
}

Kinds::Kinds(base::SymbolTable& symbols) {
#define MLSTACK_KIND(kind) kind = symbols.intern(#kind);
  MLSTACK_KINDS(MLSTACK_KIND)
#undef MLSTACK_KIND
}

Linker::Linker(Stack& stack)
    : stack_(stack),
      symbols_(*stack.symbols),
      keys_(symbols_),
      kinds_(symbols_),
      defaultNameSpace_(symbols_.intern("default")) {
  byName_.reserve(stack.objects.size());
  clusterWide_.reserve(stack.objects.size() / 4);
  for (ObjectId id = 0; id < stack.objects.size(); ++id) {
    const auto& object = stack.objects[id];
    const Name name{object.kind, nameSpaceOf(object), object.name};
    (void)byName_.insert(hashOf(name), id, [&](ObjectId other) { return isCalled(other, name); });
    if (object.nameSpace) continue;
    const Name wide{object.kind, {}, object.name};
    (void)clusterWide_.insert(hashOf(wide), id, [&](ObjectId other) { return isCalledWide(other, wide); });
  }
}

ObjectId Linker::lookupIn(Symbol nameSpace, Symbol kind, Symbol name) const {
  const Name wanted{kind, nameSpace, name};
  return byName_.find(hashOf(wanted), [&](ObjectId other) { return isCalled(other, wanted); });
}

ObjectId Linker::lookup(const Object& from, Symbol kind, Symbol name) const {
  const bool clusterScoped = kind == kinds_.StorageClass || kind == kinds_.PersistentVolume ||
                             kind == kinds_.PriorityClass || kind == kinds_.VolumeSnapshotClass ||
                             kind == kinds_.VolumeSnapshotContent ||
                             kind == kinds_.VolumeAttributesClass ||
                             kind == kinds_.ClusterTrainingRuntime || kind == kinds_.ClusterRole;
  if (!clusterScoped) return lookupIn(nameSpaceOf(from), kind, name);
  const Name wanted{kind, {}, name};
  return clusterWide_.find(hashOf(wanted), [&](ObjectId other) { return isCalledWide(other, wanted); });
}

Edge* Linker::refer(EdgeKind edgeKind, ObjectId from, Symbol kind, Role role,
                    const Node* nameNode) {
  if (textOf(nameNode).empty()) return nullptr;
  auto& edge = stack_.edges.emplace_back();
  edge.kind = edgeKind;
  edge.from = from;
  edge.toRole = role;
  edge.name = intern(nameNode);
  edge.to = lookup(stack_.objects[from], kind, edge.name);
  edge.span = nameNode->span;
  return &edge;
}

/// Provides runs from the class: `refer` turned round.
void Linker::provides(ObjectId to, const Node* className, Symbol kind, Role role) {
  if (textOf(className).empty()) return;
  auto& edge = stack_.edges.emplace_back();
  edge.kind = EdgeKind::Provides;
  edge.to = to;
  edge.toRole = role;
  edge.name = intern(className);
  edge.from = lookup(stack_.objects[to], kind, edge.name);
  edge.span = className->span;
}

void Linker::restores(ObjectId claim, const Node* reference) {
  const auto kind = textOf(find(reference, keys_.kind));
  const bool fromClaim = kind == "PersistentVolumeClaim";
  const bool fromSnapshot = kind == "VolumeSnapshot";
  const auto role = fromClaim ? Role::Claim : fromSnapshot ? Role::Snapshot : Role::Other;
  auto* edge = refer(EdgeKind::RestoresFrom, claim, symbols_.intern(kind), role,
                     find(reference, keys_.name));
  const auto* nameSpace = find(reference, keys_.namespace_);
  if (edge && !textOf(nameSpace).empty())
    edge->to = lookupIn(intern(nameSpace), symbols_.intern(kind), edge->name);
}

void Linker::linkClaim(ObjectId id, const Node* spec) {
  provides(id, find(spec, keys_.storageClassName), kinds_.StorageClass, Role::Class);
  if (const auto* attributes = find(spec, keys_.volumeAttributesClassName)) {
    refer(EdgeKind::References, id, kinds_.VolumeAttributesClass, Role::Class, attributes);
  }
  refer(EdgeKind::Binds, id, kinds_.PersistentVolume, Role::Volume, find(spec, keys_.volumeName));
  // Kubernetes copies one into the other; both together are the same statement.
  const auto* reference = find(spec, keys_.dataSourceRef);
  restores(id, reference ? reference : find(spec, keys_.dataSource));
}

void Linker::linkVolume(ObjectId id, const Node* spec) {
  provides(id, find(spec, keys_.storageClassName), kinds_.StorageClass, Role::Class);
  const auto* reference = find(spec, keys_.claimRef);
  auto* edge = refer(EdgeKind::Binds, id, kinds_.PersistentVolumeClaim, Role::Claim,
                     find(reference, keys_.name));
  const auto* nameSpace = find(reference, keys_.namespace_);
  if (edge && !textOf(nameSpace).empty()) {
    edge->to = lookupIn(intern(nameSpace), kinds_.PersistentVolumeClaim, edge->name);
  }
}

void Linker::linkSnapshot(ObjectId id, const Node* spec) {
  provides(id, find(spec, keys_.volumeSnapshotClassName), kinds_.VolumeSnapshotClass,
           Role::SnapshotClass);
  const auto* source = find(spec, keys_.source);
  refer(EdgeKind::Snapshots, id, kinds_.PersistentVolumeClaim, Role::Claim,
        find(source, keys_.persistentVolumeClaimName));
  refer(EdgeKind::References, id, kinds_.VolumeSnapshotContent, Role::Other,
        find(source, keys_.volumeSnapshotContentName));
}

void Linker::linkIngress(ObjectId id, const Node* spec) {
  const auto backend = [&](const Node* node) {
    refer(EdgeKind::References, id, kinds_.Service, Role::Service,
          find(find(node, keys_.service), keys_.name));
  };
  backend(find(spec, keys_.defaultBackend));
  for (const auto& rule : Children(find(spec, keys_.rules))) {
    for (const auto& path : Children(find(find(&rule, keys_.http), keys_.paths)))
      backend(find(&path, keys_.backend));
  }
  for (const auto& tls : Children(find(spec, keys_.tls))) {
    refer(EdgeKind::References, id, kinds_.Secret, Role::Secret, find(&tls, keys_.secretName));
  }
}

/// Accounts and bindings, whose references stand outside `spec`.
void Linker::linkAround(ObjectId id, const Node* root) {
  for (const auto& subject : Children(find(root, keys_.subjects))) {
    if (textOf(find(&subject, keys_.kind)) != "ServiceAccount") continue;
    auto* edge = refer(EdgeKind::References, id, kinds_.ServiceAccount, Role::Account,
                       find(&subject, keys_.name));
    const auto* nameSpace = find(&subject, keys_.namespace_);
    if (edge && !textOf(nameSpace).empty())
      edge->to = lookupIn(intern(nameSpace), kinds_.ServiceAccount, edge->name);
  }
  if (const auto* role = find(root, keys_.roleRef)) {
    refer(EdgeKind::References, id, intern(find(role, keys_.kind)), Role::Other,
          find(role, keys_.name));
  }
  if (stack_.objects[id].kind != kinds_.ServiceAccount) return;
  for (const auto key : {keys_.secrets, keys_.imagePullSecrets}) {
    for (const auto& secret : Children(find(root, key))) {
      refer(EdgeKind::References, id, kinds_.Secret, Role::Secret, find(&secret, keys_.name));
    }
  }
}

void Linker::linkObject(ObjectId id) {
  const auto& object = stack_.objects[id];
  const auto* spec = find(object.root, keys_.spec);
  if (object.kind == kinds_.PersistentVolumeClaim) return linkClaim(id, spec);
  if (object.kind == kinds_.PersistentVolume) return linkVolume(id, spec);
  if (object.kind == kinds_.VolumeSnapshot) return linkSnapshot(id, spec);
  linkAround(id, object.root);
  if (object.role == Role::Class || object.role == Role::Config || object.role == Role::Secret ||
      object.role == Role::Namespace)
    return;
  if (symbols_.text(object.kind) == "Ingress") return linkIngress(id, spec);
  linkPods(id);
}

/// What the source said about a mount goes to its edges: by object, container and path.
void Linker::mergeIntents() {
  if (stack_.mountIntents.empty()) return;
  const auto first = firstUses(stack_);
  for (const auto& intent : stack_.mountIntents) {
    if (intent.object >= first.size()) continue;   // verify() tells
    for (auto at = first[intent.object]; at < stack_.edges.size() && stack_.edges[at].from == intent.object; ++at) {
      auto& edge = stack_.edges[at];
      if (!isUse(edge) || edge.container != intent.container || edge.path != intent.path || edge.path.empty()) continue;
      edge.intent = intent.intent;
      edge.contract = intent.contract;
      if (intent.span.known()) edge.span = intent.span;
    }
  }
}

void Linker::run() {
  stack_.edges.clear();
  constexpr ObjectId kEnoughToTell = 1024;
  for (ObjectId id = 0; id < stack_.objects.size(); ++id) {
    // As many edges an object as so far, instead of twice the memory and both copies at once.
    if (id == kEnoughToTell) stack_.edges.reserve(stack_.edges.size() * (stack_.objects.size() + stack_.objects.size() / 8) / id);
    linkObject(id);
  }
  runSelectors();
  mergeIntents();
}

std::vector<std::uint32_t> firstUses(const Stack& stack) {
  std::vector<std::uint32_t> first(stack.objects.size(), static_cast<std::uint32_t>(stack.edges.size()));
  for (auto i = stack.edges.size(); i-- > 0;) {
    const auto& edge = stack.edges[i];
    if (isUse(edge) && edge.from < first.size()) first[edge.from] = static_cast<std::uint32_t>(i);
  }
  return first;
}

void link(Stack& stack) {
  Linker(stack).run();
}

}  // namespace mlstack::ir
