// DaemonSets: a pod on every node that takes it (pkg/controller/daemon).

import { controlledPods, controllerOf, isDone, isGoing, isReady, ownerReference, podFrom, shortHash } from './cluster.mjs';
import { labelsMatch, nodeMatches } from './selection.mjs';

const setKind = 'daemonsets.apps', revisionKind = 'controllerrevisions.apps';
const tolerations = ['not-ready', 'unreachable'].map((name) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect: 'NoExecute' }))
  .concat(['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((name) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect: 'NoSchedule' })));

export function daemonSets(cluster) {
  for (const set of cluster.list(setKind)) sync(cluster, set);
}

const fits = (spec, node) => Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => node.metadata.labels?.[key] === value);

// The pod says on which node it is to be; the scheduler puts it there.
const affinityTo = (name) => ({ nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }] } } });
const nodeOf = (pod, nodes) => pod.spec.nodeName || nodes.find((node) => nodeMatches(pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution, node))?.metadata.name;

function sync(cluster, set) {
  const { spec } = set;
  const hash = shortHash([spec.template, set.metadata.name]);
  const nodes = cluster.list('nodes');
  const wanted = nodes.filter((node) => fits(spec.template.spec, node));
  const pods = controlledPods(cluster, set, (labels) => labelsMatch(spec.selector, labels));
  if (!isGoing(set)) {
    record(cluster, set, hash);
    let renewing = pods.some(isGoing);
    for (const node of wanted) {
      const own = pods.filter((pod) => nodeOf(pod, nodes) === node.metadata.name);
      if (own.length === 0) make(cluster, set, node, hash);
      for (const pod of own.filter((of) => isDone(of) && !isGoing(of))) cluster.remove('pods', pod);
      const old = own.find((pod) => pod.metadata.labels?.['controller-revision-hash'] !== hash && !isGoing(pod) && !isDone(pod));
      if (old && spec.updateStrategy.type === 'RollingUpdate' && (!renewing || !isReady(old))) {
        cluster.remove('pods', old);
        renewing = true;
      }
    }
    for (const pod of pods) if (!isGoing(pod) && !wanted.some((node) => node.metadata.name === nodeOf(pod, nodes))) cluster.remove('pods', pod);
  }
  count(cluster, set, wanted, hash);
}

function record(cluster, set, hash) {
  const name = `${set.metadata.name}-${hash}`, { namespace } = set.metadata;
  if (cluster.get(revisionKind, namespace, name) !== null) return;
  const others = cluster.list(revisionKind, namespace).filter((own) => controllerOf(own)?.uid === set.metadata.uid);
  cluster.create(revisionKind, { apiVersion: 'apps/v1', kind: 'ControllerRevision', revision: Math.max(0, ...others.map((own) => own.revision)) + 1,
    metadata: { name, namespace, labels: { ...set.spec.template.metadata.labels, 'controller-revision-hash': hash }, annotations: set.metadata.annotations, ownerReferences: [ownerReference(set)] },
    data: { spec: { template: { ...set.spec.template, $patch: 'replace' } } } });
}

function make(cluster, set, node, hash) {
  const pod = podFrom(set, set.spec.template, `${set.metadata.name}-`, { labels: { 'controller-revision-hash': hash, 'pod-template-generation': set.metadata.annotations?.['deprecated.daemonset.template.generation'] ?? '1' } });
  pod.spec.affinity = { ...pod.spec.affinity, ...affinityTo(node.metadata.name) };
  pod.spec.tolerations = [...pod.spec.tolerations ?? [], ...tolerations];
  const made = cluster.create('pods', pod);
  if (made) cluster.tell(set, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`, 'daemonset-controller');
}

function count(cluster, set, wanted, hash) {
  const pods = cluster.podsOf(set).filter((pod) => !isGoing(pod));
  const ready = pods.filter(isReady).length;
  cluster.changeStatus(setKind, set, (status, next) => {
    const put = (name, value) => value > 0 ? status[name] = value : delete status[name];
    Object.assign(status, { currentNumberScheduled: pods.length, numberMisscheduled: 0, desiredNumberScheduled: wanted.length, numberReady: ready, observedGeneration: next.metadata.generation });
    put('updatedNumberScheduled', pods.filter((pod) => pod.metadata.labels?.['controller-revision-hash'] === hash).length);
    put('numberAvailable', ready);
    put('numberUnavailable', wanted.length - ready);
  });
}
