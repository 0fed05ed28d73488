// Nodes and their kubelets: pods on a node run, fail as an annotation asks for, end when they are deleted.

import { annotation, isDone, isGoing, setCondition, setPodCondition, shortHash } from './cluster.mjs';
import { claimsOf } from './protection.mjs';

const component = 'kubelet';

/** Nodes of our own, unless there are some. */
export function makeNodes(cluster) {
  if (cluster.list('nodes').length > 0) return;
  for (let i = 1; i <= (cluster.options.nodes ?? 1); ++i) {
    const name = `node-${i}`;
    const made = cluster.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: {
      'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', 'topology.kubernetes.io/region': 'r', 'topology.kubernetes.io/zone': `z${i}` } }, spec: {} }, component);
    if (!made) continue;
    cluster.changeStatus('nodes', made, (status) => {
      status.capacity = { cpu: '64', memory: '256Gi', 'ephemeral-storage': '1Ti', pods: '1000', 'nvidia.com/gpu': '8' };
      status.allocatable = { ...status.capacity };
      status.addresses = [{ type: 'InternalIP', address: `10.0.0.${i}` }, { type: 'Hostname', address: name }];
      setCondition(status, { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }, cluster.nowText());
    }, component);
  }
}

export function kubelet(cluster) {
  const nodes = new Set(cluster.list('nodes').map(({ metadata }) => metadata.name));
  for (const pod of cluster.list('pods')) {
    if (!nodes.has(pod.spec.nodeName)) {
      // Nobody has to end what never ran anywhere.
      if (isGoing(pod) && !pod.spec.nodeName) end(cluster, pod);
      continue;
    }
    if (isGoing(pod)) end(cluster, pod);
    else if (!isDone(pod)) run(cluster, pod);
  }
}

function end(cluster, pod) {
  if (annotation(pod, 'stuck') === 'true') return;
  if (pod.status?.phase === 'Running') for (const { name } of pod.spec.containers) cluster.tell(pod, 'Normal', 'Killing', `Stopping container ${name}`, component);
  cluster.remove('pods', pod, { gracePeriodSeconds: 0 });
}

/** What a pod waits for before its containers are made: {reason, event, message}. */
function obstacle(cluster, pod) {
  const { namespace } = pod.metadata;
  for (const name of claimsOf(pod)) {
    const claim = cluster.get('persistentvolumeclaims', namespace, name);
    if (claim === null) return { reason: 'ContainerCreating', event: 'FailedMount', message: `Unable to attach or mount volumes: error processing PVC ${namespace}/${name}: failed to fetch PVC from API server: persistentvolumeclaims "${name}" not found` };
    if (claim.status?.phase !== 'Bound') return { reason: 'ContainerCreating', event: 'FailedMount', message: `Unable to attach or mount volumes: error processing PVC ${namespace}/${name}: PVC is not bound` };
  }
  for (const volume of pod.spec.volumes ?? []) {
    const found = sourceProblem(cluster, namespace, volume);
    if (found !== undefined) return { reason: 'ContainerCreating', event: 'FailedMount', message: `MountVolume.SetUp failed for volume "${volume.name}" : ${found}` };
  }
  if (annotation(pod, 'fail') === 'FailedMount') return { reason: 'ContainerCreating', event: 'FailedMount', message: 'MountVolume.MountDevice failed for volume: rpc error: code = Internal desc = mount failed' };
  const missing = referenceProblem(cluster, pod);
  return missing === undefined ? undefined : { reason: 'CreateContainerConfigError', event: 'Failed', message: `Error: ${missing}`, shown: missing };
}

const kinds = { configMap: ['configmaps', 'configmap'], secret: ['secrets', 'secret'] };

function sourceProblem(cluster, namespace, volume) {
  const sources = [volume, ...volume.projected?.sources ?? []];
  for (const source of sources) {
    for (const [kind, [resource, name]] of Object.entries(kinds)) {
      const of = source[kind];
      if (!of || of.optional) continue;
      const wanted = of.secretName ?? of.name;
      if (cluster.get(resource, namespace, wanted) === null) return `${name} "${wanted}" not found`;
    }
  }
  return undefined;
}

function referenceProblem(cluster, pod) {
  const { namespace } = pod.metadata;
  const missing = (resource, name, reference, key) => {
    if (!reference || reference.optional) return undefined;
    const object = cluster.get(resource, namespace, reference.name);
    if (object === null) return `${name} "${reference.name}" not found`;
    const has = key === undefined || object.data?.[key] !== undefined || object.binaryData?.[key] !== undefined;
    return has ? undefined : `couldn't find key ${key} in ${name === 'secret' ? 'Secret' : 'ConfigMap'} ${namespace}/${reference.name}`;
  };
  for (const container of [...pod.spec.initContainers ?? [], ...pod.spec.containers]) {
    for (const { valueFrom } of container.env ?? []) {
      const found = missing('configmaps', 'configmap', valueFrom?.configMapKeyRef, valueFrom?.configMapKeyRef?.key) ?? missing('secrets', 'secret', valueFrom?.secretKeyRef, valueFrom?.secretKeyRef?.key);
      if (found !== undefined) return found;
    }
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      const found = missing('configmaps', 'configmap', configMapRef) ?? missing('secrets', 'secret', secretRef);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

// A pod that runs for good and was reported is looked at again only when it changed.
function run(cluster, pod) {
  const fault = annotation(pod, 'fail');
  const forGood = pod.status?.phase === 'Running' && pod.spec.restartPolicy === 'Always' && (fault === undefined || fault === 'Unready');
  const memory = forGood ? cluster.remember(pod, () => ({ started: cluster.now().getTime(), startedAt: cluster.nowText() })) : undefined;
  if (memory?.reported === pod.metadata.resourceVersion) return undefined;
  if (memory) memory.reported = pod.metadata.resourceVersion;
  const held = obstacle(cluster, pod);
  if (held !== undefined) {
    cluster.tell(pod, 'Warning', held.event, held.message, component);
    return report(cluster, pod, 'Pending', { waiting: { reason: held.reason, ...(held.shown && { message: held.shown }) } });
  }
  switch (fault) {
    case 'ImagePullBackOff': return pullFails(cluster, pod);
    case 'Evicted': return evicted(cluster, pod);
    case 'CrashLoopBackOff': return crashes(cluster, pod, { exitCode: 1, reason: 'Error' });
    case 'OOMKilled': return crashes(cluster, pod, { exitCode: 137, reason: 'OOMKilled' });
    case 'Error': return crashes(cluster, pod, { exitCode: 1, reason: 'Error' });
    default: return works(cluster, pod, fault !== 'Unready');
  }
}

function pullFails(cluster, pod) {
  for (const { image } of pod.spec.containers) {
    const message = `Failed to pull image "${image}": rpc error: code = NotFound desc = failed to pull and unpack image "${image}": not found`;
    cluster.tell(pod, 'Warning', 'Failed', message, component);
    cluster.tell(pod, 'Warning', 'Failed', 'Error: ErrImagePull', component);
    cluster.tell(pod, 'Normal', 'BackOff', `Back-off pulling image "${image}"`, component);
    cluster.tell(pod, 'Warning', 'Failed', 'Error: ImagePullBackOff', component);
  }
  report(cluster, pod, 'Pending', { waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${pod.spec.containers[0].image}"` } });
}

function evicted(cluster, pod) {
  const message = 'The node was low on resource: ephemeral-storage. Threshold quantity: 10, available: 5Ki.';
  cluster.tell(pod, 'Warning', 'Evicted', message, component);
  cluster.changeStatus('pods', pod, (status) => Object.assign(status, { phase: 'Failed', reason: 'Evicted', message }), component);
}

// Each fall takes twice as long as the one before, in milliseconds instead of the seconds of a real kubelet.
function crashes(cluster, pod, { exitCode, reason }) {
  const memory = cluster.remember(pod, () => ({ started: cluster.now().getTime(), falls: 1 }));
  memory.falls ??= 1;   // it ran before
  const time = cluster.nowText();
  const terminated = { exitCode, reason, startedAt: pod.status?.startTime ?? time, finishedAt: memory.finished ??= time, containerID: identity(pod, 0) };
  if (pod.spec.restartPolicy === 'Never' || (pod.spec.restartPolicy === 'OnFailure' && pod.metadata.labels?.['batch.kubernetes.io/job-name'] && memory.falls > 3)) {
    return report(cluster, pod, 'Failed', { terminated });
  }
  const wait = Math.min(5000, 20 * 2 ** memory.falls);
  if (cluster.now().getTime() - memory.started >= wait) {
    memory.falls += 1;
    memory.started = cluster.now().getTime();
    memory.finished = time;
    for (const { name } of pod.spec.containers) cluster.tell(pod, 'Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`, component, true);
  }
  cluster.later(`crash ${pod.metadata.uid}`, Math.min(5000, 20 * 2 ** memory.falls));
  return report(cluster, pod, 'Running', { waiting: { reason: 'CrashLoopBackOff', message: `back-off ${wait}ms restarting failed container=${pod.spec.containers[0].name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})` } },
                { restarts: memory.falls - 1, last: { terminated } });
}

function works(cluster, pod, ready) {
  const memory = cluster.remember(pod, () => ({ started: cluster.now().getTime(), startedAt: cluster.nowText() }));
  for (const container of pod.spec.containers) {
    cluster.tell(pod, 'Normal', 'Pulled', `Container image "${container.image}" already present on machine`, component);
    cluster.tell(pod, 'Normal', 'Created', `Container created`, component);
    cluster.tell(pod, 'Normal', 'Started', `Container started`, component);
  }
  if (!ready) cluster.tell(pod, 'Warning', 'Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503', component);
  if (pod.spec.restartPolicy !== 'Always') {
    const own = annotation(pod, 'run');
    const needed = own === 'forever' ? Infinity : Number(own ?? cluster.options.jobMilliseconds ?? 0);
    const left = memory.started + needed - cluster.now().getTime();
    if (left <= 0) {
      return report(cluster, pod, 'Succeeded', { terminated: { exitCode: 0, reason: 'Completed', startedAt: memory.startedAt, finishedAt: memory.finished ??= cluster.nowText(), containerID: identity(pod, 0) } });
    }
    if (left !== Infinity) cluster.later(`run ${pod.metadata.uid}`, left);
  }
  return report(cluster, pod, 'Running', { running: { startedAt: memory.startedAt } }, { ready });
}

const identity = (pod, i) => `containerd://${shortHash([pod.metadata.uid, i])}${pod.metadata.uid.replaceAll('-', '')}`;

/** Writes the status of a pod whose containers are all in one state. */
function report(cluster, pod, phase, state, { restarts = 0, last = {}, ready = true } = {}) {
  const time = cluster.nowText();
  const started = state.running !== undefined, pending = phase === 'Pending';
  const good = started && ready;
  cluster.changeStatus('pods', pod, (status) => {
    status.phase = phase;
    status.observedGeneration = pod.metadata.generation;
    status.hostIP ??= '10.0.0.1';
    status.hostIPs ??= [{ ip: status.hostIP }];
    status.startTime ??= time;
    if (!pending && status.podIP === undefined) {
      status.podIP = `10.244.0.${(parseInt(pod.metadata.uid.slice(0, 4), 16) % 250) + 2}`;
      status.podIPs = [{ ip: status.podIP }];
    }
    const say = (type, is, reason, message) => setPodCondition(status, pod, { type, status: is ? 'True' : 'False', ...(reason && { reason }), ...(message && { message }) }, time);
    const names = `[${pod.spec.containers.map(({ name }) => name).join(' ')}]`;
    const done = phase === 'Succeeded' || phase === 'Failed';
    const why = done ? phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' : 'ContainersNotReady';
    const which = done ? undefined : `containers with unready status: ${names}`;
    say('PodReadyToStartContainers', !pending && !done);
    say('Initialized', true, phase === 'Succeeded' ? 'PodCompleted' : undefined);
    say('Ready', good, good ? undefined : why, good ? undefined : which);
    say('ContainersReady', good, good ? undefined : why, good ? undefined : which);
    say('PodScheduled', true);
    status.containerStatuses = pod.spec.containers.map((container, i) => ({
      name: container.name, state, lastState: last, ready: good, restartCount: restarts, image: container.image, imageID: pending ? '' : `sha256:${shortHash(container.image)}`,
      ...(!pending && { containerID: identity(pod, i) }), started,
    }));
    if (pod.spec.initContainers?.length > 0) {
      status.initContainerStatuses = pod.spec.initContainers.map((container, i) => ({
        name: container.name, ready: !pending, restartCount: 0, image: container.image, imageID: pending ? '' : `sha256:${shortHash(container.image)}`, started: false, lastState: {},
        state: pending ? { waiting: { reason: 'PodInitializing' } } : container.restartPolicy === 'Always' && !done ? { running: { startedAt: status.startTime } }
          : { terminated: { exitCode: 0, reason: 'Completed', startedAt: status.startTime, finishedAt: status.startTime, containerID: identity(pod, 100 + i) } },
      }));
    }
  }, component);
}
