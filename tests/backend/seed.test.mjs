// The seed stack's life: applied and awaited, its container crashes and comes back with the claim still mounted, planned again with nothing
// to do, a smaller claim refused, destroyed with claim and volume kept.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { testServer } from "../server/testing.mjs";
import { run } from "./support.mjs";

const example = readFileSync(fileURLToPath(new URL("../../examples/training-pod.mlstack", import.meta.url)), "utf8");
const folder = mkdtempSync(join(tmpdir(), "mlstack-seed-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "seed.mlstack");
const write = (text) => writeFileSync(file, text);

test("the seed stack from its first apply to its end", async () => {
  const server = await testServer({ controllers: true });
  const cluster = { kubeconfig: join(server.folder, "kubeconfig") };
  const pod = "/api/v1/namespaces/default/pods/ml-training-pod";
  const claim = "/api/v1/namespaces/default/persistentvolumeclaims/ml-model-data-pvc";
  const volume = "/api/v1/persistentvolumes/ml-model-data-pv";
  write(example);

  const applied = await run(cluster, ["apply", file, "--auto-approve", "--timeout", "60s"]);
  assert.equal(applied.code, 0, applied.err);
  assert.equal(applied.out, "ml_training_pod_name = ml-training-pod\n");
  const bound = (await server.ask("GET", claim)).body;
  assert.equal(bound.status.phase, "Bound");
  assert.equal(bound.spec.volumeName, "ml-model-data-pv");

  // The container ends badly and is started again, in the same pod, with the same claim.
  const before = (await server.ask("GET", pod)).body;
  const annotate = (fail) => server.ask("PATCH", pod, { type: "application/merge-patch+json", body: { metadata: { annotations: { "test.mlstack.dev/fail": fail } } } });
  await annotate("OOMKilled");
  let status;
  for (let tries = 0; tries < 100 && !(status?.work[0].restarts >= 1); ++tries) {
    await sleep(50);
    status = JSON.parse((await run(cluster, ["status", file, "--format", "json"])).out);
  }
  assert.ok(status.work[0].restarts >= 1, JSON.stringify(status));
  assert.match(status.work[0].lastReason, /OOMKilled/);
  assert.deepEqual(status.claims.map(({ volume: name, usedBy }) => [name, usedBy]), [["ml-model-data-pv", ["ml-training-pod"]]]);
  await annotate(null);
  const again = await run(cluster, ["plan", file, "--detailed-exitcode"]);
  assert.equal(again.code, 0, again.out + again.err);
  assert.equal((await server.ask("GET", pod)).body.metadata.uid, before.metadata.uid);

  write(example.replace("volume = ml-model-data-pv ", "size = 5Gi  volume = ml-model-data-pv "));
  const smaller = await run(cluster, ["apply", file, "--auto-approve"]);
  assert.equal(smaller.code, 1, smaller.err);
  assert.match(smaller.err, /refused +PersistentVolumeClaim\/ml-model-data-pvc/);
  assert.match(smaller.err, /seed\.mlstack:14:\d+: error\[MLS5/);
  assert.equal((await server.ask("GET", claim)).body.spec.resources.requests.storage, "10Gi");

  write(example);
  const gone = await run(cluster, ["destroy", file, "--auto-approve", "--timeout", "60s"]);
  assert.equal(gone.code, 0, gone.err);
  assert.equal((await server.ask("GET", pod)).code, 404);
  assert.equal((await server.ask("GET", claim)).body.metadata.uid, bound.metadata.uid);
  assert.equal((await server.ask("GET", volume)).body.status.phase, "Bound");

  // And taken up again: the same bytes.
  const back = await run(cluster, ["apply", file, "--auto-approve", "--timeout", "60s"]);
  assert.equal(back.code, 0, back.err);
  assert.equal((await server.ask("GET", claim)).body.metadata.uid, bound.metadata.uid);
});
