// Writes the editors' grammars from the compiler's tables.
//   node editors/generate.mjs WORDS.json           writes them
//   node editors/generate.mjs --check WORDS.json   says which are stale, and exits 1
// WORDS.json is what `mlstack_kindgen --words` prints; the CMake target `editors` does both.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { textmate } from "./textmate.mjs";
import { vim } from "./vim.mjs";

const here = dirname(fileURLToPath(import.meta.url));

/// File beside this one → its text.
export function generated(words) {
  return {
    "vscode/syntaxes/mlstack.tmLanguage.json": `${JSON.stringify(textmate(words), null, 2)}\n`,
    "vim/syntax/mlstack.vim": vim(words),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes("--check");
  const words = JSON.parse(readFileSync(process.argv.at(-1), "utf8"));
  for (const [path, text] of Object.entries(generated(words))) {
    const file = join(here, path);
    if (!check) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    } else if (readFileSync(file, "utf8") !== text) {
      console.error(`editors/${path} is stale: build the target \`editors\``);
      process.exitCode = 1;
    }
  }
}
