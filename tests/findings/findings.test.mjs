// What the analysis finds in what people wrote: real mistakes, each by the rule that is about it, and real
// manifests, of which every finding of an error was read. Both collections lie outside of this project
// (MLSTACK_SHARED, else ../shared beside the checkout); without them the tables are only checked for rules that exist.
//   mistakes.json   by id: the code that is about the mistake (`null` with a reason: not found, and why), `cluster` for
//                   facts that it needs
//   corpus.json     by code: how many findings, and what reading them gave
// MLSTACK_UPDATE=1 writes the numbers, and the tables of tests/README.md.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = process.env.MLSTACK_SOURCE_DIR;
const program = process.env.MLSTACKC;
const shared = process.env.MLSTACK_SHARED ?? resolve(dirname(root), "shared");
const update = process.env.MLSTACK_UPDATE === "1";
const here = join(root, "tests/findings");
const faults = [];
const fault = (text) => faults.push(text);
const read = (name) => JSON.parse(readFileSync(join(here, name), "utf8"));
const rules = new Map();
for (const file of ["messages.def", "rules.def", "cluster.def"]) {
  for (const [, number, , severity] of readFileSync(join(root, "compiler/diag", file), "utf8")
    .matchAll(/^MLSTACK_MESSAGE\((\d+), (\w+), (\w+),/gm)) rules.set(`MLS${number}`, severity.toLowerCase());
}

function check(...args) {
  const run = spawnSync(program, ["check", "--format", "json", ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
  try {
    const said = JSON.parse(run.stdout);
    return Array.isArray(said) ? said : said.diagnostics;
  } catch {
    fault(`${args.join(" ")}: no JSON: ${run.stdout.slice(0, 200)}${run.stderr.slice(0, 200)}`);
    return [];
  }
}

/// The line, and the text that is marked there, as far as it lies in one line.
function placeOf(found, text) {
  const line = text.split("\n")[found.line - 1] ?? "";
  const marked = line.slice(found.column - 1, found.endLine === found.line ? found.endColumn - 1 : undefined).slice(0, 32);
  return `line ${found.line}: \`${cell(marked)}\``;
}

const cell = (text) => String(text).replaceAll("|", "\\|");

/// A finding counts when it lies where the mistake is: its place is shown for reading.
function mistakes() {
  const file = join(shared, "design/STORAGE_MISTAKES.jsonl");
  const wanted = read("mistakes.json");
  for (const [id, row] of Object.entries(wanted)) {
    if (row.code && !rules.has(row.code)) fault(`mistakes.json: ${id}: there is no ${row.code}`);
    if (!row.code && !row.why) fault(`mistakes.json: ${id} is neither found nor explained`);
  }
  if (!existsSync(file)) return null;
  const scratch = mkdtempSync(join(tmpdir(), "mlstack-findings-"));
  const table = ["| id | can be decided | found as | at |", "|---|---|---|---|"];
  const counts = { all: 0, found: 0, decidable: 0, decidableFound: 0 };
  for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
    const entry = JSON.parse(line);
    const row = wanted[entry.id];
    counts.all += 1;
    const decidable = !entry.decidable.startsWith("only") || Boolean(entry.update_from);
    if (decidable) counts.decidable += 1;
    if (!row) {
      fault(`${entry.id} stands in no row of mistakes.json`);
      continue;
    }
    const args = [];
    const put = (name, text) => {
      writeFileSync(join(scratch, name), text);
      return join(scratch, name);
    };
    if (row.cluster) args.push("--cluster", put("cluster.yaml", row.cluster));
    if (entry.update_from) args.push("--was", put("was.yaml", entry.update_from));
    const found = check(...args, put("now.yaml", entry.yaml)).find((d) => d.code === row.code);
    const means = entry.update_from ? "with the old version" : row.cluster ? "with cluster facts" : entry.decidable === "yes" ? "from the source" : entry.decidable;
    if (row.code && !found) fault(`${entry.id} (${entry.title}): no ${row.code}`);
    if (found) {
      counts.found += 1;
      if (decidable) counts.decidableFound += 1;
    }
    const where = found ? placeOf(found, entry.yaml) : "";
    table.push(`| ${entry.id} | ${means} | ${found ? `${found.code}, ${found.severity}` : `not: ${cell(row.why ?? "")}`} | ${where} |`);
  }
  rmSync(scratch, { recursive: true });
  return `${counts.found} of ${counts.all} are found; of the ${counts.decidable} that can be decided without a cluster, ${counts.decidableFound}.\n\n${table.join("\n")}`;
}

/// By code, over the whole collection in one call.
function corpus() {
  const folder = join(shared, "corpus");
  const wanted = read("corpus.json");
  for (const code of Object.keys(wanted)) if (!rules.has(code)) fault(`corpus.json: there is no ${code}`);
  if (!existsSync(folder)) return null;
  const counts = {};
  for (const d of check(folder)) {
    counts[d.code] ??= { error: 0, warning: 0, note: 0 };
    counts[d.code][d.severity] += 1;
  }
  const table = ["| code | errors | warnings | notes | read |", "|---|---|---|---|---|"];
  for (const code of Object.keys(counts).sort()) {
    const row = (wanted[code] ??= {});
    const { error, warning, note } = counts[code];
    if (!update && (row.errors !== error || row.warnings !== warning || row.notes !== note))
      fault(`${code}: ${error} errors, ${warning} warnings, ${note} notes over the manifests; corpus.json has ${row.errors}, ${row.warnings}, ${row.notes}`);
    Object.assign(row, { errors: error, warnings: warning, notes: note });
    if (error > 0 && !row.read) fault(`${code}: ${error} errors that nobody read`);
    table.push(`| ${code} | ${error || ""} | ${warning || ""} | ${note || ""} | ${cell(row.read ?? "")} |`);
  }
  for (const code of Object.keys(wanted)) {
    if (counts[code]) continue;
    if (update) delete wanted[code];
    else fault(`${code}: nothing over the manifests; corpus.json has ${wanted[code].errors} errors`);
  }
  if (update) {
    const sorted = Object.fromEntries(Object.keys(wanted).sort().map((code) => [code, wanted[code]]));
    writeFileSync(join(here, "corpus.json"), `${JSON.stringify(sorted, null, 1)}\n`);
  }
  return table.join("\n");
}

function write(mark, text) {
  if (text === null) return;
  const readme = join(root, "tests/README.md");
  const old = readFileSync(readme, "utf8");
  const [begin, end] = [`<!-- ${mark}: begin -->\n`, `<!-- ${mark}: end -->`];
  const from = old.indexOf(begin);
  const to = old.indexOf(end);
  if (from < 0 || to < 0) return fault(`tests/README.md has no marks for ${mark}`);
  const fresh = `${old.slice(0, from + begin.length)}${text}\n${old.slice(to)}`;
  if (fresh === old) return;
  if (update) writeFileSync(readme, fresh);
  else fault(`tests/README.md: the table of ${mark} is not today's: MLSTACK_UPDATE=1 writes it`);
}

write("mistakes", mistakes());
write("corpus", corpus());
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(existsSync(shared) ? "findings as in the tables" : "the collections are not here: the tables name rules that exist");
