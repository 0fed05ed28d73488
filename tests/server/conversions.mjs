// One stored object in the versions that it is asked for. Most kinds differ in nothing but their apiVersion.

const kFromCore = { involvedObject: 'regarding', message: 'note', reportingComponent: 'reportingController',
  source: 'deprecatedSource', firstTimestamp: 'deprecatedFirstTimestamp', lastTimestamp: 'deprecatedLastTimestamp', count: 'deprecatedCount' };
const kToCore = Object.fromEntries(Object.entries(kFromCore).map(([from, to]) => [to, from]));
const renamed = (object, names) => Object.fromEntries(Object.entries(object).map(([key, value]) => [names[key] ?? key, value]));

// autoscaling/v1 knows the processor alone; the rest travels in annotations, which nobody here reads.
function scalerToOld(spec = {}) {
  const { metrics, behavior, ...rest } = spec;
  const cpu = metrics?.find(({ resource }) => resource?.name === 'cpu' && resource.target?.type === 'Utilization');
  return cpu ? { ...rest, targetCPUUtilizationPercentage: cpu.resource.target.averageUtilization } : rest;
}

function scalerToNew(spec = {}) {
  const { targetCPUUtilizationPercentage: percent, ...rest } = spec;
  if (percent === undefined) return rest;
  return { ...rest, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percent } } }] };
}

function statusToOld({ currentMetrics, conditions, ...status } = {}) { return { currentReplicas: 0, ...status }; }

function withoutEmpty(object, ...names) {
  return Object.fromEntries(Object.entries(object).filter(([key, value]) => value !== '' || !names.includes(key)));
}

const kNoChange = (object) => object;
const kBetween = {
  'v1 events.k8s.io/v1 Event': (object) => withoutEmpty(renamed(object, kFromCore), 'reportingController', 'reportingInstance'),
  'events.k8s.io/v1 v1 Event': (object) => renamed(object, kToCore),
  'autoscaling/v2 autoscaling/v1 HorizontalPodAutoscaler': (object) => ({ ...object, spec: scalerToOld(object.spec), status: statusToOld(object.status) }),
  'autoscaling/v1 autoscaling/v2 HorizontalPodAutoscaler': (object) => ({ ...object, spec: scalerToNew(object.spec) }),
};

export function toVersion(object, apiVersion) {
  if (object.apiVersion === apiVersion) return object;
  const change = kBetween[`${object.apiVersion} ${apiVersion} ${object.kind}`] ?? kNoChange;
  return { ...change(object), apiVersion };
}
