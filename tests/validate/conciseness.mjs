// The promise of conciseness, measured: the lines of each example against the lines of the manifests
// that it makes. Blank lines, comment lines and `---` count on neither side. A stack that is built for
// several environments counts once, with all their parameters, against the manifests of each.
//   node conciseness.mjs                  prints the table
//   node conciseness.mjs --write FILE.md  writes it between the marks in FILE.md
//   node conciseness.mjs --check FILE.md  exits 1 when the marks hold another table
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, exampleStacks } from "./stacks.mjs";

const begin = "<!-- conciseness: made by the target `conciseness` -->";
const end = "<!-- /conciseness -->";

/// Lines that say something. Block strings are text: their blank lines are the only thing not counted.
export function sourceLines(text) {
  return text.replace(/^[ \t]*\/\*[^]*?\*\/[ \t]*$/gm, "").split("\n").filter((line) => !/^\s*(?:\/\/.*)?$/.test(line)).length;
}

export function yamlLines(text) {
  return text.split("\n").filter((line) => line.trim() !== "" && line !== "---" && !/^#/.test(line)).length;
}

export function measure() {
  const rows = new Map();
  for (const stack of exampleStacks()) {
    const { status, out, log } = build(stack, "yaml");
    if (status !== 0) throw new Error(`${stack.name}: does not build\n${log}`);
    const row = rows.get(stack.file) ?? { name: stack.name.replace(/ \(.*\)$/, ""), source: sourceLines(readFileSync(stack.file, "utf8")), yaml: 0 };
    if (stack.params) row.source += yamlLines(readFileSync(stack.params, "utf8"));
    row.yaml += yamlLines(out);
    rows.set(stack.file, row);
  }
  return [...rows.values()];
}

export function table(rows) {
  const total = { name: "**all**", source: 0, yaml: 0 };
  for (const row of rows) { total.source += row.source; total.yaml += row.yaml; }
  const line = ({ name, source, yaml }) => `| ${name} | ${source} | ${yaml} | ${(yaml / source).toFixed(1)} |`;
  return ["| example | lines of `.mlstack` | lines of YAML | YAML for one line |", "|---|--:|--:|--:|", ...rows.map(line), line(total)].join("\n");
}

/// `text` with the table between its marks, or null when it has none.
export function withTable(text, rows) {
  const from = text.indexOf(begin), to = text.indexOf(end);
  return from < 0 || to < from ? null : `${text.slice(0, from + begin.length)}\n${table(rows)}\n${text.slice(to)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [how, file] = process.argv.slice(2);
  const rows = measure();
  if (!how) {
    console.log(table(rows));
  } else {
    const text = readFileSync(file, "utf8"), made = withTable(text, rows);
    if (made === null) throw new Error(`${file} has no line ${begin}`);
    if (how === "--write") writeFileSync(file, made);
    else if (made !== text) { console.error(`${file} states other numbers: build the target \`conciseness\``); process.exitCode = 1; }
  }
}
