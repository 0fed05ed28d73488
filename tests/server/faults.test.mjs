// What breaks on demand breaks as said, for exactly the request that was meant.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { configMap, maps, testServer } from './testing.mjs';

const server = await testServer();
const { ask, control } = server;
const fault = (rule) => control('POST', '/faults', rule);
const make = (name) => ask('POST', maps, { body: configMap(name) });
const exists = async (name) => (await ask('GET', `${maps}/${name}`)).code === 200;

beforeEach(() => control('POST', '/reset'));

test('the nth that fits, as often as said', async () => {
  await fault({ match: { method: 'GET', path: '/configmaps' }, nth: 2, times: 2, answer: { code: 503, retryAfter: 7 } });
  const codes = [];
  for (let index = 0; index < 4; index += 1) codes.push((await ask('GET', maps)).code);
  assert.deepEqual(codes, [200, 503, 503, 200]);
  assert.equal((await ask('GET', '/version')).code, 200);
});

test('overload has the words and headers of a real server', async () => {
  await fault({ answer: { code: 429, retryAfter: 1 } });
  const answer = await ask('GET', maps);
  assert.equal(answer.headers['retry-after'], '1');
  assert.equal(answer.body.reason, 'TooManyRequests');
  await fault({ unauthorized: true });
  assert.equal((await ask('GET', maps)).code, 401);
  assert.equal((await ask('GET', maps)).code, 200);
});

test('cut before and after it was handled', async () => {
  await fault({ match: { writes: true }, cut: 'before' });
  assert.ok((await make('before')).error);
  assert.equal(await exists('before'), false);
  await fault({ match: { writes: true }, cut: 'after' });
  assert.ok((await make('after')).error);
  assert.equal(await exists('after'), true);
});

test('cut within the body, in HTTP/1.1 and HTTP/2', async () => {
  await fault({ match: { path: '/configmaps' }, cut: { bytes: 20 } });
  const old = await ask('GET', maps);
  assert.ok(old.error);
  assert.equal(old.text.length, 20);
  const { open, get } = server.session();
  await fault({ match: { path: '/configmaps' }, cut: { bytes: 20 }, unit: 'stream' });
  const [broken, whole] = await Promise.all([get(maps), get('/version')]);
  assert.ok(broken.error);
  assert.equal(whole.code, 200);
  assert.equal((await get(maps)).code, 200);
  await fault({ cut: 'after' });
  await get(maps);
  assert.equal(open.destroyed || open.closed, true);
});

test('bodies that are not what they should be', async () => {
  const shapes = { truncated: (answer) => assert.equal(answer.body, undefined), wrong: (answer) => assert.equal(answer.body.kind, 'SomethingElse'),
    html: (answer) => assert.match(answer.headers['content-type'], /html/), empty: (answer) => assert.equal(answer.text, '') };
  for (const [body, check] of Object.entries(shapes)) {
    await fault({ body });
    const answer = await ask('GET', maps);
    assert.equal(answer.code, 200);
    check(answer);
  }
  await fault({ contentType: 'text/plain', dribble: { bytes: 200, every: 1 }, delay: 30 });
  const began = performance.now();
  const slow = await ask('GET', maps);
  assert.ok(performance.now() - began >= 30);
  assert.equal(slow.headers['content-type'], 'text/plain');
  assert.equal(slow.body.kind, 'ConfigMapList');
});

test('held, handled or not, until it is released', async () => {
  for (const hold of ['before', 'after']) {
    await control('POST', '/reset');
    await fault({ match: { method: 'POST' }, hold });
    const going = make(`held-${hold}`);
    const [held] = await control('GET', '/held?wait=5');
    assert.equal(held.method, 'POST');
    assert.equal(held.handled, hold === 'after');
    assert.equal(await exists(`held-${hold}`), hold === 'after');
    await control('POST', '/release', {});
    assert.equal((await going).code, 201);
  }
});

test('held, and its client killed: it was never sent', async () => {
  await fault({ match: { method: 'POST' }, hold: 'before' });
  const going = new AbortController();
  const { token } = JSON.parse(readFileSync(join(server.folder, 'credentials.json'), 'utf8')).users.token;
  const sent = new Promise((resolve) => {
    const client = request(`${server.url}${maps}`, { method: 'POST', agent: false, ca: server.tls.ca, signal: going.signal, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } });
    client.on('error', resolve);
    client.end(JSON.stringify(configMap('never')));
  });
  await control('GET', '/held?wait=5');
  going.abort();
  await sent;
  await new Promise((next) => setTimeout(next, 20));
  await control('POST', '/reset');
  assert.equal(await exists('never'), false);
});

test('the log names what came and no credential', async () => {
  await control('DELETE', '/requests');
  const { token } = JSON.parse(readFileSync(join(server.folder, 'credentials.json'), 'utf8')).users.token;
  await ask('GET', `${maps}?limit=1`, { tls: { ca: server.tls.ca }, headers: { authorization: `Bearer ${token}`, 'user-agent': 'probe/1' } });
  const [entry] = await control('GET', '/requests?path=limit');
  assert.equal(entry.method, 'GET');
  assert.equal(entry.query, 'limit=1');
  assert.equal(entry.userAgent, 'probe/1');
  assert.equal(entry.user, 'token');
  assert.equal(entry.code, 200);
  assert.ok(entry.headers.includes('authorization'));
  assert.ok(!JSON.stringify(await control('GET', '/requests')).includes(token));
});

test('tokens expire, and are renewed in the file and for the plugin', async () => {
  const of = (name) => readFileSync(join(server.folder, name), 'utf8').trim();
  const get = (token) => ask('GET', maps, { tls: { ca: server.tls.ca }, headers: { authorization: `Bearer ${token}` } });
  for (const [user, file] of [['file', 'token'], ['exec', 'exec-token']]) {
    const old = of(file);
    await control('POST', '/tokens', { user });
    assert.equal((await get(old)).code, 401);
    assert.equal((await get(of(file))).code, 200);
  }
});

test('connections are refused', async () => {
  await control('POST', '/refuse', { connections: 2 });
  const tls = { ca: server.tls.ca };
  const answers = [await ask('GET', '/version', { tls }), await ask('GET', '/version', { tls }), await ask('GET', '/version', { tls })];
  assert.deepEqual(answers.map(({ error }) => error !== undefined), [true, true, false]);
});

test('the clock is another', async () => {
  await control('POST', '/clock', { skew: -3600 });
  const made = await make('late');
  assert.ok(Date.now() - new Date(made.body.metadata.creationTimestamp) > 3_500_000);
  assert.ok(Date.now() - new Date(made.headers.date) > 3_500_000);
});

test('watches end, are told 410, and see bookmarks', async () => {
  const watch = (query) => {
    const lines = [];
    const done = ask('GET', `${maps}?watch=1&${query}`, { onPiece: (piece) => lines.push(...piece.split('\n').filter(Boolean).map((line) => JSON.parse(line))) });
    return { lines, done };
  };
  const open = async (count) => { while ((await control('GET', '/state')).watches < count) await new Promise((next) => setTimeout(next, 5)); };
  const first = watch('resourceVersion=0&allowWatchBookmarks=true');
  await open(1);
  await control('POST', '/watches', { how: 'bookmark' });
  await control('POST', '/watches', { how: 'gone' });
  await first.done;
  assert.deepEqual(first.lines.slice(-2).map(({ type }) => type), ['BOOKMARK', 'ERROR']);
  assert.equal(first.lines.at(-1).object.code, 410);
  await control('POST', '/compact');
  await make('newer');
  const old = watch('resourceVersion=1');
  await old.done;
  assert.match(old.lines[0].object.message, /^too old resource version: 1 \(\d+\)$/);
  const second = watch('');
  await open(1);
  await control('POST', '/watches', { how: 'cut' });
  assert.ok((await second.done).error);
});

test('a status is set, an event emitted, an object put', async () => {
  await control('POST', '/objects', { object: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } });
  const set = await control('POST', '/status', { resource: 'persistentvolumeclaims', namespace: 'default', name: 'c', status: { phase: 'Lost' } });
  assert.equal(set.status.phase, 'Lost');
  const event = await control('POST', '/event', { object: { kind: 'PersistentVolumeClaim', name: 'c' }, reason: 'ProvisioningFailed', message: 'no', type: 'Warning' });
  assert.equal(event.involvedObject.uid, set.metadata.uid);
  const listed = await ask('GET', '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dc');
  assert.equal(listed.body.items.length, 1);
  const newer = await ask('GET', '/apis/events.k8s.io/v1/namespaces/default/events');
  assert.equal(newer.body.items[0].note, 'no');
});

test('groups whose own server does not answer', async () => {
  await control('POST', '/absent', { groups: ['batch'] });
  assert.equal((await ask('GET', '/apis/batch/v1')).code, 503);
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const found = (await ask('GET', '/apis', { accept })).body.items.find(({ metadata }) => metadata.name === 'batch');
  assert.equal(found.versions[0].freshness, 'Stale');
});

test('a definition takes its time until it is served', async () => {
  await control('POST', '/timing', { establish: 60 });
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const schema = { openAPIV3Schema: { type: 'object' } };
  const made = await ask('POST', definitions, { body: { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'runs.example.com' },
    spec: { group: 'example.com', scope: 'Cluster', names: { plural: 'runs', kind: 'Run' }, versions: [{ name: 'v1', served: true, storage: true, schema }] } } });
  assert.equal(made.code, 201, made.text);
  const of = async (type) => (await ask('GET', `${definitions}/runs.example.com`)).body.status.conditions.find((one) => one.type === type).status;
  assert.deepEqual([await of('NamesAccepted'), await of('Established')], ['True', 'False']);
  assert.equal((await ask('GET', '/apis/example.com/v1/runs')).code, 404);
  while (await of('Established') === 'False') await new Promise((next) => setTimeout(next, 10));
  assert.equal((await ask('GET', '/apis/example.com/v1/runs')).code, 200);
});

test('reset of objects leaves what was there at first', async () => {
  await make('gone');
  await control('POST', '/reset', { objects: true });
  assert.equal(await exists('gone'), false);
  assert.equal((await ask('GET', '/api/v1/namespaces/default')).code, 200);
});
