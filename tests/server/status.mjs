// Refusals as a kube-apiserver words them (k8s.io/apimachinery/pkg/api/errors/errors.go).

// What a handler throws; `status` is the body of the answer.
export class Refusal extends Error {
  constructor(code, reason, message, details, metadata) {
    super(message);
    this.code = code;
    this.status = { kind: 'Status', apiVersion: 'v1', metadata: metadata ?? {}, status: 'Failure', message };
    if (reason) this.status.reason = reason;
    if (details) this.status.details = details;
    this.status.code = code;
  }
}

// Go's %q for the texts that occur in names and values.
export const quoted = (text) => JSON.stringify(String(text));

// "statefulsets.apps", as GroupResource and GroupKind are written.
const full = ({ group, name }) => (group ? `${name}.${group}` : name);

function details({ group, name: kind }, name, more) {
  const result = {};
  if (name) result.name = name;
  if (group) result.group = group;
  if (kind) result.kind = kind;
  return Object.assign(result, more);
}

const byPlural = (resource) => ({ group: resource.group, name: resource.plural });
const byKind = (resource) => ({ group: resource.group, name: resource.kind });

export const notFound = (resource, name) =>
  new Refusal(404, 'NotFound', `${full(byPlural(resource))} ${quoted(name)} not found`, details(byPlural(resource), name));

// No such path: the group, version or resource is not served.
export const noSuchPath = () =>
  new Refusal(404, 'NotFound', 'the server could not find the requested resource', {});

export const alreadyExists = (resource, name, generated) => generated
  ? new Refusal(409, 'AlreadyExists', `${full(byPlural(resource))} ${quoted(name)} already exists, the server was not able to generate a unique name for the object`,
    details(byPlural(resource), name, { retryAfterSeconds: 1 }))
  : new Refusal(409, 'AlreadyExists', `${full(byPlural(resource))} ${quoted(name)} already exists`, details(byPlural(resource), name));

export const conflict = (resource, name, why) =>
  new Refusal(409, 'Conflict', `Operation cannot be fulfilled on ${full(byPlural(resource))} ${quoted(name)}: ${why}`, details(byPlural(resource), name));

// Preconditions of deletes name the kind where others name the plural (registry/rest/delete.go, BeforeDelete).
export const preconditionFailed = (resource, name, why) =>
  new Refusal(409, 'Conflict', `Operation cannot be fulfilled on ${full(byKind(resource))} ${quoted(name)}: ${why}`, details(byKind(resource), name));

export const kStale = 'the object has been modified; please apply your changes to the latest version and try again';

export const forbidden = (resource, name, why, causes) =>
  new Refusal(403, 'Forbidden', `${full(byPlural(resource))}${name ? ` ${quoted(name)}` : ''} is forbidden: ${why}`,
    details(byPlural(resource), name, causes ? { causes } : undefined));

export const forbiddenPath = (why) => new Refusal(403, 'Forbidden', `forbidden: ${why}`, {});

export const unauthorized = () => new Refusal(401, 'Unauthorized', 'Unauthorized');

export const badRequest = (message) => new Refusal(400, 'BadRequest', message);

// `errors` as validate.mjs returns them.
export function invalid({ group, kind }, name, errors) {
  const texts = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))];
  const all = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const of = { group, name: kind };
  return new Refusal(422, 'Invalid', `${full(of)} ${quoted(name ?? '')} is invalid: ${all}`,
    details(of, name, { causes: errors.map(({ reason, message, field }) => ({ reason, message, field })) }));
}

export const unprocessable = (message) => new Refusal(422, 'Invalid', message, {});

// As fields.mjs found them; `message` is that of the whole answer.
export const applyConflict = ({ conflicts, message }) =>
  new Refusal(409, 'Conflict', message, { causes: conflicts.map(({ message: text, field }) => ({ reason: 'FieldManagerConflict', message: text, field })) });

export const expired = (message, metadata) => new Refusal(410, 'Expired', message, undefined, metadata);

export const tooLargeVersion = (asked, current) =>
  new Refusal(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`,
    { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 });

export const methodNotAllowed = () =>
  new Refusal(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

// Said by the router of patches, before any handler.
export const unsupportedPatchType = () => new Refusal(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});

export const unsupportedMediaType = (accepted) =>
  new Refusal(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`);

export const notAcceptable = (accepted) =>
  new Refusal(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${accepted.join(', ')}`, {});

// What is not a refusal but a slip: the real server answers 500 with the plain text.
export const plainError = (message) => new Refusal(500, '', message);

export const internalError = (message) =>
  new Refusal(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });

// What the fault injection answers with.
export function overload(code, seconds) {
  const words = {
    429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
    500: ['InternalError', 'Internal error occurred: etcdserver: request timed out'],
    503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
    504: ['Timeout', 'Timeout: request did not complete within the allotted timeout'],
  };
  const [reason, message] = words[code] ?? ['', `an error on the server (code ${code})`];
  return new Refusal(code, reason, message, seconds === undefined ? {} : { retryAfterSeconds: seconds });
}
