// What only holds where controllers run: claims that are bound, garbage that is collected, Jobs that end, namespaces that go.
// Pods need not run: where no kubelet does, the tests say what one would.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster, random } from "./support/cluster.mjs";
import { claim, configMap, deployment, job, pod, statefulSet, storageClass, template, volume } from "./support/objects.mjs";

const cluster = await Cluster.open({ controllers: true });
if (!await cluster.hasControllers()) {
  console.log("skipped: no controllers run beside this API server");
  process.exit(77);
}
const ns = await cluster.namespace("controllers");
const core = (plural) => `/api/v1/namespaces/${ns}/${plural}`;
const apps = (plural) => `/apis/apps/v1/namespaces/${ns}/${plural}`;
const batch = (plural) => `/apis/batch/v1/namespaces/${ns}/${plural}`;
const classes = "/apis/storage.k8s.io/v1/storageclasses", volumes = "/api/v1/persistentvolumes";
const nowhere = { nodeSelector: { "contract.example.com/none": "none" } };
const made = async (root, object) => {
  if (!root.includes("/namespaces/")) cluster.later(`${root}/${object.metadata.name}`);
  return cluster.must(cluster.create(root, object), 201);
};
const phase = (wanted) => (object) => object?.status?.phase === wanted;
const condition = (type) => (object) => object?.status?.conditions?.some((one) => one.type === type && one.status === "True");
/// The first event about an object that `matches`.
async function event(name, matches) {
  const path = `${core("events")}?fieldSelector=${encodeURIComponent(`involvedObject.name=${name}`)}`;
  const found = await cluster.until(path, (list) => list?.items.some(matches), 20_000);
  return found?.items.find(matches);
}
async function boundPair(name, policy = "Retain") {
  await made(volumes, volume(`contract-${name}-${ns.slice(-8)}`, { storageClassName: `contract-${ns}`, persistentVolumeReclaimPolicy: policy }));
  await made(core("persistentvolumeclaims"), claim(name, { storageClassName: `contract-${ns}` }));
  const bound = await cluster.until(`${core("persistentvolumeclaims")}/${name}`, phase("Bound"), 30_000);
  assert.ok(bound, `${name} is bound`);
  return { claim: bound, volumePath: `${volumes}/${bound.spec.volumeName}` };
}

test("a new namespace has its service account and the cluster's certificate", async () => {
  const own = `contract-fresh-${random()}`;
  await cluster.must(cluster.create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: own } }), 201);
  cluster.namespaces.push(own);
  assert.ok(await cluster.until(`/api/v1/namespaces/${own}/serviceaccounts/default`, (object) => object));
  assert.ok(await cluster.until(`/api/v1/namespaces/${own}/configmaps/kube-root-ca.crt`, (object) => object?.data?.["ca.crt"]));
});

test("a claim is bound to a volume that fits, and both say so", async () => {
  const { claim: bound, volumePath } = await boundPair("fits");
  assert.equal(bound.metadata.annotations["pv.kubernetes.io/bind-completed"], "yes");
  assert.deepEqual(bound.status.accessModes, ["ReadWriteOnce"]);
  assert.equal(bound.status.capacity.storage, "10Gi");
  const object = await cluster.until(volumePath, phase("Bound"));
  assert.deepEqual([object.spec.claimRef.namespace, object.spec.claimRef.name, object.spec.claimRef.uid], [ns, "fits", bound.metadata.uid]);
});
test("a kept volume is released with its claim, and not bound again by itself", async () => {
  const { volumePath } = await boundPair("released");
  await cluster.must(cluster.delete(`${core("persistentvolumeclaims")}/released`), 200, 202);
  assert.ok(await cluster.gone(`${core("persistentvolumeclaims")}/released`));
  const released = await cluster.until(volumePath, phase("Released"));
  assert.equal(released?.spec.claimRef.name, "released");
  await made(core("persistentvolumeclaims"), claim("released", { storageClassName: `contract-${ns}`, volumeName: released.metadata.name }));
  await new Promise((done) => setTimeout(done, 3_000));
  assert.equal((await cluster.get(`${core("persistentvolumeclaims")}/released`)).body.status.phase, "Pending");
  // Without the old claim's uid it is free for the new one.
  await cluster.must(cluster.merge(volumePath, { spec: { claimRef: null } }), 200);
  assert.ok(await cluster.until(`${core("persistentvolumeclaims")}/released`, phase("Bound"), 40_000));
});
test("a kept volume is given to a claim of another namespace: its reference is emptied and named anew", async () => {
  const { volumePath } = await boundPair("moves");
  await cluster.must(cluster.delete(`${core("persistentvolumeclaims")}/moves`), 200, 202);
  assert.ok(await cluster.until(volumePath, phase("Released")));
  const other = await cluster.namespace("rebound");
  await cluster.must(cluster.request("PATCH", volumePath, { contentType: "application/merge-patch+json", body: { spec: { claimRef: { namespace: other, name: "moved", uid: null, resourceVersion: null } } } }), 200);
  const { metadata: { name } } = (await cluster.get(volumePath)).body;
  await made(`/api/v1/namespaces/${other}/persistentvolumeclaims`, claim("moved", { storageClassName: `contract-${ns}`, volumeName: name }));
  assert.ok(await cluster.until(`/api/v1/namespaces/${other}/persistentvolumeclaims/moved`, phase("Bound"), 40_000));
});
test("a bound volume is protected: it goes after its claim", async () => {
  const { volumePath } = await boundPair("guarded");
  const going = await cluster.must(cluster.delete(volumePath), 200, 202);
  assert.ok(going.metadata.deletionTimestamp);
  await new Promise((done) => setTimeout(done, 1_500));
  assert.equal((await cluster.get(volumePath)).status, 200);
  await cluster.must(cluster.delete(`${core("persistentvolumeclaims")}/guarded`), 200, 202);
  assert.ok(await cluster.gone(volumePath, 30_000));
});
test("a claim that a placed pod uses goes after the pod", async () => {
  await boundPair("in-use");
  await made(core("pods"), pod("user", { nodeName: `contract-none-${random()}`, volumes: [{ name: "v", persistentVolumeClaim: { claimName: "in-use" } }] }));
  await new Promise((done) => setTimeout(done, 1_000));
  const path = `${core("persistentvolumeclaims")}/in-use`;
  await cluster.must(cluster.delete(path), 200, 202);
  await new Promise((done) => setTimeout(done, 1_500));
  assert.equal((await cluster.get(path)).body.metadata.deletionTimestamp !== undefined, true);
  await cluster.must(cluster.delete(`${core("pods")}/user?gracePeriodSeconds=0`), 200);
  assert.ok(await cluster.gone(path, 30_000));
});
test("a claim of a class that waits for its consumer says so and stays Pending", async () => {
  const name = `contract-wait-${random()}`;
  await made(classes, { ...storageClass(name), volumeBindingMode: "WaitForFirstConsumer" });
  await made(core("persistentvolumeclaims"), claim("waits", { storageClassName: name }));
  const said = await event("waits", ({ reason }) => reason === "WaitForFirstConsumer");
  assert.match(said?.message ?? "", /waiting for first consumer to be created before binding/);
  assert.equal((await cluster.get(`${core("persistentvolumeclaims")}/waits`)).body.status.phase, "Pending");
});
test("a claim that nothing provisions says why", async () => {
  await made(core("persistentvolumeclaims"), claim("none", { storageClassName: `contract-absent-${random()}` }));
  const said = await event("none", ({ reason }) => reason === "ProvisioningFailed");
  assert.match(said?.message ?? "", /storageclass\.storage\.k8s\.io "contract-absent-.*" not found/);
  assert.equal(said.type, "Warning");
});
test("a pod that fits nowhere says why", async (context) => {
  await made(core("pods"), pod("nowhere", nowhere));
  const said = await event("nowhere", ({ reason }) => reason === "FailedScheduling");
  if (!said) return context.skip("no scheduler runs");
  assert.match(said.message, /nodes are available|no nodes available/);
  const { status } = await cluster.must(cluster.get(`${core("pods")}/nowhere`), 200);
  assert.ok(status.conditions.some(({ type, status: is, reason }) => type === "PodScheduled" && is === "False" && reason === "Unschedulable"));
});

test("a StatefulSet makes its claims and leaves them; a new one of its name takes up claims and pods", async () => {
  const path = `${apps("statefulsets")}/set`, claimPath = `${core("persistentvolumeclaims")}/data-set-0`, podPath = `${core("pods")}/set-0`;
  const wanted = (more) => statefulSet("set", { replicas: 1, template: template(nowhere), ...more });
  const { metadata } = await made(apps("statefulsets"), wanted());
  const one = await cluster.until(podPath, (object) => object);
  assert.deepEqual([one.metadata.ownerReferences[0].uid, one.metadata.ownerReferences[0].controller], [metadata.uid, true]);
  assert.equal(one.spec.volumes[0].persistentVolumeClaim.claimName, "data-set-0");
  const data = await cluster.until(claimPath, (object) => object);
  assert.equal(data.metadata.ownerReferences, undefined);
  assert.deepEqual(data.metadata.labels, { app: "a" });
  const counted = await cluster.until(path, (object) => object?.status?.observedGeneration === object?.metadata?.generation && object?.status?.replicas === 1);
  assert.ok(counted.status.currentRevision);

  await cluster.must(cluster.delete(path, { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Orphan" }), 200, 202);
  assert.ok(await cluster.gone(path, 30_000));
  const orphan = await cluster.must(cluster.get(podPath), 200);
  assert.equal(orphan.metadata.uid, one.metadata.uid);
  assert.equal(orphan.metadata.ownerReferences, undefined);
  const again = await made(apps("statefulsets"), wanted({ serviceName: "other" }));
  assert.ok(await cluster.until(podPath, (object) => object?.metadata.ownerReferences?.[0].uid === again.metadata.uid), "the pod is taken up");
  assert.equal((await cluster.get(claimPath)).body.metadata.uid, data.metadata.uid);

  await cluster.must(cluster.delete(path, { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Foreground" }), 200, 202);
  assert.ok(await cluster.gone(podPath, 30_000));
  assert.ok(await cluster.gone(path, 30_000));
  assert.equal((await cluster.get(claimPath)).body.metadata.deletionTimestamp, undefined, "claims stay");
});
test("whenDeleted: Delete makes the StatefulSet the owner of its claims", async () => {
  const path = `${apps("statefulsets")}/owns`, claimPath = `${core("persistentvolumeclaims")}/data-owns-0`;
  const { metadata } = await made(apps("statefulsets"), statefulSet("owns", { replicas: 1, template: template(nowhere), persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Retain" } }));
  assert.ok(await cluster.until(claimPath, (object) => object?.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid)));
  await cluster.must(cluster.delete(`${path}?propagationPolicy=Background`), 200, 202);
  assert.ok(await cluster.gone(claimPath, 40_000), "and they go with it");
});
test("scaled down, a StatefulSet's claims stay by default", async () => {
  const path = `${apps("statefulsets")}/scaled`;
  await made(apps("statefulsets"), statefulSet("scaled", { replicas: 1, template: template(nowhere) }));
  assert.ok(await cluster.until(`${core("pods")}/scaled-0`, (object) => object));
  await cluster.must(cluster.request("PATCH", `${path}/scale`, { contentType: "application/merge-patch+json", body: { spec: { replicas: 0 } } }), 200);
  assert.ok(await cluster.gone(`${core("pods")}/scaled-0`, 30_000));
  const { body } = await cluster.get(`${core("persistentvolumeclaims")}/data-scaled-0`);
  assert.equal(body.metadata.deletionTimestamp, undefined);
});
test("a Deployment has a ReplicaSet, says which generation it has seen, and takes both down", async () => {
  const path = `${apps("deployments")}/web`;
  await made(apps("deployments"), deployment("web", { replicas: 1, template: template(nowhere) }));
  const seen = await cluster.until(path, (object) => object?.status?.observedGeneration === object?.metadata?.generation);
  assert.ok(seen);
  const sets = await cluster.until(`${apps("replicasets")}?labelSelector=app%3Da`, (list) => list?.items.length === 1);
  assert.equal(sets.items[0].metadata.ownerReferences[0].uid, seen.metadata.uid);
  assert.ok(sets.items[0].metadata.labels["pod-template-hash"]);
  await cluster.must(cluster.delete(`${path}?propagationPolicy=Foreground`), 200, 202);
  assert.ok(await cluster.gone(path, 30_000));
  assert.deepEqual((await cluster.must(cluster.get(apps("replicasets")), 200)).items, []);
});
test("a Job ends with its pod, and goes when its time is over", async () => {
  const path = `${batch("jobs")}/run`;
  await made(batch("jobs"), job("run", { suspend: false, ttlSecondsAfterFinished: 2, template: { spec: { ...job("").spec.template.spec, ...nowhere } } }));
  const pods = await cluster.until(`${core("pods")}?labelSelector=batch.kubernetes.io%2Fjob-name%3Drun`, (list) => list?.items.length === 1);
  const [one] = pods.items;
  assert.match(one.metadata.name, /^run-[a-z0-9]{5}$/);
  if (one.status.phase === "Pending")
    await cluster.request("PATCH", `${core("pods")}/${one.metadata.name}/status`, { contentType: "application/merge-patch+json", body: { status: { phase: "Succeeded" } } });
  let complete;
  const ended = await cluster.until(path, (object, status) => { if (condition("Complete")(object)) complete = object; return complete || status === 404; }, 40_000);
  assert.ok(ended, "Complete");
  if (complete) {
    assert.equal(complete.status.succeeded, 1);
    assert.ok(complete.status.completionTime);
  }
  assert.ok(await cluster.gone(path, 30_000));
});
test("a Job whose pods fail too often has Failed and says why", async () => {
  const path = `${batch("jobs")}/fails`;
  await made(batch("jobs"), job("fails", { suspend: false, backoffLimit: 0, template: { spec: { ...job("").spec.template.spec, ...nowhere } } }));
  const pods = await cluster.until(`${core("pods")}?labelSelector=batch.kubernetes.io%2Fjob-name%3Dfails`, (list) => list?.items.length === 1);
  const [one] = pods.items;
  const said = await cluster.request("PATCH", `${core("pods")}/${one.metadata.name}/status`, { contentType: "application/merge-patch+json", body: { status: { phase: "Failed" } } });
  assert.equal(said.status, 200, said.text);
  const failed = await cluster.until(path, condition("Failed"), 40_000);
  assert.ok(failed, "Failed");
  assert.equal(failed.status.conditions.find(({ type }) => type === "Failed").reason, "BackoffLimitExceeded");
});
test("what an object owns goes after it; what has an owner that never was goes too", async () => {
  const owner = await made(core("configmaps"), configMap("owner"));
  const owned = (name, uid, of) => ({ ...configMap(name), metadata: { name, ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: of, uid }] } });
  await made(core("configmaps"), owned("child", owner.metadata.uid, "owner"));
  await made(core("configmaps"), owned("stray", "00000000-0000-0000-0000-000000000000", "never"));
  await cluster.must(cluster.delete(`${core("configmaps")}/owner`), 200);
  assert.ok(await cluster.gone(`${core("configmaps")}/child`, 30_000));
  assert.ok(await cluster.gone(`${core("configmaps")}/stray`, 30_000));
});
test("a namespace takes what is in it along, and waits for finalizers", async () => {
  const own = await cluster.namespace("whole"), path = `/api/v1/namespaces/${own}`;
  await made(`${path}/configmaps`, configMap("plain"));
  await made(`${path}/persistentvolumeclaims`, claim("data"));
  await made(`${path}/configmaps`, configMap("kept", {}, { finalizers: ["example.com/a"] }));
  await cluster.must(cluster.delete(path), 200, 202);
  assert.ok(await cluster.gone(`${path}/configmaps/plain`, 30_000));
  assert.ok(await cluster.gone(`${path}/persistentvolumeclaims/data`, 30_000));
  const waits = await cluster.until(path, (object) => condition("NamespaceFinalizersRemaining")(object), 30_000);
  assert.ok(waits, "it says what it waits for");
  await cluster.must(cluster.merge(`${path}/configmaps/kept`, { metadata: { finalizers: null } }), 200);
  assert.ok(await cluster.gone(path, 60_000));
});
test("a ResourceQuota counts what is there", async () => {
  const own = await cluster.namespace("counted"), path = `/api/v1/namespaces/${own}`;
  await made(`${path}/persistentvolumeclaims`, claim("one"));
  await made(`${path}/resourcequotas`, { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "q" }, spec: { hard: { "requests.storage": "50Gi" } } });
  const counted = await cluster.until(`${path}/resourcequotas/q`, (object) => object?.status?.used?.["requests.storage"] === "10Gi", 20_000);
  assert.ok(counted);
  assert.deepEqual(counted.status.hard, { "requests.storage": "50Gi" });
});
