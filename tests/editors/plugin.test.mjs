// Vim's settings for the filetype, and its indentation: re-indenting what is indented well, or not at
// all, gives the example back.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { root, runVim } from "./engines.mjs";

const settings = { filetype: "mlstack", commentstring: "// %s", shiftwidth: 2, expandtab: 1, keyword: 1 };
let failures = 0;
const fail = (text) => { failures += 1; console.error(text); };
const scratch = mkdtempSync(join(tmpdir(), "mlstack-indent-"));
try {
  const texts = [];
  for (const folder of ["examples", "stdlib"])
    for (const name of readdirSync(join(root, folder)).filter((n) => n.endsWith(".mlstack"))) {
      const text = readFileSync(join(root, folder, name), "utf8").trimEnd();
      texts.push([name, text, text]);
      // The lines of block strings keep their indentation, so they cannot be taken away.
      if (!text.includes('"""')) texts.push([`${name}, not indented`, text.replace(/^[ ]+/gm, ""), text]);
    }
  const files = texts.map(([, text], i) => {
    const file = join(scratch, `${i}.mlstack`);
    writeFileSync(file, `${text}\n`);
    return file;
  });
  runVim("plugin.vim", files).forEach(([found, lines], i) => {
    const [name, , wanted] = texts[i];
    if (!isDeepStrictEqual(found, settings)) fail(`${name}: ${JSON.stringify(found)}`);
    const differing = wanted.split("\n").findIndex((line, n) => line !== lines[n]);
    if (differing >= 0) fail(`${name}:${differing + 1}: indented as ${JSON.stringify(lines[differing])}, written as ${JSON.stringify(wanted.split("\n")[differing])}`);
  });
  console.log(`${texts.length} texts indented, ${failures} failures`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(failures ? 1 : 0);
