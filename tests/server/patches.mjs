// The three patch formats that are older than server-side apply: JSON patch (RFC 6902), JSON merge patch (RFC 7386) and strategic
// merge patch (k8s.io/apimachinery/pkg/util/strategicpatch). All return a new value and leave their input alone.

import { isDeepStrictEqual } from 'node:util';
import { Refusal, badRequest } from './status.mjs';

const isMap = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

export function mergePatch(target, patch) {
  if (!isMap(patch)) return structuredClone(patch);
  const result = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  return result;
}

// The server answers 422 to operations that do not fit the object (handlers/patch.go), 400 to those that are none.
const doesNotFit = () => new Refusal(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

function steps(pointer) {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw doesNotFit();
  return pointer.slice(1).split('/').map((step) => step.replace(/~1/g, '/').replace(/~0/g, '~'));
}

function placeOf(root, pointer) {
  const path = steps(pointer);
  const last = path.pop();
  let parent = root;
  for (const step of path) {
    parent = Array.isArray(parent) ? parent[Number(step)] : isMap(parent) ? parent[step] : undefined;
    if (parent === undefined || parent === null) throw doesNotFit();
  }
  return { parent, last };
}

function valueAt(root, pointer) {
  if (pointer === '') return root;
  const { parent, last } = placeOf(root, pointer);
  const value = parent[Array.isArray(parent) ? Number(last) : last];
  if (value === undefined) throw doesNotFit();
  return value;
}

function put(root, pointer, value, operation) {
  if (pointer === '') return structuredClone(value);
  const { parent, last } = placeOf(root, pointer);
  if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : Number(last);
    if (!Number.isInteger(index) || index < 0 || index > parent.length - (operation === 'replace' ? 1 : 0))
      throw doesNotFit();
    parent.splice(index, operation === 'replace' ? 1 : 0, structuredClone(value));
  } else {
    if (operation === 'replace' && !(last in parent)) throw doesNotFit();
    parent[last] = structuredClone(value);
  }
  return root;
}

function take(root, pointer) {
  valueAt(root, pointer);
  const { parent, last } = placeOf(root, pointer);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
  return root;
}

export function jsonPatch(target, operations) {
  if (!Array.isArray(operations)) throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp');
  let result = structuredClone(target);
  for (const { op, path, from, value } of operations) {
    if (op === 'test') {
      if (!isDeepStrictEqual(valueAt(result, path), value)) throw doesNotFit();
    } else if (op === 'add' || op === 'replace') {
      result = put(result, path, value, op);
    } else if (op === 'remove') {
      result = take(result, path);
    } else if (op === 'move' || op === 'copy') {
      const moved = structuredClone(valueAt(result, from));
      if (op === 'move') take(result, from);
      result = put(result, path, moved, 'add');
    } else {
      throw doesNotFit();
    }
  }
  return result;
}

// Lists that merge, by their field's name: the key of their items, '' for lists of plain values. From the patchMergeKey tags of
// k8s.io/api; `ports` depends on where it stands.
const kMergeKeys = {
  containers: 'name', initContainers: 'name', ephemeralContainers: 'name', env: 'name', volumes: 'name', volumeMounts: 'mountPath',
  volumeDevices: 'devicePath', imagePullSecrets: 'name', secrets: 'name', hostAliases: 'ip', conditions: 'type', ownerReferences: 'uid', finalizers: '',
  topologySpreadConstraints: 'topologyKey', resourceClaims: 'name', podIPs: 'ip', hostIPs: 'ip', taints: 'key', addresses: 'type', podCIDRs: '',
  schedulingGates: 'name', webhooks: 'name', claims: 'name',
};

function mergeKey(name, parent) {
  if (name !== 'ports') return kMergeKeys[name];
  return parent === 'spec' ? 'port' : 'containerPort';
}

function mergeList(target, patch, key) {
  if (key === '') return ordered([...target, ...patch.filter((item) => !target.includes(item))], patch, target, key);
  if (patch.some((item) => item?.$patch === 'replace')) return patch.filter((item) => item?.$patch !== 'replace').map(withoutDirectives);
  let result = [...target];
  for (const item of patch) {
    if (item?.[key] === undefined) throw new Refusal(500, '', `map: map[] does not contain declared merge key: ${key}`);
    const found = result.findIndex((old) => isDeepStrictEqual(old?.[key], item[key]));
    if (item.$patch === 'delete') result = result.filter((old) => !isDeepStrictEqual(old?.[key], item[key]));
    else if (found >= 0) result[found] = strategicMerge(result[found], item);
    else result.push(withoutDirectives(item));
  }
  return ordered(result, patch.filter((item) => item.$patch === undefined), target, key);
}

function withoutDirectives(value) {
  if (Array.isArray(value)) return value.filter((item) => item?.$patch !== 'delete').map(withoutDirectives);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key, item]) => !key.startsWith('$') && item !== null).map(([key, item]) => [key, withoutDirectives(item)]));
}

// What the patch names comes in its order, what it does not in the order that was there; an entry of the second kind goes
// first where both were there and it was before (strategicpatch, normalizeElementOrder and mergeSortedSlice).
function ordered(list, order, before, key) {
  const rank = (item, of) => of.findIndex((wanted) => (key === '' ? item === wanted : isDeepStrictEqual(item?.[key], wanted?.[key])));
  const sorted = (items, of) => [...items].sort((left, right) => rank(left, of) - rank(right, of));
  const named = sorted(list.filter((item) => rank(item, order) >= 0), order), others = sorted(list.filter((item) => rank(item, order) < 0), before);
  const out = [];
  while (named.length > 0 && others.length > 0) {
    const [was, is] = [rank(others[0], before), rank(named[0], before)];
    out.push(was >= 0 && is >= 0 && was < is ? others.shift() : named.shift());
  }
  return [...out, ...named, ...others];
}

export function strategicMerge(target, patch, parent = '') {
  if (!isMap(patch)) return structuredClone(patch);
  if (patch.$patch === 'replace') return withoutDirectives(patch);
  if (patch.$patch === 'delete') return {};
  let result = isMap(target) ? { ...target } : {};
  if (patch.$retainKeys) result = Object.fromEntries(Object.entries(result).filter(([key]) => patch.$retainKeys.includes(key)));
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const list = key.slice('$deleteFromPrimitiveList/'.length);
      result[list] = (result[list] ?? []).filter((item) => !value.includes(item));
    } else if (key.startsWith('$')) {
      continue;
    } else if (value === null) {
      delete result[key];
    } else if (Array.isArray(value) && mergeKey(key, parent) !== undefined && Array.isArray(result[key])) {
      result[key] = mergeList(result[key], value, mergeKey(key, parent));
    } else {
      result[key] = isMap(value) ? strategicMerge(result[key], value, key) : withoutDirectives(value);
    }
  }
  for (const [key, order] of Object.entries(patch)) {
    const list = key.startsWith('$setElementOrder/') ? key.slice('$setElementOrder/'.length) : undefined;
    if (list !== undefined && Array.isArray(result[list])) result[list] = ordered(result[list], order, target?.[list] ?? [], mergeKey(list, parent) ?? '');
  }
  return result;
}
