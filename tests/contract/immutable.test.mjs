// What cannot change in place, kind by kind: the fields that a plan must know before it sends anything.
// pkg/apis/core/validation, pkg/apis/apps/validation, pkg/apis/batch/validation of kubernetes/kubernetes.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Cluster, assertFields, assertStatus, image, random } from "./support/cluster.mjs";
import { claim, configMap, cronJob, daemonSet, deployment, job, pod, secret, service, statefulSet, storageClass, template, volume } from "./support/objects.mjs";

const cluster = await Cluster.open();
const ns = await cluster.namespace("immutable");
const core = (plural) => `/api/v1/namespaces/${ns}/${plural}`;
const apps = (plural) => `/apis/apps/v1/namespaces/${ns}/${plural}`;
const batch = (plural) => `/apis/batch/v1/namespaces/${ns}/${plural}`;
const unique = () => `x-${random()}`;
const nowhere = { nodeSelector: { "contract.example.com/none": "none" } };

/// Makes `before`, applies `after` over it; the answer of the second.
async function changed(root, before, after) {
  const path = `${root}/${before.metadata.name}`;
  if (!root.includes("/namespaces/")) cluster.later(path);
  await cluster.must(cluster.apply(path, before), 201);
  const answer = await cluster.apply(path, after, { force: true });
  const dry = await cluster.apply(path, after, { force: true, query: { dryRun: "All" } });
  assert.equal(dry.status, answer.status, "a dry run says the same");
  return answer;
}
/// `make(name, spec)` with two specs: refused with a cause for `field`.
const refused = (title, root, make, before, after, field, message) => test(title, async () => {
  const name = unique();
  const causes = assertFields(await changed(root, make(name, before), make(name, after)), field);
  if (message) assert.match(causes.map((cause) => cause.message).join("\n"), message);
});
const accepted = (title, root, make, before, after) => test(title, async () => {
  const name = unique();
  const answer = await changed(root, make(name, before), make(name, after));
  assert.equal(answer.status, 200, answer.text);
});

describe("PersistentVolumeClaim", () => {
  const size = (storage) => ({ resources: { requests: { storage } } });
  const forbidden = /spec is immutable after creation except resources\.requests/;
  refused("its class", core("persistentvolumeclaims"), claim, {}, { storageClassName: "other" }, "spec", forbidden);
  refused("its access modes", core("persistentvolumeclaims"), claim, {}, { accessModes: ["ReadWriteMany"] }, "spec", forbidden);
  refused("its mode", core("persistentvolumeclaims"), claim, {}, { volumeMode: "Block" }, "spec", forbidden);
  refused("its selector", core("persistentvolumeclaims"), claim, {}, { selector: { matchLabels: { a: "b" } } }, "spec", forbidden);
  refused("where its data comes from", core("persistentvolumeclaims"), claim, {}, { dataSource: { kind: "PersistentVolumeClaim", name: "other" } }, "spec", forbidden);
  refused("grown while nothing is bound", core("persistentvolumeclaims"), claim, {}, size("20Gi"), "spec", forbidden);
  refused("less while nothing is bound", core("persistentvolumeclaims"), claim, {}, size("5Gi"), "spec", forbidden);
  accepted("the same amount in other words", core("persistentvolumeclaims"), claim, {}, size("10240Mi"));
  test("its volume may be named once", async () => {
    const name = unique();
    assert.equal((await changed(core("persistentvolumeclaims"), claim(name), claim(name, { volumeName: "some" }))).status, 200);
    assertFields(await cluster.apply(`${core("persistentvolumeclaims")}/${name}`, claim(name, { volumeName: "other" })), "spec");
  });

  async function bound(expandable) {
    const name = unique(), volumeName = `contract-${name}`, className = `contract-${name}`;
    await cluster.must(cluster.create("/apis/storage.k8s.io/v1/storageclasses", storageClass(className, { allowVolumeExpansion: expandable, volumeBindingMode: "WaitForFirstConsumer" })), 201);
    cluster.later(`/apis/storage.k8s.io/v1/storageclasses/${className}`);
    await cluster.must(cluster.create("/api/v1/persistentvolumes", volume(volumeName, { storageClassName: className, claimRef: { kind: "PersistentVolumeClaim", apiVersion: "v1", namespace: ns, name } })), 201);
    cluster.later(`/api/v1/persistentvolumes/${volumeName}`);
    const path = `${core("persistentvolumeclaims")}/${name}`;
    const wanted = (storage) => claim(name, { storageClassName: className, volumeName, resources: { requests: { storage } } });
    await cluster.must(cluster.apply(path, wanted("10Gi")), 201);
    // What the binder says when it has bound, where none runs.
    const is = await cluster.until(path, (object) => object?.status?.phase === "Bound", await cluster.hasControllers() ? 15_000 : 0);
    if (!is) await cluster.must(cluster.request("PATCH", `${path}/status`, { contentType: "application/merge-patch+json",
      body: { status: { phase: "Bound", accessModes: ["ReadWriteOnce"], capacity: { storage: "10Gi" } } } }), 200);
    return { path, wanted };
  }
  test("bound and its class expands: it grows and never shrinks", async () => {
    const { path, wanted } = await bound(true);
    const grown = await cluster.apply(path, wanted("20Gi"));
    assert.equal(grown.status, 200, grown.text);
    assert.equal(grown.body.status.capacity.storage, "10Gi");
    const less = assertFields(await cluster.apply(path, wanted("5Gi")), "spec.resources.requests.storage");
    assert.match(less.map(({ message }) => message).join(), /field can not be less than/);
    // Back to what it has, after growing failed: allowed since 1.34 (RecoverVolumeExpansionFailure), above its capacity only.
    const back = await cluster.apply(path, wanted("15Gi"));
    if (await cluster.version() >= 134) assert.equal(back.status, 200, back.text);
    assertFields(await cluster.apply(path, wanted("10Gi")), "spec.resources.requests.storage");
  });
  test("bound and its class does not expand: 403", async () => {
    const { path, wanted } = await bound(false);
    const status = assertStatus(await cluster.apply(path, wanted("20Gi")), 403, "Forbidden");
    assert.match(status.message, /only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize/);
  });
});

describe("PersistentVolume", () => {
  refused("where it is", "/api/v1/persistentvolumes", volume, {}, { csi: { driver: "csi.example.com", volumeHandle: "other" } }, "spec.persistentvolumesource",
    /spec\.persistentvolumesource is immutable after creation/);
  refused("its node affinity once set", "/api/v1/persistentvolumes", volume,
    { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["a"] }] }] } } },
    { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["b"] }] }] } } }, "nodeAffinity");
  refused("its mode", "/api/v1/persistentvolumes", volume, {}, { volumeMode: "Block" }, "volumeMode");
  accepted("its reclaim policy may change", "/api/v1/persistentvolumes", volume, {}, { persistentVolumeReclaimPolicy: "Delete" });
  accepted("its capacity may change", "/api/v1/persistentvolumes", volume, {}, { capacity: { storage: "20Gi" } });
});

describe("StatefulSet", () => {
  const only = /updates to statefulset spec for fields other than/;
  refused("its claim templates", apps("statefulsets"), statefulSet, {},
    { volumeClaimTemplates: [{ metadata: { name: "data" }, spec: claim("", { resources: { requests: { storage: "20Gi" } } }).spec }] }, "spec", only);
  refused("its service's name", apps("statefulsets"), statefulSet, {}, { serviceName: "other" }, "spec", only);
  refused("its pod management", apps("statefulsets"), statefulSet, {}, { podManagementPolicy: "Parallel" }, "spec", only);
  refused("its selector", apps("statefulsets"), statefulSet, {}, { selector: { matchLabels: { app: "b" } }, template: { ...template(), metadata: { labels: { app: "b" } } } }, "spec", only);
  accepted("its template may change", apps("statefulsets"), statefulSet, {}, { template: template({ containers: [{ name: "main", image: `${image}-x` }] }) });
  accepted("what happens to its claims may change", apps("statefulsets"), statefulSet, {}, { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Retain" } });
  accepted("its partition may change", apps("statefulsets"), statefulSet, {}, { updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1 } } });
  accepted("its ordinals may change", apps("statefulsets"), statefulSet, {}, { ordinals: { start: 3 } });
});

describe("Deployment and DaemonSet", () => {
  const other = { selector: { matchLabels: { app: "b" } }, template: { ...template(nowhere), metadata: { labels: { app: "b" } } } };
  refused("a Deployment's selector", apps("deployments"), deployment, {}, other, "spec.selector", /field is immutable/);
  refused("a DaemonSet's selector", apps("daemonsets"), daemonSet, {}, other, "spec.selector", /field is immutable/);
  refused("a selector that its template does not match", apps("deployments"), deployment, {}, { template: { ...template(), metadata: { labels: { app: "b" } } } }, "spec.template.metadata.labels");
  accepted("how many more may change", apps("deployments"), deployment, {}, { strategy: { rollingUpdate: { maxSurge: 2 } } });
});

// A field that was defaulted belongs to nobody, so an apply does not take it away. Where it does not go with the new
// value, the apply is refused, though the same object would be made without a word.
describe("a default that stands in the way", () => {
  const ways = [["a Deployment's strategy", apps("deployments"), deployment, "strategy", "Recreate", { maxSurge: "25%", maxUnavailable: "25%" }],
    ["a StatefulSet's update strategy", apps("statefulsets"), statefulSet, "updateStrategy", "OnDelete", { partition: 0 }],
    ["a DaemonSet's update strategy", apps("daemonsets"), daemonSet, "updateStrategy", "OnDelete", { maxSurge: 0, maxUnavailable: 1 }]];
  for (const [title, root, make, field, type, rollingUpdate] of ways) {
    if (make !== daemonSet) {
      refused(`${title}: refused`, root, make, {}, { [field]: { type } }, `spec.${field}.rollingUpdate`);
      refused(`${title}: null does not take it away`, root, make, {}, { [field]: { type, rollingUpdate: null } }, `spec.${field}.rollingUpdate`);
    }
    test(`${title}: who owned the default takes it away`, async () => {
      const name = unique(), path = `${root}/${name}`;
      await cluster.must(cluster.apply(path, make(name)), 201);
      await cluster.must(cluster.apply(path, make(name, { [field]: { type: "RollingUpdate", rollingUpdate } })), 200);
      const after = await cluster.must(cluster.apply(path, make(name, { [field]: { type } })), 200);
      assert.deepEqual(after.spec[field], { type });
    });
    test(`${title}: a merge patch does it at once`, async () => {
      const name = unique(), path = `${root}/${name}`;
      await cluster.must(cluster.apply(path, make(name)), 201);
      const patch = { spec: { [field]: { type, rollingUpdate: null } } };
      const after = await cluster.must(cluster.request("PATCH", `${path}?fieldManager=contract`, { body: patch, contentType: "application/merge-patch+json" }), 200);
      assert.deepEqual(after.spec[field], { type });
      assert.deepEqual((await cluster.must(cluster.apply(path, make(name, { [field]: { type } })), 200)).spec[field], { type });
    });
  }
});

describe("Job and CronJob", () => {
  const runs = (image_) => ({ template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: image_ }] } } });
  refused("a Job's template", batch("jobs"), job, runs(image), runs(`${image}-x`), "spec.template", /field is immutable/);
  refused("its completions, when not indexed", batch("jobs"), job, { completions: 1 }, { completions: 2 }, "spec.completions", /field is immutable/);
  refused("how it counts completions", batch("jobs"), job, { completions: 1 }, { completions: 1, completionMode: "Indexed" }, "spec.completionMode");
  refused("its pod failure policy", batch("jobs"), job, {},
    { podFailurePolicy: { rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [1] } }] } }, "spec.podFailurePolicy");
  refused("its limit of failures for each index", batch("jobs"), job, { completions: 2, completionMode: "Indexed" },
    { completions: 2, completionMode: "Indexed", backoffLimitPerIndex: 1 }, "spec.backoffLimitPerIndex");
  accepted("how many at once may change", batch("jobs"), job, { parallelism: 1 }, { parallelism: 2 });
  accepted("how often it may fail may change", batch("jobs"), job, {}, { backoffLimit: 3 });
  accepted("how long it stays may change", batch("jobs"), job, {}, { ttlSecondsAfterFinished: 60 });
  accepted("an indexed Job's completions may change with its parallelism", batch("jobs"), job,
    { completions: 2, parallelism: 2, completionMode: "Indexed" }, { completions: 3, parallelism: 3, completionMode: "Indexed" });
  test("where a suspended Job's pods may run, before it ever started", async () => {
    const name = unique();
    const answer = await changed(batch("jobs"), job(name), job(name, { template: { spec: { ...job("").spec.template.spec, ...nowhere } } }));
    assert.equal(answer.status, 200, answer.text);
  });
  accepted("a CronJob's template may change", batch("cronjobs"), cronJob, {}, { jobTemplate: { spec: runs(`${image}-x`) } });
});

describe("Service", () => {
  test("its cluster IP", async () => {
    const name = unique(), path = `${core("services")}/${name}`;
    const made = await cluster.must(cluster.apply(path, service(name)), 201);
    assert.match(made.spec.clusterIP, /./);
    assert.deepEqual(made.spec.clusterIPs, [made.spec.clusterIP]);
    assertFields(await cluster.apply(path, service(name, { clusterIP: "None" })), "spec.clusterIPs[0]");
    const kept = await cluster.must(cluster.apply(path, service(name, { ports: [{ port: 81 }] })), 200);
    assert.equal(kept.spec.clusterIP, made.spec.clusterIP, "what the server gave stays");
    const external = await cluster.must(cluster.apply(path, { ...service(name), spec: { type: "ExternalName", externalName: "example.com" } }), 200);
    assert.equal(external.spec.clusterIP, undefined);
  });
  refused("a headless one cannot get an address", core("services"), service, { clusterIP: "None" }, { clusterIP: "10.96.0.250" }, "spec.clusterIPs[0]");
  accepted("its type may change", core("services"), service, {}, { type: "NodePort" });
});

describe("ConfigMap and Secret", () => {
  const fixed = (name, value, immutable) => ({ ...configMap(name, { a: value }), immutable });
  refused("data of one that is immutable", core("configmaps"), (name, value) => fixed(name, value, true), "1", "2", "data", /field is immutable when `immutable` is set/);
  refused("that it is immutable", core("configmaps"), (name, value) => fixed(name, "1", value), true, false, "immutable", /field is immutable when `immutable` is set/);
  refused("data of an immutable Secret", core("secrets"), (name, token) => secret(name, { immutable: true, stringData: undefined, data: { token } }), "YQ==", "Yg==", "data");
  refused("a Secret's type", core("secrets"), (name, type) => secret(name, { type }), "Opaque", "example.com/other", "type");
  test("labels of one that is immutable may change, and it may go", async () => {
    const name = unique(), path = `${core("configmaps")}/${name}`;
    await cluster.must(cluster.apply(path, fixed(name, "1", true)), 201);
    await cluster.must(cluster.apply(path, { ...fixed(name, "1", true), metadata: { name, labels: { a: "b" } } }), 200);
    await cluster.must(cluster.delete(path), 200);
  });
});

describe("StorageClass", () => {
  const classes = "/apis/storage.k8s.io/v1/storageclasses";
  const named = (name, more) => ({ ...storageClass(`contract-${name}`), ...more });
  const refusedClass = (title, before, after, field) => refused(title, classes, named, before, after, field);
  refusedClass("its parameters", { parameters: { type: "a" } }, { parameters: { type: "b" } }, "parameters");
  refusedClass("its provisioner", {}, { provisioner: "other.example.com" }, "provisioner");
  refusedClass("its reclaim policy", {}, { reclaimPolicy: "Retain" }, "reclaimPolicy");
  refusedClass("when it binds", {}, { volumeBindingMode: "WaitForFirstConsumer" }, "volumeBindingMode");
  accepted("whether it expands may change", classes, named, {}, { allowVolumeExpansion: true });
  accepted("its mount options may change", classes, named, {}, { mountOptions: ["noatime"] });
});

describe("Pod", () => {
  const only = /pod updates may not change fields other than/;
  const here = (more) => ({ ...nowhere, ...more });
  const one = (more) => here({ containers: [{ name: "main", image, ...more }] });
  refused("its command", core("pods"), pod, one({}), one({ args: ["a"] }), "spec", only);
  refused("its volumes", core("pods"), pod, here({}), here({ volumes: [{ name: "v", emptyDir: {} }] }), "spec", only);
  refused("its restart policy", core("pods"), pod, here({}), here({ restartPolicy: "Never" }), "spec", only);
  refused("its service account", core("pods"), pod, here({}), here({ hostNetwork: true }), "spec", only);
  accepted("its images may change", core("pods"), pod, one({}), one({ image: `${image}-x` }));
  accepted("more tolerations", core("pods"), pod, here({}), here({ tolerations: [{ key: "a", operator: "Exists" }] }));
});

describe("others", () => {
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const binding = (name, role) => ({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: { name },
    subjects: [{ kind: "ServiceAccount", name: "default", namespace: ns }], roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role } });
  refused("the role of a RoleBinding", `${rbac}/namespaces/${ns}/rolebindings`, binding, "view", "edit", "roleRef", /cannot change roleRef/);
  const budget = (name, spec) => ({ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name }, spec: { selector: { matchLabels: { app: "a" } }, ...spec } });
  accepted("a PodDisruptionBudget may change", `/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets`, budget, { minAvailable: 1 }, { minAvailable: 2 });
  const priority = (name, value) => ({ apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: `contract-${name}` }, value });
  refused("the value of a PriorityClass", "/apis/scheduling.k8s.io/v1/priorityclasses", priority, 1000, 1001, "value", /may not be changed in an update/);
});
