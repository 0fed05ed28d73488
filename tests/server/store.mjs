// Objects by key with one revision for all, as etcd keeps them; a history that watches and pages of lists read.

import { Journal } from './journal.mjs';

const kHistory = 100_000;      // events of one kind before the older half is forgotten
const kSnapshots = 8;

// "ml/db", or "db" for cluster-scoped objects.
export const keyOf = (object) => (object.metadata.namespace ? `${object.metadata.namespace}/${object.metadata.name}` : object.metadata.name);

const byKey = (left, right) => (left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0);

// All objects of one kind.
class Collection {
  spaces = new Map();          // namespace, or '' -> {objects: name -> object, sorted: [[key, object]] or null}
  history = [];                // {revision, type, key, object, before}
  compacted = 0;               // what happened up to this revision is forgotten
  watchers = new Set();
  snapshots = new Map();
  count = 0;

  static split(key) {
    const slash = key.indexOf('/');
    return slash < 0 ? ['', key] : [key.slice(0, slash), key.slice(slash + 1)];
  }

  get(key) {
    const [space, name] = Collection.split(key);
    return this.spaces.get(space)?.objects.get(name);
  }

  set(key, object) {
    const [space, name] = Collection.split(key);
    if (!this.spaces.has(space)) this.spaces.set(space, { objects: new Map(), sorted: null });
    const { objects } = this.spaces.get(space);
    if (!objects.has(name)) this.count += 1;
    objects.set(name, object);
    this.spaces.get(space).sorted = null;
  }

  delete(key) {
    const [space, name] = Collection.split(key);
    const found = this.spaces.get(space);
    if (found?.objects.delete(name)) this.count -= 1;
    if (found) found.sorted = null;
    if (found?.objects.size === 0) this.spaces.delete(space);
  }

  // [[key, object]] in the order of keys; `space` undefined: of all namespaces.
  list(space) {
    if (space !== undefined) {
      const found = this.spaces.get(space);
      if (!found) return [];
      found.sorted ??= [...found.objects].map(([name, object]) => [space ? `${space}/${name}` : name, object]).sort(byKey);
      return found.sorted;
    }
    if (this.spaces.size === 1) return this.list([...this.spaces.keys()][0]);
    return [...this.spaces.keys()].sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1)).flatMap((name) => this.list(name));
  }

  // As `list`, as it was at `revision`: the present with the history undone. The revision must not be compacted.
  listAt(revision, space) {
    if (this.history.length === 0 || this.history[this.history.length - 1].revision <= revision) return this.list(space);
    let all = this.snapshots.get(revision);
    if (!all) {
      const then = new Map(this.list(undefined));
      for (let index = this.history.length - 1; index >= 0 && this.history[index].revision > revision; index -= 1) {
        const { key, before } = this.history[index];
        if (before) then.set(key, before);
        else then.delete(key);
      }
      all = [...then].sort(byKey);
      this.snapshots.set(revision, all);
      if (this.snapshots.size > kSnapshots) this.snapshots.delete(this.snapshots.keys().next().value);
    }
    return space === undefined ? all : all.filter(([key]) => Collection.split(key)[0] === space);
  }

  // Events after `revision`, oldest first.
  since(revision) {
    let low = 0;
    let high = this.history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.history[middle].revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.history.slice(low);
  }

  compact(revision) {
    this.compacted = Math.max(this.compacted, revision);
    this.history = this.since(revision);
    this.snapshots.clear();
  }
}

export class Store {
  #collections = new Map();
  #listeners = new Set();
  #queue = [];
  revision = 1;

  // `folder`: where the journal lies; undefined: nothing is kept.
  constructor(folder) {
    this.journal = folder ? new Journal(folder) : null;
    if (!this.journal) return;
    for (const { revision, store, key, object, compacted } of this.journal.read()) {
      this.revision = Math.max(this.revision, revision);
      if (compacted) for (const collection of this.#collections.values()) collection.compact(compacted);
      else this.#record(store, key, object, revision);
    }
  }

  collection(store) {
    if (!this.#collections.has(store)) this.#collections.set(store, new Collection());
    return this.#collections.get(store);
  }

  get empty() { return [...this.#collections.values()].every((collection) => collection.count === 0); }
  counts() { return Object.fromEntries([...this.#collections].filter(([, { count }]) => count).map(([store, { count }]) => [store, count])); }

  get(store, key) { return this.collection(store).get(key); }

  // Sets the object's resourceVersion: it is the store's from now on.
  put(store, key, object) {
    this.revision += 1;
    object.metadata.resourceVersion = String(this.revision);
    this.journal?.append({ revision: this.revision, store, key, object });
    this.#announce(store, this.#record(store, key, object, this.revision));
    return object;
  }

  // The object's last state carries the revision of its end, as in a watch of a real server.
  remove(store, key) {
    const before = this.get(store, key);
    this.revision += 1;
    this.journal?.append({ revision: this.revision, store, key });
    const event = this.#record(store, key, undefined, this.revision);
    this.#announce(store, event);
    return before;
  }

  // Everything before now is forgotten: older watches and pages get 410.
  compact() {
    for (const collection of this.#collections.values()) collection.compact(this.revision);
    this.journal?.append({ revision: this.revision, compacted: this.revision });
  }

  dropKind(store) {
    const collection = this.collection(store);
    for (const [key] of [...collection.list(undefined)]) this.remove(store, key);
  }

  // Of all kinds; called later, in order.
  onEvent(callback) {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  #record(store, key, object, revision) {
    const collection = this.collection(store);
    const before = collection.get(key);
    const type = object === undefined ? 'DELETED' : before === undefined ? 'ADDED' : 'MODIFIED';
    if (object === undefined) collection.delete(key);
    else collection.set(key, object);
    const shown = object ?? { ...before, metadata: { ...before?.metadata, resourceVersion: String(revision) } };
    const event = { revision, type, key, object: shown, before };
    collection.history.push(event);
    if (collection.history.length > kHistory) collection.compact(collection.history[kHistory / 2].revision);
    return event;
  }

  #announce(store, event) {
    for (const watcher of [...this.collection(store).watchers]) watcher(event);
    if (this.#listeners.size === 0) return;
    if (this.#queue.length === 0) setImmediate(() => this.#deliver());
    this.#queue.push({ type: event.type, resource: store, object: event.object, before: event.before });
  }

  #deliver() {
    const events = this.#queue;
    this.#queue = [];
    for (const event of events) for (const listener of this.#listeners) listener(event);
  }
}
