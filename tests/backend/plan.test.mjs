// What a plan says of every action and of every fate of state, against the server that the contract tests use.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster, random } from "../contract/support/cluster.mjs";
import { crd } from "../contract/support/objects.mjs";
import { Stack, bind, changed, fateOf, fates, stepOf, storageClass } from "./support.mjs";

const cluster = await Cluster.open();
const id = random();
const fast = await storageClass(cluster, `fast-${id}`, { allowVolumeExpansion: true });
const stiff = await storageClass(cluster, `stiff-${id}`);
const claim = (name, { size = "10Gi", of = fast, more = "" } = {}) => `claim ${name} { class = "${of}"  size = ${size}  access = ReadWriteOnce ${more} }\n`;
const config = (name, value) => `config ${name} { data = { "a" = "${value}" } }\n`;
const job = (name, { image = "registry.k8s.io/pause:3.9", mounts = "" } = {}) => `job ${name} { image = "${image}"  suspend = true  ${mounts} }\n`;
const set = (name, { size = "10Gi", replicas = 2, scaled = "Retain", deleted = "Retain" } = {}) => `
statefulset ${name} {
  replicas = ${replicas}
  service = ${name}
  claims-when-deleted = ${deleted}
  claims-when-scaled = ${scaled}
  claim data { class = "${fast}"  size = ${size}  access = ReadWriteOnce }
  image = "registry.k8s.io/pause:3.9"
  write data at "/data"
}
service ${name} { headless = true  selects = ${name}  port http = 80 }
`;
/// As the controller of sets makes it, where one runs; bound.
async function claimOfSet(ns, name) {
  await cluster.must(cluster.create(`/api/v1/namespaces/${ns}/persistentvolumeclaims`, { metadata: { name }, spec: { accessModes: ["ReadWriteOnce"], storageClassName: fast, resources: { requests: { storage: "10Gi" } } } }), 201, 409);
  await bind(cluster, ns, name);
}
const at = (ns, plural, name) => `/api/v1/namespaces/${ns}/${plural}/${name}`;
const fresh = async (topic) => new Stack(cluster, await cluster.namespace(topic));

test("create, unchanged, update, delete; an apply is followed by an empty plan", async () => {
  const stack = await fresh("basic");
  const first = await stack.plan(config("c", "1") + config("d", "1"));
  assert.deepEqual(changed(first), ["create ConfigMap/c", "create ConfigMap/d"]);
  assert.ok(first.steps.every(({ dryRun }) => dryRun));
  await stack.settled(config("c", "1") + config("d", "1"));
  const plan = await stack.plan(config("c", "2"));
  assert.deepEqual(changed(plan), ["update ConfigMap/c", "delete ConfigMap/d"]);
  const [change] = stepOf(plan, "ConfigMap", "c").changes;
  assert.deepEqual([change.path, change.before, change.after], [".data.a", '"1"', '"2"']);
  assert.deepEqual(changed(await stack.plan(undefined, "--no-prune")), ["update ConfigMap/c"]);
  await stack.settled();
  assert.equal((await cluster.get(at(stack.ns, "configmaps", "d"))).status, 404);
});

test("a field that is no longer said is taken away; what others set stays", async () => {
  const stack = await fresh("given");
  await stack.settled(`config c { data = { "a" = "1" "b" = "2" } }`);
  await cluster.must(cluster.merge(at(stack.ns, "configmaps", "c"), { data: { other: "x" } }), 200);
  assert.deepEqual(changed(await stack.plan()), []);
  const plan = await stack.plan(config("c", "1"));
  const step = stepOf(plan, "ConfigMap", "c");
  assert.deepEqual(step.changes.map(({ path, after }) => [path, after]), [[".data.b", null]]);
  await stack.settled();
  const { data } = await cluster.must(cluster.get(at(stack.ns, "configmaps", "c")), 200);
  assert.deepEqual(data, { a: "1", other: "x" });
});

test("an object that is there and nobody's is adopted; another tool's is refused unless it is taken over", async () => {
  const stack = await fresh("adopt");
  await cluster.must(cluster.create(`/api/v1/namespaces/${stack.ns}/configmaps`, { metadata: { name: "c" }, data: { a: "1" } }), 201);
  assert.deepEqual(changed(await stack.plan(config("c", "1"))), ["adopt ConfigMap/c"]);
  await stack.settled();
  await cluster.must(cluster.create(`/api/v1/namespaces/${stack.ns}/configmaps`, { metadata: { name: "h", labels: { "app.kubernetes.io/managed-by": "Helm" }, annotations: { "meta.helm.sh/release-name": "r", "meta.helm.sh/release-namespace": "n" } } }), 201);
  const plan = await stack.plan(config("c", "1") + config("h", "1"));
  assert.match(stepOf(plan, "ConfigMap", "h").why, /Helm release `n\/r`/);
  assert.match(plan.said, /MLS5105/);
  assert.deepEqual(changed(await stack.plan(undefined, "--take-over")), ["adopt ConfigMap/h"]);
  // What would have to be deleted for it is not adopted unasked.
  await cluster.must(cluster.create(`/api/v1/namespaces/${stack.ns}/configmaps`, { metadata: { name: "f" }, immutable: true, data: { a: "2" } }), 201);
  const sealed = await stack.plan(config("c", "1") + config("f", "1"));
  assert.equal(stepOf(sealed, "ConfigMap", "f").action, "refused");
  assert.match(sealed.said, /MLS5117/);
  assert.equal(stepOf(await stack.plan(undefined, "--take-over"), "ConfigMap", "f").action, "replace");
});

test("two stacks never plan each other's objects", async () => {
  const one = await fresh("two");
  await one.settled(config("c", "1"));
  const two = new Stack(cluster, one.ns, "other");
  const plan = await two.plan(config("c", "1"));
  assert.deepEqual(changed(plan), ["refused ConfigMap/c"]);
  assert.match(plan.said, /another inventory/);
  const same = new Stack(cluster, one.ns, "s");
  same.file = same.file.replace("s.mlstack", "moved.mlstack");
  assert.match(await same.noPlan(config("d", "1")), /MLS5104/);
});

test("a field of another manager is a conflict with its line, and can be forced", async () => {
  const stack = await fresh("conflict");
  await stack.settled(config("c", "1"));
  const path = at(stack.ns, "configmaps", "c");
  await cluster.must(cluster.apply(path, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data: { a: "theirs" } }, { by: "someone", force: true }), 200);
  const plan = await stack.plan();
  const { conflicts } = stepOf(plan, "ConfigMap", "c");
  assert.deepEqual(conflicts.map((one) => [one.path, one.manager, one.theirs, one.ours]), [[".data.a", "someone", "theirs", '"1"']]);
  assert.match(plan.said, /s\.mlstack:2:\d+: error\[MLS5114\]/);
  const forced = await stack.plan(undefined, "--force-conflicts");
  assert.deepEqual(stepOf(forced, "ConfigMap", "c").conflicts, []);
  await stack.settled(undefined, "--force-conflicts");
});

test("what the server refuses stands at the line that says it", async () => {
  const stack = await fresh("refused");
  const plan = await stack.plan(`object "v1/ConfigMap" c {\n  data { "a" = "1" }\n  metadata.labels { "x" = "not a label" }\n}`).catch((error) => error);
  const said = plan.said ?? String(plan);
  assert.match(said, /s\.mlstack:4/);
});

test("a job whose template changed is a new run over the same state", async () => {
  const stack = await fresh("job");
  const mounts = `write model at "/model"`;
  await stack.settled(claim("model") + job("train", { mounts }));
  await bind(cluster, stack.ns, "model");
  assert.deepEqual(changed(await stack.plan()), []);
  const plan = await stack.plan(claim("model") + job("train", { mounts, image: "registry.k8s.io/pause:3.10" }));
  const step = stepOf(plan, "Job", "train");
  assert.equal(step.action, "replace");
  assert.ok(step.changes.some(({ path, frozen }) => frozen && path === ".spec.template.spec.containers[name=train].image"), JSON.stringify(step.changes));
  assert.deepEqual(fates(plan), ["kept claim/model"]);
  assert.equal(plan.risksData, false);
  const uid = async () => (await cluster.must(cluster.get(`/apis/batch/v1/namespaces/${stack.ns}/jobs/train`), 200)).metadata.uid;
  const before = await uid();
  await stack.settled();
  assert.notEqual(await uid(), before);
});

test("a set whose template changed is made again around its claims", async () => {
  const stack = await fresh("set");
  await stack.settled(set("db"));
  for (const name of ["data-db-0", "data-db-1"]) await claimOfSet(stack.ns, name);
  const plan = await stack.plan(set("db", { size: "20Gi" }));
  assert.equal(stepOf(plan, "StatefulSet", "db").action, "recreate");
  assert.deepEqual(fates(plan), ["kept claim/data-db-0", "kept claim/data-db-1"]);
  assert.match(fateOf(plan, "data-db-0").why, /patch pvc data-db-0/);
  assert.equal(plan.risksData, false);
  if (!(await cluster.hasControllers())) return;   // who deletes and leaves orphans is the garbage collector
  const claims = async () => (await cluster.must(cluster.get(`/api/v1/namespaces/${stack.ns}/persistentvolumeclaims`), 200)).items.map(({ metadata }) => [metadata.name, metadata.uid, metadata.deletionTimestamp]);
  const before = await claims();
  await stack.settled();
  assert.deepEqual(await claims(), before);
});

test("a set whose claims go with it: made again they stay, deleted they must be named", async () => {
  const stack = await fresh("retention");
  await stack.settled(set("db", { deleted: "Delete" }) + config("c", "1"));
  await claimOfSet(stack.ns, "data-db-0");
  const live = await cluster.must(cluster.get(`/apis/apps/v1/namespaces/${stack.ns}/statefulsets/db`), 200);
  // As the controller of sets does it.
  const owner = { apiVersion: "apps/v1", kind: "StatefulSet", name: "db", uid: live.metadata.uid };
  await cluster.must(cluster.merge(at(stack.ns, "persistentvolumeclaims", "data-db-0"), { metadata: { ownerReferences: [owner] } }), 200);
  const again = await stack.plan(set("db", { deleted: "Delete", size: "20Gi" }) + config("c", "1"));
  assert.equal(stepOf(again, "StatefulSet", "db").action, "recreate");
  assert.equal(fateOf(again, "data-db-0").fate, "kept");
  const gone = await stack.plan(config("c", "1"));
  assert.equal(stepOf(gone, "StatefulSet", "db").action, "release");
  assert.match(stepOf(gone, "StatefulSet", "db").why, /--allow-data-loss claim\/data-db-0/);
  const named = await stack.plan(undefined, "--allow-data-loss", "claim/data-db-0");
  assert.equal(stepOf(named, "StatefulSet", "db").action, "delete");
  assert.deepEqual([fateOf(named, "data-db-0").fate, fateOf(named, "data-db-0").consented], ["LOST", true]);
});

test("scaling down keeps claims, and with whenScaled Delete needs consent", async () => {
  const stack = await fresh("scale");
  await stack.settled(set("db", { scaled: "Delete" }));
  await claimOfSet(stack.ns, "data-db-1");
  const plan = await stack.plan(set("db", { scaled: "Delete", replicas: 1 }));
  const fate = fateOf(plan, "data-db-1");
  assert.deepEqual([fate.fate, fate.size, fate.consent, fate.consented], ["LOST", "10Gi", "claim/data-db-1", false]);
  assert.equal(plan.risksData, true);
  assert.equal(plan.obstacles.length, 1);
  assert.equal(fateOf(await stack.plan(undefined, "--allow-data-loss", "pvc/data-db-1"), "data-db-1").consented, true);
  assert.equal(fateOf(await stack.plan(set("db", { replicas: 1 })), "data-db-1").fate, "orphaned");
  const grown = await stack.plan(set("db", { scaled: "Delete", replicas: 3 }));
  assert.equal(fateOf(grown, "data-db-2").fate, "new");
});

test("a claim grows where its class allows it, and never shrinks", async () => {
  const stack = await fresh("size");
  await stack.settled(claim("m") + claim("k", { of: stiff }));
  await bind(cluster, stack.ns, "m");
  await bind(cluster, stack.ns, "k");
  const grows = await stack.plan(claim("m", { size: "20Gi" }) + claim("k", { of: stiff }));
  const fate = fateOf(grows, "m");
  assert.deepEqual([fate.fate, fate.size, fate.newSize], ["grown", "10Gi", "20Gi"]);
  assert.equal(stepOf(grows, "PersistentVolumeClaim", "m").action, "update");
  const shrinks = await stack.plan(claim("m", { size: "5Gi" }) + claim("k", { of: stiff }));
  assert.equal(stepOf(shrinks, "PersistentVolumeClaim", "m").action, "refused");
  assert.match(shrinks.said, /s\.mlstack:2:\d+: error\[MLS5109\]/);
  assert.ok(shrinks.migrations[0].steps.length >= 5);
  const cannot = await stack.plan(claim("m") + claim("k", { of: stiff, size: "20Gi" }));
  assert.match(cannot.said, /MLS5110/);
  assert.match(stepOf(cannot, "PersistentVolumeClaim", "k").why, /allowVolumeExpansion/);
  assert.deepEqual(changed(await stack.plan(claim("m", { size: "10240Mi" }) + claim("k", { of: stiff }))), []);
});

test("a claim of another class is a migration; one that was never bound is made again", async () => {
  const stack = await fresh("class");
  await stack.settled(claim("m") + claim("p"));
  await bind(cluster, stack.ns, "m");
  const plan = await stack.plan(claim("m", { of: stiff }) + claim("p", { of: stiff }));
  assert.equal(stepOf(plan, "PersistentVolumeClaim", "m").action, "refused");
  assert.match(plan.migrations[0].what, new RegExp(`claim \`m\` moves from class \`fast-${id}\` to \`stiff-${id}\``));
  assert.ok(plan.migrations[0].steps.some((step) => step.includes("claim m-2 {")), plan.migrations[0].steps.join("\n"));
  assert.equal(stepOf(plan, "PersistentVolumeClaim", "p").action, "replace");
  assert.equal(fateOf(plan, "m").fate, "kept");
  assert.equal(plan.risksData, false);
});

test("a claim that left the stack is released; named, it is lost or orphaned by its reclaim policy", async () => {
  const stack = await fresh("gone");
  await stack.settled(claim("m") + claim("r") + config("c", "1"));
  const lost = await bind(cluster, stack.ns, "m", { policy: "Delete" });
  await bind(cluster, stack.ns, "r", { policy: "Retain" });
  const plan = await stack.plan(config("c", "1"));
  assert.deepEqual(changed(plan).sort(), ["release PersistentVolumeClaim/m", "release PersistentVolumeClaim/r"]);
  assert.deepEqual([fateOf(plan, "m").fate, fateOf(plan, "m").consent], ["orphaned", ""]);
  assert.match(stepOf(plan, "PersistentVolumeClaim", "m").why, /--allow-data-loss claim\/m/);
  const named = await stack.plan(undefined, "--allow-data-loss", "claim/m", "--allow-data-loss", `PersistentVolumeClaim/${stack.ns}/r`);
  assert.deepEqual(changed(named).sort(), ["delete PersistentVolumeClaim/m", "delete PersistentVolumeClaim/r"]);
  const fate = fateOf(named, "m");
  assert.deepEqual([fate.fate, fate.volume, fate.size, fate.consented], ["LOST", lost, "10Gi", true]);
  assert.equal(fateOf(named, "r").fate, "orphaned");
  assert.match((await stack.plan(undefined, "--allow-data-loss", "claim/nothing")).said, /MLS5116/);
  await stack.apply();
  const { metadata } = await cluster.must(cluster.get(at(stack.ns, "persistentvolumeclaims", "m")), 200);
  assert.equal(metadata.labels?.["applyset.kubernetes.io/part-of"], undefined);
  assert.deepEqual(changed(await stack.plan()), []);
  // Declared again, it is taken back with what it holds.
  const back = await stack.plan(config("c", "1") + claim("m"));
  assert.deepEqual(changed(back), ["adopt PersistentVolumeClaim/m"]);
  assert.equal(fateOf(back, "m").fate, "kept");
});

test("protection outlives the line that said it", async () => {
  const stack = await fresh("protect");
  await stack.settled(claim("m", { more: "protect = true" }) + config("c", "1"));
  await bind(cluster, stack.ns, "m");
  const other = await stack.plan(claim("m", { of: stiff, more: "protect = true" }) + config("c", "1"));
  assert.match(other.said, /MLS5107/);
  const gone = await stack.plan(config("c", "1"), "--allow-data-loss", "claim/m");
  assert.deepEqual(changed(gone), ["release PersistentVolumeClaim/m"]);
  assert.match(stepOf(gone, "PersistentVolumeClaim", "m").why, /protected/);
});

test("the end of a stack keeps what holds data", async () => {
  const stack = await fresh("end");
  await stack.settled(claim("m") + config("c", "1") + set("db"));
  await bind(cluster, stack.ns, "m");
  const answer = await stack.destroy();
  assert.equal(answer.code, 0, answer.err);
  assert.equal((await cluster.get(at(stack.ns, "configmaps", "c"))).status, 404);
  assert.equal((await cluster.get(at(stack.ns, "persistentvolumeclaims", "m"))).status, 200);
  const left = await cluster.must(cluster.get(`/api/v1/namespaces/${stack.ns}/configmaps?labelSelector=mlstack.dev/stack`), 200);
  assert.deepEqual(left.items.map(({ metadata }) => metadata.name), []);
});

test("volumes: a bound one keeps its source, a free one is made again", async () => {
  const stack = await fresh("volume");
  const volume = (path) => `volume v-${id} { capacity = 5Gi  access = ReadWriteMany  class = "none-${id}"  reclaim = Retain  source = nfs("nfs.example.com", "${path}") }\n`;
  await stack.settled(volume("/a"));
  cluster.later(`/api/v1/persistentvolumes/v-${id}`);
  const free = await stack.plan(volume("/b"));
  assert.equal(stepOf(free, "PersistentVolume", `v-${id}`).action, "replace");
  assert.equal(free.risksData, false);
  await cluster.must(cluster.merge(`/api/v1/persistentvolumes/v-${id}`, { spec: { claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name: "x", namespace: stack.ns, uid: "11111111-2222-3333-4444-555555555555" } } }), 200);
  await cluster.must(cluster.merge(`/api/v1/persistentvolumes/v-${id}/status`, { status: { phase: "Bound" } }), 200);
  const bound = await stack.plan(volume("/b"));
  assert.equal(stepOf(bound, "PersistentVolume", `v-${id}`).action, "refused");
  assert.match(bound.said, /MLS5108/);
  assert.ok(bound.migrations[0].steps.length >= 3);
});

test("a namespace that is not there is said once; one that the stack makes is not tried in", async () => {
  const stack = new Stack(cluster, `none-${random()}`);
  const missing = await stack.plan(config("c", "1") + config("d", "1"));
  assert.equal(missing.said.match(/MLS5115/g)?.length, 1, missing.said);
  const made = await stack.plan(`namespace own { name = "${stack.ns}" }\n` + config("c", "1"));
  assert.deepEqual(changed(made), [`create Namespace/${stack.ns}`, "create ConfigMap/c"]);
  assert.match(stepOf(made, "ConfigMap", "c").notDryRun, /is made by this plan/);
});

test("values of Secrets are in no plan", async () => {
  const stack = await fresh("secret");
  const secret = (value) => `object "v1/Secret" s { stringData { "token" = "${value}" } }\n`;
  await stack.settled(secret("hunter2"));
  const plan = await stack.plan(secret("hunter3"));
  const [change] = stepOf(plan, "Secret", "s").changes;
  assert.deepEqual([change.path, change.redacted, change.before, change.after], [".data.token", true, null, null]);
  assert.doesNotMatch(JSON.stringify(plan), /hunter|aHVudGVy/);
});

test("a kind that is not served is an error at its line", async () => {
  const stack = await fresh("kinds");
  assert.match(await stack.noPlan(`object "jobset.x-k8s.io/v1alpha2/JobSet" j { spec { replicatedJobs = [] } }`), /s\.mlstack:2:\d+: error\[MLS5100\]/);
});

test("config that is sealed, and roles of bindings, are made again", async () => {
  const stack = await fresh("sealed");
  const sealed = (value) => `object "v1/ConfigMap" c { immutable = true  data { "a" = "${value}" } }\n`;
  await stack.settled(sealed("1"));
  const plan = await stack.plan(sealed("2"));
  assert.equal(stepOf(plan, "ConfigMap", "c").action, "replace");
  await stack.settled();
});

test("what the server filled in gives way: strategy, volume, probe", async () => {
  const stack = await fresh("defaults");
  const deployment = (strategy, volume, probe) => `object "apps/v1/Deployment" web { spec {
    replicas = 0
    ${strategy}
    selector.matchLabels { app = "web" }
    template {
      metadata.labels { app = "web" }
      spec {
        containers = [{ name = "web", image = "registry.k8s.io/pause:3.9", readinessProbe { ${probe} } }]
        volumes = [{ name = "v", ${volume} }]
      }
    }
  } }\n` + config("c", "1");
  await stack.settled(deployment("", `configMap { name = "c" }`, `httpGet { path = "/", port = 80 }`));
  const next = deployment("strategy { type = Recreate }", "emptyDir {}", `exec { command = ["true"] }`);
  assert.match(stepOf(await stack.plan(next), "Deployment", "web").notDryRun, /taken over first/);
  await stack.settled();
});

test("an object of a custom kind goes with the claims that it owns only when they are named", async () => {
  const stack = await fresh("owner");
  const group = `g${id}.example.com`;
  await cluster.must(cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd(group)), 201);
  const definition = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/runs.${group}`;
  cluster.later(definition);
  assert.ok(await cluster.until(definition, (object) => object?.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True")));
  assert.ok(await cluster.until(`/apis/${group}/v1/namespaces/${stack.ns}/runs`, (_, status) => status === 200));
  stack.learn(crd(group));
  const thing = (fixed, size = 1) => `object "${group}/v1/Run" r { spec { size = ${size}  fixed = "${fixed}" } }\n`;
  await stack.settled(thing("a") + config("c", "1"));
  const live = await cluster.must(cluster.get(`/apis/${group}/v1/namespaces/${stack.ns}/runs/r`), 200);
  await cluster.must(cluster.create(`/api/v1/namespaces/${stack.ns}/persistentvolumeclaims`, { metadata: { name: "own" }, spec: { accessModes: ["ReadWriteOnce"], storageClassName: fast, resources: { requests: { storage: "10Gi" } } } }), 201);
  await bind(cluster, stack.ns, "own", { owner: { apiVersion: `${group}/v1`, kind: "Run", name: "r", uid: live.metadata.uid } });
  assert.deepEqual(changed(await stack.plan(thing("a", 2) + config("c", "1"))), ["update Run/r"]);
  // The server alone knows that this field is immutable.
  const frozen = await stack.plan(thing("b") + config("c", "1"));
  assert.equal(stepOf(frozen, "Run", "r").action, "replace");
  assert.deepEqual([fateOf(frozen, "own").fate, fateOf(frozen, "own").consent], ["LOST", "claim/own"]);
  assert.equal(frozen.obstacles.length, 1);
  const gone = await stack.plan(config("c", "1"));
  assert.deepEqual(changed(gone), ["release Run/r"]);
  assert.equal(gone.risksData, false);
  assert.deepEqual(changed(await stack.plan(undefined, "--allow-data-loss", "claim/own")), ["delete Run/r"]);
  await stack.apply(thing("a") + config("c", "1"));
});

test("what may not be read is at risk, and never absent", async () => {
  const stack = await fresh("unread");
  await stack.settled(claim("m") + config("c", "1"));
  await bind(cluster, stack.ns, "m");
  const user = `blind-${random()}`;
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name: "blind" }, rules: [
    { apiGroups: [""], resources: ["configmaps"], verbs: ["*"] },
    { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: ["list", "get", "patch"] }] };
  await cluster.must(cluster.create(`/apis/rbac.authorization.k8s.io/v1/namespaces/${stack.ns}/roles`, role), 201);
  await cluster.must(cluster.create(`/apis/rbac.authorization.k8s.io/v1/namespaces/${stack.ns}/rolebindings`, { metadata: { name: "blind" }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "blind" }, subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }] }), 201);
  // The volume's policy is not known: named, the claim counts as at risk.
  const named = await stack.plan(config("c", "1"), "--as", user, "--allow-data-loss", "claim/m");
  assert.equal(fateOf(named, "m").fate, "AT RISK");
  assert.ok(named.notes.some((note) => /PersistentVolume\//.test(note)), named.notes.join("\n"));
  // A claim that may be applied and not read.
  await cluster.must(cluster.merge(`/apis/rbac.authorization.k8s.io/v1/namespaces/${stack.ns}/roles/blind`, { rules: [role.rules[0], { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: ["patch"] }] }), 200);
  const other = new Stack(cluster, stack.ns, "other");
  const plan = await other.plan(claim("m"), "--as", user);
  const step = stepOf(plan, "PersistentVolumeClaim", "m");
  assert.notEqual(step.action, "create");
  assert.deepEqual([fateOf(plan, "m").fate, fateOf(plan, "m").consent], ["AT RISK", "claim/m"]);
  // Without the right to list its members there is no plan at all.
  assert.match(await stack.noPlan(config("c", "1"), "--as", user), /MLS5103/);
});

test("what is being deleted: work is waited for, data is refused", async () => {
  const stack = await fresh("dying");
  await stack.settled(claim("m") + config("c", "1"));
  for (const path of [at(stack.ns, "persistentvolumeclaims", "m"), at(stack.ns, "configmaps", "c")]) {
    await cluster.must(cluster.merge(path, { metadata: { finalizers: ["example.com/wait"] } }), 200);
    await cluster.must(cluster.delete(path), 200, 202);
  }
  const plan = await stack.plan();
  assert.deepEqual(changed(plan).sort(), ["refused PersistentVolumeClaim/m", "replace ConfigMap/c"]);
  assert.match(plan.said, /MLS5106/);
});

test("a set that is made again takes over the claims of the one before", async () => {
  const stack = await fresh("again");
  await claimOfSet(stack.ns, "data-db-0");
  const plan = await stack.plan(set("db"));
  assert.deepEqual(fates(plan), ["rebound claim/data-db-0", "new claim/data-db-1"]);
  await stack.settled();
  const gone = await stack.plan(config("c", "1"));
  assert.ok(changed(gone).includes("delete StatefulSet/db"));
  assert.equal(fateOf(gone, "data-db-0").fate, "orphaned");
  assert.equal(gone.risksData, false);
});

test("order: what is used is made before what uses it, and goes after it", async () => {
  const stack = await fresh("order");
  const body = job("train", { mounts: `write model at "/model"` }) + claim("model") + config("c", "1");
  const kinds = (plan) => plan.steps.map(({ object }) => object.kind);
  assert.deepEqual(kinds(await stack.plan(body)), ["ConfigMap", "PersistentVolumeClaim", "Job"]);
  await stack.settled();
  const end = await stack.plan(config("d", "1"));
  assert.deepEqual(changed(end), ["create ConfigMap/d", "delete Job/train", "release PersistentVolumeClaim/model", "delete ConfigMap/c"]);
});

test("a snapshot that left the stack stays; named, its copy goes by the deletion policy", async (t) => {
  if (!cluster.own) return t.skip("kinds of snapshots are brought to the project's own server only");
  const stack = await fresh("snapshot");
  const group = "snapshot.storage.k8s.io";
  const bring = (plural, kind, scope) => cluster.must(cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: `${plural}.${group}`, annotations: { "api-approved.kubernetes.io": "unapproved, a test" } },
    spec: { group, scope, names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } } }] },
  }), 201);
  await bring("volumesnapshots", "VolumeSnapshot", "Namespaced");
  await bring("volumesnapshotcontents", "VolumeSnapshotContent", "Cluster");
  assert.ok(await cluster.until(`/apis/${group}/v1/volumesnapshotcontents`, (_, status) => status === 200));
  const snapshot = (name) => `snapshot ${name} { claim = m  class = "s" }\n`;
  const first = await stack.plan(claim("m") + snapshot("a") + snapshot("b"));
  assert.deepEqual(fates(first), ["new claim/m", "new VolumeSnapshot/a", "new VolumeSnapshot/b"]);
  await stack.settled();
  for (const [name, policy] of [["a", "Delete"], ["b", "Retain"]]) {
    await cluster.must(cluster.create(`/apis/${group}/v1/volumesnapshotcontents`, { apiVersion: `${group}/v1`, kind: "VolumeSnapshotContent", metadata: { name: `content-${name}` }, spec: { deletionPolicy: policy } }), 201);
    await cluster.must(cluster.merge(`/apis/${group}/v1/namespaces/${stack.ns}/volumesnapshots/${name}`, { status: { boundVolumeSnapshotContentName: `content-${name}`, restoreSize: "10Gi" } }), 200);
  }
  const gone = await stack.plan(claim("m"));
  assert.deepEqual(changed(gone).sort(), ["release VolumeSnapshot/a", "release VolumeSnapshot/b"]);
  const named = await stack.plan(undefined, "--allow-data-loss", "snapshot/a", "--allow-data-loss", "volumesnapshot/b");
  assert.deepEqual(named.state.map(({ fate, object, size, volume }) => [fate, object.name, size, volume]), [["LOST", "a", "10Gi", "content-a"], ["orphaned", "b", "10Gi", "content-b"]]);
  // Where snapshots are, a migration begins with one.
  await bind(cluster, stack.ns, "m");
  const moved = await stack.plan(claim("m", { of: stiff }) + snapshot("a") + snapshot("b"));
  assert.ok(moved.migrations[0].steps.some((step) => step.includes("VolumeSnapshot")), moved.migrations[0].steps.join("\n"));
});

/// A user who may do everything with some kinds of a namespace.
async function userWith(ns, resources) {
  const user = `some-${random()}`;
  const at = `/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}`;
  await cluster.must(cluster.create(`${at}/roles`, { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name: user }, rules: [{ apiGroups: ["", "apps", "batch"], resources, verbs: ["*"] }] }), 201);
  await cluster.must(cluster.create(`${at}/rolebindings`, { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: { name: user }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: user }, subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }] }), 201);
  return user;
}
/// Bound, and owned by an object that is there.
async function ownedClaim(ns, name, owner, policy = "Delete") {
  await cluster.must(cluster.create(`/api/v1/namespaces/${ns}/persistentvolumeclaims`, { metadata: { name }, spec: { accessModes: ["ReadWriteOnce"], storageClassName: fast, resources: { requests: { storage: "10Gi" } } } }), 201);
  await bind(cluster, ns, name, { policy, owner: { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid } });
}
const setPath = (ns) => `/apis/apps/v1/namespaces/${ns}/statefulsets/db`;
const partOf = "applyset.kubernetes.io/part-of";

test("whenScaled Delete needs consent when the set is adopted, made again, or its claims cannot be read", async () => {
  const stack = await fresh("scales");
  await stack.settled(set("db", { scaled: "Delete" }));
  await claimOfSet(stack.ns, "data-db-0");
  await claimOfSet(stack.ns, "data-db-1");
  const fewer = { scaled: "Delete", replicas: 1 };
  const again = await stack.plan(set("db", { ...fewer, size: "20Gi" }));
  assert.equal(stepOf(again, "StatefulSet", "db").action, "recreate");
  assert.deepEqual(fates(again), ["kept claim/data-db-0", "LOST claim/data-db-1"]);
  assert.equal(fateOf(again, "data-db-1").consent, "claim/data-db-1");
  assert.equal(again.obstacles.length, 1);
  const user = await userWith(stack.ns, ["configmaps", "services", "statefulsets"]);
  const blind = await stack.plan(set("db", fewer), "--as", user);
  assert.deepEqual([fateOf(blind, "db").fate, fateOf(blind, "db").consent], ["AT RISK", "StatefulSet/db"]);
  assert.equal(blind.obstacles.length, 1);
  await cluster.must(cluster.merge(setPath(stack.ns), { metadata: { labels: { [partOf]: null } } }), 200);
  const adopts = await stack.plan(set("db", fewer));
  assert.equal(stepOf(adopts, "StatefulSet", "db").action, "adopt");
  assert.deepEqual([fateOf(adopts, "data-db-1").fate, fateOf(adopts, "data-db-1").consented], ["LOST", false]);
});

test("a policy for claims that somebody else has set counts; replicas that are not said stay", async () => {
  const stack = await fresh("policy");
  const silent = (replicas) => set("db", { replicas }).replace(/ {2}claims-when-\w+ = \w+\n/g, "");
  await stack.settled(silent(2));
  await claimOfSet(stack.ns, "data-db-1");
  await cluster.must(cluster.merge(setPath(stack.ns), { spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete", whenDeleted: "Delete" } } }), 200);
  const plan = await stack.plan(silent(1));
  assert.deepEqual([fateOf(plan, "data-db-1").fate, fateOf(plan, "data-db-1").consent], ["LOST", "claim/data-db-1"]);
  // Nor does it need an owner's mark on the claim for the set to take it along.
  const gone = await stack.plan(config("c", "1"));
  assert.equal(stepOf(gone, "StatefulSet", "db").action, "release");
  assert.match(stepOf(gone, "StatefulSet", "db").why, /--allow-data-loss claim\/data-db-1/);
  // Replicas that somebody else sets: an update leaves them, a set that is made again begins with one.
  const other = await fresh("scaler");
  const scaled = (more) => set("db", { scaled: "Delete", ...more }).replace(/ {2}replicas = \d\n/, "");
  await other.settled(scaled());
  await cluster.must(cluster.merge(setPath(other.ns), { spec: { replicas: 3 } }), 200);
  await claimOfSet(other.ns, "data-db-2");
  assert.equal((await other.plan(scaled({ deleted: "Delete" }))).risksData, false);
  const again = await other.plan(scaled({ size: "20Gi" }));
  assert.match(stepOf(again, "StatefulSet", "db").why, /1 instead of 3/);
  assert.equal(fateOf(again, "data-db-2").fate, "LOST");
});

test("a volume that its own change gives away needs consent", async (t) => {
  if (await cluster.hasControllers()) return t.skip("a controller of volumes would set the phases itself");
  const stack = await fresh("reclaim");
  const name = `w-${id}`;
  const path = `/api/v1/persistentvolumes/${name}`;
  const volume = (policy, claimName) => `object "v1/PersistentVolume" v { metadata.name = "${name}"  spec {
    capacity { storage = "5Gi" }  accessModes = ["ReadWriteOnce"]  storageClassName = "none-${id}"  persistentVolumeReclaimPolicy = "${policy}"
    csi { driver = "csi.example.com"  volumeHandle = "h-${id}" }  claimRef { apiVersion = "v1"  kind = "PersistentVolumeClaim"  namespace = "${stack.ns}"  name = "${claimName}" }
  } }\n`;
  await stack.apply(volume("Retain", "x"));
  cluster.later(path);
  await cluster.must(cluster.merge(path, { spec: { claimRef: { uid: "11111111-2222-3333-4444-555555555555" } } }), 200);
  const phase = (now) => cluster.must(cluster.merge(`${path}/status`, { status: { phase: now } }), 200);
  await phase("Bound");
  const later = fateOf(await stack.plan(volume("Delete", "x")), name);
  assert.deepEqual([later.fate, later.consent], ["kept", ""]);
  const moved = fateOf(await stack.plan(volume("Delete", "y")), name);
  assert.deepEqual([moved.fate, moved.consent, moved.consented], ["LOST", `volume/${name}`, false]);
  const kept = fateOf(await stack.plan(volume("Retain", "y")), name);
  assert.deepEqual([kept.fate, kept.consent], ["orphaned", `volume/${name}`]);
  assert.match(kept.why, new RegExp(`${stack.ns}/x`));
  await phase("Released");
  const plan = await stack.plan(volume("Delete", "x"));
  assert.deepEqual([fateOf(plan, name).fate, fateOf(plan, name).consented], ["LOST", false]);
  assert.equal(plan.obstacles.length, 1);
  await cluster.must(cluster.merge(path, { metadata: { labels: { [partOf]: null } } }), 200);
  const adopts = await stack.plan();
  assert.equal(stepOf(adopts, "PersistentVolume", name).action, "adopt");
  assert.equal(fateOf(adopts, name).fate, "LOST");
  assert.deepEqual((await stack.plan(undefined, "--allow-data-loss", `pv/${name}`)).obstacles, []);
});

test("a name without a namespace agrees to the loss of what lies in the stack's own", async () => {
  const stack = await fresh("home");
  const far = await cluster.namespace("far");
  const both = claim("m") + claim("o", { more: `name = "m"  namespace = "${far}"` });
  await stack.settled(both + config("c", "1"));
  await bind(cluster, stack.ns, "m");
  await bind(cluster, far, "m");
  const kept = await stack.plan(config("c", "1"));
  assert.ok(kept.steps.some(({ why }) => why.includes(`--allow-data-loss claim/${far}/m`)), JSON.stringify(kept.steps));
  const actions = (plan) => plan.steps.filter(({ object }) => object.name === "m").map(({ action, object }) => `${action} ${object.namespace === far ? "far" : "home"}`).sort();
  assert.deepEqual(actions(await stack.plan(undefined, "--allow-data-loss", "claim/m")), ["delete home", "release far"]);
  assert.deepEqual(actions(await stack.plan(undefined, "--allow-data-loss", `claim/${far}/m`)), ["delete far", "release home"]);
});

test("claims go with owners of every kind, and an owner that cannot be read may be one", async () => {
  const stack = await fresh("owners");
  await stack.settled(job("train") + config("c", "1") + config("d", "1"));
  const train = await cluster.must(cluster.get(`/apis/batch/v1/namespaces/${stack.ns}/jobs/train`), 200);
  const c = await cluster.must(cluster.get(at(stack.ns, "configmaps", "c")), 200);
  await ownedClaim(stack.ns, "of-job", { apiVersion: "batch/v1", kind: "Job", ...train });
  await ownedClaim(stack.ns, "of-config", { apiVersion: "v1", kind: "ConfigMap", ...c });
  const again = await stack.plan(job("train", { image: "registry.k8s.io/pause:3.10" }) + config("c", "1") + config("d", "1"));
  assert.equal(stepOf(again, "Job", "train").action, "replace");
  assert.deepEqual([fateOf(again, "of-job").fate, fateOf(again, "of-job").consent], ["LOST", "claim/of-job"]);
  const gone = await stack.plan(config("d", "1"));
  assert.deepEqual(changed(gone).sort(), ["release ConfigMap/c", "release Job/train"]);
  assert.match(stepOf(gone, "ConfigMap", "c").why, /claim\/of-config/);
  assert.deepEqual(changed(await stack.plan(undefined, "--allow-data-loss", "claim/of-config")).sort(), ["delete ConfigMap/c", "release Job/train"]);
  // Between the job and the claim stands what this user may not read.
  const secret = await cluster.must(cluster.create(`/api/v1/namespaces/${stack.ns}/secrets`, { metadata: { name: "mid", ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name: "train", uid: train.metadata.uid }] } }), 201);
  await ownedClaim(stack.ns, "far", { apiVersion: "v1", kind: "Secret", metadata: secret.metadata });
  const user = await userWith(stack.ns, ["configmaps", "jobs", "persistentvolumeclaims"]);
  const blind = await stack.plan(job("train", { image: "registry.k8s.io/pause:3.10" }) + config("c", "1") + config("d", "1"), "--as", user);
  assert.deepEqual([fateOf(blind, "far").fate, fateOf(blind, "far").consent], ["AT RISK", "claim/far"]);
});

test("claims go with an owner that belongs to no namespace", async () => {
  const stack = await fresh("wide");
  const group = `w${id}.example.com`;
  const definition = crd(group);
  definition.spec.scope = "Cluster";
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/runs.${group}`;
  await cluster.must(cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition), 201);
  cluster.later(path);
  assert.ok(await cluster.until(path, (object) => object?.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True")));
  assert.ok(await cluster.until(`/apis/${group}/v1/runs`, (_, status) => status === 200));
  stack.learn(definition);
  await stack.settled(`object "${group}/v1/Run" r { spec { size = 1 } }\n` + config("c", "1"));
  const live = await cluster.must(cluster.get(`/apis/${group}/v1/runs/r`), 200);
  await ownedClaim(stack.ns, "own", { ...live, apiVersion: `${group}/v1`, kind: "Run" });
  const gone = await stack.plan(config("c", "1"));
  assert.deepEqual(changed(gone), ["release Run/r"]);
  assert.deepEqual(changed(await stack.plan(undefined, "--allow-data-loss", "claim/own")), ["delete Run/r"]);
  await stack.apply(undefined, "--allow-data-loss", "claim/own");
});

test("what a controller made with the stack's label is left alone", async () => {
  const stack = await fresh("copied");
  await stack.settled(config("c", "1") + config("d", "1"));
  const { metadata } = await cluster.must(cluster.get(at(stack.ns, "configmaps", "c")), 200);
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "c", uid: metadata.uid, controller: true };
  await cluster.must(cluster.create(`/api/v1/namespaces/${stack.ns}/configmaps`, { metadata: { name: "copy", labels: { [partOf]: metadata.labels[partOf] }, ownerReferences: [owner] } }), 201);
  const plan = await stack.plan();
  assert.deepEqual(changed(plan), []);
  assert.ok(plan.notes.some((note) => /1 object has the stack's label/.test(note)), plan.notes.join("\n"));
});

test("work that is being deleted says which claims go with it; volumes of single pods are scratch", async () => {
  const stack = await fresh("going");
  await stack.settled(job("train"));
  const path = `/apis/batch/v1/namespaces/${stack.ns}/jobs/train`;
  const train = { ...(await cluster.must(cluster.get(path), 200)), apiVersion: "batch/v1", kind: "Job" };
  await ownedClaim(stack.ns, "own", train);
  const owner = { apiVersion: "batch/v1", kind: "Job", name: "train", uid: train.metadata.uid };
  const pod = await cluster.must(cluster.create(`/api/v1/namespaces/${stack.ns}/pods`, { metadata: { name: "p", ownerReferences: [owner] }, spec: { containers: [{ name: "c", image: "registry.k8s.io/pause:3.9" }] } }), 201);
  await ownedClaim(stack.ns, "p-tmp", { apiVersion: "v1", kind: "Pod", metadata: pod.metadata });
  await cluster.must(cluster.merge(at(stack.ns, "persistentvolumeclaims", "p-tmp"), { metadata: { ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p", uid: pod.metadata.uid, controller: true }] } }), 200);
  const again = await stack.plan(job("train", { image: "registry.k8s.io/pause:3.10" }));
  assert.deepEqual([fateOf(again, "own").consent, fateOf(again, "p-tmp").fate, fateOf(again, "p-tmp").consent], ["claim/own", "LOST", ""]);
  await cluster.must(cluster.merge(path, { metadata: { finalizers: ["example.com/wait"] } }), 200);
  await cluster.must(cluster.delete(path), 200, 202);
  const plan = await stack.plan();
  assert.equal(stepOf(plan, "Job", "train").action, "replace");
  assert.deepEqual([fateOf(plan, "own").fate, fateOf(plan, "own").consent], ["LOST", ""]);
  assert.deepEqual(plan.obstacles, []);
});

test("what the stack takes for granted is looked for: a missing secret, claim or class is told at its line, and refuses nothing", async () => {
  const stack = await fresh("externals");
  await cluster.must(cluster.create(`/api/v1/namespaces/${stack.ns}/secrets`, { metadata: { name: "there" }, stringData: { token: "sesame" } }), 201);
  const plan = await stack.plan(`external secret there { keys = ["token"] }
external secret nowhere { keys = ["token"] }
external claim lost { size = 1Gi  access = ReadWriteOnce }
pod p {
  image = "registry.k8s.io/pause:3.9"
  env { A = there["token"]  B = nowhere["token"] }
  read lost at "/lost"
}`);
  assert.match(plan.said, /s\.mlstack:3:\d+: warning\[MLS5043\]: the cluster has no Secret `nowhere`/);
  assert.match(plan.said, /s\.mlstack:4:\d+: warning\[MLS5043\]: the cluster has no PersistentVolumeClaim `lost`/);
  assert.doesNotMatch(plan.said, /`there`|sesame/);
  assert.deepEqual(plan.obstacles, []);
});

test("a claim that names a volume which another claim holds is refused: it would wait for ever", async () => {
  const stack = await fresh("held");
  const body = (claims) => `volume disk { name = "disk-${id}-held"  capacity = 1Gi  access = ReadWriteOnce  class = "manual"  reclaim = Retain  source = nfs("h", "/x") }\n${claims}`;
  cluster.later(`/api/v1/persistentvolumes/disk-${id}-held`);
  await stack.apply(body("claim one { volume = disk }"));
  await cluster.must(cluster.merge(`/api/v1/persistentvolumes/disk-${id}-held`, { spec: { claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace: stack.ns, name: "one" } } }), 200);
  await cluster.must(cluster.merge(`/api/v1/persistentvolumes/disk-${id}-held/status`, { status: { phase: "Bound" } }), 200);
  const plan = await stack.plan(body("claim two { volume = disk }"));
  const { action, why } = stepOf(plan, "PersistentVolumeClaim", "two");
  assert.equal(action, "refused");
  assert.match(why, /holds: it would stay Pending/);
});
