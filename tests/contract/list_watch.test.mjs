// Lists in pieces, selectors, watches and their ends.
// https://kubernetes.io/docs/reference/using-api/api-concepts/
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster, assertStatus, random, sleep } from "./support/cluster.mjs";
import { claim, configMap, deployment, pod, template } from "./support/objects.mjs";

const cluster = await Cluster.open();
const ns = await cluster.namespace("list");
const maps = `/api/v1/namespaces/${ns}/configmaps`;
const made = async (name, more) => cluster.must(cluster.create(maps, configMap(name, { a: "1" }, more)), 201);
const names = (list) => list.items.map(({ metadata }) => metadata.name);
for (let index = 0; index < 7; ++index) await made(`m${index}`, { labels: { set: "seven", parity: index % 2 ? "odd" : "even", ...(index === 3 ? { special: "" } : {}) } });
const seven = "labelSelector=set%3Dseven";

test("a list has a version, its items have no kind of their own", async () => {
  const list = await cluster.must(cluster.get(`${maps}?${seven}`), 200);
  assert.equal(list.kind, "ConfigMapList");
  assert.equal(list.apiVersion, "v1");
  assert.match(list.metadata.resourceVersion, /^[1-9]\d*$/);
  assert.equal(list.metadata.continue, undefined);
  assert.deepEqual(names(list), ["m0", "m1", "m2", "m3", "m4", "m5", "m6"], "by name");
  for (const item of list.items) assert.equal(item.kind, undefined);
  const none = await cluster.must(cluster.get(`${maps}?labelSelector=set%3Dnone`), 200);
  assert.deepEqual(none.items, [], "an empty list, not null");
});

test("in pieces: each with a token, all of one version, what is left is counted without a selector", async () => {
  const found = [];
  let token = "", version;
  for (let piece = 0; piece < 20; ++piece) {
    const list = await cluster.must(cluster.get(`${maps}?limit=3&${seven}${token && `&continue=${encodeURIComponent(token)}`}`), 200);
    version ??= list.metadata.resourceVersion;
    assert.equal(list.metadata.resourceVersion, version);
    assert.ok(list.items.length <= 3);
    found.push(...names(list));
    token = list.metadata.continue ?? "";
    if (!token) break;
    // What comes after the first piece is of the same moment.
    if (piece === 0) await made("m9", { labels: { set: "seven" } });
  }
  assert.deepEqual(found, ["m0", "m1", "m2", "m3", "m4", "m5", "m6"]);
  await cluster.must(cluster.delete(`${maps}/m9`), 200);
  const own = await cluster.namespace("pieces"), path = `/api/v1/namespaces/${own}/secrets`;
  for (const name of ["a", "b", "c", "d", "e"]) await cluster.must(cluster.create(path, { apiVersion: "v1", kind: "Secret", metadata: { name } }), 201);
  const first = await cluster.must(cluster.get(`${path}?limit=2`), 200);
  assert.equal(first.metadata.remainingItemCount, 3);
  const last = await cluster.must(cluster.get(`${path}?limit=3&continue=${encodeURIComponent(first.metadata.continue)}`), 200);
  assert.equal(last.metadata.continue, undefined);
  assert.equal(last.metadata.remainingItemCount, undefined);
});

test("a token that is none: 400; one of a version that is forgotten: 410, with a token to go on", async () => {
  assertStatus(await cluster.get(`${maps}?limit=2&continue=nonsense`), 400, "BadRequest");
  // A token says its version in base64 JSON; version 1 is compacted everywhere but on a server that has just begun.
  const { metadata } = await cluster.must(cluster.get(`${maps}?limit=2&${seven}`), 200);
  let token;
  try { token = JSON.parse(Buffer.from(metadata.continue, "base64url").toString()); } catch { return; }
  if (!token.rv) return;
  const old = Buffer.from(JSON.stringify({ ...token, rv: 1 })).toString("base64url");
  const answer = await cluster.get(`${maps}?limit=2&${seven}&continue=${old}`);
  if (answer.status === 200) return;
  const status = assertStatus(answer, 410, "Expired");
  assert.ok(status.metadata.continue, "a token that goes on with what is there now");
  assert.equal((await cluster.get(`${maps}?limit=2&${seven}&continue=${encodeURIComponent(status.metadata.continue)}`)).status, 200);
});

for (const [selector, expected] of [["parity=odd", "m1 m3 m5"], ["parity!=odd,set", "m0 m2 m4 m6"], ["parity in (odd,none)", "m1 m3 m5"], ["parity notin (odd),set", "m0 m2 m4 m6"],
  ["special", "m3"], ["!special,set", "m0 m1 m2 m4 m5 m6"], ["set=seven,special=", "m3"], ["parity==even", "m0 m2 m4 m6"]])
  test(`labels: ${selector}`, async () => {
    const list = await cluster.must(cluster.get(`${maps}?labelSelector=${encodeURIComponent(selector)}`), 200);
    assert.equal(names(list).join(" "), expected);
  });
test("a selector that is none: 400", async () => {
  assertStatus(await cluster.get(`${maps}?labelSelector=a%20b`), 400, "BadRequest");
  assertStatus(await cluster.get(`${maps}?fieldSelector=data.a%3D1`), 400, "BadRequest");
});
test("fields: the name everywhere, what a kind offers beside", async () => {
  assert.deepEqual(names(await cluster.must(cluster.get(`${maps}?fieldSelector=metadata.name%3Dm4`), 200)), ["m4"]);
  const everywhere = await cluster.must(cluster.get(`/api/v1/configmaps?fieldSelector=${encodeURIComponent(`metadata.namespace=${ns},metadata.name!=m4`)}&${seven}`), 200);
  assert.deepEqual(names(everywhere), ["m0", "m1", "m2", "m3", "m5", "m6"]);
  const pods = `/api/v1/namespaces/${ns}/pods`;
  await cluster.must(cluster.create(pods, pod("p", { nodeSelector: { "contract.example.com/none": "none" } })), 201);
  assert.deepEqual(names(await cluster.must(cluster.get(`${pods}?fieldSelector=status.phase%3DPending`), 200)), ["p"]);
  assert.deepEqual(names(await cluster.must(cluster.get(`${pods}?fieldSelector=spec.nodeName%3Dnowhere`), 200)), []);
  const about = { apiVersion: "v1", kind: "Event", metadata: { name: "e" }, involvedObject: { kind: "Pod", namespace: ns, name: "p", uid: "u" }, reason: "FailedScheduling", message: "m", type: "Warning" };
  await cluster.must(cluster.create(`/api/v1/namespaces/${ns}/events`, about), 201);
  for (const [selector, count] of [["involvedObject.name=p,type=Warning", 1], ["involvedObject.uid=u", 1], ["involvedObject.kind=Job", 0], ["reason=FailedScheduling", 1]])
    assert.equal((await cluster.must(cluster.get(`/api/v1/namespaces/${ns}/events?fieldSelector=${encodeURIComponent(selector)}`), 200)).items.filter(({ metadata }) => metadata.name === "e").length, count, selector);
});
test("versions of a list: any, at least, exactly, and one that is yet to come", async () => {
  const { metadata: { resourceVersion } } = await cluster.must(cluster.get(maps), 200);
  await made("newer", { labels: { version: "yes" } });
  const path = `${maps}?labelSelector=version`;
  assert.deepEqual(names(await cluster.must(cluster.get(`${path}&resourceVersion=0`), 200)).filter((name) => name !== "newer"), []);
  assert.deepEqual(names(await cluster.must(cluster.get(`${path}&resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`), 200)), []);
  assert.equal((await cluster.get(`${path}&resourceVersion=${resourceVersion}&resourceVersionMatch=NotOlderThan`)).status, 200);
  assertStatus(await cluster.get(`${path}&resourceVersionMatch=Exact`), 422, "Invalid");
});

test("a watch from a list's version: what was added, changed and deleted since, in order", async () => {
  const { metadata: { resourceVersion } } = await cluster.must(cluster.get(maps), 200);
  const one = await made("w1", { labels: { watched: "yes" } });
  const two = await cluster.must(cluster.merge(`${maps}/w1`, { data: { a: "2" } }), 200);
  await cluster.must(cluster.delete(`${maps}/w1`), 200);
  const watch = cluster.watch(`${maps}?watch=1&labelSelector=watched&resourceVersion=${resourceVersion}`);
  try {
    const events = [await watch.next(), await watch.next(), await watch.next()];
    assert.deepEqual(events.map((event) => event?.type), ["ADDED", "MODIFIED", "DELETED"]);
    assert.equal(events[0].object.kind, "ConfigMap");
    assert.equal(events[0].object.metadata.resourceVersion, one.metadata.resourceVersion);
    assert.equal(events[1].object.metadata.resourceVersion, two.metadata.resourceVersion);
    assert.deepEqual(events[2].object.data, { a: "2" });
    assert.ok(BigInt(events[2].object.metadata.resourceVersion) > BigInt(two.metadata.resourceVersion), "a delete has a version of its own");
    await made("w2", { labels: { watched: "yes" } });
    assert.equal((await watch.next())?.object.metadata.name, "w2", "live");
  } finally { watch.stop(); }
});
test("an object whose labels leave the selection is deleted from its watch", async () => {
  const { metadata: { resourceVersion } } = await cluster.must(cluster.get(maps), 200);
  await made("leaving", { labels: { there: "yes" } });
  const watch = cluster.watch(`${maps}?watch=1&labelSelector=there&resourceVersion=${resourceVersion}`);
  try {
    assert.equal((await watch.next())?.type, "ADDED");
    await cluster.must(cluster.merge(`${maps}/leaving`, { metadata: { labels: { there: null } } }), 200);
    assert.equal((await watch.next())?.type, "DELETED");
    await cluster.must(cluster.merge(`${maps}/leaving`, { metadata: { labels: { there: "again" } } }), 200);
    assert.equal((await watch.next())?.type, "ADDED");
  } finally { watch.stop(); }
});
test("a watch without a version begins with what is there; one object is watched by its name", async () => {
  const watch = cluster.watch(`${maps}?watch=1&fieldSelector=metadata.name%3Dm2`);
  try {
    const event = await watch.next();
    assert.equal(event?.type, "ADDED");
    assert.equal(event.object.metadata.name, "m2");
    await cluster.must(cluster.merge(`${maps}/m3`, { data: { b: "1" } }), 200);
    await cluster.must(cluster.merge(`${maps}/m2`, { data: { b: "1" } }), 200);
    assert.equal((await watch.next())?.object.metadata.name, "m2");
  } finally { watch.stop(); }
});
test("timeoutSeconds ends a watch as if nothing were wrong", async () => {
  const begun = Date.now();
  const watch = cluster.watch(`${maps}?watch=1&labelSelector=never&timeoutSeconds=1`);
  assert.equal(await watch.next(), undefined);
  const answer = await watch.finished;
  assert.equal(answer.status, 200, answer.text);
  assert.ok(Date.now() - begun < 10_000);
});
test("a version that is forgotten ends a watch: 410, as an event or an answer", async (context) => {
  // Version 1 is older than what any server keeps that is not brand new; one that is may still have it.
  const watch = cluster.watch(`${maps}?watch=1&resourceVersion=1&timeoutSeconds=3&fieldSelector=metadata.name%3Dnobody`);
  const event = await watch.next();
  watch.stop();
  if (!event) {
    const answer = await watch.finished;
    if (answer.status === 200 || answer.status === 0) return context.skip("this server is so young that it still knows version 1");
    return void assertStatus(answer, 410, "Expired");
  }
  assert.equal(event.type, "ERROR", JSON.stringify(event));
  assert.equal(event.object.kind, "Status");
  assert.equal(event.object.code, 410);
  assert.ok(["Expired", "Gone"].includes(event.object.reason), event.object.reason);
});
test("bookmarks: asked for, with a version and nothing else; the one that ends the first list says so", async () => {
  const watch = cluster.watch(`${maps}?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&${seven}`);
  try {
    const found = [];
    for (let event = await watch.next(); event; event = await watch.next()) {
      found.push(event);
      if (event.type !== "ADDED") break;
    }
    const last = found.pop();
    if (last === undefined) return assert.ok((await watch.finished).status >= 400, "streaming lists are 1.34 and later; others refuse");
    // Streaming lists need an etcd that tells how far it is (3.4.25, 3.5.8); the server says so in an event.
    if (last.type === "ERROR") return assert.ok(last.object.code >= 400);
    assert.equal(last.type, "BOOKMARK");
    assert.equal(last.object.kind, "ConfigMap");
    assert.deepEqual(last.object.metadata.annotations, { "k8s.io/initial-events-end": "true" });
    assert.match(last.object.metadata.resourceVersion, /^\d+$/);
    assert.deepEqual(found.map(({ object }) => object.metadata.name).sort(), ["m0", "m1", "m2", "m3", "m4", "m5", "m6"]);
  } finally { watch.stop(); }
});
test("a bookmark has a version and nothing else; nothing else comes where nothing happens", async () => {
  const { metadata: { resourceVersion } } = await cluster.must(cluster.get(maps), 200);
  const watch = cluster.watch(`${maps}?watch=1&allowWatchBookmarks=true&labelSelector=never&resourceVersion=${resourceVersion}&timeoutSeconds=4`);
  const found = [];
  for (let event = await watch.next(); event; event = await watch.next()) found.push(event);
  // Best effort: a server need not send any.
  for (const { type, object } of found) {
    assert.equal(type, "BOOKMARK");
    assert.ok(Number(object.metadata.resourceVersion) >= Number(resourceVersion));
    assert.equal(object.metadata.name, undefined);
  }
});

test("a version that is not the object's: 409 for an update and for a patch that names it", async () => {
  const before = await made("update");
  await cluster.must(cluster.merge(`${maps}/update`, { data: { a: "2" } }), 200);
  const status = assertStatus(await cluster.replace(`${maps}/update`, { ...before, data: { a: "3" } }), 409, "Conflict");
  assert.match(status.message, /^Operation cannot be fulfilled on configmaps "update": the object has been modified; please apply your changes to the latest version and try again$/);
  assert.deepEqual(status.details, { name: "update", kind: "configmaps" });
  assertStatus(await cluster.merge(`${maps}/update`, { metadata: { resourceVersion: before.metadata.resourceVersion }, data: { a: "4" } }), 409, "Conflict");
  const blind = await cluster.must(cluster.replace(`${maps}/update`, configMap("update", { a: "5" })), 200);
  assert.equal(blind.data.a, "5", "no version: the last one wins");
  const uid = assertStatus(await cluster.replace(`${maps}/update`, configMap("update", { a: "6" }, { uid: "00000000-0000-0000-0000-000000000000" })), 409, "Conflict");
  assert.match(uid.message, /Precondition failed: UID in precondition/);
  assertStatus(await cluster.replace(`${maps}/never`, configMap("never")), 404, "NotFound");
});
test("an update that changes nothing keeps the version", async () => {
  const before = await made("same");
  const after = await cluster.must(cluster.replace(`${maps}/same`, before), 200);
  assert.equal(after.metadata.resourceVersion, before.metadata.resourceVersion);
});
test("a create of what is there: 409", async () => {
  const status = assertStatus(await cluster.create(maps, configMap("m1")), 409, "AlreadyExists");
  assert.equal(status.message, 'configmaps "m1" already exists');
  assert.deepEqual(status.details, { name: "m1", kind: "configmaps" });
});
test("patches: merge, JSON and strategic", async () => {
  await made("patched", { labels: { a: "1", b: "1" } });
  const path = `${maps}/patched`, patch = (contentType, body) => cluster.request("PATCH", path, { body, contentType });
  assert.deepEqual((await cluster.must(patch("application/merge-patch+json", { data: { a: null, b: "2" } }), 200)).data, { b: "2" });
  assert.deepEqual((await cluster.must(patch("application/json-patch+json", [{ op: "test", path: "/data/b", value: "2" }, { op: "replace", path: "/data/b", value: "3" }, { op: "add", path: "/data/c", value: "4" }]), 200)).data, { b: "3", c: "4" });
  const failed = await patch("application/json-patch+json", [{ op: "test", path: "/data/b", value: "no" }]);
  assert.ok([422, 400].includes(failed.status), failed.text);
  assert.deepEqual((await cluster.must(patch("application/strategic-merge-patch+json", { metadata: { labels: { a: null } } }), 200)).metadata.labels, { b: "1" });
  const pods = `/api/v1/namespaces/${ns}/pods`;
  await cluster.must(cluster.create(pods, pod("strategic", { nodeSelector: { "contract.example.com/none": "none" } })), 201);
  const merged = await cluster.must(cluster.request("PATCH", `${pods}/strategic`, { contentType: "application/strategic-merge-patch+json", body: { spec: { containers: [{ name: "main", image: "other:1" }] } } }), 200);
  assert.equal(merged.spec.containers.length, 1);
  assert.equal(merged.spec.containers[0].image, "other:1");
  const deployments = `/apis/apps/v1/namespaces/${ns}/deployments`;
  await cluster.must(cluster.create(deployments, deployment("strategic", { template: template({ containers: [{ name: "main", image: "a:1", env: [{ name: "A", value: "1" }, { name: "B", value: "1" }] }] }) })), 201);
  const env = [{ name: "B", value: "2" }, { name: "C", value: "1" }];
  const ordered = await cluster.must(cluster.request("PATCH", `${deployments}/strategic`, { contentType: "application/strategic-merge-patch+json", body: { spec: { template: { spec: { containers: [{ name: "main", env }] } } } } }), 200);
  assert.deepEqual(ordered.spec.template.spec.containers[0].env.map(({ name, value }) => name + value), ["A1", "B2", "C1"]);
  const first = await cluster.must(cluster.request("PATCH", `${deployments}/strategic`, { contentType: "application/strategic-merge-patch+json", body: { spec: { template: { spec: { containers: [{ name: "main", env: [{ name: "D", value: "1" }] }] } } } } }), 200);
  assert.deepEqual(first.spec.template.spec.containers[0].env.map(({ name }) => name), ["D", "A", "B", "C"], "what is new comes first");
  assertStatus(await cluster.merge(`${maps}/absent`, { data: {} }), 404, "NotFound");
});
test("versions of one object only grow", async () => {
  let last = 0n;
  for (let index = 0; index < 5; ++index) {
    const { metadata } = await cluster.must(cluster.apply(`${maps}/growing`, configMap("growing", { a: String(index) })), 200, 201);
    assert.ok(BigInt(metadata.resourceVersion) > last);
    last = BigInt(metadata.resourceVersion);
  }
});
test("many at once: each apply of one object is answered as if alone", async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => cluster.apply(`${maps}/storm`, configMap("storm", { [`k${index}`]: "1" }), { by: `m${index}` })));
  // A create that others were faster with may be answered with 409 AlreadyExists; whoever sends again succeeds.
  for (const [index, answer] of answers.entries()) {
    if (answer.status < 300) continue;
    assert.equal(answer.status, 409, answer.text);
    await cluster.must(cluster.apply(`${maps}/storm`, configMap("storm", { [`k${index}`]: "1" }), { by: `m${index}` }), 200);
  }
  assert.equal(Object.keys((await cluster.must(cluster.get(`${maps}/storm`), 200)).data).length, 12);
});
test("claims are listed in every namespace", async () => {
  const label = `l${random()}`, other = await cluster.namespace("second");
  for (const where of [ns, other]) await cluster.must(cluster.create(`/api/v1/namespaces/${where}/persistentvolumeclaims`, { ...claim("c"), metadata: { name: "c", labels: { [label]: "" } } }), 201);
  const list = await cluster.must(cluster.get(`/api/v1/persistentvolumeclaims?labelSelector=${label}`), 200);
  assert.deepEqual(list.items.map(({ metadata }) => metadata.namespace).sort(), [ns, other].sort());
  await sleep(0);
});
