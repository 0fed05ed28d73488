// VolumeSnapshots, where their CRDs are: a snapshot of a bound claim is ready at once (external-snapshotter).

import { annotation, isGoing } from './cluster.mjs';

const snapshotKind = 'volumesnapshots.snapshot.storage.k8s.io', contentKind = 'volumesnapshotcontents.snapshot.storage.k8s.io', classKind = 'volumesnapshotclasses.snapshot.storage.k8s.io';

export function snapshots(cluster) {
  for (const snapshot of cluster.list(snapshotKind)) if (!isGoing(snapshot) && !snapshot.status?.readyToUse) take(cluster, snapshot);
  // The content goes with its snapshot where it is to be deleted.
  for (const content of cluster.list(contentKind)) {
    const { name, namespace, uid } = content.spec.volumeSnapshotRef ?? {};
    const there = cluster.get(snapshotKind, namespace, name);
    if (uid && there?.metadata.uid !== uid && content.spec.deletionPolicy === 'Delete' && !isGoing(content)) cluster.remove(contentKind, content);
  }
}

function fail(cluster, snapshot, message) {
  cluster.changeStatus(snapshotKind, snapshot, (status) => {
    status.readyToUse = false;
    if (status.error?.message !== message) status.error = { message, time: cluster.nowText() };
  }, 'snapshot-controller');
  cluster.tell(snapshot, 'Warning', 'SnapshotContentCreationFailed', `Failed to create snapshot content with error ${message}`, 'snapshot-controller');
}

function take(cluster, snapshot) {
  const { namespace, name, uid } = snapshot.metadata;
  const { volumeSnapshotClassName, source } = snapshot.spec;
  const fault = annotation(snapshot, 'fail');
  if (fault !== undefined) return fail(cluster, snapshot, fault);
  let contentName = source.volumeSnapshotContentName, size;
  if (source.persistentVolumeClaimName !== undefined) {
    const claim = cluster.get('persistentvolumeclaims', namespace, source.persistentVolumeClaimName);
    if (claim === null) return fail(cluster, snapshot, `snapshot controller failed to update ${name} on API server: cannot get claim from snapshot`);
    if (claim.status?.phase !== 'Bound') return fail(cluster, snapshot, `the PVC ${claim.metadata.name} is not yet bound to a PV, will not attempt to take a snapshot`);
    const found = volumeSnapshotClassName ? cluster.get(classKind, '', volumeSnapshotClassName) : cluster.list(classKind).find(({ metadata }) => metadata.annotations?.['snapshot.storage.kubernetes.io/is-default-class'] === 'true');
    if (!found) return fail(cluster, snapshot, volumeSnapshotClassName ? `failed to get input parameters to create snapshot ${name}: "failed to retrieve snapshot class ${volumeSnapshotClassName} from the informer: \\"volumesnapshotclass.snapshot.storage.k8s.io \\\\\\"${volumeSnapshotClassName}\\\\\\" not found\\""` : 'cannot find default snapshot class');
    size = claim.status.capacity?.storage;
    contentName = `snapcontent-${uid}`;
    if (cluster.store.resource(contentKind) && cluster.get(contentKind, '', contentName) === null) {
      cluster.create(contentKind, { apiVersion: snapshot.apiVersion, kind: 'VolumeSnapshotContent', metadata: { name: contentName },
        spec: { deletionPolicy: found.deletionPolicy, driver: found.driver, volumeSnapshotClassName: found.metadata.name, source: { volumeHandle: claim.spec.volumeName },
                volumeSnapshotRef: { apiVersion: snapshot.apiVersion, kind: 'VolumeSnapshot', namespace, name, uid } } }, 'snapshot-controller');
    }
  } else if (cluster.get(contentKind, '', contentName) === null) {
    return fail(cluster, snapshot, 'VolumeSnapshotContent is missing');
  }
  return cluster.changeStatus(snapshotKind, snapshot, (status) => {
    Object.assign(status, { boundVolumeSnapshotContentName: contentName, creationTime: cluster.nowText(), readyToUse: true, ...(size && { restoreSize: size }) });
    delete status.error;
  }, 'snapshot-controller');
}
