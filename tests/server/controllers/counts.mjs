// Numbers that others go by: how many pods a disruption budget leaves (pkg/controller/disruption).

import { isDone, isGoing, isReady, setCondition } from './cluster.mjs';
import { labelsMatch } from './selection.mjs';

const budgetKind = 'poddisruptionbudgets.policy';

const share = (of, total) => typeof of === 'number' ? of : Math.ceil(parseInt(of) * total / 100);

export function budgets(cluster) {
  for (const budget of cluster.list(budgetKind)) {
    if (isGoing(budget)) continue;
    const { spec } = budget;
    const selected = cluster.list('pods', budget.metadata.namespace).filter((pod) => spec.selector && labelsMatch(spec.selector, pod.metadata.labels ?? {}));
    // Against a plain number everything counts that is there; a share is one of what should be there.
    const pods = typeof spec.minAvailable === 'number' ? selected : selected.filter((pod) => !isDone(pod));
    const healthy = pods.filter((pod) => isReady(pod) && !isGoing(pod)).length;
    const needed = spec.maxUnavailable !== undefined ? Math.max(0, pods.length - share(spec.maxUnavailable, pods.length)) : share(spec.minAvailable ?? 1, pods.length);
    cluster.changeStatus(budgetKind, budget, (status, next) => {
      const allowed = Math.max(0, healthy - needed);
      Object.assign(status, { observedGeneration: next.metadata.generation, expectedPods: pods.length, currentHealthy: healthy, desiredHealthy: needed, disruptionsAllowed: allowed });
      setCondition(status, { type: 'DisruptionAllowed', status: allowed > 0 ? 'True' : 'False', reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods', message: '', observedGeneration: next.metadata.generation }, cluster.nowText());
    });
  }
}
