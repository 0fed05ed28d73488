// Namespaces: what every new one gets, and their end (pkg/controller/namespace, pkg/controller/serviceaccount).

import { isGoing, setCondition } from './cluster.mjs';

const certificate = '-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n';

export function accounts(cluster) {
  for (const space of cluster.list('namespaces')) {
    if (isGoing(space)) continue;
    const { name: namespace } = space.metadata;
    if (!cluster.get('serviceaccounts', namespace, 'default')) cluster.create('serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } });
    if (!cluster.get('configmaps', namespace, 'kube-root-ca.crt')) {
      cluster.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt', namespace,
        annotations: { 'kubernetes.io/description': 'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.' } },
        data: { 'ca.crt': cluster.options.certificateAuthority ?? certificate } });
    }
  }
}

export function namespaces(cluster) {
  for (const space of cluster.list('namespaces')) {
    if (isGoing(space) && space.spec.finalizers?.includes('kubernetes')) empty(cluster, space);
  }
}

function empty(cluster, space) {
  const { name } = space.metadata;
  const left = new Map(), waiting = new Map();
  for (const kind of cluster.store.kinds()) {
    if (!cluster.store.resource(kind)?.namespaced) continue;
    for (const object of cluster.list(kind, name)) {
      if (!isGoing(object)) cluster.remove(kind, object);
      const still = cluster.get(kind, name, object.metadata.name);
      if (!still) continue;
      left.set(kind, (left.get(kind) ?? 0) + 1);
      for (const finalizer of still.metadata.finalizers ?? []) waiting.set(finalizer, (waiting.get(finalizer) ?? 0) + 1);
    }
  }
  tell(cluster, space, left, waiting);
  if (left.size > 0) return;
  cluster.change('namespaces', space, (next) => {
    next.spec.finalizers = next.spec.finalizers.filter((finalizer) => finalizer !== 'kubernetes');
  }, { subresource: 'finalize' });
}

function tell(cluster, space, left, waiting) {
  const time = cluster.nowText();
  cluster.changeStatus('namespaces', space, (status) => {
    status.phase = 'Terminating';
    const say = (type, bad, reason, message) => setCondition(status, { type, status: bad ? 'True' : 'False', reason, message }, time);
    say('NamespaceDeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered');
    say('NamespaceDeletionGroupVersionParsingFailure', false, 'ParsedGroupVersions', 'All legacy kube types successfully parsed');
    say('NamespaceDeletionContentFailure', false, 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization');
    if (left.size > 0) {
      const kinds = [...left].map(([kind, count]) => `${kind.includes('.') ? kind : kind + '.'} has ${count} resource instances`).sort();
      say('NamespaceContentRemaining', true, 'SomeResourcesRemain', `Some resources are remaining: ${kinds.join(', ')}`);
    } else {
      say('NamespaceContentRemaining', false, 'ContentRemoved', 'All content successfully removed');
    }
    if (waiting.size > 0) {
      const finalizers = [...waiting].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort();
      say('NamespaceFinalizersRemaining', true, 'SomeFinalizersRemain', `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`);
    } else {
      say('NamespaceFinalizersRemaining', false, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished');
    }
  });
}
