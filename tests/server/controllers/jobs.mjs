// Jobs (pkg/controller/job): pods until enough have succeeded, or too many failed.

import { conditionOf, controlledPods, controllerOf, isDone, isGoing, isReady, podFrom, setCondition } from './cluster.mjs';
import { labelsMatch } from './selection.mjs';

const jobKind = 'jobs.batch', component = 'job-controller';
const tracking = 'batch.kubernetes.io/job-tracking', indexName = 'batch.kubernetes.io/job-completion-index';
const probeTimes = ['lastProbeTime', 'lastTransitionTime'];

export function jobs(cluster) {
  for (const job of cluster.list(jobKind)) {
    if (job.spec.managedBy && job.spec.managedBy !== 'kubernetes.io/job-controller') continue;
    sync(cluster, job);
  }
  // Pods of Jobs that are gone are not counted by anybody.
  for (const pod of cluster.list('pods')) {
    if (!pod.metadata.finalizers?.includes(tracking)) continue;
    const owner = controllerOf(pod);
    const job = owner && cluster.get(jobKind, pod.metadata.namespace, owner.name);
    if (!job || job.metadata.uid !== owner.uid || isGoing(job)) release(cluster, pod);
  }
}

function release(cluster, pod) {
  cluster.change('pods', pod, (next) => {
    const left = (next.metadata.finalizers ?? []).filter((name) => name !== tracking);
    if (left.length > 0) next.metadata.finalizers = left;
    else delete next.metadata.finalizers;
  });
}

const indexOf = (pod) => Number(pod.metadata.annotations?.[indexName] ?? -1);
const ended = (job) => conditionOf(job, 'Complete')?.status === 'True' ? 'Complete' : conditionOf(job, 'Failed')?.status === 'True' ? 'Failed' : undefined;

/** "0,2-4": the form of completedIndexes. */
export function ranges(indexes) {
  const out = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = out[out.length - 1];
    if (last && last[1] === index - 1) last[1] = index;
    else out.push([index, index]);
  }
  return out.map(([from, to]) => from === to ? String(from) : to === from + 1 ? `${from},${to}` : `${from}-${to}`).join(',');
}

function sync(cluster, job) {
  if (ended(job)) return expire(cluster, job);
  if (isGoing(job)) return undefined;
  const { spec } = job;
  const pods = controlledPods(cluster, job, (labels) => labelsMatch(spec.selector, labels));
  // What is counted once stays counted, whether or not its pod stays.
  const memory = cluster.remember(job, () => ({ succeeded: new Map(), failed: new Map() }));
  for (const pod of pods) {
    if (pod.status?.phase === 'Succeeded') memory.succeeded.set(pod.metadata.uid, indexOf(pod));
    if (pod.status?.phase === 'Failed' || (isGoing(pod) && !isDone(pod) && memory.started?.has(pod.metadata.uid))) memory.failed.set(pod.metadata.uid, indexOf(pod));
    if (isDone(pod) || isGoing(pod)) release(cluster, pod);
  }
  const indexed = spec.completionMode === 'Indexed';
  const done = new Set(indexed ? memory.succeeded.values() : []);
  const succeeded = indexed ? done.size : memory.succeeded.size;
  const active = pods.filter((pod) => !isDone(pod) && !isGoing(pod));
  const verdict = judge(cluster, job, { succeeded, failed: memory.failed.size, active, done });
  let now = active;
  if (verdict !== undefined || spec.suspend) {
    for (const pod of active) {
      cluster.remove('pods', pod);
      memory.started?.delete(pod.metadata.uid);   // it did not fail
      if (spec.suspend) cluster.tell(job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`, component);
    }
    if (verdict?.type !== 'Complete') now = [];
  } else {
    now = keepGoing(cluster, job, active, succeeded, done, memory);
  }
  return count(cluster, job, { succeeded, failed: memory.failed.size, active: verdict ? [] : now, done, verdict, memory });
}

function judge(cluster, job, { succeeded, failed, active, done }) {
  const { spec } = job;
  const wanted = spec.completions;
  if (wanted !== undefined ? succeeded >= wanted : succeeded > 0 && active.length === 0) return { type: 'Complete', criteria: 'SuccessCriteriaMet', reason: 'CompletionsReached', message: wanted === undefined ? 'Reached expected number of succeeded pods' : 'Reached expected number of succeeded pods' };
  if (spec.completionMode === 'Indexed' && wanted === 0) return { type: 'Complete', criteria: 'SuccessCriteriaMet', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
  if (failed > spec.backoffLimit) return { type: 'Failed', criteria: 'FailureTarget', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  const restarts = spec.template.spec.restartPolicy === 'OnFailure' ? active.reduce((sum, pod) => sum + (pod.status?.containerStatuses?.[0]?.restartCount ?? 0), 0) : 0;
  if (restarts > 0 && restarts >= spec.backoffLimit) return { type: 'Failed', criteria: 'FailureTarget', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  if (spec.activeDeadlineSeconds !== undefined && job.status?.startTime && !spec.suspend) {
    const left = Date.parse(job.status.startTime) + spec.activeDeadlineSeconds * 1000 - cluster.now().getTime();
    if (left <= 0) return { type: 'Failed', criteria: 'FailureTarget', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
    cluster.later(`deadline ${job.metadata.uid}`, left);
  }
  return undefined;
}

function keepGoing(cluster, job, active, succeeded, done, memory) {
  const { spec } = job;
  memory.started ??= new Set();
  for (const pod of active) memory.started.add(pod.metadata.uid);
  // A Job without completions is over with its first success: nobody new then.
  const most = spec.completions === undefined ? succeeded > 0 ? active.length : spec.parallelism : Math.min(spec.parallelism, spec.completions - succeeded);
  const out = [...active];
  for (const pod of active.slice(0, Math.max(0, active.length - most))) {
    cluster.remove('pods', pod);
    memory.started.delete(pod.metadata.uid);
    out.splice(out.indexOf(pod), 1);
  }
  const taken = new Set(active.map(indexOf));
  for (let next = 0; out.length < most; ++next) {
    if (spec.completionMode === 'Indexed') {
      if (next >= spec.completions) break;
      if (done.has(next) || taken.has(next)) continue;
    }
    const made = makePod(cluster, job, next);
    if (!made) break;
    memory.started.add(made.metadata.uid);
    out.push(made);
  }
  return out;
}

function makePod(cluster, job, index) {
  const indexed = job.spec.completionMode === 'Indexed';
  const own = indexed ? { [indexName]: String(index) } : {};
  const pod = podFrom(job, job.spec.template, indexed ? `${job.metadata.name}-${index}-` : `${job.metadata.name}-`, { labels: own, annotations: own, finalizers: [tracking] });
  if (indexed) {
    pod.spec.hostname = `${job.metadata.name}-${index}`;
    for (const container of [...pod.spec.containers, ...pod.spec.initContainers ?? []]) {
      container.env = [...container.env ?? [], { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath: `metadata.labels['${indexName}']` } } }];
    }
  }
  const made = cluster.create('pods', pod);
  if (made) cluster.tell(job, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`, component);
  return made;
}

function count(cluster, job, { succeeded, failed, active, done, verdict, memory }) {
  const time = cluster.nowText();
  const { spec } = job;
  cluster.changeStatus(jobKind, job, (status) => {
    const put = (name, value) => value > 0 ? status[name] = value : delete status[name];
    if (!spec.suspend) {
      if (conditionOf({ status }, 'Suspended')?.status === 'True') status.startTime = time;
      status.startTime ??= time;
    }
    put('active', active.length);
    put('succeeded', succeeded);
    put('failed', failed);
    status.ready = active.filter(isReady).length;
    status.terminating = 0;
    status.uncountedTerminatedPods = {};
    if (spec.completionMode === 'Indexed' && done.size > 0) status.completedIndexes = ranges(done);
    const say = (type, is, reason, message) => setCondition(status, { type, status: is ? 'True' : 'False', reason, message }, time, probeTimes);
    if (spec.suspend && !verdict) {
      say('Suspended', true, 'JobSuspended', 'Job suspended');
    } else if (conditionOf({ status }, 'Suspended')?.status === 'True') {
      say('Suspended', false, 'JobResumed', 'Job resumed');
    }
    if (verdict) {
      say(verdict.criteria, true, verdict.reason, verdict.message);
      say(verdict.type, true, verdict.reason, verdict.message);
      if (verdict.type === 'Complete') status.completionTime = time;
    }
  });
  if (spec.suspend && !verdict) cluster.tell(job, 'Normal', 'Suspended', 'Job suspended', component);
  if (!spec.suspend && conditionOf(job, 'Suspended')?.status === 'True') cluster.tell(job, 'Normal', 'Resumed', 'Job resumed', component, true);
  if (verdict?.type === 'Complete') cluster.tell(job, 'Normal', 'Completed', 'Job completed', component);
  if (verdict?.type === 'Failed') cluster.tell(job, 'Warning', verdict.reason, verdict.message, component);
  if (verdict) memory.ended = cluster.now().getTime();
}

function expire(cluster, job) {
  const { ttlSecondsAfterFinished: seconds } = job.spec;
  for (const pod of cluster.podsOf(job)) if (pod.metadata.finalizers?.includes(tracking)) release(cluster, pod);
  if (seconds === undefined || isGoing(job)) return;
  const finished = Date.parse(job.status.completionTime ?? conditionOf(job, 'Failed')?.lastTransitionTime);
  const left = finished + seconds * 1000 - cluster.now().getTime();
  if (left <= 0) cluster.remove(jobKind, job, { propagationPolicy: 'Foreground' });
  else cluster.later(`expiry ${job.metadata.uid}`, left);
}
