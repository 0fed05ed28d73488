// The two real engines: what each says about every byte of a file.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = process.env.MLSTACK_SOURCE_DIR ?? resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const need = createRequire(join(root, "tests/npm/package.json"));

/// VS Code's engine over the committed grammar: text → scopes of every byte, innermost last.
export async function textmate() {
  const { Registry, INITIAL, parseRawGrammar } = need("vscode-textmate");
  const onig = need("vscode-oniguruma");
  const wasm = readFileSync(need.resolve("vscode-oniguruma/release/onig.wasm"));
  await onig.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const path = join(root, "editors/vscode/syntaxes/mlstack.tmLanguage.json");
  const registry = new Registry({
    onigLib: Promise.resolve({ createOnigScanner: (s) => new onig.OnigScanner(s), createOnigString: (s) => new onig.OnigString(s) }),
    loadGrammar: async () => parseRawGrammar(readFileSync(path, "utf8"), path),
  });
  const grammar = await registry.loadGrammar("source.mlstack");
  return (text) => {
    const scopes = [];
    let state = INITIAL;
    for (const line of text.split("\n")) {
      const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
      state = ruleStack;
      for (const { startIndex, endIndex, scopes: stack } of tokens) {
        const bytes = Buffer.byteLength(line.slice(startIndex, Math.min(endIndex, line.length)));
        for (let i = 0; i < bytes; i++) scopes.push(stack);
      }
      scopes.push([]);   // the line end
    }
    scopes.pop();
    return scopes;
  };
}

/// Headless Vim with the committed plugin: runs a script of this folder over files, and reads the
/// line of JSON that it writes for each.
export function runVim(script, files) {
  const scratch = mkdtempSync(join(tmpdir(), "mlstack-vim-"));
  try {
    const list = join(scratch, "list"), dump = join(scratch, "dump");
    writeFileSync(list, files.join("\n") + "\n");
    const run = spawnSync("vim", ["-es", "-u", "NONE", "-i", "NONE", "-N", "--cmd", `set runtimepath^=${join(root, "editors/vim")}`,
      "-S", join(root, "tests/editors", script)],
      { encoding: "utf8", env: { ...process.env, MLSTACK_LIST: list, MLSTACK_DUMP: dump, TERM: "dumb", HOME: scratch }, input: "" });
    if (run.error) throw run.error;
    if (run.status !== 0) throw new Error(`vim ended with ${run.status}: ${run.stdout}${run.stderr}`);
    return readFileSync(dump, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/// Files → for each its filetype and the syntax group of every byte.
export function vim(files) {
  return runVim("dump.vim", files).map(([filetype, runs]) => ({ filetype, groups: runs.flatMap(([group, count]) => new Array(count).fill(group)) }));
}

/// Both spellings of one meaning. The first word is the token's class.
const meanings = {
  "comment": [["comment.line.double-slash", "comment.line.shebang", "comment.block"], ["mlstackComment", "mlstackTodo"]],
  "doc": [["comment.line.documentation"], ["mlstackDoc"]],
  "escape": [["constant.character.escape"], ["mlstackEscape", "mlstackLineEscape"]],
  "string slip": [["invalid.illegal.escape"], ["mlstackBadEscape"]],
  "interpolation": [["punctuation.section.interpolation.begin", "punctuation.section.interpolation.end"], ["mlstackInterpolation"]],
  "string": [["string.quoted.double", "string.quoted.triple", "string.quoted.double.raw", "string.quoted.triple.raw"], ["mlstackString"]],
  "number": [["constant.numeric.integer", "constant.numeric.float", "constant.numeric.quantity"], ["mlstackNumber"]],
  "number unit": [["constant.numeric.unit"], ["mlstackUnit"]],
  "keyword constant": [["constant.language"], ["mlstackConstant"]],
  "keyword control": [["keyword.control"], ["mlstackControl"]],
  "keyword declaration": [["keyword.declaration"], ["mlstackDeclare"]],
  "keyword other": [["keyword.other"], ["mlstackWord"]],
  "operator": [["keyword.operator", "keyword.operator.range"], ["mlstackOperator"]],
  "punctuation bracket": [["punctuation.bracket"], ["mlstackBracket"]],
  "punctuation": [["punctuation.separator", "punctuation.accessor"], ["mlstackComma", "mlstackLoopComma", "mlstackDot"]],
  "name declared": [["entity.name.namespace", "entity.name.type.kind", "entity.name.function.declaration", "variable.other.constant", "constant.other.code"], ["mlstackDeclared"]],
  "name parameter": [["variable.parameter"], ["mlstackParameter", "mlstackLoopName"]],
  "name verb": [["support.function.verb"], ["mlstackVerb"]],
  "name kind": [["support.type.kind"], ["mlstackKind"]],
  "name part": [["support.type.part"], ["mlstackPart"]],
  "name component": [["entity.name.function.component"], ["mlstackComponent"]],
  "name label": [["entity.name.tag"], ["mlstackLabel"]],
  "name function": [["support.function"], ["mlstackFunction"]],
  "name type": [["support.type"], ["mlstackType"]],
  "name field": [["variable.other.property"], ["mlstackField"]],
  "name member": [["variable.other.member"], ["mlstackMember"]],
  "name enumerator": [["variable.other.enummember"], ["mlstackEnum"]],
  "name": [["variable.other.readwrite"], ["mlstackName", "mlstackOperandName", "mlstackSource"]],
};
const meaningOf = new Map(Object.entries(meanings).flatMap(([meaning, both]) => both.flat().map((spelling) => [spelling, meaning])));

/// The meaning of a scope stack or of a Vim group; white space inside a region has none of interest.
export function meaning(found) {
  const spelling = Array.isArray(found) ? found.findLast((s) => !s.startsWith("meta.") && !s.startsWith("markup."))?.replace(/\.mlstack$/, "") : found;
  if (!spelling || spelling === "source") return "";
  return meaningOf.get(spelling) ?? (spelling === "mlstackInterpolated" || spelling === "mlstackBraces" || spelling === "mlstackTypes" ? "" : `?${spelling}`);
}
