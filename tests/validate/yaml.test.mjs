// Every manifest is read by two YAML parsers that are not ours, in every dialect they have, and each
// must see the values that `--emit json` states; a second run must give the same bytes, and one file an object the
// same objects.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, buildInto, built, caseStacks, difference, exampleStacks, filesBelow, need, Report } from "./stacks.mjs";

const YAML = need("yaml");
const jsYaml = need("js-yaml");

function readWithYaml(version, schema) {
  return (text) => YAML.parseAllDocuments(text, { version, schema, strict: true, uniqueKeys: true, prettyErrors: true })
    .map((document) => {
      const slips = [...document.errors, ...document.warnings];
      if (slips.length > 0) throw slips[0];
      return document.toJS({ maxAliasCount: 0 });
    });
}

const readers = {
  "yaml 1.1": readWithYaml("1.1", "yaml-1.1"),
  "yaml 1.2 core": readWithYaml("1.2", "core"),
  "js-yaml core": (text) => jsYaml.loadAll(text, null, { schema: jsYaml.CORE_SCHEMA, onWarning: (w) => { throw w; } }),
  "js-yaml default": (text) => jsYaml.loadAll(text, null, { onWarning: (w) => { throw w; } }),
};

const told = (path, a, b) => `${path}: ${JSON.stringify(a)} (${typeof a}) and ${JSON.stringify(b)} (${typeof b})`;

/// As files of their own, in any order.
function fromFiles(stack, read) {
  const folder = mkdtempSync(join(tmpdir(), "mlstack-yaml-"));
  try {
    const done = buildInto(stack, folder);
    if (done.status !== 0) throw new Error(done.log);
    return filesBelow(folder, ".yaml").flatMap((file) => read(readFileSync(file, "utf8")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function sorted(objects) {
  const id = ({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace ?? ""} ${metadata.name}`;
  return [...objects].sort((a, b) => (id(a) < id(b) ? -1 : 1));
}

const report = new Report();
let manifests = 0, stacks = 0;
for (const { stack, yaml, objects } of built([...exampleStacks(), ...caseStacks()], report.fail)) {
  stacks += 1;
  manifests += objects.length;
  if (build(stack, "yaml").out !== yaml) report.fail(`${stack.name}: a second build gives other bytes`);
  if (/[^\n]$/.test(yaml)) report.fail(`${stack.name}: the last line has no end`);
  try {
    const found = objects.length && difference(sorted(fromFiles(stack, readers["yaml 1.1"])), sorted(objects), told);
    if (found) report.fail(`${stack.name}: -o DIR writes other values than --emit json states: ${found}`);
  } catch (error) {
    report.fail(`${stack.name}: -o DIR: ${error.message}`);
  }
  for (const [name, read] of Object.entries(readers)) {
    try {
      const documents = yaml === "" ? [] : read(yaml);
      const found = difference(documents, objects, told);
      if (found) report.fail(`${stack.name}: ${name} reads other values than --emit json states: ${found}`);
    } catch (error) {
      report.fail(`${stack.name}: ${name}: ${error.message}`);
    }
  }
}
if (stacks === 0) report.fail("no stack was built");
report.done(`${manifests} manifests of ${stacks} stacks, read by ${Object.keys(readers).length} readers`);
