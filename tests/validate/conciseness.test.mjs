// What the README states of the examples' length is what they measure, and the counting is right.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { measure, sourceLines, table, withTable, yamlLines } from "./conciseness.mjs";
import { isFile, Report, root } from "./stacks.mjs";

const report = new Report();
const same = (what, a, b) => { if (a !== b) report.fail(`${what}: ${a}, expected ${b}`); };
same("source lines", sourceLines("// a\nstack x\n\n/* b\n c */\nlet a = 1 // c\n  /// d\n"), 2);
same("YAML lines", yamlLines("a: 1\n---\nb: |\n  x\n\n  # y\n"), 4);

const rows = measure();
console.log(table(rows));
for (const { name, source, yaml } of rows)
  if (yaml < source) report.fail(`${name}: ${source} lines make ${yaml} lines of YAML: the compact form is the longer one`);
const readme = join(root, "README.md");
const text = isFile(readme) ? readFileSync(readme, "utf8") : "";
const made = withTable(text, rows);
if (made !== null && made !== text) report.fail("README.md states other numbers: build the target `conciseness`");
report.done(`${rows.length} examples measured`);
