// What the server fills in before anything else sees an object: pkg/apis/*/v1/defaults.go of Kubernetes, for
// the kinds that stateful machine learning uses. Custom resources are pruned and defaulted by their schema.

import { prepareCreate, prepareUpdate } from './prepare.mjs';
import { defaultCustom } from './custom.mjs';
import { decodeProblem } from './decode.mjs';
import { inGoForm } from './go_forms.mjs';
import { emptyObject, isCustom, topologyOf } from './schema.mjs';
import { badRequest } from './status.mjs';
import { fieldTopology, isList, isMap } from './typed.mjs';

export { prepareCreate, prepareUpdate };

const rbacGroup = 'rbac.authorization.k8s.io';

function fill(object, values) {
  for (const [name, value] of Object.entries(values)) object[name] ??= value;
  return object;
}
const set = (object, name, value) => {
  if (!object[name]) object[name] = value;   // what Go cannot tell from unset
};

/** The tag of an image, as pkg/util/parsers reads it: none means latest, a digest or what is no reference none. */
function pullPolicy(image = '') {
  if (!/^([\w.-]+(:\d+)?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[\w][\w.-]*)?(@[\w.+:-]+)?$/.test(image)) return 'IfNotPresent';
  const last = image.slice(image.lastIndexOf('/') + 1);
  if (last.includes('@')) return 'IfNotPresent';
  const tag = last.includes(':') ? last.slice(last.indexOf(':') + 1) : 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function handler(action) {
  if (action?.httpGet) {
    set(action.httpGet, 'path', '/');
    set(action.httpGet, 'scheme', 'HTTP');
  }
  if (action?.grpc) action.grpc.service ??= '';
}

function probe(of) {
  if (!of) return;
  for (const [name, value] of [['timeoutSeconds', 1], ['periodSeconds', 10], ['successThreshold', 1], ['failureThreshold', 3]]) set(of, name, value);
  handler(of);
}

function container(of) {
  set(of, 'imagePullPolicy', pullPolicy(of.image));
  set(of, 'terminationMessagePath', '/dev/termination-log');
  set(of, 'terminationMessagePolicy', 'File');
  of.resources ??= {};
  for (const port of of.ports ?? []) set(port, 'protocol', 'TCP');
  fieldRefs((of.env ?? []).map(({ valueFrom }) => valueFrom ?? {}));
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) probe(of[name]);
  handler(of.lifecycle?.postStart);
  handler(of.lifecycle?.preStop);
}

const fieldRefs = (items) => {
  for (const { fieldRef, resourceFieldRef } of items ?? []) {
    if (fieldRef) set(fieldRef, 'apiVersion', 'v1');
    if (resourceFieldRef) fill(resourceFieldRef, { divisor: '0' });
  }
};

// Volume sources: what is filled in when the source is there.
const volumeSources = {
  secret: (of) => fill(of, { defaultMode: 420 }),
  configMap: (of) => fill(of, { defaultMode: 420 }),
  downwardAPI(of) {
    fill(of, { defaultMode: 420 });
    fieldRefs(of.items);
  },
  projected(of) {
    fill(of, { defaultMode: 420 });
    for (const source of of.sources ?? []) {
      if (source.serviceAccountToken) fill(source.serviceAccountToken, { expirationSeconds: 3600 });
      fieldRefs(source.downwardAPI?.items);
    }
  },
  hostPath: (of) => fill(of, { type: '' }),
  ephemeral(of) {
    const template = of.volumeClaimTemplate;
    if (!template) return;
    template.metadata ??= {};
    template.spec ??= {};
    claimSpec(template.spec);
  },
  image: (of) => set(of, 'pullPolicy', pullPolicy(of.reference)),
  iscsi: (of) => set(of, 'iscsiInterface', 'default'),
  rbd(of) {
    set(of, 'pool', 'rbd');
    set(of, 'user', 'admin');
    set(of, 'keyring', '/etc/ceph/keyring');
  },
  azureDisk: (of) => fill(of, { cachingMode: 'ReadWrite', kind: 'Shared', fsType: 'ext4', readOnly: false }),
};
function sources(of) {
  for (const [name, complete] of Object.entries(volumeSources)) if (of[name]) complete(of[name]);
}

function podSpec(spec) {
  set(spec, 'dnsPolicy', 'ClusterFirst');
  set(spec, 'restartPolicy', 'Always');
  fill(spec, { securityContext: {}, terminationGracePeriodSeconds: 30 });
  set(spec, 'schedulerName', 'default-scheduler');
  for (const of of allContainers(spec)) container(of);
  for (const volume of spec.volumes ?? []) {
    if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {};
    sources(volume);
  }
  // The two names of the account are one field (pkg/apis/core/v1/conversion.go).
  const account = spec.serviceAccountName ?? spec.serviceAccount;
  if (account) Object.assign(spec, { serviceAccountName: account, serviceAccount: account });
}
const allContainers = (spec) => [...spec.containers ?? [], ...spec.initContainers ?? [], ...spec.ephemeralContainers ?? []];

function template(of) {
  if (!of) return;
  of.metadata ??= {};
  of.spec ??= {};
  podSpec(of.spec);
}

/** What holds for a pod alone, not for templates: SetDefaults_Pod. */
function pod(object) {
  podSpec(object.spec);
  for (const of of [...object.spec.containers ?? [], ...object.spec.initContainers ?? []]) {
    if (of.resources.limits) of.resources.requests = { ...of.resources.limits, ...of.resources.requests };
    if (object.spec.hostNetwork) for (const port of of.ports ?? []) set(port, 'hostPort', port.containerPort);
  }
  const own = object.spec.resources;
  if (own?.limits) own.requests = { ...own.limits, ...own.requests };
  fill(object.spec, { enableServiceLinks: true });
}

function claimSpec(spec) {
  dataSources(spec);
  fill(spec, { resources: {}, volumeMode: 'Filesystem' });
}

function claim(object) {
  claimSpec(object.spec);
  set(object.status, 'phase', 'Pending');
}

function statefulSet({ spec }) {
  template(spec.template);
  spec.serviceName ??= '';
  set(spec, 'podManagementPolicy', 'OrderedReady');
  spec.updateStrategy ??= {};
  if (!spec.updateStrategy.type) {
    spec.updateStrategy.type = 'RollingUpdate';
    spec.updateStrategy.rollingUpdate ??= {};
  }
  if (spec.updateStrategy.type === 'RollingUpdate' && spec.updateStrategy.rollingUpdate) fill(spec.updateStrategy.rollingUpdate, { partition: 0 });
  const policy = spec.persistentVolumeClaimRetentionPolicy ??= {};
  set(policy, 'whenDeleted', 'Retain');
  set(policy, 'whenScaled', 'Retain');
  fill(spec, { replicas: 1, revisionHistoryLimit: 10 });
  for (const of of spec.volumeClaimTemplates ?? []) {
    set(of, 'apiVersion', 'v1');
    set(of, 'kind', 'PersistentVolumeClaim');
    fill(of, { metadata: {}, spec: {}, status: {} });
    claim(of);
  }
}

function deployment({ spec }) {
  template(spec.template);
  spec.strategy ??= {};
  set(spec.strategy, 'type', 'RollingUpdate');
  if (spec.strategy.type === 'RollingUpdate') spec.strategy.rollingUpdate = fill(spec.strategy.rollingUpdate ?? {}, { maxUnavailable: '25%', maxSurge: '25%' });
  fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
}

const templateGeneration = 'deprecated.daemonset.template.generation';   // pkg/apis/apps/v1/conversion.go
function daemonSet({ spec, metadata }) {
  template(spec.template);
  if (metadata.annotations?.[templateGeneration] === undefined) metadata.annotations = { ...metadata.annotations, [templateGeneration]: '1' };
  spec.updateStrategy ??= {};
  set(spec.updateStrategy, 'type', 'RollingUpdate');
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate = fill(spec.updateStrategy.rollingUpdate ?? {}, { maxUnavailable: 1, maxSurge: 0 });
  }
  fill(spec, { revisionHistoryLimit: 10 });
}

function job(object) {
  const { spec } = object;
  template(spec.template);
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  fill(spec, { parallelism: 1, backoffLimit: spec.backoffLimitPerIndex !== undefined ? 2147483647 : 6, completionMode: 'NonIndexed', suspend: false, manualSelector: false,
               podReplacementPolicy: spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed' });
  for (const rule of spec.podFailurePolicy?.rules ?? []) for (const condition of rule.onPodConditions ?? []) set(condition, 'status', 'True');
  const labels = spec.template?.metadata?.labels;
  if (labels && Object.keys(object.metadata.labels ?? {}).length === 0) object.metadata.labels = { ...labels };
}

function dataSources(spec) {
  for (const name of ['dataSource', 'dataSourceRef']) if (spec[name]) fill(spec[name], { apiGroup: null });
}

function cronJob({ spec }) {
  spec.jobTemplate ??= {};
  fill(spec.jobTemplate, { metadata: {}, spec: {} });
  spec.jobTemplate.spec.template ??= {};
  template(spec.jobTemplate.spec.template);
  set(spec, 'concurrencyPolicy', 'Allow');
  fill(spec, { suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 });
}

function service({ spec }) {
  set(spec, 'sessionAffinity', 'None');
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10800 } };
  }
  set(spec, 'type', 'ClusterIP');
  for (const port of spec.ports ?? []) {
    set(port, 'protocol', 'TCP');
    if (!port.targetPort) port.targetPort = port.port;
  }
  const balanced = spec.type === 'LoadBalancer';
  if (balanced || spec.type === 'NodePort' || spec.externalIPs?.length > 0) set(spec, 'externalTrafficPolicy', 'Cluster');
  if (spec.type !== 'ExternalName') fill(spec, { internalTrafficPolicy: 'Cluster' });
  if (balanced) fill(spec, { allocateLoadBalancerNodePorts: true });
}

// pkg/apis/autoscaling/v2/defaults.go
const cpuMetric = () => ({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } });
function autoscaler(object) {
  const { spec } = object;
  fill(spec, { minReplicas: 1 });
  if (object.apiVersion === 'autoscaling/v1') return;
  if (!(spec.metrics?.length > 0)) spec.metrics = [cpuMetric()];
  if (!spec.behavior) return;
  spec.behavior.scaleUp = fill(spec.behavior.scaleUp ?? {}, { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }] });
  spec.behavior.scaleDown = fill(spec.behavior.scaleDown ?? {}, { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] });
}

function networkPolicy({ spec }) {
  spec.podSelector ??= {};
  for (const rule of [...spec.ingress ?? [], ...spec.egress ?? []]) for (const port of rule.ports ?? []) set(port, 'protocol', 'TCP');
  if (!(spec.policyTypes?.length > 0)) spec.policyTypes = spec.egress?.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function binding(object) {
  if (object.roleRef) set(object.roleRef, 'apiGroup', rbacGroup);
  for (const subject of object.subjects ?? []) if (subject.kind === 'User' || subject.kind === 'Group') set(subject, 'apiGroup', rbacGroup);
}

function secret(object) {
  set(object, 'type', 'Opaque');
  // stringData is for writing alone (pkg/apis/core/v1/conversion.go).
  for (const [key, value] of Object.entries(object.stringData ?? {})) {
    object.data ??= {};
    object.data[key] = Buffer.from(value).toString('base64');
  }
  delete object.stringData;
}

function limitRange({ spec }) {
  for (const item of spec.limits ?? []) {
    if (item.type !== 'Container') continue;
    item.default = { ...item.max, ...item.default };
    item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
    for (const name of ['default', 'defaultRequest']) if (Object.keys(item[name]).length === 0) delete item[name];
  }
}

function definition({ spec }) {
  const { names } = spec;
  if (names?.kind) {
    set(names, 'singular', names.kind.toLowerCase());
    set(names, 'listKind', names.kind + 'List');
  }
  spec.conversion ??= { strategy: 'None' };
}

function webhooks(object) {
  for (const hook of object.webhooks ?? []) {
    fill(hook, { failurePolicy: 'Fail', matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {}, timeoutSeconds: 10 });
    if (object.kind === 'MutatingWebhookConfiguration') fill(hook, { reinvocationPolicy: 'Never' });
    if (hook.clientConfig?.service) fill(hook.clientConfig.service, { port: 443 });
    for (const rule of hook.rules ?? []) fill(rule, { scope: '*' });
  }
}

const kinds = {
  Pod: pod,
  PodTemplate: (object) => template(object.template),
  Deployment: deployment,
  StatefulSet: statefulSet,
  DaemonSet: daemonSet,
  ReplicaSet({ spec }) {
    template(spec.template);
    fill(spec, { replicas: 1 });
  },
  ReplicationController(object) {
    const { spec } = object;
    template(spec.template);
    fill(spec, { replicas: 1 });
    const labels = spec.template?.metadata.labels;
    if (labels) {
      spec.selector ??= { ...labels };
      object.metadata.labels ??= { ...labels };
    }
  },
  Job: job,
  CronJob: cronJob,
  PersistentVolumeClaim: claim,
  PersistentVolume({ spec, status }) {
    sources(spec);
    set(spec, 'persistentVolumeReclaimPolicy', 'Retain');
    fill(spec, { volumeMode: 'Filesystem' });
    set(status, 'phase', 'Pending');
  },
  StorageClass: (object) => fill(object, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  CSIDriver({ spec }) {
    fill(spec, { attachRequired: true, podInfoOnMount: false, storageCapacity: false, fsGroupPolicy: 'ReadWriteOnceWithFSType',
                 requiresRepublish: false, seLinuxMount: false });
    if (!(spec.volumeLifecycleModes?.length > 0)) spec.volumeLifecycleModes = ['Persistent'];
  },
  Service: service,
  Endpoints(object) {
    for (const subset of object.subsets ?? []) for (const port of subset.ports ?? []) set(port, 'protocol', 'TCP');
  },
  EndpointSlice(object) {
    for (const port of object.ports ?? []) {
      fill(port, { name: '' });
      set(port, 'protocol', 'TCP');
    }
  },
  HorizontalPodAutoscaler: autoscaler,
  NetworkPolicy: networkPolicy,
  RoleBinding: binding,
  ClusterRoleBinding: binding,
  Secret: secret,
  LimitRange: limitRange,
  PriorityClass: (object) => fill(object, { preemptionPolicy: 'PreemptLowerPriority' }),
  Namespace(object) {
    if (object.metadata.name) object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
    set(object.status, 'phase', 'Active');
  },
  Node(object) {
    if (object.status.capacity && !object.status.allocatable) object.status.allocatable = { ...object.status.capacity };
  },
  CustomResourceDefinition: definition,
  MutatingWebhookConfiguration: webhooks,
  ValidatingWebhookConfiguration: webhooks,
};

const visibleNulls = new Set(['rules', 'currentMetrics', 'conditions', 'firstTimestamp', 'lastTimestamp', 'eventTime', 'reportingComponent', 'reportingInstance']);

// Of the object that was there before anything was written, what stays visible: structs, and lists that Go
// writes as null.
function addStructs(object, empty) {
  for (const [name, value] of Object.entries(empty)) {
    if (value === null || value === '' || typeof value !== 'object') {
      const visible = typeof value === 'number' || typeof value === 'boolean' || visibleNulls.has(name);
      if (visible && object[name] === undefined) object[name] = value;
    } else if (object[name] === undefined) {
      addStructs(object[name] = {}, value);
    } else if (object[name] !== null && typeof object[name] === 'object') {
      addStructs(object[name], value);
    }
  }
}

// An entry of a list that is null is the zero value of its type in Go.
function withoutNullEntries(value, node) {
  if (isList(value) && node?.is === 'list') return value.map((entry) => entry === null ? zero(node.of) : withoutNullEntries(entry, node.of));
  if (!isMap(value) || node?.is !== 'map') return value;
  return Object.fromEntries(Object.entries(value).map(([name, below]) => [name, withoutNullEntries(below, fieldTopology(node, name))]));
}
const zero = (node) => node.is === 'map' ? {} : node.is === 'list' ? [] : node.type === 'string' ? '' : node.type === 'boolean' ? false : node.type === 'integer' || node.type === 'number' ? 0 : null;

/** The object with everything that the server fills in; `object` itself stays as it is. Refuses what Go cannot read. */
export function applyDefaults(object) {
  const { apiVersion, kind } = object;
  if (isCustom(apiVersion, kind)) return defaultCustom(object);
  const topology = topologyOf(apiVersion, kind);
  if (topology === undefined) return object;
  const problem = decodeProblem(object);
  if (problem !== undefined) throw badRequest(`${kind} in version "${apiVersion.split('/').pop()}" cannot be handled as a ${kind}: ${problem}`);
  const out = structuredClone(inGoForm(withoutNullEntries(object, topology), topology));
  addStructs(out, emptyObject(apiVersion, kind));
  kinds[kind]?.(out);
  return inGoForm(out, topology);
}
