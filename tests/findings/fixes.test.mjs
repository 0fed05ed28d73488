// A fix does what it says: after `check --fix` on a copy, the finding that offered it is gone, the file is sound, and
// a second time changes nothing. Held over all cases and the programs on the pages of messages.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const root = process.env.MLSTACK_SOURCE_DIR;
const program = process.env.MLSTACKC;
const scratch = mkdtempSync(join(tmpdir(), "mlstack-fixes-"));
const faults = [];

function below(folder) {
  return readdirSync(folder).sort().flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? below(path) : [path];
  });
}

function run(...args) {
  const done = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 26, cwd: scratch });
  if (done.status === null || done.status > 2) faults.push(`${args.join(" ")}: ended with ${done.status ?? done.signal}`);
  return done.stdout;
}

function check(...args) {
  try {
    const said = JSON.parse(run("check", "--format", "json", ...args));
    return Array.isArray(said) ? said : said.diagnostics;
  } catch {
    return null;
  }
}

/// The part of a page whose programs show its message.
const fails = (page) => page.split("## Works")[0];

/// Programs as [name, text, beside]: the cases of a kind, and what stands on the pages.
function programs() {
  const all = [];
  for (const path of below(join(root, "tests/cases"))) {
    if (!/\.(yaml|mlstack)$/.test(path) || /\.(was|cluster|original[^/]*)\.(yaml|mlstack)$/.test(path)) continue;
    if (path.includes("/real/")) continue;
    const was = path.replace(/\.(yaml|mlstack)$/, ".was.yaml");
    const cluster = path.replace(/\.(yaml|mlstack)$/, ".cluster.yaml");
    const beside = [];
    if (existsSync(was)) beside.push("--was", was);
    if (existsSync(cluster)) beside.push("--cluster", cluster);
    const text = readFileSync(path, "utf8");
    if (text.includes("fix[MLS")) all.push([path, text, beside]);   // what a case offers stands in it
  }
  for (const name of readdirSync(join(root, "compiler/diag/pages")).sort()) {
    const page = readFileSync(join(root, "compiler/diag/pages", name), "utf8");
    const before = /^```yaml was\n(.*?)^```$/ms.exec(page);
    const beside = [];
    if (before) {
      writeFileSync(join(scratch, `${name}.was.yml`), before[1]);
      beside.push("--was", join(scratch, `${name}.was.yml`));
    }
    let number = 0;
    for (const [, kind, text] of fails(page).matchAll(/^```(yaml|mlstack)\n(.*?)^```$/gms)) all.push([`${name}-${(number += 1)}.${kind}`, text, beside]);
  }
  return all;
}

const inFile = (finding, file) => finding.file === file;
let tried = 0;
const folder = join(scratch, "at");
for (const [name, text, beside] of programs()) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const file = join(folder, basename(name));
  writeFileSync(file, text);
  const before = check(...beside, file);
  if (!before) continue;
  const offering = before.filter((d) => inFile(d, file) && d.fixes?.length > 0);
  if (offering.length === 0) continue;
  tried += 1;
  run("check", "--fix", ...beside, file);
  const after = check(...beside, file) ?? [];
  const fixed = readFileSync(file, "utf8");
  for (const d of offering) {
    const left = after.filter((other) => other.code === d.code && other.message === d.message && other.object === d.object);
    const had = before.filter((other) => other.code === d.code && other.message === d.message && other.object === d.object);
    // Two fixes for one place: one is applied, the other may be offered again.
    if (left.length >= had.length && fixed === text) faults.push(`${name}: ${d.code} "${d.fixes[0].title}": nothing was changed`);
    else if (left.length >= had.length) faults.push(`${name}: ${d.code} stays after "${d.fixes[0].title}"`);
  }
  // What was hidden behind the mended error may come to light; a text that cannot be read may not.
  const unread = (found) => found.filter((d) => d.severity === "error" && d.code < "MLS2").length;
  if (unread(after) > unread(before)) faults.push(`${name}: its fixes leave a text that cannot be read`);
  const again = readFileSync(file, "utf8");
  run("check", "--fix", ...beside, file);
  if (readFileSync(file, "utf8") !== again) faults.push(`${name}: fixing once more changes it again`);
}
if (tried < 40) faults.push(`only ${tried} programs with a fix`);
rmSync(scratch, { recursive: true });
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(`${tried} programs with fixes`);
