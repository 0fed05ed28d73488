// Server-side apply: who owns what, what is given up, what is refused.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster, assertFields, assertStatus, image, owned, random } from "./support/cluster.mjs";
import { claim, configMap, crd, deployment, pod, service, statefulSet, template } from "./support/objects.mjs";

const cluster = await Cluster.open();
const ns = await cluster.namespace("apply");
const at = (plural, name) => `/api/v1/namespaces/${ns}/${plural}/${name}`;
const apps = (plural, name) => `/apis/apps/v1/namespaces/${ns}/${plural}/${name}`;
const applied = (path, object, options) => cluster.must(cluster.apply(path, object, options), 200, 201);

test("create answers 201, then 200; the object has its uid, version and managers", async () => {
  const path = at("configmaps", "made");
  const first = await cluster.apply(path, configMap("made", { a: "1", b: "2" }));
  assert.equal(first.status, 201, first.text);
  const { metadata } = first.body;
  assert.match(metadata.uid, /^[0-9a-f-]{36}$/);
  assert.match(metadata.resourceVersion, /^[1-9]\d*$/);
  assert.match(metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal(metadata.namespace, ns);
  assert.deepEqual(metadata.managedFields.map(({ time, ...rest }) => { assert.match(time, /Z$/); return rest; }), [{
    manager: "contract", operation: "Apply", apiVersion: "v1", fieldsType: "FieldsV1",
    fieldsV1: { "f:data": { "f:a": {}, "f:b": {} } },
  }]);
  const second = await cluster.apply(path, configMap("made", { a: "1", b: "3" }));
  assert.equal(second.status, 200);
  assert.equal(second.body.metadata.uid, metadata.uid);
  assert.notEqual(second.body.metadata.resourceVersion, metadata.resourceVersion);
});

test("the same again changes nothing, not even the version", async () => {
  for (const [path, object] of [[at("configmaps", "noop"), configMap("noop")], [at("persistentvolumeclaims", "noop"), claim("noop")],
    [at("services", "noop"), service("noop")], [apps("deployments", "noop"), deployment("noop")], [apps("statefulsets", "noop"), statefulSet("noop")]]) {
    // A claim is stored anew once, in the form that updates have: the same object with another version. Controllers write
    // a status sooner or later.
    await applied(path, object);
    let before = await applied(path, object), after = await applied(path, object);
    for (let tries = 0; tries < 5 && after.metadata.resourceVersion !== before.metadata.resourceVersion; ++tries) {
      before = after;
      after = await applied(path, object);
    }
    assert.equal(after.metadata.resourceVersion, before.metadata.resourceVersion, path);
    assert.deepEqual(after, before, path);
  }
});

test("a field that is left out goes when nobody else owns it", async () => {
  const path = at("configmaps", "given-up");
  await applied(path, configMap("given-up", { a: "1", b: "2" }, { labels: { x: "1", y: "1" } }));
  const after = await applied(path, configMap("given-up", { a: "1" }, { labels: { x: "1" } }));
  assert.deepEqual(after.data, { a: "1" });
  assert.deepEqual(after.metadata.labels, { x: "1" });
  assert.deepEqual(owned(after).fieldsV1, { "f:data": { "f:a": {} }, "f:metadata": { "f:labels": { "f:x": {} } } });
  const none = await applied(path, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "given-up" } });
  assert.equal(none.data, undefined);
  assert.equal(none.metadata.labels, undefined);
  assert.equal(owned(none), undefined, "a manager that owns nothing is not listed");
});

test("a field that two share stays until both have given it up", async () => {
  const path = at("configmaps", "shared");
  await applied(path, configMap("shared", { a: "1", mine: "1" }));
  const both = await applied(path, configMap("shared", { a: "1" }), { by: "other" });
  assert.ok(owned(both, "other").fieldsV1["f:data"]["f:a"]);
  const left = await applied(path, configMap("shared", { mine: "1" }));
  assert.equal(left.data.a, "1");
  assert.deepEqual(owned(left).fieldsV1, { "f:data": { "f:mine": {} } });
  const gone = await applied(path, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "shared" } }, { by: "other" });
  assert.deepEqual(gone.data, { mine: "1" });
});

test("another one's value is a conflict, with a cause for each field; force takes it over", async () => {
  const path = apps("deployments", "conflict");
  await applied(path, deployment("conflict", { replicas: 0 }), { by: "other" });
  const refused = await cluster.apply(path, deployment("conflict", { replicas: 1, template: template({ containers: [{ name: "main", image: `${image}-x` }] }) }));
  const status = assertStatus(refused, 409, "Conflict");
  assert.match(status.message, /^Apply failed with 2 conflicts: conflicts with "other":/);
  assert.deepEqual(status.details.causes.map(({ reason, field }) => [reason, field]).sort((a, b) => a[1] < b[1] ? -1 : 1), [
    ["FieldManagerConflict", ".spec.replicas"], ["FieldManagerConflict", '.spec.template.spec.containers[name="main"].image']]);
  for (const { message } of status.details.causes) assert.match(message, /^conflict with "other"/);
  const forced = await applied(path, deployment("conflict", { replicas: 0, paused: true }), { force: true });
  assert.equal(forced.spec.paused, true);
  const taken = await cluster.must(cluster.apply(path, deployment("conflict", { replicas: 0, paused: false }), { force: true }), 200);
  assert.equal(taken.spec.paused, undefined);
  const changed = await applied(path, deployment("conflict", { replicas: 0, template: template({ containers: [{ name: "main", image: `${image}-x` }] }) }), { force: true });
  const image_ = (by) => owned(changed, by).fieldsV1["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"main"}']["f:image"];
  assert.ok(image_("contract"));
  assert.equal(image_("other"), undefined);
});

test("one conflict is named in the singular, with the version of the other", async () => {
  const path = at("configmaps", "single");
  await cluster.must(cluster.create(`/api/v1/namespaces/${ns}/configmaps?fieldManager=hand`, configMap("single")), 201);
  const status = assertStatus(await cluster.apply(path, configMap("single", { a: "2" })), 409, "Conflict");
  assert.match(status.message, /^Apply failed with 1 conflict: conflict with "hand" using v1: \.data\.a$/);
  assert.deepEqual(status.details.causes.map(({ field }) => field), [".data.a"]);
  assert.match(status.details.causes[0].message, /^conflict with "hand" using v1/);
});

test("equal values are no conflict: both own them", async () => {
  const path = at("configmaps", "equal");
  await cluster.must(cluster.create(`/api/v1/namespaces/${ns}/configmaps?fieldManager=hand`, configMap("equal")), 201);
  const both = await applied(path, configMap("equal"));
  assert.ok(owned(both));
  assert.ok(owned(both, "hand", "Update"));
});

test("an update by another manager takes the fields it changes from us", async () => {
  const path = at("configmaps", "updated");
  const made = await applied(path, configMap("updated", { a: "1", b: "1" }));
  made.data.a = "2";
  const after = await cluster.must(cluster.replace(`${path}?fieldManager=hand`, made), 200);
  assert.deepEqual(owned(after, "hand", "Update").fieldsV1, { "f:data": { "f:a": {} } });
  assert.deepEqual(owned(after).fieldsV1, { "f:data": { "f:b": {} } });
  assertStatus(await cluster.apply(path, configMap("updated", { a: "1", b: "1" })), 409, "Conflict");
});

test("a merge patch has the manager of its user agent when it names none", async () => {
  const path = at("configmaps", "agent");
  await applied(path, configMap("agent"));
  const after = await cluster.must(cluster.request("PATCH", path, { body: { data: { z: "1" } }, contentType: "application/merge-patch+json", headers: { "user-agent": "somebody/1.2 (linux)" } }), 200);
  assert.ok(owned(after, "somebody", "Update"), JSON.stringify(after.metadata.managedFields));
});

test("a list map is merged by key: each manager has its elements", async () => {
  const path = apps("deployments", "list-map");
  const env = (...names) => template({ containers: [{ name: "main", image, env: names.map((name) => ({ name, value: name.toLowerCase() })) }] });
  await applied(path, deployment("list-map", { template: env("A", "B") }));
  const both = await applied(path, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "list-map" },
    spec: { template: { spec: { containers: [{ name: "main", env: [{ name: "C", value: "c" }] }] } } } }, { by: "other" });
  assert.deepEqual(both.spec.template.spec.containers[0].env.map(({ name }) => name), ["A", "B", "C"]);
  const less = await applied(path, deployment("list-map", { template: env("B", "D") }));
  assert.deepEqual(less.spec.template.spec.containers[0].env.map(({ name }) => name).sort(), ["B", "C", "D"]);
  const fields = owned(less).fieldsV1["f:spec"]["f:template"]["f:spec"]["f:containers"];
  assert.deepEqual(Object.keys(fields), ['k:{"name":"main"}']);
  assert.deepEqual(fields['k:{"name":"main"}']["."], {});
  assert.deepEqual(Object.keys(fields['k:{"name":"main"}']["f:env"]).sort(), ['k:{"name":"B"}', 'k:{"name":"D"}']);
});

test("ports are keyed by port and protocol, with the protocol's default", async () => {
  const made = await applied(at("services", "ports"), service("ports", { ports: [{ port: 80, name: "a" }, { port: 90, name: "b", protocol: "UDP" }] }));
  assert.deepEqual(Object.keys(owned(made).fieldsV1["f:spec"]["f:ports"]).sort(), ['k:{"port":80,"protocol":"TCP"}', 'k:{"port":90,"protocol":"UDP"}']);
});

test("a key twice in a list map is refused", async () => {
  const twice = await cluster.apply(at("services", "twice"), service("twice", { ports: [{ port: 80, name: "a" }, { port: 80, name: "b" }] }));
  assert.match(assertStatus(twice, 500).message, /\.spec\.ports: duplicate entries for key \[port=80,protocol="TCP"\]/);
});

test("a set is merged by value: finalizers", async () => {
  const path = at("configmaps", "set");
  await applied(path, configMap("set", { a: "1" }, { finalizers: ["example.com/one"] }));
  const both = await applied(path, configMap("set", undefined, { finalizers: ["example.com/two"] }), { by: "other" });
  assert.deepEqual([...both.metadata.finalizers].sort(), ["example.com/one", "example.com/two"]);
  assert.deepEqual(owned(both, "other").fieldsV1["f:metadata"]["f:finalizers"], { 'v:"example.com/two"': {} });
  const one = await applied(path, configMap("set", { a: "1" }));
  assert.deepEqual(one.metadata.finalizers, ["example.com/two"]);
});

test("an atomic is owned and replaced as a whole", async () => {
  const path = at("persistentvolumeclaims", "atomic");
  const made = await applied(path, claim("atomic", { selector: { matchLabels: { tier: "hot" } } }));
  assert.deepEqual(owned(made).fieldsV1["f:spec"]["f:selector"], {});
  assert.deepEqual(owned(made).fieldsV1["f:spec"]["f:accessModes"], {});
  const arguments_ = (...args) => deployment("atomic", { template: template({ containers: [{ name: "main", image, args }] }) });
  await applied(apps("deployments", "atomic"), arguments_("a", "b"));
  const status = assertStatus(await cluster.apply(apps("deployments", "atomic"), arguments_("a"), { by: "other" }), 409, "Conflict");
  assert.deepEqual(status.details.causes.map(({ field }) => field), ['.spec.template.spec.containers[name="main"].args']);
});

test("a default belongs to nobody, and a value that equals it to who says it", async () => {
  const path = apps("deployments", "default");
  const made = await applied(path, deployment("default"));
  assert.equal(made.spec.revisionHistoryLimit, 10);
  assert.equal(owned(made).fieldsV1["f:spec"]["f:revisionHistoryLimit"], undefined);
  const said = await applied(path, deployment("default", { revisionHistoryLimit: 10 }));
  assert.ok(owned(said).fieldsV1["f:spec"]["f:revisionHistoryLimit"]);
  assert.notEqual(said.metadata.resourceVersion, made.metadata.resourceVersion, "who owns what is part of the object");
  assert.equal(said.metadata.generation, made.metadata.generation);
  const other = await applied(path, deployment("default", { revisionHistoryLimit: 3 }));
  assert.equal(other.spec.revisionHistoryLimit, 3);
  assert.equal(other.metadata.generation, made.metadata.generation + 1);
  const again = await applied(path, deployment("default"));
  assert.equal(again.spec.revisionHistoryLimit, 10, "given up: the default comes back");
});

test("an empty map or list is owned by itself", async () => {
  const made = await applied(apps("deployments", "empty"), deployment("empty", { template: template({ volumes: [{ name: "scratch", emptyDir: {} }] }) }));
  const volumes = owned(made).fieldsV1["f:spec"]["f:template"]["f:spec"]["f:volumes"];
  assert.deepEqual(volumes['k:{"name":"scratch"}']["f:emptyDir"], {});
});

test("null says nothing: the field is as if left out", async () => {
  const path = at("configmaps", "null");
  await applied(path, configMap("null", { a: "1", b: "1" }));
  const after = await applied(path, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "null", labels: null }, data: { a: "1" } });
  assert.deepEqual(after.data, { a: "1" });
  const replicas = deployment("null", { replicas: null });
  const made = await applied(apps("deployments", "null"), replicas);
  assert.equal(made.spec.replicas, 1, "the default");
});

test("a quantity keeps its spelling when it is canonical, and becomes so else", async () => {
  const made = await applied(at("persistentvolumeclaims", "quantity"), claim("quantity", { resources: { requests: { storage: "1024Mi" } } }));
  assert.equal(made.spec.resources.requests.storage, "1Gi");
  const again = await applied(at("persistentvolumeclaims", "quantity"), claim("quantity", { resources: { requests: { storage: "1024Mi" } } }));
  assert.equal(again.spec.resources.requests.storage, "1Gi");
  assert.deepEqual(owned(again), owned(made));
});

test("YAML is taken as well as JSON", async () => {
  const made = await applied(at("configmaps", "yaml"), `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: "1"\n`);
  assert.deepEqual(made.data, { a: "1" });
});

test("no field manager, a name that differs, managedFields, another kind: refused", async () => {
  const path = at("configmaps", "bad");
  const nobody = await cluster.request("PATCH", path, { body: configMap("bad"), contentType: "application/apply-patch+yaml" });
  assert.match(assertStatus(nobody, 422, "Invalid").message, /fieldManager/);
  assert.equal(assertStatus(await cluster.apply(path, configMap("other-name")), 400, "BadRequest").message, "the name of the object (other-name) does not match the name on the URL (bad)");
  const managed = await cluster.apply(path, configMap("bad", { a: "1" }, { managedFields: [{ manager: "x", operation: "Apply", apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1: {} }] }));
  assert.match(assertStatus(managed, 400, "BadRequest").message, /metadata\.managedFields must be nil/);
  assert.match(assertStatus(await cluster.apply(path, { ...configMap("bad"), kind: "Secret" }), 400, "BadRequest").message, /^invalid object type: \/v1, Kind=Secret$/);
  assert.match(assertStatus(await cluster.apply(path, { ...configMap("bad"), apiVersion: undefined }), 400, "BadRequest").message, /^invalid object type: \/, Kind=ConfigMap$/);
  assertStatus(await cluster.apply(path, "a: [b"), 400, "BadRequest");
  assert.equal((await cluster.get(path)).status, 404);
});

test("a version that is not the object's is a conflict, another uid a change of what cannot change", async () => {
  const path = at("configmaps", "precondition");
  const made = await applied(path, configMap("precondition"));
  const stale = await cluster.apply(path, configMap("precondition", { a: "2" }, { resourceVersion: "1" }));
  assert.match(assertStatus(stale, 409, "Conflict").message, /the object has been modified/);
  const other = await cluster.apply(path, configMap("precondition", { a: "2" }, { uid: "00000000-0000-0000-0000-000000000000" }));
  assertFields(other, "metadata.uid");
  const current = await cluster.apply(path, configMap("precondition", { a: "2" }, { uid: made.metadata.uid, resourceVersion: made.metadata.resourceVersion }));
  assert.equal(current.status, 200, current.text);
  // What says of which object it is must not make one.
  const absent = assertStatus(await cluster.apply(at("configmaps", "absent"), configMap("absent", { a: "2" }, { uid: made.metadata.uid })), 409, "Conflict");
  assert.match(absent.message, /uid mismatch: the provided object specified uid [0-9a-f-]+, and no existing object was found/);
});

// 500, and yet a refusal: whoever tries again on 5xx never ends.
test("an unknown field and a value of the wrong type: 500 with the path, whatever fieldValidation says", async () => {
  const odd = { ...configMap("strict"), dta: { a: "1" } };
  for (const fieldValidation of ["Strict", "Warn", "Ignore"]) {
    const answer = await cluster.apply(at("configmaps", "strict"), odd, { query: { fieldValidation } });
    const status = assertStatus(answer, 500);
    assert.equal(status.message, "failed to create typed patch object (/strict; /v1, Kind=ConfigMap): .dta: field not declared in schema");
    assert.equal(status.reason, undefined);
  }
  assert.equal((await cluster.get(at("configmaps", "strict"))).status, 404);
  const nested = deployment("strict", { template: template({ containers: [{ name: "main", image, imagePullPolcy: "Always" }] }) });
  const deep = assertStatus(await cluster.apply(apps("deployments", "strict"), nested, { query: { fieldValidation: "Strict" } }), 500);
  assert.match(deep.message, /\(\/strict; apps\/v1, Kind=Deployment\): \.spec\.template\.spec\.containers\[name="main"\]\.imagePullPolcy: field not declared in schema$/);
  const typed = assertStatus(await cluster.apply(apps("deployments", "strict"), deployment("strict", { replicas: "two" })), 500);
  assert.match(typed.message, /\.spec\.replicas: expected numeric \(int or float\), got string$/);
});
test("a quantity that is none: 500 as well, in other words", async () => {
  const status = assertStatus(await cluster.apply(at("persistentvolumeclaims", "amount"), claim("amount", { resources: { requests: { storage: "10 Gi" } } })), 500);
  assert.match(status.message, /^failed to convert new object \(.*\/amount; \/v1, Kind=PersistentVolumeClaim\) to proper version: .*quantities must match the regular expression/);
  assertStatus(await cluster.create(`/api/v1/namespaces/${ns}/persistentvolumeclaims`, claim("amount", { resources: { requests: { storage: "10 Gi" } } })), 400, "BadRequest");
});
test("an object that does not say its name is refused, whatever the request says", async () => {
  const status = assertStatus(await cluster.apply(at("configmaps", "nameless"), { apiVersion: "v1", kind: "ConfigMap", data: {} }), 400, "BadRequest");
  assert.match(status.message, /name must be provided/);
});
test("an entry of a list without its key has the empty one, and is refused for it", async () => {
  const object = deployment("keyless", { template: template({ containers: [{ name: "main", image, volumeMounts: [{ name: "v" }] }], volumes: [{ name: "v", emptyDir: {} }] }) });
  assertFields(await cluster.apply(apps("deployments", "keyless"), object), "spec.template.spec.containers[0].volumeMounts[0].mountPath");
});
test("a source of a volume that loses its only word is still that source; one that is left out is an empty folder", async () => {
  const path = apps("deployments", "source"), with_ = (source) => deployment("source", { template: template({ volumes: [{ name: "v", ...source }] }) });
  await applied(path, with_({ persistentVolumeClaim: { claimName: "c" } }));
  // Older servers lose the empty source with the word, and then it is an empty folder too.
  if (await cluster.version() >= 135) assertFields(await cluster.apply(path, with_({ persistentVolumeClaim: {} })), "spec.template.spec.volumes[0].persistentVolumeClaim.claimName");
  assert.deepEqual((await applied(path, with_({}))).spec.template.spec.volumes, [{ name: "v", emptyDir: {} }]);
});

test("a create that is strict names every unknown and doubled field", async () => {
  const text = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"doubled"},"data":{"a":"1"},"data":{"b":"1"},"dta":{}}`;
  const strict = assertStatus(await cluster.create(`/api/v1/namespaces/${ns}/configmaps?fieldValidation=Strict`, text), 400, "BadRequest");
  assert.match(strict.message, /strict decoding error/);
  assert.match(strict.message, /unknown field "dta"/);
  assert.match(strict.message, /duplicate field "data"/);
  const warned = await cluster.create(`/api/v1/namespaces/${ns}/configmaps?fieldValidation=Warn&dryRun=All`, text);
  assert.equal(warned.status, 201);
  assert.match(String(warned.headers.warning), /299 - "unknown field \\"dta\\""/);
  const ignored = await cluster.create(`/api/v1/namespaces/${ns}/configmaps?fieldValidation=Ignore&dryRun=All`, text);
  assert.equal(ignored.status, 201);
  assert.equal(ignored.headers.warning, undefined);
});

test("dryRun=All: defaulted, validated, owned, and not kept", async () => {
  const path = apps("statefulsets", "dry");
  const dry = await cluster.apply(path, statefulSet("dry"), { query: { dryRun: "All" } });
  assert.equal(dry.status, 201, dry.text);
  assert.equal(dry.body.spec.podManagementPolicy, "OrderedReady");
  assert.ok(dry.body.metadata.uid);
  assert.equal(dry.body.metadata.resourceVersion, undefined);
  assert.ok(owned(dry.body));
  assert.equal((await cluster.get(path)).status, 404);
  const made = await applied(path, statefulSet("dry"));
  const changed = await cluster.apply(path, statefulSet("dry", { minReadySeconds: 5 }), { query: { dryRun: "All" } });
  assert.equal(changed.status, 200);
  assert.equal(changed.body.spec.minReadySeconds, 5);
  assert.ok(BigInt(changed.body.metadata.resourceVersion) >= BigInt(made.metadata.resourceVersion), "that of what is there");
  assert.equal((await cluster.get(path)).body.spec.minReadySeconds, undefined);
  assertFields(await cluster.apply(path, statefulSet("dry", { serviceName: "x" }), { query: { dryRun: "All" } }), "spec");
  assertStatus(await cluster.apply(path, statefulSet("dry"), { query: { dryRun: "Some" } }), 422, "Invalid");
});

test("a namespace that is not there: 404, also for a dry run", async () => {
  const absent = `contract-absent-${random()}`;
  for (const query of [{}, { dryRun: "All" }]) {
    const status = assertStatus(await cluster.apply(`/api/v1/namespaces/${absent}/configmaps/x`, configMap("x"), { query }), 404, "NotFound");
    assert.equal(status.message, `namespaces "${absent}" not found`);
    assert.deepEqual(status.details, { name: absent, kind: "namespaces" });
  }
  assertStatus(await cluster.create(`/api/v1/namespaces/${absent}/configmaps`, configMap("x")), 404, "NotFound");
  assertStatus(await cluster.get(`/api/v1/namespaces/${absent}/configmaps/x`), 404, "NotFound");
  assert.deepEqual((await cluster.must(cluster.get(`/api/v1/namespaces/${absent}/configmaps`), 200)).items, []);
});

test("a namespace in the object that is not the request's is refused", async () => {
  const status = assertStatus(await cluster.apply(at("configmaps", "elsewhere"), configMap("elsewhere", { a: "1" }, { namespace: "default" })), 400, "BadRequest");
  assert.equal(status.message, "the namespace of the provided object does not match the namespace sent on the request");
});

test("status is written through its subresource only, and has managers of its own", async () => {
  const path = apps("deployments", "status");
  const made = await applied(path, { ...deployment("status"), status: { replicas: 7, conditions: [{ type: "Odd", status: "True" }] } });
  assert.equal(made.status.replicas, undefined);
  assert.equal(owned(made).fieldsV1["f:status"], undefined);
  const said = await applied(`${path}/status`, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "status" },
    spec: { replicas: 5 }, status: { conditions: [{ type: "Odd", status: "True" }] } }, { by: "controller" });
  assert.deepEqual(said.status.conditions.map(({ type }) => type), ["Odd"]);
  assert.equal(said.spec.replicas, 0);
  assert.equal(said.metadata.generation, made.metadata.generation);
  assert.deepEqual(owned(said, "controller", "Apply", "status").fieldsV1, { "f:status": { "f:conditions": { 'k:{"type":"Odd"}': { ".": {}, "f:status": {}, "f:type": {} } } } });
  const again = await applied(path, deployment("status", { paused: true }));
  assert.deepEqual(again.status.conditions.map(({ type }) => type), ["Odd"], "status stays when the rest is applied");
});

test("generation counts changes of the spec only", async () => {
  const path = apps("statefulsets", "generation");
  const one = await applied(path, statefulSet("generation"));
  assert.equal(one.metadata.generation, 1);
  const labelled = await applied(path, { ...statefulSet("generation"), metadata: { name: "generation", labels: { x: "1" } } });
  assert.equal(labelled.metadata.generation, 1);
  const changed = await applied(path, statefulSet("generation", { minReadySeconds: 5 }));
  assert.equal(changed.metadata.generation, 2);
});

test("a pod's containers are owned by name; what is set in them later is a conflict or refused", async () => {
  const path = at("pods", "one");
  const made = await applied(path, pod("one", { nodeSelector: { "contract.example.com/none": "none" } }));
  assert.equal(made.status.phase, "Pending");
  assert.equal(made.status.qosClass, "BestEffort");
  assertFields(await cluster.apply(path, pod("one", { nodeSelector: { "contract.example.com/none": "other" } })), "spec");
});

test("a custom resource: defaults, list types and validation of its schema", async () => {
  const group = `c${random()}.example.com`, path = `/apis/${group}/v1/namespaces/${ns}/runs/one`;
  const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const definition = await applied(cluster.later(`${definitions}/runs.${group}`), crd(group));
  assert.equal(definition.spec.conversion.strategy, "None");
  const established = await cluster.until(`${definitions}/runs.${group}`, (object) => (object?.status?.conditions ?? []).some(({ type, status }) => type === "Established" && status === "True"));
  assert.ok(established, "Established");
  assert.deepEqual(established.status.acceptedNames.kind, "Run");
  const run = (spec) => ({ apiVersion: `${group}/v1`, kind: "Run", metadata: { name: "one" }, spec });
  // Established does not say that every handler has it: clients try again on 404.
  assert.ok(await cluster.until(`/apis/${group}/v1/namespaces/${ns}/runs`, (_, status) => status === 200));
  let made = await cluster.apply(path, run({ size: 1, parts: [{ name: "a", value: "1" }], words: ["x"], atoms: ["1"] }));
  assert.equal(made.status, 201, made.text);
  assert.equal(made.body.spec.mode, "fast");
  assert.equal(made.body.metadata.generation, 1);
  const both = await applied(path, { apiVersion: `${group}/v1`, kind: "Run", metadata: { name: "one" }, spec: { size: 1, parts: [{ name: "b", value: "2" }], words: ["y"] } }, { by: "other" });
  assert.deepEqual(both.spec.parts.map(({ name }) => name), ["a", "b"]);
  assert.deepEqual(both.spec.words, ["x", "y"]);
  assertStatus(await cluster.apply(path, { apiVersion: `${group}/v1`, kind: "Run", metadata: { name: "one" }, spec: { size: 1, atoms: ["2"] } }, { by: "other" }), 409, "Conflict");
  assertFields(await cluster.apply(path, run({ size: 0 }), { force: true }), "spec.size");
  assertFields(await cluster.create(`/apis/${group}/v1/namespaces/${ns}/runs`, { ...run({}), metadata: { name: "two" } }), "spec.size");
  const unknown = await cluster.apply(path, run({ size: 1, sise: 2 }), { query: { fieldValidation: "Strict" } });
  assert.ok(unknown.status >= 400, unknown.text);
  assert.match(unknown.body.message, /sise/);
  if (!cluster.own) {   // the test server evaluates no rules (CEL)
    await applied(`/apis/${group}/v1/namespaces/${ns}/runs/fixed`, { ...run({ size: 1, fixed: "a" }), metadata: { name: "fixed" } });
    assertFields(await cluster.apply(`/apis/${group}/v1/namespaces/${ns}/runs/fixed`, { ...run({ size: 1, fixed: "b" }), metadata: { name: "fixed" } }), "spec.fixed");
  }
  const status = await applied(`${path}/status`, { apiVersion: `${group}/v1`, kind: "Run", metadata: { name: "one" }, status: { phase: "Done" } }, { by: "controller" });
  assert.equal(status.status.phase, "Done");
  assert.equal(status.metadata.generation, both.metadata.generation);
  await cluster.must(cluster.delete(`${definitions}/runs.${group}`), 200);
  if (await cluster.gone(`${definitions}/runs.${group}`)) assert.ok(await cluster.gone(path), "served no more");
});
