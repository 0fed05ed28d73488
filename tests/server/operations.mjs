// Writes, as the generic registry and the handlers of the API server do them (k8s.io/apiserver/pkg/registry/generic/registry/store.go,
// pkg/endpoints/handlers). Every one is synchronous: nothing can come between reading and writing.
//
// A call is {resource, nameSpace, name, subresource, manager, force, dryRun, validation: 'Strict' | 'Warn' | 'Ignore',
// warnings: []}, `trusted` when the server itself makes the object.

import { isDeepStrictEqual } from 'node:util';
import * as admission from './admission.mjs';
import { toVersion } from './conversions.mjs';
import { assumeKind, checkKind, checkNamespace, generatedName, isDeleting, keepSystem, metadataErrors, setGeneration, stampNew, timeText } from './metadata.mjs';
import { goKindOf } from './go_json.mjs';
import { dropUnknown } from './prune.mjs';
import { jsonPatch, mergePatch, strategicMerge } from './patches.mjs';
import * as rules from './rules.mjs';
import * as status from './status.mjs';
import { scaleOf, withScale } from './scale.mjs';
import { warningsOf } from './warnings.mjs';

const kPatchErrors = { 'application/json-patch+json': jsonPatch, 'application/merge-patch+json': mergePatch, 'application/strategic-merge-patch+json': strategicMerge };
// Where it is not just empty; prepare.mjs has those that depend on the object.
const kFirstStatus = { PersistentVolumeClaim: { phase: 'Pending' }, Namespace: { phase: 'Active' } };
const kDefinitions = 'customresourcedefinitions.apiextensions.k8s.io';
export const kApply = 'application/apply-patch+yaml';
export const kPatchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];

// As Go prints a GroupVersionKind.
const groupVersionKind = ({ apiVersion = '', kind = '' }) => `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;

// The entries of the scale subresource have no time, and stand first therefore (managedfields/scalehandler.go).
function untimed(object) {
  const entries = object.metadata.managedFields?.map((entry) => {
    if (entry.subresource !== 'scale') return entry;
    const { time, ...rest } = entry;
    return rest;
  });
  if (!entries) return object;
  const rank = ({ operation, time = '' }) => `${operation === 'Apply' ? 0 : 1}${time}`;
  entries.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
  return { ...object, metadata: { ...object.metadata, managedFields: entries } };
}

// Go reads a Secret's values from base64.
function encodingProblem({ kind, apiVersion, data }) {
  if (kind !== 'Secret' || apiVersion !== 'v1') return undefined;
  for (const value of Object.values(data ?? {})) {
    const wrong = typeof value === 'string' ? /[^A-Za-z0-9+/=\r\n]/.exec(value) : null;
    if (wrong) return `illegal base64 data at input byte ${wrong.index}`;
    if (typeof value === 'string' && value.replace(/[\r\n]/g, '').length % 4) return `illegal base64 data at input byte ${value.length - (value.length % 4)}`;
  }
  return undefined;
}

export class Operations {
  // options: {controllers, kubernetes}; `now` gives the server's Date.
  constructor({ store, resources, options, now }) {
    Object.assign(this, { store, resources, options, now });
    this.hooks = [];   // ({resource, before, after}) after each write: CRDs
  }

  keyFor({ resource, nameSpace, name }) { return resource.namespaced ? `${nameSpace}/${name}` : name; }
  // What the store keeps: the kind in the version that it is stored as.
  home(resource) { return this.resources.named(resource.store) ?? resource; }
  shown(object, resource) { return toVersion(object, resource.apiVersion); }
  context(call) {
    return { resource: call.resource, namespace: call.nameSpace, subresource: call.subresource ?? '', kubernetes: this.options.kubernetes, now: this.now(), store: this };
  }

  get(call) {
    const found = this.store.get(call.resource.store, this.keyFor(call));
    if (!found) throw status.notFound(call.resource, call.name);
    return found;
  }

  read(call) {
    const object = this.shown(this.get(call), call.resource);
    return call.subresource === 'scale' ? scaleOf(object, call.resource) : object;
  }

  create(call, body) {
    const { resource } = call;
    const object = structuredClone(body);
    assumeKind(resource, object);
    checkKind(resource, object, this.resources);
    this.#checkFields(call, object);
    checkNamespace(resource, call.nameSpace, object);
    const generated = !object.metadata.name && Boolean(object.metadata.generateName);
    if (generated) object.metadata.name = generatedName(object.metadata.generateName);
    return this.#insert(call, object, false, generated);
  }

  #checkFields(call, object) {
    const problem = rules.decodeProblem(object) ?? encodingProblem(object);
    if (problem) throw status.badRequest(`${call.resource.kind} in version ${status.quoted(call.resource.version)} cannot be handled as a ${call.resource.kind}: ${problem}`);
    if (call.validation === 'Ignore') return;
    const texts = [...rules.unknownFields(object).map((path) => `unknown field ${status.quoted(path)}`), ...(call.doubled ?? []).map((path) => `duplicate field ${status.quoted(path)}`)];
    if (texts.length === 0) return;
    if (call.validation === 'Warn') call.warnings.push(...texts);
    else throw status.badRequest(`${call.resource.kind} in version ${status.quoted(call.resource.version)} cannot be handled as a ${call.resource.kind}: strict decoding error: ${texts.join(', ')}`);
  }

  // A new object, `applied` with its managedFields already.
  #insert(call, object, applied, generated) {
    const { resource } = call;
    if (object.metadata.resourceVersion && !applied) throw status.plainError('resourceVersion should not be set on objects to be created');
    stampNew(object, this.now());
    let next = this.#filled(resource, object, applied);
    if (!applied) next = this.#recorded(call, null, next);
    this.#dropStatus(resource, next);
    next = admission.onCreate(this, call, next);
    setGeneration(null, next, resource);
    const errors = this.#nameErrors(next);
    if (errors.length === 0 && !call.trusted) errors.push(...rules.validateCreate(next, this.context(call)));
    if (errors.length) throw status.invalid(resource, next.metadata.name ?? '', errors);
    const key = this.keyFor({ ...call, nameSpace: next.metadata.namespace, name: next.metadata.name });
    const there = this.store.get(resource.store, key);
    if (there) {
      const refusal = status.alreadyExists(resource, next.metadata.name, generated);
      if (isDeleting(there)) refusal.status.message = `object is being deleted: ${refusal.status.message}`;
      throw refusal;
    }
    if (!resource.custom) call.warnings.push(...warningsOf(null, next));
    admission.permit(this, call, null, next);
    if (call.dryRun) return this.shown(next, resource);
    return this.shown(this.#write(resource, key, null, next), resource);
  }

  // Without fields that the kind does not have, with those that the server fills in.
  #filled(resource, object, applied) { return rules.applyDefaults(resource.custom && applied ? object : dropUnknown(object)); }

  #nameErrors({ metadata }) {
    if (metadata.name) return [];
    return [{ reason: 'FieldValueRequired', field: 'metadata.name', message: 'Required value: name or generateName is required' }];
  }

  // Who creates an object does not say its status (PrepareForCreate of the strategies).
  #dropStatus(resource, object) {
    if (!resource.status) return;
    delete object.status;
    const fresh = resource.custom ? undefined : kFirstStatus[resource.kind] ?? rules.emptyObject(resource.apiVersion, resource.kind).status;
    if (fresh !== undefined) object.status = structuredClone(fresh);
    if (resource.store === kDefinitions) object.status.storedVersions = object.spec?.versions?.filter?.(({ storage }) => storage).map(({ name }) => name) ?? null;
  }

  #recorded(call, before, after) {
    // Neither of these is recorded.
    if (call.subresource === 'finalize' || (call.subresource === 'scale' && call.resource.custom)) return { ...after, metadata: { ...after.metadata, managedFields: before.metadata.managedFields } };
    const next = rules.updateManagedFields({
      before, after, manager: call.manager, operation: 'Update', schema: rules.topologyOf(after.apiVersion, after.kind), now: this.now(),
      subresource: call.subresource ?? '', apiVersion: after.apiVersion,
    });
    return call.subresource === 'scale' ? untimed(next) : next;
  }

  #write(resource, key, before, after) {
    const stored = toVersion(after, this.home(resource).apiVersion);
    this.store.put(resource.store, key, stored);
    for (const hook of this.hooks) hook({ resource, before, after: stored });
    return stored;
  }

  update(call, body) {
    const { resource } = call;
    const existing = this.store.get(resource.store, this.keyFor(call));
    const after = structuredClone(body);
    if (call.subresource === 'scale') return this.#updateScale(call, after);
    assumeKind(resource, after);
    checkKind(resource, after, this.resources);
    this.#checkFields(call, after);
    if ((after.metadata.name ?? '') !== call.name)
      throw status.badRequest(after.metadata.name ? `the name of the object (${after.metadata.name}) does not match the name on the URL (${call.name})` : 'name must be provided');
    checkNamespace(resource, call.nameSpace, after);
    if (!existing) {
      if (!resource.createByPut || call.subresource) throw status.notFound(resource, call.name);
      return { object: this.#insert(call, after, false, false), created: true };
    }
    const before = this.shown(existing, resource);
    this.#checkVersion(call, before, after, resource.needsVersion || resource.custom);
    return { object: this.#change(call, existing, before, this.#filled(resource, after), false), created: false };
  }

  // `needed`: whether a version must be named; undefined for patches, whose uid is a field like others.
  #checkVersion({ resource, name }, before, after, needed) {
    const { uid, resourceVersion } = after.metadata;
    if (needed !== undefined && uid && uid !== before.metadata.uid) {
      const key = `/registry/${resource.store}/${resource.namespaced ? `${before.metadata.namespace}/` : ''}${name}`;
      throw status.conflict(resource, name, `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`);
    }
    if (!resourceVersion && needed)
      throw status.invalid({ group: resource.group, kind: resource.plural }, name,
        [{ reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', message: 'Invalid value: 0: must be specified for an update' }]);
    if (resourceVersion && resourceVersion !== before.metadata.resourceVersion) throw status.conflict(resource, name, status.kStale);
  }

  // `existing` as stored, `before` and `after` in the version of the request.
  #change(call, existing, before, after, applied) {
    const { resource } = call;
    keepSystem(before, after);
    let next = applied ? after : this.#recorded(call, before, after);
    next = this.#confine(call, before, next);
    next = admission.onUpdate(this, call, before, next);
    if (call.subresource !== 'binding') setGeneration(before, next, resource);
    // The strategies ask for metadata once more than the registry: its causes come twice.
    const errors = [...metadataErrors(before, next), ...metadataErrors(before, next), ...rules.validateUpdate(before, next, this.context(call))];
    if (errors.length) throw status.invalid(resource, call.name, errors);
    if (!resource.custom && !call.subresource) call.warnings.push(...warningsOf(before, next));
    next.metadata.resourceVersion = before.metadata.resourceVersion;
    next = rules.keepTimes(before, next);
    if (isDeepStrictEqual(next, before)) return before;
    admission.permit(this, call, before, next);
    if (this.#isFinished(call, before, next)) {
      if (!call.dryRun) this.#erase(resource, this.keyFor(call), existing);
      return next;
    }
    if (call.dryRun) return next;
    return this.shown(this.#write(resource, this.keyFor(call), existing, next), resource);
  }

  // Each door changes its own part of the object.
  #confine({ resource, subresource }, before, after) {
    if (subresource === 'status') {
      const { annotations, finalizers, managedFields } = after.metadata;
      const metadata = resource.custom ? { ...before.metadata, managedFields } : { ...before.metadata, annotations, finalizers, managedFields };
      for (const key of ['annotations', 'finalizers', 'managedFields']) if (metadata[key] === undefined) delete metadata[key];
      const next = { ...before, metadata, status: after.status };
      if (resource.store === 'pods' && before.status?.qosClass) next.status = { ...after.status, qosClass: before.status.qosClass };   // it never changes
      if (next.status === undefined) delete next.status;
      return next;
    }
    const next = { ...after, metadata: { ...after.metadata } };
    if (resource.status && !subresource) {
      if (before.status === undefined) delete next.status;
      else next.status = before.status;
    }
    if (subresource === 'finalize') return { ...before, metadata: next.metadata, spec: after.spec?.finalizers?.length ? { finalizers: after.spec.finalizers } : {} };
    if (resource.store === 'namespaces') next.spec = before.spec;
    return next;
  }

  // ShouldDeleteDuringUpdate: the last finalizer went from what is being deleted.
  #isFinished({ resource, subresource }, before, after) {
    if (!isDeleting(before)) return false;
    if (resource.store === 'namespaces') return subresource === 'finalize' && !after.spec?.finalizers?.length && !after.metadata.finalizers?.length;
    return !after.metadata.finalizers?.length && !before.metadata.deletionGracePeriodSeconds;
  }

  #erase(resource, key, before) {
    this.store.remove(resource.store, key);
    for (const hook of this.hooks) hook({ resource, before, after: null });
  }

  #updateScale(call, scale) {
    const existing = this.get(call);
    const before = this.shown(existing, call.resource);
    if (scale.metadata?.resourceVersion && scale.metadata.resourceVersion !== before.metadata.resourceVersion)
      throw status.conflict(call.resource, call.name, status.kStale);
    const after = this.#change(call, existing, before, withScale(structuredClone(before), scale, call.resource), false);
    return { object: scaleOf(after, call.resource), created: false };
  }

  // -> {object, created}
  patch(call, type, patch) {
    if (type === kApply) return this.#apply(call, patch);
    const change = kPatchErrors[type];
    if (!change || (call.resource.custom && type === 'application/strategic-merge-patch+json'))
      throw status.unsupportedMediaType(call.resource.custom ? kPatchTypes : [...kPatchTypes.slice(0, 2), 'application/strategic-merge-patch+json', kApply]);
    const existing = this.get(call);
    const before = this.shown(existing, call.resource);
    if (call.subresource === 'scale') return this.#updateScale(call, change(scaleOf(before, { ...call.resource, custom: false, scalePaths: call.resource.scalePaths }), patch));
    const after = structuredClone(change(before, patch));
    checkKind(call.resource, after, this.resources);
    this.#checkPatched(call, after);
    if (after.metadata.name !== call.name) throw status.badRequest(`the name of the object (${after.metadata.name}) does not match the name on the URL (${call.name})`);
    checkNamespace(call.resource, call.nameSpace, after);
    this.#checkVersion(call, before, after, undefined);
    return { object: this.#change(call, existing, before, this.#filled(call.resource, after), false), created: false };
  }

  #checkPatched(call, after) {
    const problem = rules.decodeProblem(after) ?? encodingProblem(after);
    if (problem) throw this.#badPatch(after, problem);
    if (call.validation === 'Ignore') return;
    const texts = [...(call.doubled ?? []).map((path) => `duplicate field ${status.quoted(path)}`), ...rules.unknownFields(after).map((path) => `unknown field ${status.quoted(path)}`)];
    if (texts.length === 0) return;
    if (call.validation === 'Warn') return void call.warnings.push(...texts);
    throw this.#badPatch(after, `strict decoding error: ${texts.join(', ')}`);
  }

  #badPatch(after, why) {
    return status.invalid({ group: '', kind: '' }, '', [{ reason: 'FieldValueInvalid', field: 'patch', message: `Invalid value: ${status.quoted(JSON.stringify(after))}: ${why}` }]);
  }

  #apply(call, applied) {
    const { resource, name } = call;
    const existing = this.store.get(resource.store, this.keyFor(call));
    const before = existing ? this.shown(existing, resource) : null;
    const wanted = structuredClone(applied);
    if (call.subresource === 'scale') return this.#applyScale(call, wanted);
    const said = wanted?.metadata?.namespace ?? '';
    if (!before && !call.subresource) call.mayCreate?.();
    this.#checkApplied(call, wanted, before);
    if (!before && call.subresource) throw status.notFound(resource, name);
    if (!before) admission.checkSpace(this, call);
    const version = { ...wanted.metadata };
    if (goKindOf(wanted.metadata) === 'object') delete wanted.metadata.resourceVersion;
    const object = this.#merge(call, before, wanted, said);
    this.#checkAppliedVersion(call, version, before);
    if (!object.metadata.name) throw status.badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
    if (resource.namespaced) object.metadata.namespace = call.nameSpace;
    if (!before) return { object: this.#insert(call, object, true, false), created: true };
    return { object: this.#change(call, existing, before, this.#filled(resource, object), true), created: false };
  }

  #checkApplied({ resource, name, nameSpace }, wanted, before) {
    if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted))
      throw status.badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goKindOf(wanted)} into Go value of type map[string]interface {}`);
    if (wanted.apiVersion !== resource.apiVersion || wanted.kind !== resource.kind) throw status.badRequest(`invalid object type: ${groupVersionKind(wanted)}`);
    wanted.metadata ??= {};
    const { metadata } = wanted;
    if (goKindOf(metadata) !== 'object') return;   // the merge refuses it
    if (metadata.managedFields !== undefined && metadata.managedFields !== null) throw status.badRequest('metadata.managedFields must be nil');
    if (metadata.name !== undefined && metadata.name !== name)
      throw status.badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
    checkNamespace(resource, nameSpace, wanted);
  }

  // Asked once the object is merged: what cannot be typed is refused before.
  #checkAppliedVersion({ resource, name }, { uid, resourceVersion }, before) {
    if (before) {
      if (resourceVersion && resourceVersion !== before.metadata.resourceVersion) throw status.conflict(resource, name, status.kStale);
    } else {
      if (uid) throw status.conflict(resource, name, `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`);
      if (resourceVersion) throw status.conflict(resource, name, status.kStale);
    }
  }

  // `said`: the namespace that the object itself names; it is part of the words of a refusal.
  #merge(call, live, applied, said = '') {
    const { name = '' } = applied.metadata;
    let result;
    try {
      result = rules.applyObject({ live, applied, manager: call.manager, force: call.force, schema: rules.topologyOf(applied.apiVersion, applied.kind),
        now: this.now(), subresource: call.subresource ?? '' });
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) throw error;
      const kind = groupVersionKind(applied);
      if (error.name === 'ConversionError') throw status.plainError(`failed to convert new object (${said}/${name}; ${kind}) to proper version: unable to convert unstructured object to ${kind}: ${error.message}`);
      throw status.plainError(`failed to create typed patch object (${said}/${name}; ${groupVersionKind(applied)}): ${error.message}`);
    }
    if (result.conflicts) throw status.applyConflict(result);
    return structuredClone(result.object);
  }

  #applyScale(call, scale) {
    const existing = this.get(call);
    const before = this.shown(existing, call.resource);
    const applied = { apiVersion: before.apiVersion, kind: before.kind, metadata: {}, spec: { replicas: scale.spec?.replicas } };
    const after = this.#change(call, existing, before, this.#merge(call, before, applied), true);
    return { object: scaleOf(after, call.resource), created: false };
  }

  // options: a DeleteOptions. -> the answer's object.
  remove(call, options = {}) {
    const { resource, name } = call;
    const existing = this.get(call);
    const object = this.shown(existing, resource);
    this.#checkPreconditions(call, object, options.preconditions ?? {});
    if (resource.store === 'namespaces') return this.#removeSpace(call, existing);
    if (resource.store === kDefinitions && !isDeleting(object)) return this.#removeDefinition(call, existing);
    // undefined: the kind knows no graceful deletion. What waits already may only be hastened.
    const grace = admission.gracePeriod(this, resource, object, options);
    const left = isDeleting(object) ? object.metadata.deletionGracePeriodSeconds ?? 0 : Infinity;
    if (grace !== undefined && left > 0 && left !== Infinity && (options.gracePeriodSeconds === undefined || grace >= left)) return object;
    const finalizers = admission.finalizersForDelete(this, resource, object, options, call);
    const marks = grace !== undefined && left > 0;
    if (finalizers.length === 0 && !marks) {
      if (!call.dryRun) this.#erase(resource, this.keyFor(call), existing);
      return resource.returnsDeleted ? object : this.#success(resource, object);
    }
    const next = this.#marked(existing, finalizers, marks ? grace : 0);
    if (isDeepStrictEqual(next, existing)) return object;
    if (call.dryRun) return this.shown(next, resource);
    const written = this.#write(resource, this.keyFor(call), existing, next);
    if (marks && grace === 0 && finalizers.length === 0) this.#erase(resource, this.keyFor(call), written);
    return this.shown(written, resource);
  }

  #checkPreconditions({ resource, name }, { metadata }, { uid, resourceVersion }) {
    if (uid !== undefined && uid !== metadata.uid)
      throw status.preconditionFailed(resource, name, `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`);
    if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
      throw status.preconditionFailed(resource, name, `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`);
  }

  #marked(existing, finalizers, grace) {
    const next = structuredClone(existing);
    // A pod whose end is hastened is given another time.
    if (!isDeleting(existing) || existing.metadata.deletionGracePeriodSeconds > 0) {
      if (!isDeleting(existing) && next.metadata.generation > 0) next.metadata.generation += 1;
      next.metadata.deletionTimestamp = timeText(new Date(this.now().getTime() + (grace ?? 0) * 1000));
    }
    if (grace !== undefined) next.metadata.deletionGracePeriodSeconds = grace;   // a namespace has none
    if (finalizers.length) next.metadata.finalizers = finalizers;
    else delete next.metadata.finalizers;
    return next;
  }

  #success(resource, { metadata }) {
    const details = { name: metadata.name, group: resource.group, kind: resource.plural, uid: metadata.uid };
    if (!resource.group) delete details.group;
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  }

  // Its contents go first; the controller of namespaces does that, or, where none runs, this.
  #removeSpace(call, existing) {
    const { name } = call;
    if (['default', 'kube-system', 'kube-public'].includes(name))
      throw status.forbidden(call.resource, name, 'this namespace may not be deleted');
    const next = isDeleting(existing) ? existing : { ...this.#marked(existing, existing.metadata.finalizers ?? [], undefined), status: { ...existing.status, phase: 'Terminating' } };
    if (call.dryRun) return next;
    if (next !== existing) this.#write(call.resource, name, existing, next);
    if (!this.options.relaxed) return next;
    for (const resource of this.resources.all())
      if (resource.namespaced && !resource.review && this.home(resource) === resource)
        for (const [key, object] of [...this.store.collection(resource.store).list(name)]) this.#erase(resource, key, object);
    this.#erase(call.resource, name, next);
    return next;
  }

  // Its objects go before it, a moment later (pkg/registry/customresourcedefinition/etcd.go, pkg/controller/finalizer).
  #removeDefinition(call, existing) {
    const next = this.#marked(existing, [...(existing.metadata.finalizers ?? []), 'customresourcecleanup.apiextensions.k8s.io'], undefined);
    next.metadata.generation = existing.metadata.generation;
    next.status = { ...next.status, conditions: [...(next.status?.conditions ?? []).filter(({ type }) => type !== 'Terminating'), { type: 'Terminating', status: 'True', lastTransitionTime: timeText(this.now()),
      reason: 'InstanceDeletionPending', message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon' }] };
    if (call.dryRun) return next;
    const written = this.#write(call.resource, call.name, existing, next);
    setImmediate(() => {
      const left = this.store.get(kDefinitions, call.name);
      if (left?.metadata.uid === written.metadata.uid) this.#erase(call.resource, call.name, left);
    });
    return written;
  }

  // One after another, as the real server does it; what refuses ends it.
  removeAll(call, options, objects) {
    for (const object of objects)
      this.remove({ ...call, nameSpace: object.metadata.namespace ?? '', name: object.metadata.name }, options);
  }
}
