// Deployments and their ReplicaSets (pkg/controller/deployment, pkg/controller/replicaset).

import { annotate, controlledPods, controllerOf, isDone, isGoing, isReady, ownerReference, podFrom, setCondition, conditionOf, shortHash } from './cluster.mjs';
import { labelsMatch } from './selection.mjs';
import { same } from '../findings.mjs';

const deploymentKind = 'deployments.apps', setKind = 'replicasets.apps';
const revision = 'deployment.kubernetes.io/revision';
const times = ['lastUpdateTime', 'lastTransitionTime'];

export function deployments(cluster) {
  for (const deployment of cluster.list(deploymentKind)) {
    if (!isGoing(deployment)) syncDeployment(cluster, deployment);
    else countDeployment(cluster, deployment, ownSets(cluster, deployment, false));
  }
}

function ownSets(cluster, deployment, adopt) {
  const out = [];
  for (const set of cluster.list(setKind, deployment.metadata.namespace)) {
    const owner = controllerOf(set);
    if (owner?.uid === deployment.metadata.uid) out.push(set);
    else if (adopt && owner === undefined && !isGoing(set) && labelsMatch(deployment.spec.selector, set.metadata.labels ?? {})) {
      const taken = cluster.change(setKind, set, (next) => next.metadata.ownerReferences = [...next.metadata.ownerReferences ?? [], ownerReference(deployment)]);
      if (taken) out.push(taken);
    }
  }
  return out;
}

const hashLabel = 'pod-template-hash';
function isOf(set, template) {
  const { [hashLabel]: _, ...labels } = set.spec.template.metadata.labels ?? {};
  return same({ ...set.spec.template, metadata: { ...set.spec.template.metadata, labels } }, { ...template, metadata: { ...template.metadata, labels: template.metadata.labels ?? {} } });
}

const podsOf = (cluster, set) => cluster.podsOf(set);

function share(of, total, up) {
  if (typeof of === 'number') return of;
  const value = parseInt(of) * total / 100;
  return up ? Math.ceil(value) : Math.floor(value);
}

function syncDeployment(cluster, deployment) {
  const { spec } = deployment;
  const sets = ownSets(cluster, deployment, true);
  let current = sets.find((set) => isOf(set, spec.template));
  const others = sets.filter((set) => set !== current);
  const recreate = spec.strategy.type === 'Recreate';
  if (!spec.paused || current !== undefined) {
    const left = others.some((set) => podsOf(cluster, set).some((pod) => !isDone(pod)));
    if (current === undefined && !(recreate && left)) current = makeSet(cluster, deployment, sets);
    if (recreate) others.forEach((set) => scale(cluster, deployment, set, 0));
    if (current) {
      const next = current;
      renumber(cluster, deployment, next, others);
      if (recreate) {
        if (!left) scale(cluster, deployment, next, spec.replicas);
      } else {
        roll(cluster, deployment, next, others);
      }
    }
  }
  clean(cluster, deployment, others);
  countDeployment(cluster, deployment, ownSets(cluster, deployment, false), current);
}

const revisionOf = (set) => Number(set.metadata.annotations?.[revision] ?? 0);

function makeSet(cluster, deployment, sets) {
  const { spec, metadata } = deployment;
  const hash = shortHash([spec.template, metadata.uid, deployment.status?.collisionCount ?? 0]);
  const number = Math.max(0, ...sets.map(revisionOf)) + 1;
  const labels = { ...spec.template.metadata.labels, [hashLabel]: hash };
  const desired = { 'deployment.kubernetes.io/desired-replicas': String(spec.replicas), 'deployment.kubernetes.io/max-replicas': String(spec.replicas + surgeOf(spec)) };
  const total = sets.reduce((sum, set) => sum + set.spec.replicas, 0);
  const replicas = Math.max(0, Math.min(spec.replicas, spec.replicas + surgeOf(spec) - total));
  const made = cluster.create(setKind, {
    apiVersion: 'apps/v1', kind: 'ReplicaSet',
    metadata: { name: `${metadata.name}-${hash}`, namespace: metadata.namespace, labels, annotations: { ...metadata.annotations, [revision]: String(number), ...desired }, ownerReferences: [ownerReference(deployment)] },
    spec: { replicas, minReadySeconds: spec.minReadySeconds, selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [hashLabel]: hash } },
            template: { ...structuredClone(spec.template), metadata: { ...spec.template.metadata, labels } } },
  });
  if (made && replicas > 0) cluster.tell(deployment, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${made.metadata.name} from 0 to ${replicas}`, 'deployment-controller');
  return made ?? undefined;
}

function renumber(cluster, deployment, current, others) {
  const wanted = Math.max(revisionOf(current), ...others.map((set) => revisionOf(set) + 1), 1);
  if (revisionOf(current) !== wanted) cluster.change(setKind, current, (next) => annotate(next, { [revision]: String(wanted) }));
  if (deployment.metadata.annotations?.[revision] !== String(wanted)) cluster.change(deploymentKind, deployment, (next) => annotate(next, { [revision]: String(wanted) }));
}

function surgeOf(spec) {
  if (spec.strategy.type === 'Recreate') return 0;
  return share(spec.strategy.rollingUpdate.maxSurge, spec.replicas, true);
}

function scale(cluster, deployment, set, replicas) {
  const from = set.spec.replicas;
  if (from === replicas) return;
  const done = cluster.change(setKind, set, (next) => next.spec.replicas = replicas);
  if (done) cluster.tell(deployment, 'Normal', 'ScalingReplicaSet', `Scaled ${replicas > from ? 'up' : 'down'} replica set ${set.metadata.name} from ${from} to ${replicas}`, 'deployment-controller');
}

function roll(cluster, deployment, current, others) {
  const { spec } = deployment;
  if (spec.paused && others.length > 0) return;
  const running = others.filter((set) => set.spec.replicas > 0);
  if (running.length === 0) return scale(cluster, deployment, current, spec.replicas);
  const surge = surgeOf(spec);
  let unavailable = share(spec.strategy.rollingUpdate.maxUnavailable, spec.replicas, false);
  if (surge === 0 && unavailable === 0) unavailable = 1;
  const total = current.spec.replicas + running.reduce((sum, set) => sum + set.spec.replicas, 0);
  const room = spec.replicas + surge - total;
  const grown = Math.min(spec.replicas, current.spec.replicas + Math.max(0, room));
  if (current.spec.replicas > spec.replicas || grown > current.spec.replicas) scale(cluster, deployment, current, current.spec.replicas > spec.replicas ? spec.replicas : grown);
  // rolling.go: what is new and does not work yet counts against what may go.
  const ready = (set) => podsOf(cluster, set).filter((pod) => isReady(pod) && !isGoing(pod)).length;
  const least = spec.replicas - unavailable;
  let spare = total - least - Math.max(0, grown - ready(current));
  for (const set of running.sort((a, b) => revisionOf(a) - revisionOf(b))) {
    const less = Math.max(0, Math.min(spare, set.spec.replicas - ready(set)));
    if (less === 0) continue;
    scale(cluster, deployment, set, set.spec.replicas - less);
    return undefined;
  }
  spare = Math.min(spare, ready(current) + running.reduce((sum, set) => sum + ready(set), 0) - least);
  for (const set of running) {
    const less = Math.max(0, Math.min(spare, set.spec.replicas));
    spare -= less;
    if (less > 0) scale(cluster, deployment, set, set.spec.replicas - less);
  }
  return undefined;
}

function clean(cluster, deployment, others) {
  const limit = deployment.spec.revisionHistoryLimit ?? 10;
  const idle = others.filter((set) => set.spec.replicas === 0 && (set.status?.replicas ?? 0) === 0 && !isGoing(set)).sort((a, b) => revisionOf(a) - revisionOf(b));
  for (const set of idle.slice(0, Math.max(0, idle.length - limit))) cluster.remove(setKind, set);
}

function countDeployment(cluster, deployment, sets, current) {
  const { spec } = deployment;
  const pods = sets.flatMap((set) => podsOf(cluster, set)).filter((pod) => !isGoing(pod) && !isDone(pod));
  const ready = pods.filter(isReady).length;
  const updated = current === undefined ? 0 : podsOf(cluster, current).filter((pod) => !isGoing(pod) && !isDone(pod)).length;
  const time = cluster.nowText();
  cluster.changeStatus(deploymentKind, deployment, (status, next) => {
    const put = (name, value) => value > 0 ? status[name] = value : delete status[name];
    status.observedGeneration = next.metadata.generation;
    put('replicas', pods.length);
    put('updatedReplicas', updated);
    put('readyReplicas', ready);
    put('availableReplicas', ready);
    if (cluster.minor >= 35) status.terminatingReplicas = sets.flatMap((set) => podsOf(cluster, set)).filter(isGoing).length;
    put('unavailableReplicas', Math.max(0, Math.max(spec.replicas, pods.length) - ready));
    if (isGoing(deployment)) return;
    const least = spec.replicas - (spec.strategy.type === 'RollingUpdate' ? share(spec.strategy.rollingUpdate.maxUnavailable, spec.replicas, false) : 0);
    const enough = ready >= least;
    setCondition(status, { type: 'Available', status: enough ? 'True' : 'False', reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
                           message: enough ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.' }, time, times);
    progress(cluster, deployment, status, current, { ready, updated, total: pods.length, time });
  });
}

function progress(cluster, deployment, status, current, { ready, updated, total, time }) {
  const { spec } = deployment;
  if (current === undefined) return;
  const name = current.metadata.name;
  if (updated === spec.replicas && total === updated && ready === updated) {
    setCondition(status, { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: `ReplicaSet "${name}" has successfully progressed.` }, time, times);
    return;
  }
  // The time to make progress begins with the last progress.
  const memory = cluster.remember(current, () => ({ seen: '', since: cluster.now().getTime() }));
  const seen = JSON.stringify([ready, updated, total, deployment.metadata.generation]);
  if (memory.seen !== seen) Object.assign(memory, { seen, since: cluster.now().getTime() });
  const left = memory.since + spec.progressDeadlineSeconds * 1000 - cluster.now().getTime();
  if (left <= 0) {
    setCondition(status, { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: `ReplicaSet "${name}" has timed out progressing.` }, time, times);
    return;
  }
  cluster.later(`progress ${deployment.metadata.uid}`, left);
  if (conditionOf({ status }, 'Progressing')?.reason === 'ProgressDeadlineExceeded' && memory.since < cluster.now().getTime()) return;
  setCondition(status, { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: `ReplicaSet "${name}" is progressing.` }, time, times);
}

export function replicaSets(cluster) {
  for (const set of cluster.list(setKind)) syncSet(cluster, set);
}

function syncSet(cluster, set) {
  const { spec } = set;
  const pods = controlledPods(cluster, set, (labels) => labelsMatch(spec.selector, labels)).filter((pod) => !isDone(pod));
  const living = pods.filter((pod) => !isGoing(pod));
  if (!isGoing(set)) {
    for (let i = living.length; i < spec.replicas; ++i) {
      const made = cluster.create('pods', podFrom(set, spec.template, `${set.metadata.name}-`));
      if (!made) break;
      cluster.tell(set, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`, 'replicaset-controller');
    }
    // Those that do not run yet go first.
    const order = [...living].sort((a, b) => Number(isReady(a)) - Number(isReady(b)) || (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1));
    for (const pod of order.slice(0, Math.max(0, living.length - spec.replicas))) {
      cluster.remove('pods', pod);
      cluster.tell(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`, 'replicaset-controller');
    }
  }
  const now = cluster.podsOf(set).filter((pod) => !isGoing(pod) && !isDone(pod));
  cluster.changeStatus(setKind, set, (status, next) => {
    const put = (name, value) => value > 0 ? status[name] = value : delete status[name];
    status.replicas = now.length;
    status.observedGeneration = next.metadata.generation;
    if (cluster.minor >= 35) status.terminatingReplicas = pods.length - living.length;
    put('fullyLabeledReplicas', now.length);
    put('readyReplicas', now.filter(isReady).length);
    put('availableReplicas', now.filter(isReady).length);
  });
}
