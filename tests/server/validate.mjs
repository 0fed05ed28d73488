// What the server refuses, in its own words. Each finding is a cause of the refusal: {reason, message, field}.

import { validateCustom, validateCustomChange } from './custom.mjs';
export { decodeProblem } from './decode.mjs';
import { dnsLabel, dnsLabel1035, dnsSubdomain, Findings, labelKey, labels } from './findings.mjs';
import { isCustom, topologyOf } from './schema.mjs';
import { fieldTopology, isList, isMap } from './typed.mjs';
import { changes } from './validate_changes.mjs';
import { kinds } from './validate_kinds.mjs';
import { validatePodSpec } from './validate_pod.mjs';
import { claimSpec, persistentVolume, storageClass, volumeAttributesClass } from './validate_storage.mjs';
import { cronJob, daemonSet, deployment, job, replicaSet, statefulSet } from './validate_workloads.mjs';

const checks = {
  ...kinds,
  Pod: ({ spec }, out) => validatePodSpec(spec, 'spec', out),
  PersistentVolumeClaim: ({ spec }, out) => claimSpec(spec, 'spec', out),
  PersistentVolume: persistentVolume,
  StorageClass: storageClass,
  VolumeAttributesClass: volumeAttributesClass,
  Deployment: deployment,
  StatefulSet: statefulSet,
  DaemonSet: daemonSet,
  ReplicaSet: replicaSet,
  Job: job,
  CronJob: cronJob,
};

// Path segments alone: RBAC names may hold anything that a URL can.
const pathName = (text) => text === '.' || text === '..' ? [`may not be '${text}'`] : /[/%]/.test(text) ? [`may not contain '${/[/%]/.exec(text)[0]}'`] : [];
const withoutDots = (text) => text.includes('.') ? ['must not contain dots'] : dnsLabel(text);
const nameChecks = {
  Namespace: withoutDots, Service: dnsLabel1035, Role: pathName, ClusterRole: pathName, RoleBinding: pathName, ClusterRoleBinding: pathName,
  Event: () => [], StatefulSet: dnsSubdomain,
};
const qualifiedFinalizers = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)\/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);
const maxAnnotations = 262144;

// k8s.io/apimachinery/pkg/api/validation/objectmeta.go
function validateMetadata({ kind, metadata }, out) {
  const check = nameChecks[kind] ?? dnsSubdomain;
  if (metadata.generateName) out.check('metadata.generateName', metadata.generateName, (text) => check(text.replace(/-$/, 'a')));
  out.check('metadata.name', metadata.name, check);
  labels(out, 'metadata.labels', metadata.labels);
  let size = 0;
  for (const [key, text] of Object.entries(metadata.annotations ?? {})) {
    out.check('metadata.annotations', key.toLowerCase(), labelKey);
    size += Buffer.byteLength(key) + Buffer.byteLength(String(text));
  }
  if (size > maxAnnotations) out.tooLong('metadata.annotations', maxAnnotations);
  (metadata.finalizers ?? []).forEach((name, i) => {
    if (!standardFinalizers.has(name) && !qualifiedFinalizers.test(name)) out.invalid(`metadata.finalizers[${i}]`, name, 'name is neither a standard finalizer name nor is it fully qualified');
  });
  for (const owner of metadata.ownerReferences ?? []) {
    for (const name of ['apiVersion', 'kind', 'name', 'uid']) if (!owner[name]) out.invalid(`metadata.ownerReferences.${name}`, owner[name] ?? '', 'must not be empty');
  }
}

function validateObject(object, out, context) {
  validateMetadata(object, out);
  if (isCustom(object.apiVersion, object.kind)) out.list.push(...validateCustom(object));
  else checks[object.kind]?.(object, out, context);
}

/** Of a new object, behind defaulting. `context` is {kubernetes, subresource, …}. */
export function validateCreate(object, context = {}) {
  const out = new Findings();
  validateObject(object, out, context);
  return out.list;
}

export function validateUpdate(before, after, context = {}) {
  const out = new Findings();
  if (context.subresource) return out.list;   // a status is taken as it is
  validateObject(after, out, { ...context, update: true });
  if (isCustom(after.apiVersion, after.kind)) out.list.push(...validateCustomChange(before, after));
  else changes[after.kind]?.(before, after, out, context);
  return out.list;
}

/** The paths of fields that the kind does not have, in the order of the object. */
export function unknownFields(object) {
  const topology = topologyOf(object.apiVersion, object.kind);
  const out = [];
  if (topology !== undefined) collect(object, topology, '', out);
  return out;
}

function collect(value, node, path, out) {
  if (node.is === 'list' && isList(value)) value.forEach((entry, i) => collect(entry, node.of, `${path}[${i}]`, out));
  if (node.is !== 'map' || !isMap(value)) return;
  for (const [name, below] of Object.entries(value)) {
    const inner = fieldTopology(node, name);
    const own = path === '' ? name : `${path}.${name}`;
    if (inner === undefined) out.push(own);
    else collect(below, inner, own, out);
  }
}
