// Deletes: what goes at once, what waits for its finalizers, which preconditions are kept.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/, …/architecture/garbage-collection/
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster, assertStatus, random } from "./support/cluster.mjs";
import { claim, configMap, deployment, job, pod, statefulSet, volume } from "./support/objects.mjs";

const cluster = await Cluster.open();
const ns = await cluster.namespace("delete");
const core = (plural) => `/api/v1/namespaces/${ns}/${plural}`;
const apps = (plural) => `/apis/apps/v1/namespaces/${ns}/${plural}`;
const made = async (root, object) => cluster.must(cluster.create(root, object), 201);
const options = (more) => ({ apiVersion: "v1", kind: "DeleteOptions", ...more });

test("gone at once: the answer is a Status with the uid, then 404", async () => {
  const object = await made(core("configmaps"), configMap("once"));
  const answer = await cluster.delete(`${core("configmaps")}/once`);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.kind, "Status");
  assert.equal(answer.body.status, "Success");
  assert.deepEqual(answer.body.details, { name: "once", kind: "configmaps", uid: object.metadata.uid });
  for (const again of [await cluster.delete(`${core("configmaps")}/once`), await cluster.get(`${core("configmaps")}/once`)]) {
    const status = assertStatus(again, 404, "NotFound");
    assert.equal(status.message, 'configmaps "once" not found');
    assert.deepEqual(status.details, { name: "once", kind: "configmaps" });
  }
  const grouped = assertStatus(await cluster.delete(`${apps("deployments")}/none`), 404, "NotFound");
  assert.equal(grouped.message, 'deployments.apps "none" not found');
  assert.deepEqual(grouped.details, { name: "none", group: "apps", kind: "deployments" });
});

test("a uid or a version that is not the object's: 409, and it stays", async () => {
  const object = await made(core("configmaps"), configMap("precondition"));
  const path = `${core("configmaps")}/precondition`;
  const other = assertStatus(await cluster.delete(path, options({ preconditions: { uid: "00000000-0000-0000-0000-000000000000" } })), 409, "Conflict");
  assert.match(other.message, /the UID in the precondition \(00000000-0000-0000-0000-000000000000\) does not match the UID in record \([0-9a-f-]+\)/);
  await cluster.must(cluster.merge(path, { data: { b: "1" } }), 200);
  const stale = assertStatus(await cluster.delete(path, options({ preconditions: { resourceVersion: object.metadata.resourceVersion } })), 409, "Conflict");
  assert.match(stale.message, /the ResourceVersion in the precondition \(\d+\) does not match the ResourceVersion in record \(\d+\)/);
  const { metadata } = await cluster.must(cluster.get(path), 200);
  assert.equal(metadata.deletionTimestamp, undefined);
  await cluster.must(cluster.delete(path, options({ preconditions: { uid: metadata.uid, resourceVersion: metadata.resourceVersion } })), 200);
  assertStatus(await cluster.get(path), 404, "NotFound");
});

test("a finalizer keeps it: deletionTimestamp, no way back, gone with the last one", async () => {
  const path = `${core("configmaps")}/kept`;
  await made(core("configmaps"), configMap("kept", { a: "1" }, { finalizers: ["example.com/a", "example.com/b"] }));
  const answer = await cluster.delete(path);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.kind, "ConfigMap", "the object as it is, not a Status");
  const going = await cluster.must(cluster.get(path), 200);
  assert.match(going.metadata.deletionTimestamp, /Z$/);
  assert.equal(going.metadata.deletionGracePeriodSeconds, 0);
  const again = await cluster.delete(path);
  assert.ok([200, 202, 409].includes(again.status), again.text);
  assert.equal((await cluster.get(path)).body.metadata.deletionTimestamp, going.metadata.deletionTimestamp);
  const applied = await cluster.apply(path, configMap("kept", { mine: "1" }));
  assert.equal(applied.status, 200, "what is going can still be applied to");
  assert.ok(applied.body.metadata.deletionTimestamp);
  const more = await cluster.merge(path, { metadata: { finalizers: ["example.com/a", "example.com/b", "example.com/c"] } });
  assertStatus(more, 422, "Invalid");
  const back = await cluster.must(cluster.merge(path, { metadata: { deletionTimestamp: null } }), 200);
  assert.ok(back.metadata.deletionTimestamp);
  const one = await cluster.must(cluster.merge(path, { metadata: { finalizers: ["example.com/b"] } }), 200);
  assert.deepEqual(one.metadata.finalizers, ["example.com/b"]);
  await cluster.must(cluster.merge(path, { metadata: { finalizers: null } }), 200);
  assertStatus(await cluster.get(path), 404, "NotFound");
});

test("a claim is protected: it waits for who uses it", async () => {
  const path = `${core("persistentvolumeclaims")}/used`;
  await made(core("persistentvolumeclaims"), claim("used"));
  await made(core("pods"), pod("user", { nodeSelector: { "contract.example.com/none": "none" }, volumes: [{ name: "v", persistentVolumeClaim: { claimName: "used" } }] }));
  const going = await cluster.must(cluster.delete(path), 200, 202);
  assert.ok(going.metadata.deletionTimestamp);
  assert.deepEqual(going.metadata.finalizers, ["kubernetes.io/pvc-protection"]);
  // Nobody placed the pod, so it does not keep the claim; whoever takes the finalizer away, the claim goes then.
  await cluster.must(cluster.delete(`${core("pods")}/user?gracePeriodSeconds=0`), 200);
  if (!await cluster.hasControllers()) await cluster.must(cluster.merge(path, { metadata: { finalizers: null } }), 200);
  assert.ok(await cluster.gone(path));
});

test("a volume is protected as well", async () => {
  const name = `contract-${random()}`, path = cluster.later(`/api/v1/persistentvolumes/${name}`);
  const object = await made("/api/v1/persistentvolumes", volume(name));
  assert.deepEqual(object.metadata.finalizers, ["kubernetes.io/pv-protection"]);
  const answer = await cluster.must(cluster.delete(path), 200, 202);
  assert.ok(answer.kind === "PersistentVolume" ? answer.metadata.deletionTimestamp : answer.status === "Success");
});

for (const [policy, finalizer] of [["Foreground", "foregroundDeletion"], ["Orphan", "orphan"]])
  test(`${policy}: the ${finalizer} finalizer, for the garbage collector`, async () => {
    const name = policy.toLowerCase(), path = `${apps("statefulsets")}/${name}`;
    await made(apps("statefulsets"), statefulSet(name, { replicas: 0 }));
    const dependent = configMap(`${name}-child`);
    const { metadata } = await cluster.must(cluster.get(path), 200);
    dependent.metadata.ownerReferences = [{ apiVersion: "apps/v1", kind: "StatefulSet", name, uid: metadata.uid, blockOwnerDeletion: true, controller: true }];
    await made(core("configmaps"), dependent);
    const answer = await cluster.must(cluster.delete(path, options({ propagationPolicy: policy })), 200, 202);
    if (answer.kind === "StatefulSet") {
      assert.deepEqual(answer.metadata.finalizers, [finalizer]);
      assert.ok(answer.metadata.deletionTimestamp);
    }
    if (await cluster.hasControllers()) {
      assert.ok(await cluster.gone(path, 30_000));
      const child = `${core("configmaps")}/${name}-child`;
      if (policy === "Foreground") assert.ok(await cluster.gone(child));
      else assert.equal((await cluster.must(cluster.get(child), 200)).metadata.ownerReferences, undefined);
    } else {
      await cluster.must(cluster.merge(path, { metadata: { finalizers: null } }), 200);
      assertStatus(await cluster.get(path), 404, "NotFound");
    }
  });

test("Background is the default of workloads; a query says it as well as a body", async () => {
  await made(apps("deployments"), deployment("background"));
  await cluster.must(cluster.delete(`${apps("deployments")}/background?propagationPolicy=Background`), 200);
  assertStatus(await cluster.get(`${apps("deployments")}/background`), 404, "NotFound");
  await made(`/apis/batch/v1/namespaces/${ns}/jobs`, job("job"));
  const answer = await cluster.delete(`/apis/batch/v1/namespaces/${ns}/jobs/job`);
  assert.equal(answer.status, 200, answer.text);
  // Jobs alone orphan their pods by default, with a warning.
  assert.match(String(answer.headers.warning), /child pods are preserved by default when jobs are deleted/);
});

test("a policy or precondition that is none is refused; a dry run deletes nothing", async () => {
  await made(core("configmaps"), configMap("dry"));
  const path = `${core("configmaps")}/dry`;
  assertStatus(await cluster.delete(path, options({ propagationPolicy: "Sideways" })), 422, "Invalid");
  const dry = await cluster.must(cluster.delete(`${path}?dryRun=All`), 200);
  assert.ok(dry.kind === "Status" || dry.kind === "ConfigMap");
  await cluster.must(cluster.delete(path, options({ dryRun: ["All"] })), 200);
  assert.equal((await cluster.get(path)).status, 200);
});

test("a pod that no node has goes at once; grace is for kubelets", async () => {
  await made(core("pods"), pod("unplaced", { nodeSelector: { "contract.example.com/none": "none" } }));
  await cluster.must(cluster.delete(`${core("pods")}/unplaced`), 200);
  assert.ok(await cluster.gone(`${core("pods")}/unplaced`, 2_000));
});

test("a placed pod has its grace, and a kubelet or grace 0 ends it", async () => {
  const path = `${core("pods")}/placed`;
  await made(core("pods"), pod("placed", { nodeName: `contract-none-${random()}`, terminationGracePeriodSeconds: 600 }));
  const going = await cluster.must(cluster.delete(path), 200, 202);
  assert.equal(going.metadata.deletionGracePeriodSeconds, 600);
  assert.ok(Date.parse(going.metadata.deletionTimestamp) > Date.now() + 500_000);
  if (!await cluster.hasControllers()) assert.equal((await cluster.get(path)).status, 200);
  await cluster.must(cluster.delete(`${path}?gracePeriodSeconds=0`), 200, 404);
  assert.ok(await cluster.gone(path));
});

test("a collection by label", async () => {
  for (const name of ["c1", "c2", "c3"]) await made(core("configmaps"), configMap(name, {}, { labels: { batch: name === "c3" ? "no" : "yes" } }));
  const answer = await cluster.must(cluster.delete(`${core("configmaps")}?labelSelector=batch%3Dyes`), 200);
  assert.equal(answer.kind, "ConfigMapList");
  const { items } = await cluster.must(cluster.get(`${core("configmaps")}?labelSelector=batch`), 200);
  assert.deepEqual(items.map(({ metadata }) => metadata.name), ["c3"]);
});

test("a namespace goes through Terminating, and takes nothing new then", async () => {
  const name = await cluster.namespace("going"), path = `/api/v1/namespaces/${name}`;
  await made(`${path}/configmaps`, configMap("kept", {}, { finalizers: ["example.com/a"] }));
  const going = await cluster.must(cluster.delete(path), 200, 202);
  assert.equal(going.status.phase, "Terminating");
  assert.ok(going.metadata.deletionTimestamp);
  assert.deepEqual(going.spec.finalizers, ["kubernetes"]);
  // The admission plugin sees namespaces through a watch of its own.
  let refused;
  for (const end = Date.now() + 5_000; Date.now() < end && refused?.status !== 403;) {
    const late = `late-${random()}`;
    refused = await cluster.apply(`${path}/configmaps/${late}`, configMap(late));
  }
  const status = assertStatus(refused, 403, "Forbidden");
  assert.match(status.message, new RegExp(`unable to create new content in namespace ${name} because it is being terminated`));
  assert.ok(status.details.causes.some(({ reason }) => reason === "NamespaceTerminating"));
  await cluster.must(cluster.merge(`${path}/configmaps/kept`, { metadata: { finalizers: null } }), 200);
  if (await cluster.hasControllers()) assert.ok(await cluster.gone(path, 30_000));
});

test("a create of what is still going: 409, and it says so", async () => {
  await made(core("configmaps"), configMap("again", {}, { finalizers: ["example.com/a"] }));
  await cluster.must(cluster.delete(`${core("configmaps")}/again`), 200);
  const status = assertStatus(await cluster.create(core("configmaps"), configMap("again")), 409, "AlreadyExists");
  assert.equal(status.message, 'object is being deleted: configmaps "again" already exists');
});
