// What the server fills in, against what real ones answer.

import assert from 'node:assert/strict';
import test from 'node:test';

import { applyDefaults, prepareCreate, prepareUpdate } from './defaults.mjs';
import { canonicalQuantity } from './quantity.mjs';
import { defaultClass, qosClass } from './prepare.mjs';
import { forgetCrd, learnCrd } from './schema.mjs';

const uid = '00000000-0000-4000-8000-000000000001';
const made = (object, context) => prepareCreate(applyDefaults({ ...object, metadata: { name: 'x', namespace: 'n', uid, ...object.metadata } }), context);
const podOf = (spec) => ({ apiVersion: 'v1', kind: 'Pod', spec });

test('quantities are canonical', () => {
  const pairs = { 1: '1', '0.5': '500m', '1000m': '1', '1024Mi': '1Gi', '1.5Gi': '1536Mi', '1e3': '1e3', '0.1Ki': '102400m', '5000000': '5M',
                  '1000Ki': '1000Ki', '0': '0', '2048': '2048', '100Ki': '100Ki', '.5': '500m', '1n': '1n' };
  for (const [text, canonical] of Object.entries(pairs)) assert.equal(canonicalQuantity(text), canonical, text);
  assert.equal(canonicalQuantity('0.0001', true), '1m');
});

test('a pod', () => {
  const { spec, status } = made(podOf({ hostNetwork: false, containers: [{
    name: 'c', image: 'r:5000/a/b', resources: { limits: { cpu: 0.5, memory: '1024Mi' } }, readinessProbe: { httpGet: { port: 80 } },
    ports: [{ containerPort: 80 }], volumeMounts: [{ name: 'v', mountPath: '/d', readOnly: false }],
    env: [{ name: 'e', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, { name: 'f', value: '' }],
  }], volumes: [{ name: 'v' }, { name: 's', secret: { secretName: 'x' } }, { name: 'h', hostPath: { path: '/h' } },
                { name: 'p', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
                { name: 'e', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } }] }), { tolerations: false });
  assert.deepEqual(spec, {
    containers: [{
      name: 'c', image: 'r:5000/a/b', imagePullPolicy: 'Always', terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File',
      resources: { limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } },
      readinessProbe: { httpGet: { port: 80, path: '/', scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
      ports: [{ containerPort: 80, protocol: 'TCP' }], volumeMounts: [{ name: 'v', mountPath: '/d' }],
      env: [{ name: 'e', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }, { name: 'f' }],
    }],
    volumes: [{ name: 'v', emptyDir: {} }, { name: 's', secret: { secretName: 'x', defaultMode: 420 } }, { name: 'h', hostPath: { path: '/h', type: '' } },
              { name: 'p', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }], defaultMode: 420 } },
              { name: 'e', ephemeral: { volumeClaimTemplate: { metadata: {}, spec: { accessModes: ['ReadWriteOnce'], resources: {}, volumeMode: 'Filesystem' } } } }],
    dnsPolicy: 'ClusterFirst', restartPolicy: 'Always', securityContext: {}, terminationGracePeriodSeconds: 30, schedulerName: 'default-scheduler',
    enableServiceLinks: true, priority: 0, preemptionPolicy: 'PreemptLowerPriority', serviceAccountName: 'default', serviceAccount: 'default',
  });
  assert.deepEqual(status, { phase: 'Pending', qosClass: 'Guaranteed' });
});

test('image pull policies', () => {
  const policy = (image) => applyDefaults(podOf({ containers: [{ name: 'c', image }] })).spec.containers[0].imagePullPolicy;
  assert.equal(policy('a'), 'Always');
  assert.equal(policy('a:latest'), 'Always');
  assert.equal(policy('a:1'), 'IfNotPresent');
  assert.equal(policy('host:5000/a'), 'Always');
  assert.equal(policy('a@sha256:' + 'a'.repeat(64)), 'IfNotPresent');
});

test('templates are pods without what pods alone have', () => {
  const { spec, status } = applyDefaults({ apiVersion: 'apps/v1', kind: 'StatefulSet', spec: {
    selector: { matchLabels: { a: 'b' } }, serviceName: 's', template: { spec: { containers: [{ name: 'c', image: 'i:1', resources: { limits: { cpu: '1' } } }] } },
    volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: { resources: { requests: { storage: '10Gi' } } } }] } });
  assert.deepEqual(spec.template.spec.containers[0].resources, { limits: { cpu: '1' } });
  assert.equal(spec.template.spec.enableServiceLinks, undefined);
  assert.deepEqual(spec.template.metadata, {});
  assert.deepEqual(spec.volumeClaimTemplates, [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'd' }, status: { phase: 'Pending' },
    spec: { resources: { requests: { storage: '10Gi' } }, volumeMode: 'Filesystem' } }]);
  assert.deepEqual(spec.updateStrategy, { type: 'RollingUpdate', rollingUpdate: { partition: 0 } });
  assert.deepEqual(spec.persistentVolumeClaimRetentionPolicy, { whenDeleted: 'Retain', whenScaled: 'Retain' });
  assert.deepEqual([spec.replicas, spec.revisionHistoryLimit, spec.podManagementPolicy], [1, 10, 'OrderedReady']);
  assert.deepEqual(status, { replicas: 0, availableReplicas: 0 });
});

test('a job gets a selector of its own', () => {
  const { spec, metadata } = made({ apiVersion: 'batch/v1', kind: 'Job', spec: { template: { metadata: { labels: { a: 'b' } }, spec: { restartPolicy: 'Never', containers: [] } } } });
  assert.deepEqual(spec.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } });
  assert.deepEqual(spec.template.metadata.labels, { a: 'b', 'controller-uid': uid, 'job-name': 'x', 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': 'x' });
  assert.deepEqual(metadata.labels, spec.template.metadata.labels);
  assert.deepEqual([spec.completions, spec.parallelism, spec.backoffLimit, spec.completionMode, spec.suspend, spec.podReplacementPolicy],
                   [1, 1, 6, 'NonIndexed', false, 'TerminatingOrFailed']);
  assert.equal(applyDefaults({ apiVersion: 'batch/v1', kind: 'Job', spec: { parallelism: 3, template: {} } }).spec.completions, undefined);
});

test('claims: class, mode, sources and protection', () => {
  const claim = (spec) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec });
  const classes = () => [{ metadata: { name: 'fast', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } }, { metadata: { name: 'slow' } }];
  const first = made(claim({ dataSource: { kind: 'PersistentVolumeClaim', name: 'o' } }), { classes, controllers: true });
  assert.deepEqual(first.spec, { resources: {}, volumeMode: 'Filesystem', storageClassName: 'fast',
    dataSource: { apiGroup: null, kind: 'PersistentVolumeClaim', name: 'o' }, dataSourceRef: { apiGroup: null, kind: 'PersistentVolumeClaim', name: 'o' } });
  assert.deepEqual(first.metadata.finalizers, ['kubernetes.io/pvc-protection']);
  assert.equal(made(claim({ storageClassName: '' }), { classes }).spec.storageClassName, '');
  assert.equal(made(claim({}), {}).metadata.finalizers, undefined);
  assert.equal(defaultClass([]), undefined);
});

test('services get addresses and keep them', () => {
  const service = (spec) => ({ apiVersion: 'v1', kind: 'Service', spec });
  const made1 = made(service({ ports: [{ port: 80 }], type: 'NodePort' }));
  assert.match(made1.spec.clusterIP, /^10\.96\.\d+\.\d+$/);
  assert.deepEqual(made1.spec.clusterIPs, [made1.spec.clusterIP]);
  assert.ok(made1.spec.ports[0].nodePort >= 30000);
  const after = applyDefaults(service({ ports: [{ port: 80 }], type: 'NodePort' }));
  prepareUpdate(made1, { ...after, metadata: made1.metadata });
  assert.deepEqual(after.spec, made1.spec);
  const headless = (selector) => made(service({ clusterIP: 'None', ports: [{ port: 80 }], selector })).spec;
  assert.deepEqual([headless().clusterIP, headless().clusterIPs, headless().ipFamilies], ['None', ['None'], ['IPv4', 'IPv6']]);
  assert.deepEqual([headless({ a: 'b' }).ipFamilyPolicy, headless({ a: 'b' }).ipFamilies], ['SingleStack', ['IPv4']]);
  assert.equal(made(service({ type: 'ExternalName', externalName: 'a.b' })).spec.clusterIP, undefined);
});

test('small kinds', () => {
  assert.deepEqual(applyDefaults({ apiVersion: 'v1', kind: 'Secret', stringData: { a: 'b' } }), { apiVersion: 'v1', kind: 'Secret', metadata: {}, type: 'Opaque', data: { a: 'Yg==' } });
  assert.deepEqual(applyDefaults({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { labels: {} } }),
                   { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: {}, rules: null });
  assert.deepEqual(applyDefaults({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', spec: { egress: [{ ports: [{ port: 1 }] }] } }).spec,
                   { podSelector: {}, egress: [{ ports: [{ port: 1, protocol: 'TCP' }] }], policyTypes: ['Ingress', 'Egress'] });
  const binding = applyDefaults({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', roleRef: { kind: 'Role', name: 'r' },
                                  subjects: [{ kind: 'User', name: 'u' }, { kind: 'ServiceAccount', name: 's' }] });
  assert.equal(binding.roleRef.apiGroup, 'rbac.authorization.k8s.io');
  assert.deepEqual(binding.subjects.map(({ apiGroup }) => apiGroup), ['rbac.authorization.k8s.io', undefined]);
  assert.deepEqual(applyDefaults({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: '' }, binaryData: {} }).data, { a: '' });
  assert.equal(applyDefaults({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'p' }).volumeBindingMode, 'Immediate');
});

test('defaulting twice changes nothing', () => {
  for (const object of [podOf({ containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v' }] }),
                        { apiVersion: 'apps/v1', kind: 'Deployment', spec: { template: { spec: { containers: [{ name: 'c' }] } } } }]) {
    const once = applyDefaults(object);
    assert.deepEqual(applyDefaults(once), once);
  }
});

test('quality of service', () => {
  const of = (resources) => qosClass({ containers: [{ resources }] });
  assert.equal(of({}), 'BestEffort');
  assert.equal(of({ requests: { cpu: '1' } }), 'Burstable');
  assert.equal(of({ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1024Mi' } }), 'Guaranteed');
});

test('custom resources are pruned and defaulted by their schema', () => {
  const crd = { metadata: { name: 'things.x.org' }, spec: { group: 'x.org', scope: 'Namespaced', names: { kind: 'Thing', plural: 'things' }, versions: [{
    name: 'v1', served: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: {
      a: { type: 'string', default: 'x' }, list: { type: 'array', items: { type: 'object', properties: { n: { type: 'integer', default: 3 } } } },
      free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } } } } }] } };
  learnCrd(crd);
  assert.deepEqual(applyDefaults({ apiVersion: 'x.org/v1', kind: 'Thing', metadata: { name: 't' }, spec: { a: null, b: 1, list: [{}], free: { x: { y: 1 } } } }).spec,
                   { a: 'x', list: [{ n: 3 }], free: { x: { y: 1 } } });
  forgetCrd(crd);
});
