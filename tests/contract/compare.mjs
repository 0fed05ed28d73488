// node tests/contract/compare.mjs KUBECONFIG [--changes N] [--seed N] [--messages] FILE…
//
// Sends the objects of manifests and stacks to the cluster that KUBECONFIG names and to the project's own test server,
// request by request, and shows where the answers differ: created and applied as a dry run, applied, applied again, and N
// random changes of each object. A difference is a bug of the test server. No test of its own: it needs a cluster that no
// controller changes, best a bare API server. Without --messages, texts of refusals are not compared, only status, reason
// and fields. MLSTACKC is the compiler that makes manifests of stacks.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { parseArgs } from "node:util";
import { Cluster } from "./support/cluster.mjs";

const YAML = createRequire(new URL("../npm/package.json", import.meta.url))("yaml");
const { values: options, positionals: [kubeconfig, ...files] } = parseArgs({ allowPositionals: true, options: {
  changes: { type: "string", default: "0" }, seed: { type: "string", default: "1" }, messages: { type: "boolean", default: false } } });
const root = new URL("../..", import.meta.url).pathname;

// mulberry32
let state = Number(options.seed);
function below(limit) {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
}

function objectsOf(file) {
  const compiled = file.endsWith(".mlstack")
    && spawnSync(process.env.MLSTACKC ?? `${root}/build/release/bin/mlstackc`, ["build", file], { encoding: "utf8", maxBuffer: 1 << 28 });
  if (compiled && compiled.status !== 0) throw compiled.error ?? new Error(compiled.stderr);
  const text = compiled ? compiled.stdout : readFileSync(file, "utf8");
  return YAML.parseAllDocuments(text).flatMap((document) => {
    let object;
    try { object = document.toJS(); } catch { return []; }
    return object?.kind === "List" ? object.items ?? [] : [object];
  }).filter((object) => object?.kind && object.apiVersion && object.metadata?.name);
}

// What may differ from server to server: names and numbers that it makes itself, and certificates of its vendor.
const vendors = ',{"configMap":{"name":"openshift-service-ca.crt","items":[{"key":"service-ca.crt","path":"service-ca.crt"}]}}';
function comparable(answer) {
  if (!answer.body) return { status: answer.status, text: answer.text.slice(0, 200) };
  let text = JSON.stringify(answer.body);
  const { uid } = answer.body.metadata ?? {};
  if (uid) text = text.replaceAll(uid, "UID");
  text = text.replace(/kube-api-access-[a-z0-9]{5}/g, "kube-api-access-X").replace(/"resourceVersion":"\d+"/g, '"resourceVersion":"N"')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME").replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UUID");
  const body = JSON.parse(text.replaceAll(vendors, ""));
  if (body.kind === "Service") {
    for (const name of ["clusterIP", "clusterIPs"]) if (body.spec[name] && !String(body.spec[name]).includes("None")) body.spec[name] = "IP";
    for (const port of body.spec.ports ?? []) if (port.nodePort) port.nodePort = 1;
    if (body.spec.healthCheckNodePort) body.spec.healthCheckNodePort = 1;
  }
  if (body.kind === "Status") {
    delete body.metadata;
    if (!options.messages) {
      delete body.message;
      for (const cause of body.details?.causes ?? []) delete cause.message;
    }
    const order = ({ field, reason, message }) => `${field} ${reason} ${message}`;
    body.details?.causes?.sort((a, b) => order(a) < order(b) ? -1 : 1);
  }
  return { status: answer.status, warning: String(answer.headers.warning ?? ""), body };
}
function differences(theirs, ours, path = "") {
  if (JSON.stringify(theirs) === JSON.stringify(ours)) return [];
  const deep = theirs && ours && typeof theirs === "object" && typeof ours === "object" && Array.isArray(theirs) === Array.isArray(ours);
  if (!deep) return [`${path}: cluster ${JSON.stringify(theirs)?.slice(0, 300)}, test server ${JSON.stringify(ours)?.slice(0, 300)}`];
  return [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].flatMap((key) => differences(theirs[key], ours[key], `${path}.${key}`));
}

const odd = ["", "x", "Bad Value", -1, 0, 1, 70000, "10Gi", "500m", true, null, {}, [], "None", "a/b", "Always", 1.5, "-1", "99999999999999999999"];
const paths = (value, path = []) => value && typeof value === "object" ? Object.keys(value).flatMap((key) => [[...path, key], ...paths(value[key], [...path, key])]) : [];
function changed(object) {
  const copy = structuredClone(object);
  const places = paths(copy).filter(([first, second]) => !["apiVersion", "kind"].includes(first) && !(first === "metadata" && ["name", "namespace"].includes(second)));
  if (places.length === 0) return [copy, "nothing"];
  const path = places[below(places.length)], last = path.at(-1), shown = path.join(".");
  let at = copy;
  for (const key of path.slice(0, -1)) at = at[key];
  const old = at[last];
  switch (below(5)) {
    case 0:
      if (Array.isArray(at)) at.splice(Number(last), 1); else delete at[last];
      return [copy, `without ${shown}`];
    case 1:
      if (Array.isArray(at)) at.push(structuredClone(old)); else at[`${last}x`] = old;
      return [copy, Array.isArray(at) ? `${shown} twice` : `${shown}x is unknown`];
    case 2:
      at[last] = typeof old === "number" ? old + 1 : typeof old === "string" ? `${old}x` : typeof old === "boolean" ? !old : old;
      return [copy, `${shown} is another`];
    default:
      at[last] = odd[below(odd.length)];
      return [copy, `${shown} = ${JSON.stringify(at[last])}`];
  }
}

const theirs = await Cluster.open({ kubeconfig });
const version = ((await theirs.version()) / 100).toFixed(2);
const ours = await Cluster.open({ options: ["--kubernetes", version, "--quiet"] });
const ns = await theirs.namespace("compare");
await ours.namespace("compare", ns);

let asked = 0, differ = 0;
const kinds = new Map();
async function both(title, ask) {
  const [left, right] = await Promise.all([ask(theirs), ask(ours)]);
  const found = left.status === right.status ? differences(comparable(left), comparable(right))
    : [`status: cluster ${left.status} ${left.body?.message?.slice(0, 300) ?? ""}\n   test server ${right.status} ${right.body?.message?.slice(0, 300) ?? ""}`];
  asked += 1;
  if (found.length > 0) {
    differ += 1;
    const kind = found.map((line) => line.replace(/\d+/g, "#").replace(/"[^"]{0,40}"/g, "S").slice(0, 120)).join();
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (kinds.get(kind) === 1) console.log(`${title}\n   ${found.slice(0, 6).join("\n   ")}`);
  }
  return left;
}

test("the same answers", { timeout: 3_600_000 }, async () => {
  const served = new Map();
  for (const file of files)
    for (const object of objectsOf(file)) {
      const group = object.apiVersion.includes("/") ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
      if (!served.has(group)) served.set(group, (await theirs.get(group)).body?.resources ?? []);
      const resource = served.get(group).find(({ name, kind }) => kind === object.kind && !name.includes("/"));
      if (!resource || ["Namespace", "CustomResourceDefinition"].includes(object.kind)) continue;
      if (resource.namespaced && object.metadata.namespace) object.metadata.namespace = ns;
      if (!resource.namespaced) object.metadata.name = `contract-${object.metadata.name}`.slice(0, 60);
      const all = resource.namespaced ? `${group}/namespaces/${ns}/${resource.name}` : `${group}/${resource.name}`;
      const path = `${all}/${encodeURIComponent(object.metadata.name)}`, dry = { query: { dryRun: "All" } }, title = `${file}: ${object.kind}/${object.metadata.name}`;
      const strict = `${all}?dryRun=All&fieldManager=contract&fieldValidation=Strict`;
      await both(`${title}, created`, (cluster) => cluster.create(strict, object));
      await both(`${title}, applied dry`, (cluster) => cluster.apply(path, object, dry));
      const there = resource.namespaced && (await both(`${title}, applied`, (cluster) => cluster.apply(path, object, { force: true }))).status < 300;
      if (there) await both(`${title}, applied again`, (cluster) => cluster.apply(path, object, { force: true, ...dry }));
      for (let count = 0; count < Number(options.changes); ++count) {
        const [other, how] = changed(object);
        await both(`${title}, applied, ${how}`, (cluster) => cluster.apply(path, other, { force: true, ...dry }));
        const another = there ? { ...other, metadata: { ...other.metadata, name: `${object.metadata.name}-2` } } : other;
        await both(`${title}, created, ${how}`, (cluster) => cluster.create(strict, another));
      }
      if (there && below(2)) await Promise.all([theirs.remove(path), ours.remove(path)]);
    }
  console.log(`${asked} requests, ${differ} answers differ in ${kinds.size} ways`);
});
