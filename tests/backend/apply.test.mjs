// A plan carried out: order, waiting, what is refused, what is left when it ends early. Against a server with controllers;
// what needs nodes says so.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { Cluster, random, sleep } from "../contract/support/cluster.mjs";
import { crd } from "../contract/support/objects.mjs";
import { Stack, bind, changed, run, storageClass } from "./support.mjs";

const cluster = await Cluster.open({ controllers: true });
const controllers = await cluster.hasControllers();
const nodes = await cluster.hasNodes();
const id = random();
const late = await storageClass(cluster, `late-${id}`, { allowVolumeExpansion: true });
const now = await storageClass(cluster, `now-${id}`, { volumeBindingMode: "Immediate", allowVolumeExpansion: true });
const pause = "registry.k8s.io/pause:3.9";
const config = (name, value) => `config ${name} { data = { "a" = "${value}" } }\n`;
const claim = (name, of = late, size = "1Gi") => `claim ${name} { class = "${of}"  size = ${size}  access = ReadWriteOnce }\n`;
const at = (ns, plural, name = "", group = "api/v1") => `/${group}/namespaces/${ns}/${plural}${name ? `/${name}` : ""}`;
const apps = "apis/apps/v1";
const batch = "apis/batch/v1";
const leases = "apis/coordination.k8s.io/v1";
const fresh = async (topic) => new Stack(cluster, await cluster.namespace(topic));
const apply = (stack, ...options) => run(cluster, ["apply", stack.file, "--auto-approve", "--timeout", "60s", ...options]);
const parents = async (ns) => (await cluster.must(cluster.get(`${at(ns, "configmaps")}?labelSelector=mlstack.dev/stack`), 200)).items;
const leaseOf = (stack) => cluster.get(at(stack.ns, "leases", `mlstack-${stack.name}`, leases));

test("an inventory that kubectl understands names the members; the lease is given back", async () => {
  const stack = await fresh("inventory");
  await stack.settled(config("c", "1") + claim("m"));
  const [parent] = await parents(stack.ns);
  const setId = parent.metadata.labels["applyset.kubernetes.io/id"];
  assert.match(setId, /^applyset-[A-Za-z0-9_-]{43}-v1$/);
  assert.equal(parent.metadata.annotations["applyset.kubernetes.io/contains-group-kinds"], "ConfigMap,PersistentVolumeClaim");
  assert.match(parent.metadata.annotations["applyset.kubernetes.io/tooling"], /^mlstackc\/\d/);
  const { items } = await cluster.must(cluster.get(`${at(stack.ns, "configmaps")}?labelSelector=applyset.kubernetes.io/part-of=${setId}`), 200);
  assert.deepEqual(items.map(({ metadata }) => metadata.name), ["c"]);
  assert.equal((await leaseOf(stack)).status, 404);
  await stack.settled(config("c", "1"));   // the claim is released: the inventory shrinks
  assert.equal((await parents(stack.ns))[0].metadata.annotations["applyset.kubernetes.io/contains-group-kinds"], "ConfigMap");
  const { metadata } = await cluster.must(cluster.get(at(stack.ns, "persistentvolumeclaims", "m")), 200);
  assert.equal(metadata.labels?.["applyset.kubernetes.io/part-of"], undefined);
});

test("destroy leaves what holds data and nothing else", async () => {
  const stack = await fresh("destroy");
  await stack.settled(config("c", "1") + claim("m"));
  const { code, err } = await stack.destroy();
  assert.equal(code, 0, err);
  assert.equal((await cluster.get(at(stack.ns, "configmaps", "c"))).status, 404);
  assert.equal((await cluster.get(at(stack.ns, "persistentvolumeclaims", "m"))).status, 200);
  assert.deepEqual(await parents(stack.ns), []);
  assert.equal((await leaseOf(stack)).status, 404);
  await stack.settled();   // what was kept is taken back
});

test("a namespace that the stack makes comes before everything in it", async () => {
  const ns = `contract-made-${random()}`;
  cluster.namespaces.push(ns);
  const stack = new Stack(cluster, ns);
  const body = `namespace ${ns} {}\n${config("c", "1")}`;
  stack.write(body);
  const { code, err } = await apply(stack, "--no-wait");
  assert.equal(code, 0, err);
  assert.equal((await cluster.get(at(ns, "configmaps", "c"))).status, 200);
  assert.deepEqual(changed(await stack.plan()), []);
});

test("a kept plan is carried out when only status moved, and refused when more did", async () => {
  const stack = await fresh("kept");
  await stack.settled(config("c", "1") + claim("m"));
  const keep = async (body) => {
    stack.write(body);
    const file = `${stack.folder}/kept.plan`;
    const { code, err } = await run(cluster, ["plan", stack.file, "--out", file]);
    assert.equal(code, 0, err);
    return () => run(cluster, ["apply", file, "--auto-approve", "--no-wait"]);
  };
  let carry = await keep(config("c", "2") + claim("m"));
  await cluster.must(cluster.merge(`${at(stack.ns, "persistentvolumeclaims", "m")}/status`, { status: { conditions: [{ type: "Resizing", status: "True" }] } }), 200);
  let answer = await carry();
  assert.equal(answer.code, 0, answer.err);
  carry = await keep(config("c", "3") + claim("m"));
  await cluster.must(cluster.merge(at(stack.ns, "configmaps", "c"), { data: { other: "x" } }), 200);
  answer = await carry();
  assert.equal(answer.code, 1, answer.err);
  assert.match(answer.err, /MLS5253/);
  assert.match(answer.err, /ConfigMap\/c is not what the plan has seen: it was changed/);
  assert.equal((await cluster.must(cluster.get(at(stack.ns, "configmaps", "c")), 200)).data.a, "2");
  carry = await keep(config("c", "3") + config("d", "1") + claim("m"));
  await cluster.must(cluster.create(at(stack.ns, "configmaps"), { metadata: { name: "d" } }), 201);
  answer = await carry();
  assert.match(answer.err, /it was not there, and now it is/);
});

test("what the server refuses is told at its line, and the rest of the plan is left", { skip: cluster.own && "the server for tests gives any node port" }, async () => {
  const ns = `contract-made-${random()}`;
  cluster.namespaces.push(ns);
  const stack = new Stack(cluster, ns);
  stack.write(`namespace ${ns} {}\n${config("c", "1")}service web { selects = web  port http = 80\n  with { spec = { ports = [{ name = "http"  port = 80  nodePort = 80 }]  type = "NodePort" } }\n}\ndeployment web { image = "${pause}"\n  port http = 80 }\n`);
  const { code, err } = await apply(stack, "--no-wait");
  assert.equal(code, 1, err);
  assert.match(err, /s\.mlstack:5:\d+: error\[MLS5256\]: the server refuses `spec\.ports\[0\]\.nodePort` of Service\/web/);
  assert.match(err, /not done: Service\/web, Deployment\/web/);
  assert.equal((await cluster.get(at(ns, "configmaps", "c"))).status, 200);
  assert.equal((await leaseOf(stack)).status, 404);
});

test("another apply is waited for and told; one that no longer renews is taken over", async () => {
  const stack = await fresh("lease");
  const body = (holder, seconds) => ({ metadata: { name: `mlstack-${stack.name}` }, spec: { holderIdentity: holder, leaseDurationSeconds: seconds, renewTime: new Date().toISOString().replace("Z", "000Z") } });
  await cluster.must(cluster.create(at(stack.ns, "leases", "", leases), body("lena@laptop pid 7 in 0123456789ab, ff", 60)), 201);
  stack.write(config("c", "1"));
  let answer = await run(cluster, ["apply", stack.file, "--auto-approve", "--timeout", "2s"]);
  assert.notEqual(answer.code, 0);
  assert.match(answer.err, /lena@laptop \(process 7\)/);
  assert.equal((await cluster.get(at(stack.ns, "configmaps", "c"))).status, 404);
  await cluster.must(cluster.merge(at(stack.ns, "leases", `mlstack-${stack.name}`, leases), { spec: { leaseDurationSeconds: 3 } }), 200);
  const begun = Date.now();
  answer = await apply(stack);
  assert.equal(answer.code, 0, answer.err);
  assert.ok(Date.now() - begun >= 2_500, "taken over before it had expired");
  assert.equal((await leaseOf(stack)).status, 404);
});

test("a Job whose template changed is a new run; a StatefulSet is made anew around its claims", { skip: !controllers }, async () => {
  const stack = await fresh("replace");
  const body = (image, size) => `job train { image = "${image}"  suspend = true }
statefulset db {
  replicas = 1
  service = db
  claim data { class = "${late}"  size = ${size}  access = ReadWriteOnce }
  image = "${pause}"
  write data at "/data"
}
service db { headless = true  selects = db  port http = 80 }
`;
  await stack.settled(body(pause, "1Gi"));
  const get = (plural, name, group) => cluster.must(cluster.get(at(stack.ns, plural, name, group)), 200);
  const before = { job: await get("jobs", "train", batch), set: await get("statefulsets", "db", apps) };
  const pod = await cluster.until(at(stack.ns, "pods", "db-0"), ({ metadata }) => metadata.uid !== undefined, 10_000);
  assert.ok(pod, "db-0 is made");
  stack.write(body("registry.k8s.io/pause:3.8", "2Gi"));
  const { code, err } = await apply(stack, "--no-wait");
  assert.equal(code, 0, err);
  assert.match(err, /replaced/);
  assert.notEqual((await get("jobs", "train", batch)).metadata.uid, before.job.metadata.uid);
  const set = await get("statefulsets", "db", apps);
  assert.notEqual(set.metadata.uid, before.set.metadata.uid);
  assert.equal(set.spec.volumeClaimTemplates[0].spec.resources.requests.storage, "2Gi");
  assert.equal((await get("pods", "db-0")).metadata.uid, pod.metadata.uid);
  assert.equal((await get("persistentvolumeclaims", "data-db-0")).spec.resources.requests.storage, "1Gi");
});

test("an apply ends when all of it runs; status and outputs tell the same", { skip: !nodes }, async () => {
  const stack = await fresh("ready");
  stack.write(`${claim("model", now)}${claim("idle")}
deployment web { replicas = 2  image = "${pause}" }
job train { image = "${pause}"  write model at "/m" }
pod p { image = "${pause}" }
output ip = p.status.podIP
output twice: int = 2 * 21
`);
  const { code, err } = await apply(stack);
  assert.equal(code, 0, err);
  assert.match(err, /✓ create {4}PersistentVolumeClaim\/idle {2}bound when its first pod is placed/);
  const state = JSON.parse((await run(cluster, ["status", stack.file, "--format", "json"])).out);
  assert.equal(state.health, "good");
  assert.deepEqual(state.work.map(({ object, ready, desired }) => [object.kind, ready, desired]), [["Deployment", 2, 2], ["Job", 1, 1], ["Pod", 1, 1]].map((row) => row[0] === "Job" ? [row[0], state.work.find(({ object }) => object.kind === "Job").ready, 1] : row));
  assert.deepEqual(state.claims.map(({ object, phase }) => [object.name, phase]), [["idle", "Pending"], ["model", "Bound"]]);
  const { outputs } = JSON.parse((await run(cluster, ["outputs", stack.file, "--format", "json"])).out);
  assert.deepEqual(outputs.twice, { type: "int", value: 42 });
  assert.match(outputs.ip.value, /^\d+\.\d+\.\d+\.\d+$/);
  const byName = await run(cluster, ["outputs", "--stack", stack.name, "--namespace", stack.ns]);
  assert.match(byName.out, /^ip {4}= \d+\./m);
});

test("what keeps work from running is told while it waits, and at its line when time is over", { skip: !cluster.own }, async () => {
  const stack = await fresh("trouble");
  stack.write(`deployment web {
  image = "${pause}"
  with { spec = { template = { metadata = { annotations = { "test.mlstack.dev/fail" = "ImagePullBackOff" } } } } }
}
`);
  const { code, err } = await run(cluster, ["apply", stack.file, "--auto-approve", "--timeout", "5s"]);
  assert.equal(code, 124, err);
  assert.match(err, /! create {4}Deployment\/web {2}pod `web-[^`]*`: container `web`: (ImagePullBackOff|ErrImagePull)/);
  assert.match(err, /s\.mlstack:2:1: error\[MLS5260\]: Deployment\/web was not ready in time: 0 of 1 replica is available/);
  assert.match(err, /s\.mlstack:3:\d+: error\[MLS5262\]: Deployment\/web is held up: pod `web-/);
  const state = JSON.parse((await run(cluster, ["status", stack.file, "--format", "json"])).out);
  assert.equal(state.health, "waiting");
  assert.match(state.work[0].what, /ImagePull/);
  assert.equal((await leaseOf(stack)).status, 404);
});

test("a signal ends it, the lease is given back, and the next run goes on", { skip: !cluster.own }, async () => {
  const stack = await fresh("signal");
  const body = (fails) => `${config("c", "1")}deployment web {
  image = "${pause}"
  with { spec = { template = { metadata = { annotations = { "test.mlstack.dev/fail" = "${fails}" } } } } }
}
`;
  stack.write(body("Unready"));
  const child = spawn(process.env.MLSTACKC ?? "build/release/bin/mlstackc", ["apply", stack.file, "--auto-approve"], { env: { ...process.env, NO_COLOR: "1", KUBECONFIG: cluster.kubeconfig } });
  let err = "";
  child.stderr.on("data", (piece) => { err += piece; });
  const ended = new Promise((done) => child.on("close", done));
  for (let waited = 0; !err.includes("0 of 1 replica") && waited < 10_000; waited += 20) await sleep(20);
  assert.equal((await leaseOf(stack)).status, 200, err);
  child.kill("SIGINT");
  assert.equal(await ended, 130, err);
  assert.equal((await leaseOf(stack)).status, 404);
  stack.write(body("none"));
  const answer = await apply(stack);
  assert.equal(answer.code, 0, answer.err);
});

test("a process that was killed is followed at once by the next of its machine", { skip: !cluster.own }, async () => {
  const stack = await fresh("killed");
  stack.write(`deployment web { image = "${pause}"\n  with { spec = { template = { metadata = { annotations = { "test.mlstack.dev/fail" = "Unready" } } } } } }\n`);
  const child = spawn(process.env.MLSTACKC ?? "build/release/bin/mlstackc", ["apply", stack.file, "--auto-approve"], { env: { ...process.env, NO_COLOR: "1", KUBECONFIG: cluster.kubeconfig } });
  let err = "";
  child.stderr.on("data", (piece) => { err += piece; });
  const ended = new Promise((done) => child.on("close", done));
  for (let waited = 0; !err.includes("0 of 1 replica") && waited < 10_000; waited += 20) await sleep(20);
  child.kill("SIGKILL");
  await ended;
  assert.equal((await leaseOf(stack)).status, 200);
  stack.write(config("c", "1"));
  const begun = Date.now();
  const answer = await apply(stack, "--no-wait");
  assert.equal(answer.code, 0, answer.err);
  assert.ok(Date.now() - begun < 10_000, "it waited for the lease of a dead process");
  assert.deepEqual(changed(await stack.plan()), []);
});

test("fields that others changed after an apply are shown as theirs", async () => {
  const stack = await fresh("drift");
  await stack.settled(config("c", "1"));
  await sleep(1_100);
  await cluster.must(cluster.merge(`${at(stack.ns, "configmaps", "c")}?fieldManager=kubectl-edit`, { data: { a: "2" } }), 200);
  const { out } = await run(cluster, ["status", stack.file, "--format", "json"]);
  const [drift] = JSON.parse(out).drift;
  assert.deepEqual([drift.object.name, drift.manager, drift.fields], ["c", "kubectl-edit", [".data.a"]]);
  const none = await run(cluster, ["status", "--stack", "nobody", "--namespace", stack.ns]);
  assert.match(none.err, /MLS5264/);
});

test("who loses the lease sends nothing more", { skip: !cluster.own }, async () => {
  const stack = await fresh("lost");
  stack.write(`deployment web { image = "${pause}"\n  with { spec = { template = { metadata = { annotations = { "test.mlstack.dev/fail" = "Unready" } } } } } }\n`);
  const going = run(cluster, ["apply", stack.file, "--auto-approve"]);
  const path = at(stack.ns, "leases", `mlstack-${stack.name}`, leases);
  assert.ok(await cluster.until(path, (lease) => lease !== undefined, 10_000));
  await sleep(300);
  await cluster.must(cluster.merge(path, { spec: { holderIdentity: "somebody@else pid 1 in 0123456789ab, 1" } }), 200);
  const { code, err } = await going;
  assert.equal(code, 1, err);
  assert.match(err, /MLS5251\]: the lease of `s` went to somebody@else \(process 1\): nothing more was sent/);
  assert.equal((await cluster.must(cluster.get(path), 200)).spec.holderIdentity, "somebody@else pid 1 in 0123456789ab, 1");
});

test("a claim that a stranger's pod uses is not deleted, however it was consented to", { skip: !cluster.own }, async () => {
  const stack = await fresh("used");
  await stack.settled(claim("m", now));
  const pod = { metadata: { name: "look" }, spec: { containers: [{ name: "c", image: pause, volumeMounts: [{ name: "v", mountPath: "/v" }] }], volumes: [{ name: "v", persistentVolumeClaim: { claimName: "m" } }] } };
  await cluster.must(cluster.create(at(stack.ns, "pods"), pod), 201);
  const end = () => run(cluster, ["destroy", stack.file, "--auto-approve", "--allow-data-loss", "claim/m", "--timeout", "3s"]);
  const { code, err } = await end();
  assert.equal(code, 124, err);
  assert.match(err, /MLS5258\]: PersistentVolumeClaim\/m was not deleted: pod `look` still uses it/);
  assert.equal((await cluster.must(cluster.get(at(stack.ns, "persistentvolumeclaims", "m")), 200)).metadata.deletionTimestamp, undefined);
  await cluster.must(cluster.delete(at(stack.ns, "pods", "look")), 200);
  const again = await end();
  assert.equal(again.code, 0, again.err);
  assert.equal((await cluster.get(at(stack.ns, "persistentvolumeclaims", "m"))).status, 404);
  assert.deepEqual(await parents(stack.ns), []);
});

test("a claim grows, and the apply tells when it has", { skip: !cluster.own }, async () => {
  const stack = await fresh("grow");
  stack.write(claim("m", now));
  assert.equal((await apply(stack)).code, 0);
  stack.write(claim("m", now, "3Gi"));
  const { code, err } = await apply(stack);
  assert.equal(code, 0, err);
  assert.deepEqual(changed(await stack.plan()), []);
});

test("a kind that the stack brings is served before its objects come", async () => {
  const group = `b${id}.example.com`;
  cluster.later(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/runs.${group}`);
  const stack = await fresh("crd");
  stack.write("").learn(crd(group));
  stack.write(`object "apiextensions.k8s.io/v1/CustomResourceDefinition" runs {
  metadata { name = "runs.${group}" }
  spec {
    group = "${group}"
    scope = "Namespaced"
    names { plural = "runs"  singular = "run"  kind = "Run"  listKind = "RunList" }
    versions = [{ name = "v1", served = true, storage = true, schema { openAPIV3Schema { type = "object"  properties { spec { type = "object"  "x-kubernetes-preserve-unknown-fields" = true } } } } }]
  }
}
object "${group}/v1/Run" r { spec { size = 1 } }
`);
  const { code, err } = await apply(stack, "--no-wait");
  assert.equal(code, 0, err);
  assert.equal((await cluster.get(at(stack.ns, "runs", "r", `apis/${group}/v1`))).status, 200);
  assert.deepEqual(changed(await stack.plan()), []);
});

test("what failed at once says why as well", { skip: !cluster.own }, async () => {
  const stack = await fresh("failed");
  stack.write(`${claim("never", "no-such-class")}job train {
  retries = 0
  container main { image = "${pause}" }
  with { spec = { template = { metadata = { annotations = { "test.mlstack.dev/fail" = "OOMKilled" } } } } }
}
`);
  const { code, err } = await run(cluster, ["apply", stack.file, "--auto-approve", "--wait-jobs", "--timeout", "4s"]);
  assert.equal(code, 124, err);
  assert.match(err, /s\.mlstack:3:1: error\[MLS5261\]: Job\/train does not become ready: BackoffLimitExceeded/);
  assert.match(err, /s\.mlstack:5:3: error\[MLS5262\]: Job\/train is held up: pod `train-[^`]*`: container `main`: OOMKilled \(exit code 137\)/);
  assert.match(err, /s\.mlstack:2:1: error\[MLS5260\]: PersistentVolumeClaim\/never was not ready in time: waits for a volume of the class `no-such-class`/);
  const { code: failed, out } = await run(cluster, ["status", stack.file]);
  assert.equal(failed, 1);
  assert.match(out, /✗ Job\/train +0\/1 done +BackoffLimitExceeded/);
});

/// An apply or destroy that waits for a pod to let go of a claim. `meanwhile` happens then, and the pod goes.
async function heldUp(stack, args, meanwhile) {
  const pod = { metadata: { name: "look" }, spec: { containers: [{ name: "c", image: pause, volumeMounts: [{ name: "v", mountPath: "/v" }] }], volumes: [{ name: "v", persistentVolumeClaim: { claimName: "m" } }] } };
  await cluster.must(cluster.create(at(stack.ns, "pods"), pod), 201);
  const child = spawn(process.env.MLSTACKC ?? "build/release/bin/mlstackc", [...args, "--auto-approve", "--timeout", "30s"], { env: { ...process.env, NO_COLOR: "1", KUBECONFIG: cluster.kubeconfig } });
  let err = "";
  child.stderr.on("data", (piece) => { err += piece; });
  const ended = new Promise((done) => child.on("close", done));
  for (let waited = 0; !err.includes("waits until pod `look`") && waited < 10_000; waited += 20) await sleep(20);
  assert.match(err, /waits until pod `look` no longer uses it/);
  await meanwhile();
  await cluster.must(cluster.delete(`${at(stack.ns, "pods", "look")}?gracePeriodSeconds=0`), 200);
  return { code: await ended, err };
}

test("a claim that is bound while its replacement waits is not deleted", { skip: !cluster.own }, async () => {
  const stack = await fresh("bound");
  await stack.settled(claim("m", "no-such-class"));
  const get = () => cluster.must(cluster.get(at(stack.ns, "persistentvolumeclaims", "m")), 200);
  const { metadata } = await get();
  stack.write(claim("m", "another-class"));
  assert.deepEqual(changed(await stack.plan()), ["replace PersistentVolumeClaim/m"]);
  const { code, err } = await heldUp(stack, ["apply", stack.file], () => bind(cluster, stack.ns, "m"));
  assert.equal(code, 1, err);
  assert.match(err, /MLS5253\]: PersistentVolumeClaim\/m is not what the plan has seen: it was changed/);
  const after = await get();
  assert.deepEqual([after.metadata.uid, after.metadata.deletionTimestamp], [metadata.uid, undefined]);
});

test("what somebody protects while a destroy waits is not deleted; what only its status changed is", { skip: !cluster.own }, async () => {
  const stack = await fresh("protected");
  const body = `${config("c", "1")}${config("d", "1")}${claim("m", "no-such-class")}`;
  await stack.settled(body);
  const { code, err } = await heldUp(stack, ["destroy", stack.file, "--allow-data-loss", "claim/m"], async () => {
    await cluster.must(cluster.merge(at(stack.ns, "configmaps", "c"), { metadata: { annotations: { "mlstack.dev/protect": "true" } } }), 200);
    await cluster.must(cluster.merge(at(stack.ns, "persistentvolumeclaims", "m"), { metadata: { annotations: { "volume.kubernetes.io/selected-node": "n" } } }), 200);
  });
  assert.equal(code, 1, err);
  assert.match(err, /MLS5253\]: ConfigMap\/c is not what the plan has seen: it was changed/);
  assert.equal((await cluster.get(at(stack.ns, "configmaps", "c"))).status, 200);
  assert.equal((await cluster.get(at(stack.ns, "persistentvolumeclaims", "m"))).status, 404);
});

test("an object that another stack made since the plan is not taken over without a word", { skip: !cluster.own }, async () => {
  const stack = await fresh("both");
  const other = new Stack(cluster, stack.ns, "t");
  await stack.settled(claim("m", "no-such-class"));
  stack.write(claim("m", "another-class") + config("c", "1"));
  const { code, err } = await heldUp(stack, ["apply", stack.file, "--no-wait"], () => other.apply(config("c", "2")));
  assert.equal(code, 1, err);
  assert.match(err, /MLS5253\]: ConfigMap\/c is not what the plan has seen: another apply made it at the same time, and this one has written over it/);
});
