// Every manifest against Kubernetes' own schemas, by a validator that is not ours (ajv), for the
// version that the stack targets; the examples for each version that there is.
import { readFileSync } from "node:fs";
import { built, caseStacks, exampleStacks, Report } from "./stacks.mjs";
import { haveSchemas, schemasFor } from "./openapi.mjs";

if (!haveSchemas) {
  console.log("skipped: MLSTACK_SHARED names no folder with kubernetes/openapi-1.34.json");
  process.exit(77);
}

const versions = ["1.31", "1.32", "1.33", "1.34", "1.35", "1.36"];
const newest = versions.at(-1);
/// What the stack says, unless the command line says otherwise.
function target(stack) {
  const given = stack.words.indexOf("--kubernetes");
  if (given >= 0) return stack.words[given + 1];
  return /^\s*kubernetes\s*=\s*"(1\.\d+)"/m.exec(readFileSync(stack.file, "utf8"))?.[1] ?? newest;
}

const report = new Report();

// The validator itself: it must see what the server would drop or refuse.
const claim = (change) => ({
  apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "10Gi" } } }, ...change,
});
for (const [what, object, clean] of [
  ["a claim", claim({}), true],
  ["an unknown field", claim({ spec: { sotrageClassName: "gp3" } }), false],
  ["a value that is no quantity", claim({ spec: { resources: { requests: { storage: "10GB" } } } }), false],
  ["a boolean for a string", claim({ metadata: { name: "data", labels: { a: true } } }), false],
  ["a namespace on a volume", { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: "v", namespace: "n" } }, false],
  ["an unknown field of a custom resource", { apiVersion: "jobset.x-k8s.io/v1alpha2", kind: "JobSet", metadata: { name: "j" }, spec: { jobs: [] } }, false],
  ["an unknown kind", claim({ kind: "Claim" }), false],
])
  if ((schemasFor(newest).check(object).length === 0) !== clean) report.fail(`the validator is wrong about ${what}`);

let manifests = 0, foreign = 0;
const kinds = new Set();
const everywhere = exampleStacks().flatMap((stack) => versions.map((version) =>
  ({ ...stack, name: `${stack.name} for ${version}`, words: [...stack.words, "--kubernetes", version] })));
for (const { stack, objects } of built([...exampleStacks(), ...everywhere, ...caseStacks()], report.fail)) {
  const schemas = schemasFor(target(stack));
  const seen = new Set();
  for (const object of objects) {
    manifests += 1;
    kinds.add(object.kind);
    const id = `${object.kind}/${object.metadata?.name}`;
    const key = `${object.apiVersion} ${object.metadata?.namespace ?? ""} ${id}`;
    if (seen.has(key)) report.fail(`${stack.name}: ${id} is emitted twice`);
    seen.add(key);
    if (!schemas.knowsGroup(object)) {   // a custom resource whose definition only the case knows
      foreign += 1;
      continue;
    }
    for (const fault of schemas.check(object)) report.fail(`${stack.name}: ${id}: ${fault}`);
  }
}
if (manifests === 0) report.fail("no manifest was checked");
report.done(`${manifests} manifests of ${kinds.size} kinds checked by ajv${foreign ? `, ${foreign} of foreign groups left out` : ""}`);
