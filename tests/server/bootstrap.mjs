// What every cluster has from its first moment.

const kSpaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
const kClasses = [
  ['system-cluster-critical', 2000000000, 'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.'],
  ['system-node-critical', 2000001000, 'Used for system critical pods that must not be moved from their current node.'],
];

export class Bootstrap {
  constructor({ operations }) { this.operations = operations; }

  create() {
    const { operations } = this;
    const make = (name, object) => operations.create({ resource: operations.resources.named(name), nameSpace: object.metadata.namespace ?? '',
      manager: 'kube-apiserver', validation: 'Ignore', warnings: [], trusted: true }, object);
    for (const name of kSpaces) make('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    make('services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: { type: 'ClusterIP', clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', internalTrafficPolicy: 'Cluster',
        sessionAffinity: 'None', ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }] } });
    for (const [name, value, description] of kClasses)
      make('priorityclasses.scheduling.k8s.io', { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value,
        preemptionPolicy: 'PreemptLowerPriority', description });
  }

  // Everything goes, without controllers being asked, and the first objects are made again.
  clear(store, custom) {
    for (const resource of this.operations.resources.all())
      if (!resource.review && resource.plural !== 'customresourcedefinitions') store.dropKind(resource.store);
    custom.clear();
    this.create();
  }
}
