// Sockets: HTTP/2 and HTTP/1.1 by ALPN over TLS, or HTTP/1.1 plain; what faults do to answers on the wire.

import { readFileSync } from 'node:fs';
import { createServer as createPlain } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createOld } from 'node:https';
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import * as status from './status.mjs';

const kGzipFrom = 128 * 1024;      // endpoints/handlers/responsewriters/writers.go
const kStreamError = 2;            // INTERNAL_ERROR of HTTP/2
const kHtml = '<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>\n';

export function createServer({ options, folder }, handler) {
  if (options.plain) return createPlain(handler);
  const file = (name) => readFileSync(join(folder, 'tls', name));
  const tls = { key: file(`server-${options.certificate}.key`), cert: file(`server-${options.certificate}.crt`), ca: file('ca.crt'),
    requestCert: true, rejectUnauthorized: false };
  if (options.http1) return createOld(tls, handler);
  return createSecureServer({ ...tls, allowHTTP1: true, settings: { maxConcurrentStreams: 250 } }, handler);
}

// The client's certificate, or null.
function peerOf({ socket }) {
  if (typeof socket?.getPeerCertificate !== 'function') return null;
  const certificate = socket.getPeerCertificate();
  return certificate?.subject ? { authorized: socket.authorized, subject: certificate.subject } : null;
}

async function readBody(req) {
  const pieces = [];
  for await (const piece of req) pieces.push(piece);
  return Buffer.concat(pieces);
}

function cut(res, unit) {
  if (res.stream && unit === 'stream') res.stream.close(kStreamError);
  else if (res.stream) res.stream.session?.destroy();
  else res.socket?.destroy();
}

// What goes out for an answer: {code, headers, body}.
function encode(answer, { headers: asked }, now) {
  const body = answer.bytes ?? (answer.text !== undefined ? Buffer.from(answer.text) : Buffer.from(`${JSON.stringify(answer.object)}\n`));
  const headers = { 'audit-id': randomUUID(), 'cache-control': 'no-cache, private', 'content-type': answer.type ?? 'application/json', date: now.toUTCString(),
    ...answer.headers };
  const warnings = answer.warnings ?? [];
  if (warnings.length) headers.warning = warnings.map((text) => `299 - ${JSON.stringify(text)}`);
  const seconds = answer.object?.details?.retryAfterSeconds;
  if (seconds && answer.code >= 400) headers['retry-after'] = String(seconds);
  if (answer.tagged) {
    headers.etag = JSON.stringify(createHash('sha512').update(body).digest('hex').toUpperCase());
    headers.vary = 'Accept';
    headers['cache-control'] = 'public';
    if (asked['if-none-match'] === headers.etag) return { code: 304, headers, body: Buffer.alloc(0) };
  }
  if (body.length > kGzipFrom && /\bgzip\b/.test(asked['accept-encoding'] ?? '')) {
    headers['content-encoding'] = 'gzip';
    headers.vary = 'Accept-Encoding';
    return { code: answer.code, headers, body: gzipSync(body, { level: 1 }) };
  }
  return { code: answer.code, headers, body };
}

const kBodies = {
  truncated: (body) => body.subarray(0, Math.max(1, body.length >> 1)),
  wrong: () => Buffer.from('{"kind":"SomethingElse","apiVersion":"v0","items":"none"}\n'),
  html: () => Buffer.from(kHtml),
  empty: () => Buffer.alloc(0),
};

async function write(res, { code, headers, body }, fault, head) {
  if (res.gone) return;
  if (fault.body) {
    body = kBodies[fault.body](body);
    if (fault.body === 'html') headers['content-type'] = 'text/html; charset=utf-8';
  }
  if (fault.contentType) headers['content-type'] = fault.contentType;
  if (code !== 304) headers['content-length'] = String(body.length);
  res.sendDate = false;
  res.writeHead(code, headers);
  if (head) return void res.end();
  if (fault.cut?.bytes !== undefined) {
    res.write(body.subarray(0, fault.cut.bytes), () => setTimeout(() => cut(res, fault.unit), 20));
    return;
  }
  if (fault.dribble) {
    const { bytes = 1, every = 10 } = fault.dribble;
    for (let at = 0; at < body.length && !res.destroyed; at += bytes) {
      res.write(body.subarray(at, at + bytes));
      await sleep(every);
    }
    return void res.end();
  }
  res.end(body);
}

// One server's way with each request. `router.handle` is synchronous, so that requests never see each other half done.
export class Wire {
  constructor({ router, faults, now, log }) {
    Object.assign(this, { router, faults, now, log });
    this.watches = new Map();   // Watch -> its response
  }

  handler() {
    return (req, res) => this.#serve(req, res).catch((error) => {
      this.log(`${req.method} ${req.url}: ${error.stack}`);
      cut(res, 'connection');
    });
  }

  async #serve(req, res) {
    res.on('error', () => {});
    res.on('close', () => { res.gone = true; });   // answered, or its client went
    const url = new URL(req.url, 'http://server');
    const entry = this.faults.note({ method: req.method, path: url.pathname, query: url.search.slice(1), headers: req.headers, protocol: req.httpVersion }, this.now().toISOString());
    const fault = this.faults.take(entry);
    if (fault.delay) await sleep(fault.delay);
    if (fault.cut === 'before') return void cut(res, fault.unit);
    const body = await readBody(req).catch(() => null);
    if (body === null) return;
    entry.bodySize = body.length;
    // Whoever is gone when it is released was never handled: a client that was killed meanwhile has sent nothing.
    if (fault.hold === 'before') return void this.faults.hold(entry, false, () => this.#later(res, () => this.#finish(req, res, url, body, entry, {})));
    await this.#finish(req, res, url, body, entry, fault);
  }

  async #finish(req, res, url, body, entry, fault) {
    const request = { method: req.method, path: url.pathname, query: url.searchParams, headers: req.headers, body, peer: peerOf(req) };
    const answer = this.#answer(request, fault);
    entry.user = request.user?.name;
    if (answer.watch) return this.#stream(res, answer.watch, entry, fault);
    this.faults.ended(entry, answer.code);
    this.log(`${answer.code} ${req.method} ${req.url} ${entry.user ?? ''}`);
    const encoded = encode(answer, request, this.now());
    const send = () => write(res, encoded, fault, req.method === 'HEAD');
    if (fault.cut === 'after') return void cut(res, fault.unit);
    if (fault.hold === 'after') return void this.faults.hold(entry, true, () => this.#later(res, send));
    await send();
    if (fault.goaway) res.stream?.session?.close();
  }

  #later(res, act) {
    if (!res.gone) act().catch((error) => this.log(error.stack));
  }

  #answer(request, fault) {
    try {
      if (fault.unauthorized) throw status.unauthorized();
      if (fault.answer) throw status.overload(fault.answer.code, fault.answer.retryAfter);
      return this.router.handle(request);
    } catch (error) {
      if (error instanceof status.Refusal) return { code: error.code, object: error.status, warnings: [] };
      if (error instanceof URIError) return { code: 400, object: status.badRequest(error.message).status };
      this.log(error.stack);
      return { code: 500, object: status.internalError(error.message).status };
    }
  }

  #stream(res, watch, entry, fault) {
    this.faults.ended(entry, 200);
    this.log(`200 WATCH ${entry.path}`);
    res.sendDate = false;
    res.writeHead(200, { 'audit-id': randomUUID(), 'cache-control': 'no-cache, private', 'content-type': fault.contentType ?? 'application/json', date: this.now().toUTCString() });
    if (res.flushHeaders) res.flushHeaders();
    this.watches.set(watch, res);
    res.on('close', () => {
      watch.stop();
      this.watches.delete(watch);
    });
    let sent = 0;
    const send = (line) => {
      sent += line.length;
      if (fault.cut?.bytes !== undefined && sent > fault.cut.bytes) {
        res.write(line.slice(0, line.length >> 1), () => cut(res, fault.unit));
        watch.stop();
      } else if (!res.writableEnded) {
        res.write(line);
      }
    };
    watch.start(send, () => { if (!res.writableEnded) res.end(); });
    if (fault.gone) watch.refuse(status.expired('too old resource version: 1 (2)'));
    if (fault.cut === 'after') cut(res, fault.unit);
  }

  // how: 'close' (the time is over), 'gone' (410), 'cut', 'bookmark'
  endWatches(how) {
    const all = [...this.watches];
    for (const [watch, res] of all)
      if (how === 'close') watch.finish();
      else if (how === 'gone') watch.refuse(status.expired('too old resource version: 1 (2)'));
      else if (how === 'bookmark') watch.bookmark();
      else cut(res, 'stream');
    return all.length;
  }
}
