// What every controller needs: reading, changing with the newest state, events, and being called again later.

import { same } from '../findings.mjs';

const events = 'events';

export class Cluster {
  #timers = new Map();
  #told = new Map();
  #lists = new Map();    // resource → namespace → objects, until something of the resource changes
  #owned = new WeakMap();

  constructor(store, options) {
    this.store = store;
    this.options = options;
    this.look = () => {};
    this.memory = new Map();   // uid → whatever a controller remembers of the object
  }

  get minor() { return Number((this.options.kubernetes ?? '1.36').split('.')[1]); }
  now() { return this.store.now(); }
  nowText() { return this.now().toISOString().replace(/\.\d+Z$/, 'Z'); }
  list(resource, nameSpace = '') {
    let lists = this.#lists.get(resource);
    if (lists === undefined) this.#lists.set(resource, lists = new Map());
    if (!lists.has(nameSpace)) lists.set(nameSpace, this.store.list(resource, nameSpace));
    return lists.get(nameSpace);
  }
  /** To be told of every change, own ones and others: lists are read anew. */
  changed(resource) { this.#lists.delete(resource); }

  /** The pods whose controller is `owner`, as they are now. */
  podsOf(owner) {
    const pods = this.list('pods', owner.metadata.namespace);
    let byOwner = this.#owned.get(pods);
    if (byOwner === undefined) {
      this.#owned.set(pods, byOwner = new Map());
      for (const pod of pods) {
        const uid = controllerOf(pod)?.uid;
        if (!byOwner.has(uid)) byOwner.set(uid, []);
        byOwner.get(uid).push(pod);
      }
    }
    return byOwner.get(owner.metadata.uid) ?? [];
  }
  /** Pods that nobody controls. */
  looseOnes(nameSpace) {
    this.podsOf({ metadata: { namespace: nameSpace } });
    return this.#owned.get(this.list('pods', nameSpace)).get(undefined) ?? [];
  }
  get(resource, nameSpace, name) { return this.store.get(resource, nameSpace, name); }

  /** What is remembered of an object until the process ends. */
  remember(object, make) {
    const { uid } = object.metadata;
    if (!this.memory.has(uid)) this.memory.set(uid, make());
    return this.memory.get(uid);
  }

  #quietly(resource, act) {
    try {
      return act();
    } catch (error) {
      // Somebody was faster, or the server refuses it: the next round sees what is true then.
      if (error.code === undefined) throw error;
      if (error.code !== 404 && error.code !== 409) this.options.log?.(`refused: ${error.message ?? JSON.stringify(error.status)}`);
      return null;
    } finally {
      this.changed(resource);
    }
  }

  create(resource, object, manager) {
    return this.#quietly(resource, () => this.store.create(resource, object, { manager }));
  }

  /** Changes the newest state of `object` by `edit`; null when it is gone, the object as it is when nothing changed. */
  change(resource, object, edit, options = {}) {
    const { namespace = '', name, uid } = object.metadata;
    const fresh = this.store.get(resource, namespace, name);
    if (!fresh || fresh.metadata.uid !== uid) return null;
    const next = structuredClone(fresh);
    edit(next);
    if (same(fresh, next)) return fresh;
    return this.#quietly(resource, () => this.store.update(resource, next, options));
  }

  /** The same for its status; `edit` is given the status and the object, which it leaves alone. */
  changeStatus(resource, object, edit, manager) {
    const { namespace = '', name, uid } = object.metadata;
    const fresh = this.store.get(resource, namespace, name);
    if (!fresh || fresh.metadata.uid !== uid) return null;
    const status = structuredClone(fresh.status ?? {});
    edit(status, fresh);
    if (same(fresh.status ?? {}, status)) return fresh;
    return this.#quietly(resource, () => this.store.update(resource, { ...structuredClone(fresh), status }, { subresource: 'status', manager }));
  }

  remove(resource, object, options = {}) {
    const { namespace = '', name, uid } = object.metadata;
    return this.#quietly(resource, () => this.store.remove(resource, namespace, name, { preconditions: { uid }, propagationPolicy: 'Background', ...options }));
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
  if (!isGoing(owner)) {
    for (const pod of cluster.looseOnes(owner.metadata.namespace)) {
      if (isGoing(pod) || !selects(pod.metadata.labels ?? {}) || !mayAdopt(pod)) continue;
      cluster.change('pods', pod, (next) => next.metadata.ownerReferences = [...next.metadata.ownerReferences ?? [], ownerReference(owner)]);
    }
  }
  return cluster.podsOf(owner);
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
