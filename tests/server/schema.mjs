// How objects merge, kind by kind: list types and their keys, atomic maps, scalars. Built-in kinds come from the
// compiler's own tables (dump_schema.cpp), custom ones from the CRDs that the server was given.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { emptyObject, resetFields, setCustomStatus, setMinor } from './kinds.mjs';

export { emptyObject, resetFields };

const shapes = ['any', 'boolean', 'integer', 'number', 'string', 'quantity', 'int-or-string', 'list', 'map', 'object'];
const merges = ['atomic', 'set', 'map'];
const KeepsUnknown = 1, Base64 = 8, Custom = 32, AtomicMap = 64;

function schemaFile() {
  if (process.env.MLSTACK_SERVER_SCHEMA) return process.env.MLSTACK_SERVER_SCHEMA;
  const build = process.env.MLSTACK_BINARY_DIR ?? path.join(path.dirname(fileURLToPath(import.meta.url)), '../../build/release');
  return path.join(build, 'tests/server/schema.json');
}

let loaded;
function tables() {
  loaded ??= JSON.parse(readFileSync(schemaFile(), 'utf8'));
  return loaded;
}

let versionBit = 1 << 5;
/** Which version the server plays, "1.31" to "1.36"; its bit in the tables. To be said before anything is asked. */
export function setKubernetes(version) {
  versionBit = 1 << (Number(version.split('.')[1]) - 31);
  nodes.clear();
  setMinor(Number(version.split('.')[1]));
}

// What the tables do not say. Keys may be left out of an entry when the type has a default for them; the
// OpenAPI documents that the tables come from are without defaults.
const keyDefaults = { protocol: 'TCP' };
function defaultsOf(keys, entry) {
  const out = { ...keyDefaults };
  // A field that Go always writes has its zero value as the default.
  for (const key of keys) if (entry.required?.includes(key)) out[key] ??= entry.fields.get(key).type === 'string' ? '' : 0;
  return out;
}
// x-kubernetes-map-type at a field instead of the type (core/v1 types.go).
const granularFields = new Set(['PersistentVolumeSpec.claimRef']);

const anything = { is: 'any' };
const nodes = new Map();

/** The node of a row of the tables, made when first asked for. */
function nodeOf(index) {
  let node = nodes.get(index);
  if (node !== undefined) return node;
  const [shape, flags, listType, element, name, keys, fields, enums] = tables().types[index];
  const is = shapes[shape];
  node = { type: is, typeName: name };
  nodes.set(index, node);   // before its fields: types contain themselves
  if (is === 'list') {
    Object.assign(node, { is: 'list', merge: merges[listType], keys });
    if (keys.length > 0) lazily(node, 'defaults', () => defaultsOf(keys, node.of));
    lazily(node, 'of', () => nodeOf(element));
  } else if (is === 'map') {
    Object.assign(node, { is: 'map', merge: flags & AtomicMap ? 'atomic' : 'granular' });
    lazily(node, 'of', () => nodeOf(element));
  } else if (is === 'object') {
    fillObject(node, name, flags, fields);
  } else if (is === 'any') {
    node.is = 'any';
  } else {
    Object.assign(node, { is: 'scalar', name: scalarName(is), enums, ...(flags & Base64 && { base64: true }) });
  }
  return node;
}

// JSON schema's names and those of structured-merge-diff.
const scalarName = (type) => type === 'string' ? 'string' : type === 'boolean' ? 'boolean' : type === 'integer' || type === 'number' ? 'numeric' : 'untyped';

function fillObject(node, name, flags, fields) {
  if (flags & KeepsUnknown && Object.keys(fields).length === 0) {
    // RawExtension and its like; within a CRD it is the sign of a free-form object.
    Object.assign(node, { is: 'any', ...(!(flags & Custom) && { merge: 'atomic' }) });
    return;
  }
  Object.assign(node, { is: 'map', merge: flags & AtomicMap ? 'atomic' : 'granular', fields: new Map(), required: [] });
  if (flags & KeepsUnknown) node.of = anything;
  for (const [field, [type, versions, required]] of Object.entries(fields)) {
    if (!(versions & versionBit)) continue;
    const inner = nodeOf(type);
    node.fields.set(field, granularFields.has(`${name}.${field}`) ? granular(inner) : inner);
    if (required & versionBit) node.required.push(field);
  }
}

// The same type with another way to merge. Its fields are those of the original, which may not be filled yet.
function granular(node) {
  const copy = Object.create(node);
  copy.merge = 'granular';
  return copy;
}

function lazily(node, key, make) {
  Object.defineProperty(node, key, { enumerable: true, configurable: true, get() {
    const value = make();
    Object.defineProperty(node, key, { value, enumerable: true });
    return value;
  } });
}

const custom = new Map();   // "group/version Kind" → {topology, schema, crd, status, plural, namespaced}
setCustomStatus((apiVersion, kind) => custom.get(`${apiVersion} ${kind}`)?.status ?? true);

/** How an object of that kind merges; undefined when nobody knows the kind. */
export function topologyOf(apiVersion, kind) {
  const key = `${apiVersion} ${kind}`;
  const own = custom.get(key);
  if (own !== undefined) return own.topology;
  const row = builtinRow(key);
  return row === undefined ? undefined : nodeOf(row.type);
}

// Kinds of CRDs are in the tables too, but the server has them only once the CRD was created.
function builtinRow(key) {
  const row = tables().resources[key];
  return row !== undefined && row.versions & versionBit ? row : undefined;
}

/** Every kind that the server has without CRDs: {apiVersion, kind, plural, namespaced}. */
export function builtinKinds() {
  return Object.entries(tables().resources).filter(([, row]) => row.versions & versionBit)
    .map(([key, row]) => ({ apiVersion: key.split(' ')[0], kind: key.split(' ')[1], plural: row.plural, namespaced: row.namespaced }));
}

export const isCustom = (apiVersion, kind) => custom.has(`${apiVersion} ${kind}`);
/** The JSON schema of a custom resource. */
export const customSchema = (apiVersion, kind) => custom.get(`${apiVersion} ${kind}`)?.schema;

/** Takes in the served versions of a CRD; a version that it no longer serves goes. */
export function learnCrd(crd) {
  forgetCrd(crd);
  const { group, names, scope, versions } = crd.spec;
  for (const version of versions ?? []) {
    if (!version.served) continue;
    const schema = version.schema?.openAPIV3Schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    custom.set(`${group}/${version.name} ${names.kind}`, {
      crd: crd.metadata.name, schema, topology: rootOf(schema), status: version.subresources?.status !== undefined,
      plural: names.plural, namespaced: scope === 'Namespaced',
    });
  }
}

export function forgetCrd(crd) {
  for (const [key, own] of custom) if (own.crd === crd.metadata.name) custom.delete(key);
}

const metadataNode = () => topologyOf('v1', 'ConfigMap').fields.get('metadata');
const text = { is: 'scalar', type: 'string', name: 'string' };

function rootOf(schema) {
  const node = structural(schema);
  const root = node.is === 'map' ? node : { is: 'map', merge: 'granular', of: anything };
  root.fields ??= new Map();
  for (const [name, type] of [['apiVersion', text], ['kind', text], ['metadata', metadataNode()]]) root.fields.set(name, type);
  return root;
}

/** The topology of a structural schema (apiextensions.k8s.io/v1, JSONSchemaProps). */
function structural(schema) {
  if (schema['x-kubernetes-int-or-string']) return { is: 'scalar', type: 'int-or-string', name: 'untyped', nullable: schema.nullable };
  if (schema.type === 'array') return structuralList(schema);
  if (schema.type === 'object' || schema.properties) return structuralObject(schema);
  if (schema.type === undefined) return { is: 'any', nullable: schema.nullable };
  return { is: 'scalar', type: schema.type, name: scalarName(schema.type), nullable: schema.nullable };
}

function structuralList(schema) {
  const node = { is: 'list', type: 'list', merge: schema['x-kubernetes-list-type'] ?? 'atomic', nullable: schema.nullable,
                 keys: schema['x-kubernetes-list-map-keys'] ?? [], of: schema.items ? structural(schema.items) : anything };
  const defaults = {};
  for (const key of node.keys) {
    const value = schema.items?.properties?.[key]?.default;
    if (value !== undefined) defaults[key] = value;
  }
  if (Object.keys(defaults).length > 0) node.defaults = defaults;
  return node;
}

function structuralObject(schema) {
  const node = { is: 'map', type: 'object', merge: schema['x-kubernetes-map-type'] ?? 'granular', nullable: schema.nullable };
  const keeps = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
  if (keeps) node.of = anything;
  if (schema.properties) node.fields = new Map(Object.entries(schema.properties).map(([name, below]) => [name, structural(below)]));
  if (typeof schema.additionalProperties === 'object') node.of = structural(schema.additionalProperties);
  if (schema['x-kubernetes-embedded-resource']) {
    node.fields ??= new Map();
    for (const [name, type] of [['apiVersion', text], ['kind', text], ['metadata', metadataNode()]]) node.fields.set(name, type);
  }
  if (!node.fields && !node.of) node.fields = new Map();
  return node;
}
