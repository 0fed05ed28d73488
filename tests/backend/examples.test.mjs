// Every example, applied: the plan after it is empty, an apply after it changes nothing, and a destroy leaves what holds data alone
// and nothing else.
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { testServer } from "../server/testing.mjs";
import { run } from "./support.mjs";

const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const more = {
  "distributed-training.mlstack": ["--set", "image=ghcr.io/example/trainer:1"],
  environments: ["--params", join(examples, "environments/production.yaml")],
};
const data = new Set(["PersistentVolumeClaim", "PersistentVolume", "VolumeSnapshot", "CustomResourceDefinition"]);
const all = readdirSync(examples).filter((name) => name.endsWith(".mlstack") || statSync(join(examples, name)).isDirectory());
assert.ok(all.length >= 10);

for (const name of all) {
  test(name, async () => {
    const server = await testServer({ controllers: true });
    const cluster = { kubeconfig: join(server.folder, "kubeconfig") };
    const file = join(examples, name);
    const options = more[name] ?? [];
    const plan = async (...words) => {
      const answer = await run(cluster, ["plan", file, "--format", "json", ...options, ...words]);
      assert.ok(answer.out.startsWith("{"), answer.err);
      return { ...JSON.parse(answer.out), code: answer.code, err: answer.err };
    };
    // What an example takes for granted: its namespace, custom kinds, classes.
    const first = await plan("--offline");
    for (const ns of new Set(first.steps.map(({ object }) => object.namespace))) {
      if (ns && ns !== "default") await server.ask("POST", "/api/v1/namespaces", { body: { apiVersion: "v1", kind: "Namespace", metadata: { name: ns } } });
    }
    for (const { object } of first.steps) {
      const [group, version] = object.apiVersion.split("/");
      if (version && group.includes(".") && !group.endsWith(".k8s.io") || group.endsWith(".x-k8s.io")) await define(server, group, version, object.kind);
    }
    const applied = await run(cluster, ["apply", file, ...options, "--auto-approve", "--no-wait"]);
    assert.equal(applied.code, 0, applied.err);
    const second = await plan("--detailed-exitcode");
    assert.equal(second.code, 0, JSON.stringify(second.steps.filter(({ action }) => action !== "unchanged"), null, 1) + second.err);
    const again = await run(cluster, ["apply", file, ...options, "--auto-approve", "--no-wait"]);
    assert.equal(again.code, 0, again.err);
    assert.match(again.err, /nothing to do/);

    const gone = await run(cluster, ["destroy", file, ...options, "--auto-approve", "--timeout", "60s"]);
    assert.equal(gone.code, 0, gone.err);
    const { resources } = await served(server);
    for (const { object } of first.steps) {
      const path = resources.get(`${object.apiVersion}/${object.kind}`);
      const { code } = await server.ask("GET", `${path(object.namespace || "default")}/${object.name}`);
      const kept = data.has(object.kind) || object.kind === "Namespace";
      assert.equal(code, kept ? 200 : 404, `${object.kind}/${object.name} after destroy`);
    }
  });
}

async function define(server, group, version, kind) {
  const plural = `${kind.toLowerCase()}s`;
  const { code, text } = await server.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    body: {
      apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: `${plural}.${group}` },
      spec: {
        group, scope: "Namespaced", names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
        versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } } }],
      },
    },
  });
  assert.ok(code === 201 || code === 409, text);
}

/// "apps/v1/StatefulSet" → a function from a namespace to the collection's path.
async function served(server) {
  const resources = new Map();
  const groups = (await server.ask("GET", "/apis")).body.groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => groupVersion));
  for (const groupVersion of ["v1", ...groups]) {
    const base = groupVersion === "v1" ? "/api/v1" : `/apis/${groupVersion}`;
    for (const { name, kind, namespaced } of (await server.ask("GET", base)).body.resources) {
      if (!name.includes("/")) resources.set(`${groupVersion}/${kind}`, (ns) => (namespaced ? `${base}/namespaces/${ns}/${name}` : `${base}/${name}`));
    }
  }
  return { resources };
}

