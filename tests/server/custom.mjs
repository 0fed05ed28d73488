// Custom resources by their structural schema: pruning, defaulting and validation as
// k8s.io/apiextensions-apiserver (pkg/apiserver/schema) does them. Of the rules in CEL, those
// that fix a value are known.

import { inGoForm } from './go_forms.mjs';
import { customSchema, topologyOf } from './schema.mjs';
import { equal, isList, isMap } from './typed.mjs';

/** The object without unknown fields, with its schema's defaults. */
export function defaultCustom(object) {
  const schema = customSchema(object.apiVersion, object.kind);
  const { apiVersion, kind, metadata, ...rest } = structuredClone(object);
  // Its metadata is that of every object.
  const written = inGoForm(metadata ?? {}, topologyOf(apiVersion, kind).fields.get('metadata'));
  return { apiVersion, kind, metadata: written, ...complete(prune(rest, schema), schema) };
}

function known(schema, name) {
  if (schema.properties && Object.hasOwn(schema.properties, name)) return schema.properties[name];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
const keeps = (schema) => schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;

function prune(value, schema) {
  if (isList(value)) return value.map((entry) => prune(entry, schema.items ?? {}));
  if (!isMap(value)) return value;
  const out = {};
  for (const [name, below] of Object.entries(value)) {
    const inner = known(schema, name);
    const embedded = schema['x-kubernetes-embedded-resource'] && ['apiVersion', 'kind', 'metadata'].includes(name);
    if (inner !== undefined) out[name] = embedded && name === 'metadata' ? below : prune(below, inner);
    else if (keeps(schema) || schema.type === undefined || embedded) out[name] = below;
  }
  return out;
}

function complete(value, schema) {
  if (isList(value)) return value.map((entry) => complete(entry, schema.items ?? {}));
  if (!isMap(value)) return value;
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    if (inner.default !== undefined && (value[name] === undefined || (value[name] === null && !inner.nullable))) value[name] = structuredClone(inner.default);
  }
  for (const [name, below] of Object.entries(value)) {
    const inner = known(schema, name);
    if (inner !== undefined) value[name] = complete(below, inner);
  }
  return value;
}

const quoted = (value) => JSON.stringify(value);
const typeOf = (value) => value === null ? 'null' : isList(value) ? 'array' : typeof value === 'number' ? Number.isInteger(value) ? 'integer' : 'number' : isMap(value) ? 'object' : typeof value;

/** What the schema refuses: [{reason, message, field}]. */
export function validateCustom(object) {
  const schema = customSchema(object.apiVersion, object.kind);
  const out = [];
  const { apiVersion, kind, metadata, ...rest } = object;
  check({ ...rest, ...(schema.properties?.metadata && { metadata }) }, { ...schema, required: schema.required?.filter((name) => !['apiVersion', 'kind'].includes(name)) }, '', out);
  return out;
}

/** Rules that hold an update against what was: of CEL the one that says that a value is fixed. */
export function validateCustomChange(before, after) {
  const out = [];
  compare(before, after, customSchema(after.apiVersion, after.kind), '', out);
  return out;
}

function compare(before, after, schema, path, out) {
  if (before === undefined || after === undefined) return;
  for (const { rule, message } of schema['x-kubernetes-validations'] ?? []) {
    if (/^\s*self\s*==\s*oldSelf\s*$/.test(rule) && !equal(before, after)) {
      out.push({ reason: 'FieldValueInvalid', message: `Invalid value: ${isMap(after) || isList(after) ? quoted(typeOf(after)) : quoted(after)}: ${message ?? `failed rule: ${rule}`}`, field: path });
    }
  }
  if (!isMap(before) || !isMap(after)) return;   // entries of lists have no rules of this kind that are certain to find their like
  for (const name of Object.keys(after)) {
    const inner = known(schema, name);
    if (inner !== undefined) compare(before[name], after[name], inner, path === '' ? name : `${path}.${name}`, out);
  }
}

function check(value, schema, path, out) {
  const fail = (reason, message) => out.push({ reason, message, field: path });
  const shown = isMap(value) || isList(value) ? '' : `: ${quoted(value)}`;
  if (value === null) {
    if (!schema.nullable && schema.type) fail('FieldValueTypeInvalid', `Invalid value: "null": ${path} in body must be of type ${schema.type}: "null"`);
    return;
  }
  if (schema['x-kubernetes-int-or-string'] ? !['integer', 'string'].includes(typeOf(value)) : !fits(value, schema.type)) {
    fail('FieldValueTypeInvalid', `Invalid value: ${quoted(typeOf(value))}: ${path} in body must be of type ${schema.type ?? 'integer,string'}: ${quoted(typeOf(value))}`);
    if (schema.type === 'integer' && typeof value === 'number') out.push({ reason: 'FieldValueInvalid', field: '<nil>', message: `Invalid value: "": Checked value must be of type integer (default format) in ${path}` });
    return;
  }
  if (schema.enum && !schema.enum.includes(value)) fail('FieldValueNotSupported', `Unsupported value: ${quoted(value)}: supported values: ${schema.enum.map(quoted).join(', ')}`);
  if (typeof value === 'number') checkNumber(value, schema, path, fail);
  if (typeof value === 'string') checkText(value, schema, path, fail, shown);
  if (isList(value)) {
    if (value.length < (schema.minItems ?? 0)) fail('FieldValueInvalid', `Invalid value: ${value.length}: ${path} in body should have at least ${schema.minItems} items`);
    if (value.length > (schema.maxItems ?? Infinity)) fail('FieldValueTooMany', `Too many: ${value.length}: must have at most ${schema.maxItems} items`);
    value.forEach((entry, i) => check(entry, schema.items ?? {}, `${path}[${i}]`, out));
  }
  if (isMap(value)) checkMap(value, schema, path, out);
}

function fits(value, type) {
  if (type === undefined) return true;
  const own = typeOf(value);
  return own === type || (type === 'number' && own === 'integer');
}

function checkNumber(value, schema, path, fail) {
  if (schema.minimum !== undefined && (schema.exclusiveMinimum ? value <= schema.minimum : value < schema.minimum)) {
    fail('FieldValueInvalid', `Invalid value: ${value}: ${path} in body should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${schema.minimum}`);
  }
  if (schema.maximum !== undefined && (schema.exclusiveMaximum ? value >= schema.maximum : value > schema.maximum)) {
    fail('FieldValueInvalid', `Invalid value: ${value}: ${path} in body should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${schema.maximum}`);
  }
}

function checkText(value, schema, path, fail) {
  // Only the first of these is told.
  const length = [...value].length;
  if (length > (schema.maxLength ?? Infinity)) fail('FieldValueTooLong', `Too long: may not be more than ${schema.maxLength} bytes`);
  else if (length < (schema.minLength ?? 0)) fail('FieldValueInvalid', `Invalid value: ${quoted(value)}: ${path} in body should be at least ${schema.minLength} chars long`);
  else if (schema.pattern && !matches(schema.pattern, value)) fail('FieldValueInvalid', `Invalid value: ${quoted(value)}: ${path} in body should match '${schema.pattern}'`);
}

// Go's expressions are nearly those of JavaScript; one that is not is no reason to refuse.
function matches(pattern, value) {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true;
  }
}

function checkMap(value, schema, path, out) {
  const inner = (name) => path === '' ? name : `${path}.${name}`;
  for (const name of schema.required ?? []) {
    if (value[name] === undefined) out.push({ reason: 'FieldValueRequired', message: 'Required value', field: inner(name) });
  }
  const size = Object.keys(value).length;
  if (size < (schema.minProperties ?? 0)) out.push({ reason: 'FieldValueInvalid', message: `Invalid value: ${size}: ${path} in body should have at least ${schema.minProperties} properties`, field: path });
  if (size > (schema.maxProperties ?? Infinity)) out.push({ reason: 'FieldValueTooMany', message: `Too many: ${size}: must have at most ${schema.maxProperties} items`, field: path });
  for (const [name, below] of Object.entries(value)) {
    const type = known(schema, name);
    if (type !== undefined && name !== 'metadata') check(below, type, inner(name), out);
  }
}
