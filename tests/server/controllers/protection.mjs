// Claims and volumes go when nobody uses them (pkg/controller/volume/pvcprotection, pvprotection).

import { isGoing } from './cluster.mjs';

export function claimsOf(pod) {
  return (pod.spec.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim ? [volume.persistentVolumeClaim.claimName] : volume.ephemeral ? [`${pod.metadata.name}-${volume.name}`] : []);
}

function drop(cluster, resource, object, name) {
  if (!isGoing(object) || !object.metadata.finalizers?.includes(name)) return;
  cluster.change(resource, object, (next) => {
    next.metadata.finalizers = next.metadata.finalizers.filter((finalizer) => finalizer !== name);
    if (next.metadata.finalizers.length === 0) delete next.metadata.finalizers;
  });
}

export function protection(cluster) {
  for (const claim of cluster.list('persistentvolumeclaims')) {
    if (!isGoing(claim)) continue;
    // A pod counts once it has a node, and until it is gone: finished ones too.
    const used = cluster.list('pods', claim.metadata.namespace).some((pod) => pod.spec.nodeName && claimsOf(pod).includes(claim.metadata.name));
    if (!used) drop(cluster, 'persistentvolumeclaims', claim, 'kubernetes.io/pvc-protection');
  }
  for (const volume of cluster.list('persistentvolumes')) {
    if (volume.status?.phase !== 'Bound') drop(cluster, 'persistentvolumes', volume, 'kubernetes.io/pv-protection');
  }
  for (const own of cluster.list('volumeattributesclasses.storage.k8s.io')) {
    const used = isGoing(own) && [...cluster.list('persistentvolumeclaims'), ...cluster.list('persistentvolumes')].some(({ spec }) => spec.volumeAttributesClassName === own.metadata.name);
    if (!used) drop(cluster, 'volumeattributesclasses.storage.k8s.io', own, 'kubernetes.io/vac-protection');
  }
}
