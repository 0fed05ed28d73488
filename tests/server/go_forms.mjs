// A built-in object passes through a Go struct: nulls and empty optional values are not written again,
// quantities are canonical. What remains is decided by whether the field is a pointer, which JSON does not show:
// the tables here name the exceptions (staging/src/k8s.io/api, */types.go).

import { writesNullTimes } from './kinds.mjs';
import { canonicalQuantity } from './quantity.mjs';
import { fieldTopology, isList, isMap } from './typed.mjs';

// Fields of type bool and int that are no pointers: false and 0 are as if not written.
const plainBooleans = new Set(['readOnly', 'hostNetwork', 'hostPID', 'hostIPC', 'stdin', 'stdinOnce', 'tty', 'publishNotReadyAddresses',
  'unschedulable', 'globalDefault', 'paused', 'readOnlyRootFs']);
const plainNumbers = new Set(['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold',
  'minReadySeconds', 'hostPort', 'nodePort', 'observedGeneration', 'generation', 'readyReplicas', 'updatedReplicas', 'currentReplicas',
  'unavailableReplicas', 'numberAvailable', 'numberUnavailable', 'updatedNumberScheduled', 'terminating', 'active', 'succeeded', 'failed', 'partition']);
// … and where the name alone misleads.
const pointers = new Set(['RollingUpdateStatefulSetStrategy.partition', 'ClientIPConfig.timeoutSeconds',  
  'AzureDiskVolumeSource.readOnly', 'CSIVolumeSource.readOnly', 'JobStatus.ready', 'JobStatus.terminating', 'DeploymentStatus.terminatingReplicas', 'LeaseSpec.leaseDurationSeconds',
  'ValidatingWebhook.timeoutSeconds', 'MutatingWebhook.timeoutSeconds']);
// Numbers that are plain, but written even when zero.
const keptNumbers = new Set(['StatefulSetStatus.availableReplicas', 'ReplicaSetStatus.replicas', 'StatefulSetStatus.replicas']);
const plainOnlyIn = { replicas: new Set(['DeploymentStatus']), availableReplicas: new Set(['DeploymentStatus', 'ReplicaSetStatus']) };
// Text that is a pointer, or written even when empty.
const keptTexts = new Set(['PersistentVolumeClaimSpec.storageClassName', 'PersistentVolumeClaimSpec.volumeMode',
  'PersistentVolumeClaimSpec.volumeAttributesClassName', 'HostPathVolumeSource.type', 'TypedLocalObjectReference.apiGroup',
  'TypedObjectReference.apiGroup', 'PodSpec.runtimeClassName', 'RoleRef.apiGroup', 'GRPCAction.service', 'EndpointPort.name',
  'IngressSpec.ingressClassName', 'StatefulSetSpec.serviceName', 'CustomResourceDefinitionNames.plural', 'CustomResourceDefinitionNames.kind', 'LeaseSpec.holderIdentity', 'Event.reportingComponent', 'Event.reportingInstance', 'EnvVar.name', 'Container.name',
  'VolumeMount.mountPath', 'VolumeMount.name', 'Volume.name', 'StorageClass.provisioner', 'CronJobSpec.schedule', 'NodeSelectorRequirement.key',
  'LabelSelectorRequirement.key', 'KeyToPath.key', 'KeyToPath.path', 'HTTPHeader.name', 'HTTPHeader.value', 'SecretKeySelector.key',
  'ConfigMapKeySelector.key', 'ObjectFieldSelector.fieldPath', 'NFSVolumeSource.server', 'NFSVolumeSource.path', 'HostPathVolumeSource.path',
  'LocalVolumeSource.path', 'CSIPersistentVolumeSource.driver', 'CSIPersistentVolumeSource.volumeHandle', 'Condition.message', 'Condition.reason',
  'LocalObjectReference.name', 'PersistentVolumeClaimVolumeSource.claimName', 'Taint.key', 'Subject.name', 'RoleRef.name', 'RoleRef.kind']);
// Lists and maps that are written even when empty.
const keptContainers = new Set(['PodSpec.containers', 'Role.rules', 'ClusterRole.rules', 'PolicyRule.verbs', 'LimitRangeSpec.limits',
  'NodeSelector.nodeSelectorTerms', 'CustomResourceDefinitionStatus.conditions', 'CustomResourceDefinitionStatus.storedVersions',
  'CustomResourceDefinitionSpec.versions', 'ProjectedVolumeSource.sources', 'EndpointSlice.endpoints', 'EndpointSlice.ports', 'HorizontalPodAutoscalerStatus.currentMetrics',
  'HTTPIngressRuleValue.paths']);
const writtenNulls = new Set(['PodCondition.lastProbeTime', 'PodCondition.lastTransitionTime', 'TypedLocalObjectReference.apiGroup', 'TypedObjectReference.apiGroup', 'Role.rules', 'ClusterRole.rules', 'ProjectedVolumeSource.sources', 'HorizontalPodAutoscalerStatus.currentMetrics',
  'CustomResourceDefinitionStatus.conditions', 'Event.firstTimestamp', 'Event.lastTimestamp', 'Event.eventTime']);
// Quantities of these lists are rounded to thousandths when they are defaulted.
const resourceLists = new Set(['limits', 'requests', 'capacity', 'allocatable', 'hard', 'used', 'overhead', 'allocatedResources',
  'default', 'defaultRequest', 'max', 'min', 'maxLimitRequestRatio']);

// Values that are written though nobody gave them: times are structs, and so are states of containers.
const noTimes = (...names) => Object.fromEntries(names.map((name) => [name, () => null]));
const unsaid = {
  PodCondition: noTimes('lastProbeTime', 'lastTransitionTime'), PersistentVolumeClaimCondition: noTimes('lastProbeTime', 'lastTransitionTime'),
  JobCondition: noTimes('lastProbeTime', 'lastTransitionTime'), DeploymentCondition: noTimes('lastUpdateTime', 'lastTransitionTime'),
  ReplicaSetCondition: noTimes('lastTransitionTime'), StatefulSetCondition: noTimes('lastTransitionTime'), DaemonSetCondition: noTimes('lastTransitionTime'),
  NodeCondition: noTimes('lastHeartbeatTime', 'lastTransitionTime'), NamespaceCondition: noTimes('lastTransitionTime'),
  HorizontalPodAutoscalerCondition: noTimes('lastTransitionTime'),
  ContainerStatus: { image: () => '', imageID: () => '', lastState: () => ({}), state: () => ({}), ready: () => false, restartCount: () => 0 },
};

// The first of a pod's addresses has a field of its own (pkg/apis/core/v1/conversion.go).
function firstAddress(status, one, many) {
  if (status[one] === undefined) {
    if (status[many]?.[0]) status[one] = status[many][0].ip;
  } else if (status[many]?.[0]?.ip !== status[one]) {
    status[many] = [{ ip: status[one] }];
  }
}

const gone = Symbol('gone');

/** `object` as the server writes it. */
export function inGoForm(object, topology) {
  const out = struct(object, topology);
  return out === gone ? {} : out;
}

function struct(value, node) {
  const out = {};
  for (const [name, below] of Object.entries(value)) {
    const inner = fieldTopology(node, name);
    const written = inner === undefined ? below : field(below, inner, node.typeName, name);
    if (written !== gone) out[name] = written;
  }
  if (node.typeName === 'ObjectMeta' && writesNullTimes()) out.creationTimestamp ??= null;
  for (const [name, value] of Object.entries(unsaid[node.typeName] ?? {})) if (out[name] === undefined) out[name] = value();
  if (node.typeName === 'PodStatus') {
    firstAddress(out, 'podIP', 'podIPs');
    firstAddress(out, 'hostIP', 'hostIPs');
  }
  return out;
}

function field(value, node, owner, name) {
  const key = `${owner}.${name}`;
  if (value === null || value === undefined) return value === null && writtenNulls.has(key) ? null : gone;
  if (node.is === 'scalar') return scalar(value, node, key, name);
  if (node.is === 'list' && isList(value)) {
    if (value.length === 0) return keptContainers.has(key) ? [] : gone;
    return value.map((entry) => item(entry, node.of));
  }
  if (node.is === 'map' && isMap(value)) {
    if (node.fields !== undefined) return struct(value, node);
    const entries = Object.entries(value);
    if (entries.length === 0) return keptContainers.has(key) ? {} : gone;
    const milli = resourceLists.has(name);
    return Object.fromEntries(entries.map(([entry, below]) => [entry,
      node.of.type === 'quantity' ? canonicalQuantity(below, milli) : below === null ? '' : item(below, node.of)]));
  }
  return value;
}

// A null in a list is the zero value of its type.
const zeros = { string: '', quantity: '0', integer: 0, number: 0, boolean: false, 'int-or-string': 0 };

function item(value, node) {
  if (value === null || value === undefined) return node.is === 'map' ? node.fields ? struct({}, node) : null : zeros[node.type] ?? null;
  if (node.is === 'map' && node.fields !== undefined && isMap(value)) return struct(value, node);
  if (node.is === 'list' && isList(value)) return value.map((entry) => item(entry, node.of));
  if (node.is === 'map' && isMap(value)) return Object.fromEntries(Object.entries(value).map(([name, below]) => [name, item(below, node.of)]));
  return node.type === 'quantity' ? canonicalQuantity(value) : value;
}

function scalar(value, node, key, name) {
  if (node.type === 'quantity') return canonicalQuantity(value);
  if (value === '') return keptTexts.has(key) ? value : gone;
  if (value === false) return plainBooleans.has(name) && !pointers.has(key) ? gone : value;
  if (value !== 0 || pointers.has(key) || keptNumbers.has(key)) return value;
  return plainNumbers.has(name) || plainOnlyIn[name]?.has(key.split('.')[0]) ? gone : value;
}
