// What structured-merge-diff does with a value and its topology: field sets, comparison, merge, removal.
// `undefined` is an absent value, null one that was written. Topologies are those of schema.mjs:
//   {is: 'scalar'}, {is: 'list', merge: 'atomic'|'set'|'map', keys, defaults, of}, {is: 'map', merge: 'granular'|'atomic',
//   fields, of}, {is: 'any'} (whatever the value is: lists atomic, maps granular).

import { FieldSet, fieldElement, keyElement, pathText, valueElement } from './field_set.mjs';
import { keepsEmptied } from './kinds.mjs';

export const isMap = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
export const isList = (value) => Array.isArray(value);

const anything = { is: 'any' };
const deducedScalar = { is: 'scalar' };
const deducedList = { is: 'list', merge: 'atomic', of: anything };
const deducedMap = { is: 'map', merge: 'granular', of: anything };

/** The topology with which `value` is treated; for an absent value of unknown type undefined. */
function resolve(topology, value) {
  if (topology.is !== 'any') return topology;
  if (isMap(value)) return topology.merge === 'atomic' ? { is: 'map', merge: 'atomic' } : deducedMap;
  if (isList(value)) return deducedList;
  return value === undefined || value === null ? undefined : deducedScalar;
}

/** The topology of a field or entry of a map; undefined when the type has no such field. */
export function fieldTopology(map, name) {
  const own = map.fields?.get(name);
  return own ?? map.of;
}
const named = (map, name) => map.fields !== undefined && map.fields.has(name);

/** The path element of an entry of a list that is a set or a map; undefined when it has none. */
export function entryElement(list, entry) {
  if (list.merge === 'set') return typeof entry === 'object' ? undefined : valueElement(entry);
  if (!isMap(entry)) return undefined;
  const keys = {};
  for (const key of list.keys) {
    const value = entry[key] ?? list.defaults?.[key];
    if (value !== undefined) keys[key] = value;
  }
  return Object.keys(keys).length === 0 ? undefined : keyElement(keys);
}

export function equal(a, b) {
  if (a === b) return true;
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (!isMap(a) || !isMap(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]));
}

// A walker's children: the values at one field of two maps, in the order of the first.
function zipKeys(a, b) {
  const keys = Object.keys(a ?? {});
  for (const key of Object.keys(b ?? {})) if (a === undefined || !Object.hasOwn(a, key)) keys.push(key);
  return keys;
}
const at = (map, key) => map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;

/** Everything that `value` mentions. */
export function toFieldSet(value, topology) {
  const set = new FieldSet();
  collect(value, topology, [], set);
  return set;
}

function collect(value, topology, path, set) {
  const type = resolve(topology, value);
  if (type === undefined || type.is === 'scalar' || type.merge === 'atomic') {
    set.insert(path);
  } else if (type.is === 'map' && isMap(value)) {
    for (const [name, below] of Object.entries(value)) {
      const inner = [...path, fieldElement(name)];
      collect(below, fieldTopology(type, name) ?? anything, inner, set);
      if (below === null || (isMap(below) && Object.keys(below).length === 0) || !named(type, name)) set.insert(inner);
    }
  } else if (type.is === 'list' && isList(value)) {
    collectEntries(value, type, path, set);
  }
}

function collectEntries(value, type, path, set) {
  const counts = new Map();
  for (const entry of value) {
    const element = entryElement(type, entry);
    if (element !== undefined) counts.set(element, (counts.get(element) ?? 0) + 1);
  }
  for (const entry of value) {
    const element = entryElement(type, entry);
    if (element === undefined) continue;
    const inner = [...path, element];
    if (counts.get(element) === 1) collect(entry, type.of, inner, set);
    set.insert(inner);
  }
}

/** How `after` differs from `before`: {added, modified, removed} field sets. */
export function compare(before, after, topology) {
  const out = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  compareAt(before, after, topology, [], out);
  return out;
}

function compareAt(before, after, topology, path, out) {
  if (before === undefined && after === undefined) return;
  const left = resolve(topology, before), right = resolve(topology, after);
  // What kind of value is there may itself have changed, where the schema does not say which it is.
  const kinds = after === undefined || right === undefined ? [left ?? right] : before === undefined || left === undefined || left.is === right.is ? [right] : [left, right];
  let leaf = false;
  for (const type of kinds) leaf = compareAs(before, after, type, path, out);
  if (leaf) return;
  if (before === undefined) out.added.insert(path);
  else if (after === undefined) out.removed.insert(path);
}

function compareAs(before, after, type, path, out) {
  const shaped = type?.is === 'list' ? isList : isMap;
  const left = shaped(before) ? before : undefined, right = shaped(after) ? after : undefined;
  const size = (value) => value === undefined ? 0 : isList(value) ? value.length : Object.keys(value).length;
  if (type === undefined || type.is === 'scalar' || type.merge === 'atomic' || (size(left) === 0 && size(right) === 0)) {
    if (before === undefined) out.added.insert(path);
    else if (after === undefined) out.removed.insert(path);
    else if (!equal(before, after)) out.modified.insert(path);
    return true;
  }
  if (type.is === 'map') {
    for (const name of zipKeys(left, right)) {
      compareAt(at(left, name), at(right, name), fieldTopology(type, name) ?? anything, [...path, fieldElement(name)], out);
    }
  } else {
    compareEntries(left ?? [], right ?? [], type, path, out);
  }
  return false;
}

function byElement(list, type) {
  const out = new Map();
  for (const entry of list) {
    const element = entryElement(type, entry);
    if (element === undefined) continue;
    if (!out.has(element)) out.set(element, []);
    out.get(element).push(entry);
  }
  return out;
}

// Entries that share their keys cannot be told apart: they are one leaf.
function compareEntries(before, after, type, path, out) {
  const left = byElement(before, type), right = byElement(after, type);
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    const ours = left.get(element) ?? [], theirs = right.get(element) ?? [];
    const inner = [...path, element];
    if (ours.length <= 1 && theirs.length <= 1) compareAt(ours[0], theirs[0], type.of, inner, out);
    else if (ours.length >= 2 && theirs.length >= 2) {
      if (!equal(ours, theirs)) out.modified.insert(inner);
    } else if (ours.length >= 2) {
      if (theirs.length === 1) compareAt(undefined, theirs[0], type.of, inner, out);
      out.removed.insert(inner);
    } else {
      if (ours.length === 1) compareAt(ours[0], undefined, type.of, inner, out);
      out.added.insert(inner);
    }
  }
}

/** `before` with everything that `applied` says; nothing is removed. */
export function merge(before, applied, topology) {
  const left = resolve(topology, before), right = resolve(topology, applied);
  const type = right ?? left;
  const keep = applied !== undefined ? applied : before;
  const shaped = type?.is === 'list' ? isList : isMap;
  const ours = shaped(before) ? before : undefined, theirs = shaped(applied) ? applied : undefined;
  const size = (value) => value === undefined ? 0 : isList(value) ? value.length : Object.keys(value).length;
  if (type === undefined || type.is === 'scalar' || type.merge === 'atomic' || (size(ours) === 0 && size(theirs) === 0)) return keep;
  if (type.is === 'list') return mergeEntries(ours ?? [], theirs ?? [], type);
  const out = {};
  for (const name of zipKeys(ours, theirs)) {
    const value = merge(at(ours, name), at(theirs, name), fieldTopology(type, name) ?? anything);
    if (value !== undefined) out[name] = value;
  }
  return Object.keys(out).length === 0 ? undefined : out;
}

// The applied list gives the order of what it names; entries that only the object has stay between the
// neighbours that they had (typed/merge.go, visitListItems).
function mergeEntries(ours, theirs, type) {
  const left = ours.map((entry) => entryElement(type, entry)), right = theirs.map((entry) => entryElement(type, entry));
  const find = (elements, list, element) => {
    const first = elements.indexOf(element);
    return first < 0 || elements.indexOf(element, first + 1) >= 0 ? undefined : list[first];
  };
  const shared = right.filter((element) => left.includes(element));
  let next = shared.shift();
  const merged = new Set();
  const out = [];
  const take = (element) => {
    merged.add(element);
    const value = merge(find(left, ours, element), theirs[right.indexOf(element)], type.of);
    if (value !== undefined) out.push(value);
  };
  let l = 0, r = 0;
  while (l < left.length || r < right.length) {
    if (l < left.length && r < right.length) {
      if (left[l] === right[r]) {
        take(left[l]);
        ++l;
        ++r;
        next = shared.shift();
        continue;
      }
      if (right.includes(left[l]) && next !== undefined && next !== left[l]) {
        ++l;
        continue;
      }
    }
    if (l < left.length) {
      if (!right.includes(left[l])) {
        out.push(ours[l++]);
        continue;
      }
      if (merged.has(left[l])) ++l;
    }
    if (r < right.length) {
      const element = right[r++];
      take(element);
      if (next === element) next = shared.shift();
    }
  }
  return out.length === 0 ? undefined : out;
}

// What is left of a container when things within it were removed.
function rest(value, set, topology) {
  const left = removeItems(value, set, topology);
  if (left !== null || value === null || set === undefined || set.empty || !keepsEmptied()) return left;
  return isList(value) ? [] : isMap(value) ? {} : left;
}

/** `value` without what `set` names; a container that loses its last entry becomes null, or, where it is inside of another, empty. */
export function removeItems(value, set, topology) {
  if (set === undefined || set.empty) return value;
  const type = resolve(topology, value);
  if (type === undefined || type.is === 'scalar') return value;
  if (type.merge === 'atomic') return null;
  if (type.is === 'list') {
    if (!isList(value)) return null;
    const out = [];
    for (const entry of value) {
      const element = entryElement(type, entry);
      if (element !== undefined && set.has(element)) continue;
      out.push(element === undefined ? entry : rest(entry, set.inside(element), type.of));
    }
    return out.length === 0 ? null : out;
  }
  if (!isMap(value)) return null;
  const out = {};
  for (const [name, below] of Object.entries(value)) {
    const element = fieldElement(name);
    if (!set.has(element)) out[name] = rest(below, set.inside(element), fieldTopology(type, name) ?? anything);
  }
  return Object.keys(out).length === 0 ? null : out;
}

/** The set with every field that leads to a member as a member too, where the type names its fields. */
export function withNamedFields(set, topology) {
  const out = new FieldSet();
  out.members = new Set(set.members);
  for (const [element, below] of set.children) {
    let inner = anything;
    if (element[0] === 'f' && topology.is === 'map') {
      const name = element.slice(2);
      if (named(topology, name)) out.members.add(element);
      inner = fieldTopology(topology, name) ?? anything;
    } else if (element[0] === 'k' && topology.is === 'list') {
      inner = topology.of;
    }
    out.children.set(element, withNamedFields(below, inner));
  }
  return out;
}

/** Sets written before a type became atomic own the whole of it (typed/reconcile_schema.go). */
export function reconcile(set, topology) {
  const out = new FieldSet();
  out.members = new Set(set.members);
  for (const [element, below] of set.children) {
    const inner = element[0] === 'f' ? topology.is === 'map' ? fieldTopology(topology, element.slice(2)) : undefined : topology.of;
    if (inner?.merge === 'atomic' && inner.is !== 'any') out.members.add(element);
    else out.children.set(element, inner === undefined ? below : reconcile(below, inner));
  }
  return out;
}

/** What an object says that its type has no place for, in the words of structured-merge-diff. */
export function typeProblems(value, topology, path = []) {
  const type = resolve(topology, value);
  const problem = (text) => [`${pathText(path)}: ${text}`];
  if (type === undefined || value === null || value === undefined || topology.is === 'any') return [];
  if (type.is === 'scalar') return scalarProblem(value, type.name).map((text) => `${pathText(path)}: ${text}`);
  if (type.is === 'list') {
    if (!isList(value)) return problem(`expected list, got &{${goText(value)}}`);
    if (type.merge === 'atomic') return value.flatMap((entry, i) => typeProblems(entry, type.of, [...path, 'i:' + i]));
    const seen = new Set();
    return value.flatMap((entry, i) => {
      const element = entryElement(type, entry);
      if (element === undefined) return problem(`element ${i}: ${entryProblem(type, entry)}`);
      if (seen.has(element)) return [`${pathText(path)}: duplicate entries for key ${pathText([element])}`];
      seen.add(element);
      return typeProblems(entry, type.of, [...path, element]);
    });
  }
  if (!isMap(value)) return problem(`expected map, got &{${goText(value)}}`);
  return Object.entries(value).flatMap(([name, below]) => {
    const inner = fieldTopology(type, name);
    if (inner === undefined) return type.open ? [] : [`${pathText([...path, fieldElement(name)])}: field not declared in schema`];
    return typeProblems(below, inner, [...path, fieldElement(name)]);
  });
}

const goKind = (value) => isMap(value) ? 'map[string]interface {}' : isList(value) ? '[]interface {}' : typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? Number.isInteger(value) ? 'int64' : 'float64' : typeof value;

// typed/validate.go, validateScalar
function scalarProblem(value, name) {
  if (name === 'numeric') return typeof value === 'number' ? [] : [`expected numeric (int or float), got ${goKind(value)}`];
  if (name === 'string') return typeof value === 'string' ? [] : [`expected string, got &value.valueUnstructured{Value:${goText(value)}}`];
  if (name === 'boolean') return typeof value === 'boolean' ? [] : [`expected boolean, got &{${goText(value)}}`];
  return isMap(value) || isList(value) ? [`expected any scalar, got &{${goText(value)}}`] : [];
}

function entryProblem(type, entry) {
  if (type.merge === 'set') return 'associative list without keys has an element that\'s a map type';
  if (entry === null) return 'associative list with keys may not have a null element';
  if (!isMap(entry)) return 'associative list with keys may not have non-map elements';
  return `associative list with keys has an element that omits all key fields [${type.keys.map((key) => `"${key}"`).join(' ')}] (and doesn't have default values for any key fields)`;
}

const goText = (value) => typeof value === 'string' ? value : isMap(value) ? `map[${Object.entries(value).map(([key, of]) => `${key}:${goText(of)}`).join(' ')}]` : isList(value) ? `[${value.map(goText).join(' ')}]` : String(value);
