// What there is to validate: every stack of examples/ and every case of tests/cases without errors,
// with the command-line words that each needs.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";

export const root = process.env.MLSTACK_SOURCE_DIR ?? resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const mlstackc = process.env.MLSTACKC ?? join(root, "build/release/bin/mlstackc");
export const shared = resolve(process.env.MLSTACK_SHARED ?? join(root, "../shared"));
/// Packages of tests/npm, wherever the caller lies.
export const need = createRequire(join(root, "tests/npm/package.json"));

/// What an example's parameters without a default are set to, beside `NAME.params.yaml`.
const exampleValues = {
  "distributed-training": [["image=ghcr.io/example/trainer:1.4.2"]],
};

/// All files under `folder` that end with `suffix`, sorted.
export function filesBelow(folder, suffix) {
  if (!existsSync(folder)) return [];
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...filesBelow(path, suffix));
    else if (entry.name.endsWith(suffix)) found.push(path);
  }
  return found.sort();
}

/// `{name, file, params?, words}`: one build each. A folder of examples is one stack with several files of
/// parameters.
export function exampleStacks() {
  const folder = join(root, "examples");
  const stacks = [];
  for (const file of filesBelow(folder, ".mlstack")) {
    const name = relative(folder, file).replace(/\.mlstack$/, "");
    const params = file.replace(/\.mlstack$/, ".params.yaml");
    if (dirname(file) !== folder) {
      if (!/^stack\s/m.test(readFileSync(file, "utf8"))) continue;   // a library beside its stack
      const sets = filesBelow(dirname(file), ".yaml");
      for (const set of sets) stacks.push({ name: `${name} (${relative(dirname(file), set)})`, file, params: set, words: ["--params", set] });
      if (sets.length === 0) stacks.push({ name, file, words: [] });
    } else if (existsSync(params)) {
      stacks.push({ name, file, params, words: ["--params", params] });
    } else {
      for (const values of exampleValues[name] ?? [[]])
        stacks.push({ name, file, words: values.flatMap((value) => ["--set", value]) });
    }
  }
  return stacks;
}

/// The command-line words of a case's `//: ` lines.
function caseWords(file, text) {
  const words = [];
  for (const [, directive] of text.matchAll(/^\s*\/\/: *(.*?)\s*$/gm)) {
    const [word, ...rest] = directive.split(/\s+/);
    const value = directive.slice(word.length).trim();
    if (word === "set") words.push("--set", value);
    else if (word === "params") words.push("--params", resolve(dirname(file), rest[0]));
    else if (word === "kubernetes") words.push("--kubernetes", rest[0]);
  }
  return words;
}

/// Every case of a stack in which no error is stated must build. (A library is built with the stacks that import it;
/// a case that is only checked, for want of parameters, has nothing to emit.)
export function caseStacks() {
  const folder = join(root, "tests/cases");
  const stacks = [];
  for (const file of filesBelow(folder, ".mlstack")) {
    const text = readFileSync(file, "utf8");
    if (/^\s*\/\/.*\berror\[MLS/m.test(text) || /^\/\/: check\b/m.test(text) || !/^\s*stack\s/m.test(text)) continue;
    stacks.push({ name: relative(root, file), file, words: caseWords(file, text) });
  }
  return stacks;
}

/// Runs the compiler. A signal or an exit code that it never promises is an error of its own.
export function build(stack, format) {
  return run(stack, ["--emit", format]);
}

/// One file an object, into `folder`.
export function buildInto(stack, folder) {
  return run(stack, ["-o", `${folder}/`]);
}

function run(stack, words) {
  const done = spawnSync(mlstackc, ["build", ...words, ...stack.words, stack.file],
    { encoding: "utf8", maxBuffer: 1 << 30, cwd: dirname(stack.file) });
  if (done.error) throw done.error;
  if (done.signal || ![0, 1, 64].includes(done.status)) throw new Error(`${stack.name}: mlstackc ended with ${done.signal ?? done.status}\n${done.stderr}`);
  return { status: done.status, out: done.stdout, log: done.stderr };
}

export function version() {
  return execFileSync(mlstackc, ["version"], { encoding: "utf8" }).trim();
}

export function isFile(path) {
  return existsSync(path) && statSync(path).isFile();
}

/// Every stack built, as `{stack, yaml, objects}`; what does not build is handed to `fail`.
export function* built(stacks, fail) {
  for (const stack of stacks) {
    const yaml = build(stack, "yaml");
    if (yaml.status !== 0) {
      fail(`${stack.name}: does not build\n${yaml.log}`);
      continue;
    }
    const json = build(stack, "json");
    if (json.status !== 0) {
      fail(`${stack.name}: builds as YAML and not as JSON\n${json.log}`);
      continue;
    }
    const list = JSON.parse(json.out);
    if (list.apiVersion !== "v1" || list.kind !== "List" || !Array.isArray(list.items)) {
      fail(`${stack.name}: --emit json is no v1/List`);
      continue;
    }
    yield { stack, yaml: yaml.out, objects: list.items };
  }
}

/// The first place where two values differ, as `told(path, a, b)` says it; null when they are equal.
export function difference(a, b, told, path = "") {
  if (isDeepStrictEqual(a, b)) return null;
  if (a && b && typeof a === "object" && typeof b === "object" && Array.isArray(a) === Array.isArray(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const inner = difference(a[key], b[key], told, `${path}/${key}`);
      if (inner) return inner;
    }
  }
  return told(path, a, b);
}

/// Collects failures; `done` prints them, says what was done and ends the process.
export class Report {
  constructor() {
    this.failures = [];
  }

  fail = (text) => {
    this.failures.push(text);
  };

  done(text) {
    for (const failure of this.failures.slice(0, 30)) console.error(failure);
    if (this.failures.length > 30) console.error(`… and ${this.failures.length - 30} more`);
    console.log(`${text}${this.failures.length ? `, ${this.failures.length} failures` : ""}`);
    process.exit(this.failures.length ? 1 : 0);
  }
}
