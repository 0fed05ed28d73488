// What a word means is told by the words beside it: small programs, and the meaning of each of their
// runs (separated by blanks or by a change of meaning), in both engines.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { meaning, textmate, vim } from "./engines.mjs";

const codes = {
  "{": "punctuation bracket", ",": "punctuation", "=": "operator", '"': "string", "\\": "escape", $: "interpolation",
  c: "comment", d: "doc", n: "number", u: "number unit", const: "keyword constant", ctl: "keyword control",
  decl: "keyword declaration", kw: "keyword other", declared: "name declared", param: "name parameter", verb: "name verb",
  kind: "name kind", part: "name part", comp: "name component", label: "name label", fn: "name function", type: "name type",
  field: "name field", member: "name member", enum: "name enumerator", name: "name", slip: "string slip",
};

const snippets = [
  ["stack resnet {", "decl declared {"],
  ["claim data { size = 10Gi }", "kind label { field = n u {"],
  ['claim "data-${i}" {', 'kind " $ name $ " {'],
  ["pod trainer {\n  container main { image = \"x\" }\n}", "kind label { part label { field = \" { {"],
  ['  read data at "/data" { subpath = "a" }', 'verb name kw " { field = " {'],
  ['scratch 16Gi at "/dev/shm" { medium = Memory }', 'verb n u kw " { field = enum {'],
  ['checkpoint state at "/c" { every = 1h30m  keep = 3 }', 'verb name kw " { field = n u field = n {'],
  ["port http = 80", "part label = n"],
  ["port = 80", "field = n"],
  ["train.pytorch resnet {", "comp , comp label {"],
  ["pytorch resnet {", "comp label {"],
  ["param nodes: int in 1..64 = 4", "decl param , type ctl n = n = n"],
  ["param rates: list<float>? = [0.1, ...more]", "decl param , type = type = = { n , = name {"],
  ['param tag: string matches "v[0-9]+"', 'decl param , type kw "'],
  ["let x = if a && !b then 1 else -2", "decl declared = ctl name = = name ctl n ctl = n"],
  ["for i, x in 0..<n { a = x }", "ctl param , param ctl n = name { field = name {"],
  ["let l = [for x in xs if x != null: upper(x)]", "decl declared = { ctl param ctl name ctl name = const , fn { name {"],
  ["let m = {for k, v in m: k = v}", "decl declared = { ctl param , param ctl name , field = name {"],
  ['import "./lib.mlstack" as lib', 'ctl " kw name'],
  ['external class gp3 { provisioner = "x" }', 'decl kind label { field = " {'],
  ['object "a/v1/B" name { spec { x = 1 } }', 'decl " name { name { field = n { {'],
  ['allow MLS3004 "reason"', 'decl declared "'],
  ['assert nodes > 0, "no ${nodes}"', 'decl name = n , " $ name $ "'],
  ["output pod = trainer.status.podIP", "decl declared = name , member , member"],
  ['kind claim = "v1/X" {', 'decl declared = " {'],
  ["  size: quantity -> spec.resources.requests = required", "field , type = member , member , member = name"],
  ["  role = claim", "field = name"],
  ["source = nfs(server, \"/e\", read_only = true)", 'field = fn { name , " , field = const {'],
  ["x = unknown(1)", "field = name { n {"],
  // Reserved words that are names
  ["kind = 1", "field = n"],
  ["for: 2", "field , n"],
  ["in { stack = 1 }", "name { field = n {"],
  ["x = kind + object.in", "field = name = name , member"],
  ["x = [kind, at, true]", "field = { name , name , const {"],
  ["if kind == 2 { a = 1 }", "ctl name = n { field = n {"],
  ["x = at in kind", "field = name ctl name"],
  ["a-if-b = x-in-y", "field = name"],
  // Text
  ["/// A line with `code`", "d d d d d"],
  ["x = 1 // a comment", "field = n c c c"],
  ["//// no documentation", "c c c"],
  ["/* a\n b */ x = 1", "c c c c field = n"],
  ['a = "x\\n\\u{1F600}\\q$y\\${z}"', 'field = " \\ slip " \\ "'],
  ['a = "${f({ b = "}" })}-${c}"', 'field = " $ name { field = " { $ " $ name $ "'],
  ['a = r"\\d+${x}" b = 1', 'field = " field = n'],
  ['a = """\n  one "two" ${b}\n"""', 'field = " " " $ name $ "'],
  ['a = r"""\n ${b} \\n\n""" c = 1', 'field = " " " " field = n'],
  ["a = 1.5Gi + 1e3 - 2.5e-3 * 7", "field = n u = n = n = n"],
  ["a = b -c - 2", "field = name = name = n"],
];

/// The meanings of the runs of `text`.
function runs(text, found) {
  const bytes = Buffer.from(text), out = [];
  let before = null;
  for (let i = 0; i < bytes.length; i++) {
    const blank = /\s/.test(String.fromCharCode(bytes[i])), now = blank ? null : meaning(found[i]) || "nothing";
    if (now !== null && now !== before) out.push(now);
    before = now;
  }
  return out;
}

const scratch = mkdtempSync(join(tmpdir(), "mlstack-snippets-"));
let failures = 0;
try {
  const files = snippets.map(([text], i) => {
    const file = join(scratch, `${i}.mlstack`);
    writeFileSync(file, `${text}\n`);
    return file;
  });
  const tokenize = await textmate();
  const fromVim = vim(files);
  snippets.forEach(([text, expected], i) => {
    const wanted = expected.split(" ").map((code) => codes[code] ?? `?${code}`).join(", ");
    for (const [engine, found] of [["TextMate", tokenize(text)], ["Vim", fromVim[i].groups]]) {
      const got = runs(text, found).join(", ");
      if (got === wanted) continue;
      failures += 1;
      console.error(`${engine}: ${text}\n  is        ${got}\n  should be ${wanted}`);
    }
  });
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${snippets.length} snippets in two engines, ${failures} failures`);
process.exit(failures ? 1 : 0);
