// The garbage collector (pkg/controller/garbagecollector): what belongs to nobody any more goes; foreground
// deletion waits for what blocks it; orphaning cuts the ties.

import { isGoing } from './cluster.mjs';

const silent = new Set(['events', 'leases.coordination.k8s.io', 'componentstatuses']);

export function collectGarbage(cluster) {
  const objects = new Map(), dependents = new Map();
  for (const kind of cluster.store.kinds()) {
    if (silent.has(kind)) continue;
    for (const object of cluster.list(kind)) {
      objects.set(object.metadata.uid, { kind, object });
      for (const owner of object.metadata.ownerReferences ?? []) {
        if (!dependents.has(owner.uid)) dependents.set(owner.uid, []);
        dependents.get(owner.uid).push({ kind, object });
      }
    }
  }
  for (const found of objects.values()) {
    const { finalizers = [] } = found.object.metadata;
    if (isGoing(found.object)) {
      if (finalizers.includes('orphan')) orphan(cluster, found, dependents.get(found.object.metadata.uid) ?? []);
      else if (finalizers.includes('foregroundDeletion')) foreground(cluster, found, dependents.get(found.object.metadata.uid) ?? []);
    }
    if (found.object.metadata.ownerReferences?.length > 0) settle(cluster, found.kind, found.object, objects);
  }
}

function dropFinalizer(cluster, { kind, object }, name) {
  cluster.change(kind, object, (next) => {
    const left = (next.metadata.finalizers ?? []).filter((finalizer) => finalizer !== name);
    if (left.length > 0) next.metadata.finalizers = left;
    else delete next.metadata.finalizers;
  });
}

function orphan(cluster, found, dependents) {
  for (const { kind, object } of dependents) {
    cluster.change(kind, object, (next) => {
      const left = (next.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== found.object.metadata.uid);
      if (left.length > 0) next.metadata.ownerReferences = left;
      else delete next.metadata.ownerReferences;
    });
  }
  dropFinalizer(cluster, found, 'orphan');
}

function foreground(cluster, found, dependents) {
  let blocked = false;
  for (const { kind, object } of dependents) {
    const reference = object.metadata.ownerReferences.find(({ uid }) => uid === found.object.metadata.uid);
    if (!isGoing(object)) cluster.remove(kind, object, { propagationPolicy: 'Foreground' });
    const { namespace = '', name, uid } = object.metadata;
    if (reference.blockOwnerDeletion && cluster.get(kind, namespace, name)?.metadata.uid === uid) blocked = true;
  }
  if (!blocked) dropFinalizer(cluster, found, 'foregroundDeletion');
}

// An object goes with the last of its owners; a reference to what never was, or to another namespace, counts as gone.
function settle(cluster, kind, seen, objects) {
  // As it is now: its ties may have been cut a moment ago.
  const object = cluster.get(kind, seen.metadata.namespace ?? '', seen.metadata.name);
  if (object === null || object.metadata.uid !== seen.metadata.uid || isGoing(object) || !(object.metadata.ownerReferences?.length > 0)) return;
  const states = object.metadata.ownerReferences.map((owner) => {
    const resource = cluster.store.ofKind(owner.apiVersion, owner.kind);
    if (resource === undefined) return 'unknown';
    const known = objects.get(owner.uid)?.object;
    if (known === undefined) return 'gone';
    if (known.metadata.name !== owner.name || (known.metadata.namespace !== undefined && known.metadata.namespace !== object.metadata.namespace)) return 'gone';
    const namespace = known.metadata.namespace ?? '';
    return cluster.get(resource, namespace, owner.name)?.metadata.uid === owner.uid ? 'there' : 'gone';
  });
  if (states.every((state) => state === 'gone')) {
    cluster.remove(kind, object);
  } else if (states.includes('gone') && states.includes('there')) {
    cluster.change(kind, object, (next) => next.metadata.ownerReferences = next.metadata.ownerReferences.filter((_, i) => states[i] !== 'gone'));
  }
}
