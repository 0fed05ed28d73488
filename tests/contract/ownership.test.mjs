// Who else writes what we apply: scaling, older versions of a kind, client-side apply, hands; and that an apply of what is
// there already would change nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster, assertStatus, image, owned, random } from "./support/cluster.mjs";
import { claim, configMap, cronJob, daemonSet, deployment, job, pod, secret, service, statefulSet, storageClass, template, volume } from "./support/objects.mjs";

const cluster = await Cluster.open();
const ns = await cluster.namespace("ownership");
const core = (plural) => `/api/v1/namespaces/${ns}/${plural}`;
const apps = (plural) => `/apis/apps/v1/namespaces/${ns}/${plural}`;
const batch = (plural) => `/apis/batch/v1/namespaces/${ns}/${plural}`;
const applied = (path, object, options) => cluster.must(cluster.apply(path, object, options), 200, 201);
const patched = (path, body, by = "hand") => cluster.must(cluster.request("PATCH", `${path}?fieldManager=${by}`, { body, contentType: "application/merge-patch+json" }), 200);

const rbac = "rbac.authorization.k8s.io";
const kinds = [
  [core("configmaps"), configMap], [core("secrets"), (name) => secret(name, { stringData: undefined, data: { a: "YQ==" } })], [core("persistentvolumeclaims"), claim],
  [core("services"), service], [core("services"), (name) => service(name, { clusterIP: "None", ports: [{ name: "http", port: 80, targetPort: "http" }] })],
  [core("serviceaccounts"), (name) => ({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name } })],
  [core("pods"), (name) => pod(name, { nodeSelector: { "contract.example.com/none": "none" }, volumes: [{ name: "c", configMap: { name: "c" } }, { name: "e", emptyDir: { sizeLimit: "1024Mi" } }],
    containers: [{ name: "main", image, resources: { limits: { cpu: "0.5", memory: "1024Mi" } }, volumeMounts: [{ name: "e", mountPath: "/e" }], ports: [{ containerPort: 80 }] }] })],
  [apps("deployments"), (name) => deployment(name, { strategy: { type: "Recreate" } })], [apps("statefulsets"), statefulSet], [apps("daemonsets"), daemonSet],
  [batch("jobs"), job], [batch("cronjobs"), cronJob], ["/api/v1/persistentvolumes", volume], ["/apis/storage.k8s.io/v1/storageclasses", storageClass],
  [`/apis/${rbac}/v1/namespaces/${ns}/roles`, (name) => ({ apiVersion: `${rbac}/v1`, kind: "Role", metadata: { name }, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] })],
  [`/apis/${rbac}/v1/namespaces/${ns}/rolebindings`, (name) => ({ apiVersion: `${rbac}/v1`, kind: "RoleBinding", metadata: { name }, subjects: [{ kind: "ServiceAccount", name: "default", namespace: ns }], roleRef: { apiGroup: rbac, kind: "Role", name } })],
  [`/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets`, (name) => ({ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name }, spec: { minAvailable: 1, selector: { matchLabels: { app: "a" } } } })],
  [`/apis/networking.k8s.io/v1/namespaces/${ns}/networkpolicies`, (name) => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name }, spec: { podSelector: {}, policyTypes: ["Ingress"] } })],
  [`/apis/networking.k8s.io/v1/namespaces/${ns}/ingresses`, (name) => ({ apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata: { name }, spec: { defaultBackend: { service: { name: "a", port: { number: 80 } } } } })],
  [`/apis/autoscaling/v2/namespaces/${ns}/horizontalpodautoscalers`, (name) => ({ apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata: { name }, spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "a" } } })],
  ["/apis/scheduling.k8s.io/v1/priorityclasses", (name) => ({ apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name }, value: 5 })],
];
for (const [root, make] of kinds)
  test(`a dry run of what is there gives what is there: ${make("x").kind}`, async () => {
    const name = `contract-${random()}`, path = `${root}/${name}`, object = make(name);
    if (!root.includes("/namespaces/")) cluster.later(path);
    const first = await applied(path, object);
    // Controllers may write its status meanwhile.
    for (let tries = 0; ; ++tries) {
      const before = (await cluster.get(path)).body;
      const dry = await applied(path, object, { query: { dryRun: "All" } });
      if (before.metadata.resourceVersion !== dry.metadata.resourceVersion && tries < 5) continue;
      assert.deepEqual(dry, before);
      assert.deepEqual(dry.spec, first.spec);
      assert.equal(dry.metadata.generation, first.metadata.generation);
      break;
    }
  });

test("scaling takes the replicas from us, as a manager of the subresource", async () => {
  const path = `${apps("statefulsets")}/scaled`;
  await applied(path, statefulSet("scaled", { replicas: 0 }));
  const scale = await cluster.must(cluster.get(`${path}/scale`), 200);
  assert.deepEqual([scale.kind, scale.apiVersion, scale.spec.replicas ?? 0], ["Scale", "autoscaling/v1", 0]);
  const scaled = await cluster.must(cluster.request("PATCH", `${path}/scale?fieldManager=scaler`, { body: { spec: { replicas: 2 } }, contentType: "application/merge-patch+json" }), 200);
  assert.equal(scaled.spec.replicas, 2);
  const { body: live } = await cluster.get(path);
  assert.equal(live.spec.replicas, 2);
  assert.deepEqual(owned(live, "scaler", "Update", "scale").fieldsV1, { "f:spec": { "f:replicas": {} } });
  assert.equal(owned(live).fieldsV1["f:spec"]["f:replicas"], undefined);
  const status = assertStatus(await cluster.apply(path, statefulSet("scaled", { replicas: 0 })), 409, "Conflict");
  assert.match(status.message, /conflict with "scaler" with subresource "scale" using apps\/v1: \.spec\.replicas/);
  // Who does not say how many leaves it to the scaler.
  const { replicas, ...rest } = statefulSet("scaled").spec;
  assert.equal((await applied(path, { ...statefulSet("scaled"), spec: rest })).spec.replicas, 2);
  assert.equal(replicas, 0);
});
test("giving up what another one set as well leaves it", async () => {
  const path = `${apps("deployments")}/given-up`;
  await applied(path, deployment("given-up", { replicas: 0 }));
  await applied(path, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "given-up" }, spec: { replicas: 0 } }, { by: "scaler" });
  const { replicas: _, ...rest } = deployment("given-up").spec;
  const after = await applied(path, { ...deployment("given-up"), spec: rest });
  assert.equal(after.spec.replicas, 0);
});
test("another version of a kind is the same object, and its owner's fields follow", async () => {
  const name = "versions", path = (version) => `/apis/autoscaling/${version}/namespaces/${ns}/horizontalpodautoscalers/${name}`;
  const target = { apiVersion: "apps/v1", kind: "Deployment", name: "a" };
  const old = await applied(path("v1"), { apiVersion: "autoscaling/v1", kind: "HorizontalPodAutoscaler", metadata: { name }, spec: { maxReplicas: 3, scaleTargetRef: target, targetCPUUtilizationPercentage: 50 } });
  assert.equal(owned(old).apiVersion, "autoscaling/v1");
  const read = await cluster.must(cluster.get(path("v2")), 200);
  assert.equal(read.apiVersion, "autoscaling/v2");
  assert.equal(read.spec.metrics[0].resource.target.averageUtilization, 50);
  assert.equal(owned(read).apiVersion, "autoscaling/v1", "the version in which it was applied");
  const metrics = [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } } }];
  const next = await applied(path("v2"), { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata: { name }, spec: { maxReplicas: 4, scaleTargetRef: target, metrics } });
  assert.equal(next.spec.maxReplicas, 4);
  assert.deepEqual(next.metadata.managedFields.filter(({ manager }) => manager === "contract").map(({ apiVersion }) => apiVersion), ["autoscaling/v2"]);
});
test("an old object is adopted by applying it: equal values are shared, others are conflicts", async () => {
  const object = deployment("adopted", { replicas: 0 });
  await cluster.must(cluster.create(`${apps("deployments")}?fieldManager=kubectl-client-side-apply`, { ...object, metadata: { ...object.metadata, annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" } } }), 201);
  const path = `${apps("deployments")}/adopted`;
  const shared = await applied(path, object);
  assert.ok(owned(shared).fieldsV1["f:spec"]["f:replicas"]);
  const status = assertStatus(await cluster.apply(path, deployment("adopted", { replicas: 0, paused: true, revisionHistoryLimit: 2 })), 409, "Conflict");
  assert.deepEqual(status.details.causes.map(({ field }) => field), [".spec.revisionHistoryLimit"], "a default that a create was given is its creator's");
});
test("managedFields can be wiped; who applies then owns what it says, and what is left is nobody's", async () => {
  const path = `${core("configmaps")}/wiped`;
  await applied(path, configMap("wiped", { a: "1", b: "1" }));
  const wiped = await patched(path, { metadata: { managedFields: [{}] } });
  assert.equal(wiped.metadata.managedFields, undefined);
  const after = await applied(path, configMap("wiped", { a: "1" }));
  assert.deepEqual(after.data, { a: "1", b: "1" });
  assert.deepEqual(owned(after).fieldsV1, { "f:data": { "f:a": {} } });
  assert.ok(after.metadata.managedFields.some(({ manager, operation }) => manager === "before-first-apply" && operation === "Update"), JSON.stringify(after.metadata.managedFields));
});
test("managers are listed by operation and time; two operations of one manager are two", async () => {
  const path = `${core("configmaps")}/listed`;
  await applied(path, configMap("listed", { a: "1" }), { by: "one" });
  await patched(path, { data: { b: "1" } }, "one");
  const after = await applied(path, configMap("listed", { c: "1" }), { by: "two" });
  assert.deepEqual(after.metadata.managedFields.map(({ manager, operation }) => `${manager} ${operation}`), ["one Apply", "two Apply", "one Update"]);
});
test("an update of what is deleted from a map takes it from everyone", async () => {
  const path = `${core("configmaps")}/removed`;
  await applied(path, configMap("removed", { a: "1", b: "1" }));
  const after = await patched(path, { data: { a: null } });
  assert.deepEqual(owned(after).fieldsV1, { "f:data": { "f:b": {} } });
  assert.deepEqual((await applied(path, configMap("removed", { a: "1", b: "1" }))).data, { a: "1", b: "1" }, "no conflict: nobody has it");
});
test("stringData is kept as data, and its owner is of stringData", async () => {
  const path = `${core("secrets")}/words`;
  const made = await applied(path, secret("words", { stringData: { a: "1", b: "1" } }));
  assert.deepEqual(made.data, { a: "MQ==", b: "MQ==" });
  const less = await applied(path, secret("words", { stringData: { a: "1" } }));
  assert.deepEqual(less.data, { a: "MQ==", b: "MQ==" }, "what it no longer says stays: data is how keys are given up");
});
test("an element that a controller added to a list map stays", async () => {
  const path = `${core("services")}/mixed`;
  await applied(path, service("mixed", { ports: [{ name: "a", port: 80 }] }));
  await cluster.must(cluster.request("PATCH", `${path}?fieldManager=mesh`, { contentType: "application/strategic-merge-patch+json", body: { spec: { ports: [{ name: "b", port: 90 }] } } }), 200);
  const after = await applied(path, service("mixed", { ports: [{ name: "a", port: 81 }] }));
  assert.deepEqual(after.spec.ports.map(({ port }) => port).sort(), [81, 90]);
});
test("labels and annotations of others stay, ours go", async () => {
  const path = `${core("persistentvolumeclaims")}/marked`;
  const marked = (labels, annotations) => ({ ...claim("marked"), metadata: { name: "marked", labels, annotations } });
  await applied(path, marked({ mine: "1" }, { "example.com/mine": "1" }));
  await patched(path, { metadata: { labels: { theirs: "1" }, annotations: { "pv.kubernetes.io/bind-completed": "yes" } } });
  const after = await applied(path, marked(undefined, undefined));
  assert.deepEqual(after.metadata.labels, { theirs: "1" });
  assert.deepEqual(after.metadata.annotations, { "pv.kubernetes.io/bind-completed": "yes" });
});
test("owner references are merged by uid", async () => {
  const owner = await applied(`${core("configmaps")}/owner`, configMap("owner"));
  const reference = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: owner.metadata.uid };
  const path = `${core("configmaps")}/child`;
  const made = await applied(path, configMap("child", { a: "1" }, { ownerReferences: [reference] }));
  assert.deepEqual(Object.keys(owned(made).fieldsV1["f:metadata"]["f:ownerReferences"]), [`k:{"uid":"${owner.metadata.uid}"}`]);
  const free = await applied(path, configMap("child"));
  assert.equal(free.metadata.ownerReferences, undefined);
});
test("a template's container that is renamed is another one", async () => {
  const path = `${apps("deployments")}/renamed`;
  await applied(path, deployment("renamed"));
  const after = await applied(path, deployment("renamed", { template: template({ containers: [{ name: "other", image }] }) }));
  assert.deepEqual(after.spec.template.spec.containers.map(({ name }) => name), ["other"]);
});
