// What the API server's own admission plugins and strategies add to objects or forbid: each function names its plugin.

import { applyLimitRanges, checkLimitRanges } from './limit_ranges.mjs';
import { isDeleting, randomSuffix } from './metadata.mjs';
import { checkPodSecurity } from './pod_security.mjs';
import { nanosOf } from './quantity.mjs';
import { chargeQuotas } from './quota.mjs';
import { prepareCreate, prepareUpdate } from './rules.mjs';
import { forbidden, invalid, notFound } from './status.mjs';

// NamespaceLifecycle: nothing new in a namespace that is not there or goes.
export function checkSpace(operations, { resource, nameSpace, name }) {
  if (!resource.namespaced) return;
  const space = operations.store.get('namespaces', nameSpace);
  if (!space) throw notFound({ group: '', plural: 'namespaces' }, nameSpace);
  if (isDeleting(space))
    throw forbidden(resource, name, `unable to create new content in namespace ${nameSpace} because it is being terminated`,
      [{ reason: 'NamespaceTerminating', message: `namespace ${nameSpace} is being terminated`, field: 'metadata.namespace' }]);
}

const kSystemPriorities = { 'system-cluster-critical': 2000000000, 'system-node-critical': 2000001000 };

const wrongPriority = (resource, { name }, given, computed) => forbidden(resource, name,
  `the integer value of priority (${given}) must not be provided in pod spec; priority admission controller computed ${computed} from the given PriorityClass name`);

// Priority: the number behind the class's name, or of the default class.
function givePriority(operations, { resource }, { spec, metadata }) {
  if (!spec) return;
  const classes = operations.store.collection('priorityclasses.scheduling.k8s.io');
  if (!spec.priorityClassName) {
    const found = classes.list('').map(([, object]) => object).filter(({ globalDefault }) => globalDefault).sort((a, b) => a.value - b.value)[0];
    if (!found && spec.priority) throw wrongPriority(resource, metadata, spec.priority, 0);
    if (!found) return;
    spec.priorityClassName = found.metadata.name;
  }
  const found = classes.get(spec.priorityClassName) ?? (spec.priorityClassName in kSystemPriorities ? { value: kSystemPriorities[spec.priorityClassName] } : undefined);
  if (!found) throw forbidden(resource, metadata.name, `no PriorityClass with name ${spec.priorityClassName} was found`);
  if (spec.priority !== undefined && spec.priority !== found.value)
    throw wrongPriority(resource, metadata, spec.priority, found.value);
  spec.priority = found.value;
  spec.preemptionPolicy ??= found.preemptionPolicy;
}

const kTokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const kTokenVolume = 'kube-api-access-';

// ServiceAccount: the account must be there; its token is mounted (plugin/pkg/admission/serviceaccount).
function mountToken(operations, { resource, name }, { spec, metadata }) {
  if (!spec?.containers || metadata.annotations?.['kubernetes.io/config.mirror']) return;
  const account = operations.store.get('serviceaccounts', `${metadata.namespace}/${spec.serviceAccountName ?? 'default'}`);
  if (!account && operations.options.relaxed) return;
  if (!account)
    throw forbidden(resource, name ?? metadata.name, `error looking up service account ${metadata.namespace}/${spec.serviceAccountName ?? 'default'}: serviceaccount "${spec.serviceAccountName ?? 'default'}" not found`);
  if (account.imagePullSecrets?.length && !spec.imagePullSecrets?.length) spec.imagePullSecrets = structuredClone(account.imagePullSecrets);
  if ((spec.automountServiceAccountToken ?? account.automountServiceAccountToken) === false) return;
  const there = spec.volumes?.find((volume) => volume.name?.startsWith(kTokenVolume));
  const volume = there?.name ?? kTokenVolume + randomSuffix();
  const open = [...(spec.initContainers ?? []), ...spec.containers].filter((container) => !container.volumeMounts?.some(({ mountPath }) => mountPath === kTokenPath));
  for (const container of open) container.volumeMounts = [...(container.volumeMounts ?? []), { name: volume, readOnly: true, mountPath: kTokenPath }];
  if (there || open.length === 0) return;
  spec.volumes = [...(spec.volumes ?? []), { name: volume, projected: { defaultMode: 420, sources: [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
  ] } }];
}

// RuntimeClass: its overhead and its nodes.
function checkRuntimeClass(operations, { resource }, { spec, metadata }) {
  if (!spec?.runtimeClassName) return;
  const found = operations.store.get('runtimeclasses.node.k8s.io', spec.runtimeClassName);
  if (!found) throw forbidden(resource, metadata.name, `pod rejected: RuntimeClass ${JSON.stringify(spec.runtimeClassName)} not found`);
  if (found.overhead?.podFixed) spec.overhead ??= structuredClone(found.overhead.podFixed);
  if (found.scheduling?.nodeSelector) spec.nodeSelector = { ...found.scheduling.nodeSelector, ...spec.nodeSelector };
  if (found.scheduling?.tolerations) spec.tolerations = [...(spec.tolerations ?? []), ...found.scheduling.tolerations];
}

const preparation = (operations) => ({
  now: operations.now(), controllers: !operations.options.relaxed,
  classes: () => operations.store.collection('storageclasses.storage.k8s.io').list('').map(([, object]) => object),
});

export function onCreate(operations, call, object) {
  checkSpace(operations, { ...call, name: object.metadata.name });
  if (call.resource.custom) return object;
  if (call.resource.store === 'pods') givePriority(operations, call, object);
  applyLimitRanges(operations, object);
  const next = prepareCreate(object, preparation(operations));
  if (call.resource.store === 'pods') {
    mountToken(operations, call, next);
    checkRuntimeClass(operations, call, next);
  }
  return next;
}

// PersistentVolumeClaimResize
function checkResize(operations, { resource }, before, { metadata, spec }) {
  const size = ({ spec: own }) => nanosOf(own?.resources?.requests?.storage ?? '0');
  if (size({ spec }) <= size(before)) return;
  if (before.status?.phase !== 'Bound') throw forbidden(resource, metadata.name, 'Only bound persistent volume claims can be expanded');
  const found = spec.storageClassName && spec.storageClassName === before.spec.storageClassName && operations.store.get('storageclasses.storage.k8s.io', spec.storageClassName);
  if (!found?.allowVolumeExpansion)
    throw forbidden(resource, metadata.name, 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize');
}

// What plugins forbid once an object is valid; `before` null for a create. The last of them charges what is used.
export function permit(operations, call, before, object) {
  if (call.subresource || call.trusted || !object.metadata.namespace) return;
  checkPodSecurity(operations, call, object);
  checkLimitRanges(operations, call, object);
  if (before && call.resource.store === 'persistentvolumeclaims') checkResize(operations, call, before, object);
  chargeQuotas(operations, call, before, object);
}

export function onUpdate(operations, call, before, after) {
  return call.resource.custom || call.subresource ? after : prepareUpdate(before, after, preparation(operations));
}

// Pods alone are deleted gracefully: those that a kubelet has, unless they ended (pkg/registry/core/pod/strategy.go, CheckGracefulDelete).
export function gracePeriod(operations, resource, { spec, status }, options) {
  if (resource.store !== 'pods') return undefined;
  if (operations.options.relaxed || !spec?.nodeName || ['Succeeded', 'Failed'].includes(status?.phase)) return 0;
  return Math.max(0, options.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30);
}

const kPolicies = ['Background', 'Foreground', 'Orphan'];

// shouldOrphanDependents, shouldDeleteDependents (registry/generic/registry/store.go). The garbage collector takes these away again;
// where none runs they are not put.
export function finalizersForDelete(operations, resource, object, options, call) {
  const policy = options.propagationPolicy;
  if (policy !== undefined && !kPolicies.includes(policy))
    throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [{ reason: 'FieldValueNotSupported', field: 'propagationPolicy',
      message: `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"` }]);
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
  if (operations.options.relaxed) return rest;
  return [...rest, ...(orphan ? ['orphan'] : []), ...(foreground ? ['foregroundDeletion'] : [])];
}
