// What a table shows of each kind, as pkg/printers/internalversion/printers.go has it (without the columns of `-o wide`).
// A column is [name, cell, type]; cells get (object, now).

export function age(from, now) {
  if (!from) return '<unknown>';
  return duration(Math.max(0, Math.floor((now - new Date(from)) / 1000)));
}

// k8s.io/apimachinery/pkg/util/duration, HumanDuration
export function duration(seconds) {
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  const pair = (large, l, small, s) => (small ? `${large}${l}${small}${s}` : `${large}${l}`);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  if (hours < 192) return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
  return `${Math.floor(hours / 24)}d`;
}

const kNone = '<none>';
const kUnset = '<unset>';
const kAge = ['Age', (object, now) => age(object.metadata.creationTimestamp, now)];
const kCreated = ['Created At', (object) => object.metadata.creationTimestamp, 'date'];
const number = (name, cell) => [name, cell, 'integer'];
const flag = (name, cell) => [name, cell, 'boolean'];

const modes = (list = []) => list.map((mode) => ({ ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' })[mode] ?? mode).join(',');
const ready = ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`;
const pairs = (map = {}) => Object.entries(map).map(([key, value]) => `${key}=${value}`).join(',') || kNone;
const going = ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : status?.phase ?? '');
const sum = (list = [], key) => list.reduce((total, item) => total + (item[key] ?? 0), 0);

function podStatus({ metadata, status = {} }) {
  const waiting = (status.containerStatuses ?? []).map(({ state }) => state?.waiting?.reason ?? state?.terminated?.reason).filter(Boolean);
  return metadata.deletionTimestamp ? 'Terminating' : waiting.pop() ?? status.reason ?? status.phase ?? '';
}

function jobStatus({ metadata, spec, status = {} }) {
  const found = (status.conditions ?? []).find((one) => one.status === 'True' && ['Complete', 'Failed', 'Suspended', 'FailureTarget', 'SuccessCriteriaMet'].includes(one.type));
  return metadata.deletionTimestamp ? 'Terminating' : found?.type ?? (spec?.suspend ? 'Suspended' : 'Running');
}

function nodeStatus({ spec, status = {} }) {
  const found = (status.conditions ?? []).find(({ type }) => type === 'Ready');
  return `${!found ? 'Unknown' : found.status === 'True' ? 'Ready' : 'NotReady'}${spec?.unschedulable ? ',SchedulingDisabled' : ''}`;
}

const roles = ({ metadata }) => Object.keys(metadata.labels ?? {}).filter((key) => key.startsWith('node-role.kubernetes.io/')).map((key) => key.slice(24)).join(',') || kNone;
const replicas = [number('Desired', ({ spec }) => spec?.replicas ?? 0), number('Current', ({ status }) => status?.replicas ?? 0), number('Ready', ({ status }) => status?.readyReplicas ?? 0)];
const used = ({ spec, status = {} }, of) => Object.keys(spec?.hard ?? {}).filter(of).sort().map((name) => `${name}: ${status.used?.[name] ?? 0}/${spec.hard[name]}`).join(', ');
const seconds = (status = {}, now) => (status.startTime ? duration(Math.floor(((status.completionTime ? new Date(status.completionTime) : now) - new Date(status.startTime)) / 1000)) : '');

// Without an age at the end: `bare`.
export const kBare = new Set(['events', 'limitranges', 'podtemplates', 'roles.rbac.authorization.k8s.io', 'clusterroles.rbac.authorization.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io', 'priorityclasses.scheduling.k8s.io', 'nodes']);

export const kColumns = {
  pods: [['Ready', ({ spec, status }) => `${(status?.containerStatuses ?? []).filter((one) => one.ready).length}/${spec?.containers?.length ?? 0}`],
    ['Status', podStatus], ['Restarts', ({ status }) => String(sum(status?.containerStatuses, 'restartCount'))]],
  'statefulsets.apps': [['Ready', ready]],
  'deployments.apps': [['Ready', ready], ['Up-to-date', ({ status }) => status?.updatedReplicas ?? 0], ['Available', ({ status }) => status?.availableReplicas ?? 0]],
  'replicasets.apps': replicas,
  replicationcontrollers: replicas,
  'daemonsets.apps': [number('Desired', ({ status }) => status?.desiredNumberScheduled ?? 0), number('Current', ({ status }) => status?.currentNumberScheduled ?? 0),
    number('Ready', ({ status }) => status?.numberReady ?? 0), number('Up-to-date', ({ status }) => status?.updatedNumberScheduled ?? 0),
    number('Available', ({ status }) => status?.numberAvailable ?? 0), ['Node Selector', ({ spec }) => pairs(spec?.template?.spec?.nodeSelector)]],
  'controllerrevisions.apps': [['Controller', ({ metadata }) => metadata.ownerReferences?.find(({ controller }) => controller)?.name ?? kNone], ['Revision', ({ revision }) => String(revision)]],
  'jobs.batch': [['Status', jobStatus], ['Completions', ({ spec, status }) => `${status?.succeeded ?? 0}/${spec?.completions ?? 1}`], ['Duration', ({ status }, now) => seconds(status, now)]],
  'cronjobs.batch': [['Schedule', ({ spec }) => spec?.schedule ?? ''], ['Timezone', ({ spec }) => spec?.timeZone ?? kNone], flag('Suspend', ({ spec }) => spec?.suspend ?? false),
    number('Active', ({ status }) => status?.active?.length ?? 0), ['Last Schedule', ({ status }, now) => (status?.lastScheduleTime ? age(status.lastScheduleTime, now) : kNone)]],
  persistentvolumeclaims: [['Status', going], ['Volume', ({ spec }) => spec?.volumeName ?? ''], ['Capacity', ({ status }) => status?.capacity?.storage ?? ''],
    ['Access Modes', ({ status }) => modes(status?.accessModes)], ['StorageClass', ({ spec }) => spec?.storageClassName ?? ''], ['VolumeAttributesClass', ({ spec }) => spec?.volumeAttributesClassName ?? kUnset]],
  persistentvolumes: [['Capacity', ({ spec }) => spec?.capacity?.storage ?? ''], ['Access Modes', ({ spec }) => modes(spec?.accessModes)], ['Reclaim Policy', ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? ''],
    ['Status', going], ['Claim', ({ spec }) => (spec?.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : '')], ['StorageClass', ({ spec }) => spec?.storageClassName ?? ''],
    ['VolumeAttributesClass', ({ spec }) => spec?.volumeAttributesClassName ?? kUnset], ['Reason', ({ status }) => status?.reason ?? '']],
  services: [['Type', ({ spec }) => spec?.type ?? ''], ['Cluster-IP', ({ spec }) => spec?.clusterIP ?? kNone], ['External-IP', () => kNone],
    ['Port(s)', ({ spec }) => (spec?.ports ?? []).map((port) => `${port.port}${port.nodePort ? `:${port.nodePort}` : ''}/${port.protocol ?? 'TCP'}`).join(',') || kNone]],
  endpoints: [['Endpoints', () => kNone]],
  configmaps: [['Data', ({ data = {}, binaryData = {} }) => String(Object.keys(data).length + Object.keys(binaryData).length)]],
  secrets: [['Type', ({ type }) => type ?? 'Opaque'], ['Data', ({ data = {} }) => String(Object.keys(data).length)]],
  namespaces: [['Status', going]],
  nodes: [['Status', nodeStatus], ['Roles', roles], kAge, ['Version', ({ status }) => status?.nodeInfo?.kubeletVersion ?? '']],
  events: [['Last Seen', ({ lastTimestamp, eventTime, metadata }, now) => age(lastTimestamp ?? eventTime ?? metadata.creationTimestamp, now)], ['Type', ({ type }) => type ?? ''], ['Reason', ({ reason }) => reason ?? ''],
    ['Object', ({ involvedObject, regarding }) => `${(involvedObject ?? regarding)?.kind?.toLowerCase()}/${(involvedObject ?? regarding)?.name}`], ['Message', ({ message, note }) => (message ?? note ?? '').trim()]],
  resourcequotas: [['Request', (object) => used(object, (name) => !name.startsWith('limits.'))], ['Limit', (object) => used(object, (name) => name.startsWith('limits.'))]],
  limitranges: [kCreated],
  podtemplates: [['Containers', ({ template }) => (template?.spec?.containers ?? []).map(({ name }) => name).join(',')], ['Images', ({ template }) => (template?.spec?.containers ?? []).map(({ image }) => image).join(',')],
    ['Pod Labels', ({ template }) => pairs(template?.metadata?.labels)]],
  'storageclasses.storage.k8s.io': [['Provisioner', ({ provisioner }) => provisioner ?? ''], ['ReclaimPolicy', ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete'],
    ['VolumeBindingMode', ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate'], ['AllowVolumeExpansion', ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false]],
  'csidrivers.storage.k8s.io': [flag('AttachRequired', ({ spec }) => spec?.attachRequired ?? true), flag('PodInfoOnMount', ({ spec }) => spec?.podInfoOnMount ?? false),
    flag('StorageCapacity', ({ spec }) => spec?.storageCapacity ?? false), ['TokenRequests', () => kUnset], flag('RequiresRepublish', ({ spec }) => spec?.requiresRepublish ?? false),
    ['Modes', ({ spec }) => (spec?.volumeLifecycleModes ?? []).join(',')]],
  'volumeattributesclasses.storage.k8s.io': [['DriverName', ({ driverName }) => driverName ?? '']],
  'poddisruptionbudgets.policy': [['Min Available', ({ spec }) => String(spec?.minAvailable ?? 'N/A')], ['Max Unavailable', ({ spec }) => String(spec?.maxUnavailable ?? 'N/A')],
    number('Allowed Disruptions', ({ status }) => status?.disruptionsAllowed ?? 0)],
  'horizontalpodautoscalers.autoscaling': [['Reference', ({ spec }) => `${spec?.scaleTargetRef?.kind}/${spec?.scaleTargetRef?.name}`], ['Targets', () => '<unknown>'],
    ['MinPods', ({ spec }) => String(spec?.minReplicas ?? kUnset)], ['MaxPods', ({ spec }) => spec?.maxReplicas], ['Replicas', ({ status }) => status?.currentReplicas ?? 0]],
  'ingresses.networking.k8s.io': [['Class', ({ spec }) => spec?.ingressClassName ?? kNone], ['Hosts', ({ spec }) => (spec?.rules ?? []).map(({ host }) => host).filter(Boolean).join(',') || '*'],
    ['Address', () => ''], ['Ports', ({ spec }) => (spec?.tls?.length ? '80, 443' : '80')]],
  'ingressclasses.networking.k8s.io': [['Controller', ({ spec }) => spec?.controller ?? ''], ['Parameters', () => kNone]],
  'networkpolicies.networking.k8s.io': [['Pod-Selector', ({ spec }) => pairs(spec?.podSelector?.matchLabels)]],
  'roles.rbac.authorization.k8s.io': [kCreated],
  'clusterroles.rbac.authorization.k8s.io': [kCreated],
  'rolebindings.rbac.authorization.k8s.io': [['Role', ({ roleRef }) => `${roleRef?.kind}/${roleRef?.name}`]],
  'clusterrolebindings.rbac.authorization.k8s.io': [['Role', ({ roleRef }) => `${roleRef?.kind}/${roleRef?.name}`]],
  'customresourcedefinitions.apiextensions.k8s.io': [kCreated],
  'priorityclasses.scheduling.k8s.io': [number('Value', ({ value }) => value), flag('Global-Default', ({ globalDefault }) => globalDefault ?? false), kAge, ['PreemptionPolicy', ({ preemptionPolicy }) => preemptionPolicy ?? '']],
  'runtimeclasses.node.k8s.io': [['Handler', ({ handler }) => handler ?? '']],
  'endpointslices.discovery.k8s.io': [['AddressType', ({ addressType }) => addressType], ['Ports', ({ ports }) => (ports ?? []).map(({ port }) => port).join(',') || kUnset],
    ['Endpoints', ({ endpoints }) => (endpoints ?? []).flatMap(({ addresses = [] }) => addresses).join(',') || kUnset]],
  'leases.coordination.k8s.io': [['Holder', ({ spec }) => spec?.holderIdentity ?? '']],
};

const valueAt = (object, path) => path.replace(/^\./, '').split('.').reduce((value, step) => value?.[step.replace(/\\/g, '')], object);

function customColumns(columns) {
  return columns.map(({ name, type, jsonPath, priority = 0 }) => [name, (object, now) => {
    const value = valueAt(object, jsonPath);
    if (type === 'date') return value ? age(value, now) : '';
    return value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : value;
  }, type, priority]);
}

export function columnsOf(resource) {
  const name = ['Name', ({ metadata }) => metadata.name];
  if (resource.columns?.length) return [name, ...customColumns(resource.columns)];
  if (resource.store === 'events') return kColumns.events;
  return [name, ...(kColumns[resource.store] ?? []), ...(kBare.has(resource.store) ? [] : [kAge])];
}
