// Who owns which field: server-side apply and the managedFields that every write leaves behind.
// The rules are those of sigs.k8s.io/structured-merge-diff (merge/update.go) and of
// k8s.io/apimachinery/pkg/util/managedfields. Everything here is pure: objects are given and returned.

import { decodeProblem } from './decode.mjs';
import { FieldSet, fieldElement, pathText } from './field_set.mjs';
import { emptyObject, resetFields, topologyOf } from './schema.mjs';
import { compare, equal, isMap, merge, reconcile, removeItems, toFieldSet, typeProblems, withNamedFields } from './typed.mjs';

/** The object has the shape of its type, but a value in it is none that Go can read. */
export class ConversionError extends Error {
  name = 'ConversionError';
}

const maxUpdateManagers = 10;                   // internal/fieldmanager.go
const beforeFirstApply = 'before-first-apply';  // internal/skipnonapplied.go
const ancientChanges = 'ancient-changes';       // internal/capmanagers.go

// Fields that nobody owns: internal/stripmeta.go.
const stripped = FieldSet.of(
  ...['apiVersion', 'kind', 'metadata'].map((name) => [fieldElement(name)]),
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields',
    'resourceVersion'].map((name) => [fieldElement('metadata'), fieldElement(name)]));

// Managers are told apart by this text; appliers keep theirs when they change to another version.
function identify({ manager, operation, apiVersion, subresource }) {
  return JSON.stringify({
    ...(manager && { manager }), ...(operation && { operation }), ...(operation !== 'Apply' && apiVersion && { apiVersion }), ...(subresource && { subresource }),
  });
}

/** managedFields as a map: identity → {manager, operation, subresource, apiVersion, time, set}. */
function decode(entries, topology) {
  const out = new Map();
  for (const entry of entries ?? []) {
    const set = reconcile(FieldSet.fromFieldsV1(entry.fieldsV1), topology);
    out.set(identify(entry), { manager: entry.manager, operation: entry.operation, subresource: entry.subresource,
                               apiVersion: entry.apiVersion, time: entry.time, set });
  }
  return out;
}

const compareTexts = (a = '', b = '') => a < b ? -1 : a > b ? 1 : 0;

function encode(managers) {
  const entries = [...managers.values()].map((entry) => ({
    ...(entry.manager && { manager: entry.manager }),
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    ...(entry.time && { time: entry.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: entry.set.toFieldsV1(),
    ...(entry.subresource && { subresource: entry.subresource }),
  }));
  return entries.sort((a, b) => compareTexts(a.operation, b.operation) || compareTexts(a.time, b.time) ||
    compareTexts(a.manager, b.manager) || compareTexts(a.apiVersion, b.apiVersion) || compareTexts(a.subresource, b.subresource));
}

function withManagedFields(object, managers) {
  const { managedFields, ...metadata } = object.metadata ?? {};
  if (managers.size > 0) metadata.managedFields = encode(managers);
  return { ...object, metadata };
}

function withoutManagedFields(object) {
  if (object?.metadata?.managedFields === undefined) return object;
  const { managedFields, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** RFC 3339 without fractions, as metav1.Time writes it. */
const timeText = (now) => (now instanceof Date ? now.toISOString() : String(now ?? new Date().toISOString())).replace(/\.\d+Z$/, 'Z');

// What the strategy of the resource takes back: a write of the object does not own its status.
const excluding = (set, ignored) => ignored === undefined ? set : set.recursiveDifference(ignored);

/** Takes from everybody but `self` what changed; the conflicts are what was theirs. */
function takeFromOthers(managers, before, after, self, ignored, topology) {
  const changes = compare(before, after, topology);
  const changed = excluding(changes.modified, ignored).union(excluding(changes.added, ignored));
  const removed = excluding(changes.removed, ignored);
  const conflicts = [];
  for (const [id, entry] of managers) {
    if (id === self) continue;
    const lost = entry.set.intersection(changed);
    if (!lost.empty) conflicts.push({ id, entry, lost });
  }
  const take = () => {
    for (const { id, entry, lost } of conflicts) managers.set(id, { ...entry, set: entry.set.difference(lost) });
    for (const [id, entry] of managers) {
      if (id !== self) managers.set(id, { ...entry, set: entry.set.difference(removed) });
    }
    for (const [id, entry] of managers) if (entry.set.empty) managers.delete(id);
  };
  return { changed, removed, conflicts, take };
}

function managerText(entry) {
  let text = JSON.stringify(entry.manager ?? '');
  if (entry.subresource) text += ` with subresource ${JSON.stringify(entry.subresource)}`;
  return entry.operation === 'Update' ? `${text} using ${entry.apiVersion}` : text;
}

/** The answer to an apply that would take what others own: internal/conflict.go. */
function conflictAnswer(found) {
  found.sort((a, b) => compareTexts(a.id, b.id));
  const conflicts = found.flatMap(({ entry, lost }) => lost.paths().map((path) => ({
    manager: entry.manager, field: pathText(path), message: `conflict with ${managerText(entry)}`,
  })));
  const message = conflicts.length === 1 ? `Apply failed with 1 conflict: ${conflicts[0].message}: ${conflicts[0].field}`
    : `Apply failed with ${conflicts.length} conflicts: ` + found.map(({ entry, lost }) =>
      [`conflicts with ${managerText(entry)}:`, ...lost.paths().map((path) => `- ${pathText(path)}`)].join('\n')).join('\n');
  return { conflicts, message };
}

// What the applier had and no longer says goes, unless somebody else has it: merge/update.go, prune.
function prune(merged, managers, last, topology) {
  if (last === undefined || last.empty) return merged;
  const sets = (value) => withNamedFields(toFieldSet(value, topology), topology);
  const owned = [...managers.values()].reduce((set, entry) => set.union(entry.set), new FieldSet());
  const mergedSet = sets(merged);
  let pruned = removeItems(merged, withNamedFields(last, topology), topology);
  pruned = removeItems(merged, mergedSet.difference(sets(pruned).union(withNamedFields(owned, topology))), topology);
  return removeItems(merged, mergedSet.difference(sets(pruned)).intersection(withNamedFields(last, topology)), topology);
}

/**
 * One apply. `live` is null when there is no such object. Answers {object} with its managedFields set, or
 * {conflicts: [{manager, field, message}], message}: that of each field and that of the whole answer. An apply that
 * changes nothing leaves all times as they are. Throws for what the type has no place for.
 */
export function applyObject({ live, applied, manager, force = false, schema, now, subresource = '' }) {
  const topology = schema ?? topologyOf(applied.apiVersion, applied.kind);
  const problems = typeProblems(applied, topology);
  if (problems.length > 0) throw new Error(problems.length === 1 ? problems[0] : ['errors:', ...problems.map((text) => '  ' + text)].join('\n'));
  const base = live === null || live === undefined ? emptyObject(applied.apiVersion, applied.kind) : withoutManagedFields(live);
  const managers = decode(live?.metadata?.managedFields, topology);
  if (live && managers.size === 0) {
    // An object that was there before anybody was recorded: all of it belongs to a manager of that name.
    own(managers, emptyObject(applied.apiVersion, applied.kind), base,
        { manager: beforeFirstApply, operation: 'Update', apiVersion: applied.apiVersion, subresource, time: timeText(now) },
        topology, undefined);
  }
  const entry = { manager, operation: 'Apply', apiVersion: applied.apiVersion, subresource };
  const id = identify(entry);
  const ignored = resetFields(applied.apiVersion, applied.kind, subresource);
  const last = managers.get(id);
  managers.set(id, { ...entry, time: last?.time, set: excluding(toFieldSet(applied, topology), ignored) });
  const merged = prune(merge(base, applied, topology), managers, last?.set, topology);
  const { conflicts, take } = takeFromOthers(managers, base, merged, id, ignored, topology);
  if (conflicts.length > 0 && !force) {
    const allowed = manager === 'kubectl' ? lastApplied(base, topology) : undefined;
    const left = allowed === undefined ? conflicts
      : conflicts.map((conflict) => ({ ...conflict, lost: conflict.lost.difference(allowed) })).filter(({ lost }) => !lost.empty);
    if (left.length > 0) return conflictAnswer(left);
  }
  take();
  strip(managers, id);
  const problem = decodeProblem(merged);
  if (problem !== undefined) throw new ConversionError(problem);
  const noop = live && equal(base, merged);
  if (!noop && managers.has(id)) managers.get(id).time = timeText(now);
  return { object: withManagedFields(noop ? base : merged, managers) };
}

// kubectl's own annotation says what client-side apply wrote; only kubectl may take that over without force
// (internal/lastappliedmanager.go).
function lastApplied(live, topology) {
  const text = live.metadata?.annotations?.['kubectl.kubernetes.io/last-applied-configuration'];
  if (!text) return undefined;
  let config;
  try {
    config = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (config.apiVersion !== live.apiVersion) return undefined;
  const { added, modified, removed } = compare(config, live, topology);
  return toFieldSet(config, topology).difference(modified).difference(added).difference(removed);
}

function strip(managers, id) {
  const entry = managers.get(id);
  if (entry === undefined) return;
  const set = entry.set.difference(stripped);
  if (set.empty) managers.delete(id);
  else managers.set(id, { ...entry, set });
}

/** Records that `entry` wrote `after` over `before`. */
function own(managers, before, after, entry, topology, ignored) {
  const id = identify(entry);
  const { changed, removed, take } = takeFromOthers(managers, before, after, undefined, ignored, topology);
  take();
  const set = excluding(changed, ignored).difference(removed).difference(stripped);
  if (set.empty) return;
  const previous = managers.get(id);
  managers.set(id, { ...entry, set: previous === undefined ? set : set.union(previous.set) });
}

/**
 * One create, update or patch that is no apply: `after` with managedFields. `before` is null for a create.
 * managedFields that `after` brings along count, as those of a client that edits them do.
 */
export function updateManagedFields({ before, after, manager, operation = 'Update', schema, now, subresource = '', apiVersion }) {
  const version = apiVersion ?? after.apiVersion;
  const topology = schema ?? topologyOf(version, after.kind);
  const managers = startingManagers(before, after, subresource, topology);
  const plain = withoutManagedFields(after);
  if (before && managers.size === 0) return plain;   // never recorded: stays so until the first apply
  const base = before ? withoutManagedFields(before) : emptyObject(version, after.kind);
  own(managers, base, plain, { manager, operation, apiVersion: version, subresource, time: timeText(now) }, topology,
      resetFields(version, after.kind, subresource));
  cap(managers);
  return keepTimes(before, withManagedFields(plain, managers));
}

function startingManagers(before, after, subresource, topology) {
  const given = subresource ? undefined : after.metadata?.managedFields;
  const reset = Array.isArray(given) && (given.length === 0 || (given.length === 1 && isMap(given[0]) && Object.keys(given[0]).length === 0));
  if (reset) return new Map();
  return decode(given?.length > 0 ? given : before?.metadata?.managedFields, topology);
}

// More than ten updaters: the oldest of each version are told together.
function cap(managers) {
  const updaters = [...managers].filter(([, entry]) => entry.operation !== 'Apply')
    .sort(([a, x], [b, y]) => compareTexts(x.time, y.time) || compareTexts(a, b));
  const first = new Map();
  let count = updaters.length;
  for (const [id, entry] of updaters) {
    if (count <= maxUpdateManagers) return;
    const bucket = { manager: ancientChanges, operation: 'Update', apiVersion: entry.apiVersion, subresource: '' };
    const bucketId = identify(bucket);
    if (!first.has(entry.apiVersion)) {
      first.set(entry.apiVersion, id);
      continue;
    }
    if (!managers.has(bucketId)) {
      const firstId = first.get(entry.apiVersion);
      managers.set(bucketId, { ...bucket, set: managers.get(firstId).set });
      managers.delete(firstId);
    }
    managers.set(bucketId, { ...bucket, time: entry.time, set: entry.set.union(managers.get(bucketId).set) });
    managers.delete(id);
    --count;
  }
}

/**
 * `after`, with the times of `before` when nothing but times of managedFields differs: such a write is none
 * (k8s.io/apiserver, handlers/fieldmanager/equality.go). To be asked last, after defaulting.
 */
export function keepTimes(before, after) {
  const old = before?.metadata?.managedFields, fresh = after.metadata?.managedFields;
  if (old === undefined || fresh === undefined || old.length !== fresh.length) return after;
  const bare = (entries) => entries.map(({ time, ...rest }) => rest);
  // Entries are sorted by time, so an untimely one may have moved.
  const order = (entries) => [...bare(entries)].sort((a, b) => compareTexts(identify(a), identify(b)));
  if (!equal(order(old), order(fresh)) || !equal(withoutManagedFields(before), withoutManagedFields(after))) return after;
  return { ...after, metadata: { ...after.metadata, managedFields: old } };
}
