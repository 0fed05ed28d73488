// Certificates for the server and its users by the openssl command: one good authority, one that nobody trusts.

import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const kNames = 'DNS:localhost,DNS:kubernetes,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:::1';

export const kServerCertificates = ['good', 'expired', 'wrong-name', 'other-ca'];

const kKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const at = (folder) => (name, ending) => join(folder, `${name}.${ending}`);

async function authority(folder, name) {
  const file = at(folder);
  if (existsSync(file(name, 'crt'))) return;
  await run('openssl', ['req', '-x509', ...kKey, '-keyout', file(name, 'key'), '-out', file(name, 'crt'), '-subj', `/CN=${name}`, '-days', '3650',
    '-addext', 'keyUsage=critical,keyCertSign,cRLSign']);
}

// Extensions come from a file of our own: which ones the command's default configuration adds differs between distributions.
async function signed(folder, name, { subject, by = 'ca', days = 365, usage, names }) {
  const file = at(folder);
  if (existsSync(file(name, 'crt'))) return;
  await run('openssl', ['req', '-new', ...kKey, '-keyout', file(name, 'key'), '-out', file(name, 'csr'), '-subj', subject]);
  writeFileSync(file(name, 'ext'), `basicConstraints=critical,CA:FALSE\nextendedKeyUsage=${usage}\n${names ? `subjectAltName=${names}\n` : ''}`);
  await run('openssl', ['x509', '-req', '-in', file(name, 'csr'), '-CA', file(by, 'crt'), '-CAkey', file(by, 'key'), '-set_serial', String(randomInt(1, 2 ** 40)),
    '-days', String(days), '-extfile', file(name, 'ext'), '-out', `${file(name, 'crt')}.new`]);
  renameSync(`${file(name, 'crt')}.new`, file(name, 'crt'));
}

// Into FOLDER: ca, other-ca, server-*, client-* as NAME.crt and NAME.key. What is there stays.
export async function makeCertificates(folder) {
  mkdirSync(folder, { recursive: true });
  await Promise.all([authority(folder, 'ca'), authority(folder, 'other-ca')]);
  const server = (name, options) => signed(folder, `server-${name}`, { subject: '/CN=kube-apiserver', usage: 'serverAuth', names: kNames, ...options });
  const client = (name, options) => signed(folder, `client-${name}`, { subject: '/O=system:masters/CN=admin', usage: 'clientAuth', ...options });
  await Promise.all([
    server('good', {}),
    server('expired', { days: -1 }),
    server('wrong-name', { names: 'DNS:elsewhere.example' }),
    server('other-ca', { by: 'other-ca' }),
    client('admin', {}),
    client('other', { by: 'other-ca' }),
  ]);
}
