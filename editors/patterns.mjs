// What both editors must know of the words: which mean what, and where a reserved word is a plain
// name. The rules are those of compiler/parse/words.cpp, as far as one line shows them.

const literals = ["true", "false", "null"];
const branches = ["if", "for"];
const controls = ["for", "if", "import"];
const innerControls = ["else", "then", "in"];
/// Words whose next word is what they declare.
const naming = { stack: "namespace", kind: "kind", component: "component", param: "parameter", let: "value", output: "value", allow: "code" };

export function wordSets(words) {
  const inner = words.inner.filter((w) => !literals.includes(w));
  return {
    ...words,
    literals,
    branches,
    naming: Object.entries(naming),
    inner,
    innerControl: innerControls,
    innerOther: inner.filter((w) => !innerControls.includes(w)),
    control: controls,
    declaring: words.statement.filter((w) => !controls.includes(w)),
    /// Reserved by their neighbours alone: `for`, `if` and the literals are in nearly every place.
    soft: [...words.statement.filter((w) => !branches.includes(w)), ...inner],
    /// Before `{` these are names: a field or a part that is called so.
    nameBeforeBrace: [...words.statement, ...inner.filter((w) => !innerControls.includes(w))],
    /// What an operand must follow: a soft word there is a name.
    operandNext: ["as", "at", "in", "then", "via"],
  };
}

/// Longest first, so that an alternation never stops at a shorter word.
export function longestFirst(words) {
  return [...words].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
}
