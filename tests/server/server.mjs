// The parts put together; tests that run in the same process start here, main.mjs for all others.

import { mkdirSync, readFileSync, existsSync, writeFileSync, rmSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Auth } from './auth.mjs';
import { Bootstrap } from './bootstrap.mjs';
import { makeCertificates } from './certificates.mjs';
import { createControl } from './control.mjs';
import { CustomResources } from './crds.mjs';
import { Faults } from './faults.mjs';
import { Wire, createServer } from './http.mjs';
import { makeCredentials, saveCredentials, writeKubeconfig } from './kubeconfig.mjs';
import { Operations } from './operations.mjs';
import { recountQuotas } from './quota.mjs';
import { Rbac } from './rbac.mjs';
import { Resources } from './resources.mjs';
import { Router } from './routes.mjs';
import * as rules from './rules.mjs';
import { Store } from './store.mjs';
import { storeForControllers } from './inside.mjs';

export const kDefaults = { controllers: false, port: 0, persist: false, kubernetes: '1.36', certificate: 'good', http1: false, plain: false, anonymous: false, relaxed: false, quiet: true };

const freshState = () => ({ skew: 0, absentGroups: new Set(), healthy: true, timing: {}, refuse: 0, logs: new Map() });

const listen = (server, port) => new Promise((resolve, reject) => {
  server.once('error', reject);
  server.listen(port, '127.0.0.1', () => resolve(server.address().port));
});

// Written whole or not at all: who waits for the file may read it at once.
function writeWhole(file, text) {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

// -> {url, control (URL), close(), …}
export async function startServer(folder, given = {}) {
  const options = { ...kDefaults, ...given };
  mkdirSync(folder, { recursive: true });
  for (const name of ['ready', 'control']) rmSync(join(folder, name), { force: true });
  if (!options.plain) await makeCertificates(join(folder, 'tls'));
  const state = { ...freshState(), reset() { Object.assign(state, freshState()); } };
  const credentials = makeCredentials(folder);
  const now = () => new Date(Date.now() + state.skew);
  rules.setKubernetes(options.kubernetes);
  const resources = new Resources(options.kubernetes);
  const stateFolder = join(folder, 'state');
  const store = new Store(options.persist ? stateFolder : undefined);
  const operations = new Operations({ store, resources, options, now });
  const custom = new CustomResources({ store, resources, operations, now, timing: () => state.timing });
  const bootstrap = new Bootstrap({ operations, options, now });
  const auth = new Auth({ credentials, anonymous: options.anonymous, rbac: new Rbac(store), now });
  const faults = new Faults();
  const log = options.quiet ? () => {} : (text) => process.stderr.write(`${text}\n`);
  const router = new Router({ operations, store, resources, auth, options, now, state });
  const wire = new Wire({ router, faults, now, log });
  // Who runs controllers has one of quotas as well.
  if (options.controllers || options.relaxed)
    operations.hooks.push(({ resource, before, after }) => {
      if (resource.store === 'resourcequotas' ? !before : !after && before?.metadata.namespace) recountQuotas(operations, (after ?? before).metadata.namespace);
    });
  custom.restore();
  if (store.empty) bootstrap.create();

  const server = { options, state, credentials, now, resources, store, operations, auth, faults, wire,
    saveCredentials: () => saveCredentials(folder, credentials), clearObjects: () => bootstrap.clear(store, custom) };
  const http = createServer({ options, folder }, wire.handler());
  // Connections that are refused by control, and those that clients break: none is an error of the server.
  http.on('connection', (socket) => {
    if (state.refuse <= 0) return;
    state.refuse -= 1;
    socket.destroy();
  });
  http.on('sessionError', () => {});
  const portFile = join(stateFolder, 'port');
  const port = options.port || (options.persist && existsSync(portFile) ? Number(readFileSync(portFile, 'utf8')) : 0);
  const actual = await listen(http, port);
  if (options.persist) writeFileSync(portFile, String(actual));
  state.address = `127.0.0.1:${actual}`;
  state.url = `${options.plain ? 'http' : 'https'}://${state.address}`;
  const control = createControl(server);
  const controlPort = await listen(control, 0);
  const stop = options.controllers ? rules.startControllers(storeForControllers(operations), { ...options, now, log, certificateAuthority: options.plain ? '' : readFileSync(join(folder, 'tls', 'ca.crt'), 'utf8') }) : () => {};
  writeKubeconfig(folder, state.url, credentials);
  writeWhole(join(folder, 'control'), `http://127.0.0.1:${controlPort}\n`);
  writeWhole(join(folder, 'ready'), `${state.url}\n`);
  const close = () => {
    if (typeof stop === 'function') stop();
    for (const watch of wire.watches.keys()) watch.stop();
    control.closeAllConnections();
    control.close();
    http.close();
    store.journal?.close();
  };
  return { ...server, url: state.url, control: `http://127.0.0.1:${controlPort}`, close };
}
