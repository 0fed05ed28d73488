// What strategies (pkg/registry, strategy.go) and built-in admission add to an object behind defaulting: what is
// generated, allocated or taken from other objects. Everything here leaves alone what is there already.

import { same } from './findings.mjs';
import { nanosOf } from './quantity.mjs';

/**
 * In place; metadata.uid is set. `context`: {now, controllers: whether something removes finalizers again,
 * classes: () => StorageClasses, tolerations: false to leave pods without the default ones}.
 */
export function prepareCreate(object, context = {}) {
  creations[object.kind]?.(object, context);
  return object;
}

/** In place in `after`. */
export function prepareUpdate(before, after, context = {}) {
  updates[after.kind]?.(before, after, context);
  return after;
}

function addFinalizer(object, name, context) {
  if (!context.controllers) return;
  const finalizers = object.metadata.finalizers ??= [];
  if (!finalizers.includes(name)) finalizers.push(name);
}

const timeText = (now) => (now instanceof Date ? now : new Date(now ?? Date.now())).toISOString().replace(/\.\d+Z$/, 'Z');

// Numbers from the uid: another object has another, without a list of what is taken.
function hash(text) {
  let out = 2166136261;
  for (let i = 0; i < text.length; ++i) out = Math.imul(out ^ text.charCodeAt(i), 16777619) >>> 0;
  return out;
}

// pkg/registry/batch/job/strategy.go, generateSelector
function job(object, context) {
  const { spec, metadata } = object;
  if (spec.manualSelector) return;
  // Defaulting may have made one map of both, and then both have them.
  const shared = JSON.stringify(metadata.labels ?? {}) === JSON.stringify(spec.template.metadata.labels ?? {});
  const labels = spec.template.metadata.labels ??= {};
  const own = { 'controller-uid': metadata.uid, 'job-name': metadata.name, 'batch.kubernetes.io/controller-uid': metadata.uid, 'batch.kubernetes.io/job-name': metadata.name };
  for (const [name, value] of Object.entries(own)) labels[name] ??= value;
  if (shared && context.aliased !== false) metadata.labels = { ...labels };
  spec.selector ??= {};
  spec.selector.matchLabels = { 'batch.kubernetes.io/controller-uid': metadata.uid, ...spec.selector.matchLabels };
}

// pkg/registry/core/service/storage/alloc.go
function service(object) {
  const { spec, metadata } = object;
  if (spec.type === 'ExternalName') return;
  if (spec.clusterIP === undefined && spec.clusterIPs === undefined) {
    const number = hash(metadata.uid);
    spec.clusterIP = `10.96.${number >>> 8 & 255}.${(number & 255) || 1}`;
  }
  spec.clusterIP ??= spec.clusterIPs[0];
  spec.clusterIPs ??= [spec.clusterIP];
  // Without a selector a headless service is of whatever family its endpoints are.
  const open = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= open ? 'RequireDualStack' : 'SingleStack';
  spec.ipFamilies ??= open ? ['IPv4', 'IPv6'] : [spec.clusterIP.includes(':') ? 'IPv6' : 'IPv4'];
  if (spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts)) {
    spec.ports?.forEach((port, i) => port.nodePort ??= 30000 + (hash(metadata.uid + i) % 2768));
  }
}

// Data sources have two names; by the older one, what it does not know is dropped (pkg/api/persistentvolumeclaim/util.go).
function dataSources(spec) {
  if (spec.dataSource && !spec.dataSourceRef) {
    const { apiGroup, kind } = spec.dataSource;
    const known = (!apiGroup && kind === 'PersistentVolumeClaim') || (apiGroup === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot');
    if (known) spec.dataSourceRef = { ...spec.dataSource };
    else delete spec.dataSource;
  } else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    spec.dataSource = { ...spec.dataSourceRef };
  }
}

const isDefaultClass = ({ metadata }) => ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']
  .some((name) => metadata.annotations?.[name] === 'true');

/** The class that claims without one get: the newest, then the first by name (pkg/volume/util/storageclass.go). */
export function defaultClass(classes) {
  return classes.filter(isDefaultClass).sort((a, b) => compare(b.metadata.creationTimestamp, a.metadata.creationTimestamp) || compare(a.metadata.name, b.metadata.name))[0];
}
const compare = (a = '', b = '') => a < b ? -1 : a > b ? 1 : 0;

function claim(object, context) {
  const { spec, metadata } = object;
  dataSources(spec);
  if (spec.storageClassName === undefined && metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] === undefined) {
    const found = defaultClass(context.classes?.() ?? []);
    if (found) spec.storageClassName = found.metadata.name;
  }
  addFinalizer(object, 'kubernetes.io/pvc-protection', context);
}

/** pkg/apis/core/v1/helper/qos: by requests and limits of cpu and memory of all containers. */
export function qosClass(spec) {
  const containers = [...spec.containers ?? [], ...spec.initContainers ?? []];
  const of = (container, name) => Object.entries(container.resources?.[name] ?? {}).filter(([key, value]) => (key === 'cpu' || key === 'memory') && nanosOf(value) > 0n);
  if (containers.every((container) => of(container, 'requests').length === 0 && of(container, 'limits').length === 0)) return 'BestEffort';
  const guaranteed = containers.every((container) => {
    const limits = new Map(of(container, 'limits')), requests = new Map(of(container, 'requests'));
    return limits.size === 2 && [...requests].every(([key, value]) => nanosOf(limits.get(key)) === nanosOf(value));
  });
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function pod(object, context) {
  const { spec } = object;
  object.status = { phase: 'Pending', qosClass: qosClass(spec) };
  if (spec.schedulingGates?.length > 0) {
    object.status.conditions = [{ type: 'PodScheduled', status: 'False', lastProbeTime: null, lastTransitionTime: timeText(context.now), reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' }];
  }
  spec.priority ??= 0;
  spec.preemptionPolicy ??= 'PreemptLowerPriority';
  spec.serviceAccountName ??= 'default';
  spec.serviceAccount ??= spec.serviceAccountName;
  if (context.tolerations !== false) tolerate(spec);
}

// DefaultTolerationSeconds, on updates too: an apply of tolerations replaces the whole list.
function tolerate(spec) {
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const covered = spec.tolerations?.some((own) => (!own.key || own.key === key) && (!own.effect || own.effect === 'NoExecute'));
    if (!covered) (spec.tolerations ??= []).push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
}

const creations = {
  Job: job,
  Pod: pod,
  Service: service,
  PersistentVolumeClaim: claim,
  VolumeAttributesClass: (object, context) => addFinalizer(object, 'kubernetes.io/vac-protection', context),
  PersistentVolume(object, context) {
    object.status = { phase: 'Pending', lastPhaseTransitionTime: timeText(context.now) };
    addFinalizer(object, 'kubernetes.io/pv-protection', context);
  },
  Namespace(object) {
    object.spec.finalizers ??= ['kubernetes'];
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
  },
};

const updates = {
  Pod(before, after, context) {
    if (context.tolerations !== false) tolerate(after.spec);
  },
  // An update that leaves out what was allocated keeps it (patchAllocatedValues).
  Service(before, after, context) {
    const old = before.spec, spec = after.spec;
    if (spec.type === 'ExternalName') {
      for (const name of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) delete spec[name];
      return;
    }
    if (old.type !== 'ExternalName') {
      for (const name of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'healthCheckNodePort']) if (spec[name] === undefined && old[name] !== undefined) spec[name] = old[name];
    }
    const used = (port) => old.ports?.find((own) => own.port === port.port && own.protocol === port.protocol)?.nodePort;
    if (spec.type !== 'ClusterIP') for (const port of spec.ports ?? []) if (port.nodePort === undefined && used(port)) port.nodePort = used(port);
    service(after, context);
    const outside = ({ type, externalIPs }) => type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && externalIPs?.length > 0);
    if (outside(old) && !outside(spec) && old.externalTrafficPolicy === spec.externalTrafficPolicy) delete spec.externalTrafficPolicy;
  },
  PersistentVolumeClaim: (before, after) => dataSources(after.spec),
  // Its pods carry the number as a label; an update that says another one is not heard.
  DaemonSet(before, after) {
    const name = 'deprecated.daemonset.template.generation', old = Number(before.metadata.annotations?.[name] ?? 1);
    after.metadata.annotations = { ...after.metadata.annotations, [name]: String(same(before.spec.template, after.spec.template) ? old : old + 1) };
  },
};
