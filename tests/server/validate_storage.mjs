// Claims, volumes and classes: pkg/apis/core/validation/validation.go and pkg/apis/storage/validation.

import { dnsSubdomain, labelKey, same, selector } from './findings.mjs';
import { canonicalQuantity, nanosOf } from './quantity.mjs';
import { hostPath, nfs, nodeTerms } from './validate_pod.mjs';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const volumeModes = ['Block', 'Filesystem'];

function modes(list, at, out) {
  for (const mode of list) out.oneOf(at, mode, accessModes);
  if (list.includes('ReadWriteOncePod') && new Set(list).size > 1) out.forbidden(at, 'may not use ReadWriteOncePod with other access modes');
}

function storage(list, at, out) {
  if (list?.storage === undefined) out.required(`${at}[storage]`);
  else if (nanosOf(list.storage) <= 0n) out.invalid(`${at}[storage]`, canonicalQuantity(list.storage), 'must be greater than zero');
}

export function claimSpec(spec, at, out) {
  if (!(spec.accessModes?.length > 0)) out.required(`${at}.accessModes`, 'at least 1 access mode is required');
  selector(out, `${at}.selector`, spec.selector);
  modes(spec.accessModes ?? [], `${at}.accessModes`, out);
  storage(spec.resources?.requests, `${at}.resources`, out);
  if (spec.storageClassName) out.check(`${at}.storageClassName`, spec.storageClassName, dnsSubdomain);
  out.oneOf(`${at}.volumeMode`, spec.volumeMode, volumeModes);
  for (const name of ['dataSource', 'dataSourceRef']) {
    const of = spec[name];
    if (!of) continue;
    if (!of.name) out.required(`${at}.${name}.name`);
    if (!of.kind) out.required(`${at}.${name}.kind`);
    else if (!of.apiGroup && of.kind !== 'PersistentVolumeClaim') out.invalid(`${at}.${name}`, of.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
  }
  if (spec.dataSource && spec.dataSourceRef && !spec.dataSourceRef.namespace && !same({ apiGroup: null, ...spec.dataSource }, { apiGroup: null, ...spec.dataSourceRef })) {
    out.invalid(at, '', 'must match dataSourceRef');
  }
  if (spec.volumeAttributesClassName) out.check(`${at}.volumeAttributesClassName`, spec.volumeAttributesClassName, dnsSubdomain);
}

/** The fields of a volume's spec that are its source. */
export const volumeSources = ['gcePersistentDisk', 'awsElasticBlockStore', 'hostPath', 'glusterfs', 'nfs', 'rbd', 'quobyte', 'iscsi', 'flexVolume', 'cinder', 'cephfs', 'fc', 'flocker',
  'azureFile', 'vsphereVolume', 'azureDisk', 'photonPersistentDisk', 'portworxVolume', 'scaleIO', 'local', 'storageos', 'csi'];

const sourceChecks = {
  hostPath,
  nfs,
  local(of, at, out, spec) {
    if (!of.path) out.required(`${at}.path`);
    else if (of.path.split('/').includes('..')) out.invalid(`${at}.path`, of.path, "must not contain '..'");
    if (!spec.nodeAffinity?.required) out.required('spec.nodeAffinity', 'Local volume requires node affinity');
  },
  csi(of, at, out) {
    if (!of.driver) out.required(`${at}.driver`);
    if (!of.volumeHandle) out.required(`${at}.volumeHandle`);
  },
};

export function persistentVolume({ spec }, out) {
  if (!(spec.accessModes?.length > 0)) out.required('spec.accessModes');
  modes(spec.accessModes ?? [], 'spec.accessModes', out);
  const capacity = spec.capacity ?? {};
  if (Object.keys(capacity).length === 0) out.required('spec.capacity');
  if (capacity.storage === undefined || Object.keys(capacity).length > 1) out.unsupported('spec.capacity', capacity, ['storage']);
  else storage(capacity, 'spec.capacity', out);
  if (spec.persistentVolumeReclaimPolicy) out.oneOf('spec.persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, ['Delete', 'Recycle', 'Retain']);
  if (spec.nodeAffinity) {
    if (!spec.nodeAffinity.required) out.required('spec.nodeAffinity.required', 'must specify required node constraints');
    else nodeTerms(spec.nodeAffinity.required, 'spec.nodeAffinity.required', out);
  }
  // The order of the checks decides which of two sources is one too many.
  const order = ['hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'glusterfs', 'flocker', 'nfs'];
  const found = [...order, ...volumeSources.filter((name) => !order.includes(name))].filter((name) => spec[name]);
  if (found.length === 0) out.required('spec', 'must specify a volume type');
  else sourceChecks[found[0]]?.(spec[found[0]], `spec.${found[0]}`, out, spec);
  found.slice(1).forEach((name) => out.forbidden(`spec.${name}`, 'may not specify more than 1 volume type'));
  if (spec.hostPath?.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle') out.forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'");
  if (spec.storageClassName) out.check('spec.storageClassName', spec.storageClassName, dnsSubdomain);
  out.oneOf('spec.volumeMode', spec.volumeMode, volumeModes);
  if (spec.volumeAttributesClassName !== undefined) {
    if (spec.volumeAttributesClassName === '') out.required('spec.volumeAttributesClassName', 'an empty string is disallowed');
    else if (!spec.csi) out.required('spec.csi', 'has to be specified when using volumeAttributesClassName');
  }
}

export function storageClass(object, out) {
  if (!object.provisioner) out.required('provisioner');
  else if (labelKey(object.provisioner.toLowerCase()).length > 0) out.check('provisioner', object.provisioner.toLowerCase(), labelKey);
  for (const key of Object.keys(object.parameters ?? {})) if (key === '') out.invalid('parameters', key, 'field can not be empty.');
  out.oneOf('reclaimPolicy', object.reclaimPolicy, ['Delete', 'Retain']);
  out.oneOf('volumeBindingMode', object.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']);
  (object.allowedTopologies ?? []).forEach((term, i) => (term.matchLabelExpressions ?? []).forEach((rule, j) => {
    const at = `allowedTopologies[${i}].matchLabelExpressions[${j}]`;
    if (!(rule.values?.length > 0)) out.required(`${at}.values`);
    out.check(`${at}.key`, rule.key ?? '', labelKey);
  }));
}

export function volumeAttributesClass(object, out) {
  if (!object.driverName) out.required('driverName');
  if (Object.keys(object.parameters ?? {}).length === 0) out.required('parameters', 'must contain at least one key/value pair');
}
