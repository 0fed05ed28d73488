#include "ir/linker.h"

namespace mlstack::ir {

Linker::Volume Linker::readVolume(const Node& node) {
  Volume volume;
  volume.name = intern(find(&node, keys_.name));
  volume.node = &node;
  volume.first = static_cast<std::uint32_t>(targets_.size());
  const auto none = [&] { return targets_.size() == volume.first; };
  const auto readOnly = [&](const Node* from) {
    const auto* flag = find(from, keys_.readOnly);
    return flag && flag->kind == NodeKind::Bool && flag->boolean;
  };
  const auto add = [&](Role role, Symbol kind, const Node* name, bool isReadOnly) {
    if (!textOf(name).empty())
      targets_.push_back({role, kind, intern(name), isReadOnly, false});
  };
  if (const auto* claim = find(&node, keys_.persistentVolumeClaim)) {
    add(Role::Claim, kinds_.PersistentVolumeClaim, find(claim, keys_.claimName), readOnly(claim));
  } else if (const auto* config = find(&node, keys_.configMap)) {
    add(Role::Config, kinds_.ConfigMap, find(config, keys_.name), true);
  } else if (const auto* secret = find(&node, keys_.secret)) {
    add(Role::Secret, kinds_.Secret, find(secret, keys_.secretName), true);
  } else if (const auto* projected = find(&node, keys_.projected)) {
    for (const auto& source : Children(find(projected, keys_.sources))) {
      add(Role::Config, kinds_.ConfigMap, find(find(&source, keys_.configMap), keys_.name), true);
      add(Role::Secret, kinds_.Secret, find(find(&source, keys_.secret), keys_.name), true);
    }
    if (none())
      targets_.push_back({Role::Other, {}, volume.name, true, false});
  } else if (find(&node, keys_.ephemeral)) {
    // A claim made for each pod; it goes with the pod, and the stack has no object for it.
    targets_.push_back({Role::Claim, {}, volume.name, false, true});
  } else if (find(&node, keys_.emptyDir)) {
    targets_.push_back({Role::Other, {}, volume.name, false, true});
  } else if (const auto* csi = find(&node, keys_.csi)) {
    const auto* provider = find(find(csi, keys_.volumeAttributes), keys_.secretProviderClass);
    add(Role::Secret, kinds_.SecretProviderClass, provider, true);
    add(Role::Secret, kinds_.Secret, find(find(csi, keys_.nodePublishSecretRef), keys_.name), true);
    if (none())
      targets_.push_back({Role::Other, {}, volume.name, readOnly(csi), false});
  }
  if (none()) {
    // hostPath, nfs and the like: outside of every claim. The source object is the entry beside
    // `name`.
    const Node* source = nullptr;
    for (const auto& child : Children(&node)) {
      if (child.key != keys_.name) source = &child;
    }
    targets_.push_back({Role::Other, {}, volume.name, readOnly(source), false});
  }
  volume.count = static_cast<std::uint32_t>(targets_.size()) - volume.first;
  return volume;
}

/// The claim templates of StatefulSets, JobSets and training runtimes: their names are volume names to the pods.
std::vector<const Node*> Linker::claimTemplates(ObjectId id) {
  std::vector<const Node*> templates;
  const auto* spec = find(stack_.objects[id].root, keys_.spec);
  for (const auto& claim : Children(find(spec, keys_.volumeClaimTemplates)))
    templates.push_back(&claim);
  // A training runtime holds a JobSet as its template.
  const auto* jobSet = find(find(spec, keys_.template_), keys_.spec);
  for (const auto* holder : {spec, jobSet}) {
    for (const auto& policy : Children(find(holder, keys_.volumeClaimPolicies))) {
      for (const auto& claim : Children(find(&policy, keys_.templates))) templates.push_back(&claim);
    }
  }
  for (const auto* claim : templates) {
    const auto* name = find(find(claim, keys_.metadata), keys_.name);
    if (auto* edge = refer(EdgeKind::Owns, id, kinds_.PersistentVolumeClaim, Role::Claim, name)) {
      edge->to = kNoObject;  // a claim of that very name is another one
      edge->volumeName = edge->name;
    }
  }
  return templates;
}

Edge& Linker::mountEdge(ObjectId id, const Target& target) {
  auto& edge = stack_.edges.emplace_back();
  edge.kind = EdgeKind::Mounts;
  edge.from = id;
  edge.toRole = target.role;
  edge.name = target.name;
  edge.readOnly = target.readOnly;
  if (target.kind) edge.to = lookup(stack_.objects[id], target.kind, target.name);
  if (target.scratch) edge.intent = Intent::Scratch;
  return edge;
}

void Linker::linkMount(ObjectId id, Symbol container, const Node& mount, Symbol pathKey) {
  const auto* nameNode = find(&mount, keys_.name);
  if (textOf(nameNode).empty()) return;
  const auto name = intern(nameNode);
  for (auto& volume : volumes_) {
    if (volume.name != name) continue;
    volume.mounted = true;
    const auto* path = find(&mount, pathKey);
    const auto* subPath = find(&mount, keys_.subPath);
    if (!subPath) subPath = find(&mount, keys_.subPathExpr);
    const auto* readOnly = find(&mount, keys_.readOnly);
    for (const auto& target : targetsOf(volume)) {
      auto& edge = mountEdge(id, target);
      edge.readOnly =
          edge.readOnly || (readOnly && readOnly->kind == NodeKind::Bool && readOnly->boolean);
      edge.container = container;
      edge.volumeName = name;
      edge.path = textOf(path);
      edge.subPath = textOf(subPath);
      edge.span = mount.span.known() ? mount.span : nameNode->span;
    }
    return;
  }
}

void Linker::linkEnvironment(ObjectId id, Symbol container, const Node& holder) {
  for (const auto& variable : Children(find(&holder, keys_.env))) {
    const auto* from = find(&variable, keys_.valueFrom);
    if (!from) continue;
    const auto* name = find(&variable, keys_.name);
    for (const auto isSecret : {false, true}) {
      const auto* reference = find(from, isSecret ? keys_.secretKeyRef : keys_.configMapKeyRef);
      auto* edge = refer(EdgeKind::References, id, isSecret ? kinds_.Secret : kinds_.ConfigMap,
                         isSecret ? Role::Secret : Role::Config, find(reference, keys_.name));
      if (!edge) continue;
      edge->container = container;
      edge->path = textOf(name);
    }
  }
  for (const auto& all : Children(find(&holder, keys_.envFrom))) {
    for (const auto isSecret : {false, true}) {
      const auto* reference = find(&all, isSecret ? keys_.secretRef : keys_.configMapRef);
      auto* edge = refer(EdgeKind::References, id, isSecret ? kinds_.Secret : kinds_.ConfigMap,
                         isSecret ? Role::Secret : Role::Config, find(reference, keys_.name));
      if (edge) edge->container = container;
    }
  }
}

/// KServe mounts `pvc://claim/folder` itself, read-only.
void Linker::linkStorageUri(ObjectId id, Symbol container, const Node& holder) {
  constexpr std::string_view kScheme = "pvc://";
  const auto* node = find(&holder, keys_.storageUri);
  const auto uri = textOf(node);
  if (!uri.starts_with(kScheme)) return;
  const auto rest = uri.substr(kScheme.size());
  const auto slash = rest.find('/');
  auto& edge = mountEdge(id, {Role::Claim, kinds_.PersistentVolumeClaim,
                              symbols_.intern(rest.substr(0, slash)), true, false});
  edge.container = container;
  edge.path = "/mnt/models";
  if (slash != std::string_view::npos) edge.subPath = rest.substr(slash + 1);
  edge.span = node->span;
}

void Linker::linkContainer(ObjectId id, const Node& container) {
  const auto name = intern(find(&container, keys_.name));
  for (const auto& mount : Children(find(&container, keys_.volumeMounts)))
    linkMount(id, name, mount, keys_.mountPath);
  for (const auto& device : Children(find(&container, keys_.volumeDevices)))
    linkMount(id, name, device, keys_.devicePath);
  linkEnvironment(id, name, container);
  linkStorageUri(id, name, container);
}

void Linker::linkPodSpec(ObjectId id, const PodTemplate& pods,
                         const std::vector<const Node*>& templates) {
  volumes_.clear();
  targets_.clear();
  // A claim template hides a volume of the same name.
  for (const auto* claim : templates) {
    Volume volume;
    volume.name = intern(find(find(claim, keys_.metadata), keys_.name));
    volume.mounted = true;
    volume.first = static_cast<std::uint32_t>(targets_.size());
    volume.count = 1;
    targets_.push_back({Role::Claim, {}, volume.name, false, false});
    volumes_.push_back(volume);
  }
  for (const auto& node : Children(find(pods.spec, keys_.volumes))) {
    if (node.kind == NodeKind::Map) volumes_.push_back(readVolume(node));
  }
  for (const auto* container : containersOf(*pods.spec, symbols_))
    linkContainer(id, *container);
  for (const auto& volume : volumes_) {
    if (volume.mounted) continue;
    // Listed but mounted nowhere: the scheduler and the claim's protection still count it.
    for (const auto& target : targetsOf(volume)) {
      if (target.role == Role::Other) continue;
      auto& edge = mountEdge(id, target);
      edge.readOnly = true;
      edge.volumeName = volume.name;
      edge.span = volume.node->span;
    }
  }
  for (const auto& secret : Children(find(pods.spec, keys_.imagePullSecrets))) {
    refer(EdgeKind::References, id, kinds_.Secret, Role::Secret, find(&secret, keys_.name));
  }
  refer(EdgeKind::References, id, kinds_.ServiceAccount, Role::Account,
        find(pods.spec, keys_.serviceAccountName));
  refer(EdgeKind::References, id, kinds_.PriorityClass, Role::Other,
        find(pods.spec, keys_.priorityClassName));
  refer(EdgeKind::References, id, kinds_.Service, Role::Service, find(pods.spec, keys_.subdomain));
  for (const auto& claim : Children(find(pods.spec, keys_.resourceClaims))) {
    refer(EdgeKind::References, id, kinds_.ResourceClaim, Role::Other,
          find(&claim, keys_.resourceClaimName));
    refer(EdgeKind::References, id, kinds_.ResourceClaimTemplate, Role::Other,
          find(&claim, keys_.resourceClaimTemplateName));
  }
}

void Linker::linkPods(ObjectId id) {
  const auto& object = stack_.objects[id];
  const auto pods = podTemplates(object, symbols_);
  const auto* spec = find(object.root, keys_.spec);
  if (pods.empty()) {
    // A TrainJob may have nothing of a pod but its trainer's environment.
    if (const auto* trainer = find(spec, keys_.trainer)) linkEnvironment(id, {}, *trainer);
    return;
  }
  const auto templates = claimTemplates(id);
  for (const auto& one : pods) linkPodSpec(id, one, templates);
  if (const auto* trainer = find(spec, keys_.trainer)) linkEnvironment(id, {}, *trainer);
  if (const auto* service = find(spec, keys_.serviceName)) {
    refer(EdgeKind::References, id, kinds_.Service, Role::Service, service);
  }
  indexLabels(id, pods);
}

}  // namespace mlstack::ir
