#pragma once
// The parts of link(): finding objects by name, edges of pod specs, edges of everything else, label
// selection.

#include <cstdint>
#include <span>
#include <vector>

#include "base/flat_index.h"
#include "ir/pods.h"
#include "ir/stack.h"

namespace mlstack::ir {

/// Every key that linking looks for, interned once, so that a lookup compares numbers.
struct Keys {
#define MLSTACK_KEYS(K)                                                                            \
  K(metadata)                                                                                      \
  K(name) K(labels) K(spec) K(kind) K(apiGroup) K(volumes) K(volumeMounts) K(volumeDevices)        \
      K(mountPath) K(devicePath) K(subPath) K(subPathExpr) K(readOnly) K(persistentVolumeClaim) K( \
          claimName) K(configMap) K(secret) K(secretName) K(projected) K(sources) K(ephemeral)     \
          K(emptyDir) K(csi) K(volumeAttributes) K(secretProviderClass) K(nodePublishSecretRef)    \
              K(env) K(envFrom) K(valueFrom) K(configMapKeyRef) K(secretKeyRef) K(configMapRef)    \
                  K(secretRef) K(imagePullSecrets) K(serviceAccountName) K(priorityClassName)      \
                      K(storageClassName) K(volumeName) K(claimRef) K(dataSource) K(dataSourceRef) \
                          K(source) K(persistentVolumeClaimName) K(volumeSnapshotClassName)        \
                              K(volumeSnapshotContentName) K(volumeClaimTemplates)                 \
                                  K(volumeClaimPolicies) K(templates) K(serviceName) K(selector)   \
                                      K(podSelector) K(matchLabels) K(matchExpressions) K(key)     \
                                          K(operator_) K(values) K(scaleTargetRef) K(targetRef)    \
                                              K(subjects) K(roleRef) K(rules) K(http) K(paths)     \
                                                  K(backend) K(service) K(defaultBackend) K(tls)   \
                                                      K(secrets) K(storageUri) K(trainer) K(       \
                                                          namespace_) K(volumeAttributesClassName) \
                                                          K(clusterTrainingRuntime) K(runtimeRef)  \
                                                              K(resourceClaims)                    \
                                                                  K(resourceClaimTemplateName)     \
                                                                      K(resourceClaimName)         \
                                                                          K(subdomain) K(template_)
#define MLSTACK_KEY(key) Symbol key;
  MLSTACK_KEYS(MLSTACK_KEY)
#undef MLSTACK_KEY

  explicit Keys(base::SymbolTable& symbols);
};

/// Kinds by which objects are found.
struct Kinds {
#define MLSTACK_KINDS(K)                                                                         \
  K(StorageClass)                                                                                \
  K(PersistentVolume) K(PersistentVolumeClaim) K(VolumeSnapshot) K(VolumeSnapshotClass)          \
      K(VolumeSnapshotContent) K(VolumeAttributesClass) K(ConfigMap) K(Secret) K(ServiceAccount) \
          K(Service) K(PriorityClass) K(SecretProviderClass) K(Deployment) K(ResourceClaim)      \
              K(ResourceClaimTemplate) K(TrainingRuntime) K(ClusterTrainingRuntime) K(Role)      \
                  K(ClusterRole)
#define MLSTACK_KIND(kind) Symbol kind;
  MLSTACK_KINDS(MLSTACK_KIND)
#undef MLSTACK_KIND

  explicit Kinds(base::SymbolTable& symbols);
};

/// The text of a String node; empty for anything else.
[[nodiscard]] inline std::string_view textOf(const Node* node) {
  return node && node->kind == NodeKind::String ? node->text() : std::string_view{};
}

/// Links one stack; lives for one call of link().
class Linker {
 public:
  explicit Linker(Stack& stack);
  void run();

 private:
  struct Name {
    Symbol kind;
    Symbol nameSpace;
    Symbol name;
    bool operator==(const Name&) const = default;
  };
  [[nodiscard]] static std::uint64_t hashOf(const Name& name) {
    return base::FlatIndex::mix(base::FlatIndex::mix(name.kind.id, name.nameSpace.id), name.name.id);
  }
  [[nodiscard]] bool isCalled(ObjectId id, const Name& name) const {
    const Object& object = stack_.objects[id];
    return object.name == name.name && object.kind == name.kind && nameSpaceOf(object) == name.nameSpace;
  }
  /// Of objects outside of every namespace.
  [[nodiscard]] bool isCalledWide(ObjectId id, const Name& name) const {
    const Object& object = stack_.objects[id];
    return object.name == name.name && object.kind == name.kind;
  }
  /// What a pod's volume stands for. A projected volume has several targets.
  struct Target {
    Role role = Role::Other;
    Symbol kind;
    Symbol name;
    bool readOnly = false;
    bool scratch = false;
  };
  struct Volume {
    Symbol name;
    const Node* node = nullptr;
    std::uint32_t first = 0;  // of its targets in `targets_`
    std::uint32_t count = 0;
    bool mounted = false;
  };
  using LabelPair = std::pair<Symbol, Symbol>;
  /// The labels under which the pods of one template run: a piece of `labels_`.
  struct PodLabels {
    ObjectId object = kNoObject;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  /// One label and the pods that carry it; with no key, a namespace and all pods in it.
  struct Group {
    Symbol nameSpace;
    Symbol key;
    Symbol value;
    std::uint32_t first = 0;  // of its members
    std::uint32_t last = 0;
    std::uint32_t count = 0;
  };
  struct GroupMember {
    std::uint32_t pods = 0;  // → podLabels_
    std::uint32_t next = 0;
  };

  [[nodiscard]] Symbol nameSpaceOf(const Object& object) const {
    return object.nameSpace   ? object.nameSpace
           : stack_.nameSpace ? stack_.nameSpace
                              : defaultNameSpace_;
  }
  /// The object of that kind and name as seen from `from`; kNoObject when the stack has none.
  [[nodiscard]] ObjectId lookup(const Object& from, Symbol kind, Symbol name) const;
  [[nodiscard]] ObjectId lookupIn(Symbol nameSpace, Symbol kind, Symbol name) const;
  Symbol intern(const Node* text) { return symbols_.intern(textOf(text)); }

  /// An edge from `from` to the object that `nameNode` names; nothing when the node is no text.
  Edge* refer(EdgeKind edgeKind, ObjectId from, Symbol kind, Role role, const Node* nameNode);

  // link.cpp: storage objects and their relations
  void linkObject(ObjectId id);
  void linkClaim(ObjectId id, const Node* spec);
  void linkVolume(ObjectId id, const Node* spec);
  void linkSnapshot(ObjectId id, const Node* spec);
  void linkIngress(ObjectId id, const Node* spec);
  void linkAround(ObjectId id, const Node* spec);
  void provides(ObjectId to, const Node* className, Symbol kind, Role role);
  void restores(ObjectId claim, const Node* reference);
  void mergeIntents();

  // link_pods.cpp
  void linkPods(ObjectId id);
  void linkPodSpec(ObjectId id, const PodTemplate& pods,
                   const std::vector<const Node*>& claimTemplates);
  void linkContainer(ObjectId id, const Node& container);
  void linkMount(ObjectId id, Symbol container, const Node& mount, Symbol pathKey);
  void linkEnvironment(ObjectId id, Symbol container, const Node& holder);
  void linkStorageUri(ObjectId id, Symbol container, const Node& holder);
  [[nodiscard]] Volume readVolume(const Node& volume);
  [[nodiscard]] std::span<const Target> targetsOf(const Volume& volume) const {
    return std::span(targets_).subspan(volume.first, volume.count);
  }
  [[nodiscard]] std::vector<const Node*> claimTemplates(ObjectId id);
  Edge& mountEdge(ObjectId id, const Target& target);

  // link_select.cpp
  void indexLabels(ObjectId id, const std::vector<PodTemplate>& pods);
  void addToGroup(Symbol nameSpace, Symbol key, Symbol value, std::uint32_t pods);
  [[nodiscard]] const Group* group(Symbol nameSpace, Symbol key, Symbol value) const;
  void select(ObjectId id, const Node* selector, bool isLabelMap);
  [[nodiscard]] bool matches(const PodLabels& pods, const Node* labels, const Node* expressions);
  void selectByReference(ObjectId id, const Node* reference);
  /// How objects of a kind name the pods that they are about.
  enum class Selecting : std::uint8_t { Nothing, LabelMap, Selector, PodSelector, ScaleTarget, Target, Runtime };
  [[nodiscard]] Selecting selectingOf(Symbol kind) const;
  void runSelectors();

  Stack& stack_;
  base::SymbolTable& symbols_;
  Keys keys_;
  Kinds kinds_;
  Symbol defaultNameSpace_;
  base::FlatIndex byName_;
  base::FlatIndex clusterWide_;  // of objects without a namespace
  std::vector<PodLabels> podLabels_;
  std::vector<LabelPair> labels_;
  std::vector<LabelPair> controllerLabels_;  // kind and the label its controller sets
  std::vector<Group> groups_;
  base::FlatIndex groupIndex_;
  std::vector<GroupMember> members_;
  std::vector<Volume> volumes_;  // of the pod that is being linked
  std::vector<Target> targets_;
  Symbol pod_;
};

}  // namespace mlstack::ir
