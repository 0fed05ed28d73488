// What the real server's Go types and strategies know of single kinds: the objects that they begin as, and
// the fields that a write through the object or its status does not own.

import { FieldSet, fieldElement } from './field_set.mjs';

let olderTimes = false;
/** Before 1.34 the metadata inside of templates was written with a time of creation, null. */
export const writesNullTimes = () => olderTimes;
let emptied = true;
/** From 1.35 on a container that an apply emptied, and that somebody has, stays as an empty one; before it became null. */
export const keepsEmptied = () => emptied;
export function setMinor(minor) {
  olderTimes = minor < 34;
  emptied = minor >= 35;
}
const metadata = () => olderTimes ? { creationTimestamp: null } : {};
const template = () => ({ metadata: metadata(), spec: { containers: null } });

// A Go struct that is no pointer is written even when it is empty. Seen as the object before a create, these
// decide which containers a manager owns as such (the `.` of managedFields). Kinds that are not listed are
// like custom resources: nothing is there before it is written.
const empties = {
  Pod: () => ({ spec: { containers: null }, status: {} }),
  Deployment: () => ({ spec: { selector: null, template: template(), strategy: {} }, status: {} }),
  ReplicaSet: () => ({ spec: { selector: null, template: template() }, status: { replicas: 0 } }),
  ReplicationController: () => ({ spec: {}, status: { replicas: 0 } }),
  StatefulSet: () => ({ spec: { selector: null, template: template(), serviceName: '', updateStrategy: {} },
                        status: { replicas: 0, availableReplicas: 0 } }),
  DaemonSet: () => ({ spec: { selector: null, template: template(), updateStrategy: {} },
                      status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 } }),
  Job: () => ({ spec: { template: template() }, status: {} }),
  CronJob: () => ({ spec: { schedule: '', jobTemplate: { metadata: metadata(), spec: { template: template() } } }, status: {} }),
  PersistentVolumeClaim: () => ({ spec: { resources: {} }, status: {} }),
  PersistentVolume: () => ({ spec: {}, status: {} }),
  Service: () => ({ spec: {}, status: { loadBalancer: {} } }),
  HorizontalPodAutoscaler: () => ({ spec: { scaleTargetRef: { kind: '', name: '' }, maxReplicas: 0 },
                                    status: { desiredReplicas: 0, currentMetrics: null } }),
  PodDisruptionBudget: () => ({ spec: {}, status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 } }),
  NetworkPolicy: () => ({ spec: { podSelector: {} } }),
  Ingress: () => ({ spec: {}, status: { loadBalancer: {} } }),
  Namespace: () => ({ spec: {}, status: {} }),
  Node: () => ({ spec: {}, status: { daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
                                     nodeInfo: { machineID: '', systemUUID: '', bootID: '', kernelVersion: '', osImage: '', containerRuntimeVersion: '',
                                                 kubeletVersion: '', kubeProxyVersion: '', operatingSystem: '', architecture: '' } } }),
  IngressClass: () => ({ spec: {} }),
  PodTemplate: () => ({ template: template() }),
  ResourceQuota: () => ({ spec: {}, status: {} }),
  LimitRange: () => ({ spec: { limits: null } }),
  Role: () => ({ rules: null }),
  ClusterRole: () => ({ rules: null }),
  RoleBinding: () => ({ roleRef: { apiGroup: '', kind: '', name: '' } }),
  ClusterRoleBinding: () => ({ roleRef: { apiGroup: '', kind: '', name: '' } }),
  StorageClass: () => ({ provisioner: '' }),
  VolumeAttributesClass: () => ({ driverName: '' }),
  VolumeAttachment: () => ({ spec: { attacher: '', source: {}, nodeName: '' }, status: { attached: false } }),
  CSIDriver: () => ({ spec: {} }),
  PriorityClass: () => ({ value: 0 }),
  RuntimeClass: () => ({ handler: '' }),
  Lease: () => ({ spec: {} }),
  EndpointSlice: () => ({ addressType: '', endpoints: null, ports: null }),
  Event: () => ({ involvedObject: {}, source: {}, firstTimestamp: null, lastTimestamp: null, eventTime: null,
                  reportingComponent: '', reportingInstance: '' }),
  CustomResourceDefinition: () => ({ spec: { group: '', names: { plural: '', kind: '' }, scope: '', versions: null },
                                     status: { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: null } }),
};

const builtinGroup = (apiVersion) => !apiVersion.includes('.') || /\.k8s\.io\/v/.test(apiVersion) && !/(^|\.)(snapshot\.storage|x-k8s|jobset\.x-k8s)\./.test(apiVersion);

/** The object of that kind before anything was written. */
export function emptyObject(apiVersion, kind) {
  const own = builtinGroup(apiVersion) ? empties[kind] : undefined;
  return { apiVersion, kind, metadata: {}, ...own?.() };
}

const sets = (...paths) => FieldSet.of(...paths.map((path) => path.split('.').map(fieldElement)));
const status = sets('status');
const spec = sets('spec');

// Kinds without a status subresource: a status there would be a field like others.
const withoutStatus = new Set(['ConfigMap', 'Secret', 'ServiceAccount', 'Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding',
  'StorageClass', 'PriorityClass', 'NetworkPolicy', 'Lease', 'Event', 'Endpoints', 'EndpointSlice', 'LimitRange', 'CSIDriver', 'CSINode',
  'RuntimeClass', 'PodTemplate', 'ControllerRevision', 'VolumeAttributesClass', 'IngressClass']);
const ofStatus = {
  Pod: sets('spec', 'metadata.deletionTimestamp', 'metadata.ownerReferences'),
  Deployment: sets('spec', 'metadata.labels'),
  CustomResourceDefinition: sets('spec', 'metadata'),
};

let customStatus = () => true;
/** Tells whether a custom resource has a status subresource: schema.mjs knows. */
export function setCustomStatus(ask) {
  customStatus = ask;
}

/** What the strategy takes back, as a set; undefined for nothing (each kind's strategy.go, GetResetFields). */
export function resetFields(apiVersion, kind, subresource) {
  const builtin = builtinGroup(apiVersion);
  if (subresource === 'status') return builtin ? ofStatus[kind] ?? spec : sets('metadata', 'spec');
  if (subresource) return undefined;
  if (builtin) return withoutStatus.has(kind) ? undefined : status;
  return customStatus(apiVersion, kind) ? status : undefined;
}
