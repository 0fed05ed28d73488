// The server under test as every kubectl on PATH sees it: an independent client, with discovery, tables, patches, waits
// and schemas as it wants them. What holds only for newer ones says from which version; Debian 12 has 1.20.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, constants, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, describe, test } from "node:test";
import { Cluster, image, random } from "./support/cluster.mjs";
import { claim, configMap, crd, deployment, pod, service, statefulSet, template } from "./support/objects.mjs";

const programs = [...new Set((process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "kubectl")).filter((path) => {
  try { accessSync(path, constants.X_OK); return true; } catch { return false; }
}).map((path) => realpathSync(path)))].map((program) => {
  const { stdout } = spawnSync(program, ["version", "--client", "-o", "json"], { encoding: "utf8" });
  try {
    const { major, minor, gitVersion } = JSON.parse(stdout).clientVersion;
    return { program, gitVersion, minor: major === "1" ? Number.parseInt(minor, 10) : 0 };
  } catch { return { program, gitVersion: "none", minor: 0 }; }
}).filter(({ program, gitVersion, minor }) => {
  if (minor < 20) console.log(`${program} is ${gitVersion}: older than 1.20, not tested`);
  return minor >= 20;
});
if (programs.length === 0) {
  console.log("skipped: no kubectl from 1.20 on PATH");
  process.exit(77);
}
const cluster = await Cluster.open();
const scratch = mkdtempSync(join(tmpdir(), "mlstack-kubectl-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

for (const { program, gitVersion, minor } of programs) {
  const ns = await cluster.namespace("kubectl");
  const run = (words, { input, env = {} } = {}) => new Promise((done) => {
    // Caches of discovery and schemas are kept by host and port: another server may have had them.
    const child = execFile(program, ["--kubeconfig", cluster.kubeconfig, "--cache-dir", join(scratch, `cache-${gitVersion}`), "-n", ns, ...words],
      { encoding: "utf8", timeout: 60_000, env: { ...process.env, HOME: scratch, KUBECONFIG: "", ...env } },
      (error, out, err) => done({ status: error ? (typeof error.code === "number" ? error.code : -1) : 0, out, err }));
    child.stdin.end(input ?? "");
  });
  const ok = async (...words) => {
    const { status, out, err } = await run(words);
    assert.equal(status, 0, `kubectl ${words.join(" ")}: ${out}${err}`);
    return out;
  };
  const file = (name, ...objects) => {
    const path = join(scratch, `${name}.json`);
    writeFileSync(path, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    return path;
  };
  // Before 1.25 the OpenAPI v2 document decides what takes dry runs and which fields there are; the test server's names kinds alone.
  const whole = (than) => (cluster.own ? newer(than) : false);
  const newer = (than) => minor >= than ? false : `kubectl ${gitVersion} is older than 1.${than}`;

  describe(`kubectl ${gitVersion}`, () => {
    const stack = (data = "1") => [configMap("settings", { a: data }), claim("data"), service("db", { clusterIP: "None" }), statefulSet("db"),
      deployment("web", { template: template({ containers: [{ name: "main", image, env: [{ name: "DATA", value: data }] }] }) })];

    test("version, api-versions and api-resources", async () => {
      const { serverVersion } = JSON.parse(await ok("version", "-o", "json"));
      assert.match(serverVersion.gitVersion, /^v1\./);
      const versions = (await ok("api-versions")).split("\n");
      for (const wanted of ["v1", "apps/v1", "batch/v1", "storage.k8s.io/v1"]) assert.ok(versions.includes(wanted), wanted);
      assert.match(await ok("api-resources"), /^persistentvolumeclaims +pvc +v1 +true +PersistentVolumeClaim *$/m);
    });
    test("apply --server-side, and again", async () => {
      const path = file("stack", ...stack());
      for (let time = 0; time < 2; ++time) {
        const out = await ok("apply", "--server-side", "-f", path);
        assert.deepEqual(out.trim().split("\n").sort(), ["configmap/settings serverside-applied", "deployment.apps/web serverside-applied",
          "persistentvolumeclaim/data serverside-applied", "service/db serverside-applied", "statefulset.apps/db serverside-applied"]);
      }
    });
    test("get: a table for people, names, JSON, by label and by field", async () => {
      const table = await ok("get", "pvc", "data");
      assert.match(table, /^NAME +STATUS +VOLUME +CAPACITY +ACCESS MODES +STORAGECLASS +/);
      assert.match(table, /^data +Pending +/m);
      assert.match(await ok("get", "statefulset,deployment", "--no-headers"), /^statefulset\.apps\/db +0\/0 +/m);
      assert.equal((await ok("get", "configmap/settings", "-o", "name")).trim(), "configmap/settings");
      assert.equal(JSON.parse(await ok("get", "cm", "settings", "-o", "json")).data.a, "1");
      assert.match(await ok("get", "cm", "settings", "-o", "yaml"), /^ {2}a: "1"$/m);
      assert.equal((await ok("get", "cm", "--field-selector", "metadata.name=settings", "-o", "jsonpath={.items[*].metadata.name}")).trim(), "settings");
      const none = await run(["get", "cm", "-l", "none=none"]);
      assert.match(none.err, /No resources found in .* namespace/);
      const absent = await run(["get", "cm", "absent"]);
      assert.equal(absent.status, 1);
      assert.match(absent.err, /Error from server \(NotFound\): configmaps "absent" not found/);
    });
    test("diff --server-side: 0 when nothing would change, 1 with the lines that would", { skip: whole(25) }, async () => {
      const same = await run(["diff", "--server-side", "-f", file("same", ...stack())]);
      assert.equal(same.status, 0, same.out + same.err);
      const other = await run(["diff", "--server-side", "-f", file("other", ...stack("2"))]);
      assert.equal(other.status, 1, other.err);
      assert.match(other.out, /^- +a: "1"\n\+ +a: "2"$/m);
      assert.match(other.out, /^\+ +value: "2"$/m);
    });
    test("a conflict names the manager and the field; --force-conflicts takes it", async () => {
      const path = file("conflict", configMap("settings", { a: "3" }));
      const refused = await run(["apply", "--server-side", "--field-manager", "other", "-f", path]);
      assert.equal(refused.status, 1);
      assert.match(refused.err, /conflict with "kubectl".*: \.data\.a/);
      assert.match(await ok("apply", "--server-side", "--field-manager", "other", "--force-conflicts", "-f", path), /serverside-applied/);
    });
    test("apply as in old days, with a strategic patch", async () => {
      const path = (replicas) => file("client", deployment("client", { replicas, template: template({ nodeSelector: { "contract.example.com/none": "none" } }) }));
      assert.match(await ok("apply", "-f", path(0)), /deployment\.apps\/client created/);
      assert.match(await ok("apply", "-f", path(0)), /deployment\.apps\/client unchanged/);
      assert.match(await ok("apply", "-f", path(1)), /deployment\.apps\/client configured/);
      assert.equal(await ok("get", "deployment", "client", "-o", "jsonpath={.spec.replicas}"), "1");
      assert.match(await ok("scale", "deployment", "client", "--replicas", "0"), /scaled/);
      assert.equal(await ok("get", "deployment", "client", "-o", "jsonpath={.spec.replicas}"), "0");
    });
    test("create, label, annotate, patch, replace, edit what is there", async () => {
      assert.match(await ok("create", "configmap", "made", "--from-literal", "x=1"), /configmap\/made created/);
      await ok("label", "cm", "made", "l=1");
      await ok("annotate", "cm", "made", "n=1");
      await ok("patch", "cm", "made", "--type", "merge", "-p", '{"data":{"y":"2"}}');
      await ok("patch", "cm", "made", "--type", "json", "-p", '[{"op":"remove","path":"/data/x"}]');
      const made = JSON.parse(await ok("get", "cm", "made", "-o", "json"));
      assert.deepEqual([made.data, made.metadata.labels, made.metadata.annotations], [{ y: "2" }, { l: "1" }, { n: "1" }]);
      const path = join(scratch, "made.json");
      writeFileSync(path, JSON.stringify({ ...made, data: { z: "3" } }));
      await ok("replace", "-f", path);
      const stale = await run(["replace", "-f", path]);
      assert.match(stale.err, /the object has been modified/);
      const again = await run(["create", "configmap", "made"]);
      assert.match(again.err, /configmaps "made" already exists/);
    });
    test("a dry run on the server keeps nothing", { skip: whole(25) }, async () => {
      assert.match(await ok("apply", "--server-side", "--dry-run=server", "-f", file("dry", configMap("dry"))), /serverside-applied \(server dry run\)/);
      assert.equal((await run(["get", "cm", "dry"])).status, 1);
    });
    test("describe", async () => {
      const described = await ok("describe", "pvc", "data");
      assert.match(described, /^Name: +data$/m);
      assert.match(described, /^Finalizers: +\[kubernetes\.io\/pvc-protection\]$/m);
      assert.match(await ok("describe", "statefulset", "db"), /^Volume Claims:$/m);
    });
    test("what it may, and what it refuses before sending", { skip: whole(25) }, async () => {
      assert.equal((await ok("auth", "can-i", "delete", "pvc")).trim(), "yes");
      const odd = { ...configMap("odd"), dta: { a: "1" } };
      const refused = await run(["create", "-f", file("odd", odd), minor >= 25 ? "--validate=strict" : "--validate=true"]);
      assert.equal(refused.status, 1, refused.out);
      assert.match(refused.err, /dta/);
    });
    test("wait", async () => {
      await ok("apply", "--server-side", "-f", file("waited", pod("waited", { nodeSelector: { "contract.example.com/none": "none" } })));
      const status = `/api/v1/namespaces/${ns}/pods/waited/status`;
      const waiting = run(["wait", "--for=condition=Ready", "pod/waited", "--timeout=30s"]);
      await new Promise((done) => setTimeout(done, 500));
      await cluster.must(cluster.merge(status, { status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] } }), 200);
      const waited = await waiting;
      assert.match(waited.out, /pod\/waited condition met/, waited.err);
      const gone = run(["wait", "--for=delete", "pod/waited", "--timeout=30s"]);
      await new Promise((done) => setTimeout(done, 500));
      await cluster.must(cluster.delete(`/api/v1/namespaces/${ns}/pods/waited?gracePeriodSeconds=0`), 200);
      assert.equal((await gone).status, 0);
      const never = await run(["wait", "--for=condition=Odd", "statefulset/db", "--timeout=1s"]);
      assert.equal(never.status, 1);
      assert.match(never.err, /timed out waiting for the condition/);
    });
    test("wait for a value", { skip: newer(23) }, async () => {
      assert.match(await ok("wait", "--for=jsonpath={.status.phase}=Pending", "pvc/data", "--timeout=10s"), /condition met/);
    });
    test("rollout: status and history", async () => {
      await cluster.must(cluster.merge(`/apis/apps/v1/namespaces/${ns}/deployments/web/status`, { status: { observedGeneration: 1, replicas: 0, updatedReplicas: 0 } }), 200);
      assert.match(await ok("rollout", "status", "deployment/web", "--timeout=20s"), /successfully rolled out/);
    });
    test("a watch shows what comes", async () => {
      const watching = run(["get", "cm", "-w", "-o", "name", "--request-timeout=4s"]);
      await new Promise((done) => setTimeout(done, 1000));
      await ok("create", "configmap", "seen");
      const { out } = await watching;
      assert.match(out, /configmap\/settings/);
      assert.match(out, /configmap\/seen/);
    });
    test("a kind of one's own is found after it was defined", async () => {
      const group = `k${random()}.example.com`, path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/runs.${group}`;
      cluster.later(path);
      const definition = join(scratch, "crd.json");
      writeFileSync(definition, JSON.stringify(crd(group)));
      await ok("apply", "--server-side", "-f", definition);
      await ok("wait", "--for=condition=Established", `crd/runs.${group}`, "--timeout=20s");
      assert.ok(await cluster.until(`/apis/${group}/v1/namespaces/${ns}/runs`, (_, status) => status === 200));
      const run_ = { apiVersion: `${group}/v1`, kind: "Run", metadata: { name: "one" }, spec: { size: 1 } };
      await ok("apply", "--server-side", "-f", file("run", run_));
      assert.match(await ok("get", `runs.${group}`), /^one +/m);
      await ok("delete", `runs.${group}`, "one");
    });
    test("an ApplySet prunes what left it", { skip: newer(27) }, async () => {
      const env = { KUBECTL_APPLYSET: "true" };
      const set = async (...objects) => {
        const answer = await run(["apply", "--server-side", "--prune", "--applyset", "configmaps/inventory", "-f", file("set", ...objects)], { env });
        assert.equal(answer.status, 0, answer.out + answer.err);
        return answer.out;
      };
      await ok("create", "configmap", "inventory");
      await cluster.must(cluster.merge(`/api/v1/namespaces/${ns}/configmaps/inventory`, { metadata: {
        labels: { "applyset.kubernetes.io/id": `applyset-${setId("inventory", ns)}-v1` }, annotations: { "applyset.kubernetes.io/tooling": `kubectl/v1.${minor}`, "applyset.kubernetes.io/contains-group-kinds": "" } } }), 200);
      await set(configMap("set-a"), configMap("set-b"), service("set-s"));
      const { metadata } = JSON.parse(await ok("get", "cm", "inventory", "-o", "json"));
      assert.equal(metadata.annotations["applyset.kubernetes.io/contains-group-kinds"], "ConfigMap,Service");
      assert.match(await set(configMap("set-a")), /configmap\/set-b pruned|service\/set-s pruned/);
      assert.equal((await run(["get", "cm", "set-b"])).status, 1);
      assert.equal((await run(["get", "svc", "set-s"])).status, 1);
      assert.equal((await run(["get", "cm", "set-a"])).status, 0);
    });
    test("delete: a file, what orphans, and what is not there", async () => {
      assert.match(await ok("delete", "statefulset", "db", "--cascade=orphan", "--wait=false"), /statefulset\.apps "db" deleted/);
      const path = `/apis/apps/v1/namespaces/${ns}/statefulsets/db`;
      if (!await cluster.hasControllers()) await cluster.release(path);
      assert.ok(await cluster.gone(path, 30_000));
      const out = await ok("delete", "-f", file("stack", ...stack()), "--ignore-not-found", "--wait=false");
      assert.match(out, /persistentvolumeclaim "data" deleted/);
      assert.match(out, /configmap "settings" deleted/);
      const absent = await run(["delete", "cm", "absent"]);
      assert.equal(absent.status, 1);
      assert.match(absent.err, /\(NotFound\)/);
      assert.match(await ok("delete", "cm", "--all"), /deleted/);
    });
  });
}

/// The id of an ApplySet: of its parent's name, namespace, kind and group.
function setId(name, nameSpace) {
  return createHash("sha256").update(`${name}.${nameSpace}.ConfigMap.`).digest("base64url");
}
