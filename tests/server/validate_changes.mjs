// What cannot change once it is there, kind by kind: Validate…Update of pkg/apis/*/validation.

import { same } from './findings.mjs';
import { goDiff } from './go_diff.mjs';
import { nanosOf } from './quantity.mjs';
import { volumeSources } from './validate_storage.mjs';
import { jobSpec } from './validate_workloads.mjs';

const pick = (object, names) => Object.fromEntries(names.filter((name) => object[name] !== undefined).map((name) => [name, object[name]]));
const omit = (object, ...names) => Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
const minorOf = (context) => Number((context.kubernetes ?? '1.36').split('.')[1]);

// Quantities are equal by value, not by text.
const sizes = (resources = {}) => Object.fromEntries(['limits', 'requests'].map((name) => [name, Object.fromEntries(Object.entries(resources[name] ?? {}).map(([key, value]) => [key, String(nanosOf(value))]))]));

function claim(before, after, out, context) {
  const old = { ...before.spec }, spec = { ...after.spec };
  if (!old.volumeName && spec.volumeName) old.volumeName = spec.volumeName;
  if (old.storageClassName === undefined) delete spec.storageClassName;   // the default class may come later
  if (after.status?.phase === 'Bound') {
    spec.resources = { ...spec.resources, requests: { ...spec.resources.requests, storage: old.resources?.requests?.storage } };
    for (const of of [spec]) {
      if (old.volumeAttributesClassName === undefined) delete of.volumeAttributesClassName;
      else of.volumeAttributesClassName = old.volumeAttributesClassName;
    }
  }
  if (!same({ ...old, resources: sizes(old.resources) }, { ...spec, resources: sizes(spec.resources) })) {
    out.forbidden('spec', 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n' + goDiff(old, spec, 'Claim'));
  }
  const oldSize = nanosOf(before.spec.resources?.requests?.storage ?? 0), size = nanosOf(after.spec.resources?.requests?.storage ?? 0);
  if (size < oldSize) {
    if (minorOf(context) < 32) out.forbidden('spec.resources.requests.storage', 'field can not be less than previous value');
    else if (size <= nanosOf(before.status?.capacity?.storage ?? 0)) out.forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity');
  }
  out.unchanged('volumeMode', before.spec.volumeMode, after.spec.volumeMode);
  // Without the class in the spec, the annotation is what says it.
  const annotated = 'volume.beta.kubernetes.io/storage-class';
  const [was, is] = [before, after].map(({ metadata }) => metadata.annotations?.[annotated] ?? '');
  if (was !== is) out.invalid(`metadata.annotations.${annotated}`, is, 'field is immutable');
}

function volume(before, after, out) {
  const [old, source] = [before, after].map(({ spec }) => pick(spec, volumeSources));
  // Secrets for growth may be given later.
  if (old.csi && source.csi && !old.csi.controllerExpandSecretRef) old.csi = { ...old.csi, ...pick(source.csi, ['controllerExpandSecretRef', 'nodeExpandSecretRef']) };
  if (!same(old, source)) out.forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation\n' + goDiff(old, source, 'Volume'));
  out.unchanged('volumeMode', before.spec.volumeMode, after.spec.volumeMode);
  if (before.spec.nodeAffinity) out.unchanged('nodeAffinity', before.spec.nodeAffinity, after.spec.nodeAffinity, after.spec.nodeAffinity ?? null);
}

function storageClass(before, after, out) {
  if (!same(before.parameters ?? {}, after.parameters ?? {})) out.forbidden('parameters', 'updates to parameters are forbidden.');
  if (before.provisioner !== after.provisioner) out.forbidden('provisioner', 'updates to provisioner are forbidden.');
  if (before.reclaimPolicy !== after.reclaimPolicy) out.forbidden('reclaimPolicy', 'updates to reclaimPolicy are forbidden.');
  out.unchanged('volumeBindingMode', before.volumeBindingMode, after.volumeBindingMode);
}

function frozenData(before, after, out, names) {
  if (!before.immutable) return;
  const text = 'field is immutable when `immutable` is set';
  if (!after.immutable) out.forbidden('immutable', text);
  for (const name of names) if (!same(before[name] ?? {}, after[name] ?? {})) out.forbidden(name, text);
}

function statefulSet(before, after, out, context) {
  const free = ['replicas', 'ordinals', 'template', 'updateStrategy', ...(minorOf(context) >= 33 ? ['revisionHistoryLimit'] : []), 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds'];
  const rest = ({ spec }) => {
    const out1 = omit(spec, ...free);
    out1.volumeClaimTemplates = (spec.volumeClaimTemplates ?? []).map((of) => ({ ...omit(of, 'status'), spec: { ...of.spec, resources: sizes(of.spec.resources) } }));
    return out1;
  };
  if (same(rest(before), rest(after))) return;
  const names = free.map((name) => `'${name}'`);
  out.forbidden('spec', `updates to statefulset spec for fields other than ${names.slice(0, -1).join(', ')} and ${names[names.length - 1]} are forbidden`);
}

const fixedSelector = (before, after, out) => out.unchanged('spec.selector', before.spec.selector, after.spec.selector, after.spec.selector ?? null);

// Where a suspended job that never ran will be placed may still change: KEP-2926.
function jobTemplate(before, after) {
  const movable = before.spec.suspend && before.status?.startTime === undefined;
  const bare = ({ metadata, spec }) => movable ? { spec: omit(spec, 'affinity', 'nodeSelector', 'tolerations', 'schedulingGates') } : { metadata, spec };
  return same(bare(before.spec.template), bare(after.spec.template));
}

function job(before, after, out) {
  const old = before.spec, spec = after.spec;
  jobSpec(spec, 'spec', out);   // asked once more: its causes come twice
  if (old.completionMode === 'Indexed' && spec.completionMode === 'Indexed') {
    if (old.completions !== spec.completions && spec.completions !== spec.parallelism) out.invalid('spec.completions', spec.completions, 'can only be modified in tandem with spec.parallelism');
  } else {
    out.unchanged('spec.completions', old.completions, spec.completions);
  }
  fixedSelector(before, after, out);
  if (!jobTemplate(before, after)) out.invalid('spec.template', spec.template, 'field is immutable');
  for (const name of ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy']) out.unchanged(`spec.${name}`, old[name], spec[name], spec[name] ?? null);
}

function pod(before, after, out) {
  const old = before.spec, spec = after.spec;
  for (const list of ['containers', 'initContainers']) {
    if ((old[list]?.length ?? 0) !== (spec[list]?.length ?? 0)) return out.forbidden(`spec.${list}`, `pod updates may not add or remove ${list === 'containers' ? '' : 'init '}containers`);
  }
  for (const list of ['containers', 'initContainers']) (spec[list] ?? []).forEach(({ image }, i) => { if (!image) out.required(`spec.${list}[${i}].image`); });
  const deadline = old.activeDeadlineSeconds;
  if (deadline !== undefined && (spec.activeDeadlineSeconds === undefined || spec.activeDeadlineSeconds > deadline)) {
    out.invalid('spec.activeDeadlineSeconds', spec.activeDeadlineSeconds ?? null, spec.activeDeadlineSeconds === undefined ? 'must not update from a positive integer to nil value' : 'must be less than or equal to previous value');
  }
  const kept = (old.tolerations ?? []).every((own) => (spec.tolerations ?? []).some((other) => same(omit(own, 'tolerationSeconds'), omit(other, 'tolerationSeconds'))));
  if (!kept) out.forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds');
  const rest = (of) => ({
    ...omit(of, 'activeDeadlineSeconds', 'tolerations'),
    ...Object.fromEntries(['containers', 'initContainers'].map((list) => [list, (of[list] ?? []).map((container) => omit(container, 'image'))])),
  });
  if (!same(rest(old), rest(spec))) {
    out.forbidden('spec', 'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n');
  }
  return undefined;
}

function service(before, after, out) {
  const old = before.spec, spec = after.spec;
  if (old.type === 'ExternalName' || spec.type === 'ExternalName') return;
  if (old.clusterIP && spec.clusterIP !== old.clusterIP) out.invalid('spec.clusterIPs[0]', [spec.clusterIP ?? ''], 'may not change once set');
}

const fixed = (...paths) => (before, after, out) => {
  const at = (object, path) => path.split('.').reduce((value, name) => value?.[name], object);
  for (const path of paths) out.unchanged(path, at(before, path), at(after, path), at(after, path) ?? null);
};

const roleRef = ({ apiGroup = '', kind = '', name = '' } = {}) => ({ APIGroup: apiGroup, Kind: kind, Name: name });
function binding(before, after, out) {
  if (!same(before.roleRef, after.roleRef)) out.invalid('roleRef', roleRef(after.roleRef), 'cannot change roleRef');
}

/** kind → (before, after, findings, context). */
export const changes = {
  PersistentVolumeClaim: claim,
  PersistentVolume: volume,
  StorageClass: storageClass,
  VolumeAttributesClass(before, after, out) {
    if (before.driverName !== after.driverName) out.forbidden('driverName', 'updates to driverName are forbidden.');
    if (!same(before.parameters ?? {}, after.parameters ?? {})) out.forbidden('parameters', 'updates to parameters are forbidden.');
  },
  ConfigMap: (before, after, out) => frozenData(before, after, out, ['data', 'binaryData']),
  Secret(before, after, out) {
    out.unchanged('type', before.type, after.type);
    frozenData(before, after, out, ['data']);
  },
  StatefulSet: statefulSet,
  Deployment: fixedSelector,
  DaemonSet: fixedSelector,
  ReplicaSet: fixedSelector,
  Job: job,
  Pod: pod,
  Service: service,
  RoleBinding: binding,
  ClusterRoleBinding: binding,
  PriorityClass(before, after, out) {
    if (before.value !== after.value) out.forbidden('value', 'may not be changed in an update.');
    out.unchanged('preemptionPolicy', before.preemptionPolicy, after.preemptionPolicy);
  },
  CSIDriver(before, after, out) {
    out.unchanged('spec.attachedRequired', before.spec.attachRequired, after.spec.attachRequired);
    out.unchanged('spec.volumeLifecycleModes', before.spec.volumeLifecycleModes, after.spec.volumeLifecycleModes);
  },
  RuntimeClass: fixed('handler'),
  IngressClass: fixed('spec.controller'),
  ControllerRevision: fixed('data'),
  EndpointSlice: fixed('addressType'),
  CustomResourceDefinition: fixed('spec.group', 'spec.scope', 'spec.names.kind', 'spec.names.plural'),
};
