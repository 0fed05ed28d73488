#!/usr/bin/env node
// node tests/server/main.mjs --dir DIR [options]; see README.md.

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { kServerCertificates } from './certificates.mjs';
import { startServer } from './server.mjs';

const { values } = parseArgs({ options: {
  dir: { type: 'string' }, controllers: { type: 'boolean' }, port: { type: 'string' }, persist: { type: 'boolean' }, kubernetes: { type: 'string' },
  certificate: { type: 'string' }, http1: { type: 'boolean' }, plain: { type: 'boolean' }, anonymous: { type: 'boolean' }, relaxed: { type: 'boolean' }, nodes: { type: 'string' }, quiet: { type: 'boolean', default: false },
} });

function refuse(text) {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}

if (!values.dir) refuse('--dir is missing');
if (values.certificate && !kServerCertificates.includes(values.certificate)) refuse(`--certificate is one of ${kServerCertificates.join(', ')}`);
if (values.kubernetes && !/^1\.3[1-6]$/.test(values.kubernetes)) refuse('--kubernetes is 1.31 to 1.36');

const server = await startServer(resolve(values.dir), { ...values, port: Number(values.port ?? 0), nodes: Number(values.nodes ?? 1) });
if (!values.quiet) process.stderr.write(`${server.url}, control ${server.control}\n`);
process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => process.exit(0));
