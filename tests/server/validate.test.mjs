// Refusals in the words of a real server (1.35), case by case.

import assert from 'node:assert/strict';
import test from 'node:test';

import { applyDefaults, prepareCreate } from './defaults.mjs';
import { unified } from './go_diff.mjs';
import { forgetCrd, learnCrd } from './schema.mjs';
import { decodeProblem, unknownFields, validateCreate, validateUpdate } from './validate.mjs';

const made = (object) => prepareCreate(applyDefaults({ ...object, metadata: { name: 'x', namespace: 'n', uid: 'u-1', ...object.metadata } }), {});
const found = (object) => validateCreate(made(object), {}).map(({ field, message }) => `${field}: ${message}`);
const changed = (object, change, context = {}) => {
  const before = made(object), after = structuredClone(before);
  change(after);
  return validateUpdate(before, applyDefaults(after), context).map(({ field, message }) => `${field}: ${message}`);
};

const container = (more = {}) => ({ name: 'c', image: 'i:1', ...more });
const template = (spec = {}) => ({ metadata: { labels: { a: 'b' } }, spec: { containers: [container()], ...spec } });
const claim = (spec = {}, metadata = {}) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata,
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 's', resources: { requests: { storage: '10Gi' } }, ...spec } });
const volume = (spec) => ({ apiVersion: 'v1', kind: 'PersistentVolume', spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...spec } });
const pod = (spec) => ({ apiVersion: 'v1', kind: 'Pod', spec: { containers: [container()], ...spec } });
const workload = (kind, spec) => ({ apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1', kind, spec: { ...(kind !== 'Job' && { selector: { matchLabels: { a: 'b' } } }), template: template(), ...spec } });
const job = (spec) => workload('Job', { template: template({ restartPolicy: 'Never' }), ...spec });

test('good objects pass', () => {
  for (const object of [claim(), volume({ hostPath: { path: '/x' } }), pod(), workload('Deployment'), workload('StatefulSet', { serviceName: 's' }), workload('DaemonSet'), workload('ReplicaSet'), job(),
    { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 80 }] } }, { apiVersion: 'v1', kind: 'ConfigMap', data: { 'a.b': '' } }]) {
    assert.deepEqual(found(object), [], object.kind);
  }
});

test('metadata', () => {
  assert.deepEqual(found(claim({}, { name: 'A' })), ["metadata.name: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"]);
  assert.deepEqual(found(claim({}, { finalizers: ['a', 'b.c/d', 'kubernetes'] })), ['metadata.finalizers[0]: Invalid value: "a": name is neither a standard finalizer name nor is it fully qualified']);
  assert.match(found(claim({}, { labels: { x: 'a b' } }))[0], /^metadata\.labels: Invalid value: "a b": a valid label must be an empty string or/);
  assert.deepEqual(found(claim({}, { annotations: { a: 'x'.repeat(262144) } })), ['metadata.annotations: Too long: may not be more than 262144 bytes']);
  assert.deepEqual(found({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'system:a' } }), []);
});

test('claims and volumes', () => {
  assert.deepEqual(found(claim({ accessModes: ['RWO'] })), ['spec.accessModes: Unsupported value: "RWO": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"']);
  assert.deepEqual(found(claim({ resources: {} })), ['spec.resources[storage]: Required value']);
  assert.deepEqual(found(claim({ resources: { requests: { storage: '0' } } })), ['spec.resources[storage]: Invalid value: "0": must be greater than zero']);
  assert.deepEqual(found(volume({})), ['spec: Required value: must specify a volume type']);
  assert.deepEqual(found(volume({ hostPath: { path: '/x' }, nfs: { server: 's', path: '/x' } })), ['spec.nfs: Forbidden: may not specify more than 1 volume type']);
  assert.deepEqual(found(volume({ local: { path: '/x' } })), ['spec.nodeAffinity: Required value: Local volume requires node affinity']);
});

test('pods', () => {
  assert.deepEqual(found(pod({ containers: [container({ volumeMounts: [{ name: 'q', mountPath: '/x' }] })] })), ['spec.containers[0].volumeMounts[0].name: Not found: "q"']);
  assert.deepEqual(found(pod({ containers: [container({ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } })] })), ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1']);
  assert.deepEqual(found(pod({ containers: [container({ resources: { requests: { 'nvidia.com/gpu': 1 } } })] })), ['spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources']);
  assert.deepEqual(found(pod({ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/x' } }] })), ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type']);
  assert.deepEqual(found(pod({ containers: [container(), container()] })), ['spec.containers[1].name: Duplicate value: "c"']);
});

test('workloads', () => {
  assert.deepEqual(found(workload('Deployment', { selector: { matchLabels: { a: 'c' } } })), ['spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`']);
  assert.deepEqual(found(workload('Deployment', { template: template({ restartPolicy: 'Never' }) })), ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"']);
  assert.deepEqual(found(workload('Job')), ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']);
  assert.deepEqual(found(workload('StatefulSet', { volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }],
    template: template({ containers: [container({ volumeMounts: [{ name: 'd', mountPath: '/d' }] })] }) })), []);
});

test('a claim is frozen but for growth once it is bound', () => {
  assert.deepEqual(changed(claim(), (after) => after.spec.storageClassName = 't'), [`spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims
@@ -10,7 +10,7 @@
   }
  },
  "VolumeName": "",
- "StorageClassName": "s",
+ "StorageClassName": "t",
  "VolumeMode": "Filesystem",
  "DataSource": null,
  "DataSourceRef": null,
`]);
  const bound = { ...claim(), status: {} };
  const grow = (storage, capacity) => {
    const before = { ...made(bound), status: { phase: 'Bound', capacity: { storage: capacity } } };
    const after = structuredClone(before);
    after.spec.resources.requests.storage = storage;
    return validateUpdate(before, after, { kubernetes: '1.35' }).map(({ message }) => message);
  };
  assert.deepEqual(grow('20Gi', '10Gi'), []);
  assert.deepEqual(grow('5Gi', '10Gi'), ['Forbidden: field can not be less than status.capacity']);
  assert.equal(changed(claim(), (after) => after.spec.resources.requests.storage = '20Gi').length, 1);
  assert.deepEqual(changed(claim(), (after) => after.spec.resources.requests.storage = '10240Mi'), []);
  assert.deepEqual(changed(claim(), (after) => after.spec.volumeName = 'v'), []);
});

test('what else is frozen', () => {
  const one = (object, change) => changed(object, change).join('\n');
  assert.match(one(volume({ hostPath: { path: '/x' } }), (after) => after.spec.hostPath.path = '/y'), /^spec\.persistentvolumesource: Forbidden: spec\.persistentvolumesource is immutable after creation\n@@ -2,7 \+2,7 @@\n/);
  assert.equal(one({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'p' }, (after) => after.parameters = { a: 'b' }), 'parameters: Forbidden: updates to parameters are forbidden.');
  assert.equal(one({ apiVersion: 'v1', kind: 'ConfigMap', immutable: true, data: { a: 'b' } }, (after) => after.data.a = 'c'), 'data: Forbidden: field is immutable when `immutable` is set');
  assert.equal(one(workload('StatefulSet', { serviceName: 's' }), (after) => after.spec.serviceName = 't'),
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
  assert.equal(one(workload('StatefulSet', { serviceName: 's' }), (after) => after.spec.replicas = 5), '');
  assert.match(one(job(), (after) => after.spec.template.spec.containers[0].image = 'j'), /^spec\.template: Invalid value: .*: field is immutable$/);
  assert.equal(one(job({ completions: 2 }), (after) => after.spec.completions = 3), 'spec.completions: Invalid value: 3: field is immutable');
  assert.equal(one(job({ suspend: true }), (after) => after.spec.template.spec.nodeSelector = { a: 'b' }), '');
  assert.match(one(pod(), (after) => after.spec.nodeSelector = { a: 'b' }), /^spec: Forbidden: pod updates may not change fields other than/);
  assert.equal(one({ apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 80 }] } }, (after) => after.spec.clusterIP = '10.0.0.9'), 'spec.clusterIPs[0]: Invalid value: ["10.0.0.9"]: may not change once set');
});

test('unknown fields and what cannot be read', () => {
  assert.deepEqual(unknownFields(pod({ foo: 1, containers: [container({ bar: 2 })] })), ['spec.containers[0].bar', 'spec.foo']);
  assert.equal(decodeProblem(claim({ resources: { requests: { storage: '10GB' } } })), "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  assert.match(decodeProblem(workload('Deployment', { replicas: 'x' })), /^json: cannot unmarshal string into Go struct field /);
  assert.equal(decodeProblem(pod()), undefined);
});

test('custom resources are held against their schema', () => {
  const crd = { metadata: { name: 'things.x.org' }, spec: { group: 'x.org', scope: 'Namespaced', names: { kind: 'Thing', plural: 'things' }, versions: [{
    name: 'v1', served: true, schema: { openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec: { type: 'object', required: ['a'], properties: {
      a: { type: 'string', enum: ['x', 'y'] }, n: { type: 'integer', minimum: 1 } } } } } } }] } };
  learnCrd(crd);
  const thing = (spec) => validateCreate({ apiVersion: 'x.org/v1', kind: 'Thing', metadata: { name: 't' }, spec }).map(({ field, message }) => `${field}: ${message}`);
  assert.deepEqual(thing({ a: 'x', n: 1 }), []);
  assert.deepEqual(thing({ n: 0 }), ['spec.a: Required value', 'spec.n: Invalid value: 0: spec.n in body should be greater than or equal to 1']);
  assert.deepEqual(thing({ a: 'z' }), ['spec.a: Unsupported value: "z": supported values: "x", "y"']);
  assert.deepEqual(thing({ a: 1 }), ['spec.a: Invalid value: "integer": spec.a in body must be of type string: "integer"']);
  forgetCrd(crd);
});

test('diffs', () => {
  const lines = [...'abcdefghij'];
  assert.equal(unified(lines, lines), '');
  assert.equal(unified(lines, lines.map((line) => line === 'e' ? 'X' : line)), '@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+X\n f\n g\n h\n');
});
