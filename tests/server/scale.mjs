// The scale subresource: replicas of any workload in one form (autoscaling/v1 Scale).

import { internalError } from './status.mjs';

const at = (object, path) => path.split('.').filter(Boolean).reduce((value, step) => value?.[step], object);

function selectorText(selector) {
  if (!selector) return undefined;
  if (!selector.matchLabels && !selector.matchExpressions) return Object.entries(selector).map(([key, value]) => `${key}=${value}`).join(',');
  const words = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  for (const { key, operator, values = [] } of selector.matchExpressions ?? [])
    words.push(operator === 'Exists' ? key : operator === 'DoesNotExist' ? `!${key}` : `${key} ${operator.toLowerCase()} (${values.join(',')})`);
  return words.join(',');
}

// A custom resource that says no replicas cannot be asked for them.
export function scaleOf(object, resource) {
  const paths = resource.scalePaths ?? { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
  if (resource.custom && at(object, paths.specReplicasPath) === undefined) throw internalError(`the spec replicas field ${JSON.stringify(paths.specReplicasPath)} does not exist`);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = resource.custom ? (paths.labelSelectorPath ? at(object, paths.labelSelectorPath) : undefined) : selectorText(object.spec?.selector);
  const status = { replicas: at(object, paths.statusReplicasPath) ?? 0 };
  if (selector) status.selector = selector;
  return { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: at(object, paths.specReplicasPath) ?? 0 }, status };
}

// `object` is changed.
export function withScale(object, scale, resource) {
  const steps = (resource.scalePaths?.specReplicasPath ?? '.spec.replicas').split('.').filter(Boolean);
  const last = steps.pop();
  const parent = steps.reduce((value, step) => (value[step] ??= {}), object);
  parent[last] = scale.spec?.replicas ?? 0;
  return object;
}
