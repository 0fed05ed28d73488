// What the pages for users say is true of this compiler:
// - every ```mlstack block that holds statements compiles without a complaint and is in canonical style;
// - the generated reference is what the tables make today;
// - the README's first stack is the seed example, its finding is what the compiler says, and its
//   `$ mlstackc` lines work when they are typed one after the other;
// - the standard library's pages name all of its files.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { mlstackc, page, root, withReference } from "./reference.mjs";

const pages = ["README.md", "grammar/README.md", "examples/README.md", "stdlib/README.md", "stdlib/prelude/README.md"];
const statement = /^(?:\/\/.*\n|\s)*(?:stack|import|param|let|kind|component|for|if|assert|output|external|object|allow|[a-z][\w.-]* [\w"-]+ \{)/;
let failures = 0, blocks = 0, commands = 0;
const fail = (text) => { failures += 1; console.error(text); };
const text = (path) => readFileSync(join(root, path), "utf8");
const fences = (path, language) => [...text(path).matchAll(/^```(\w*)\n([^]*?)^```$/gm)]
  .filter(([, word]) => word === language).map(([, , body]) => body);

const scratch = mkdtempSync(join(tmpdir(), "mlstack-documents-"));
const environment = { ...process.env, NO_COLOR: "1", PATH: `${join(scratch, "bin")}:${process.env.PATH}` };
for (const name of Object.keys(environment)) if (/^MLSTACK_(COLOR|FORMAT|KUBERNETES|PARAMS|WERROR)$/.test(name)) delete environment[name];
const run = (command, words, options = {}) => spawnSync(command, words, { encoding: "utf8", cwd: scratch, env: environment, ...options });

try {
  mkdirSync(join(scratch, ".mlstack"));
  mkdirSync(join(scratch, "bin"));
  symlinkSync(mlstackc, join(scratch, "bin/mlstackc"));
  writeFileSync(join(scratch, "bin/kubectl"), "#!/bin/sh\nexec cat >/dev/null\n", { mode: 0o755 });

  for (const path of pages)
    for (const body of fences(path, "mlstack")) {
      if (!statement.test(body)) continue;   // a line or two that stand inside of a block
      blocks += 1;
      const source = /^stack\s/m.test(body) ? body : `stack page\n\n${body}`;
      const checked = run(mlstackc, ["check", "--werror", "-"], { input: source });
      if (checked.status !== 0 || /warning\[/.test(checked.stderr)) fail(`${path}: a block does not compile\n${checked.stderr}\n${source}`);
      const formatted = run(mlstackc, ["fmt", "-"], { input: body });
      if (formatted.stdout !== body) fail(`${path}: a block is not in canonical style, which is\n${formatted.stdout}`);
    }

  const reference = withReference(readFileSync(page, "utf8"));
  if (reference === null) fail("grammar/README.md has no marks for the reference");
  else if (reference !== readFileSync(page, "utf8")) fail("grammar/README.md is stale: build the target `reference` and commit it");

  const seed = text("examples/training-pod.mlstack").replace(/^(?:\/\/.*\n)+/, "");
  if (fences("README.md", "mlstack")[0] !== seed) fail("README.md: the first stack is not examples/training-pod.mlstack");

  const resnet = text("examples/distributed-training.mlstack").replace("aws.fsx-lustre", "aws.gp3");
  writeFileSync(join(scratch, "resnet.mlstack"), resnet);
  const said = run(mlstackc, ["check", "--set", "image=example/trainer:1", "resnet.mlstack"]).stderr;
  const shown = fences("README.md", "").find((body) => body.includes("error[MLS3004]"));
  if (!shown || !said.includes(shown)) fail(`README.md shows\n${shown}\nand the compiler says\n${said}`);
  rmSync(join(scratch, "resnet.mlstack"));

  let lines = "";
  for (const body of fences("README.md", "console"))
    for (const [, line] of body.matchAll(/^\$ ((?:mlstackc|cd) .*)$/gm)) {
      commands += 1;
      lines += `${line}\n`;
    }
  const typed = run("bash", ["-e", "-o", "pipefail", "-c", lines]);
  if (typed.status !== 0) fail(`README.md: its commands end with ${typed.status}\n${lines}\n${typed.stderr}`);

  const started = join(scratch, "my-training/my-training.mlstack");
  writeFileSync(started, readFileSync(started, "utf8").replace(/^job .*$/m, "$&\n  parallelism = 4"));
  const spread = run("mlstackc", ["check", "--set", "gpus=8", started]).stderr;
  for (const claim of ["dataset", "checkpoints"])
    if (!new RegExp(`error\\[MLS3004\\].*\`${claim}\``).test(spread)) fail(`README.md: four pods on the claims of init are said to be an error\n${spread}`);

  for (const folder of ["stdlib", "stdlib/prelude"])
    for (const name of readdirSync(join(root, folder)).filter((file) => file.endsWith(".mlstack")))
      if (!text(`${folder}/README.md`).includes(`\`${folder === "stdlib" ? name : name.replace(".mlstack", "")}\``)) fail(`${folder}/README.md does not name ${name}`);
  for (const name of readdirSync(join(root, "examples")).filter((file) => file.endsWith(".mlstack")))
    if (!text("examples/README.md").includes(`\`${name}\``)) fail(`examples/README.md does not name ${name}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (blocks < 6 || commands < 9) fail(`only ${blocks} blocks and ${commands} commands: does ${relative(root, page)} still have them?`);
console.log(`${blocks} blocks, ${commands} commands, ${failures} failures`);
process.exit(failures ? 1 : 0);
