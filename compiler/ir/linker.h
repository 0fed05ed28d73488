#pragma once
// The parts of link(): finding objects by name, edges of pod specs, edges of everything else, label
// selection.

#include <cstdint>
#include <unordered_map>
#include <vector>

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
  struct HashName {
    std::size_t operator()(const Name& name) const {
      const auto high =
          (std::uint64_t{name.kind.id} << 40) ^ (std::uint64_t{name.nameSpace.id} << 20);
      return static_cast<std::size_t>((high ^ name.name.id) * 0x9e3779b97f4a7c15ull >> 7);
    }
  };
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
    std::vector<Target> targets;
    bool mounted = false;
  };
  /// The labels under which the pods of one template run.
  struct PodLabels {
    ObjectId object = kNoObject;
    std::vector<std::pair<Symbol, Symbol>> labels;
  };
  struct Label {
    Symbol nameSpace;
    Symbol key;
    Symbol value;
    bool operator==(const Label&) const = default;
  };
  struct HashLabel {
    std::size_t operator()(const Label& label) const {
      return HashName{}({label.nameSpace, label.key, label.value});
    }
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
  void linkContainer(ObjectId id, const Node& container, std::vector<Volume>& volumes);
  void linkMount(ObjectId id, Symbol container, const Node& mount, Symbol pathKey,
                 std::vector<Volume>& volumes);
  void linkEnvironment(ObjectId id, Symbol container, const Node& holder);
  void linkStorageUri(ObjectId id, Symbol container, const Node& holder);
  [[nodiscard]] Volume readVolume(const Node& volume);
  [[nodiscard]] std::vector<const Node*> claimTemplates(ObjectId id);
  Edge& mountEdge(ObjectId id, const Target& target);

  // link_select.cpp
  void indexLabels(ObjectId id, const std::vector<PodTemplate>& pods);
  void select(ObjectId id, const Node* selector, bool isLabelMap);
  [[nodiscard]] bool matches(const PodLabels& pods, const Node* labels, const Node* expressions);
  void selectByReference(ObjectId id, const Node* reference);
  void runSelectors();

  Stack& stack_;
  base::SymbolTable& symbols_;
  Keys keys_;
  Kinds kinds_;
  Symbol defaultNameSpace_;
  std::unordered_map<Name, ObjectId, HashName> byName_;
  std::unordered_map<Name, ObjectId, HashName> clusterWide_;  // namespace 0
  std::vector<PodLabels> podLabels_;
  std::unordered_map<Label, std::vector<std::uint32_t>, HashLabel> byLabel_;   // → podLabels_
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> byNameSpace_;  // → podLabels_
};

}  // namespace mlstack::ir
