// Ownership by the rules of structured-merge-diff, case by case.

import assert from 'node:assert/strict';
import test from 'node:test';

import { applyObject, updateManagedFields } from './fields.mjs';
import { FieldSet, compareElements } from './field_set.mjs';
import { learnCrd, forgetCrd, topologyOf } from './schema.mjs';

const early = '2026-01-01T00:00:00Z', late = '2026-01-01T00:00:09Z';

const map = (data, metadata = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', namespace: 'n', ...metadata }, data });
const apply = (live, applied, manager = 'a', more = {}) => applyObject({ live, applied, manager, now: early, ...more });
const fieldsOf = (object, manager, operation = 'Apply', subresource) => object.metadata.managedFields?.find((entry) =>
  entry.manager === manager && entry.operation === operation && entry.subresource === subresource)?.fieldsV1;

const container = (name, more = {}) => ({ name, image: name + ':1', ...more });
const deployment = (containers, more = {}) => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace: 'n' },
  spec: { selector: { matchLabels: { app: 'd' } }, template: { metadata: { labels: { app: 'd' } }, spec: { containers } }, ...more },
});

test('an apply that creates owns what it says and nothing of the identity', () => {
  const { object } = apply(null, map({ x: '1' }, { labels: { l: '1' }, annotations: {}, finalizers: ['a/b'] }));
  assert.deepEqual(object.metadata.managedFields, [{
    manager: 'a', operation: 'Apply', apiVersion: 'v1', time: early, fieldsType: 'FieldsV1',
    fieldsV1: { 'f:data': { 'f:x': {} }, 'f:metadata': { 'f:annotations': {}, 'f:finalizers': { 'v:"a/b"': {} }, 'f:labels': { 'f:l': {} } } },
  }]);
});

test('what is no longer applied goes, unless somebody else has it', () => {
  const first = apply(null, map({ x: '1', y: '2' })).object;
  const shared = apply(first, map({ y: '2' }), 'b').object;
  const left = apply(shared, map({}), 'a').object;
  assert.deepEqual(left.data, { y: '2' });
  assert.deepEqual(fieldsOf(left, 'a'), { 'f:data': {} });
  assert.deepEqual(fieldsOf(left, 'b'), { 'f:data': { 'f:y': {} } });
});

test('an applier that says nothing any more is no manager', () => {
  const first = apply(null, map({ x: '1' })).object;
  const { data, ...nothing } = map();
  const left = apply(first, nothing).object;
  assert.equal(left.data ?? null, null);
  assert.equal(left.metadata.managedFields, undefined);
});

test('another value of a field that others own is a conflict, field by field', () => {
  const live = apply(null, map({ x: '1', y: '1', z: '1' })).object;
  const one = apply(live, map({ x: '2' }), 'b');
  assert.deepEqual(one.conflicts, [{ manager: 'a', field: '.data.x', message: 'conflict with "a"' }]);
  assert.equal(one.message, 'Apply failed with 1 conflict: conflict with "a": .data.x');
  const two = apply(live, map({ x: '2', z: '2', y: '1' }), 'b');
  assert.equal(two.message, 'Apply failed with 2 conflicts: conflicts with "a":\n- .data.x\n- .data.z');
  const same = apply(live, map({ x: '1' }), 'b');
  assert.deepEqual(fieldsOf(same.object, 'b'), { 'f:data': { 'f:x': {} } });
});

test('force takes the field, and leaves the rest', () => {
  const live = apply(null, map({ x: '1', y: '1' })).object;
  const { object } = apply(live, map({ x: '2' }), 'b', { force: true, now: late });
  assert.deepEqual(object.data, { x: '2', y: '1' });
  assert.deepEqual(fieldsOf(object, 'a'), { 'f:data': { 'f:y': {} } });
  assert.deepEqual(fieldsOf(object, 'b'), { 'f:data': { 'f:x': {} } });
});

test('the conflict with an updater names its version and subresource', () => {
  const live = updateManagedFields({ before: null, after: map({ x: '1' }), manager: 'kubectl-edit', now: early });
  assert.equal(apply(live, map({ x: '2' }), 'b').conflicts[0].message, 'conflict with "kubectl-edit" using v1');
});

test('no-ops leave the times alone', () => {
  const live = apply(null, map({ x: '1' })).object;
  assert.deepEqual(apply(live, map({ x: '1' }), 'a', { now: late }).object, live);
});

test('an object from before managed fields belongs to before-first-apply', () => {
  const live = map({ x: '1' });
  const { object } = apply(live, map({ y: '1' }));
  assert.deepEqual(fieldsOf(object, 'before-first-apply', 'Update'), { 'f:data': { '.': {}, 'f:x': {} } });
  assert.deepEqual(fieldsOf(object, 'a'), { 'f:data': { 'f:y': {} } });
  assert.equal(apply(live, map({ x: '2' })).conflicts[0].manager, 'before-first-apply');
});

test('kubectl takes over what its annotation says that it applied', () => {
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(map({ x: '1' })) };
  const live = updateManagedFields({ before: null, after: map({ x: '1' }, { annotations }), manager: 'kubectl-client-side-apply', now: early });
  assert.ok(apply(live, map({ x: '2' }), 'kubectl').object);
  assert.ok(apply(live, map({ x: '2' }), 'other').conflicts);
});

test('lists that are maps merge by their keys', () => {
  const live = apply(null, deployment([container('one'), container('two')])).object;
  const { object } = apply(live, deployment([container('three', { ports: [{ containerPort: 80 }] })]), 'b');
  assert.deepEqual(object.spec.template.spec.containers.map(({ name }) => name), ['one', 'two', 'three']);
  assert.deepEqual(fieldsOf(object, 'b')['f:spec']['f:template']['f:spec'], { 'f:containers': { 'k:{"name":"three"}': {
    '.': {}, 'f:image': {}, 'f:name': {}, 'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } } } } });
  const gone = apply(object, deployment([container('two')])).object;
  assert.deepEqual(gone.spec.template.spec.containers.map(({ name }) => name), ['two', 'three']);
});

test('a removed entry stays where another owns a field of it, with that field', () => {
  const live = apply(null, deployment([container('one'), container('two', { workingDir: '/w' })])).object;
  const shared = apply(live, deployment([{ name: 'two', tty: true }]), 'b').object;
  const left = apply(shared, deployment([container('one')])).object;
  assert.deepEqual(left.spec.template.spec.containers, [container('one'), { name: 'two', tty: true }]);
});

test('sets and atomic lists', () => {
  const claim = (accessModes, finalizers) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c', finalizers }, spec: { accessModes } });
  const live = apply(null, claim(['ReadWriteOnce'], ['x/a'])).object;
  const next = apply(live, claim(['ReadWriteOnce'], ['x/b']), 'b').object;
  assert.deepEqual(next.metadata.finalizers, ['x/a', 'x/b']);
  assert.deepEqual(fieldsOf(next, 'b'), { 'f:metadata': { 'f:finalizers': { 'v:"x/b"': {} } }, 'f:spec': { 'f:accessModes': {} } });
  assert.deepEqual(apply(next, claim(['ReadOnlyMany'], []), 'b').conflicts.map(({ field }) => field), ['.spec.accessModes']);
});

test('atomic maps and structs are one field', () => {
  const live = apply(null, deployment([container('one')])).object;
  assert.deepEqual(fieldsOf(live, 'a')['f:spec']['f:selector'], {});
  const other = deployment([]);
  other.spec = { selector: { matchLabels: { app: 'd', more: '1' } } };
  assert.deepEqual(apply(live, other, 'b').conflicts.map(({ field }) => field), ['.spec.selector']);
});

test('entries in messages', () => {
  const live = apply(null, deployment([container('one', { ports: [{ containerPort: 80, name: 'a' }] })])).object;
  const other = deployment([container('one', { image: 'x', ports: [{ containerPort: 80, name: 'b' }] })]);
  assert.deepEqual(apply(live, other, 'b').conflicts.map(({ field }) => field), [
    '.spec.template.spec.containers[name="one"].image',
    '.spec.template.spec.containers[name="one"].ports[containerPort=80,protocol="TCP"].name']);
});

test('the applied order wins, and what only the object has keeps its place', () => {
  const order = (live, applied) => apply(apply(null, deployment([...live].map((name) => container(name)))).object,
    deployment([...applied].map((name) => container(name))), 'b').object.spec.template.spec.containers.map(({ name }) => name).join('');
  assert.equal(order('abc', 'cb'), 'acb');
  assert.equal(order('abcd', 'dx'), 'abcdx');
  assert.equal(order('ab', 'xb'), 'axb');
  assert.equal(order('abc', 'abc'), 'abc');
});

test('an update owns what it changed and takes it from all others', () => {
  const live = apply(null, map({ x: '1', y: '1' })).object;
  const { data, ...rest } = live;
  const next = updateManagedFields({ before: live, after: { ...rest, data: { x: '2', z: '1' } }, manager: 'u', now: late });
  assert.deepEqual(fieldsOf(next, 'u', 'Update'), { 'f:data': { 'f:x': {}, 'f:z': {} } });
  assert.equal(fieldsOf(next, 'a'), undefined);
  const again = updateManagedFields({ before: next, after: { ...next, data: { x: '2', z: '3' } }, manager: 'u', now: late });
  assert.deepEqual(fieldsOf(again, 'u', 'Update'), { 'f:data': { 'f:x': {}, 'f:z': {} } });
});

test('an update that creates owns containers of pointers as such, and no struct', () => {
  const created = updateManagedFields({ before: null, manager: 'u', now: early,
    after: { ...deployment([container('one', { resources: {} })], { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } }), status: {} } });
  assert.deepEqual(fieldsOf(created, 'u', 'Update'), { 'f:spec': {
    'f:selector': {},
    'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} }, 'f:type': {} },
    'f:template': { 'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
                    'f:spec': { 'f:containers': { 'k:{"name":"one"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:resources': {} } } } } } });
});

test('an update that changes nothing leaves no trace', () => {
  const live = apply(null, map({ x: '1' })).object;
  assert.deepEqual(updateManagedFields({ before: live, after: structuredClone(live), manager: 'u', now: late }), live);
});

test('status belongs to writers of the status alone', () => {
  const live = updateManagedFields({ before: null, after: { ...deployment([container('one')]), status: {} }, manager: 'u', now: early });
  const observed = { ...live, status: { replicas: 1 } };
  const next = updateManagedFields({ before: live, after: observed, manager: 'controller', subresource: 'status', now: late });
  assert.deepEqual(fieldsOf(next, 'controller', 'Update', 'status'), { 'f:status': { 'f:replicas': {} } });
  const through = updateManagedFields({ before: live, after: observed, manager: 'v', now: late });
  assert.equal(fieldsOf(through, 'v', 'Update'), undefined);
});

test('managed fields can be reset by writing an empty list', () => {
  const live = apply(null, map({ x: '1' })).object;
  const reset = { ...live, metadata: { ...live.metadata, managedFields: [{}] } };
  assert.equal(updateManagedFields({ before: live, after: reset, manager: 'u', now: late }).metadata.managedFields, undefined);
});

test('more than ten updaters are told together', () => {
  let live = updateManagedFields({ before: null, after: map({ k0: '1' }), manager: 'u00', now: early });
  for (let i = 1; i < 13; ++i) {
    const after = { ...live, data: { ...live.data, ['k' + i]: '1' } };
    live = updateManagedFields({ before: live, after, manager: 'u' + String(i).padStart(2, '0'), now: `2026-01-01T00:01:${10 + i}Z` });
  }
  assert.equal(live.metadata.managedFields.length, 10);
  assert.deepEqual(fieldsOf(live, 'ancient-changes', 'Update')['f:data'], { '.': {}, 'f:k0': {}, 'f:k1': {}, 'f:k2': {}, 'f:k3': {} });
});

test('entries are sorted: appliers, then updaters, by time and name', () => {
  let live = updateManagedFields({ before: null, after: map({ x: '1' }), manager: 'u', now: early });
  live = apply(live, map({ y: '1' }), 'z', { now: early }).object;
  live = apply(live, map({ w: '1' }), 'b', { now: late }).object;
  assert.deepEqual(live.metadata.managedFields.map(({ manager }) => manager), ['z', 'b', 'u']);
});

test('what a type does not have is refused by name', () => {
  assert.throws(() => apply(null, deployment([container('one')], { replica: 1 })), { message: '.spec.replica: field not declared in schema' });
  assert.throws(() => apply(null, deployment([container('one'), container('one')])),
                { message: '.spec.template.spec.containers: duplicate entries for key [name="one"]' });
});

test('custom resources merge by their schema', () => {
  const crd = { metadata: { name: 'things.x.org' }, spec: { group: 'x.org', scope: 'Namespaced', names: { kind: 'Thing', plural: 'things' }, versions: [{
    name: 'v1', served: true, subresources: { status: {} }, schema: { openAPIV3Schema: { type: 'object', properties: {
      spec: { type: 'object', properties: {
        ports: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['port', 'protocol'],
                 items: { type: 'object', properties: { port: { type: 'integer' }, protocol: { type: 'string', default: 'UDP' } } } },
        tags: { type: 'array', items: { type: 'string' } },
        where: { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: { type: 'string' } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } },
      status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } } }] } };
  learnCrd(crd);
  const thing = (spec) => ({ apiVersion: 'x.org/v1', kind: 'Thing', metadata: { name: 't' }, spec });
  const { object } = apply(null, thing({ ports: [{ port: 1 }], tags: ['a'], where: { a: 'b' }, free: { deep: { er: 1 }, list: [1] } }));
  assert.deepEqual(fieldsOf(object, 'a'), { 'f:spec': {
    'f:free': { 'f:deep': { '.': {}, 'f:er': {} }, 'f:list': {} }, 'f:ports': { 'k:{"port":1,"protocol":"UDP"}': { '.': {}, 'f:port': {} } },
    'f:tags': {}, 'f:where': {} } });
  const created = updateManagedFields({ before: null, after: thing({ tags: ['a'] }), manager: 'u', now: early });
  assert.deepEqual(fieldsOf(created, 'u', 'Update'), { 'f:spec': { '.': {}, 'f:tags': {} } });
  forgetCrd(crd);
  assert.equal(topologyOf('x.org/v1', 'Thing'), undefined);
});

test('sets survive their own writing, in the order of the real ones', () => {
  const set = FieldSet.of(['f:a'], ['f:a', 'f:b'], ['f:c', 'k:{"n":10}', 'f:d'], ['f:c', 'k:{"n":9}'], ['f:c', 'v:"x"']);
  assert.ok(FieldSet.fromFieldsV1(JSON.parse(JSON.stringify(set.toFieldsV1()))).equals(set));
  assert.deepEqual(['v:1', 'k:{"n":10}', 'f:z', 'k:{"n":9}', 'f:a'].sort(compareElements), ['f:a', 'f:z', 'k:{"n":9}', 'k:{"n":10}', 'v:1']);
});
