// WATCH: a stream of changes, one JSON document a line.

import { toVersion } from './conversions.mjs';
import { checkListOptions, selectorOf, versionParameter } from './lists.mjs';
import { expired } from './status.mjs';

const kBookmarkEvery = 60_000;
const kBookmarkBeforeEnd = 2_000;
const kLongest = [1800, 3600];   // --min-request-timeout: a random time up to twice that

// An event as somebody sees it who looks only at what `selects` lets through.
function seen({ type, object, before }, selects) {
  if (type === 'DELETED') return selects(before) ? { type, object } : null;
  const now = selects(object);
  const then = before !== undefined && selects(before);
  if (now) return { type: then ? 'MODIFIED' : 'ADDED', object };
  return then ? { type: 'DELETED', object } : null;
}

export class Watch {
  // `shape` turns an object into what is sent (Table, PartialObjectMetadata); `name` undefined: all.
  constructor({ store, resource, nameSpace, name, query, shape, kubernetes, timing = {} }) {
    checkListOptions(query, true, kubernetes);
    Object.assign(this, { store, resource, nameSpace: resource.namespaced ? nameSpace : '', shape });
    this.selects = selectorOf(query, resource, name);
    this.asked = versionParameter(query.get('resourceVersion') ?? undefined, true);
    this.initial = query.get('sendInitialEvents');
    this.bookmarks = query.get('allowWatchBookmarks') === 'true' || query.get('allowWatchBookmarks') === '1';
    const seconds = Number(query.get('timeoutSeconds') ?? 0) || kLongest[0] + Math.random() * (kLongest[1] - kLongest[0]);
    this.ends = seconds * 1000;
    this.bookmarkEvery = timing.bookmarkEvery ?? kBookmarkEvery;
    this.collection = store.collection(resource.store);
    this.sent = 0;
  }

  // `send` gets one line after the other, `end` is called once when the time is over.
  start(send, end) {
    this.send = send;
    this.end = end;
    this.timers = [setTimeout(() => this.finish(), this.ends)];
    if (!this.#begin()) return;
    this.watcher = (event) => this.#pass(event);
    this.collection.watchers.add(this.watcher);
    if (!this.bookmarks) return;
    this.timers.push(setInterval(() => this.bookmark(), this.bookmarkEvery));
    if (this.ends > kBookmarkBeforeEnd) this.timers.push(setTimeout(() => this.bookmark(), this.ends - kBookmarkBeforeEnd));
  }

  #begin() {
    const all = this.initial === 'true' || (this.initial === null && !this.asked);
    if (all) {
      for (const [, object] of this.collection.list(this.resource.namespaced ? this.nameSpace : ''))
        if (this.selects(object)) this.#line('ADDED', object);
      if (this.initial === 'true' && this.bookmarks) this.bookmark({ 'k8s.io/initial-events-end': 'true' });
      return true;
    }
    const from = this.asked ?? this.store.revision;
    if (this.asked && from < this.collection.compacted) {
      this.refuse(expired(`too old resource version: ${from} (${this.collection.compacted})`));
      return false;
    }
    for (const event of this.collection.since(from)) this.#pass(event);
    return true;
  }

  #pass(event) {
    if (this.nameSpace !== undefined && this.nameSpace !== '' && event.object.metadata.namespace !== this.nameSpace) return;
    const mine = seen(event, this.selects);
    if (mine) this.#line(mine.type, mine.object);
  }

  #line(type, object) {
    this.sent += 1;
    this.send(`{"type":"${type}","object":${JSON.stringify(this.shape(toVersion(object, this.resource.apiVersion)))}}\n`);
  }

  bookmark(annotations) {
    const metadata = { resourceVersion: String(this.store.revision), creationTimestamp: null };
    if (annotations) metadata.annotations = annotations;
    this.send(`${JSON.stringify({ type: 'BOOKMARK', object: { kind: this.resource.kind, apiVersion: this.resource.apiVersion, metadata } })}\n`);
  }

  // An error in the stream ends it.
  refuse(refusal) {
    this.send(`${JSON.stringify({ type: 'ERROR', object: refusal.status })}\n`);
    this.finish();
  }

  finish() {
    this.stop();
    this.end();
  }

  stop() {
    for (const timer of this.timers ?? []) clearTimeout(timer);
    this.collection.watchers.delete(this.watcher);
  }
}
