// The control endpoint: plain HTTP on the loopback, for tests alone. Bodies and answers are JSON.

import { createServer } from 'node:http';
import { mergePatch } from './patches.mjs';
import { timeText } from './metadata.mjs';
import { randomBytes } from 'node:crypto';

async function bodyOf(req) {
  let text = '';
  for await (const piece of req) text += piece;
  return text ? JSON.parse(text) : {};
}

// `server` is what main.mjs put together.
export function createControl(server) {
  const { faults, store, operations, auth, state, wire, resources } = server;

  const call = (name, nameSpace = '', objectName = undefined, more = {}) => {
    const resource = resources.named(name);
    if (!resource) throw new Error(`no such kind: ${name}`);
    return { resource, nameSpace, name: objectName, manager: 'control', validation: 'Ignore', warnings: [], ...more };
  };

  // Turns a control request into {object, namespace, name, resource}'s stored object with its status.
  function setStatus({ resource, namespace, name, status, replace }) {
    const place = call(resource, namespace, name, { subresource: 'status' });
    const before = operations.read({ ...place, subresource: undefined });
    const next = { ...before, status: replace ? status : mergePatch(before.status ?? {}, status) };
    return operations.update(place, next).object;
  }

  // A core/v1 Event about an object, as the recorder of a controller writes it.
  function emit({ namespace = 'default', object, reason, message, type = 'Normal', component = 'control', count = 1 }) {
    const about = { namespace, ...object };
    const found = [...resources.all()].find(({ kind }) => kind === object.kind);
    const live = found && store.get(found.store, found.namespaced ? `${namespace}/${object.name}` : object.name);
    const time = timeText(server.now());
    return operations.create(call('events', namespace), {
      apiVersion: 'v1', kind: 'Event', metadata: { name: `${object.name}.${randomBytes(8).toString('hex')}`, namespace },
      involvedObject: { apiVersion: found?.apiVersion, uid: live?.metadata.uid, resourceVersion: live?.metadata.resourceVersion, ...about },
      reason, message, type, count, firstTimestamp: time, lastTimestamp: time, source: { component }, reportingComponent: component, reportingInstance: '', eventTime: null,
    });
  }

  // Created or replaced, whoever asks.
  function put({ object, manager = 'control' }) {
    const resource = resources.ofKind(object.apiVersion, object.kind);
    if (!resource) throw new Error(`no such kind: ${object.apiVersion} ${object.kind}`);
    const { name, namespace = '' } = object.metadata;
    const place = { resource, nameSpace: namespace, name, manager, validation: 'Ignore', warnings: [] };
    const before = store.get(resource.store, operations.keyFor(place));
    if (!before) return operations.create(place, object);
    return operations.update(place, { ...object, metadata: { ...object.metadata, resourceVersion: before.metadata.resourceVersion } }).object;
  }

  function expire({ user, renew = true }) {
    const own = server.credentials.users[user];
    if (own?.token) auth.expired.add(own.token);
    if (own && renew) {
      own.token = randomBytes(18).toString('base64url');
      server.saveCredentials();
    }
    return { user, renewed: renew };
  }

  function clear({ objects = false } = {}) {
    faults.release();
    faults.reset();
    auth.rules = [];
    auth.expired.clear();
    state.reset();
    if (objects) server.clearObjects();
    return {};
  }

  const summary = () => ({ url: state.url, pid: process.pid, kubernetes: server.options.kubernetes, revision: store.revision, objects: store.counts(),
    requests: faults.total, watches: wire.watches.size, held: faults.held.size, now: server.now().toISOString() });
  const heldList = () => [...faults.held.values()].map(({ answer, ...rest }) => rest);

  const kRoutes = {
    'GET /state': summary,
    'GET /counters': () => ({ total: faults.total, byMethod: faults.byMethod, byCode: faults.byCode }),
    'GET /requests': (_, query) => faults.requests.filter(({ method, path, query: own }) =>
      (!query.get('method') || new RegExp(`^(?:${query.get('method')})$`).test(method)) && (!query.get('path') || new RegExp(query.get('path')).test(own ? `${path}?${own}` : path))),
    'DELETE /requests': () => { faults.requests = []; return {}; },
    'GET /faults': () => faults.rules,
    'POST /faults': (body) => ({ ids: [body].flat().map((rule) => faults.add(rule)) }),
    'DELETE /faults': () => { faults.rules = []; return {}; },
    'GET /held': async (_, query) => {
      await faults.waitHeld(Number(query.get('count') ?? 1), Number(query.get('wait') ?? 0));
      return heldList();
    },
    'POST /release': ({ id }) => ({ released: faults.release(id) }),
    'POST /reset': clear,
    'POST /clock': ({ skew = 0 }) => { state.skew = skew * 1000; return { now: server.now().toISOString() }; },
    'POST /status': setStatus,
    'POST /event': emit,
    'POST /objects': put,
    'POST /compact': () => { store.compact(); return { revision: store.revision }; },
    'POST /watches': ({ how = 'close' }) => ({ ended: wire.endWatches(how) }),
    'POST /tokens': expire,
    'POST /rules': (body) => { auth.rules = [body].flat(); return {}; },
    'POST /absent': ({ groups = [] }) => { state.absentGroups = new Set(groups); return {}; },
    'POST /healthy': ({ healthy = true }) => { state.healthy = healthy; return {}; },
    'POST /refuse': ({ connections = 1 }) => { state.refuse = connections; return {}; },
    'POST /timing': (body) => { state.timing = body; return {}; },
    'POST /discovery': ({ old = false }) => { server.options.oldDiscovery = old; return {}; },
    'POST /logs': ({ namespace = 'default', name, text = '' }) => { state.logs.set(`${namespace}/${name}`, text); return {}; },
    'POST /kill': ({ signal = 'SIGKILL' }) => { setImmediate(() => process.kill(process.pid, signal)); return {}; },
  };

  return createServer(async (req, res) => {
    const url = new URL(req.url, 'http://control');
    const route = kRoutes[`${req.method} ${url.pathname}`];
    let [code, answer] = [404, { error: `no such control: ${req.method} ${url.pathname}`, known: Object.keys(kRoutes) }];
    try {
      if (route) [code, answer] = [200, await route(await bodyOf(req), url.searchParams)];
    } catch (error) {
      [code, answer] = [400, { error: error.message, status: error.status }];
    }
    res.writeHead(code, { 'content-type': 'application/json' });
    res.end(`${JSON.stringify(answer)}\n`);
  });
}
