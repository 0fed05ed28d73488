// The server itself: who is let in, what outlives a kill, what stays fast. What it answers is held against real servers by tests/contract.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Store } from './store.mjs';
import { configMap, maps, testServer } from './testing.mjs';

const server = await testServer();
const { ask, control } = server;
const users = JSON.parse(readFileSync(join(server.folder, 'credentials.json'), 'utf8')).users;
const anonymous = { ca: server.tls.ca };
const bearer = (token) => ({ tls: anonymous, headers: { authorization: `Bearer ${token}` } });

test('users: certificate, tokens, password, nobody, impersonated', async () => {
  assert.equal((await ask('GET', maps)).code, 200);
  for (const name of ['token', 'file', 'exec', 'reader']) assert.equal((await ask('GET', maps, bearer(users[name].token))).code, 200, name);
  const basic = Buffer.from(`basic:${users.basic.password}`).toString('base64');
  assert.equal((await ask('GET', maps, { tls: anonymous, headers: { authorization: `Basic ${basic}` } })).code, 200);
  for (const options of [{ tls: anonymous }, bearer('wrong')]) {
    const answer = await ask('GET', maps, options);
    assert.equal(answer.code, 401);
    assert.deepEqual(answer.body, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'Unauthorized', reason: 'Unauthorized', code: 401 });
  }
  const denied = await ask('POST', maps, { ...bearer(users.reader.token), body: configMap('x') });
  assert.equal(denied.code, 403);
  assert.equal(denied.body.message, 'configmaps is forbidden: User "reader" cannot create resource "configmaps" in API group "" in the namespace "default"');
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const who = await ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: review, headers: { 'impersonate-user': 'ada', 'impersonate-group': 'g' } });
  assert.deepEqual(who.body.status.userInfo, { username: 'ada', groups: ['g', 'system:authenticated'] });
  const refused = await ask('GET', maps, { ...bearer(users.reader.token), headers: { authorization: `Bearer ${users.reader.token}`, 'impersonate-user': 'ada' } });
  assert.match(refused.body.message, /^users "ada" is forbidden: User "reader" cannot impersonate resource "users"/);
});

test('a service account has tokens, and roles count for it', async () => {
  await ask('POST', '/api/v1/namespaces/default/serviceaccounts', { body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot' } } });
  const made = await ask('POST', '/api/v1/namespaces/default/serviceaccounts/bot/token', { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } } });
  assert.equal(made.code, 201, made.text);
  const get = () => ask('GET', maps, bearer(made.body.status.token));
  assert.match((await get()).body.message, /User "system:serviceaccount:default:bot" cannot list/);
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'bot' }, rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }] };
  const binding = { apiVersion: role.apiVersion, kind: 'RoleBinding', metadata: { name: 'bot' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'bot' }, subjects: [{ kind: 'ServiceAccount', name: 'bot' }] };
  assert.equal((await ask('POST', `${rbac}/roles`, { body: role })).code, 201);
  assert.equal((await ask('POST', `${rbac}/rolebindings`, { body: binding })).code, 201);
  assert.equal((await get()).code, 200);
  await control('POST', '/clock', { skew: 700 });
  assert.equal((await get()).code, 401);
  await control('POST', '/clock', {});
});

test('a client certificate of another authority is 401', async () => {
  const file = (name) => readFileSync(join(server.folder, 'tls', name));
  assert.equal((await ask('GET', maps, { tls: { ca: server.tls.ca, cert: file('client-other.crt'), key: file('client-other.key') } })).code, 401);
});

test('a resumed TLS session is still the same user', async () => {
  const [, port] = server.url.match(/:(\d+)$/);
  const open = (session) => new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ...server.tls, session, ALPNProtocols: ['http/1.1'] });
    let ticket;
    let text = '';
    socket.on('session', (found) => { ticket = found; });
    socket.on('secureConnect', () => socket.write(`GET ${maps} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`));
    socket.on('data', (piece) => { text += piece; });
    socket.on('error', reject);
    socket.on('close', () => resolve({ ticket, text, reused: socket.isSessionReused() }));
  });
  const first = await open();
  assert.match(first.text, /^HTTP\/1\.1 200/);
  const second = await open(first.ticket);
  assert.match(second.text, /^HTTP\/1\.1 200/);
});

test('HTTP/2 and HTTP/1.1 by ALPN', async () => {
  const { open, get } = server.session();
  const answers = await Promise.all(Array.from({ length: 50 }, () => get(maps)));
  assert.ok(answers.every(({ code }) => code === 200));
  assert.equal(open.alpnProtocol, 'h2');
  open.close();
});

test('certificates that are not to be trusted', async () => {
  for (const [certificate, code] of [['expired', 'CERT_HAS_EXPIRED'], ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'], ['other-ca', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']]) {
    const other = await testServer({ certificate });
    assert.equal((await other.ask('GET', '/version')).error, code, certificate);
    other.stop();
  }
});

test('anonymous requests are refused by rule where they are let in', async () => {
  const open = await testServer({ anonymous: true });
  const answer = await open.ask('GET', maps, { tls: { ca: open.tls.ca } });
  assert.equal(answer.code, 403);
  assert.match(answer.body.message, /User "system:anonymous" cannot list resource "configmaps"/);
  assert.equal((await open.ask('GET', '/version', { tls: { ca: open.tls.ca } })).code, 200);
  open.stop();
});

test('rules by control, before all others', async () => {
  await control('POST', '/rules', [{ user: 'admin', verbs: ['delete'], resources: ['configmaps'], deny: true }]);
  await ask('POST', maps, { body: configMap('kept') });
  assert.equal((await ask('DELETE', `${maps}/kept`)).code, 403);
  await control('POST', '/rules', []);
  assert.equal((await ask('DELETE', `${maps}/kept`)).code, 200);
});

test('a killed server goes on where it was', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlstack-server-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const program = fileURLToPath(new URL('main.mjs', import.meta.url));
  const start = async () => {
    rmSync(join(folder, 'ready'), { force: true });
    const child = spawn(process.execPath, [program, '--dir', folder, '--persist', '--quiet', '--plain'], { stdio: 'inherit' });
    after(() => child.kill('SIGKILL'));
    while (!existsSync(join(folder, 'ready'))) await sleep(10);
    return { child, url: readFileSync(join(folder, 'ready'), 'utf8').trim() };
  };
  const token = () => JSON.parse(readFileSync(join(folder, 'credentials.json'), 'utf8')).users.token.token;
  const get = async (url, path, options = {}) => (await fetch(url + path, { ...options, headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' } })).json();
  const first = await start();
  const post = (object) => get(first.url, maps, { method: 'POST', body: JSON.stringify(object) });
  const made = await post(configMap('one'));
  await post(configMap('two'));
  await get(first.url, `${maps}/two`, { method: 'DELETE' });
  first.child.kill('SIGKILL');
  await new Promise((done) => first.child.on('exit', done));
  const second = await start();
  assert.equal(second.url, first.url);
  assert.deepEqual(await get(second.url, `${maps}/one`), made);
  assert.equal((await get(second.url, `${maps}/two`)).code, 404);
  const list = await get(second.url, maps);
  assert.ok(Number(list.metadata.resourceVersion) > Number(made.metadata.resourceVersion));
  const events = await (await fetch(`${second.url}${maps}?watch=1&timeoutSeconds=1&resourceVersion=${made.metadata.resourceVersion}`, { headers: { authorization: `Bearer ${token()}` } })).text();
  assert.deepEqual(events.trim().split('\n').map((line) => JSON.parse(line).type), ['ADDED', 'DELETED']);
  second.child.kill('SIGKILL');
});

test('a journal that was cut within a line: the line was never said', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlstack-journal-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const first = new Store(folder);
  first.put('configmaps', 'default/a', { metadata: { namespace: 'default', name: 'a' } });
  first.put('configmaps', 'default/b', { metadata: { namespace: 'default', name: 'b' } });
  first.journal.close();
  const file = join(folder, 'journal');
  truncateSync(file, statSync(file).size - 5);
  const second = new Store(folder);
  assert.deepEqual(second.collection('configmaps').list('default').map(([key]) => key), ['default/a']);
  second.put('configmaps', 'default/c', { metadata: { namespace: 'default', name: 'c' } });
  second.journal.close();
  const third = new Store(folder);
  assert.deepEqual(third.collection('configmaps').list('default').map(([key]) => key), ['default/a', 'default/c']);
  assert.equal(third.revision, second.revision);
  third.journal.close();
});

test('ten thousand objects: pages of one moment, selectors, and none slow', async () => {
  const { operations, resources } = server;
  const began = performance.now();
  for (let index = 0; index < 10_000; index += 1)
    operations.create({ resource: resources.named('configmaps'), nameSpace: index % 2 ? 'default' : 'kube-public', manager: 'test', validation: 'Ignore', warnings: [] },
      { ...configMap(`many-${index}`), metadata: { name: `many-${index}`, labels: { third: String(index % 3) } } });
  const made = performance.now() - began;
  assert.ok(made < 20_000, `${made} ms to create`);
  let token = '';
  const seen = new Set();
  do {
    const page = await ask('GET', `/api/v1/configmaps?limit=3000&continue=${token}`);
    for (const { metadata } of page.body.items) seen.add(`${metadata.namespace}/${metadata.name}`);
    token = page.body.metadata.continue ?? '';
    await ask('DELETE', `${maps}/many-9999`);   // the pages do not see it
  } while (token);
  assert.ok(seen.has('default/many-9999'));
  assert.equal([...seen].filter((key) => key.includes('/many-')).length, 10_000);
  assert.equal((await ask('GET', '/api/v1/configmaps?labelSelector=third%20in%20(1)')).body.items.length, 3333);
  const once = performance.now();
  for (let index = 0; index < 200; index += 1) await ask('GET', `${maps}/many-${index * 2 + 1}`);
  assert.ok(performance.now() - once < 8000);
});

test('with_server runs a command and gives back its exit code', () => {
  const script = fileURLToPath(new URL('with_server.sh', import.meta.url));
  const { status, stdout } = spawnSync(script, ['--plain', '--', 'bash', '-c', 'test -s "$KUBECONFIG" && echo "$CONTROL" && exit 3'], { encoding: 'utf8' });
  assert.equal(status, 3);
  assert.match(stdout, /^http:\/\/127\.0\.0\.1:\d+$/m);
});
