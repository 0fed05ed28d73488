// A stack against a cluster: the program run as a user runs it, its plan as a value, and state with bytes in it.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after } from "node:test";

const program = process.env.MLSTACKC ?? "build/release/bin/mlstackc";

export function run(cluster, args, { input = "", environment = {} } = {}) {
  return new Promise((done) => {
    const child = spawn(program, args, { env: { ...process.env, NO_COLOR: "1", KUBECONFIG: cluster.kubeconfig, ...environment } });
    let out = "", err = "";
    child.stdout.on("data", (piece) => { out += piece; });
    child.stderr.on("data", (piece) => { err += piece; });
    child.on("close", (code) => done({ code, out, err }));
    child.stdin.on("error", () => {});   // it may end before it reads
    child.stdin.end(input);
  });
}

/// The file of one stack; `body` is what stands in it.
export class Stack {
  constructor(cluster, ns, name = "s") {
    this.cluster = cluster;
    this.ns = ns;
    this.name = name;
    this.folder = mkdtempSync(join(tmpdir(), "mlstack-plan-"));
    this.file = join(this.folder, `${name}.mlstack`);
    after(() => rmSync(this.folder, { recursive: true, force: true }));
  }
  write(body) {
    this.text = `stack ${this.name} { namespace = "${this.ns}" }\n${body}\n`;
    writeFileSync(this.file, this.text);
    return this;
  }
  /// A custom resource for the stack's project.
  learn(definition) {
    const file = join(this.folder, "crd.json");
    writeFileSync(file, JSON.stringify(definition));
    const { status, stderr } = spawnSync(resolve(program), ["schema", "add", file], { cwd: this.folder, encoding: "utf8" });
    assert.equal(status, 0, stderr);
  }
  /// The plan; diagnostics are `said`.
  async plan(body, ...options) {
    if (body !== undefined) this.write(body);
    const { code, out, err } = await run(this.cluster, ["plan", this.file, "--format", "json", ...options]);
    assert.ok(out.startsWith("{"), `no plan (${code}): ${err}`);
    return Object.assign(JSON.parse(out), { said: err, code });
  }
  /// No plan at all: what was said.
  async noPlan(body, ...options) {
    if (body !== undefined) this.write(body);
    const { code, out, err } = await run(this.cluster, ["plan", this.file, "--format", "json", ...options]);
    assert.equal(out, "", out.slice(0, 400));
    assert.notEqual(code, 0);
    return err;
  }
  async apply(body, ...options) {
    if (body !== undefined) this.write(body);
    const answer = await run(this.cluster, ["apply", this.file, "--auto-approve", "--no-wait", "--timeout", "60s", ...options]);
    assert.equal(answer.code, 0, `${this.text}\n${answer.err}`);
    return answer;
  }
  async destroy(...options) {
    const answer = await run(this.cluster, ["destroy", this.file, "--auto-approve", "--no-wait", "--timeout", "60s", ...options]);
    return answer;
  }
  /// Applied, and planned again: nothing to do.
  async settled(body, ...options) {
    await this.apply(body, ...options);
    const plan = await this.plan(undefined, ...options);
    assert.deepEqual(changed(plan), [], JSON.stringify(plan.steps.filter(({ action }) => action !== "unchanged"), null, 1));
    assert.deepEqual(plan.obstacles, []);
    return plan;
  }
}

export const changed = (plan) => plan.steps.filter(({ action }) => action !== "unchanged").map(({ action, object }) => `${action} ${object.kind}/${object.name}`);
export const stepOf = (plan, kind, name) => {
  const step = plan.steps.find(({ object }) => object.kind === kind && object.name === name);
  assert.ok(step, `no step for ${kind}/${name}: ${changed(plan)}`);
  return step;
};
export const fates = (plan) => plan.state.map(({ fate, object }) => `${fate} ${object.kind === "PersistentVolumeClaim" ? "claim" : object.kind}/${object.name}`);
export const fateOf = (plan, name) => {
  const fate = plan.state.find(({ object }) => object.name === name);
  assert.ok(fate, `no fate of ${name}: ${fates(plan)}`);
  return fate;
};

/// A bound claim with bytes, as a provisioner would have made it: the claim is there, its volume is made.
export async function bind(cluster, ns, claim, { policy = "Delete", size = "10Gi", owner } = {}) {
  const path = `/api/v1/namespaces/${ns}/persistentvolumeclaims/${claim}`;
  const { metadata, spec } = await cluster.must(cluster.get(path), 200);
  const name = `pvc-${metadata.uid}`;
  await cluster.must(cluster.create("/api/v1/persistentvolumes", {
    apiVersion: "v1", kind: "PersistentVolume", metadata: { name },
    spec: {
      accessModes: spec.accessModes, capacity: { storage: size }, persistentVolumeReclaimPolicy: policy, storageClassName: spec.storageClassName ?? "",
      csi: { driver: "csi.example.com", volumeHandle: name }, claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace: ns, name: claim, uid: metadata.uid },
    },
  }), 201);
  cluster.later(`/api/v1/persistentvolumes/${name}`);
  await cluster.must(cluster.merge(path, { spec: { volumeName: name }, ...(owner ? { metadata: { ownerReferences: [owner] } } : {}) }), 200);
  await cluster.must(cluster.merge(`${path}/status`, { status: { phase: "Bound", accessModes: spec.accessModes, capacity: { storage: size } } }), 200);
  await cluster.must(cluster.merge(`/api/v1/persistentvolumes/${name}/status`, { status: { phase: "Bound" } }), 200);
  return name;
}

export async function storageClass(cluster, name, more = {}) {
  await cluster.must(cluster.create("/apis/storage.k8s.io/v1/storageclasses", { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name }, provisioner: "csi.example.com", volumeBindingMode: "WaitForFirstConsumer", ...more }), 201);
  cluster.later(`/apis/storage.k8s.io/v1/storageclasses/${name}`);
  return name;
}
