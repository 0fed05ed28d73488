// A server in this process and clients for it: what the tests here begin with.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:http2';
import { Agent, request as secureRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { startServer } from './server.mjs';

export async function testServer(options = {}, folder = mkdtempSync(join(tmpdir(), 'mlstack-server-'))) {
  const server = await startServer(folder, { quiet: true, ...options });
  const file = (name) => readFileSync(join(folder, 'tls', name));
  const tls = { ca: file('ca.crt'), cert: file('client-admin.crt'), key: file('client-admin.key') };
  const agent = new Agent({ keepAlive: true, ...tls });
  const close = () => {
    agent.destroy();
    server.close();
  };
  after(() => {
    close();
    rmSync(folder, { recursive: true, force: true });
  });

  // HTTP/1.1; {code, headers, text, body}, or {error}. `onPiece` sees a stream.
  const ask = (method, path, { body, type = 'application/json', accept = 'application/json', headers = {}, tls: own, onPiece } = {}) => new Promise((resolve) => {
    const going = secureRequest(`${server.url}${path}`, { method, ...(own ? { agent: false, ...own } : { agent }), headers: { accept, ...(body === undefined ? {} : { 'content-type': type }), ...headers } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece) => {
        text += piece;
        onPiece?.(piece, going);
      });
      answer.on('error', (error) => resolve({ error: error.code ?? error.message, code: answer.statusCode, text }));
      answer.on('end', () => {
        let parsed;
        try { parsed = JSON.parse(text); } catch { /* no JSON */ }
        resolve({ code: answer.statusCode, headers: answer.headers, text, body: parsed });
      });
    });
    going.on('error', (error) => resolve({ error: error.code ?? error.message }));
    going.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });

  const control = async (method, path, body) => (await fetch(`${server.control}${path}`, { method, body: body && JSON.stringify(body) })).json();

  // A session of HTTP/2 and requests on it.
  const session = () => {
    const open = connect(server.url, tls);
    open.on('error', () => {});
    const get = (path) => new Promise((resolve) => {
      const stream = open.request({ ':path': path });
      let code;
      let text = '';
      stream.on('response', (headers) => { code = headers[':status']; });
      stream.on('data', (piece) => { text += piece; });
      stream.on('error', (error) => resolve({ error: error.code, code, text }));
      stream.on('close', () => resolve(stream.rstCode ? { error: stream.rstCode, code, text } : { code, text }));
    });
    return { open, get };
  };
  return { ...server, folder, tls, ask, control, session, stop: close };
}

export const configMap = (name, data = { a: '1' }) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
export const maps = '/api/v1/namespaces/default/configmaps';
