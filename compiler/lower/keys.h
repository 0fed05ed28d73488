#pragma once
// The keys of objects that lowering itself writes, interned once a run. Private to this folder.

#include "base/symbol.h"

namespace mlstack::lower {

struct Keys {
#define MLSTACK_LOWER_KEYS(K)                                                                                       \
  K(apiVersion) K(kind) K(metadata) K(name) K(labels) K(annotations) K(spec) K(apiGroup) K(value) K(valueFrom)      \
  K(configMapKeyRef) K(secretKeyRef) K(key) K(configMapRef) K(secretRef) K(limits) K(requests) K(volumes)           \
  K(volumeMounts) K(volumeDevices) K(readOnly) K(persistentVolumeClaim) K(claimName) K(configMap) K(secret)         \
  K(secretName) K(items) K(path) K(defaultMode) K(optional) K(emptyDir) K(medium) K(sizeLimit) K(matchLabels)       \
  K(matchExpressions) K(labelSelector) K(selector) K(podSelector) K(nodeSelectorTerms) K(values) K(clusterIP)       \
  K(containers) K(initContainers) K(image) K(rules) K(roleRef) K(subjects) K(apiGroups) K(nonResourceURLs)          \
  K(onExitCodes) K(backend) K(service) K(port) K(number) K(podAffinityTerm) K(mountPath) K(devicePath)              \
  K(nodeSelector) K(type) K(configMapKey)
#define MLSTACK_LOWER_KEY(key) base::Symbol key;
  MLSTACK_LOWER_KEYS(MLSTACK_LOWER_KEY)
#undef MLSTACK_LOWER_KEY
  base::Symbol nameSpace;    // "namespace"
  base::Symbol operator_;    // "operator"
  base::Symbol appName;      // "app.kubernetes.io/name"
  base::Symbol jobName;      // "batch.kubernetes.io/job-name"
  base::Symbol nvidiaGpu;    // "nvidia.com/gpu"

  explicit Keys(base::SymbolTable& symbols) {
#define MLSTACK_LOWER_KEY(key) key = symbols.intern(#key);
    MLSTACK_LOWER_KEYS(MLSTACK_LOWER_KEY)
#undef MLSTACK_LOWER_KEY
#undef MLSTACK_LOWER_KEYS
    nameSpace = symbols.intern("namespace");
    operator_ = symbols.intern("operator");
    appName = symbols.intern("app.kubernetes.io/name");
    jobName = symbols.intern("batch.kubernetes.io/job-name");
    nvidiaGpu = symbols.intern("nvidia.com/gpu");
  }
};

}  // namespace mlstack::lower
