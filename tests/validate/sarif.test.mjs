// SARIF against the schema of its standard and what GitHub code scanning asks besides
// (https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning).
// Regions, fingerprints and fixes are held against the files themselves.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { filesBelow, mlstackc, need, Report, root } from "./stacks.mjs";

const Ajv = need("ajv");
// The schema as the standard's editors ship it: draft 4, of which ajv only needs to be spared the `id`.
const { $schema, id, ...schema } = need("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
need("ajv-formats")(ajv);
const valid = ajv.compile(schema);

const report = new Report();
const folder = mkdtempSync(join(tmpdir(), "mlstack-sarif-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/// The rolling hash of GitHub's upload action, whose lines a finding is known by, as its documentation of
/// partialFingerprints asks: over 100 UTF-16 units from the line's begin, blanks left out.
function lineHashes(text) {
  const units = [...text.replace(/[ \t]/g, "\0skip").replaceAll("\0skip", "").replace(/\r\n?/g, "\n")].join("");
  const seen = new Map();
  const hashes = [];
  for (let start = 0; start >= 0; ) {
    let hash = 0n;
    for (let i = start; i < start + 100; i += 1) {
      const unit = i < units.length ? units.charCodeAt(i) : i === units.length ? 65535 : 0;
      hash = BigInt.asUintN(64, hash * 37n + BigInt(unit));
    }
    const word = hash.toString(16);
    seen.set(word, (seen.get(word) ?? 0) + 1);
    hashes.push(`${word}:${seen.get(word)}`);
    const end = units.indexOf("\n", start);
    start = end < 0 ? -1 : end + 1;
  }
  return hashes;
}

/// Columns count code points.
function textOf(region, text) {
  const lines = text.split(/(?<=\n)/);
  const at = (line, column) => {
    const before = lines.slice(0, line - 1).join("");
    return before.length + [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
  };
  return [at(region.startLine, region.startColumn), at(region.endLine, region.endColumn)];
}

function checkPlace(place, say, texts) {
  const uri = place.physicalLocation?.artifactLocation?.uri;
  if (uri === undefined) return say("a location is in no file");
  if (/^[a-z][a-z0-9+.-]*:/i.test(uri) && !uri.startsWith("file:///")) say(`${uri} reads as a scheme`);
  if (/[^\x21-\x7e]/.test(uri)) say(`${uri} is not encoded`);
  const text = texts[decodeURIComponent(uri)];
  const { region } = place.physicalLocation;
  if (text === undefined || !region) return;
  const lines = text.split("\n");
  for (const [line, column] of [[region.startLine, region.startColumn], [region.endLine, region.endColumn]]) {
    if (line > lines.length) say(`line ${line} of ${lines.length}`);
    else if (column > [...lines[line - 1]].length + 1) say(`column ${column} is beyond line ${line}`);
  }
  const [from, to] = textOf(region, text);
  if (to < from) say("a region ends before it begins");
}

/// What GitHub asks and the schema leaves open.
function checkRun(run, say, texts) {
  const { rules } = run.tool.driver;
  if (run.results.length > 25000 || rules.length > 25000) say("more than GitHub takes");
  for (const rule of rules) {
    if (!rule.help?.text) say(`${rule.id} has no help`);
    for (const key of ["shortDescription", "fullDescription"])
      if (!rule[key]?.text || rule[key].text.length > 1024) say(`${rule.id}: ${key} is empty or too long`);
  }
  for (const result of run.results) {
    if (rules[result.ruleIndex]?.id !== result.ruleId) say(`${result.ruleId} is not rule ${result.ruleIndex}`);
    if (!result.message.text) say("an empty message");
    if (result.locations?.length !== 1) say(`${result.ruleId} has ${result.locations?.length ?? 0} locations`);
    for (const place of [...(result.locations ?? []), ...(result.relatedLocations ?? [])]) checkPlace(place, say, texts);
    const { artifactLocation, region } = result.locations?.[0]?.physicalLocation ?? {};
    const text = texts[decodeURIComponent(artifactLocation?.uri ?? "")];
    const hash = result.partialFingerprints?.primaryLocationLineHash;
    if (text !== undefined && region && hash !== lineHashes(text)[region.startLine - 1]) say(`${result.ruleId} has the fingerprint ${hash}`);
  }
}

/// Runs `check --format sarif` and holds what it says against everything above. Returns the run.
function check(name, words, texts = {}, cwd = folder) {
  const done = spawnSync(mlstackc, ["check", "--format", "sarif", ...words], { encoding: "utf8", cwd, maxBuffer: 1 << 30 });
  const say = (fault) => report.fail(`${name}: ${fault}`);
  let log;
  try {
    log = JSON.parse(done.stdout);
  } catch (error) {
    say(`no JSON: ${error.message}\n${done.stderr}`);
    return { results: [], tool: { driver: { rules: [] } } };
  }
  if (!valid(log)) for (const error of valid.errors.slice(0, 5)) say(`${error.instancePath} ${error.message}`);
  const [run] = log.runs;
  checkRun(run, say, texts);
  return run;
}

function write(name, text) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
  return { [name]: text };
}

const good = `stack good

claim data {
  size   = 1Gi
  access = ReadWriteOnce
}

pod main {
  image = "busybox:1.36"
  write data at "/data"
}
`;

// The validator itself must see what is wrong.
const sound = { version: "2.1.0", runs: [{ tool: { driver: { name: "x" } }, results: [{ message: { text: "x" } }] }] };
if (!valid(sound)) report.fail("the validator refuses a sound log");
if (valid({ ...sound, version: "2.0.0" })) report.fail("the validator takes another version");
if (valid({ ...sound, runs: [{ ...sound.runs[0], reslts: [] }] })) report.fail("the validator takes an unknown property");
if (lineHashes("Lorem ipsum dolor sit amet.\n".repeat(10))[6] !== "a7f2ff1481e87703:1") report.fail("the hash of this test is another");

// Nothing to say.
write("good.mlstack", good);
const none = check("no findings", ["good.mlstack"]);
if (none.results.length || none.invocations) report.fail("no findings: something is said");

// A fix: applied as it stands, the file is sound.
const bad = good.replace("size ", "szie ");
const fixed = check("a fix", ["bad.mlstack"], write("bad.mlstack", bad)).results.find((result) => result.fixes);
const [change] = fixed?.fixes?.[0]?.artifactChanges ?? [];
if (change?.artifactLocation.uri !== "bad.mlstack") {
  report.fail("a fix: none for the slip");
} else {
  let mended = bad;
  for (const { deletedRegion, insertedContent } of [...change.replacements].reverse()) {
    const [from, to] = textOf(deletedRegion, mended);
    mended = mended.slice(0, from) + insertedContent.text + mended.slice(to);
  }
  if (mended !== good) report.fail(`a fix: applied it gives\n${mended}`);
}

// Related places.
const twice = good + "\nclaim data {\n  size   = 2Gi\n  access = ReadWriteOnce\n}\n";
if (!check("related places", ["twice.mlstack"], write("twice.mlstack", twice)).results.some((result) => result.relatedLocations?.length))
  report.fail("related places: there are none");

// A file's name with blanks and other letters; columns behind letters beyond ASCII and beyond 16 bits.
const odd = `stack odd\n\nlet a = "ä😀" + nowhere\noutput b = a\n`;
const oddName = "my stacks/größe 100% #1?😀.mlstack";
const [seen] = check("a name of any letters", [oddName], write(oddName, odd)).results;
const where = seen?.locations[0].physicalLocation;
if (decodeURIComponent(where?.artifactLocation.uri ?? "") !== oddName) report.fail(`a name of any letters: ${where?.artifactLocation.uri}`);
if (where?.region.startColumn !== 16 || where?.region.endColumn !== 23) report.fail(`columns: ${JSON.stringify(where?.region)}`);
check("an absolute path", [join(folder, "bad.mlstack")]);

// Line breaks of Windows, and a line that stands twice.
check("returns", ["crlf.mlstack"], write("crlf.mlstack", bad.replaceAll("\n", "\r\n")));
check("lines alike", ["alike.mlstack"], write("alike.mlstack", bad.repeat(2)));

// What lies in no file is said of the run.
const lost = check("no such file", ["nowhere.mlstack"]);
const asked = check("an unknown parameter", ["good.mlstack", "--set", "x=1"]);
for (const [name, run] of [["no such file", lost], ["an unknown parameter", asked]])
  if (run.results.length + (run.invocations?.[0].toolConfigurationNotifications?.length ?? 0) === 0) report.fail(`${name}: nothing is said`);

// Every case and the library in one run each: all that the compiler can say in files.
let results = 0;
const rules = new Set();
for (const file of filesBelow(join(root, "tests/cases"), ".mlstack")) {
  const name = relative(root, file);
  const run = check(name, [name], { [name]: readFileSync(file, "utf8") }, root);
  results += run.results.length;
  for (const rule of run.tool.driver.rules) rules.add(rule.id);
}
if (results === 0) report.fail("the cases say nothing");
report.done(`SARIF of ${results} results of ${rules.size} rules holds`);
