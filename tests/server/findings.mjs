// What validation finds, in the words of k8s.io/apimachinery/pkg/util/validation: the causes of a 422.

export class Findings {
  constructor() {
    this.list = [];
  }

  #add(reason, field, message) {
    this.list.push({ reason, field, message });
    return false;
  }
  required(field, detail) { return this.#add('FieldValueRequired', field, detail ? `Required value: ${detail}` : 'Required value'); }
  invalid(field, value, detail) { return this.#add('FieldValueInvalid', field, `Invalid value: ${goJson(value)}: ${detail}`); }
  unsupported(field, value, known) {
    return this.#add('FieldValueNotSupported', field, `Unsupported value: ${goJson(value)}: supported values: ${known.map((name) => JSON.stringify(name)).join(', ')}`);
  }
  forbidden(field, detail) { return this.#add('FieldValueForbidden', field, `Forbidden: ${detail}`); }
  duplicate(field, value) { return this.#add('FieldValueDuplicate', field, `Duplicate value: ${goJson(value)}`); }
  notFound(field, value) { return this.#add('FieldValueNotFound', field, `Not found: ${goJson(value)}`); }
  tooLong(field, limit) { return this.#add('FieldValueTooLong', field, `Too long: may not be more than ${limit} bytes`); }

  /** Every text that `check` has about `value`. */
  check(field, value, check) {
    for (const detail of check(value)) this.invalid(field, value, detail);
  }
  oneOf(field, value, known) {
    if (!known.includes(value)) this.unsupported(field, value, known);
  }
  atLeast(field, value, least) {
    if (value !== undefined && value < least) this.invalid(field, value, `must be greater than or equal to ${least}`);
  }
  between(field, value, low, high) {
    if (value !== undefined && (value < low || value > high)) this.invalid(field, value, `must be between ${low} and ${high}, inclusive`);
  }
  unchanged(field, before, after, shown = after) {
    if (!same(before, after)) this.invalid(field, shown, 'field is immutable');
  }
}

const goJson = (value) => JSON.stringify(value ?? null);

/** Equal but for the order of keys. */
export function same(a, b) {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a).filter((key) => a[key] !== undefined), others = Object.keys(b).filter((key) => b[key] !== undefined);
  return keys.length === others.length && keys.every((key) => same(a[key], b[key]));
}

const expression = (text) => new RegExp(`^(?:${text})$`);
const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const name = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const value = `(${name})?`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const used = (text) => `regex used for validation is '${text}'`;

const matching = (pattern, limit, detail) => (text) => [
  ...(text.length > limit ? [`must be no more than ${limit} characters`] : []),
  ...(expression(pattern).test(text) ? [] : [detail]),
];

/** Each answers the texts about a name: empty for a good one. */
export const dnsLabel = matching(label, 63, `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', ${used(label)})`);
export const dnsSubdomain = matching(subdomain, 253, `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', ${used(subdomain)})`);
export const dnsLabel1035 = matching(label1035, 63, `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', ${used(label1035)})`);

export function labelKey(text) {
  const nameRule = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', ${used(name)})`;
  const parts = text.split('/');
  if (parts.length > 2) return [`a valid label key ${nameRule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const out = [];
  if (parts.length === 2) {
    if (parts[0] === '') out.push('prefix part must be non-empty');
    else out.push(...dnsSubdomain(parts[0]).map((detail) => `prefix part ${detail}`));
  }
  const own = parts[parts.length - 1];
  if (own === '') out.push('name part must be non-empty');
  else if (own.length > 63) out.push('name part must be no more than 63 bytes');
  if (!expression(name).test(own)) out.push(`name part ${nameRule}`);
  return out;
}

export const labelValue = (text) => [
  ...(text.length > 63 ? ['must be no more than 63 bytes'] : []),
  ...(expression(value).test(text) ? [] : [`a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', ${used(value)})`]),
];

export function configKey(text) {
  if (text.length > 253) return ['must be no more than 253 bytes'];
  if (!/^[-._a-zA-Z0-9]+$/.test(text)) return [`a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', ${used('[-._a-zA-Z0-9]+')})`];
  if (text === '.') return ["must not be '.'"];
  if (text === '..') return ["must not be '..'"];
  return text.startsWith('..') ? ["must not start with '..'"] : [];
}

export function portName(text) {
  if (text.length > 15) return ['must be no more than 15 characters'];
  const out = [];
  if (!/^[-a-z0-9]+$/.test(text)) out.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  else if (!/[a-z]/.test(text)) out.push('must contain at least one letter (a-z)');
  if (/--/.test(text)) out.push('must not contain consecutive hyphens');
  if (/^-|-$/.test(text)) out.push('must not begin or end with a hyphen');
  return out;
}

export const environmentName = (text) => /^[ -<>-~]+$/.test(text) ? [] : [`a valid environment variable name must consist only of printable ASCII characters other than '='`];

export function labels(out, field, map) {
  for (const [key, text] of Object.entries(map ?? {})) {
    out.check(field, key, labelKey);
    out.check(field, String(text), labelValue);
  }
}

/** A map as Go writes it: by its keys. */
export const byKeys = (map) => Object.fromEntries(Object.keys(map).sort().map((key) => [key, map[key]]));

/** A LabelSelector. */
export function selector(out, field, of) {
  if (!of) return;
  labels(out, `${field}.matchLabels`, of.matchLabels);
  (of.matchExpressions ?? []).forEach((rule, i) => {
    const at = `${field}.matchExpressions[${i}]`;
    if (['In', 'NotIn'].includes(rule.operator)) {
      if (!(rule.values?.length > 0)) out.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (['Exists', 'DoesNotExist'].includes(rule.operator)) {
      if (rule.values?.length > 0) out.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    } else {
      out.invalid(`${at}.operator`, rule.operator ?? '', 'not a valid selector operator');
    }
    out.check(`${at}.key`, rule.key ?? '', labelKey);
  });
}

export function selects(of, map = {}) {
  if (!of) return false;
  return Object.entries(of.matchLabels ?? {}).every(([key, text]) => map[key] === text) && (of.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const has = Object.hasOwn(map, key);
    if (operator === 'In') return has && values.includes(map[key]);
    if (operator === 'NotIn') return !has || !values.includes(map[key]);
    return operator === 'Exists' ? has : !has;
  });
}

export const isEmptySelector = (of) => Object.keys(of?.matchLabels ?? {}).length === 0 && !(of?.matchExpressions?.length > 0);

/** A path below something: relative, and not up. */
export function belowPath(out, field, path) {
  if (path.startsWith('/')) out.invalid(field, path, 'must be a relative path');
  backsteps(out, field, path);
}
export function backsteps(out, field, path) {
  if (path.split('/').includes('..')) out.invalid(field, path, "must not contain '..'");
}

/** A number or a percentage. */
export function share(out, field, of) {
  if (of === undefined) return;
  if (typeof of === 'number') out.atLeast(field, of, 0);
  else if (!/^[0-9]+%$/.test(of)) out.invalid(field, of, `a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', ${used('[0-9]+%')})`);
}
export const isZeroShare = (of) => of === 0 || /^0+%$/.test(of);
