// What needs controllers: a set made again around its pods and claims, the end of a stack with work that runs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "../contract/support/cluster.mjs";
import { Stack, changed, fateOf, stepOf, storageClass } from "./support.mjs";

const cluster = await Cluster.open({ controllers: true });
const controlled = await cluster.hasControllers();
const fast = await storageClass(cluster, `again-${Date.now()}`, { allowVolumeExpansion: true });
const set = (size, deleted = "Retain") => `
statefulset db {
  replicas = 1
  service = db
  claims-when-deleted = ${deleted}
  claim data { class = "${fast}"  size = ${size}  access = ReadWriteOnce }
  image = "registry.k8s.io/pause:3.9"
  write data at "/data"
}
service db { headless = true  selects = db  port http = 80 }
`;

for (const deleted of ["Retain", "Delete"]) {
  test(`a set is made again around its claims (whenDeleted ${deleted})`, async (t) => {
    if (!controlled) return t.skip("no controllers here");
    const stack = new Stack(cluster, await cluster.namespace("again"));
    const claim = `/api/v1/namespaces/${stack.ns}/persistentvolumeclaims/data-db-0`;
    const path = `/apis/apps/v1/namespaces/${stack.ns}/statefulsets/db`;
    await stack.settled(set("1Gi", deleted));
    const before = await cluster.until(claim, (object) => object !== undefined);
    assert.ok(before?.metadata, "the controller made no claim");
    const uid = (await cluster.must(cluster.get(path), 200)).metadata.uid;
    const plan = await stack.plan(set("2Gi", deleted));
    assert.equal(stepOf(plan, "StatefulSet", "db").action, "recreate");
    assert.equal(fateOf(plan, "data-db-0").fate, "kept");
    await stack.settled();
    assert.notEqual((await cluster.must(cluster.get(path), 200)).metadata.uid, uid);
    const { metadata, spec } = await cluster.must(cluster.get(claim), 200);
    assert.equal(metadata.uid, before.metadata.uid);
    assert.equal(metadata.deletionTimestamp, undefined);
    const end = await stack.destroy();
    assert.equal(end.code, 0, end.err);
    // One that never had a volume holds nothing, and may go with its set.
    if (deleted === "Retain" || spec.volumeName) assert.equal((await cluster.must(cluster.get(claim), 200)).metadata.deletionTimestamp, undefined);
    if (deleted === "Retain") assert.ok(changed(await stack.plan()).includes("create StatefulSet/db"));
  });
}
