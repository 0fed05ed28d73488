// The forms that an object can be asked for by Accept: itself, its metadata alone, a row of a table for people.

import { notAcceptable } from './status.mjs';

const kForms = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);
export const kJsonTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

// -> {form: '' | 'Table' | 'PartialObjectMetadata', version}: the first of the Accept list that the server can write. Protobuf it cannot;
// every client that asks for it takes JSON as well.
export function acceptedForm(accept) {
  for (const part of (accept ?? '*/*').split(',')) {
    const [type, ...parameters] = part.split(';').map((word) => word.trim());
    const options = Object.fromEntries(parameters.map((parameter) => parameter.split('=')));
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    if (!options.as) return { form: '' };
    if (options.g === 'meta.k8s.io' && ['v1', 'v1beta1'].includes(options.v) && kForms.has(options.as))
      return { form: options.as.replace(/List$/, ''), version: options.v };
  }
  throw notAcceptable(kJsonTypes);
}

export const metadataOnly = ({ metadata }, version = 'v1') => ({ kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata });

function age(from, now) {
  if (!from) return '<unknown>';
  const seconds = Math.max(0, Math.floor((now - new Date(from)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 ? `${minutes}m${seconds % 60}s` : `${minutes}m`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 ? `${hours}h${minutes % 60}m` : `${hours}h`;
  if (hours < 48) return `${hours}h`;
  return `${Math.floor(hours / 24)}d`;
}

const shortModes = (modes = []) => modes.map((mode) => ({ ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' })[mode] ?? mode).join(',');
const ready = (object, wanted) => `${object.status?.readyReplicas ?? 0}/${wanted ?? object.spec?.replicas ?? 0}`;
const sum = (list = [], key) => list.reduce((total, item) => total + (item[key] ?? 0), 0);

// Columns between NAME and AGE, the common ones of pkg/printers/internalversion.
const kColumns = {
  pods: [['Ready', (o) => `${(o.status?.containerStatuses ?? []).filter((one) => one.ready).length}/${o.spec?.containers?.length ?? 0}`],
    ['Status', (o) => (o.metadata.deletionTimestamp ? 'Terminating' : o.status?.reason ?? o.status?.phase ?? '')],
    ['Restarts', (o) => String(sum(o.status?.containerStatuses, 'restartCount'))]],
  'statefulsets.apps': [['Ready', (o) => ready(o)]],
  'deployments.apps': [['Ready', (o) => ready(o)], ['Up-to-date', (o) => o.status?.updatedReplicas ?? 0], ['Available', (o) => o.status?.availableReplicas ?? 0]],
  'replicasets.apps': [['Desired', (o) => o.spec?.replicas ?? 0], ['Current', (o) => o.status?.replicas ?? 0], ['Ready', (o) => o.status?.readyReplicas ?? 0]],
  'daemonsets.apps': [['Desired', (o) => o.status?.desiredNumberScheduled ?? 0], ['Ready', (o) => o.status?.numberReady ?? 0]],
  'jobs.batch': [['Status', (o) => (o.status?.conditions ?? []).find((one) => one.status === 'True')?.type ?? 'Running'],
    ['Completions', (o) => `${o.status?.succeeded ?? 0}/${o.spec?.completions ?? 1}`]],
  'cronjobs.batch': [['Schedule', (o) => o.spec?.schedule ?? ''], ['Suspend', (o) => String(o.spec?.suspend ?? false)], ['Active', (o) => o.status?.active?.length ?? 0]],
  persistentvolumeclaims: [['Status', (o) => (o.metadata.deletionTimestamp ? 'Terminating' : o.status?.phase ?? '')], ['Volume', (o) => o.spec?.volumeName ?? ''],
    ['Capacity', (o) => o.status?.capacity?.storage ?? ''], ['Access Modes', (o) => shortModes(o.status?.accessModes)], ['StorageClass', (o) => o.spec?.storageClassName ?? '']],
  persistentvolumes: [['Capacity', (o) => o.spec?.capacity?.storage ?? ''], ['Access Modes', (o) => shortModes(o.spec?.accessModes)],
    ['Reclaim Policy', (o) => o.spec?.persistentVolumeReclaimPolicy ?? ''], ['Status', (o) => o.status?.phase ?? ''],
    ['Claim', (o) => (o.spec?.claimRef ? `${o.spec.claimRef.namespace}/${o.spec.claimRef.name}` : '')], ['StorageClass', (o) => o.spec?.storageClassName ?? '']],
  services: [['Type', (o) => o.spec?.type ?? ''], ['Cluster-IP', (o) => o.spec?.clusterIP ?? '<none>'], ['External-IP', () => '<none>'],
    ['Port(s)', (o) => (o.spec?.ports ?? []).map((port) => `${port.port}/${port.protocol ?? 'TCP'}`).join(',')]],
  configmaps: [['Data', (o) => Object.keys(o.data ?? {}).length + Object.keys(o.binaryData ?? {}).length]],
  secrets: [['Type', (o) => o.type ?? 'Opaque'], ['Data', (o) => Object.keys(o.data ?? {}).length]],
  namespaces: [['Status', (o) => o.status?.phase ?? '']],
  nodes: [['Status', (o) => ((o.status?.conditions ?? []).some((one) => one.type === 'Ready' && one.status === 'True') ? 'Ready' : 'NotReady')]],
  'storageclasses.storage.k8s.io': [['Provisioner', (o) => o.provisioner ?? ''], ['ReclaimPolicy', (o) => o.reclaimPolicy ?? 'Delete'], ['VolumeBindingMode', (o) => o.volumeBindingMode ?? 'Immediate']],
  'leases.coordination.k8s.io': [['Holder', (o) => o.spec?.holderIdentity ?? '']],
};

const valueAt = (object, path) => path.replace(/^\./, '').split('.').reduce((value, step) => value?.[step.replace(/\\/g, '')], object);

function columnsOf(resource, now) {
  const own = resource.columns?.map(({ name, type, jsonPath, priority = 0 }) => [name, (object) => {
    const value = valueAt(object, jsonPath);
    return type === 'date' ? (value ? age(value, now) : '') : value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : value;
  }, type, priority]) ?? kColumns[resource.store] ?? [];
  const aged = resource.columns?.length || own.some(([name]) => name === 'Age') ? own : [...own, ['Age', (object) => age(object.metadata.creationTimestamp, now)]];
  return [['Name', (object) => object.metadata.name], ...aged];
}

// includeObject: Metadata (the default), Object or None.
export function tableOf(resource, objects, { now, include = 'Metadata', version = 'v1', metadata = {}, headers = true }) {
  const columns = columnsOf(resource, now);
  const rows = objects.map((object) => ({
    cells: columns.map(([, cell]) => cell(object)),
    ...(include === 'None' ? {} : { object: include === 'Object' ? object : metadataOnly(object) }),
  }));
  const definitions = columns.map(([name, , type = 'string', priority = 0]) => ({ name, type, format: name === 'Name' ? 'name' : '', description: '', priority }));
  return { kind: 'Table', apiVersion: `meta.k8s.io/${version}`, metadata, columnDefinitions: headers ? definitions : null, rows };
}
