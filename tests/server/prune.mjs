// What a typed decoder drops: fields that the kind does not have. Custom resources are pruned by their schema (custom.mjs).

import { isCustom, topologyOf } from './schema.mjs';
import { fieldTopology, isList, isMap } from './typed.mjs';

function pruned(value, node) {
  if (node === undefined) return value;
  if (node.is === 'list' && isList(value)) {
    const items = value.map((item) => pruned(item, node.of));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (node.is !== 'map' || !isMap(value)) return value;
  let changed = false;
  const result = {};
  for (const [name, below] of Object.entries(value)) {
    const inner = fieldTopology(node, name);
    if (inner === undefined && !node.open) {
      changed = true;
      continue;
    }
    result[name] = pruned(below, inner);
    changed ||= result[name] !== below;
  }
  return changed ? result : value;
}

// Nulls of a custom resource that its schema does not allow are as if not written; an apply keeps them, and is refused for them.
function withoutNulls(value, node) {
  if (node === undefined || node.is === 'any') return value;
  if (isList(value)) return node.is === 'list' ? value.map((item) => withoutNulls(item, node.of)) : value;
  if (!isMap(value) || node.is !== 'map') return value;
  const kept = Object.entries(value).filter(([name, below]) => below !== null || fieldTopology(node, name)?.is === 'any' || fieldTopology(node, name)?.nullable);
  return Object.fromEntries(kept.map(([name, below]) => [name, withoutNulls(below, fieldTopology(node, name))]));
}

// The object itself where nothing is to go.
export function dropUnknown(object) {
  const topology = topologyOf(object.apiVersion, object.kind);
  const known = pruned(object, topology);
  return isCustom(object.apiVersion, object.kind) ? withoutNulls(known, topology) : known;
}
