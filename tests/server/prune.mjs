// What a typed decoder drops: fields that the kind does not have. Custom resources are pruned by their schema (custom.mjs).

import { topologyOf } from './schema.mjs';
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

// The object itself where nothing is to go.
export const dropUnknown = (object) => pruned(object, topologyOf(object.apiVersion, object.kind));
