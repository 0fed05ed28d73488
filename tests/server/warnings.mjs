// What the server accepts and warns of (the strategies' WarningsOnCreate and WarningsOnUpdate; pkg/api/pod/warnings.go,
// pkg/api/persistentvolumeclaim/util.go, pkg/api/persistentvolume/util.go, pkg/api/node/util.go).

import { nanosOf } from './quantity.mjs';

const kUnit = 1_000_000_000n;
const kOldLabels = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};
const kOldVolumes = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+', gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+', flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageOS: 'deprecated in v1.22, non-functional in v1.25+', storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+', glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+', rbd: 'deprecated in v1.28, non-functional in v1.31+',
};
const kOldAnnotations = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};
const kClassAnnotation = 'volume.beta.kubernetes.io/storage-class';
const kClassWarning = `metadata.annotations[${kClassAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`;

function fraction(value, path, name) {
  // What does not fit into 64 bits of thousandths is told as well.
  return value !== undefined && (nanosOf(value) % kUnit !== 0n || nanosOf(value) / 1_000_000n >= 2n ** 63n) ? [`${path}[${name}]: fractional byte value ${JSON.stringify(String(value))} is invalid, must be an integer`] : [];
}

const claimSpec = (spec, path) => ['requests', 'limits'].flatMap((kind) => fraction(spec?.resources?.[kind]?.storage, `${path}.resources.${kind}`, 'storage'));

const terms = (list = [], path) => list.flatMap(({ matchExpressions = [] }, at) => matchExpressions.flatMap(({ key }, index) =>
  (kOldLabels[key] ? [`${path}[${at}].matchExpressions[${index}].key: ${key} is ${kOldLabels[key]}`] : [])));

function environment(env = [], path) {
  const seen = new Set();
  return env.flatMap(({ name, value = '', valueFrom }, index) => {
    const reference = `$(${name})`;
    const hides = seen.has(name) && (valueFrom || value === reference || !value.includes(reference));
    seen.add(name);
    return hides ? [`${path}.env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`] : [];
  });
}

function ports(containers) {
  const seen = new Map();
  const names = new Map();
  return containers.flatMap(([container, path]) => (container.ports ?? []).flatMap((port, index) => {
    const place = `${path}.ports[${index}]`;
    const key = `${port.containerPort}/${port.protocol}`;
    const found = (seen.get(key) ?? []).flatMap(([other, where]) => {
      if ((port.hostIP ?? '') === (other.hostIP ?? '') && (port.hostPort ?? 0) === (other.hostPort ?? 0)) return [`${place}: duplicate port definition with ${where}`];
      return !port.hostPort || !other.hostPort ? [`${place}: overlapping port definition with ${where}`] : [];
    });
    seen.set(key, [...(seen.get(key) ?? []), [port, place]]);
    if (port.name && names.has(port.name))
      found.push(`${place}: duplicate port name ${JSON.stringify(port.name)} with ${names.get(port.name)}, services and probes that select ports by name will use ${names.get(port.name)}`);
    else if (port.name) names.set(port.name, place);
    return found;
  }));
}

const twice = (list = [], key, path) => {
  const seen = new Set();
  return list.flatMap((item, index) => {
    const found = seen.has(item[key]) ? [`${path}[${index}].${key}: duplicate ${key} ${JSON.stringify(item[key])}`] : [];
    seen.add(item[key]);
    return found;
  });
};

function volumes(list = [], path) {
  return list.flatMap((volume, index) => [
    ...Object.keys(volume).filter((key) => kOldVolumes[key]).map((key) => `${path}[${index}].${key}: ${kOldVolumes[key]}`),
    ...claimSpec(volume.ephemeral?.volumeClaimTemplate?.spec, `${path}[${index}].ephemeral.volumeClaimTemplate.spec`)]);
}

// `at`: '' of a pod, 'spec.template' of a workload.
function template({ spec, metadata } = {}, at) {
  if (!spec) return [];
  const path = (name) => (at ? `${at}.${name}` : name);
  const containers = ['initContainers', 'containers'].flatMap((list) => (spec[list] ?? []).map((container, index) => [container, path(`spec.${list}[${index}]`)]));
  const affinity = spec.affinity?.nodeAffinity ?? {};
  const found = Object.keys(spec.nodeSelector ?? {}).filter((key) => kOldLabels[key]).map((key) => `${path('spec.nodeSelector')}[${key}]: ${kOldLabels[key]}`);
  found.push(...terms(affinity.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms, path('spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms')));
  (spec.topologySpreadConstraints ?? []).forEach(({ topologyKey, labelSelector }, index) => {
    const place = path(`spec.topologySpreadConstraints[${index}]`);
    if (kOldLabels[topologyKey]) found.push(`${place}.topologyKey: ${topologyKey} is ${kOldLabels[topologyKey]}`);
    if (!labelSelector) found.push(`${place}.labelSelector: a null labelSelector results in matching no pod`);
  });
  for (const key of Object.keys(kOldAnnotations)) if (metadata?.annotations?.[key] !== undefined) found.push(`${path('metadata.annotations')}[${key}]: ${kOldAnnotations[key]}`);
  (spec.imagePullSecrets ?? []).forEach(({ name = '' }, index) => { if (name === '') found.push(`${path(`spec.imagePullSecrets[${index}].name`)}: invalid empty name ""`); });
  found.push(...volumes(spec.volumes, path('spec.volumes')), ...twice(spec.hostAliases, 'ip', path('spec.hostAliases')), ...twice(spec.imagePullSecrets, 'name', path('spec.imagePullSecrets')));
  for (const [container, place] of containers) {
    for (const kind of ['limits', 'requests']) found.push(...fraction(container.resources?.[kind]?.memory, `${place}.resources.${kind}`, 'memory'));
    for (const kind of ['limits', 'requests']) found.push(...fraction(container.resources?.[kind]?.['ephemeral-storage'], `${place}.resources.${kind}`, 'ephemeral-storage'));
    found.push(...environment(container.env, place));
  }
  found.push(...ports(containers));
  if (spec.terminationGracePeriodSeconds < 0) found.push(`${path('spec.terminationGracePeriodSeconds')}: must be >= 0; negative values are invalid and will be treated as 1`);
  return found;
}

// IsDNS1123Label: a subdomain is told about its dots alone.
function longName({ name = '' }) {
  const found = [...(name.length > 63 ? ['must be no more than 63 characters'] : []), ...(name.includes('.') ? ['must not contain dots'] : [])];
  return found.length ? [`metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${found.join(' ')}]`] : [];
}

function volume({ spec = {}, metadata }) {
  const found = metadata.annotations?.[kClassAnnotation] !== undefined ? [kClassWarning] : [];
  if (metadata.annotations?.['volume.beta.kubernetes.io/mount-options'] !== undefined)
    found.push('metadata.annotations[volume.beta.kubernetes.io/mount-options]: deprecated since v1.31; use "mountOptions" attribute instead');
  if (spec.persistentVolumeReclaimPolicy === 'Recycle')
    found.push('spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.');
  found.push(...terms(spec.nodeAffinity?.required?.nodeSelectorTerms, 'spec.nodeAffinity.required.nodeSelectorTerms'));
  return [...found, ...Object.keys(spec).filter((key) => kOldVolumes[key]).map((key) => `spec.${key}: ${kOldVolumes[key]}`)];
}

// The name counts when it is given; a template each time that the generation grows.
const kWarnings = {
  Pod: (object, { isNew }) => [...(isNew ? longName(object.metadata) : []), ...template(object, '')],
  Deployment: ({ metadata, spec }, { isNew, grew }) => [...(isNew ? longName(metadata) : []), ...(grew ? template(spec.template, 'spec.template') : [])],
  ReplicaSet: ({ metadata, spec }, { isNew, grew }) => [...(isNew ? longName(metadata) : []), ...(grew ? template(spec.template, 'spec.template') : [])],
  StatefulSet: ({ spec }, { isNew, grew }) => [...(grew ? template(spec.template, 'spec.template') : []),
    ...(spec.volumeClaimTemplates ?? []).flatMap((claim, index) => claimSpec(claim.spec, `spec.volumeClaimTemplates[${index}]${isNew ? '' : '.Spec'}`)),
    ...(spec.revisionHistoryLimit < 0 ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'] : [])],
  DaemonSet: ({ spec }, { grew }) => (grew ? template(spec.template, 'spec.template') : []),
  Job: ({ metadata, spec }, { isNew, grew }) => [...(isNew ? longName(metadata) : []), ...(grew ? template(spec.template, 'spec.template') : [])],
  CronJob: ({ metadata, spec }, { isNew, grew }) => [...(isNew ? longName(metadata) : []), ...(grew ? template(spec.jobTemplate?.spec?.template, 'spec.jobTemplate.spec.template') : [])],
  PersistentVolumeClaim: ({ metadata, spec }) => [...(metadata.annotations?.[kClassAnnotation] !== undefined ? [kClassWarning] : []), ...claimSpec(spec, 'spec')],
  PersistentVolume: volume,
  StorageClass: ({ allowedTopologies = [] }) => allowedTopologies.flatMap(({ matchLabelExpressions = [] }, at) => matchLabelExpressions.flatMap(({ key }, index) =>
    (kOldLabels[key] ? [`allowedTopologies[${at}].matchLabelExpressions[${index}].key: ${kOldLabels[key]}`] : []))),
};

// `before` null: of a new object.
export function warningsOf(before, after) {
  const grew = !before || before.metadata.generation !== after.metadata.generation;
  return [...new Set(kWarnings[after.kind]?.(after, { isNew: !before, grew }) ?? [])];
}
