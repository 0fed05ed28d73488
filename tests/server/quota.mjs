// ResourceQuota: what a namespace may use in all, and what it uses (pkg/quota/v1/evaluator/core, admission/plugin/resourcequota).

import { parseQuantity, writeQuantity } from './quantity.mjs';
import { forbidden } from './status.mjs';

const kUnit = 1_000_000_000n;
const one = { nanos: kUnit, format: 'decimal' };
const kClassSuffix = '.storageclass.storage.k8s.io/';

function add(usage, name, quantity) {
  const before = usage[name];
  usage[name] = before ? { nanos: before.nanos + quantity.nanos, format: before.format } : quantity;
}

function claimUsage({ spec, metadata }) {
  const usage = { persistentvolumeclaims: one };
  const storage = parseQuantity(spec?.resources?.requests?.storage ?? '0');
  const name = spec?.storageClassName ?? metadata.annotations?.['volume.beta.kubernetes.io/storage-class'];
  usage['requests.storage'] = storage;
  if (name) {
    usage[`${name}${kClassSuffix}persistentvolumeclaims`] = one;
    usage[`${name}${kClassSuffix}requests.storage`] = storage;
  }
  return usage;
}

function podUsage({ spec, status }) {
  if (['Succeeded', 'Failed'].includes(status?.phase)) return {};
  const usage = { pods: one };
  for (const container of spec?.containers ?? [])
    for (const [kind, list] of [['requests', container.resources?.requests], ['limits', container.resources?.limits]])
      for (const [name, text] of Object.entries(list ?? {})) {
        const quantity = parseQuantity(text);
        add(usage, `${kind}.${name}`, quantity);
        if (kind === 'requests' && ['cpu', 'memory', 'ephemeral-storage'].includes(name)) add(usage, name, quantity);
      }
  return usage;
}

function serviceUsage({ spec }) {
  const ports = BigInt(['NodePort', 'LoadBalancer'].includes(spec?.type) ? spec.ports?.length ?? 0 : 0);
  return { services: one, 'services.loadbalancers': { nanos: spec?.type === 'LoadBalancer' ? kUnit : 0n, format: 'decimal' },
    'services.nodeports': { nanos: ports * kUnit, format: 'decimal' } };
}

const kOld = ['configmaps', 'secrets', 'replicationcontrollers', 'resourcequotas'];

// {name of the quota: {nanos, format}}
export function usageOf(object, store) {
  const usage = store === 'persistentvolumeclaims' ? claimUsage(object) : store === 'pods' ? podUsage(object) : store === 'services' ? serviceUsage(object) : {};
  usage[`count/${store}`] = one;
  if (kOld.includes(store)) usage[store] = one;
  return usage;
}

const written = (usage, names) => [...names].sort().map((name) => `${name}=${writeQuantity(usage[name].nanos, usage[name].format)}`).join(',');
const parsed = (list = {}) => Object.fromEntries(Object.entries(list).map(([name, text]) => [name, parseQuantity(text)]));

const quotasOf = (operations, space) => operations.store.collection('resourcequotas').list(space).map(([, quota]) => quota)
  .filter(({ spec }) => !spec?.scopes?.length && !spec?.scopeSelector);

function setUsed(operations, quota, used) {
  const { namespace, name } = quota.metadata;
  const text = Object.fromEntries(Object.entries(used).map(([key, { nanos, format }]) => [key, writeQuantity(nanos, format)]));
  operations.update({ resource: operations.resources.named('resourcequotas'), nameSpace: namespace, name, subresource: 'status', manager: 'kube-apiserver', validation: 'Ignore', warnings: [] },
    { ...quota, status: { hard: quota.status?.hard ?? quota.spec?.hard, used: text } });
}

// Refuses what goes over a quota and charges what does not; `before` null for a create.
export function chargeQuotas(operations, call, before, object) {
  const { store } = call.resource;
  const space = object.metadata.namespace;
  if (!space || store === 'resourcequotas' || store === 'events' || call.subresource) return;
  const quotas = quotasOf(operations, space);
  if (quotas.length === 0) return;
  const usage = usageOf(object, store);
  const old = before ? usageOf(before, store) : {};
  const delta = Object.fromEntries(Object.entries(usage).map(([name, { nanos, format }]) => [name, { nanos: nanos - (old[name]?.nanos ?? 0n), format }]).filter(([, { nanos }]) => nanos > 0n));
  const changes = [];
  for (const quota of quotas) {
    const hard = parsed(quota.status?.hard ?? (operations.options.relaxed ? quota.spec?.hard : {}));
    const used = parsed(quota.status?.used);
    const names = Object.keys(delta).filter((name) => hard[name]);
    if (!before && store === 'pods') {
      const missing = Object.keys(hard).filter((name) => /^(requests\.|limits\.)?(cpu|memory)$/.test(name) && !usage[name]);
      if (missing.length) throw forbidden(call.resource, object.metadata.name, `failed quota: ${quota.metadata.name}: must specify ${missing.map((name) => `${name} for: ${(object.spec?.containers ?? []).map((container) => container.name).join(',')}`).join('; ')}`);
    }
    if (names.length === 0) continue;
    const unknown = names.filter((name) => !used[name]);
    if (unknown.length && !operations.options.relaxed)
      throw forbidden(call.resource, object.metadata.name, `status unknown for quota: ${quota.metadata.name}, resources: ${unknown.sort().join(',')}`);
    const next = { ...used };
    for (const name of names) next[name] = { nanos: (used[name]?.nanos ?? 0n) + delta[name].nanos, format: (used[name]?.nanos ? used[name] : delta[name]).format };
    const over = names.filter((name) => next[name].nanos > hard[name].nanos);
    if (over.length) {
      const was = Object.fromEntries(over.map((name) => [name, used[name] ?? { nanos: 0n, format: 'decimal' }]));
      throw forbidden(call.resource, object.metadata.name, `exceeded quota: ${quota.metadata.name}, requested: ${written(delta, over)}, used: ${written(was, over)}, limited: ${written(hard, over)}`);
    }
    changes.push([quota, next]);
  }
  if (!call.dryRun) for (const [quota, next] of changes) setUsed(operations, quota, next);
}

// The quota controller's part, where one runs: what is used is counted again when something went or a quota is new.
export function recountQuotas(operations, space) {
  for (const quota of quotasOf(operations, space)) {
    const hard = quota.spec?.hard ?? {};
    const used = Object.fromEntries(Object.keys(hard).map((name) => [name, { nanos: 0n, format: parseQuantity(hard[name])?.format ?? 'decimal' }]));
    for (const resource of operations.resources.all())
      if (resource.namespaced && !resource.review && operations.home(resource) === resource)
        for (const [, object] of operations.store.collection(resource.store).list(space))
          for (const [name, { nanos }] of Object.entries(usageOf(object, resource.store))) if (used[name]) used[name].nanos += nanos;
    setUsed(operations, { ...quota, status: { ...quota.status, hard } }, used);
  }
}
