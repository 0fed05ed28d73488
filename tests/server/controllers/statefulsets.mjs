// StatefulSets (pkg/controller/statefulset): pods with names and claims of their own, one after another.

import { controlledPods, controllerOf, isDone, isGoing, isReady, ownerReference, podFrom, shortHash } from './cluster.mjs';
import { labelsMatch } from './selection.mjs';

const setKind = 'statefulsets.apps', claimKind = 'persistentvolumeclaims', revisionKind = 'controllerrevisions.apps';
const component = 'statefulset-controller';

export function statefulSets(cluster) {
  for (const set of cluster.list(setKind)) sync(cluster, set);
}

const ordinalOf = (set, pod) => {
  const prefix = `${set.metadata.name}-`;
  const rest = pod.metadata.name.startsWith(prefix) ? pod.metadata.name.slice(prefix.length) : '';
  return /^\d+$/.test(rest) ? Number(rest) : -1;
};

function revision(cluster, set) {
  const hash = shortHash([set.spec.template, set.metadata.name]);
  const name = `${set.metadata.name}-${hash}`, { namespace } = set.metadata;
  if (!isGoing(set) && cluster.get(revisionKind, namespace, name) === null) {
    const others = cluster.list(revisionKind, namespace).filter((own) => controllerOf(own)?.uid === set.metadata.uid);
    cluster.create(revisionKind, { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: { name, namespace, labels: { ...set.spec.selector.matchLabels, 'controller.kubernetes.io/hash': hash },
      ownerReferences: [ownerReference(set)] }, revision: Math.max(0, ...others.map((own) => own.revision)) + 1, data: { spec: { template: { ...set.spec.template, $patch: 'replace' } } } });
  }
  return name;
}

function sync(cluster, set) {
  const { spec } = set;
  const update = revision(cluster, set);
  const pods = controlledPods(cluster, set, (labels) => labelsMatch(spec.selector, labels), (pod) => ordinalOf(set, pod) >= 0).filter((pod) => ordinalOf(set, pod) >= 0);
  if (!isGoing(set)) {
    const start = spec.ordinals?.start ?? 0;
    const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
    ownClaims(cluster, set, start);
    const settled = grow(cluster, set, byOrdinal, start, update);
    if (settled || spec.podManagementPolicy === 'Parallel') shrink(cluster, set, byOrdinal, start);
    if (settled) renew(cluster, set, byOrdinal, start, update);
  }
  count(cluster, set, update);
}

const claimName = (template, set, ordinal) => `${template.metadata.name}-${set.metadata.name}-${ordinal}`;

// Every pod has its claims before it is made. They are labelled by the selector, not by the template's labels.
function makeClaims(cluster, set, ordinal) {
  for (const template of set.spec.volumeClaimTemplates ?? []) {
    const name = claimName(template, set, ordinal), { namespace } = set.metadata;
    if (cluster.get(claimKind, namespace, name) !== null) continue;
    const made = cluster.create(claimKind, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: structuredClone(template.spec),
      metadata: { name, namespace, labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels }, ...(template.metadata.annotations && { annotations: template.metadata.annotations }) } });
    if (made) cluster.tell(set, 'Normal', 'SuccessfulCreate', `Create Claim ${name} Pod ${set.metadata.name}-${ordinal} in StatefulSet ${set.metadata.name} success`, component);
  }
}

// persistentVolumeClaimRetentionPolicy is done by owners: the set's claims, or those of a pod too many, go with their owner.
function ownClaims(cluster, set, start) {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  for (const claim of cluster.list(claimKind, set.metadata.namespace)) {
    const template = (set.spec.volumeClaimTemplates ?? []).find((own) => claim.metadata.name.startsWith(`${own.metadata.name}-${set.metadata.name}-`));
    const ordinal = template && Number(claim.metadata.name.slice(`${template.metadata.name}-${set.metadata.name}-`.length));
    if (template === undefined || !Number.isInteger(ordinal) || !labelsMatch(set.spec.selector, claim.metadata.labels ?? {})) continue;
    const surplus = ordinal < start || ordinal >= start + set.spec.replicas;
    const pod = cluster.get('pods', set.metadata.namespace, `${set.metadata.name}-${ordinal}`);
    const wanted = surplus && whenScaled === 'Delete' ? pod && ownerReference(pod) : whenDeleted === 'Delete' ? ownerReference(set) : undefined;
    cluster.change(claimKind, claim, (next) => {
      const foreign = (next.metadata.ownerReferences ?? []).filter(({ kind, name, uid }) => !(kind === 'StatefulSet' && uid === set.metadata.uid) && !(kind === 'Pod' && name === `${set.metadata.name}-${ordinal}` && !(surplus && !pod)));
      const owners = wanted ? [...foreign, wanted] : foreign;
      if (owners.length > 0) next.metadata.ownerReferences = owners;
      else delete next.metadata.ownerReferences;
    });
  }
}

function makePod(cluster, set, ordinal, update) {
  makeClaims(cluster, set, ordinal);
  const name = `${set.metadata.name}-${ordinal}`;
  const pod = podFrom(set, set.spec.template, name, { labels: { 'apps.kubernetes.io/pod-index': String(ordinal), 'controller-revision-hash': update, 'statefulset.kubernetes.io/pod-name': name } });
  pod.metadata.generateName = `${set.metadata.name}-`;
  pod.spec.hostname = name;
  if (set.spec.serviceName) pod.spec.subdomain = set.spec.serviceName;
  const templates = set.spec.volumeClaimTemplates ?? [];
  const own = new Set(templates.map(({ metadata }) => metadata.name));
  pod.spec.volumes = [...templates.map((template) => ({ name: template.metadata.name, persistentVolumeClaim: { claimName: claimName(template, set, ordinal) } })),
                      ...(pod.spec.volumes ?? []).filter((volume) => !own.has(volume.name))];
  if (cluster.create('pods', pod)) cluster.tell(set, 'Normal', 'SuccessfulCreate', `Create Pod ${name} in StatefulSet ${set.metadata.name} successful`, component);
}

/** Makes what is missing; true when everything that should run does. */
function grow(cluster, set, byOrdinal, start, update) {
  const ordered = set.spec.podManagementPolicy !== 'Parallel';
  let all = true;
  for (let ordinal = start; ordinal < start + set.spec.replicas; ++ordinal) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) {
      makePod(cluster, set, ordinal, update);
      all = false;
    } else if (isDone(pod) && !isGoing(pod)) {
      cluster.remove('pods', pod);   // made again under the same name
      all = false;
    } else if (isGoing(pod) || !isReady(pod)) {
      all = false;
    }
    if (!all && ordered) {
      // A pod of an old template that never got ready stands in the way of its own mending, as in a real cluster.
      return false;
    }
  }
  return all;
}

function shrink(cluster, set, byOrdinal, start) {
  const surplus = [...byOrdinal.keys()].filter((ordinal) => ordinal < start || ordinal >= start + set.spec.replicas).sort((a, b) => b - a);
  for (const ordinal of surplus) {
    const pod = byOrdinal.get(ordinal);
    if (!isGoing(pod)) {
      cluster.remove('pods', pod);
      cluster.tell(set, 'Normal', 'SuccessfulDelete', `Delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`, component);
    }
    if (set.spec.podManagementPolicy !== 'Parallel') return;
  }
}

// A new template: from the last pod to the partition, one after another.
function renew(cluster, set, byOrdinal, start, update) {
  if (set.spec.updateStrategy.type !== 'RollingUpdate') return;
  const partition = set.spec.updateStrategy.rollingUpdate?.partition ?? 0;
  for (let ordinal = start + set.spec.replicas - 1; ordinal >= Math.max(start, partition); --ordinal) {
    const pod = byOrdinal.get(ordinal);
    if (pod?.metadata.labels?.['controller-revision-hash'] === update) continue;
    if (pod && !isGoing(pod)) {
      cluster.remove('pods', pod);
      cluster.tell(set, 'Normal', 'SuccessfulDelete', `Delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`, component);
    }
    return;
  }
}

function count(cluster, set, update) {
  const pods = cluster.podsOf(set);
  const ready = pods.filter((pod) => isReady(pod) && !isGoing(pod)).length;
  const updated = pods.filter((pod) => pod.metadata.labels?.['controller-revision-hash'] === update).length;
  cluster.changeStatus(setKind, set, (status, next) => {
    const put = (name, value) => value > 0 ? status[name] = value : delete status[name];
    status.observedGeneration = next.metadata.generation;
    status.collisionCount ??= 0;
    status.replicas = pods.length;
    status.availableReplicas = ready;
    put('readyReplicas', ready);
    status.updateRevision = update;
    const finished = updated === pods.length && ready === next.spec.replicas && pods.length === ready;
    if (status.currentRevision === undefined || (finished && next.spec.updateStrategy.type === 'RollingUpdate')) status.currentRevision = update;
    put('updatedReplicas', updated);
    put('currentReplicas', pods.filter((pod) => pod.metadata.labels?.['controller-revision-hash'] === status.currentRevision).length);
  });
}
