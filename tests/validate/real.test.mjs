// Manifests that people wrote, written again in the language: each case of tests/cases/real makes the
// objects of its originals, value for value. Both sides are read by a parser that is not ours.
//   NAME.mlstack                the case
//   NAME.original*.yaml         what it stands for, unchanged
//   //: fill FROM TO            FROM stands for TO in the originals, which are templates (`~` is a blank)
//   //: differs PATH REASON     what lies there is not compared: Kind/name/key/…, `*` for any step,
//                               elements of lists by their name or number
//   //: differs volume-names R  a pod's volumes are compared by what they are and where they are mounted
// A line that is not needed is a failure. `node real.test.mjs --lines` counts lines instead.
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { sourceLines, yamlLines } from "./conciseness.mjs";
import { build, caseStacks, difference, filesBelow, need, Report, root } from "./stacks.mjs";

const YAML = need("yaml");
const folder = join(root, "tests/cases/real");

const units = { n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 };
const ofQuantities = new Set(["requests", "limits", "capacity", "hard", "podFixed"]);
const quantities = new Set(["sizeLimit", "divisor", "averageValue"]);

/// A quantity as a number, where the API has quantities; anything else as it is.
function meaning(value, key, parent) {
  if (!quantities.has(key) && !ofQuantities.has(parent)) return value;
  const found = /^([0-9.]+(?:[eE][+-]?[0-9]+)?)([numkMGTPE]?i?)$/.exec(String(value));
  return found && found[2] in units ? Number(found[1]) * units[found[2]] : value;
}

/// Null is nothing to the API; a pod's volumes and mounts are sets.
function normal(value, key = "", parent = "") {
  if (Array.isArray(value)) {
    const list = value.map((item) => normal(item, "", key));
    const by = key === "volumes" ? "name" : key === "volumeMounts" || key === "volumeDevices" ? "mountPath" : null;
    return by ? list.sort((a, b) => (JSON.stringify(a[by]) < JSON.stringify(b[by]) ? -1 : 1)) : list;
  }
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.keys(value).filter((k) => value[k] !== null).sort()
      .map((k) => [k, normal(value[k], k, key)]));
  }
  return meaning(value, key, parent);
}

/// Pod volumes named by what they are and where they are mounted.
function withoutVolumeNames(value) {
  if (Array.isArray(value)) return value.map(withoutVolumeNames);
  if (!value || typeof value !== "object") return value;
  const copy = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withoutVolumeNames(v)]));
  if (!Array.isArray(copy.containers) || !Array.isArray(copy.volumes)) return copy;
  const mounts = [...copy.containers, ...(copy.initContainers ?? [])]
    .flatMap((c) => [...(c.volumeMounts ?? []), ...(c.volumeDevices ?? [])].map((m) => [m, `${c.name}:${m.mountPath ?? m.devicePath}`]));
  for (const volume of copy.volumes) {
    const own = mounts.filter(([m]) => m.name === volume.name);
    const { name: _, ...source } = volume;
    const name = `${JSON.stringify(normal(source))} at ${own.map(([, at]) => at).sort().join(", ")}`;
    mounts.splice(0, mounts.length, ...mounts.filter((m) => !own.includes(m)));
    for (const [mount] of own) mount.name = name;
    volume.name = name;
  }
  return copy;
}

/// Takes what lies at `path` out of `value`; tells whether there was anything.
function without(value, path) {
  if (!value || typeof value !== "object" || path.length === 0) return false;
  const [step, ...rest] = path;
  let found = false;
  for (const key of Object.keys(value).reverse()) {
    if (step !== "*" && step !== key && !(Array.isArray(value) && value[key]?.name === step)) continue;
    if (rest.length > 0) found = without(value[key], rest) || found;
    else if (Array.isArray(value)) found = value.splice(key, 1).length > 0;
    else found = delete value[key];
  }
  return found;
}

const idOf = (object) => `${object.apiVersion} ${object.kind} ${object.metadata?.name}`;

function byId(objects) {
  const map = {};
  for (const object of objects) map[idOf(object)] = object;
  return map;
}

const told = (path, a, b) => `${path}:\n    original ${JSON.stringify(a)}\n    ours     ${JSON.stringify(b)}`;

/// The first difference between the two sides, after `exceptions` have been applied to both.
function compare(originals, ours, exceptions) {
  const sides = [originals, ours].map((objects) => {
    const copy = structuredClone(objects);
    for (const path of exceptions) {
      if (path === "volume-names") continue;
      const [kind, name, ...rest] = path.split("/");
      for (const object of copy.filter((o) => o.kind === kind && (name === "*" || o.metadata.name === name)))
        if (rest.length > 0) without(object, rest);
        else object.left = true;
    }
    const rest = copy.filter((object) => !object.left);
    return normal(byId(exceptions.includes("volume-names") ? withoutVolumeNames(rest) : rest));
  });
  return difference(...sides, told);
}

const directives = (text, word) => [...text.matchAll(/^\/\/: (\S+) (.*)$/gm)].filter(([, w]) => w === word).map(([, , rest]) => rest.trim());

function originalsOf(stack, text) {
  const name = basename(stack.file, ".mlstack");
  const files = filesBelow(dirname(stack.file), ".yaml").filter((f) => basename(f).startsWith(`${name}.original`));
  return files.map((file) => {
    let yaml = readFileSync(file, "utf8");
    for (const fill of directives(text, "fill")) {
      const [from, to] = fill.split(/\s+/).map((word) => word.replaceAll("~", " "));
      if (!files.some((f) => readFileSync(f, "utf8").includes(from))) throw new Error(`${stack.name}: no original has ${from}`);
      yaml = yaml.replaceAll(from, () => to);
    }
    return yaml;
  });
}

const report = new Report();
const rows = [];
let objects = 0;
const stacks = caseStacks().filter((stack) => stack.file.startsWith(folder));
for (const stack of stacks) {
  const text = readFileSync(stack.file, "utf8");
  const yamls = originalsOf(stack, text);
  if (yamls.length === 0) { report.fail(`${stack.name}: has no original`); continue; }
  if (!/^\/\/ Origin: github\.com\/\S+, \S+\n\/\/ at commit [0-9a-f]{40}, licence \S+\.$/m.test(text)) report.fail(`${stack.name}: names no origin`);
  const { status, out, log } = build(stack, "json");
  // What is said of it stands in the case, which another test holds it to.
  if (status !== 0) { report.fail(`${stack.name}: does not build\n${log}`); continue; }
  const ours = JSON.parse(out).items;
  const originals = yamls.flatMap((yaml) => YAML.parseAllDocuments(yaml).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  })).filter((object) => object !== null);
  objects += originals.length;
  const exceptions = directives(text, "differs").map((line) => {
    if (!/^\S+ \S/.test(line)) report.fail(`${stack.name}: no reason for \`differs ${line}\``);
    return line.split(" ")[0];
  });
  const found = compare(originals, ours, exceptions);
  if (found) { report.fail(`${stack.name}: ${found}`); continue; }
  for (const exception of exceptions)
    if (!compare(originals, ours, exceptions.filter((other) => other !== exception))) report.fail(`${stack.name}: nothing differs at ${exception}`);
  rows.push([basename(stack.file, ".mlstack"), sourceLines(text), yamls.reduce((sum, yaml) => sum + yamlLines(yaml), 0)]);
}
if (process.argv[2] === "--lines") {
  for (const [name, source, yaml] of rows) console.log(`${name.padEnd(18)} ${String(source).padStart(4)} ${String(yaml).padStart(4)}  ${(yaml / source).toFixed(2)}`);
}
if (existsSync(folder) && stacks.length === 0) report.fail("no case was found");
report.done(`${objects} objects of ${stacks.length} cases`);
