// YAML bodies, as far as people write manifests: block and flow collections, all scalar styles. Anchors, tags and several documents are
// refused. Plain scalars are those of YAML 1.1, which Kubernetes reads (sigs.k8s.io/yaml): `yes` is true, 0644 is 420.

const kWords = new Map([...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null]),
  ...['true', 'True', 'TRUE', 'y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((word) => [word, true]),
  ...['false', 'False', 'FALSE', 'n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map((word) => [word, false])]);

function plain(word) {
  if (kWords.has(word)) return kWords.get(word);
  if (/^[-+]?(0|[1-9][0-9_]*)$/.test(word)) return Number(word.replace(/_/g, ''));
  if (/^0[0-7]+$/.test(word)) return parseInt(word, 8);
  if (/^0x[0-9a-fA-F]+$/.test(word) || /^0o[0-7]+$/.test(word)) return Number(word);
  if (/^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(word)) return Number(word);
  return word;
}

const kEscapes = { 0: '\0', a: '\x07', b: '\b', t: '\t', n: '\n', v: '\v', f: '\f', r: '\r', e: '\x1b', ' ': ' ', '"': '"', '/': '/', '\\': '\\', N: '\x85', _: '\xa0', L: '\u2028', P: '\u2029' };

class Reader {
  constructor(text) {
    this.lines = text.replace(/\r\n?/g, '\n').split('\n');
    this.line = 0;
    this.column = 0;
  }

  fail(message) { throw new Error(`yaml: line ${this.line + 1}: ${message}`); }
  get rest() { return this.done ? '' : this.lines[this.line].slice(this.column); }
  get done() { return this.line >= this.lines.length; }

  // To the next thing that is no space and no comment, across lines.
  skip() {
    while (!this.done) {
      const spaced = this.column === 0 || /[ \t]/.test(this.lines[this.line][this.column - 1]);
      if (!(spaced ? /^[ \t]*(#.*)?$/ : /^([ \t]+(#.*)?)?$/).test(this.rest)) break;
      this.line += 1;
      this.column = 0;
    }
    if (!this.done) this.column += /^[ \t]*/.exec(this.rest)[0].length;
  }

  // The value that begins here, more indented than `parent`.
  block(parent) {
    this.skip();
    if (this.done || this.column <= parent) return null;
    const indent = this.column;
    if (/^-([ \t]|$)/.test(this.rest)) return this.sequence(indent);
    if (/^[|>]/.test(this.rest)) return this.literal(parent);
    if (/^[&*!]/.test(this.rest)) this.fail('anchors and tags are not read here');
    if (this.#isKey()) return this.mapping(indent);
    return this.scalar(parent);
  }

  // Whether a key and its colon stand here.
  #isKey() {
    if (/^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')[ \t]*:([ \t]|$)/.test(this.rest)) return true;
    if (/^["'[{]/.test(this.rest)) return false;
    return /^\??[^#\s][^#]*?:([ \t]|$)/.test(this.rest.replace(/ #.*$/, '')) && !/^[|>]/.test(this.rest);
  }

  key() {
    const quoted = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')[ \t]*:/.exec(this.rest);
    if (quoted) {
      const { line } = this;
      const value = this.quoted();
      if (this.line !== line) this.fail('a key ends on its line');
      this.column += this.rest.indexOf(':') + 1;
      return value;
    }
    const match = /^(.*?)[ \t]*:([ \t]|$)/.exec(this.rest);
    this.column += match[0].length - match[2].length;
    return match[1];
  }

  mapping(indent) {
    const result = {};
    for (;;) {
      const key = this.key();
      if (Object.hasOwn(result, key)) this.fail(`key ${JSON.stringify(key)} already set in map`);
      result[key] = this.#value(indent);
      this.skip();
      if (this.done || this.column < indent) return result;
      if (this.column > indent || !this.#isKey()) this.fail('did not find expected key');
    }
  }

  // What follows a key: on its line, or more indented below; a list may stand as far left as the key.
  #value(indent) {
    const { line } = this;
    this.skip();
    if (this.done) return null;
    if (this.line === line) {
      if (/^[|>]/.test(this.rest)) return this.literal(indent);
      if (/^[&*!]/.test(this.rest)) this.fail('anchors and tags are not read here');
      return this.scalar(indent);
    }
    if (this.column === indent && /^-([ \t]|$)/.test(this.rest)) return this.sequence(indent);
    return this.block(indent);
  }

  sequence(indent) {
    const result = [];
    for (;;) {
      this.column += 1;
      const { line } = this;
      this.skip();
      if (this.done || (this.line !== line && this.column <= indent)) result.push(null);
      else result.push(this.block(indent));
      this.skip();
      if (this.done || this.column < indent || (this.column === indent && !/^-([ \t]|$)/.test(this.rest))) return result;
      if (this.column > indent) this.fail("did not find expected '-' indicator");
    }
  }

  literal(parent) {
    const [header, style, first, second] = /^([|>])([-+1-9]?)([-+1-9]?)/.exec(this.rest);
    const marks = first + second;
    if (!/^[ \t]*(#.*)?$/.test(this.rest.slice(header.length))) this.fail('did not find expected comment or line break');
    this.line += 1;
    this.column = 0;
    let indent = /\d/.test(marks) ? Math.max(parent, 0) + Number(/\d/.exec(marks)[0]) : -1;
    const lines = [];
    for (; !this.done; this.line += 1) {
      const text = this.lines[this.line];
      if (/^ *$/.test(text)) {
        lines.push(indent >= 0 ? text.slice(indent) : '');
        continue;
      }
      const depth = /^ */.exec(text)[0].length;
      if (indent < 0) indent = depth;
      if (depth < indent || depth <= parent) break;
      lines.push(text.slice(indent));
    }
    let count = lines.length;
    while (count > 0 && lines[count - 1] === '') count -= 1;
    const trailing = lines.length - count;
    const body = style === '|' ? lines.slice(0, count).join('\n') : this.#folded(lines.slice(0, count));
    if (marks.includes('-') || (count === 0 && !marks.includes('+'))) return body;
    return `${body}\n${marks.includes('+') ? '\n'.repeat(Math.max(trailing - (this.done ? 1 : 0), 0)) : ''}`;
  }

  #folded(lines) {
    let result = '';
    lines.forEach((line, index) => {
      if (index === 0) result = line;
      else if (line === '') result += '\n';
      else if (/^[ \t]/.test(line) || /^[ \t]/.test(lines[index - 1])) result += `\n${line}`;
      else result += lines[index - 1] === '' ? line : ` ${line}`;
    });
    return result;
  }

  scalar(parent) {
    if (/^["']/.test(this.rest)) return this.quoted();
    if (/^[[{]/.test(this.rest)) return this.flow();
    const words = [];
    for (;;) {
      words.push(this.rest.replace(/(^|[ \t]+)#.*$/, '').trim());
      const commented = /(^|[ \t])#/.test(this.rest);
      this.line += 1;
      this.column = 0;
      if (commented) break;
      const from = this.line;
      this.skip();
      if (this.done || this.column <= parent || this.line !== from || this.#isKey()) break;
    }
    return plain(words.join(' '));
  }

  quoted() {
    const quote = this.lines[this.line][this.column];
    let result = '';
    this.column += 1;
    for (;;) {
      const text = this.lines[this.line];
      if (text === undefined) this.fail('found unexpected end of stream');
      if (this.column >= text.length) {
        const breaks = [];
        do { this.line += 1; breaks.push(''); } while (!this.done && /^[ \t]*$/.test(this.lines[this.line]));
        if (this.done) this.fail('found unexpected end of stream');
        this.column = /^[ \t]*/.exec(this.lines[this.line])[0].length;
        result = result.replace(/[ \t]+$/, '') + (breaks.length > 1 ? '\n'.repeat(breaks.length - 1) : ' ');
        continue;
      }
      const letter = text[this.column];
      this.column += 1;
      if (letter === quote) {
        if (quote === '"' || text[this.column] !== "'") return result;
        this.column += 1;
        result += "'";
      } else if (letter === '\\' && quote === '"') {
        result += this.#escape();
      } else {
        result += letter;
      }
    }
  }

  #escape() {
    const letter = this.lines[this.line][this.column];
    this.column += 1;
    const digits = { x: 2, u: 4, U: 8 }[letter];
    if (digits) {
      const code = this.lines[this.line].slice(this.column, this.column + digits);
      this.column += digits;
      return String.fromCodePoint(parseInt(code, 16));
    }
    if (letter === undefined) {          // the line's end is escaped: no space
      this.line += 1;
      this.column = /^[ \t]*/.exec(this.lines[this.line] ?? '')[0].length;
      return '';
    }
    if (!(letter in kEscapes)) this.fail('found unknown escape character');
    return kEscapes[letter];
  }

  flow() {
    this.skip();
    if (this.done) this.fail('did not find expected node content');
    const letter = this.rest[0];
    if (letter === '[') return this.#flowList();
    if (letter === '{') return this.#flowMap();
    if (letter === '"' || letter === "'") return this.quoted();
    const word = /^(?:[^,[\]{}:#]|:(?![ \t,[\]{}]|$)|(?<![ \t])#)*/.exec(this.rest)[0];
    this.column += word.length;
    return plain(word.trim());
  }

  #flowList() {
    const result = [];
    this.column += 1;
    for (;;) {
      this.skip();
      if (this.done) this.fail("did not find expected ',' or ']'");
      if (this.rest[0] === ']') break;
      result.push(this.flow());
      this.skip();
      if (this.rest[0] === ',') this.column += 1;
      else if (this.done || this.rest[0] !== ']') this.fail("did not find expected ',' or ']'");
    }
    this.column += 1;
    return result;
  }

  #flowMap() {
    const result = {};
    this.column += 1;
    for (;;) {
      this.skip();
      if (this.done) this.fail("did not find expected ',' or '}'");
      if (this.rest[0] === '}') break;
      const from = this.column;
      const key = /^["']/.test(this.rest) ? this.quoted() : (this.flow(), this.lines[this.line].slice(from, this.column).trim());
      this.skip();
      let value = null;
      if (!this.done && this.rest[0] === ':') {
        this.column += 1;
        this.skip();
        if (!/^[,}]/.test(this.rest)) value = this.flow();
      }
      if (Object.hasOwn(result, key)) this.fail(`key ${JSON.stringify(key)} already set in map`);
      result[key] = value;
      this.skip();
      if (!this.done && this.rest[0] === ',') this.column += 1;
      else if (this.done || this.rest[0] !== '}') this.fail("did not find expected ',' or '}'");
    }
    this.column += 1;
    return result;
  }
}

export function parseYaml(text) {
  const parts = text.replace(/^---[ \t]*(#.*)?\n/, '').split(/^---.*$/m);
  if (parts.slice(1).some((part) => /^[ \t]*[^#\s]/m.test(part))) throw new Error('yaml: several documents');
  const reader = new Reader(parts[0].replace(/^\.\.\.[ \t]*$/m, ''));
  const value = reader.block(-1);
  reader.skip();
  if (!reader.done) reader.fail('did not find expected end of document');
  return value;
}
