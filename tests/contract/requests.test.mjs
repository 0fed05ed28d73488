// Around the objects: who may ask, which kinds there are, other forms of an answer, leases, names that the server makes.
import assert from "node:assert/strict";
import { connect } from "node:http2";
import { test } from "node:test";
import { Cluster, assertStatus, random } from "./support/cluster.mjs";
import { configMap, crd, deployment } from "./support/objects.mjs";

const cluster = await Cluster.open();
const ns = await cluster.namespace("requests");
const maps = `/api/v1/namespaces/${ns}/configmaps`;

test("/version", async () => {
  const { body, headers } = await cluster.get("/version");
  assert.match(body.gitVersion, /^v\d+\.\d+\.\d+/);
  assert.equal(body.major, "1");
  assert.ok(Number.parseInt(body.minor, 10) >= 31, "1.31 is the oldest that is tested");
  assert.match(headers["content-type"], /^application\/json/);
});
test("/readyz and /livez answer in words", async () => {
  for (const path of ["/readyz", "/livez"]) {
    const { status, text } = await cluster.get(path);
    assert.equal(status, 200);
    assert.match(text, /^ok/);
  }
});
test("every answer has a Date and is not to be kept", async () => {
  const { headers } = await cluster.get("/api/v1");
  assert.ok(Math.abs(Date.parse(headers.date) - Date.now()) < 600_000);
  assert.match(headers["cache-control"], /no-cache/);
  assert.ok(headers["audit-id"]);
});

test("a token that nobody gave: 401", async () => {
  const status = assertStatus(await cluster.get("/api/v1/namespaces", { anonymous: true, headers: { authorization: "Bearer contract-nobody" } }), 401, "Unauthorized");
  assert.equal(status.message, "Unauthorized");
});
test("nobody in particular: 401, or 403 as system:anonymous", async () => {
  const answer = await cluster.get("/api/v1/namespaces", { anonymous: true });
  if (answer.status === 401) return void assertStatus(answer, 401, "Unauthorized");
  const status = assertStatus(answer, 403, "Forbidden");
  assert.equal(status.message, 'namespaces is forbidden: User "system:anonymous" cannot list resource "namespaces" in API group "" at the cluster scope');
});
test("somebody without rights: 403 that says who may not do what where", async (context) => {
  const headers = { "impersonate-user": "contract-nobody" };
  const answer = await cluster.get(maps, { headers });
  if (answer.status === 403 && /cannot impersonate/.test(answer.text)) return context.skip("we may not impersonate here");
  const status = assertStatus(answer, 403, "Forbidden");
  assert.equal(status.message, `configmaps is forbidden: User "contract-nobody" cannot list resource "configmaps" in API group "" in the namespace "${ns}"`);
  assert.deepEqual(status.details, { kind: "configmaps" });
  const named = assertStatus(await cluster.get(`/apis/apps/v1/namespaces/${ns}/deployments/x`, { headers }), 403, "Forbidden");
  assert.equal(named.message, `deployments.apps "x" is forbidden: User "contract-nobody" cannot get resource "deployments" in API group "apps" in the namespace "${ns}"`);
  assert.deepEqual(named.details, { name: "x", group: "apps", kind: "deployments" });
  const applied = await cluster.apply(`${maps}/x`, configMap("x"), { headers });
  assert.match(assertStatus(applied, 403, "Forbidden").message, /cannot patch resource "configmaps"/);
  const wide = assertStatus(await cluster.get("/api/v1/persistentvolumes/x", { headers }), 403, "Forbidden");
  assert.match(wide.message, /cannot get resource "persistentvolumes" in API group "" at the cluster scope$/);
});
test("an apply that would create needs `create` beside `patch`", async (context) => {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}`, user = `contract-${random()}`;
  const headers = { "impersonate-user": user };
  if (/cannot impersonate/.test((await cluster.get(maps, { headers })).text)) return context.skip("we may not impersonate here");
  await cluster.must(cluster.create(`${rbac}/roles`, { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name: user }, rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "patch"] }] }), 201);
  await cluster.must(cluster.create(`${rbac}/rolebindings`, { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: { name: user },
    subjects: [{ kind: "User", name: user, apiGroup: "rbac.authorization.k8s.io" }], roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: user } }), 201);
  await cluster.must(cluster.create(maps, configMap("mine")), 201);
  let got;
  for (const end = Date.now() + 5_000; Date.now() < end && got?.status !== 200;) got = await cluster.get(`${maps}/mine`, { headers });
  assert.equal(got.status, 200, got.text);
  await cluster.must(cluster.apply(`${maps}/mine`, configMap("mine"), { headers }), 200);
  const created = assertStatus(await cluster.apply(`${maps}/absent`, configMap("absent"), { headers }), 403, "Forbidden");
  assert.match(created.message, /^configmaps "absent" is forbidden: /);   // newer ones add what it is that may not be done
});
test("may I? is a review that is asked, not kept", async () => {
  const ask = (verb) => cluster.must(cluster.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: { namespace: ns, verb, resource: "persistentvolumeclaims" } } }), 201);
  assert.equal((await ask("delete")).status.allowed, true);
});

test("discovery, group by group", async () => {
  const core = await cluster.must(cluster.get("/api"), 200);
  assert.deepEqual([core.kind, core.versions], ["APIVersions", ["v1"]]);
  const groups = await cluster.must(cluster.get("/apis"), 200);
  assert.equal(groups.kind, "APIGroupList");
  const apps = groups.groups.find(({ name }) => name === "apps");
  assert.deepEqual(apps.preferredVersion, { groupVersion: "apps/v1", version: "v1" });
  const { kind, resources, groupVersion } = await cluster.must(cluster.get("/api/v1"), 200);
  assert.deepEqual([kind, groupVersion], ["APIResourceList", "v1"]);
  const claims = resources.find(({ name }) => name === "persistentvolumeclaims");
  assert.deepEqual([claims.kind, claims.namespaced, claims.singularName, claims.shortNames], ["PersistentVolumeClaim", true, "persistentvolumeclaim", ["pvc"]]);
  for (const verb of ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]) assert.ok(claims.verbs.includes(verb), verb);
  assert.equal(resources.find(({ name }) => name === "persistentvolumes").namespaced, false);
  assert.ok(resources.some(({ name }) => name === "persistentvolumeclaims/status"));
  const batch = await cluster.must(cluster.get("/apis/batch/v1"), 200);
  assert.ok(batch.resources.some(({ name, kind: of }) => name === "cronjobs" && of === "CronJob"));
  assert.equal((await cluster.must(cluster.get("/apis/apps"), 200)).kind, "APIGroup");
});
test("discovery in one answer, where it is understood, with an entity tag", async () => {
  const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
  for (const path of ["/api", "/apis"]) {
    const answer = await cluster.get(path, { accept });
    assert.equal(answer.status, 200);
    assert.match(answer.headers["content-type"], /g=apidiscovery\.k8s\.io/);
    assert.equal(answer.body.kind, "APIGroupDiscoveryList");
    const group = answer.body.items.find(({ metadata }) => (metadata.name ?? "") === (path === "/api" ? "" : "apps"));
    const version = group.versions.find(({ version: of }) => of === "v1");
    assert.equal(version.freshness, "Current");
    const resource = version.resources.find(({ resource: of }) => of === (path === "/api" ? "persistentvolumeclaims" : "statefulsets"));
    assert.equal(resource.scope, "Namespaced");
    assert.equal(resource.responseKind.kind, path === "/api" ? "PersistentVolumeClaim" : "StatefulSet");
    assert.ok(resource.verbs.includes("patch"));
    assert.ok(resource.subresources.some(({ subresource }) => subresource === "status"));
    assert.ok(resource.shortNames.length);
    const tag = answer.headers.etag;
    assert.ok(tag);
    assert.equal((await cluster.get(path, { accept, headers: { "if-none-match": tag } })).status, 304);
  }
});
test("a kind that is not there: 404, in words or as a Status", async () => {
  for (const path of [`/apis/none.example.com/v1/namespaces/${ns}/things`, `/api/v1/namespaces/${ns}/things`, "/apis/none.example.com/v1"]) {
    const answer = await cluster.get(path);
    assert.equal(answer.status, 404);
    if (answer.body) assertStatus(answer, 404, "NotFound");
    else assert.match(answer.text, /^404 page not found/);
  }
  assertStatus(await cluster.request("POST", `${maps}/x`, { body: configMap("x") }), 405, "MethodNotAllowed");
});
test("the schemas that are served: OpenAPI v3, group by group", async () => {
  const { paths } = await cluster.must(cluster.get("/openapi/v3"), 200);
  const url = paths["apis/apps/v1"].serverRelativeURL;
  assert.match(url, /^\/openapi\/v3\/apis\/apps\/v1\?hash=/);
  const { components } = await cluster.must(cluster.get(url), 200);
  assert.ok(components.schemas["io.k8s.api.apps.v1.StatefulSet"]);
});

test("metadata alone, of one object and of a list", async () => {
  await cluster.must(cluster.create(maps, configMap("partial", { a: "x".repeat(1000) })), 201);
  const one = await cluster.must(cluster.get(`${maps}/partial`, { accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1" }), 200);
  assert.deepEqual([one.kind, one.apiVersion, one.data], ["PartialObjectMetadata", "meta.k8s.io/v1", undefined]);
  assert.equal(one.metadata.name, "partial");
  assert.ok(one.metadata.uid);
  const list = await cluster.must(cluster.get(maps, { accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1" }), 200);
  assert.equal(list.kind, "PartialObjectMetadataList");
  assert.ok(list.metadata.resourceVersion);
  assert.ok(list.items.every((item) => item.metadata.name && item.data === undefined));
});
test("a table for people", async () => {
  const table = await cluster.must(cluster.get(maps, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" }), 200);
  assert.equal(table.kind, "Table");
  assert.equal(table.columnDefinitions[0].name, "Name");
  assert.ok(table.rows.every(({ cells, object }) => cells.length === table.columnDefinitions.length && object.kind === "PartialObjectMetadata"));
});
test("a form that is not offered: 406", async () => {
  assertStatus(await cluster.get(`${maps}/partial`, { accept: "text/html" }), 406, "NotAcceptable");
});

test("generateName: the server adds five letters, and an apply needs a name", async () => {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "made-" } };
  const made = await cluster.must(cluster.create(maps, object), 201);
  assert.match(made.metadata.name, /^made-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  assert.equal(made.metadata.generateName, "made-");
  const dry = await cluster.must(cluster.create(`${maps}?dryRun=All`, object), 201);
  assert.match(dry.metadata.name, /^made-/);
  const nameless = await cluster.create(maps, { apiVersion: "v1", kind: "ConfigMap", metadata: {} });
  assert.match(assertStatus(nameless, 422, "Invalid").message, /name or generateName is required/);
});

test("a lease: taken, renewed, and never by two", async () => {
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${ns}/leases`, now = () => new Date().toISOString().replace("Z", "000Z");
  const lease = (holderIdentity) => ({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "l" },
    spec: { holderIdentity, leaseDurationSeconds: 15, acquireTime: now(), renewTime: now(), leaseTransitions: 0 } });
  const made = await cluster.must(cluster.create(leases, lease("a")), 201);
  assert.match(made.spec.renewTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  assertStatus(await cluster.create(leases, lease("b")), 409, "AlreadyExists");
  const renewed = await cluster.must(cluster.replace(`${leases}/l`, { ...made, spec: { ...made.spec, renewTime: now() } }), 200);
  assertStatus(await cluster.replace(`${leases}/l`, { ...made, spec: { ...made.spec, holderIdentity: "b" } }), 409, "Conflict");
  const none = await cluster.replace(`${leases}/l`, { ...renewed, spec: { ...renewed.spec, leaseDurationSeconds: 0 } });
  assertStatus(none, 422, "Invalid");
  await cluster.must(cluster.delete(`${leases}/l`, { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: made.metadata.uid, resourceVersion: renewed.metadata.resourceVersion } }), 200);
});

test("HTTP/2: streams side by side on one connection", async (context) => {
  const { server, tls, authorization } = cluster.connection;
  if (server.protocol !== "https:") return context.skip("HTTP/2 is spoken over TLS");
  const session = connect(server.origin, { ...tls });
  try {
    const ask = (path) => new Promise((done, failed) => {
      const stream = session.request({ ":path": path, accept: "application/json", ...(authorization ? { authorization } : {}) });
      let text = "", status;
      stream.setEncoding("utf8");
      stream.on("response", (headers) => { status = headers[":status"]; });
      stream.on("data", (piece) => { text += piece; });
      stream.on("end", () => done({ status, text }));
      stream.on("error", failed);
      stream.end();
    });
    session.on("error", () => {});
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(maps)));
    assert.ok(answers.every(({ status, text }) => status === 200 && JSON.parse(text).kind === "ConfigMapList"));
    assert.equal(session.alpnProtocol, "h2");
  } finally { session.close(); }
});
test("an answer that is asked for with gzip may come so", async () => {
  const { status, headers } = await cluster.get("/openapi/v3", { headers: { "accept-encoding": "gzip" } });
  assert.equal(status, 200);
  assert.ok([undefined, "gzip"].includes(headers["content-encoding"]));
});

test("what there was too much of is asked again after Retry-After", async (context) => {
  // An eviction that a disruption budget does not allow is the one 429 that can be had from a server that has nothing to do.
  const labels = { app: "evicted" }, root = `/api/v1/namespaces/${ns}/pods`;
  await cluster.must(cluster.create(root, { apiVersion: "v1", kind: "Pod", metadata: { name: "evicted", labels }, spec: { nodeName: "contract-none", containers: [{ name: "c", image: "x:1" }] } }), 201);
  await cluster.must(cluster.request("PATCH", `${root}/evicted/status`, { contentType: "application/merge-patch+json", body: { status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] } } }), 200);
  await cluster.must(cluster.create(`/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets`, { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "b" }, spec: { minAvailable: 1, selector: { matchLabels: labels } } }), 201);
  const answer = await cluster.create(`${root}/evicted/eviction`, { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "evicted", namespace: ns } });
  if (answer.status === 404 && /eviction|not found/.test(answer.text) && cluster.own) return context.skip("the test server has no evictions");
  const status = assertStatus(answer, 429, "TooManyRequests");
  assert.match(status.message, /Cannot evict pod as it would violate the pod's disruption budget/);
  if (answer.headers["retry-after"]) assert.match(answer.headers["retry-after"], /^\d+$/);
});

test("a kind is defined, established, served, and gone", async () => {
  const group = `d${random()}.example.com`, definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const path = cluster.later(`${definitions}/runs.${group}`), root = `/apis/${group}/v1`;
  assert.equal((await cluster.get(root)).status, 404);
  const dry = await cluster.must(cluster.apply(path, crd(group), { query: { dryRun: "All" } }), 201);
  assert.equal(dry.spec.names.singular, "run");
  assert.equal((await cluster.get(path)).status, 404);
  await cluster.must(cluster.apply(path, crd(group)), 201);
  assert.ok(await cluster.until(path, (object) => ["NamesAccepted", "Established"].every((type) => object?.status?.conditions?.some((one) => one.type === type && one.status === "True"))));
  const list = await cluster.until(root, (object) => object?.resources?.some(({ name }) => name === "runs"));
  assert.deepEqual(list.resources.find(({ name }) => name === "runs").kind, "Run");
  assert.ok(list.resources.some(({ name }) => name === "runs/status"));
  assert.ok(await cluster.until("/apis", (object) => object?.groups?.some(({ name }) => name === group)));
  assert.ok(await cluster.until(`${root}/namespaces/${ns}/runs`, (_, status) => status === 200));
  assertStatus(await cluster.create(definitions, { ...crd(group), metadata: { name: `other.${group}` } }), 422, "Invalid");
  const wrong = crd(`e${random()}.example.com`);
  delete wrong.spec.versions[0].schema;
  assertStatus(await cluster.create(definitions, wrong), 422, "Invalid");
  await cluster.must(cluster.delete(path), 200);
  assert.ok(await cluster.gone(path));
  assert.ok(await cluster.until(root, (_, status) => status === 404));
});
test("an API version that is served no more is not there", async () => {
  for (const path of ["/apis/apps/v1beta1", "/apis/extensions/v1beta1", "/apis/batch/v1beta1", "/apis/autoscaling/v2beta1"]) assert.equal((await cluster.get(path)).status, 404, path);
  const old = await cluster.create(`/apis/apps/v1/namespaces/${ns}/deployments`, { ...deployment("old"), apiVersion: "apps/v1beta1" });
  assertStatus(old, 400, "BadRequest");
});
test("a body of more than three MiB: 413", async () => {
  const answer = await cluster.create(maps, configMap("big", { a: "x".repeat(3.2 * 1024 * 1024) }));
  const status = assertStatus(answer, 413, "RequestEntityTooLarge");
  assert.match(status.message, /Request entity too large: limit is 3145728/);
});
test("a webhook that cannot be asked: 500, and worth trying again; one that is to be ignored: as if it were not", async (context) => {
  if (cluster.own) return context.skip("the test server calls no webhooks");
  const own = await cluster.namespace("webhook"), name = `contract-${random()}`;
  const webhook = { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingWebhookConfiguration", metadata: { name }, webhooks: [{
    name: "contract.example.com", admissionReviewVersions: ["v1"], sideEffects: "None", failurePolicy: "Fail", timeoutSeconds: 2, clientConfig: { url: "https://127.0.0.1:9/none" },
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": own } }, rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["secrets"] }] }] };
  const path = cluster.later(`/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${name}`);
  await cluster.must(cluster.create("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", webhook), 201);
  const one = { apiVersion: "v1", kind: "Secret", metadata: { generateName: "s-" } };
  let answer;
  for (const end = Date.now() + 10_000; Date.now() < end && answer?.status !== 500;) answer = await cluster.create(`/api/v1/namespaces/${own}/secrets?dryRun=All`, one);
  const status = assertStatus(answer, 500, "InternalError");
  assert.match(status.message, /^Internal error occurred: failed calling webhook "contract\.example\.com": failed to call webhook: /);
  await cluster.must(cluster.request("PATCH", path, { contentType: "application/json-patch+json", body: [{ op: "replace", path: "/webhooks/0/failurePolicy", value: "Ignore" }] }), 200);
  for (const end = Date.now() + 10_000; Date.now() < end && answer?.status !== 201;) answer = await cluster.create(`/api/v1/namespaces/${own}/secrets?dryRun=All`, one);
  assert.equal(answer.status, 201, answer.text);
});
