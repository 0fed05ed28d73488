// Sets of fields of an object, as managedFields records them: a tree whose edges are path elements.
// A path element is a field (`f:name`), an entry of a list by its keys (`k:{…}`) or an entry of a set by
// its value (`v:…`); here it is always its own serialized text, which is what makes sets plain maps.
// The rules are those of sigs.k8s.io/structured-merge-diff, fieldpath/set.go and serialize.go.

export const fieldElement = (name) => 'f:' + name;
export const valueElement = (value) => 'v:' + JSON.stringify(value);
export function keyElement(keys) {
  const sorted = {};
  for (const name of Object.keys(keys).sort()) sorted[name] = keys[name];
  return 'k:' + JSON.stringify(sorted);
}

const ranks = { f: 0, k: 1, v: 2, i: 3 };
const typeRanks = { number: 0, string: 1, boolean: 2 };

function compareTexts(a, b) {
  // Go compares bytes; for the names that Kubernetes accepts that is the order of code units.
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareValues(a, b) {
  const left = typeRanks[typeof a] ?? 3, right = typeRanks[typeof b] ?? 3;
  if (left !== right) return left - right;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The order in which elements are written: fields, keyed entries, values. */
export function compareElements(a, b) {
  if (a === b) return 0;
  const kind = ranks[a[0]] - ranks[b[0]];
  if (kind !== 0) return kind;
  if (a[0] === 'f') return compareTexts(a, b);
  const left = JSON.parse(a.slice(2)), right = JSON.parse(b.slice(2));
  if (a[0] !== 'k') return compareValues(left, right);
  const leftKeys = Object.keys(left), rightKeys = Object.keys(right);
  for (let i = 0; ; ++i) {
    if (i >= leftKeys.length || i >= rightKeys.length) return leftKeys.length - rightKeys.length;
    const byName = compareTexts(leftKeys[i], rightKeys[i]);
    if (byName !== 0) return byName;
    const byValue = compareValues(left[leftKeys[i]], right[rightKeys[i]]);
    if (byValue !== 0) return byValue;
  }
}

/** `.spec`, `[name="main"]`, `[="ReadWriteOnce"]`: the form of messages. */
export function elementText(element) {
  if (element[0] === 'f') return '.' + element.slice(2);
  const value = JSON.parse(element.slice(2));
  if (element[0] === 'v') return `[=${JSON.stringify(value)}]`;
  return '[' + Object.entries(value).map(([name, of]) => `${name}=${JSON.stringify(of)}`).join(',') + ']';
}
export const pathText = (path) => path.map(elementText).join('');

export class FieldSet {
  constructor() {
    this.members = new Set();     // elements that are in the set themselves
    this.children = new Map();    // element → what of its inside is in the set; never an empty set
  }

  static of(...paths) {
    const set = new FieldSet();
    for (const path of paths) set.insert(path);
    return set;
  }

  get empty() {
    return this.members.size === 0 && this.children.size === 0;
  }

  insert(path) {
    if (path.length === 0) return;   // nobody owns the whole object
    let set = this;
    for (let i = 0; i + 1 < path.length; ++i) {
      let next = set.children.get(path[i]);
      if (next === undefined) set.children.set(path[i], next = new FieldSet());
      set = next;
    }
    set.members.add(path[path.length - 1]);
  }

  has(element) {
    return this.members.has(element);
  }

  /** What of the inside of `element` is in the set; undefined for nothing. */
  inside(element) {
    return this.children.get(element);
  }

  union(other) {
    const out = new FieldSet();
    out.members = new Set([...this.members, ...other.members]);
    for (const [element, set] of this.children) {
      const theirs = other.children.get(element);
      out.children.set(element, theirs === undefined ? set : set.union(theirs));
    }
    for (const [element, set] of other.children) if (!this.children.has(element)) out.children.set(element, set);
    return out;
  }

  intersection(other) {
    const out = new FieldSet();
    for (const element of this.members) if (other.members.has(element)) out.members.add(element);
    for (const [element, set] of this.children) {
      const theirs = other.children.get(element);
      if (theirs !== undefined) out.addChild(element, set.intersection(theirs));
    }
    return out;
  }

  difference(other) {
    const out = new FieldSet();
    for (const element of this.members) if (!other.members.has(element)) out.members.add(element);
    for (const [element, set] of this.children) {
      const theirs = other.children.get(element);
      out.addChild(element, theirs === undefined ? set : set.difference(theirs));
    }
    return out;
  }

  /** As `difference`, but a member of `other` takes its whole inside with it. */
  recursiveDifference(other) {
    const out = new FieldSet();
    for (const element of this.members) if (!other.members.has(element)) out.members.add(element);
    for (const [element, set] of this.children) {
      if (other.members.has(element)) continue;
      const theirs = other.children.get(element);
      out.addChild(element, theirs === undefined ? set : set.recursiveDifference(theirs));
    }
    return out;
  }

  addChild(element, set) {
    if (!set.empty) this.children.set(element, set);
  }

  equals(other) {
    if (this.members.size !== other.members.size || this.children.size !== other.children.size) return false;
    for (const element of this.members) if (!other.members.has(element)) return false;
    for (const [element, set] of this.children) {
      const theirs = other.children.get(element);
      if (theirs === undefined || !set.equals(theirs)) return false;
    }
    return true;
  }

  /** Every path of the set, members before what is inside of them. */
  paths(prefix = []) {
    const out = [...this.members].sort(compareElements).map((element) => [...prefix, element]);
    for (const element of [...this.children.keys()].sort(compareElements)) {
      out.push(...this.children.get(element).paths([...prefix, element]));
    }
    return out;
  }

  toFieldsV1(self = false) {
    const out = {};
    if (self) out['.'] = {};
    const elements = new Set([...this.members, ...this.children.keys()]);
    for (const element of [...elements].sort(compareElements)) {
      const set = this.children.get(element);
      out[element] = set === undefined ? {} : set.toFieldsV1(this.members.has(element));
    }
    return out;
  }

  static fromFieldsV1(fields) {
    const out = new FieldSet();
    for (const [key, below] of Object.entries(fields ?? {})) {
      if (key === '.' || !/^[fkvi]:/.test(key)) continue;
      const element = normal(key);
      const set = FieldSet.fromFieldsV1(below);
      if ('.' in below || set.empty) out.members.add(element);
      out.addChild(element, set);
    }
    return out;
  }
}

// Another writer's key text may have other spacing or order of keys.
function normal(element) {
  if (element[0] === 'k') return keyElement(JSON.parse(element.slice(2)));
  if (element[0] === 'v') return valueElement(JSON.parse(element.slice(2)));
  return element;
}
