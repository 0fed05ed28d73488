// LIST: pages that all show the same moment, and what resourceVersion asks for
// (https://kubernetes.io/docs/reference/using-api/api-concepts/#the-resourceversion-parameter).

import { toVersion } from './conversions.mjs';
import { fieldSelector, labelSelector } from './selectors.mjs';
import { badRequest, expired, invalid, plainError, tooLargeVersion } from './status.mjs';

const kTooOld = 'The resourceVersion for the provided list is too old.';
const kTokenTooOld = 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

const encodeToken = (rv, start) => Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start })).toString('base64url');

function decodeToken(text) {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (v === 'meta.k8s.io/v1' && typeof start === 'string' && Number.isInteger(rv)) return { rv, start };
  } catch { /* said below */ }
  throw badRequest("invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of value");
}

// A watch answers 500 to what a list answers 400 to.
export function versionParameter(text, watching = false) {
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const why = `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw watching ? plainError(why) : badRequest(`invalid resource version: ${why}`);
}

const kForbiddenOption = (field, message) => invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '',
  [{ reason: 'FieldValueForbidden', field, message: `Forbidden: ${message}` }]);

// internalversion/validation/validation.go
// WatchList was off again in 1.33.
export function checkListOptions(query, watching, kubernetes = '1.36') {
  const match = query.get('resourceVersionMatch');
  const initial = query.get('sendInitialEvents');
  if (watching) {
    if (initial !== null && ['1.31', '1.33'].includes(kubernetes)) throw kForbiddenOption('sendInitialEvents', 'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled');
    if (initial !== null && match !== 'NotOlderThan')
      throw kForbiddenOption('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
    if (initial === null && match) throw kForbiddenOption('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
    return;
  }
  if (initial !== null) throw kForbiddenOption('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  if (!match) return;
  if (query.get('continue')) throw kForbiddenOption('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided');
  if (!query.get('resourceVersion')) throw kForbiddenOption('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (match === 'Exact' && query.get('resourceVersion') === '0') throw kForbiddenOption('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  if (match !== 'Exact' && match !== 'NotOlderThan')
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [{ reason: 'FieldValueNotSupported', field: 'resourceVersionMatch',
      message: `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""` }]);
}

export function selectorOf(query, resource, name) {
  const labels = labelSelector(query.get('labelSelector') ?? '');
  const fields = fieldSelector(query.get('fieldSelector') ?? '', resource);
  return (object) => (name === undefined || object.metadata.name === name) && labels(object) && fields(toVersion(object, resource.apiVersion));
}

// Pages of a fixed moment; a page of what has been compacted is refused with a token that goes on in the present.
function moment(store, resource, query) {
  const collection = store.collection(resource.store);
  const token = query.get('continue') ? decodeToken(query.get('continue')) : null;
  const asked = versionParameter(query.get('resourceVersion') ?? undefined);
  if (token) {
    if (asked) throw badRequest('specifying resource version is not allowed when using continue');
    if (token.rv < 0) return { revision: store.revision, start: token.start };
    if (token.rv < collection.compacted) throw expired(kTokenTooOld, { continue: encodeToken(-1, token.start) });
    return { revision: token.rv, start: token.start };
  }
  if (asked > store.revision) throw tooLargeVersion(asked, store.revision);
  const exact = query.get('resourceVersionMatch') === 'Exact' || (asked && query.get('limit') && !query.get('resourceVersionMatch'));
  if (!exact) return { revision: store.revision, start: '' };
  if (asked < collection.compacted) throw expired(kTooOld);
  return { revision: asked, start: '' };
}

// The first entry at or after `start`.
function firstAt(entries, start) {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle][0] < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

// -> {items (as stored), metadata}
export function list(store, resource, nameSpace, query) {
  checkListOptions(query, false);
  const selects = selectorOf(query, resource);
  const selective = Boolean(query.get('labelSelector') || query.get('fieldSelector'));
  const { revision, start } = moment(store, resource, query);
  const all = store.collection(resource.store).listAt(revision, resource.namespaced ? nameSpace : '');
  // What any version serves, the cache serves, and that knows no pages.
  const limit = query.get('resourceVersion') === '0' ? Infinity : Math.max(0, Number(query.get('limit') ?? 0)) || Infinity;
  const prefix = nameSpace && resource.namespaced ? `${nameSpace}/` : '';
  const items = [];
  let index = start ? firstAt(all, prefix + start) : 0;
  for (; index < all.length && items.length < limit; index += 1) if (selects(all[index][1])) items.push(all[index][1]);
  const metadata = { resourceVersion: String(revision) };
  // A page that is full may be the last one when nothing that is left is selected; the real server does not say so either
  // before it has looked, but it looks.
  while (selective && index < all.length && !selects(all[index][1])) index += 1;
  if (index < all.length) {
    metadata.continue = encodeToken(revision, `${all[index - 1][0].slice(prefix.length)}\u0000`);
    if (!selective) metadata.remainingItemCount = all.length - index;
  }
  return { items, metadata };
}
