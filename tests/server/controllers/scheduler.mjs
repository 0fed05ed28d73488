// kube-scheduler as far as state is concerned: a pod gets a node once its claims are bound or can be.

import { annotate, annotation, isGoing, setPodCondition } from './cluster.mjs';
import { claimsOf } from './protection.mjs';
import { nodeMatches } from './selection.mjs';
import { fittingVolumes, reserve } from './volumes.mjs';
import { nanosOf } from '../quantity.mjs';

const component = 'default-scheduler';
const claims = 'persistentvolumeclaims', pvs = 'persistentvolumes', classKind = 'storageclasses.storage.k8s.io';

export function schedule(cluster) {
  for (const pod of cluster.list('pods')) {
    if (pod.spec.nodeName || isGoing(pod) || pod.spec.schedulerName !== component || pod.spec.schedulingGates?.length > 0) continue;
    if (['Succeeded', 'Failed'].includes(pod.status?.phase)) continue;
    place(cluster, pod);
  }
}

function place(cluster, pod) {
  makeEphemeralClaims(cluster, pod);
  const nodes = cluster.list('nodes');
  const asked = claimsOf(pod).map((name) => ({ name, claim: cluster.get(claims, pod.metadata.namespace, name) }));
  const count = nodes.length, none = `0/${count} nodes are available`;
  const helpless = `preemption: 0/${count} nodes are available: ${count} Preemption is not helpful for scheduling.`;
  const recent = cluster.minor >= 34;   // where claims of devices have their say as well
  const tail = recent ? ` no new claims to deallocate, ${helpless}` : ` ${helpless}`;
  if (count === 0) return unschedulable(cluster, pod, 'no nodes available to schedule pods');
  if (annotation(pod, 'fail') === 'Unschedulable') return unschedulable(cluster, pod, `${none}: ${count} Insufficient cpu.${tail}`);
  const problem = claimProblem(cluster, pod, asked);
  if (problem !== undefined) return unschedulable(cluster, pod, `${none}: ${problem}.${recent ? ' not found' : ` ${helpless}`}`);
  const reasons = new Map();
  const fitting = nodes.filter((node) => {
    const reason = nodeProblem(cluster, pod, node, asked);
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    return reason === undefined;
  });
  if (fitting.length === 0) {
    const said = [...reasons].map(([reason, times]) => `${times} ${reason}`).sort().join(', ');
    const end = reasons.has(onceOnly) && reasons.size === 1 ? tail.replace('Preemption is not helpful for scheduling', 'No preemption victims found for incoming pod') : tail;
    return unschedulable(cluster, pod, `${none}: ${said}.${end}`);
  }
  // Spread by count, so that the same pods always land on the same nodes.
  const load = (node) => cluster.list('pods').filter((other) => other.spec.nodeName === node.metadata.name).length;
  const node = fitting.sort((a, b) => load(a) - load(b) || (a.metadata.name < b.metadata.name ? -1 : 1))[0];
  if (!selectNode(cluster, asked, node)) return undefined;
  return assign(cluster, pod, node);
}

// pkg/controller/volume/ephemeral
function makeEphemeralClaims(cluster, pod) {
  for (const volume of pod.spec.volumes ?? []) {
    if (!volume.ephemeral) continue;
    const name = `${pod.metadata.name}-${volume.name}`, { namespace } = pod.metadata;
    if (cluster.get(claims, namespace, name) !== null) continue;
    const template = volume.ephemeral.volumeClaimTemplate;
    cluster.create(claims, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: structuredClone(template.spec), metadata: { ...template.metadata, name, namespace,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid, controller: true, blockOwnerDeletion: true }] } });
  }
}

const isBound = (claim) => claim.metadata.annotations?.['pv.kubernetes.io/bind-completed'] !== undefined;
const waits = (cluster, claim) => cluster.get(classKind, '', claim.spec.storageClassName ?? '')?.volumeBindingMode === 'WaitForFirstConsumer';

function claimProblem(cluster, pod, asked) {
  for (const { name, claim } of asked) {
    if (claim === null) return `persistentvolumeclaim "${name}" not found`;
    if (isGoing(claim)) return `persistentvolumeclaim "${name}" is being deleted`;
    if (claim.status?.phase === 'Lost') return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName}"`;
  }
  if (asked.some(({ claim }) => !isBound(claim) && !waits(cluster, claim))) return 'pod has unbound immediate PersistentVolumeClaims';
  return undefined;
}

const onceOnly = 'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';
const isTaken = (cluster, pod, { name, claim }) => claim.spec.accessModes?.includes('ReadWriteOncePod') && cluster.list('pods', pod.metadata.namespace)
  .some((own) => own.metadata.uid !== pod.metadata.uid && own.spec.nodeName && !['Succeeded', 'Failed'].includes(own.status?.phase) && claimsOf(own).includes(name));

/** A volume that is there for a claim that waits for its consumer, on that node. */
function volumeFor(cluster, claim, node) {
  return fittingVolumes(cluster, claim).find((volume) => !volume.spec.nodeAffinity?.required || nodeMatches(volume.spec.nodeAffinity.required, node));
}

function nodeProblem(cluster, pod, node, asked) {
  const { spec } = pod;
  const labels = node.metadata.labels ?? {};
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!selected || (required && !nodeMatches(required, node))) return "node(s) didn't match Pod's node affinity/selector";
  if (node.spec.unschedulable) return 'node(s) were unschedulable';
  for (const taint of node.spec.taints ?? []) {
    if (taint.effect === 'PreferNoSchedule') continue;
    const tolerated = spec.tolerations?.some((own) => (!own.key || own.key === taint.key) && (!own.effect || own.effect === taint.effect) && (own.operator === 'Exists' || (own.value ?? '') === (taint.value ?? '')));
    if (!tolerated) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  }
  for (const { claim } of asked) {
    const volume = claim.spec.volumeName ? cluster.get(pvs, '', claim.spec.volumeName) : null;
    if (volume?.spec.nodeAffinity?.required && !nodeMatches(volume.spec.nodeAffinity.required, node)) return "node(s) didn't match PersistentVolume's node affinity";
    const provisioner = cluster.get(classKind, '', claim.spec.storageClassName ?? '')?.provisioner;
    if (!isBound(claim) && provisioner === 'kubernetes.io/no-provisioner' && !volumeFor(cluster, claim, node)) return "node(s) didn't find available persistent volumes to bind";
  }
  if (asked.some((own) => isTaken(cluster, pod, own))) return onceOnly;
  return resourceProblem(cluster, pod, node);
}

function requests(spec) {
  const out = new Map();
  for (const container of spec.containers) for (const [name, value] of Object.entries(container.resources?.requests ?? {})) out.set(name, (out.get(name) ?? 0n) + nanosOf(value));
  return out;
}

function resourceProblem(cluster, pod, node) {
  const used = new Map();
  for (const other of cluster.list('pods')) {
    if (other.spec.nodeName !== node.metadata.name || ['Succeeded', 'Failed'].includes(other.status?.phase)) continue;
    for (const [name, value] of requests(other.spec)) used.set(name, (used.get(name) ?? 0n) + value);
  }
  for (const [name, value] of requests(pod.spec)) {
    if (value > nanosOf(node.status.allocatable?.[name] ?? 0) - (used.get(name) ?? 0n)) return `Insufficient ${name}`;
  }
  return undefined;
}

function unschedulable(cluster, pod, message) {
  cluster.changeStatus('pods', pod, (status) => setPodCondition(status, pod, { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }, cluster.nowText()), 'kube-scheduler');
  cluster.tell(pod, 'Warning', 'FailedScheduling', message, component);
}

// Claims that wait for a consumer learn the node; the pod follows once they are bound.
function selectNode(cluster, asked, node) {
  let bound = true;
  for (const { claim } of asked) {
    if (isBound(claim)) continue;
    bound = false;
    const volume = volumeFor(cluster, claim, node);
    if (volume !== undefined) {
      reserve(cluster, volume, claim);
      continue;
    }
    cluster.change(claims, claim, (next) => annotate(next, { 'volume.kubernetes.io/selected-node': node.metadata.name }), { manager: 'kube-scheduler' });
  }
  return bound;
}

function assign(cluster, pod, node) {
  const placed = cluster.change('pods', pod, (next) => {
    next.spec.nodeName = node.metadata.name;
    // PodTopologyLabels: the pod learns where it is.
    const where = cluster.minor >= 35 ? ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'].filter((name) => node.metadata.labels?.[name]) : [];
    if (where.length > 0) next.metadata.labels = { ...next.metadata.labels, ...Object.fromEntries(where.map((name) => [name, node.metadata.labels[name]])) };
  }, { subresource: 'binding', manager: 'kube-scheduler' });
  if (!placed) return;
  cluster.changeStatus('pods', placed, (status) => setPodCondition(status, placed, { type: 'PodScheduled', status: 'True' }, cluster.nowText()), 'kube-scheduler');
  cluster.tell(placed, 'Normal', 'Scheduled', `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${node.metadata.name}`, component);
}
