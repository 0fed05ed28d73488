// Both engines over every case, example and library file: each byte has the class of token that the
// lexer gives it, and both give it the same meaning. In a file with a slip of text (a string without
// an end) the lines from the first slip on are left out.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { meaning, root, textmate, vim } from "./engines.mjs";

const mlstackc = process.env.MLSTACKC ?? join(root, "build/release/bin/mlstackc");

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.name.endsWith(".mlstack") ? [path] : [];
  }).sort();
}

const keywords = new Set(["Stack", "Import", "Param", "Let", "Kind", "Component", "For", "If", "Assert", "Output", "External",
  "Object", "Allow", "As", "At", "Else", "In", "Matches", "Then", "True", "False", "Null", "Via"]);
const punctuation = new Set(["LBrace", "RBrace", "LBracket", "RBracket", "LParen", "RParen", "Colon", "Comma", "Dot"]);
const operators = new Set(["Assign", "Range", "RangeBelow", "Spread", "Arrow", "Question", "Pipe", "Eq", "Ne", "Lt", "Le", "Gt", "Ge",
  "Plus", "Minus", "Star", "Slash", "Percent", "And", "Or", "Not"]);
const simple = { Name: "name", Int: "number", Float: "number", Suffixed: "number", Doc: "doc", Comment: "comment" };

function classOf(kind) {
  return simple[kind] ?? (keywords.has(kind) ? "keyword" : punctuation.has(kind) ? "punctuation" : operators.has(kind) ? "operator" : undefined);
}

/// The class of each byte of a string token: text, escapes, and the marks of interpolations.
function stringClasses(kind, text) {
  const classes = new Array(text.length).fill("string");
  const raw = text.startsWith("r");
  const block = kind === "BlockString" || /^r?"""/.test(text);
  if (!raw) {
    const escape = /\\(?:u\{[0-9A-Fa-f]{1,6}\}|[ntr"\\$]|(?=\n)|[^\n])/g;
    for (const found of text.matchAll(escape)) {
      // A backslash at a line's end goes on with the text in block strings, of which only the head shows what it is.
      if (found[0] === "\\" && !block && kind === "String") continue;
      classes.fill("escape", found.index, found.index + found[0].length);
    }
    if (kind === "StringMid" || kind === "StringTail") classes[0] = "interpolation";
    if (kind === "StringHead" || kind === "StringMid") classes.fill("interpolation", text.length - 2);
  }
  return classes;
}

/// Lexer's class of every byte, or null where it does not matter.
function lexed(file, bytes) {
  const run = spawnSync(mlstackc, ["build", "--emit", "tokens", file], { encoding: "latin1", maxBuffer: 1 << 28 });
  if (run.error) throw run.error;
  if (run.signal) throw new Error(`${file}: mlstackc ended with ${run.signal}`);
  const starts = [0];
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 10) starts.push(i + 1);
  const classes = new Array(bytes.length).fill(null), unknown = new Set();
  let tokens = 0;
  for (const line of run.stdout.split("\n")) {
    const found = /^(\d+):(\d+) (\w+) (".*")$/.exec(line);
    if (!found || found[3] === "EndOfFile") continue;
    tokens += 1;
    const at = starts[found[1] - 1] + Number(found[2]) - 1, text = JSON.parse(found[4]);
    const isString = /^(Block)?String/.test(found[3]);
    const own = isString ? stringClasses(found[3], text) : new Array(text.length).fill(classOf(found[3]));
    if (own.includes(undefined)) unknown.add(found[3]);
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[at + i]) throw new Error(`${file}: ${line} is not what stands there`);
    own.forEach((c, i) => { classes[at + i] = c; });
  }
  if (unknown.size > 0) throw new Error(`token kinds without a class: ${[...unknown].join(", ")}`);
  const slips = [...run.stderr.matchAll(/^(?:.*?):(\d+):\d+: error\[MLS10(?:0[2-7]|33|1[5-9])\]/gm)].map((m) => Number(m[1]));
  return { classes, tokens, end: slips.length ? starts[Math.min(...slips) - 1] : bytes.length, log: run.stderr };
}

/// What an engine's meaning may be for a class: `///` lines that document nothing are comments to the lexer.
function agrees(wanted, found) {
  const own = found.split(" ")[0];
  return own === wanted || (wanted === "comment" && own === "doc") || (wanted === "escape" && found === "string slip");
}

const files = ["examples", "stdlib", "tests/cases"].flatMap((folder) => filesBelow(join(root, folder)));
const tokenize = await textmate();
const fromVim = vim(files);
let failures = 0, bytesSeen = 0, tokensSeen = 0;
const fail = (text) => {
  failures += 1;
  if (failures <= 40) console.error(text);
};

files.forEach((file, index) => {
  const bytes = readFileSync(file), name = relative(root, file);
  if (bytes.includes(0) || bytes.includes(13) || Buffer.compare(Buffer.from(bytes.toString()), bytes) !== 0) return;   // not text as editors show it
  const { classes, tokens, end, log } = lexed(file, bytes);
  // A file with a slip in its letters has no tokens to compare with.
  if (tokens === 0 && bytes.length > 0 && end === bytes.length && /[^\s]/.test(bytes.toString())) fail(`${name}: no tokens\n${log}`);
  tokensSeen += tokens;
  const scopes = tokenize(bytes.toString()), groups = fromVim[index].groups;
  if (fromVim[index].filetype !== "mlstack") fail(`${name}: Vim takes it for ${fromVim[index].filetype}`);
  let before = "";
  for (let i = 0; i < end; i++) {
    const wanted = classes[i];
    if (wanted === null || /\s/.test(String.fromCharCode(bytes[i]))) continue;
    bytesSeen += 1;
    const tm = meaning(scopes[i]), vi = meaning(groups[i]);
    const slip = !agrees(wanted, tm) ? `TextMate says ${tm || scopes[i].at(-1)}` : !agrees(wanted, vi) ? `Vim says ${vi || groups[i]}` : tm !== vi ? `TextMate says ${tm}, Vim ${vi}` : "";
    if (slip && slip !== before) {
      const line = bytes.subarray(0, i).toString().split("\n");
      fail(`${name}:${line.length}:${line.at(-1).length + 1}: the lexer says ${wanted}, ${slip}: ${JSON.stringify(bytes.subarray(i, i + 24).toString().split("\n")[0])}`);
    }
    before = slip;
  }
});
if (tokensSeen === 0) fail("no token was compared");
console.log(`${tokensSeen} tokens and ${bytesSeen} bytes of ${files.length} files in two engines, ${failures} failures`);
process.exit(failures ? 1 : 0);
