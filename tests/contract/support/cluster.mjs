// The server under test, and the words in which the tests talk to it.
//
// MLSTACK_TEST_KUBECONFIG names a cluster's kubeconfig; without it the project's own test server is started for the file
// that asks, and ended with it. Everything happens in namespaces of random names; cluster-wide objects have random names
// too. What was made is gone afterwards, also on a bare API server, where no controller removes finalizers and namespaces.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { readKubeconfig } from "./kubeconfig.mjs";

export const manager = "contract";
export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
export const random = () => randomBytes(4).toString("hex");
const program = fileURLToPath(new URL("../../server/main.mjs", import.meta.url));

async function ownServer(options) {
  const folder = mkdtempSync(join(tmpdir(), "mlstack-contract-"));
  const child = spawn(process.execPath, [program, "--dir", folder, ...options], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (piece) => { said += piece; });
  const stop = () => { child.kill(); rmSync(folder, { recursive: true, force: true }); };
  process.on("exit", stop);
  // It must not keep a test alive that has come to its end.
  child.unref();
  child.stderr.unref();
  for (let waited = 0; !existsSync(join(folder, "ready")); waited += 20) {
    if (child.exitCode !== null || waited > 20_000) { stop(); throw new Error(`the test server does not start: ${said}`); }
    await sleep(20);
  }
  return { kubeconfig: join(folder, "kubeconfig"), stop };
}

export class Cluster {
  /// `controllers`: whether the own server is to run its controllers; a cluster has them or not. `options` are more of its
  /// options; with them it is the own server whatever the environment says, and with `kubeconfig` that cluster.
  static async open({ controllers = false, options, kubeconfig } = {}) {
    const cluster = new Cluster();
    const given = options ? undefined : kubeconfig ?? process.env.MLSTACK_TEST_KUBECONFIG;
    cluster.own = !given;
    if (cluster.own) cluster.controllers = controllers;
    let stop = () => {};
    if (given) cluster.kubeconfig = given;
    else ({ kubeconfig: cluster.kubeconfig, stop } = await ownServer([...(controllers ? ["--controllers"] : []), ...(options ?? [])]));
    cluster.connection = readKubeconfig(cluster.kubeconfig);
    cluster.agent = cluster.connection.server.protocol === "https:" ? new Agent({ keepAlive: true, ...cluster.connection.tls }) : undefined;
    cluster.streams = new Set();
    cluster.made = [];          // cluster-wide objects, by path
    cluster.namespaces = [];
    after(async () => {
      try { await cluster.clean(); } finally { cluster.agent?.destroy(); stop(); }
    });
    return cluster;
  }

  /// One request. `body` that is no string is sent as JSON. The answer: { status, headers, text, body }.
  request(method, path, { body, contentType = "application/json", accept = "application/json", headers = {}, anonymous = false, onPiece } = {}) {
    const { server, authorization, tls } = this.connection;
    const sent = body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const own = { accept, ...(sent === undefined ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(sent) }), ...headers };
    if (authorization && !anonymous && !own.authorization) own.authorization = authorization;
    const withoutUs = { ca: tls.ca, rejectUnauthorized: tls.rejectUnauthorized, servername: tls.servername };
    return new Promise((done, failed) => {
      const make = server.protocol === "https:" ? httpsRequest : httpRequest;
      const going = make({
        method, host: server.hostname, port: server.port || (server.protocol === "https:" ? 443 : 80),
        path: server.pathname.replace(/\/$/, "") + path, headers: own,
        ...(anonymous ? { ...withoutUs, agent: false } : { agent: this.agent }),
      }, (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (piece) => { if (onPiece && answer.statusCode === 200) onPiece(piece, going); else text += piece; });
        answer.on("error", failed);
        answer.on("close", () => {
          let parsed;
          try { parsed = JSON.parse(text); } catch { /* an answer in words */ }
          done({ status: answer.statusCode, headers: answer.headers, text, body: parsed });
        });
      });
      going.setTimeout(60_000, () => going.destroy(new Error(`${method} ${path}: no answer in a minute`)));
      going.on("error", failed);
      going.end(sent);
    });
  }

  get(path, options) { return this.request("GET", path, options); }
  create(path, body, options) { return this.request("POST", path, { body, ...options }); }
  replace(path, body, options) { return this.request("PUT", path, { body, ...options }); }
  delete(path, body, options) { return this.request("DELETE", path, { body, ...options }); }
  merge(path, body) { return this.request("PATCH", path, { body, contentType: "application/merge-patch+json" }); }

  /// Server-side apply. `query` is added to the field manager.
  apply(path, body, { by = manager, force = false, query = {}, ...options } = {}) {
    const words = new URLSearchParams({ fieldManager: by, ...(force ? { force: "true" } : {}), ...query });
    return this.request("PATCH", `${path}?${words}`, { body, contentType: "application/apply-patch+yaml", ...options });
  }

  /// A request that must be answered with one of `statuses`; the body of the answer.
  async must(answer, ...statuses) {
    const got = await answer;
    assert.ok(statuses.includes(got.status), `expected ${statuses.join(" or ")}, got ${got.status}: ${got.text.slice(0, 800)}`);
    return got.body;
  }

  /// A namespace that is usable for pods also where no controller makes its service account.
  async namespace(topic, name = `contract-${topic}-${random()}`) {
    await this.must(this.create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } }), 201);
    this.namespaces.push(name);
    await this.must(this.create(`/api/v1/namespaces/${name}/serviceaccounts`, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } }), 201, 409);
    return name;
  }

  /// Deletes this cluster-wide object at the end.
  later(path) { this.made.push(path); return path; }

  async version() {
    const { major, minor } = await this.must(this.get("/version"), 200);
    return Number(major) * 100 + Number.parseInt(minor, 10);
  }

  /// Whether controllers run: a namespace that is deleted goes.
  async hasControllers() {
    if (this.controllers === undefined) {
      const path = `/api/v1/namespaces/contract-probe-${random()}`;
      await this.must(this.create("/api/v1/namespaces", { metadata: { name: path.split("/").pop() } }), 201);
      await this.delete(path);
      this.controllers = await this.gone(path, 8_000);
      if (!this.controllers) await this.finish(path);
    }
    return this.controllers;
  }

  async hasNodes() {
    const { items } = await this.must(this.get("/api/v1/nodes"), 200);
    return items.some((node) => (node.status?.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True"));
  }

  /// Waits until `condition` of the object holds; the object, or undefined when it never did.
  async until(path, condition, limit = 15_000) {
    for (const end = Date.now() + limit; ;) {
      const { status, body } = await this.get(path);
      if (condition(status === 200 ? body : undefined, status)) return body ?? {};
      if (Date.now() > end) return undefined;
      await sleep(100);
    }
  }
  async gone(path, limit = 15_000) { return (await this.until(path, (_, status) => status === 404, limit)) !== undefined; }

  /// A watch: `next()` gives event after event, undefined when the server ended it; `stop()` ends it.
  watch(path) {
    const events = [];
    let rest = "", wake = () => {}, going, ended = false;
    const finished = this.request("GET", path, {
      onPiece: (piece, from) => {
        going = from;
        const lines = (rest + piece).split("\n");
        rest = lines.pop();
        for (const line of lines) if (line.trim()) events.push(JSON.parse(line));
        wake();
      },
    }).then((answer) => answer, (error) => ({ status: 0, text: String(error) }));
    finished.then(() => { ended = true; wake(); });
    return {
      finished,
      stop: () => going?.destroy(),
      next: async (limit = 15_000) => {
        const end = Date.now() + limit;
        while (events.length === 0 && !ended && Date.now() < end)
          await new Promise((done) => { wake = done; setTimeout(done, Math.min(200, Math.max(1, end - Date.now()))); });
        return events.shift();
      },
    };
  }

  /// Removes what keeps an object from going.
  async release(path) {
    const { status, body } = await this.get(path);
    if (status === 200 && body.metadata.finalizers?.length) await this.merge(path, { metadata: { finalizers: null } });
  }
  async remove(path) {
    await this.delete(`${path}?gracePeriodSeconds=0&propagationPolicy=Background`);
    await this.release(path);
  }
  async finish(path) {
    const { status, body } = await this.get(path);
    if (status === 200) await this.replace(`${path}/finalize`, { ...body, spec: { finalizers: [] } });
  }
  async clean() {
    const kinds = [["", "v1"], ["apps", "v1"], ["batch", "v1"], ["coordination.k8s.io", "v1"], ["policy", "v1"], ["networking.k8s.io", "v1"],
      ["rbac.authorization.k8s.io", "v1"], ["autoscaling", "v2"]];
    for (const name of this.namespaces) {
      await this.delete(`/api/v1/namespaces/${name}?propagationPolicy=Background`);
      for (const [group, version] of kinds) {
        const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
        const { body } = await this.get(root);
        for (const resource of body?.resources ?? []) {
          if (!resource.namespaced || resource.name.includes("/") || !resource.verbs.includes("delete") || !resource.verbs.includes("list")) continue;
          const listed = await this.get(`${root}/namespaces/${name}/${resource.name}`);
          for (const item of listed.body?.items ?? []) await this.remove(`${root}/namespaces/${name}/${resource.name}/${item.metadata.name}`);
        }
      }
      if (!(await this.gone(`/api/v1/namespaces/${name}`, this.controllers ? 20_000 : 500))) await this.finish(`/api/v1/namespaces/${name}`);
    }
    for (const path of this.made) await this.remove(path);
  }
}

/// What a refusal must look like: an object of kind Status.
export function assertStatus(answer, code, reason) {
  assert.equal(answer.status, code, answer.text.slice(0, 800));
  assert.equal(answer.body?.kind, "Status", answer.text.slice(0, 200));
  assert.equal(answer.body.apiVersion, "v1");
  assert.equal(answer.body.status, "Failure");
  assert.equal(answer.body.code, code);
  if (reason) assert.equal(answer.body.reason, reason, answer.text.slice(0, 400));
  return answer.body;
}
/// A refusal for what the object says: 422, with a cause for each field. `fields` must be among them.
export function assertFields(answer, ...fields) {
  const body = assertStatus(answer, 422, "Invalid");
  const causes = body.details?.causes ?? [];
  for (const field of fields)
    assert.ok(causes.some((cause) => cause.field === field), `no cause for ${field}: ${JSON.stringify(causes)}`);
  for (const cause of causes) assert.ok(cause.reason && cause.message, JSON.stringify(cause));
  return causes;
}
export const owned = (object, by = manager, operation = "Apply", subresource = undefined) =>
  (object.metadata.managedFields ?? []).find((entry) => entry.manager === by && entry.operation === operation && entry.subresource === subresource);
export const image = "registry.k8s.io/pause:3.9";
