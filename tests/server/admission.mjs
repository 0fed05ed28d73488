// What the API server's own admission plugins and strategies add to objects or forbid: each function names its plugin.

import { isDeepStrictEqual } from 'node:util';
import { isDeleting } from './metadata.mjs';
import { forbidden, invalid, notFound } from './status.mjs';

const kDefaultClass = 'storageclass.kubernetes.io/is-default-class';

// NamespaceLifecycle: nothing new in a namespace that is not there or goes.
export function checkSpace(operations, { resource, nameSpace, name }) {
  if (!resource.namespaced) return;
  const space = operations.store.get('namespaces', nameSpace);
  if (!space) throw notFound({ group: '', plural: 'namespaces' }, nameSpace);
  if (isDeleting(space))
    throw forbidden(resource, name, `unable to create new content in namespace ${nameSpace} because it is being terminated`,
      [{ reason: 'NamespaceTerminating', message: `namespace ${nameSpace} is being terminated`, field: 'metadata.namespace' }]);
}

// DefaultStorageClass: of several defaults the newest, then the first by name.
function defaultClass(operations) {
  const classes = operations.store.collection('storageclasses.storage.k8s.io').list('').map(([, object]) => object);
  const defaults = classes.filter(({ metadata }) => metadata.annotations?.[kDefaultClass] === 'true');
  defaults.sort((a, b) => (a.metadata.creationTimestamp === b.metadata.creationTimestamp ? (a.metadata.name < b.metadata.name ? -1 : 1)
    : a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1));
  return defaults[0]?.metadata.name;
}

function addFinalizer({ metadata }, name) {
  if (!metadata.finalizers?.includes(name)) metadata.finalizers = [...(metadata.finalizers ?? []), name];
}

// ServiceAccount, Priority, DefaultTolerationSeconds.
function completePod(operations, { spec }) {
  if (!spec) return;
  spec.serviceAccountName ??= 'default';
  spec.serviceAccount ??= spec.serviceAccountName;
  if (spec.priority === undefined) {
    const found = spec.priorityClassName ? operations.store.get('priorityclasses.scheduling.k8s.io', spec.priorityClassName) : undefined;
    spec.priority = found?.value ?? { 'system-cluster-critical': 2000000000, 'system-node-critical': 2000001000 }[spec.priorityClassName] ?? 0;
    spec.preemptionPolicy ??= found?.preemptionPolicy ?? 'PreemptLowerPriority';
  }
  const tolerations = spec.tolerations ?? [];
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'])
    if (!tolerations.some((one) => (one.key === key || !one.key) && (!one.effect || one.effect === 'NoExecute')))
      tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  spec.tolerations = tolerations;
}

export function onCreate(operations, call, object) {
  const { store } = call.resource;
  checkSpace(operations, { ...call, name: object.metadata.name });
  if (store === 'namespaces') {
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
    object.spec = { ...object.spec, finalizers: ['kubernetes'] };
  } else if (store === 'persistentvolumeclaims') {
    const named = object.spec?.storageClassName !== undefined || object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] !== undefined;
    const found = named ? undefined : defaultClass(operations);
    if (found !== undefined) object.spec = { ...object.spec, storageClassName: found };
    if (operations.options.controllers) addFinalizer(object, 'kubernetes.io/pvc-protection');   // StorageObjectInUseProtection
  } else if (store === 'persistentvolumes') {
    if (operations.options.controllers) addFinalizer(object, 'kubernetes.io/pv-protection');
  } else if (store === 'pods') {
    completePod(operations, object);
  }
  return object;
}

export function onUpdate(operations, call, before, after) {
  if (call.resource.store === 'namespaces' && after.metadata.labels?.['kubernetes.io/metadata.name'] !== after.metadata.name)
    after.metadata.labels = { ...after.metadata.labels, 'kubernetes.io/metadata.name': after.metadata.name };
  return after;
}

// QoS class (pkg/apis/core/v1/helper/qos).
function qualityOf({ containers = [], initContainers = [] } = {}) {
  const all = [...containers, ...initContainers];
  const kinds = ['cpu', 'memory'];
  const some = all.some(({ resources }) => kinds.some((kind) => resources?.requests?.[kind] ?? resources?.limits?.[kind]));
  if (!some) return 'BestEffort';
  const full = all.every(({ resources }) => kinds.every((kind) => resources?.limits?.[kind] !== undefined &&
    (resources.requests?.[kind] === undefined || isDeepStrictEqual(resources.requests[kind], resources.limits[kind]))));
  return full ? 'Guaranteed' : 'Burstable';
}

// What the strategies write into the status of a new object, where that is not just empty.
export function firstStatus(object) {
  switch (object.kind) {
    case 'Pod': return { phase: 'Pending', qosClass: qualityOf(object.spec) };
    case 'PersistentVolumeClaim': case 'PersistentVolume': return { phase: 'Pending' };
    case 'Namespace': return { phase: 'Active' };
    default: return undefined;
  }
}

// Pods alone are deleted gracefully, and only when there is a kubelet to end them.
export function gracePeriod(operations, resource, { spec, status }, options) {
  if (resource.store !== 'pods' || !operations.options.controllers) return 0;
  if (!spec?.nodeName || ['Succeeded', 'Failed'].includes(status?.phase)) return 0;
  return Math.max(0, options.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30);
}

const kPolicies = ['Background', 'Foreground', 'Orphan'];

// shouldOrphanDependents, shouldDeleteDependents (registry/generic/registry/store.go). The garbage collector takes these away again;
// where none runs they are not put.
export function finalizersForDelete(operations, resource, object, options, call) {
  const policy = options.propagationPolicy;
  if (policy !== undefined && !kPolicies.includes(policy))
    throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [{ reason: 'FieldValueNotSupported', field: 'propagationPolicy',
      message: `Unsupported value: ${JSON.stringify(policy)}: supported values: "Background", "Foreground", "Orphan", "nil"` }]);
  const own = object.metadata.finalizers ?? [];
  const rest = own.filter((name) => name !== 'orphan' && name !== 'foregroundDeletion');
  let orphan = options.orphanDependents === true || policy === 'Orphan';
  const foreground = options.orphanDependents === undefined && policy === 'Foreground';
  if (policy === undefined && options.orphanDependents === undefined) {
    if (own.includes('orphan') || own.includes('foregroundDeletion')) return own;
    if (resource.store === 'jobs.batch') {
      orphan = true;
      call.warnings?.push('child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning');
    }
  }
  if (!operations.options.controllers) return rest;
  return [...rest, ...(orphan ? ['orphan'] : []), ...(foreground ? ['foregroundDeletion'] : [])];
}
