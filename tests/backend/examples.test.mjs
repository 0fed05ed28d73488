// Every example: applied, planned again with nothing to do, taken out again with its data kept.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Cluster } from "../contract/support/cluster.mjs";
import { run } from "./support.mjs";

const cluster = await Cluster.open();
const sources = join(process.env.MLSTACK_SOURCE_DIR ?? ".", "examples");
const folder = mkdtempSync(join(tmpdir(), "mlstack-examples-"));
after(() => rmSync(folder, { recursive: true, force: true }));
// What an example leaves to whoever runs it.
const parameters = { "distributed-training.mlstack": ["--set", "image=ghcr.io/example/trainer:1"] };
// Kinds that an operator brings, as far as a server needs to know them.
const operators = { "jobset-raw.mlstack": { group: "jobset.x-k8s.io", version: "v1alpha2", plural: "jobsets", kind: "JobSet" } };

async function bring({ group, version, plural, kind }) {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`;
  if ((await cluster.get(path)).status === 200) return;
  await cluster.must(cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition",
    // Groups of *.k8s.io want to know who approved them.
    metadata: { name: `${plural}.${group}`, annotations: { "api-approved.kubernetes.io": "unapproved, a test" } },
    spec: { group, scope: "Namespaced", names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } } }] },
  }), 201);
  cluster.later(path);
  assert.ok(await cluster.until(path, (object) => object?.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True")));
  assert.ok(await cluster.until(`/apis/${group}/${version}/namespaces/default/${plural}`, (_, status) => status === 200));
}

for (const name of readdirSync(sources).filter((file) => file.endsWith(".mlstack"))) {
  test(name, async (t) => {
    const ns = await cluster.namespace("example");
    const text = readFileSync(join(sources, name), "utf8");
    const file = join(folder, name);
    // A namespace of its own, also where the example names none.
    const own = text.replace(/^(stack [\w-]+ *\{[^}]*namespace\s*= )"[^"]*"/m, `$1"${ns}"`);
    writeFileSync(file, own);
    const options = [...(parameters[name] ?? []), ...(own === text ? ["--namespace", ns] : [])];
    if (operators[name]) {
      if (!cluster.own) return t.skip("operators are brought to the project's own server only");
      await bring(operators[name]);
    }
    const wide = async () => {
      const { out } = await run(cluster, ["plan", file, "--format", "json", ...options]);
      return JSON.parse(out).steps.filter(({ object }) => object.namespace === "");
    };
    // Objects of the cluster have the names that the example gives them: another user's are left alone.
    if ((await wide()).some(({ action }) => action !== "create")) return t.skip("the cluster has objects of these names");
    const applied = await run(cluster, ["apply", file, "--auto-approve", "--no-wait", ...options]);
    assert.equal(applied.code, 0, applied.err);
    const paths = { StorageClass: "/apis/storage.k8s.io/v1/storageclasses", PersistentVolume: "/api/v1/persistentvolumes", PriorityClass: "/apis/scheduling.k8s.io/v1/priorityclasses" };
    for (const { object } of await wide()) if (paths[object.kind]) cluster.later(`${paths[object.kind]}/${object.name}`);
    const again = await run(cluster, ["plan", file, "--detailed-exitcode", ...options]);
    assert.equal(again.code, 0, again.out + again.err);
    const end = await run(cluster, ["destroy", file, "--auto-approve", "--no-wait", ...options]);
    assert.equal(end.code, 0, end.err);
    const claims = await cluster.must(cluster.get(`/api/v1/namespaces/${ns}/persistentvolumeclaims`), 200);
    for (const claim of claims.items) assert.equal(claim.metadata.deletionTimestamp, undefined, claim.metadata.name);
    const declared = JSON.parse((await run(cluster, ["plan", file, "--format", "json", ...options])).out);
    const kept = declared.steps.filter(({ object }) => object.kind === "PersistentVolumeClaim");
    assert.ok(kept.every(({ action }) => action === "adopt"), JSON.stringify(kept.map(({ action }) => action)));
  });
}
