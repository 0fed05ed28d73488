// The TextMate grammar as a value. Tokens are told apart as the lexer does; what a name means is told
// by the words beside it. The engine goes from left to right and takes the first pattern of the list
// among those that match earliest, so a name is always taken whole.
import { longestFirst, wordSets } from "./patterns.mjs";

const name = "[A-Za-z_][A-Za-z0-9_]*(?:-+[A-Za-z0-9_]+)*";
const after = "(?!-*[A-Za-z0-9_])";
const start = "(?:^\\s*|(?<=[{}])\\s*)";
const assign = "=(?!=)";
const dot = "\\.(?!\\.)";
const declared = {
  namespace: "entity.name.namespace", kind: "entity.name.type.kind", component: "entity.name.function.declaration",
  parameter: "variable.parameter", value: "variable.other.constant", code: "constant.other.code",
};

const alternation = (words) => longestFirst(words).join("|");
const word = (words) => `(?:${alternation(words)})${after}`;
const scope = (text) => ({ name: `${text}.mlstack` });
const include = (...names) => names.map((to) => ({ include: `#${to}` }));
const captures = (...scopes) => Object.fromEntries(scopes.flatMap((s, i) => (s ? [[String(i + 1), scope(s)]] : [])));

const comments = {
  patterns: [
    { match: "\\A#!.*$", ...scope("comment.line.shebang") },
    { match: "^\\s*(///(?!/).*)$", captures: { 1: { ...scope("comment.line.documentation"), patterns: [{ match: "`[^`]*`", ...scope("markup.inline.raw") }] } } },
    { match: "//.*$", ...scope("comment.line.double-slash") },
    { begin: "/\\*", end: "\\*/", ...scope("comment.block") },
  ],
};

const strings = {
  patterns: [
    { begin: 'r"""', end: '"{3,}', ...scope("string.quoted.triple.raw") },
    { begin: '"""', end: '"{3,}', ...scope("string.quoted.triple"), patterns: [{ match: "\\\\$", ...scope("constant.character.escape") }, ...include("escapes", "interpolation")] },
    { match: 'r"[^"]*(?:"|$)', ...scope("string.quoted.double.raw") },
    { begin: '"', end: '"|$', ...scope("string.quoted.double"), patterns: include("escapes", "interpolation") },
  ],
};

const escapes = {
  patterns: [
    { match: "\\\\(?:u\\{[0-9A-Fa-f]{1,6}\\}|[ntr\"\\\\$])", ...scope("constant.character.escape") },
    { match: "\\\\.", ...scope("invalid.illegal.escape") },
  ],
};

const region = (begin, scopes, rest) => ({
  begin, end: "\\}|(?=$)", beginCaptures: { 0: scope(scopes[0]) }, endCaptures: { 0: scope(scopes[1]) }, ...rest, patterns: include("after-open", "braces", "code"),
});

const numbers = {
  patterns: [
    { match: "[0-9]+(?:\\.[0-9]+)?[eE][-+]?[0-9]+(?![A-Za-z0-9_])", ...scope("constant.numeric.float") },
    { match: "([0-9]+(?:\\.[0-9]+)?)([A-Za-z_]\\w*(?:\\.[0-9]+[A-Za-z_]\\w*)*)", captures: captures("constant.numeric.quantity", "constant.numeric.unit") },
    { match: "[0-9]+\\.[0-9]+", ...scope("constant.numeric.float") },
    { match: "[0-9]+", ...scope("constant.numeric.integer") },
  ],
};

/// Reserved words in places where they are names.
function plainNames(sets) {
  const plain = scope("variable.other.readwrite");
  const field = scope("variable.other.property");
  return [
    { match: `${name}(?=\\s*${assign})`, ...field },
    { match: `${start}(${word(["in"])})(?=\\s*\\{)`, captures: { 1: plain } },
    { match: `(?:${start}|(?<=,)\\s*)(${word(sets.literals)})(?=\\s*:)`, captures: { 1: field } },
    { match: `${word(sets.nameBeforeBrace)}(?=\\s*\\{)`, ...plain },
    { match: `${word([...sets.statement, ...sets.inner])}(?=\\s*${dot})`, ...plain },
    { match: `${word([...sets.statement, ...sets.inner, ...sets.literals])}(?=\\s*->)`, ...plain },
  ];
}

function statements(sets) {
  const patterns = [];
  for (const [list, what] of sets.naming)
    for (const begin of [`${start}(${word([list])})\\s+(${name})`, `(${word([list])})\\s+(?!${word(sets.inner)})(${name})`])
      patterns.push({ match: begin, captures: captures("keyword.declaration", declared[what]) });
  const loop = `(${word(["for"])})\\s+(${name})(?:\\s*(,)\\s*(${name}))?`;
  patterns.push({ match: loop, captures: captures("keyword.control", "variable.parameter", "punctuation.separator", "variable.parameter") });

  // Behind `if` and `assert` an operand must follow.
  const operand = `(?:\\s+(${word(sets.soft)})(?!\\s*(?:${assign}|:|->)))?`;
  const plain = "variable.other.readwrite";
  patterns.push({ match: `(${word(["if"])})${operand}`, captures: captures("keyword.control", plain) });
  patterns.push({ match: `(${word(["assert"])})(?=\\s*(?!${word(sets.inner)})(?:[\\w"(\\[!]|-(?!>)))${operand}`, captures: captures("keyword.declaration", plain) });
  const notHere = `(?!\\s*(?:${assign}|:|\\{|${dot}|->|[,)\\]]))`;
  for (const [list, what] of [[sets.control, "keyword.control"], [sets.declaring, "keyword.declaration"]]) {
    const names = list.filter((w) => !["assert", "import", "object", ...sets.branches].includes(w));
    const strings = list.filter((w) => ["import", "object"].includes(w));
    patterns.push({ match: `^\\s*(${word(list.filter((w) => !sets.branches.includes(w)))})${notHere}`, captures: captures(what) });
    if (names.length) patterns.push({ match: `${start}(${word(names)})(?=\\s+${name})`, captures: captures(what) });
    if (names.length) patterns.push({ match: `${word(names)}(?=\\s+(?!${word(sets.inner)})${name})`, ...scope(what) });
    if (strings.length) patterns.push({ match: `${word(strings)}(?=\\s*r?")`, ...scope(what) });
  }
  patterns.push({ match: word(sets.branches), ...scope("keyword.control") });
  return patterns;
}

function keywords(sets) {
  const joined = (list, what) => {
    const opening = list.filter((w) => sets.operandNext.includes(w));
    return [
      { match: `(${word(opening)})\\s+(${word(sets.soft)})(?!\\s*(?:${assign}|:|->))`, captures: captures(what, "variable.other.readwrite") },
      { match: word(list), ...scope(what) },
    ];
  };
  return [
    { match: word(sets.literals), ...scope("constant.language") },
    // The source of a comprehension: no field, in spite of the colon.
    { match: `(${word(["in"])})\\s+(${name})(?=\\s*:)`, captures: captures("keyword.control", "variable.other.readwrite") },
    ...joined(sets.innerControl, "keyword.control"),
    ...joined(sets.innerOther, "keyword.other"),
  ];
}

function heads(sets) {
  const label = `(?!${word([...sets.inner, ...sets.literals])})${name}`;
  const operand = `(?=\\s+(?:${label}|["(\\d]))`;
  const head = (list, kindScope) => [
    { match: `(${word(list)})\\s+(${label})`, captures: captures(kindScope, "entity.name.tag") },
    { match: `${word(list)}(?=\\s*\\{|\\s+["(0-9])`, ...scope(kindScope) },
  ];
  return [
    { match: `${word(sets.verbs)}${operand}`, ...scope("support.function.verb") },
    ...head(sets.kinds, "support.type.kind"),
    ...head(sets.parts, "support.type.part"),
    // Components and kinds of the file: `lib.thing label {`, `thing label {`.
    { match: `(?:(${label})(\\.))?(${label})\\s+(${label})(?=\\s*\\{)`, captures: captures("entity.name.function.component", "punctuation.accessor", "entity.name.function.component", "entity.name.tag") },
  ];
}

export function textmate(words) {
  const sets = wordSets(words);
  const functions = alternation(sets.functions).replace(/[-_]/g, "[-_]");
  const soft = word(sets.soft);
  return {
    comment: "Made by editors/generate.mjs; change textmate.mjs and build the target `editors`.",
    name: "mlstack",
    scopeName: "source.mlstack",
    fileTypes: ["mlstack"],
    patterns: include("code"),
    repository: {
      code: { patterns: include("comments", "strings", "numbers", "members", "operands", "plain", "types", "statements", "keywords", "heads", "calls", "operators", "punctuation", "names") },
      comments,
      strings,
      escapes,
      // Braces inside an interpolation are balanced, so that its end is found; it ends with its line.
      interpolation: region("\\$\\{", ["punctuation.section.interpolation.begin", "punctuation.section.interpolation.end"], scope("meta.interpolation")),
      braces: region("\\{", ["punctuation.bracket", "punctuation.bracket"], {}),
      "after-open": { patterns: [{ match: `(?<=\\$\\{)\\s*(${soft})`, captures: captures("variable.other.readwrite") }] },
      numbers,
      members: {
        patterns: [
          { match: `(->)\\s*(${name})`, captures: captures("keyword.operator", "variable.other.member") },
          { match: `(\\.\\.\\.|\\.\\.<|\\.\\.)(?:\\s*(${soft}))?`, captures: captures("keyword.operator.range", "variable.other.readwrite") },
          { match: `(\\.)\\s*(${name})`, captures: captures("punctuation.accessor", "variable.other.member") },
        ],
      },
      // Where an operand must follow, a reserved word is a name.
      operands: {
        patterns: [
          { match: `(==|!=|<=|>=|&&|\\|\\||[-=<+*/%!|])\\s*(${soft})(?!\\s*(?:${assign}|->))`, captures: captures("keyword.operator", "variable.other.readwrite") },
          { match: `([(\\[])\\s*(${soft})(?!\\s*(?:${assign}|->))`, captures: captures("punctuation.bracket", "variable.other.readwrite") },
          { match: `(,)\\s*(${soft})(?!\\s*(?:${assign}|->|:))`, captures: captures("punctuation.separator", "variable.other.readwrite") },
        ],
      },
      plain: { patterns: plainNames(sets) },
      statements: { patterns: statements(sets) },
      // `name: type`, until what follows a type. A comprehension's `:` comes here too, so that all
      // else is still found inside.
      types: {
        begin: `(?:((?!${word(sets.literals)})${name})\\s*)?(:)(?:\\s*(${soft})(?!\\s*(?:${assign}|->)))?`,
        end: "(?==(?!=)|->|[{}\\]]|$)",
        beginCaptures: captures("variable.other.property", "punctuation.separator", "variable.other.readwrite"),
        patterns: [
          { match: `${word([...sets.types, ...sets.kinds])}(?!\\s*[.(=:])`, ...scope("support.type") },
          { match: "enum(?=\\()", ...scope("support.type") },
          ...include("code"),
        ],
      },
      keywords: { patterns: keywords(sets) },
      heads: { patterns: heads(sets) },
      calls: { patterns: [{ match: `(?:${functions})${after}(?=\\s*\\()`, ...scope("support.function") }] },
      operators: { patterns: [{ match: "->|==|!=|<=|>=|&&|\\|\\||[-=<>+*/%!?|]", ...scope("keyword.operator") }] },
      punctuation: {
        patterns: [
          { match: "[{}\\[\\]()]", ...scope("punctuation.bracket") },
          { match: "[,:]", ...scope("punctuation.separator") },
          { match: "\\.", ...scope("punctuation.accessor") },
        ],
      },
      names: {
        patterns: [
          { match: `[A-Z][A-Za-z0-9]*${after}(?!\\s*[.(])`, ...scope("variable.other.enummember") },
          { match: name, ...scope("variable.other.readwrite") },
        ],
      },
    },
  };
}
