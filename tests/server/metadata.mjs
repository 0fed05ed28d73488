// What the generic registry does with metadata, whatever the kind (k8s.io/apiserver/pkg/registry/rest).

import { randomBytes, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { goKindOf } from './go_json.mjs';
import { badRequest, quoted } from './status.mjs';

// apimachinery/pkg/util/rand: no vowels, so that no words come about.
const kLetters = 'bcdfghjklmnpqrstvwxz2456789';
export const randomSuffix = (length = 5) => [...randomBytes(length)].map((byte) => kLetters[byte % kLetters.length]).join('');

export const timeText = (date) => date.toISOString().replace(/\.\d+Z$/, 'Z');

const kNameRoom = 63;   // storage/names/generate.go
export const generatedName = (prefix) => prefix.slice(0, kNameRoom - 5) + randomSuffix();

export function checkNamespace(resource, nameSpace, object) {
  const own = object.metadata.namespace ?? '';
  const wanted = resource.namespaced ? nameSpace : '';
  if (own === '') {
    if (resource.namespaced) object.metadata.namespace = nameSpace;
  } else if (own !== wanted) {
    throw badRequest(wanted === '' ? 'namespace not allowed on this type: the namespace of the provided object does not match the namespace sent on the request'
      : 'the namespace of the provided object does not match the namespace sent on the request');
  }
}

// A typed decoder knows what it is asked for; one of custom resources wants to be told.
export function assumeKind(resource, object) {
  if (resource.custom || typeof object !== 'object' || object === null || Array.isArray(object)) return;
  object.kind ||= resource.kind;
  object.apiVersion ||= resource.apiVersion;
}

export function checkKind(subject, object, resources) {
  if (typeof object !== 'object' || object === null || Array.isArray(object))
    throw badRequest(`the object provided is unrecognized (must be of type ${subject.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${goKindOf(object)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (${Buffer.from(JSON.stringify(object)).toString('hex')})`);
  for (const [key, name] of [['kind', 'Kind'], ['apiVersion', 'apiVersion']])
    if (!object[key]) {
      const text = JSON.stringify(object).slice(0, 1000);
      throw badRequest(`the object provided is unrecognized (must be of type ${subject.kind}): Object '${name}' is missing in '${text}' (${text})`);
    }
  const cannot = (why) => badRequest(`${object.kind} in version ${quoted(object.apiVersion)} cannot be handled as a ${subject.kind}: ${why}`);
  if (object.apiVersion !== subject.apiVersion && !subject.custom && !resources.ofKind(object.apiVersion, object.kind))
    throw cannot(`no kind ${quoted(object.kind)} is registered for version ${quoted(object.apiVersion)} in scheme "pkg/runtime/scheme.go:111"`);
  if (object.apiVersion !== subject.apiVersion)
    throw badRequest(`the API version in the data (${object.apiVersion}) does not match the expected API version (${subject.apiVersion})`);
  if (object.kind !== subject.kind)
    throw cannot(`converting (${subject.version}.${object.kind}) to (${subject.group.split('.')[0] || 'core'}.${subject.kind}): unknown conversion`);
  object.metadata ??= {};
  if (subject.custom && goKindOf(object.metadata) !== 'object')
    throw cannot(`json: cannot unmarshal ${goKindOf(object.metadata)} into Go struct field ObjectMeta.metadata of type v1.ObjectMeta`);
}

export function stampNew(object, now) {
  const { metadata } = object;
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timeText(now);
  for (const key of ['resourceVersion', 'generation', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink']) delete metadata[key];
}

// An update changes neither of these (BeforeUpdate).
export function keepSystem(before, after) {
  const { metadata: old } = before;
  const { metadata } = after;
  metadata.name ??= old.name;
  for (const key of ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'generateName'])
    if (old[key] === undefined) delete metadata[key];
    else metadata[key] = old[key];
  metadata.uid ??= old.uid;
  delete metadata.selfLink;
}

const kImmutable = (field, value) => ({ reason: 'FieldValueInvalid', field, message: `Invalid value: ${quoted(value ?? '')}: field is immutable` });

// ValidateObjectMetaAccessorUpdate
export function metadataErrors(before, after) {
  const errors = [];
  for (const key of ['name', 'namespace', 'uid'])
    if ((before.metadata[key] ?? '') !== (after.metadata[key] ?? '')) errors.push(kImmutable(`metadata.${key}`, after.metadata[key]));
  if (before.metadata.deletionTimestamp) {
    const fresh = (after.metadata.finalizers ?? []).filter((name) => !(before.metadata.finalizers ?? []).includes(name));
    if (fresh.length)
      errors.push({ reason: 'FieldValueForbidden', field: 'metadata.finalizers',
        message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${fresh.map(quoted).join(', ')}}` });
  }
  return errors;
}

// What counts as a new generation: the object without metadata, and without status where the status has its own door.
function counted(object, resource) {
  const { metadata, status, apiVersion, kind, ...rest } = object;
  return resource.status ? rest : { ...rest, status };
}

export function setGeneration(before, after, resource) {
  if (!resource.counts) return;
  if (!before) after.metadata.generation = 1;
  else if (!isDeepStrictEqual(counted(before, resource), counted(after, resource))) after.metadata.generation = (before.metadata.generation ?? 0) + 1;
}

export const isDeleting = (object) => object.metadata.deletionTimestamp !== undefined;
