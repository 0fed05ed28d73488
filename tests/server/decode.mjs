// Whether Go can read an object into its types at all, before anything else looks at it.

import { parseQuantity } from './quantity.mjs';
import { isCustom, topologyOf } from './schema.mjs';
import { fieldTopology, isList, isMap } from './typed.mjs';

const goTypes = { string: 'string', integer: 'int32', number: 'float64', boolean: 'bool', list: '[]', map: 'map', object: 'struct' };
const jsonTypes = (value) => isList(value) ? 'array' : isMap(value) ? 'object' : typeof value === 'boolean' ? 'bool' : typeof value;

/** Why Go cannot read the object at all, as text; undefined when it can. To be asked before defaulting. */
export function decodeProblem(object) {
  const topology = topologyOf(object.apiVersion, object.kind);
  if (topology === undefined || isCustom(object.apiVersion, object.kind)) return undefined;
  return decode(object, topology, object.kind, '');
}

function decode(value, node, owner, path) {
  if (value === null || value === undefined || node.is === 'any') return undefined;
  const wrong = () => `json: cannot unmarshal ${jsonTypes(value)} into Go struct field ${owner}.${path} of type ${node.typeName && node.is === 'map' ? `v1.${node.typeName}` : goTypes[node.type] ?? node.type}`;
  if (node.is === 'list') {
    if (!isList(value)) return wrong();
    return first(value, (entry) => decode(entry, node.of, owner, path));
  }
  if (node.is === 'map') {
    if (!isMap(value)) return wrong();
    const name = node.fields ? node.typeName ?? owner : owner;
    return first(Object.entries(value), ([key, below]) => {
      const inner = fieldTopology(node, key);
      return inner === undefined ? undefined : decode(below, inner, name, node.fields ? path === '' ? key : `${path}.${key}` : path);
    });
  }
  return decodeScalar(value, node, wrong);
}

function decodeScalar(value, node, wrong) {
  switch (node.type) {
    case 'quantity':
      if (typeof value !== 'string' && typeof value !== 'number') return wrong();
      return parseQuantity(value) === null ? "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'" : undefined;
    case 'int-or-string': return typeof value === 'string' || Number.isInteger(value) ? undefined : wrong();
    case 'integer': return Number.isInteger(value) ? undefined : wrong();
    default:
      if (typeof value !== node.type) return wrong();
      return node.base64 ? base64Problem(value) : undefined;
  }
}

// encoding/base64 passes over line breaks.
function base64Problem(text) {
  const plain = text.replace(/[\r\n]/g, '');
  const good = /^[A-Za-z0-9+/]*={0,2}/.exec(plain)[0];
  return good.length === plain.length && plain.length % 4 === 0 ? undefined : `illegal base64 data at input byte ${good.length === plain.length ? plain.length - plain.length % 4 : good.length}`;
}

function first(list, ask) {
  for (const entry of list) {
    const found = ask(entry);
    if (found !== undefined) return found;
  }
  return undefined;
}
