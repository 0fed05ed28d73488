// Eviction: a delete that asks the disruption budgets first (pkg/registry/core/pod/storage/eviction.go).

import { matchesSelector } from './selectors.mjs';
import { Refusal, internalError } from './status.mjs';

const kBudgets = 'poddisruptionbudgets.policy';

function refuse(budget) {
  const { desiredHealthy = 0, currentHealthy = 0, observedGeneration } = budget.status ?? {};
  const { name } = budget.metadata;
  const unseen = (observedGeneration ?? 0) < (budget.metadata.generation ?? 1);
  const message = unseen ? `The disruption budget ${name} is still being processed by the server.`
    : `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  return new Refusal(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.",
    { causes: [{ reason: 'DisruptionBudget', message }], ...(unseen ? { retryAfterSeconds: 10 } : {}) });
}

export function evict(operations, call, { deleteOptions = {} }) {
  const pod = operations.get(call);
  const place = { ...call, subresource: undefined };
  const running = !['Succeeded', 'Failed', 'Pending'].includes(pod.status?.phase);
  const budgets = operations.store.collection(kBudgets).list(call.nameSpace).map(([, object]) => object)
    .filter(({ spec }) => spec?.selector && matchesSelector(spec.selector, pod.metadata.labels ?? {}));
  if (running && budgets.length > 1) throw internalError('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.');
  if (running && budgets.length === 1) {
    const [budget] = budgets;
    if ((budget.status?.disruptionsAllowed ?? 0) < 1 || (budget.status.observedGeneration ?? 0) < (budget.metadata.generation ?? 1)) throw refuse(budget);
    const next = { ...budget, status: { ...budget.status, disruptionsAllowed: budget.status.disruptionsAllowed - 1 } };
    if (!call.dryRun) operations.update({ ...place, resource: operations.resources.named(kBudgets), name: budget.metadata.name, subresource: 'status', manager: 'kube-apiserver', validation: 'Ignore' }, next);
  }
  operations.remove(place, deleteOptions);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}
