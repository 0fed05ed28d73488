// The small cluster behind the server: what is written comes true, without waiting for anything that takes time.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';

import { ranges } from './controllers/jobs.mjs';
import { storeForControllers } from './inside.mjs';
import { startServer } from './server.mjs';

const folder = mkdtempSync(join(tmpdir(), 'mlstack-controllers-'));
const server = await startServer(folder, { controllers: true, plain: true, quiet: true, nodes: 2 });
after(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
const store = storeForControllers(server.operations, 'test');
const ns = 'default';
const claims = 'persistentvolumeclaims', volumes = 'persistentvolumes', classes = 'storageclasses.storage.k8s.io';

/** Waits for what `ask` answers with something true. */
async function until(ask, what = String(ask)) {
  const end = Date.now() + 5000;
  for (;;) {
    const found = ask();
    if (found) return found;
    assert.ok(Date.now() < end, `in time: ${what}`);
    await new Promise((done) => setTimeout(done, 2));
  }
}
const get = (resource, name) => store.get(resource, ns, name);
const make = (resource, object) => store.create(resource, { ...object, metadata: { namespace: ns, ...object.metadata } });
const edit = (resource, name, change) => {
  const next = structuredClone(get(resource, name) ?? store.get(resource, '', name));
  change(next);
  return store.update(resource, next);
};
const gone = (resource, name) => until(() => get(resource, name) === null, `${resource}/${name} gone`);
const condition = (object, type) => object?.status?.conditions?.find((own) => own.type === type)?.status === 'True' ? object : undefined;
const told = (name, reason) => store.list('events', ns).find((event) => event.involvedObject.name === name && event.reason === reason);

const claim = (name, spec = {}, metadata = {}) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec } });
const volume = (name, spec = {}) => ({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name, namespace: undefined },
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'static', hostPath: { path: '/x' }, ...spec } });
const storageClass = (name, more = {}) => ({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name, namespace: undefined }, provisioner: 'csi.example.com', ...more });
const template = (annotations = {}, spec = {}) => ({ metadata: { labels: { app: 'a' }, annotations }, spec: { containers: [{ name: 'c', image: 'i:1' }], ...spec } });
const pod = (name, spec = {}, annotations = {}) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, annotations }, spec: { containers: [{ name: 'c', image: 'i:1' }], ...spec } });
const using = (name) => ({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: name } }] });
const workload = (kind, name, spec) => ({ apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1', kind, metadata: { name }, spec: { ...(kind !== 'Job' && { selector: { matchLabels: { app: 'a', own: name } } }), ...spec,
  template: { ...(spec.template ?? template()), metadata: { ...(spec.template ?? template()).metadata, labels: { app: 'a', own: name } } } } });

make(classes, storageClass('fast', { allowVolumeExpansion: true }));
make(classes, storageClass('late', { volumeBindingMode: 'WaitForFirstConsumer' }));

test('a claim is provisioned, grows, and its volume goes with it', async () => {
  make(claims, claim('grows', { storageClassName: 'fast' }));
  const bound = await until(() => get(claims, 'grows').status.phase === 'Bound' && get(claims, 'grows'));
  assert.equal(bound.spec.volumeName, `pvc-${bound.metadata.uid}`);
  assert.equal(store.get(volumes, '', bound.spec.volumeName).status.phase, 'Bound');
  edit(claims, 'grows', (next) => next.spec.resources.requests.storage = '3Gi');
  await until(() => get(claims, 'grows').status.capacity.storage === '3Gi');
  assert.equal(store.get(volumes, '', bound.spec.volumeName).spec.capacity.storage, '3Gi');
  store.remove(claims, ns, 'grows');
  await gone(claims, 'grows');
  await until(() => store.get(volumes, '', bound.spec.volumeName) === null);
});

test('the smallest volume that fits is taken, kept and released', async () => {
  for (const [name, storage] of [['v5', '5Gi'], ['v2', '2Gi'], ['v1', '500Mi']]) make(volumes, volume(name, { capacity: { storage } }));
  make(claims, claim('static', { storageClassName: 'static' }));
  await until(() => get(claims, 'static').spec.volumeName === 'v2');
  store.remove(claims, ns, 'static');
  await until(() => store.get(volumes, '', 'v2').status.phase === 'Released');
  assert.equal(store.get(volumes, '', 'v5').status.phase, 'Available');
});

test('a claim that waits for its consumer is bound when the pod is placed', async () => {
  make(claims, claim('late', { storageClassName: 'late' }));
  await until(() => told('late', 'WaitForFirstConsumer'));
  make('pods', pod('consumer', using('late')));
  await until(() => get('pods', 'consumer').status.phase === 'Running');
  assert.match(get(claims, 'late').metadata.annotations['volume.kubernetes.io/selected-node'], /^node-/);
});

test('a pod whose claim is missing, or unbound, says so', async () => {
  make('pods', pod('misses', using('nowhere')));
  const event = await until(() => told('misses', 'FailedScheduling'));
  assert.equal(event.message, '0/2 nodes are available: persistentvolumeclaim "nowhere" not found. not found');
  make(claims, claim('nowhere', { storageClassName: 'absent' }));
  await until(() => told('nowhere', 'ProvisioningFailed'));
  make(classes, storageClass('absent'));
  await until(() => get('pods', 'misses').status.phase === 'Running');
});

test('a claim in use goes after its pod', async () => {
  make(claims, claim('used', { storageClassName: 'fast' }));
  make('pods', pod('user', using('used')));
  await until(() => get('pods', 'user').status.phase === 'Running');
  store.remove(claims, ns, 'used');
  await new Promise((done) => setTimeout(done, 30));
  assert.ok(get(claims, 'used').metadata.deletionTimestamp);
  store.remove('pods', ns, 'user');
  await gone(claims, 'used');
});

test('faults that tests ask for', async () => {
  for (const [fault, check] of [
    ['ImagePullBackOff', ({ status }) => status.phase === 'Pending' && status.containerStatuses?.[0].state.waiting.reason === 'ImagePullBackOff'],
    ['CrashLoopBackOff', ({ status }) => status.containerStatuses?.[0].restartCount > 1 && status.containerStatuses[0].state.waiting.reason === 'CrashLoopBackOff'],
    ['OOMKilled', ({ status }) => status.containerStatuses?.[0].lastState.terminated?.reason === 'OOMKilled'],
    ['Unready', ({ status }) => status.phase === 'Running' && !status.containerStatuses[0].ready],
    ['Evicted', ({ status }) => status.phase === 'Failed' && status.reason === 'Evicted'],
    ['Unschedulable', ({ status }) => status.conditions?.some(({ reason }) => reason === 'Unschedulable')],
  ]) {
    const name = fault.toLowerCase();
    make('pods', pod(name, {}, { 'test.mlstack.dev/fail': fault }));
    await until(() => check(get('pods', name)), fault);
    store.remove('pods', ns, name, { gracePeriodSeconds: 0 });
  }
  make('pods', pod('configured', { volumes: [{ name: 'v', configMap: { name: 'later' } }] }));
  await until(() => told('configured', 'FailedMount'));
  make('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'later' } });
  await until(() => get('pods', 'configured').status.phase === 'Running');
});

test('a Deployment rolls, and says so', async () => {
  make('deployments.apps', workload('Deployment', 'web', { replicas: 3 }));
  const ready = (count) => { const { status, metadata } = get('deployments.apps', 'web'); return status.availableReplicas === count && status.updatedReplicas === count && status.observedGeneration === metadata.generation; };
  await until(() => ready(3));
  edit('deployments.apps', 'web', (next) => next.spec.template.spec.containers[0].image = 'i:2');
  await until(() => ready(3) && store.list('pods', ns).filter(({ metadata }) => metadata.labels?.own === 'web').every(({ spec }) => spec.containers[0].image === 'i:2'));
  const sets = store.list('replicasets.apps', ns).filter(({ metadata }) => metadata.labels.own === 'web');
  assert.deepEqual(sets.map(({ spec }) => spec.replicas).sort(), [0, 3]);
  assert.equal(get('deployments.apps', 'web').metadata.annotations['deployment.kubernetes.io/revision'], '2');
  await until(() => condition(get('deployments.apps', 'web'), 'Progressing')?.status.conditions.some(({ reason }) => reason === 'NewReplicaSetAvailable'));
  store.remove('deployments.apps', ns, 'web', { propagationPolicy: 'Foreground' });
  await gone('deployments.apps', 'web');
  assert.equal(store.list('pods', ns).filter(({ metadata }) => metadata.labels?.own === 'web').length, 0);
});

test('orphans stay, and are taken up', async () => {
  const mine = () => store.list('replicasets.apps', ns).filter(({ metadata }) => metadata.labels?.own === 'parent');
  make('deployments.apps', workload('Deployment', 'parent', { replicas: 1 }));
  await until(() => get('deployments.apps', 'parent').status.availableReplicas === 1);
  const [{ metadata: { uid } }] = mine();
  store.remove('deployments.apps', ns, 'parent', { propagationPolicy: 'Orphan' });
  await gone('deployments.apps', 'parent');
  await new Promise((done) => setTimeout(done, 30));
  assert.equal(mine()[0].metadata.ownerReferences, undefined);
  make('deployments.apps', workload('Deployment', 'parent', { replicas: 1 }));
  await until(() => get('deployments.apps', 'parent').status.availableReplicas === 1);
  assert.deepEqual(mine().map(({ metadata }) => metadata.uid), [uid]);
});

test('a broken template keeps the old pods, and the time to make progress runs out', async () => {
  make('deployments.apps', workload('Deployment', 'breaks', { replicas: 2, progressDeadlineSeconds: 1 }));
  await until(() => get('deployments.apps', 'breaks').status.availableReplicas === 2);
  edit('deployments.apps', 'breaks', (next) => next.spec.template.metadata.annotations = { 'test.mlstack.dev/fail': 'ImagePullBackOff' });
  await until(() => get('deployments.apps', 'breaks').status.conditions.some(({ reason }) => reason === 'ProgressDeadlineExceeded'));
  assert.equal(get('deployments.apps', 'breaks').status.availableReplicas, 2);
});

const claimTemplate = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } } };
const set = (name, more = {}) => workload('StatefulSet', name, { serviceName: name, replicas: 2, volumeClaimTemplates: [claimTemplate], ...more });

test('a StatefulSet goes one by one, keeps its claims, and is taken up again', async () => {
  make('statefulsets.apps', set('db'));
  await until(() => get('statefulsets.apps', 'db').status.readyReplicas === 2);
  const { uid } = get('pods', 'db-0').metadata;
  store.remove('statefulsets.apps', ns, 'db', { propagationPolicy: 'Orphan' });
  await gone('statefulsets.apps', 'db');
  make('statefulsets.apps', set('db'));
  await until(() => get('statefulsets.apps', 'db').status.readyReplicas === 2);
  assert.equal(get('pods', 'db-0').metadata.uid, uid);
  edit('statefulsets.apps', 'db', (next) => next.spec.template.spec.containers[0].image = 'i:2');
  await until(() => ['db-0', 'db-1'].every((name) => get('pods', name)?.spec.containers[0].image === 'i:2') && get('statefulsets.apps', 'db').status.currentRevision === get('statefulsets.apps', 'db').status.updateRevision);
  edit('statefulsets.apps', 'db', (next) => next.spec.replicas = 1);
  await gone('pods', 'db-1');
  assert.ok(get(claims, 'data-db-1'));
  store.remove('statefulsets.apps', ns, 'db');
  await gone('pods', 'db-0');
  assert.ok(get(claims, 'data-db-0'));
});

test('claims go by the policy of their StatefulSet', async () => {
  make('statefulsets.apps', set('temp', { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' } }));
  await until(() => get('statefulsets.apps', 'temp').status.readyReplicas === 2);
  edit('statefulsets.apps', 'temp', (next) => next.spec.replicas = 1);
  await gone(claims, 'data-temp-1');
  assert.ok(get(claims, 'data-temp-0'));
  store.remove('statefulsets.apps', ns, 'temp');
  await gone(claims, 'data-temp-0');
});

test('a StatefulSet stops at the first pod that does not come up', async () => {
  make('statefulsets.apps', set('stops', { replicas: 3, template: template({ 'test.mlstack.dev/fail': 'Unready' }) }));
  await until(() => get('pods', 'stops-0')?.status.phase === 'Running');
  await new Promise((done) => setTimeout(done, 30));
  assert.equal(get('pods', 'stops-1'), null);
});

test('a DaemonSet runs on every node', async () => {
  make('daemonsets.apps', workload('DaemonSet', 'agent', {}));
  const { status } = await until(() => get('daemonsets.apps', 'agent').status.numberAvailable === 2 && get('daemonsets.apps', 'agent'));
  assert.equal(status.desiredNumberScheduled, 2);
});

test('Jobs succeed, fail, count and wait', async () => {
  const never = template({}, { restartPolicy: 'Never' });
  make('jobs.batch', workload('Job', 'plain', { template: never }));
  await until(() => condition(get('jobs.batch', 'plain'), 'Complete'));
  make('jobs.batch', workload('Job', 'indexed', { completions: 5, parallelism: 2, completionMode: 'Indexed', template: never }));
  const { status } = await until(() => condition(get('jobs.batch', 'indexed'), 'Complete'));
  assert.deepEqual([status.completedIndexes, status.succeeded], ['0-4', 5]);
  make('jobs.batch', workload('Job', 'fails', { backoffLimit: 1, template: template({ 'test.mlstack.dev/fail': 'Error' }, { restartPolicy: 'Never' }) }));
  const failed = await until(() => condition(get('jobs.batch', 'fails'), 'Failed'));
  assert.deepEqual([failed.status.failed, failed.status.conditions.find(({ type }) => type === 'Failed').reason], [2, 'BackoffLimitExceeded']);
  make('jobs.batch', workload('Job', 'waits', { suspend: true, template: never }));
  await until(() => condition(get('jobs.batch', 'waits'), 'Suspended'));
  edit('jobs.batch', 'waits', (next) => next.spec.suspend = false);
  await until(() => condition(get('jobs.batch', 'waits'), 'Complete'));
  make('jobs.batch', workload('Job', 'works', { ttlSecondsAfterFinished: 0, template: template({ 'test.mlstack.dev/run': '40' }, { restartPolicy: 'Never' }) }));
  await until(() => get('jobs.batch', 'works').status.active === 1);
  await gone('jobs.batch', 'works');
});

test('completed indexes are written in ranges', () => {
  assert.equal(ranges([0, 1, 2, 4]), '0-2,4');
  assert.equal(ranges([3, 1, 0]), '0,1,3');
  assert.equal(ranges([]), '');
});

test('a namespace takes what is in it along, a stray goes by itself', async () => {
  store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'whole' } });
  await until(() => store.get('serviceaccounts', 'whole', 'default'));
  const own = (name, metadata = {}) => store.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'whole', ...metadata } });
  own('stray', { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'never', uid: '00000000-0000-0000-0000-000000000000' }] });
  await until(() => store.get('configmaps', 'whole', 'stray') === null);
  own('held', { finalizers: ['example.com/a'] });
  store.remove('namespaces', '', 'whole');
  await until(() => condition(store.get('namespaces', '', 'whole'), 'NamespaceFinalizersRemaining'));
  const held = structuredClone(store.get('configmaps', 'whole', 'held'));
  delete held.metadata.finalizers;
  store.update('configmaps', held);
  await until(() => store.get('namespaces', '', 'whole') === null);
});

test('when nothing happens, nothing is done', async () => {
  await new Promise((done) => setTimeout(done, 100));
  let events = 0;
  store.onEvent(({ resource }) => resource !== 'events' && resource !== 'pods' && ++events);
  await new Promise((done) => setTimeout(done, 100));
  assert.equal(events, 0);
});
