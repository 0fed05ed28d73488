// What the API server's own admission plugins and strategies add to objects or forbid: each function names its plugin.

import { isDeleting, randomSuffix } from './metadata.mjs';
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

// Priority: the number behind the class's name.
function givePriority(operations, { spec }) {
  if (!spec?.priorityClassName || spec.priority !== undefined) return;
  const found = operations.store.get('priorityclasses.scheduling.k8s.io', spec.priorityClassName);
  if (!found) return;
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
  const there = spec.volumes?.find((volume) => volume.name.startsWith(kTokenVolume));
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

const preparation = (operations) => ({
  now: operations.now(), controllers: !operations.options.relaxed,
  classes: () => operations.store.collection('storageclasses.storage.k8s.io').list('').map(([, object]) => object),
});

export function onCreate(operations, call, object) {
  checkSpace(operations, { ...call, name: object.metadata.name });
  if (call.resource.custom) return object;
  if (call.resource.store === 'pods') givePriority(operations, object);
  const next = prepareCreate(object, preparation(operations));
  if (call.resource.store === 'pods') mountToken(operations, call, next);
  return next;
}

export function onUpdate(operations, call, before, after) {
  return call.resource.custom || call.subresource ? after : prepareUpdate(before, after, preparation(operations));
}

// Pods alone are deleted gracefully, and only when there is a kubelet to end them.
export function gracePeriod(operations, resource, { spec, status }, options) {
  if (resource.store !== 'pods' || operations.options.relaxed) return 0;
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
  if (operations.options.relaxed) return rest;
  return [...rest, ...(orphan ? ['orphan'] : []), ...(foreground ? ['foregroundDeletion'] : [])];
}
