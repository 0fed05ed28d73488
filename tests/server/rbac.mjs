// Roles and bindings that are in the store (plugin/pkg/auth/authorizer/rbac). They only ever allow.

const kGroup = 'rbac.authorization.k8s.io';
const has = (list, value) => list?.includes('*') || list?.includes(value);

function ruleAllows({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }, { verb, group, resource, name, path }) {
  if (!has(verbs, verb)) return false;
  if (path !== undefined) return (nonResourceURLs ?? []).some((one) => one === '*' || one === path || (one.endsWith('*') && path.startsWith(one.slice(0, -1))));
  const [plural, subresource] = resource.split('/');
  const covered = has(resources, resource) || (subresource && resources?.includes(`*/${subresource}`)) || (!subresource && has(resources, plural));
  return has(apiGroups, group) && covered && (!resourceNames?.length || resourceNames.includes(name));
}

function binds({ subjects = [], metadata }, user) {
  return subjects.some(({ kind, name, namespace }) => (kind === 'User' && name === user.name) || (kind === 'Group' && user.groups.includes(name)) ||
    (kind === 'ServiceAccount' && user.name === `system:serviceaccount:${namespace ?? metadata.namespace}:${name}`));
}

export class Rbac {
  constructor(store) { this.store = store; }

  #rules({ kind, name }, nameSpace) {
    const role = kind === 'ClusterRole' ? this.store.get(`clusterroles.${kGroup}`, name) : this.store.get(`roles.${kGroup}`, `${nameSpace}/${name}`);
    return role?.rules ?? [];
  }

  allows(user, ask) {
    const bindings = (plural, space) => this.store.collection(`${plural}.${kGroup}`).list(space).map(([, binding]) => binding).filter((binding) => binds(binding, user));
    const wide = bindings('clusterrolebindings', '').some(({ roleRef }) => this.#rules(roleRef, '').some((rule) => ruleAllows(rule, ask)));
    if (wide || !ask.nameSpace) return wide;
    return bindings('rolebindings', ask.nameSpace).some(({ roleRef }) => this.#rules(roleRef, ask.nameSpace).some((rule) => ruleAllows(rule, ask)));
  }
}
