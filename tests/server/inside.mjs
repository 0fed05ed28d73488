// The store as controllers see it: the same operations as by HTTP, without authentication. README.md has the contract.

export function storeForControllers(operations, manager = 'kube-controller-manager') {
  const { store, resources } = operations;
  const call = (name, nameSpace, objectName, more) => {
    const resource = resources.named(name);
    if (!resource) throw new Error(`no such kind: ${name}`);
    return { resource, nameSpace: nameSpace ?? '', name: objectName, manager, validation: 'Ignore', warnings: [], ...more };
  };
  return {
    list(name, nameSpace) {
      const resource = resources.named(name);
      if (!resource) return [];
      return store.collection(resource.store).list(resource.namespaced ? nameSpace || undefined : '').map(([, object]) => object);
    },
    get(name, nameSpace, objectName) {
      const resource = resources.named(name);
      return (resource && store.get(resource.store, resource.namespaced ? `${nameSpace}/${objectName}` : objectName)) ?? null;
    },
    create: (name, object, { manager: own = manager } = {}) => operations.create(call(name, object.metadata.namespace, undefined, { manager: own }), object),
    update: (name, object, { subresource, manager: own = manager } = {}) =>
      operations.update(call(name, object.metadata.namespace, object.metadata.name, { subresource, manager: own }), object).object,
    remove: (name, nameSpace, objectName, options = {}) => operations.remove(call(name, nameSpace, objectName), options),
    // Kinds that are served, custom ones too: for collectors that look at everything.
    kinds: () => resources.all().filter((resource) => !resource.review && operations.home(resource) === resource).map(({ store: name }) => name),
    resource: (name) => resources.named(name),
    ofKind: (apiVersion, kind) => resources.ofKind(apiVersion, kind)?.store,
    onEvent: (callback) => store.onEvent(callback),
    now: operations.now,
  };
}
