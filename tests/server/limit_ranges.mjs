// LimitRanger: defaults and bounds of single containers and claims (plugin/pkg/admission/limitranger).

import { nanosOf } from './quantity.mjs';
import { forbidden } from './status.mjs';

const rangesOf = (operations, space) => operations.store.collection('limitranges').list(space).flatMap(([, { spec }]) => spec?.limits ?? []);

// Before validation: requests and limits of containers that name none.
export function applyLimitRanges(operations, object) {
  if (object.kind !== 'Pod') return;
  const said = [];
  for (const limit of rangesOf(operations, object.metadata.namespace).filter(({ type }) => type === 'Container'))
    for (const [list, word] of [['containers', 'container'], ['initContainers', 'init container']])
      for (const container of object.spec?.[list] ?? []) said.push(...fillContainer(container, limit, word));
  if (said.length) object.metadata.annotations = { ...object.metadata.annotations, 'kubernetes.io/limit-ranger': `LimitRanger plugin set: ${said.join('; ')}` };
}

function fillContainer(container, limit, word) {
  return [['requests', limit.defaultRequest, 'request'], ['limits', limit.default, 'limit']].flatMap(([kind, given = {}, one]) => {
    const names = Object.keys(given).filter((name) => container.resources?.[kind]?.[name] === undefined).sort();
    if (names.length === 0) return [];
    const own = { ...container.resources?.[kind] };
    for (const name of names) own[name] = given[name];
    container.resources = { ...container.resources, [kind]: own };
    return [`${names.join(', ')} ${one} for ${word} ${container.name}`];
  });
}

function breaches(type, limit, requests = {}, limits = requests) {
  const found = [];
  for (const [name, least] of Object.entries(limit.min ?? {}))
    if (requests[name] === undefined) found.push(`minimum ${name} usage per ${type} is ${least}.  No request is specified`);
    else if (nanosOf(requests[name]) < nanosOf(least)) found.push(`minimum ${name} usage per ${type} is ${least}, but request is ${requests[name]}`);
  for (const [name, most] of Object.entries(limit.max ?? {})) {
    const value = type === 'Container' ? limits[name] : requests[name];
    if (value === undefined) found.push(`maximum ${name} usage per ${type} is ${most}.  No limit is specified`);
    else if (nanosOf(value) > nanosOf(most)) found.push(`maximum ${name} usage per ${type} is ${most}, but ${type === 'Container' ? 'limit' : 'request'} is ${value}`);
  }
  return found;
}

export function checkLimitRanges(operations, call, object) {
  if (!['Pod', 'PersistentVolumeClaim'].includes(object.kind)) return;
  const found = rangesOf(operations, object.metadata.namespace).flatMap((limit) => {
    if (limit.type === 'PersistentVolumeClaim' && object.kind === limit.type) return breaches(limit.type, limit, object.spec?.resources?.requests);
    if (limit.type !== 'Container' || object.kind !== 'Pod') return [];
    return (object.spec?.containers ?? []).flatMap(({ resources }) => breaches('Container', limit, resources?.requests, resources?.limits ?? {}));
  });
  if (found.length) throw forbidden(call.resource, object.metadata.name, found.length === 1 ? found[0] : `[${found.join(', ')}]`);
}
