// What is refused and how a refusal reads: 422 with the path of each field, so that it can be shown on the source line.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster, assertFields, assertStatus, image, random } from "./support/cluster.mjs";
import { claim, configMap, cronJob, deployment, job, pod, secret, service, statefulSet, storageClass, template, volume } from "./support/objects.mjs";

const cluster = await Cluster.open();
const ns = await cluster.namespace("validation");
const core = (plural) => `/api/v1/namespaces/${ns}/${plural}`;
const apps = (plural) => `/apis/apps/v1/namespaces/${ns}/${plural}`;
const batch = (plural) => `/apis/batch/v1/namespaces/${ns}/${plural}`;
const unique = () => `x-${random()}`;

/// Creates (dry) what cannot be: a cause for each of `fields`.
const refused = (title, root, object, ...fields) => test(title, async () => {
  const made = object(unique());
  assertFields(await cluster.create(`${root}?dryRun=All`, made), ...fields);
  assertFields(await cluster.apply(`${root}/${encodeURIComponent(made.metadata.name)}`, made, { query: { dryRun: "All" } }), ...fields);
});

test("a refusal names the kind, the object and each cause", async () => {
  const name = unique();
  const answer = await cluster.create(core("persistentvolumeclaims"), claim(name, { accessModes: [], resources: { requests: { storage: "-1" } } }));
  const body = assertStatus(answer, 422, "Invalid");
  assert.match(body.message, new RegExp(`^PersistentVolumeClaim "${name}" is invalid: \\[`));
  assert.deepEqual([body.details.name, body.details.kind], [name, "PersistentVolumeClaim"]);
  assert.equal(body.details.group, undefined);
  const causes = body.details.causes.map(({ reason, field }) => `${reason} ${field}`);
  assert.ok(causes.includes("FieldValueRequired spec.accessModes"), causes.join());
  assert.ok(causes.some((cause) => /^FieldValueInvalid spec\.resources/.test(cause)), causes.join());
});
test("a kind of a group names the group", async () => {
  const body = assertStatus(await cluster.create(apps("deployments"), deployment(unique(), { replicas: -1 })), 422, "Invalid");
  assert.deepEqual([body.details.group, body.details.kind], ["apps", "Deployment"]);
  assert.match(body.message, /^Deployment\.apps ".*" is invalid: spec\.replicas: Invalid value: -1: must be greater than or equal to 0/);
});
test("a value of the wrong type is 400", async () => {
  const body = assertStatus(await cluster.create(apps("deployments"), deployment(unique(), { replicas: "two" })), 400, "BadRequest");
  assert.match(body.message, /Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec\.spec\.replicas of type int32/);
});
test("what is no JSON, no object of the kind, or of another media type", async () => {
  assertStatus(await cluster.create(core("configmaps"), "{"), 400, "BadRequest");
  assertStatus(await cluster.create(core("configmaps"), { ...configMap("a"), kind: "Secret" }), 400, "BadRequest");
  assertStatus(await cluster.create(core("configmaps"), configMap("a"), { contentType: "text/plain" }), 415, "UnsupportedMediaType");
  assertStatus(await cluster.request("PATCH", `${core("configmaps")}/a`, { body: {}, contentType: "application/json" }), 415, "UnsupportedMediaType");
});

for (const name of ["Upper", "under_score", "-dash", "a".repeat(254), "a b"])
  refused(`a name like ${name.slice(0, 12)}`, core("configmaps"), () => configMap(name), "metadata.name");
refused("a key of a label", core("configmaps"), (name) => configMap(name, {}, { labels: { "a b": "" } }), "metadata.labels");
refused("a label that is too long", core("configmaps"), (name) => configMap(name, {}, { labels: { a: "x".repeat(64) } }), "metadata.labels");
refused("annotations of more than 256 KiB", core("configmaps"), (name) => configMap(name, {}, { annotations: { a: "x".repeat(262145) } }), "metadata.annotations");
refused("a key of a ConfigMap", core("configmaps"), (name) => configMap(name, { "a/b": "" }), "data[a/b]");
test("a ConfigMap of more than a MiB", async () => {
  const name = unique();
  assertFields(await cluster.create(core("configmaps"), configMap(name, { a: "x".repeat(1048577) })), "[]");
});
refused("a finalizer without a domain", core("configmaps"), (name) => configMap(name, {}, { finalizers: ["mine"] }), "metadata.finalizers[0]");
test("a Secret's data is base64", async () => {
  assert.equal((await cluster.create(core("secrets"), secret(unique(), { stringData: undefined, data: { a: "***" } }))).status, 400);
  const made = await cluster.must(cluster.create(`${core("secrets")}?dryRun=All`, secret(unique())), 201);
  assert.deepEqual(made.data, { token: Buffer.from("t").toString("base64") });
  assert.equal(made.stringData, undefined);
});

refused("a claim without access modes", core("persistentvolumeclaims"), (name) => claim(name, { accessModes: [] }), "spec.accessModes");
refused("a claim with an access mode that is none", core("persistentvolumeclaims"), (name) => claim(name, { accessModes: ["RWO"] }), "spec.accessModes");
refused("ReadWriteOncePod and another", core("persistentvolumeclaims"), (name) => claim(name, { accessModes: ["ReadWriteOncePod", "ReadWriteOnce"] }), "spec.accessModes");
refused("a claim without an amount", core("persistentvolumeclaims"), (name) => claim(name, { resources: {} }), "spec.resources[storage]");
refused("a claim of nothing", core("persistentvolumeclaims"), (name) => claim(name, { resources: { requests: { storage: "0" } } }), "spec.resources[storage]");
refused("a class whose name is none", core("persistentvolumeclaims"), (name) => claim(name, { storageClassName: "A_b" }), "spec.storageClassName");
refused("a volume mode that is none", core("persistentvolumeclaims"), (name) => claim(name, { volumeMode: "File" }), "spec.volumeMode");
refused("a volume without a source", "/api/v1/persistentvolumes", (name) => volume(name, { csi: undefined }), "spec");
refused("a volume with two", "/api/v1/persistentvolumes", (name) => volume(name, { nfs: { server: "a", path: "/" } }), "spec.csi");
refused("a volume without capacity", "/api/v1/persistentvolumes", (name) => volume(name, { capacity: {} }), "spec.capacity");
refused("a local volume without its node", "/api/v1/persistentvolumes", (name) => volume(name, { csi: undefined, local: { path: "/d" } }), "spec.nodeAffinity");
refused("a reclaim policy that is none", "/api/v1/persistentvolumes", (name) => volume(name, { persistentVolumeReclaimPolicy: "Keep" }), "spec.persistentVolumeReclaimPolicy");
refused("a class without a provisioner", "/apis/storage.k8s.io/v1/storageclasses", (name) => storageClass(name, { provisioner: "" }), "provisioner");
refused("a class that binds at no time", "/apis/storage.k8s.io/v1/storageclasses", (name) => storageClass(name, { volumeBindingMode: "Never" }), "volumeBindingMode");

refused("a pod without containers", core("pods"), (name) => pod(name, { containers: [] }), "spec.containers");
refused("a container without an image", core("pods"), (name) => pod(name, { containers: [{ name: "main" }] }), "spec.containers[0].image");
refused("two containers of one name", core("pods"), (name) => ({ ...pod(name), spec: { containers: [{ name: "Main", image }] } }), "spec.containers[0].name");
refused("a mount of a volume that is not there", core("pods"), (name) => pod(name, { containers: [{ name: "main", image, volumeMounts: [{ name: "v", mountPath: "/v" }] }] }), "spec.containers[0].volumeMounts[0].name");
test("two mounts at one path: a cause when created, and no object that can be merged when applied", async () => {
  const name = unique();
  const object = pod(name, { volumes: [{ name: "v", emptyDir: {} }, { name: "w", emptyDir: {} }],
    containers: [{ name: "main", image, volumeMounts: [{ name: "v", mountPath: "/v" }, { name: "w", mountPath: "/v" }] }] });
  assertFields(await cluster.create(core("pods"), object), "spec.containers[0].volumeMounts[1].mountPath");
  const status = assertStatus(await cluster.apply(`${core("pods")}/${name}`, object), 500);
  assert.match(status.message, /failed to create typed patch object \(.*; \/v1, Kind=Pod\): \.spec\.containers\[name="main"\]\.volumeMounts: duplicate entries for key \[mountPath="\/v"\]/);
});
refused("a request above its limit", core("pods"), (name) => pod(name, { containers: [{ name: "main", image, resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }] }), "spec.containers[0].resources.requests");
refused("a GPU that is requested and not limited", core("pods"), (name) => pod(name, { containers: [{ name: "main", image, resources: { requests: { "example.com/gpu": "1" } } }] }), "spec.containers[0].resources.limits");
refused("half a GPU", core("pods"), (name) => pod(name, { containers: [{ name: "main", image, resources: { limits: { "example.com/gpu": "500m" } } }] }), "spec.containers[0].resources.limits[example.com/gpu]");
refused("a restart policy that is none", core("pods"), (name) => pod(name, { restartPolicy: "Sometimes" }), "spec.restartPolicy");
refused("a probe without anything to do", core("pods"), (name) => pod(name, { containers: [{ name: "main", image, livenessProbe: { periodSeconds: 5 } }] }), "spec.containers[0].livenessProbe");
refused("a port out of range", core("pods"), (name) => pod(name, { containers: [{ name: "main", image, ports: [{ containerPort: 70000 }] }] }), "spec.containers[0].ports[0].containerPort");
refused("a name of a variable", core("pods"), (name) => pod(name, { containers: [{ name: "main", image, env: [{ name: "", value: "a" }] }] }), "spec.containers[0].env[0].name");

refused("a Deployment without a selector", apps("deployments"), (name) => deployment(name, { selector: undefined }), "spec.selector");
refused("a template that its selector does not match", apps("deployments"), (name) => deployment(name, { selector: { matchLabels: { app: "b" } } }), "spec.template.metadata.labels");
refused("a template that does not restart", apps("deployments"), (name) => deployment(name, { template: template({ restartPolicy: "Never" }) }), "spec.template.spec.restartPolicy");
refused("a strategy that is none", apps("deployments"), (name) => deployment(name, { strategy: { type: "Blue" } }), "spec.strategy");
refused("a rolling update that cannot go on", apps("deployments"), (name) => deployment(name, { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }), "spec.strategy.rollingUpdate.maxUnavailable");
refused("a pod management that is none", apps("statefulsets"), (name) => statefulSet(name, { podManagementPolicy: "Random" }), "spec.podManagementPolicy");
refused("what becomes of claims, in other words", apps("statefulsets"), (name) => statefulSet(name, { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Keep", whenScaled: "Retain" } }), "spec.persistentVolumeClaimRetentionPolicy.whenDeleted");
test("claim templates are looked at when the set is made, by newer servers only", async () => {
  const answer = await cluster.create(`${apps("statefulsets")}?dryRun=All`, statefulSet(unique(), { volumeClaimTemplates: [{ metadata: { name: "data" }, spec: { resources: {} } }] }));
  const version = await cluster.version();
  if (version <= 131) assert.equal(answer.status, 201, answer.text);
  if (version >= 135) assertFields(answer, "spec.volumeClaimTemplates[0].spec.accessModes", "spec.volumeClaimTemplates[0].spec.resources[storage]");
});
refused("a Job that always restarts", batch("jobs"), (name) => job(name, { template: { spec: { restartPolicy: "Always", containers: [{ name: "main", image }] } } }), "spec.template.spec.restartPolicy");
refused("a Job of less than none at once", batch("jobs"), (name) => job(name, { parallelism: -1 }), "spec.parallelism");
refused("an indexed Job without completions", batch("jobs"), (name) => job(name, { completionMode: "Indexed", parallelism: 2 }), "spec.completions");
refused("a schedule that is none", batch("cronjobs"), (name) => cronJob(name, { schedule: "every day" }), "spec.schedule");
refused("a time zone that is none", batch("cronjobs"), (name) => cronJob(name, { timeZone: "Mars/Olympus" }), "spec.timeZone");
refused("a concurrency policy that is none", batch("cronjobs"), (name) => cronJob(name, { concurrencyPolicy: "Never" }), "spec.concurrencyPolicy");
refused("a CronJob's name of more than 52", batch("cronjobs"), () => cronJob("a".repeat(53)), "metadata.name");
refused("a Service without ports", core("services"), (name) => service(name, { ports: [] }), "spec.ports");
refused("two ports without names", core("services"), (name) => service(name, { ports: [{ port: 1 }, { port: 2 }] }), "spec.ports[0].name");
refused("a Service's type that is none", core("services"), (name) => service(name, { type: "Public" }), "spec.type");

test("a pod whose service account is not there is forbidden", async () => {
  const status = assertStatus(await cluster.create(core("pods"), pod(unique(), { serviceAccountName: "nobody" })), 403, "Forbidden");
  assert.match(status.message, /error looking up service account .*\/nobody: serviceaccount "nobody" not found/);
});
test("a pod whose priority class is not there is forbidden", async () => {
  const status = assertStatus(await cluster.create(core("pods"), pod(unique(), { priorityClassName: "contract-none" })), 403, "Forbidden");
  assert.match(status.message, /no PriorityClass with name contract-none was found/);
});
test("a Pod Security level of the namespace is enforced on pods and warned of on templates", async () => {
  await cluster.must(cluster.merge(`/api/v1/namespaces/${ns}`, { metadata: { labels: { "pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/warn": "baseline" } } }), 200);
  // The admission plugin sees namespaces through a watch of its own.
  let answer;
  for (const end = Date.now() + 5_000; Date.now() < end && answer?.status !== 403;) answer = await cluster.create(`${core("pods")}?dryRun=All`, pod(unique(), { hostNetwork: true }));
  const status = assertStatus(answer, 403, "Forbidden");
  assert.match(status.message, /violates PodSecurity "baseline:latest": host namespaces \(hostNetwork=true\)/);
  const warned = await cluster.create(apps("deployments"), deployment(unique(), { template: template({ hostNetwork: true }) }));
  assert.equal(warned.status, 201);
  assert.match(String(warned.headers.warning), /would violate PodSecurity/);
});
test("a ResourceQuota refuses what goes over it, and says what is used", async () => {
  const own = await cluster.namespace("quota");
  const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "q" }, spec: { hard: { "requests.storage": "15Gi", persistentvolumeclaims: "5" } } };
  await cluster.must(cluster.create(`/api/v1/namespaces/${own}/resourcequotas`, quota), 201);
  // The quota counts once a controller has looked at it; where none runs, its status is ours to say.
  if (!await cluster.until(`/api/v1/namespaces/${own}/resourcequotas/q`, (object) => object?.status?.hard?.["requests.storage"], await cluster.hasControllers() ? 15_000 : 0))
    await cluster.must(cluster.request("PATCH", `/api/v1/namespaces/${own}/resourcequotas/q/status`, { contentType: "application/merge-patch+json",
      body: { status: { hard: quota.spec.hard, used: { "requests.storage": "0", persistentvolumeclaims: "0" } } } }), 200);
  let made;
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    made = await cluster.create(`/api/v1/namespaces/${own}/persistentvolumeclaims`, claim(unique()));
    if (made.status === 403 && /not yet|status unknown/i.test(made.text)) continue;
    break;
  }
  assert.equal(made.status, 201, made.text);
  const status = assertStatus(await cluster.create(`/api/v1/namespaces/${own}/persistentvolumeclaims`, claim(unique())), 403, "Forbidden");
  assert.match(status.message, /exceeded quota: q, requested: requests\.storage=10Gi, used: requests\.storage=10Gi, limited: requests\.storage=15Gi/);
});
