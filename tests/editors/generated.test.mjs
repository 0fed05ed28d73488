// The committed grammars are what the compiler's tables make today.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { generated } from "../../editors/generate.mjs";
import { root } from "./engines.mjs";

const program = join(process.env.MLSTACK_BINARY_DIR ?? join(root, "build/release"), "bin/mlstack_words");
if (!existsSync(program)) {
  console.error(`${program} is missing: build the target mlstack_words`);
  process.exit(1);
}
const words = JSON.parse(execFileSync(program, { encoding: "utf8" }));
let failures = 0;
const fail = (text) => { failures += 1; console.error(text); };

for (const [list, some] of Object.entries({
  statement: ["stack", "param", "external"], inner: ["at", "in", "true"], kinds: ["claim", "volume", "pod"],
  parts: ["container", "labels", "with"], verbs: ["read", "write", "checkpoint", "scratch"], functions: ["join", "file"], types: ["int", "quantity", "list"],
}))
  for (const word of some) if (!words[list]?.includes(word)) fail(`the compiler's list of ${list} lacks ${word}`);

for (const [path, text] of Object.entries(generated(words)))
  if (readFileSync(join(root, "editors", path), "utf8") !== text) fail(`editors/${path} is stale: build the target \`editors\` and commit it`);
console.log(`2 grammars, ${failures} failures`);
process.exit(failures ? 1 : 0);
