// Binding of claims to volumes, provisioning, reclaiming and growth (pkg/controller/volume/persistentvolume,
// pkg/controller/volume/expand and the side-cars of CSI drivers).

import { labelsMatch } from './selection.mjs';
import { annotate, annotation, isGoing } from './cluster.mjs';
import { nanosOf } from '../quantity.mjs';

const claims = 'persistentvolumeclaims', pvs = 'persistentvolumes', classKind = 'storageclasses.storage.k8s.io';
const component = 'persistentvolume-controller';
const boundBy = { 'pv.kubernetes.io/bound-by-controller': 'yes' };
const selectedNode = 'volume.kubernetes.io/selected-node';

export function volumes(cluster) {
  for (const claim of cluster.list(claims)) syncClaim(cluster, claim);
  for (const volume of cluster.list(pvs)) syncVolume(cluster, volume);
}

const classOf = (object) => object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? object.spec.storageClassName ?? '';
const sizeOf = (claim) => nanosOf(claim.spec.resources?.requests?.storage ?? 0);
const isFor = (volume, claim) => {
  const reference = volume.spec.claimRef;
  return reference !== undefined && reference.namespace === claim.metadata.namespace && reference.name === claim.metadata.name && (!reference.uid || reference.uid === claim.metadata.uid);
};

function syncClaim(cluster, claim) {
  if (claim.metadata.annotations?.['pv.kubernetes.io/bind-completed']) {
    const volume = cluster.get(pvs, '', claim.spec.volumeName);
    if (volume === null) return lost(cluster, claim, `Bound claim has lost its PersistentVolume. Data on the volume is lost!`);
    if (!isFor(volume, claim)) {
      if (volume.spec.claimRef === undefined) return bind(cluster, claim, volume);
      return lost(cluster, claim, 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!');
    }
    if (volume.status?.phase === 'Released' || claim.status?.phase !== 'Bound') bind(cluster, claim, volume);
    return grow(cluster, claim, volume);
  }
  if (isGoing(claim)) return undefined;
  return claim.spec.volumeName ? bindNamed(cluster, claim) : findVolume(cluster, claim);
}

function lost(cluster, claim, message) {
  if (claim.status?.phase === 'Lost') return;
  cluster.changeStatus(claims, claim, (status) => status.phase = 'Lost');
  cluster.tell(claim, 'Warning', 'ClaimLost', message, component);
}

// A claim that names its volume waits for that very volume.
function bindNamed(cluster, claim) {
  const volume = cluster.get(pvs, '', claim.spec.volumeName);
  if (volume === null) return undefined;
  if (volume.spec.claimRef === undefined) {
    const problem = mismatch(claim, volume);
    if (problem !== undefined) return cluster.tell(claim, 'Warning', 'VolumeMismatch', `Cannot bind to requested volume "${volume.metadata.name}": ${problem}`, component);
    return bind(cluster, claim, volume);
  }
  if (isFor(volume, claim)) return bind(cluster, claim, volume);
  const reference = volume.spec.claimRef;
  if (reference.namespace !== claim.metadata.namespace || reference.name !== claim.metadata.name) {
    cluster.tell(claim, 'Warning', 'FailedBinding', `volume "${volume.metadata.name}" already bound to a different claim.`, component);
  }
  return undefined;
}

function mismatch(claim, volume) {
  if (sizeOf(claim) > nanosOf(volume.spec.capacity?.storage ?? 0)) return 'requested PV is too small';
  if (classOf(claim) !== (volume.spec.storageClassName ?? '')) return 'storageClassName does not match';
  if (claim.spec.volumeMode !== volume.spec.volumeMode) return 'incompatible volumeMode';
  return (claim.spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode)) ? undefined : 'incompatible accessMode';
}

/** Volumes that fit, the smallest first; one that was made for the claim comes before all others (index.go, FindMatchingVolume). */
export function fittingVolumes(cluster, claim) {
  const fitting = cluster.list(pvs).filter((volume) => {
    if (isGoing(volume) || mismatch(claim, volume) !== undefined) return false;
    if (volume.spec.claimRef !== undefined) return isFor(volume, claim);
    if (claim.spec.selector && !labelsMatch(claim.spec.selector, volume.metadata.labels ?? {})) return false;
    return volume.status?.phase === 'Available';
  });
  const rank = (volume) => volume.spec.claimRef !== undefined ? -1n : nanosOf(volume.spec.capacity.storage);
  return fitting.sort((a, b) => rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : a.metadata.name < b.metadata.name ? -1 : 1);
}

/** Keeps a volume for a claim: what the scheduler does, binding follows. */
export function reserve(cluster, volume, claim) {
  if (volume.spec.claimRef !== undefined) return;
  cluster.change(pvs, volume, (next) => {
    annotate(next, boundBy);
    next.spec.claimRef = reference(claim);
  }, { manager: 'kube-scheduler' });
}

function findVolume(cluster, claim) {
  const name = classOf(claim);
  const found = name === '' ? null : cluster.get(classKind, '', name);
  const waits = found?.volumeBindingMode === 'WaitForFirstConsumer';
  if (waits && !claim.metadata.annotations?.[selectedNode] && !cluster.list(pvs).some((volume) => isFor(volume, claim))) {
    const pod = cluster.list('pods', claim.metadata.namespace).find((own) => !own.spec.nodeName && (own.spec.volumes ?? []).some((volume) => volume.persistentVolumeClaim?.claimName === claim.metadata.name));
    if (pod) return cluster.tell(claim, 'Normal', 'WaitForPodScheduled', `waiting for pod ${pod.metadata.name} to be scheduled`, component);
    return cluster.tell(claim, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding', component);
  }
  const [volume] = fittingVolumes(cluster, claim);
  if (volume !== undefined) return bind(cluster, claim, volume);
  if (name === '') return cluster.tell(claim, 'Normal', 'FailedBinding', 'no persistent volumes available for this claim and no storage class is set', component);
  if (found === null) return cluster.tell(claim, 'Warning', 'ProvisioningFailed', `storageclass.storage.k8s.io "${name}" not found`, component);
  return provision(cluster, claim, found);
}

function provision(cluster, claim, found) {
  const { provisioner } = found;
  if (provisioner === 'kubernetes.io/no-provisioner') {
    return cluster.tell(claim, 'Normal', 'FailedBinding', 'no persistent volumes available for this claim and no storage class is set', component);
  }
  if (claim.metadata.annotations?.['volume.kubernetes.io/storage-provisioner'] !== provisioner) {
    cluster.change(claims, claim, (next) => annotate(next, { 'volume.beta.kubernetes.io/storage-provisioner': provisioner, 'volume.kubernetes.io/storage-provisioner': provisioner }));
  }
  cluster.tell(claim, 'Normal', 'ExternalProvisioning', `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`, component);
  const fault = annotation(found, 'fail') ?? annotation(claim, 'fail');
  const problem = fault ?? sourceProblem(cluster, claim);
  if (problem !== undefined) return cluster.tell(claim, 'Warning', 'ProvisioningFailed', `failed to provision volume with StorageClass "${found.metadata.name}": ${problem}`, provisioner);
  const name = `pvc-${claim.metadata.uid}`;
  if (cluster.get(pvs, '', name) !== null) return undefined;
  cluster.tell(claim, 'Normal', 'Provisioning', `External provisioner is provisioning volume for claim "${claim.metadata.namespace}/${claim.metadata.name}"`, provisioner);
  const made = cluster.create(pvs, {
    apiVersion: 'v1', kind: 'PersistentVolume',
    metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': provisioner } },
    spec: {
      capacity: { storage: claim.spec.resources.requests.storage }, accessModes: claim.spec.accessModes, volumeMode: claim.spec.volumeMode, claimRef: reference(claim),
      persistentVolumeReclaimPolicy: found.reclaimPolicy, storageClassName: found.metadata.name, ...(found.mountOptions && { mountOptions: found.mountOptions }),
      ...(claim.spec.volumeAttributesClassName && { volumeAttributesClassName: claim.spec.volumeAttributesClassName }),
      csi: { driver: provisioner, volumeHandle: name, volumeAttributes: { 'storage.kubernetes.io/csiProvisionerIdentity': provisioner } },
    },
  }, provisioner);
  if (made) cluster.tell(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`, provisioner);
  return undefined;
}

function sourceProblem(cluster, claim) {
  const source = claim.spec.dataSource ?? claim.spec.dataSourceRef;
  if (!source) return undefined;
  const namespace = claim.metadata.namespace;
  if (source.kind === 'PersistentVolumeClaim' && !source.apiGroup) {
    const other = cluster.get(claims, namespace, source.name);
    if (other === null) return `error getting PVC ${source.name} (${namespace}) from api server: persistentvolumeclaim "${source.name}" not found`;
    return other.status?.phase === 'Bound' ? undefined : `the PVC DataSource ${source.name} must have a valid volume ("")`;
  }
  if (source.kind === 'VolumeSnapshot') {
    const other = cluster.get('volumesnapshots.snapshot.storage.k8s.io', namespace, source.name);
    if (other === null) return `error getting snapshot ${source.name} from api server: volumesnapshots.snapshot.storage.k8s.io "${source.name}" not found`;
    return other.status?.readyToUse ? undefined : `snapshot ${source.name} is not Ready`;
  }
  return undefined;
}

const reference = ({ metadata }) => ({ kind: 'PersistentVolumeClaim', namespace: metadata.namespace, name: metadata.name, uid: metadata.uid, apiVersion: 'v1', resourceVersion: metadata.resourceVersion });

function bind(cluster, claim, volume) {
  const owned = volume.spec.claimRef?.uid === claim.metadata.uid;
  const bound = cluster.change(pvs, volume, (next) => {
    if (!owned) {
      if (next.spec.claimRef === undefined) annotate(next, boundBy);
      next.spec.claimRef = { ...next.spec.claimRef, ...reference(claim) };
    }
  });
  if (!bound) return;
  cluster.changeStatus(pvs, bound, (status) => setPhase(cluster, status, 'Bound'));
  const named = cluster.change(claims, claim, (next) => {
    if (!next.spec.volumeName) annotate(next, boundBy);
    next.spec.volumeName = volume.metadata.name;
    annotate(next, { 'pv.kubernetes.io/bind-completed': 'yes' });
  });
  if (!named) return;
  cluster.changeStatus(claims, named, (status) => {
    status.phase = 'Bound';
    status.accessModes = volume.spec.accessModes;
    status.capacity ??= volume.spec.capacity;
    if (claim.spec.volumeAttributesClassName) status.currentVolumeAttributesClassName = claim.spec.volumeAttributesClassName;
  });
}

function setPhase(cluster, status, phase, message) {
  if (status.phase !== phase) status.lastPhaseTransitionTime = cluster.nowText();
  status.phase = phase;
  if (message) status.message = message;
  else delete status.message;
}

function syncVolume(cluster, volume) {
  const { claimRef } = volume.spec;
  const phase = (name, message) => volume.status?.phase === name ? undefined : cluster.changeStatus(pvs, volume, (status) => setPhase(cluster, status, name, message));
  if (claimRef === undefined) return phase('Available');
  if (!claimRef.uid) {
    // Reserved for a claim that may come.
    const claim = cluster.get(claims, claimRef.namespace, claimRef.name);
    return claim === null || claim.spec.volumeName !== volume.metadata.name ? phase('Available') : undefined;
  }
  const claim = cluster.get(claims, claimRef.namespace, claimRef.name);
  if (claim !== null && claim.metadata.uid === claimRef.uid) return undefined;
  if (volume.status?.phase === 'Failed') return undefined;
  phase('Released');
  return reclaim(cluster, volume);
}

// Delete works where something is there that can: a driver, or the provisioner that made the volume.
function reclaim(cluster, volume) {
  const policy = volume.spec.persistentVolumeReclaimPolicy;
  const { name } = volume.metadata;
  if (policy === 'Delete') {
    if (volume.spec.csi) return isGoing(volume) ? undefined : cluster.remove(pvs, volume);
    const message = `error getting deleter volume plugin for volume "${name}": no deletable volume plugin matched`;
    cluster.tell(volume, 'Warning', 'VolumeFailedDelete', message, component);
    return cluster.changeStatus(pvs, volume, (status) => setPhase(cluster, status, 'Failed', message));
  }
  if (policy !== 'Recycle') return undefined;
  if (!volume.spec.nfs && !volume.spec.hostPath) {
    const message = 'No recycler plugin found for the volume!';
    cluster.tell(volume, 'Warning', 'VolumeFailedRecycle', message, component);
    return cluster.changeStatus(pvs, volume, (status) => setPhase(cluster, status, 'Failed', message));
  }
  cluster.tell(volume, 'Normal', 'VolumeRecycled', 'Volume recycled', component);
  const free = cluster.change(pvs, volume, (next) => delete next.spec.claimRef);
  return free && cluster.changeStatus(pvs, free, (status) => setPhase(cluster, status, 'Available'));
}

function grow(cluster, claim, volume) {
  const wanted = claim.spec.resources?.requests?.storage;
  if (claim.status?.phase !== 'Bound' || nanosOf(wanted) <= nanosOf(claim.status.capacity?.storage ?? 0)) return;
  const found = cluster.get(classKind, '', classOf(claim));
  if (!found?.allowVolumeExpansion) return;
  const fault = annotation(claim, 'fail') ?? annotation(found, 'fail');
  if (fault !== undefined) {
    cluster.tell(claim, 'Warning', 'VolumeResizeFailed', `resize volume "${volume.metadata.name}" by resizer "${found.provisioner}" failed: ${fault}`, `external-resizer ${found.provisioner}`);
    return;
  }
  cluster.tell(claim, 'Normal', 'Resizing', `External resizer is resizing volume ${volume.metadata.name}`, `external-resizer ${found.provisioner}`);
  if (nanosOf(volume.spec.capacity?.storage ?? 0) < nanosOf(wanted)) cluster.change(pvs, volume, (next) => next.spec.capacity.storage = wanted);
  cluster.changeStatus(claims, claim, (status) => {
    status.capacity = { ...status.capacity, storage: wanted };
    delete status.conditions;
  });
  cluster.tell(claim, 'Normal', 'FileSystemResizeSuccessful', 'MountVolume.NodeExpandVolume succeeded for volume "' + volume.metadata.name + '"', 'kubelet');
}
