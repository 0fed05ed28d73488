// The program killed at each of its requests in turn, handled and unhandled: the next apply goes on from there, and nothing is lost,
// doubled or left behind. Always against the project's own server, which can hold a request.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { testServer } from "../server/testing.mjs";
import { run } from "./support.mjs";

const program = process.env.MLSTACKC ?? "build/release/bin/mlstackc";
const folder = mkdtempSync(join(tmpdir(), "mlstack-kill-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const before = `stack killed { namespace = "ml" }
config settings { data = { "a" = "1" } }
config gone { data = { "a" = "1" } }
claim model { size = 1Gi  access = ReadWriteOnce }
claim old { size = 1Gi  access = ReadWriteOnce }
job train { image = "registry.k8s.io/pause:3.9"  suspend = true  write model at "/model" }
statefulset db {
  replicas = 1
  service = db
  claims-when-deleted = Retain
  claims-when-scaled = Retain
  claim data { size = 1Gi  access = ReadWriteOnce }
  image = "registry.k8s.io/pause:3.9"
  write data at "/data"
}
service db { headless = true  selects = db  port http = 80 }
output version = "one"
`;
// Updated: settings. Deleted: gone. Released: old. Replaced: train. Made again around its pods and claims: db. New: fresh.
const later = before
  .replace('config settings { data = { "a" = "1" } }', 'config settings { data = { "a" = "2" } }\nconfig fresh { data = { "a" = "1" } }')
  .replace('config gone { data = { "a" = "1" } }\n', "")
  .replace("claim old { size = 1Gi  access = ReadWriteOnce }\n", "")
  .replace('job train { image = "registry.k8s.io/pause:3.9"', 'job train { image = "registry.k8s.io/pause:3.10"')
  .replace("claim data { size = 1Gi", "claim data { size = 2Gi")
  .replace('output version = "one"', 'output version = "two"');
// Two states of one file: what a stack came from is part of who it is.
for (const state of ["before", "later"]) mkdirSync(join(folder, state, "project"), { recursive: true });
const files = { before: join(folder, "before", "project", "killed.mlstack"), later: join(folder, "later", "project", "killed.mlstack") };
writeFileSync(files.before, before);
writeFileSync(files.later, later);

const server = await testServer({ controllers: true });
const cluster = { kubeconfig: join(server.folder, "kubeconfig") };
const options = ["--auto-approve", "--no-wait", "--timeout", "60s"];

async function fresh() {
  await server.control("POST", "/reset", { objects: true });
  const { code } = await server.ask("POST", "/api/v1/namespaces", { body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "ml" } } });
  assert.equal(code, 201);
}
async function apply(file) {
  const answer = await run(cluster, ["apply", file, ...options]);
  assert.equal(answer.code, 0, answer.err);
}
const list = async (path) => (await server.ask("GET", path)).body.items;
const names = (items) => items.map(({ metadata }) => metadata.name).sort();

/// Starts `file`'s apply and kills it at its nth request; false when it made fewer.
async function killAt(file, nth, hold) {
  const id = await server.control("POST", "/faults", { match: { agent: "^mlstackc" }, nth, hold });
  const child = spawn(program, ["apply", file, ...options], { env: { ...process.env, NO_COLOR: "1", KUBECONFIG: cluster.kubeconfig }, stdio: "ignore" });
  let over = false;
  const ended = new Promise((done) => child.on("close", () => { over = true; done(); }));
  let caught = false;
  while (!caught && !over) {
    const held = await Promise.race([server.control("GET", "/held?count=1&wait=1"), ended.then(() => null)]);
    caught = held !== null && (held.length ?? held.held?.length ?? 0) > 0;
  }
  if (caught) {
    child.kill("SIGKILL");
    await ended;
  }
  await server.control("DELETE", "/faults");
  await server.control("POST", "/release", {});
  assert.ok(id);
  return caught;
}

/// What must hold after any history: the stack is as `file` says, once, in one inventory, and nothing else is there.
async function converged(file, { kept, context }) {
  await apply(file);
  const { code, out, err } = await run(cluster, ["plan", file, "--format", "json", "--detailed-exitcode"]);
  assert.equal(code, 0, `${context}: ${out}${err}`);
  const parents = await list("/api/v1/namespaces/ml/configmaps?labelSelector=mlstack.dev/stack=killed");
  assert.equal(parents.length, 1, `${context}: inventories ${names(parents)}`);
  const set = parents[0].metadata.labels["applyset.kubernetes.io/id"];
  const members = async (path) => names((await list(path)).filter(({ metadata }) => metadata.labels?.["applyset.kubernetes.io/part-of"] === set));
  assert.deepEqual(await members("/api/v1/namespaces/ml/configmaps"), kept.configs, context);
  assert.deepEqual(await members("/api/v1/namespaces/ml/persistentvolumeclaims"), ["model"].concat(kept.claims).sort(), context);
  assert.deepEqual(await members("/apis/batch/v1/namespaces/ml/jobs"), ["train"], context);
  assert.deepEqual(await members("/apis/apps/v1/namespaces/ml/statefulsets"), ["db"], context);
  // Nothing is left over: configurations that nobody owns. The lease of a killed run may stay until it is needed again.
  const configs = names(await list("/api/v1/namespaces/ml/configmaps")).filter((name) => name !== "kube-root-ca.crt");
  assert.deepEqual(configs, [...kept.configs, parents[0].metadata.name].sort(), context);
  const leases = await list("/apis/coordination.k8s.io/v1/namespaces/ml/leases");
  assert.ok(leases.every(({ metadata }) => metadata.name === "mlstack-killed"), context);
  const outputs = await run(cluster, ["outputs", "--stack", "killed", "-n", "ml"]);
  assert.equal(outputs.out, `version = ${kept.version}\n`, context);
  // No claim is ever lost, and none made twice: the identities are those of the first apply.
  const claims = await list("/api/v1/namespaces/ml/persistentvolumeclaims");
  for (const name of ["model", "old"]) assert.equal(claims.filter(({ metadata }) => metadata.name === name && !metadata.deletionTimestamp).length, 1, `${context}: claim ${name}`);
  return new Map(claims.map(({ metadata }) => [metadata.name, metadata.uid]));
}

for (const hold of ["before", "after"]) {
  test(`a first apply, killed ${hold} each request is handled`, async () => {
    let nth = 1;
    for (; ; ++nth) {
      await fresh();
      if (!(await killAt(files.before, nth, hold))) break;
      await converged(files.before, { kept: { configs: ["gone", "settings"], claims: ["old"], version: "one" }, context: `killed ${hold} request ${nth}` });
    }
    assert.ok(nth > 15, `only ${nth - 1} requests`);
  });

  test(`an apply that updates, deletes, releases, replaces, killed ${hold} each request is handled`, async () => {
    let nth = 1;
    for (; ; ++nth) {
      await fresh();
      await apply(files.before);
      const was = new Map((await list("/api/v1/namespaces/ml/persistentvolumeclaims")).map(({ metadata }) => [metadata.name, metadata.uid]));
      if (!(await killAt(files.later, nth, hold))) break;
      const context = `killed ${hold} request ${nth}`;
      const now = await converged(files.later, { kept: { configs: ["fresh", "settings"], claims: [], version: "two" }, context });
      for (const [name, uid] of was) assert.equal(now.get(name), uid, `${context}: claim ${name} is another one`);
    }
    assert.ok(nth > 15, `only ${nth - 1} requests`);
  });
}
