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

const isTrue = (crd, wanted) => (crd.status?.conditions ?? []).some(({ type, status }) => type === wanted && status === 'True');

export class CustomResources {
  // `timing().establish`: how many ms a definition waits until it is served; 0: at once.
  constructor({ store, resources, operations, now, timing }) {
    Object.assign(this, { store, resources, operations, now, timing });
    operations.hooks.push(({ resource, before, after }) => { if (resource.store === kStore) this.#changed(before, after); });
  }

  // Those of the journal; one that was cut short is established now.
  restore() {
    for (const [, crd] of [...this.store.collection(kStore).list('')])
      if (isTrue(crd, 'Established')) this.#serve(crd);
      else this.#establish(crd, true);
  }

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
    if (isTrue(after, 'Established')) return this.#serve(after);
    const wait = this.timing().establish ?? 0;
    if (wait === 0) return this.#establish(after, true);
    if (isTrue(after, 'NamesAccepted')) return;
    this.#establish(after, false);
    setTimeout(() => {
      const now = this.store.get(kStore, after.metadata.name);
      if (now?.metadata.uid === after.metadata.uid) this.#establish(now, true);
    }, wait).unref();
  }

  #establish(crd, done) {
    const { names } = crd.spec;
    const condition = (type, status, reason, message) => ({ lastTransitionTime: timeText(this.now()), message, reason, status, type });
    const call = { resource: this.resources.named(kStore), nameSpace: '', name: crd.metadata.name, subresource: 'status', manager: 'kube-apiserver', validation: 'Ignore', warnings: [] };
    this.operations.update(call, { ...crd, status: {
      ...crd.status,
      conditions: [condition('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found'),
        done ? condition('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted') : condition('Established', 'False', 'Installing', 'the initial names have been accepted')],
      acceptedNames: { ...names, listKind: names.listKind ?? `${names.kind}List`, singular: names.singular ?? names.kind.toLowerCase() } } });
  }
}
