// What every controller needs: reading, changing with the newest state, events, and being called again later.

import { equal } from '../typed.mjs';

const events = 'events';

export class Cluster {
  #timers = new Map();
  #told = new Map();

  constructor(store, options) {
    this.store = store;
    this.options = options;
    this.look = () => {};
    this.memory = new Map();   // uid → whatever a controller remembers of the object
  }

  get minor() { return Number((this.options.kubernetes ?? '1.36').split('.')[1]); }
  now() { return this.store.now(); }
  nowText() { return this.now().toISOString().replace(/\.\d+Z$/, 'Z'); }
  list(resource, nameSpace = '') { return this.store.list(resource, nameSpace); }
  get(resource, nameSpace, name) { return this.store.get(resource, nameSpace, name); }

  /** What is remembered of an object until the process ends. */
  remember(object, make) {
    const { uid } = object.metadata;
    if (!this.memory.has(uid)) this.memory.set(uid, make());
    return this.memory.get(uid);
  }

  #quietly(act) {
    try {
      return act();
    } catch (error) {
      // Somebody was faster, or the server refuses it: the next round sees what is true then.
      if (error.code === undefined) throw error;
      if (error.code !== 404 && error.code !== 409) this.options.log?.(`refused: ${error.message ?? JSON.stringify(error.status)}`);
      return null;
    }
  }

  create(resource, object, manager) {
    return this.#quietly(() => this.store.create(resource, object, { manager }));
  }

  /** Changes the newest state of `object` by `edit`; null when it is gone, the object as it is when nothing changed. */
  change(resource, object, edit, options = {}) {
    const { namespace = '', name, uid } = object.metadata;
    const fresh = this.store.get(resource, namespace, name);
    if (!fresh || fresh.metadata.uid !== uid) return null;
    const next = structuredClone(fresh);
    edit(next);
    for (const key of ['status', 'spec']) if (next[key] === undefined) delete next[key];
    if (equal(plain(fresh), plain(next))) return fresh;
    return this.#quietly(() => this.store.update(resource, next, options));
  }

  changeStatus(resource, object, edit, manager) {
    return this.change(resource, object, (next) => {
      next.status ??= {};
      edit(next.status, next);
    }, { subresource: 'status', manager });
  }

  remove(resource, object, options = {}) {
    const { namespace = '', name, uid } = object.metadata;
    return this.#quietly(() => this.store.remove(resource, namespace, name, { preconditions: { uid }, propagationPolicy: 'Background', ...options }));
  }

  /** One look in so many milliseconds; of several with one key the last counts. */
  later(key, milliseconds) {
    clearTimeout(this.#timers.get(key));
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.look();
    }, Math.max(1, milliseconds));
    timer.unref?.();
    this.#timers.set(key, timer);
  }

  forget() {
    this.memory.clear();
    this.#told.clear();
  }

  stop() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** An event as the real ones: the same about the same object is counted, and told again only when `again`. */
  tell(object, type, reason, message, component, again = false) {
    const { uid, name, namespace = '' } = object.metadata;
    const key = [uid, reason, message].join('\n');
    const told = this.#told.get(key);
    const space = namespace || 'default';
    if (told !== undefined) {
      if (!again) return;
      const old = this.get(events, space, told);
      if (old) this.change(events, old, (next) => {
        next.count += 1;
        next.lastTimestamp = this.nowText();
      }, { manager: component });
      return;
    }
    const eventName = `${name}.${(0x180000000000000 + this.#told.size * 4099 + this.now().getTime()).toString(16)}`;
    this.#told.set(key, eventName);
    const time = this.nowText();
    this.create(events, {
      apiVersion: 'v1', kind: 'Event', metadata: { name: eventName, namespace: space },
      involvedObject: { apiVersion: object.apiVersion, kind: object.kind, name, ...(namespace && { namespace }), uid, resourceVersion: object.metadata.resourceVersion },
      reason, message, type, source: { component }, firstTimestamp: time, lastTimestamp: time, count: 1, reportingComponent: component,
    }, component);
  }
}

const plain = (value) => JSON.parse(JSON.stringify(value));

export const isGoing = (object) => object.metadata.deletionTimestamp !== undefined;
export const annotation = (object, name) => object.metadata.annotations?.[`test.mlstack.dev/${name}`];

export function annotate(object, values) {
  object.metadata.annotations = { ...object.metadata.annotations, ...values };
}

export function ownerReference(owner, more = { controller: true, blockOwnerDeletion: true }) {
  return { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid, ...more };
}
export const controllerOf = (object) => object.metadata.ownerReferences?.find(({ controller }) => controller);

/** Sets one condition; its times move only with what it says. */
export function setCondition(status, condition, time, times = ['lastTransitionTime']) {
  const list = status.conditions ??= [];
  const old = list.find(({ type }) => type === condition.type);
  if (old === undefined) {
    list.push({ ...condition, ...Object.fromEntries(times.map((name) => [name, time])) });
    return;
  }
  const moved = old.status !== condition.status;
  const changed = moved || old.reason !== condition.reason || old.message !== condition.message;
  if (!changed) return;
  Object.assign(old, condition);
  for (const name of times) if (name !== 'lastTransitionTime' || moved) old[name] = time;
  for (const name of ['reason', 'message']) if (condition[name] === undefined) delete old[name];
}
/** One of a pod's conditions, which name the generation that they are about. */
export function setPodCondition(status, pod, condition, time) {
  setCondition(status, { lastProbeTime: null, observedGeneration: pod.metadata.generation, ...condition }, time);
  const own = status.conditions.find(({ type }) => type === condition.type);
  own.observedGeneration = pod.metadata.generation;
}
export const conditionOf = (object, type) => object.status?.conditions?.find((condition) => condition.type === type);

/** A short text from a value, for names: another value has another. */
export function shortHash(value) {
  let out = 2166136261;
  for (const letter of JSON.stringify(value)) out = Math.imul(out ^ letter.charCodeAt(0), 16777619) >>> 0;
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  let text = '';
  for (let i = 0; i < 9; ++i) {
    text += letters[out % letters.length];
    out = (Math.imul(out, 1103515245) + 12345) >>> 0;
  }
  return text;
}

export const isReady = (pod) => conditionOf(pod, 'Ready')?.status === 'True';
export const isDone = (pod) => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/**
 * The pods that a workload controls. Those of nobody that its selector means are taken up, those that
 * it no longer means are let go.
 */
export function controlledPods(cluster, owner, selects, mayAdopt = () => true) {
  const out = [];
  for (const pod of cluster.list('pods', owner.metadata.namespace)) {
    const reference = controllerOf(pod);
    if (reference?.uid === owner.metadata.uid) {
      out.push(pod);
    } else if (reference === undefined && !isGoing(owner) && !isGoing(pod) && selects(pod.metadata.labels ?? {}) && mayAdopt(pod)) {
      const taken = cluster.change('pods', pod, (next) => {
        next.metadata.ownerReferences = [...next.metadata.ownerReferences ?? [], ownerReference(owner)];
      });
      if (taken) out.push(taken);
    }
  }
  return out;
}

/** A pod from a template. */
export function podFrom(owner, template, name, more = {}) {
  const { labels, annotations } = template.metadata ?? {};
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: {
      ...(name.endsWith('-') ? { generateName: name } : { name }), namespace: owner.metadata.namespace,
      ...((labels || more.labels) && { labels: { ...labels, ...more.labels } }), ...((annotations || more.annotations) && { annotations: { ...annotations, ...more.annotations } }),
      ownerReferences: [ownerReference(owner)], ...(more.finalizers && { finalizers: more.finalizers }),
    },
    spec: structuredClone(template.spec),
  };
}
