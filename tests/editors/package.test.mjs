// The extension packs with its one command, without a network, and holds what it must; the lock files
// name no host to fetch from.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { root } from "./engines.mjs";

let failures = 0;
const fail = (text) => { failures += 1; console.error(text); };
const extension = join(root, "editors/vscode");
const json = (path) => JSON.parse(readFileSync(path, "utf8"));

for (const folder of [extension, join(root, "tests/npm")]) {
  const { packages } = json(join(folder, "package-lock.json"));
  const named = Object.values(packages).filter((p) => p.resolved);
  if (named.length > 0) fail(`${folder}/package-lock.json names where ${named.length} packages lie`);
  for (const [path, { engines, integrity, link }] of Object.entries(packages)) {
    if (path !== "" && !link && !integrity) fail(`${path} has no integrity in ${folder}/package-lock.json`);
    if (/^>=? *(19|[2-9]\d)/.test(engines?.node ?? "")) fail(`${path} needs node ${engines.node}`);
  }
}
const manifest = json(join(extension, "package.json"));
const ours = json(join(root, "tests/npm/package.json"));
for (const name of Object.keys(manifest.devDependencies))
  if (ours.devDependencies[name] !== manifest.devDependencies[name]) fail(`tests/npm and editors/vscode want different versions of ${name}`);
for (const { configuration } of manifest.contributes.languages) if (!existsSync(join(extension, configuration))) fail(`${configuration} is missing`);
for (const { path } of manifest.contributes.grammars) if (!existsSync(join(extension, path))) fail(`${path} is missing`);
json(join(extension, "language-configuration.json"));
if (readFileSync(join(extension, "LICENSE"), "utf8") !== readFileSync(join(root, "LICENSE"), "utf8")) fail("the extension's LICENSE is another one");

const scratch = mkdtempSync(join(tmpdir(), "mlstack-vsix-"));
try {
  const copy = join(scratch, "vscode");
  cpSync(extension, copy, { recursive: true, filter: (path) => !["node_modules", "mlstack.vsix"].includes(basename(path)) });
  const run = spawnSync("npm", ["run", "package"], {
    cwd: copy, encoding: "utf8", input: "",
    env: { ...process.env, PATH: `${join(root, "tests/npm/node_modules/.bin")}:${process.env.PATH}`, npm_config_offline: "true", HOME: scratch },
  });
  const vsix = join(copy, "mlstack.vsix");
  if (run.status !== 0 || !existsSync(vsix)) fail(`npm run package ended with ${run.status}\n${run.stdout}${run.stderr}`);
  else {
    // Names stand uncompressed in a zip's directory.
    const bytes = readFileSync(vsix).toString("latin1");
    for (const name of ["package.json", "README.md", "LICENSE.txt", "language-configuration.json", "syntaxes/mlstack.tmLanguage.json"])
      if (!bytes.includes(`extension/${name}`) && !bytes.includes(`extension/${name.toLowerCase()}`)) fail(`mlstack.vsix lacks ${name}`);
    for (const name of ["node_modules", "package-lock.json"]) if (bytes.includes(`extension/${name}`)) fail(`mlstack.vsix holds ${name}`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`the extension packs, ${failures} failures`);
process.exit(failures ? 1 : 0);
