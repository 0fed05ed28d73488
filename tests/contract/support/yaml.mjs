// The part of YAML that kubeconfigs are written in: block maps and lists, flow maps and lists, plain and quoted scalars,
// literal blocks. A kubeconfig is the only file that the suite reads, and it needs no packages for that.
export function parseYaml(text) {
  const lines = text.replace(/\r/g, "").split("\n");
  const found = { at: 0 };
  const blank = (line) => /^\s*(#.*)?$/.test(line) || /^(---|\.\.\.)/.test(line);
  const indentOf = (line) => line.match(/^ */)[0].length;
  const peek = () => { while (found.at < lines.length && blank(lines[found.at])) found.at += 1; return lines[found.at]; };

  function literal(indent, folded) {
    const kept = [];
    let depth = -1;
    for (; found.at < lines.length; found.at += 1) {
      const line = lines[found.at];
      if (line.trim() === "") { kept.push(""); continue; }
      if (indentOf(line) <= indent) break;
      if (depth < 0) depth = indentOf(line);
      kept.push(line.slice(depth));
    }
    return kept.join(folded ? " " : "\n").replace(/\s+$/, "\n");
  }
  function scalar(word) {
    const value = word.trim();
    if (/^"/.test(value)) return JSON.parse(value.replace(/"\s+#.*$/, '"'));
    if (/^'/.test(value)) return value.replace(/'\s+#.*$/, "'").slice(1, -1).replace(/''/g, "'");
    if (/^[{[]/.test(value)) return flow(value);
    const plain = value.replace(/\s+#.*$/, "");
    if (plain === "" || plain === "~" || plain === "null") return null;
    if (plain === "true" || plain === "false") return plain === "true";
    return /^-?\d+$/.test(plain) && Number.isSafeInteger(Number(plain)) ? Number(plain) : plain;
  }
  function flow(text) {
    let at = 0;
    const space = () => { while (/\s/.test(text[at] ?? "")) at += 1; };
    const word = (stop) => {
      space();
      if (text[at] === '"' || text[at] === "'") {
        const quote = text[at], from = at;
        for (at += 1; text[at] !== quote; at += 1) if (quote === '"' && text[at] === "\\") at += 1;
        at += 1;
        return scalar(text.slice(from, at));
      }
      const from = at;
      while (at < text.length && !stop.test(text.slice(at))) at += 1;
      return scalar(text.slice(from, at));
    };
    const value = () => {
      space();
      if (text[at] === "{") {
        const map = {};
        for (at += 1; space(), text[at] !== "}"; space(), text[at] === "," && (at += 1)) {
          const key = word(/^\s*(:(\s|$)|[,}])/);
          space();
          if (text[at] !== ":") throw new Error(`a flow map without a value: ${text}`);
          at += 1;
          map[key] = value();
        }
        at += 1;
        return map;
      }
      if (text[at] === "[") {
        const list = [];
        for (at += 1; space(), text[at] !== "]"; space(), text[at] === "," && (at += 1)) list.push(value());
        at += 1;
        return list;
      }
      return word(/^\s*[,}\]]/);
    };
    return value();
  }
  function entry(indent, rest) {
    if (/^[|>]/.test(rest.trim())) return literal(indent, rest.trim()[0] === ">");
    if (rest.trim() !== "" && !/^\s*#/.test(rest)) return scalar(rest);
    const next = peek();
    if (next === undefined) return null;
    // A list may stand at the indentation of its key.
    return indentOf(next) > indent || (indentOf(next) === indent && /^ *- /.test(next)) ? block(indentOf(next)) : null;
  }
  function block(indent) {
    if (/^ *-( |$)/.test(peek())) {
      const list = [];
      while (peek() !== undefined && indentOf(peek()) === indent && /^ *-( |$)/.test(peek())) {
        const rest = lines[found.at].slice(indent + 1).replace(/^ /, "");
        if (/^("[^"]*"|'[^']*'|[^\s{["'][^:]*):( |$)/.test(rest)) {
          lines[found.at] = " ".repeat(indent + 2) + rest;
          list.push(block(indent + 2));
        } else {
          found.at += 1;
          list.push(entry(indent, rest));
        }
      }
      return list;
    }
    const map = {};
    while (peek() !== undefined && indentOf(peek()) === indent) {
      const match = lines[found.at].slice(indent).match(/^("[^"]*"|'[^']*'|[^\s#][^:]*(?::[^\s][^:]*)*):( .*|)$/);
      if (!match) throw new Error(`not a line of a kubeconfig: ${found.at + 1}`);
      found.at += 1;
      map[scalar(match[1])] = entry(indent, match[2]);
    }
    return map;
  }
  const first = peek();
  if (first === undefined) return null;
  return /^\s*[{[]/.test(first) ? flow(text.replace(/^---.*\n/, "").trim()) : block(indentOf(first));
}
