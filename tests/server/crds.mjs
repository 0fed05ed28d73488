// CustomResourceDefinitions: established when they are written, served from then on.

import { compareVersions } from './resources.mjs';
import { timeText } from './metadata.mjs';
import { forgetCrd, learnCrd } from './rules.mjs';

const kStore = 'customresourcedefinitions.apiextensions.k8s.io';

function resourcesOf(crd) {
  const { group, names, scope, versions, conversion } = crd.spec;
  const served = versions.filter((version) => version.served);
  return served.map((version) => ({
    group, version: version.name, plural: names.plural, kind: names.kind, namespaced: scope === 'Namespaced', singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`, status: version.subresources?.status !== undefined, scale: version.subresources?.scale !== undefined,
    scalePaths: version.subresources?.scale, counts: true, returnsDeleted: false, createByPut: false, needsVersion: true, review: false, custom: true,
    shortNames: names.shortNames ?? [], categories: names.categories ?? [], subresources: [], store: `${names.plural}.${group}`, verbs: kVerbs,
    apiVersion: `${group}/${version.name}`, preferred: version.storage, columns: version.additionalPrinterColumns,
    selectable: version.selectableFields?.map(({ jsonPath }) => jsonPath.replace(/^\./, '')), schema: version.schema?.openAPIV3Schema, conversion,
  })).sort((a, b) => compareVersions(a.version, b.version));
}

const kVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

const condition = (type, reason, message, now) => ({ lastTransitionTime: timeText(now), message, reason, status: 'True', type });

export class CustomResources {
  constructor({ store, resources, operations, now }) {
    Object.assign(this, { store, resources, operations, now });
    operations.hooks.push(({ resource, before, after }) => { if (resource.store === kStore) this.#changed(before, after); });
  }

  // Those of the journal.
  restore() { for (const [, crd] of this.store.collection(kStore).list('')) this.#serve(crd); }

  clear() {
    for (const [key, crd] of [...this.store.collection(kStore).list('')]) {
      this.#forget(crd);
      this.store.remove(kStore, key);
    }
  }

  #serve(crd) {
    this.resources.remove(crd.spec.group, crd.spec.names.plural);
    learnCrd(crd);
    for (const resource of resourcesOf(crd)) this.resources.add(resource);
  }

  // Its objects go with it, as the finalizer customresourcecleanup has it.
  #forget(crd) {
    this.store.dropKind(`${crd.spec.names.plural}.${crd.spec.group}`);
    this.resources.remove(crd.spec.group, crd.spec.names.plural);
    forgetCrd(crd);
  }

  #changed(before, after) {
    if (!after) return this.#forget(before);
    if (after.metadata.deletionTimestamp) return;
    this.#serve(after);
    if ((after.status?.conditions ?? []).some(({ type, status }) => type === 'Established' && status === 'True')) return;
    const { names, versions } = after.spec;
    const storage = versions.find((version) => version.storage)?.name;
    const call = { resource: this.resources.named(kStore), nameSpace: '', name: after.metadata.name, subresource: 'status', manager: 'kube-apiserver', validation: 'Ignore', warnings: [] };
    this.operations.update(call, { ...after, status: {
      conditions: [condition('NamesAccepted', 'NoConflicts', 'no conflicts found', this.now()), condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted', this.now())],
      acceptedNames: { ...names, listKind: names.listKind ?? `${names.kind}List`, singular: names.singular ?? names.kind.toLowerCase() }, storedVersions: [storage] } });
  }
}
