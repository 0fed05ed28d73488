// The little of protobuf that clients in Go insist on: bodies of the few typed objects that kubectl sends so, and the old OpenAPI document.
// Field numbers: k8s.io/api and k8s.io/apimachinery, generated.proto; github.com/google/gnostic-models, OpenAPIv2.proto.

export const kObjectType = 'application/vnd.kubernetes.protobuf';
export const kSwaggerType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const kMagic = Buffer.from('k8s\0');

// number: [name, type]; a type is 'text', 'flag', 'number', 'texts', 'textMap', 'byteMap', another message, or [message].
const kPreconditions = { 1: ['uid', 'text'], 2: ['resourceVersion', 'text'] };
const kDeleteOptions = { 1: ['gracePeriodSeconds', 'number'], 2: ['preconditions', kPreconditions], 3: ['orphanDependents', 'flag'], 4: ['propagationPolicy', 'text'], 5: ['dryRun', 'texts'] };
const kOwner = { 1: ['kind', 'text'], 3: ['name', 'text'], 4: ['uid', 'text'], 5: ['apiVersion', 'text'], 6: ['controller', 'flag'], 7: ['blockOwnerDeletion', 'flag'] };
const kMetadata = { 1: ['name', 'text'], 2: ['generateName', 'text'], 3: ['namespace', 'text'], 5: ['uid', 'text'], 6: ['resourceVersion', 'text'],
  11: ['labels', 'textMap'], 12: ['annotations', 'textMap'], 13: ['ownerReferences', [kOwner]], 14: ['finalizers', 'texts'] };
const kResourceAttributes = { 1: ['namespace', 'text'], 2: ['verb', 'text'], 3: ['group', 'text'], 4: ['version', 'text'], 5: ['resource', 'text'], 6: ['subresource', 'text'], 7: ['name', 'text'] };
const kNonResource = { 1: ['path', 'text'], 2: ['verb', 'text'] };
const withMeta = (fields) => ({ 1: ['metadata', kMetadata], ...fields });

const kKinds = {
  DeleteOptions: kDeleteOptions,
  ConfigMap: withMeta({ 2: ['data', 'textMap'], 3: ['binaryData', 'byteMap'], 4: ['immutable', 'flag'] }),
  Secret: withMeta({ 2: ['data', 'byteMap'], 3: ['type', 'text'], 4: ['stringData', 'textMap'], 5: ['immutable', 'flag'] }),
  Namespace: withMeta({ 2: ['spec', { 1: ['finalizers', 'texts'] }] }),
  ServiceAccount: withMeta({}),
  Eviction: withMeta({ 2: ['deleteOptions', kDeleteOptions] }),
  TokenRequest: withMeta({ 2: ['spec', { 1: ['audiences', 'texts'], 4: ['expirationSeconds', 'number'] }] }),
  SelfSubjectReview: withMeta({}),
  SelfSubjectAccessReview: withMeta({ 2: ['spec', { 1: ['resourceAttributes', kResourceAttributes], 2: ['nonResourceAttributes', kNonResource] }] }),
  SelfSubjectRulesReview: withMeta({ 2: ['spec', { 1: ['namespace', 'text'] }] }),
};

// [number, value] of a message: a Buffer, or a number.
function* fieldsOf(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at];
      at += 1;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    if ((tag & 7) === 2) {
      const length = Number(varint());
      if (at + length > bytes.length) throw new Error('unexpected EOF');
      yield [tag >> 3, bytes.subarray(at, at + length)];
      at += length;
    } else if ((tag & 7) === 0) {
      yield [tag >> 3, Number(varint())];
    } else {
      at += (tag & 7) === 1 ? 8 : 4;
    }
  }
}

function entryOf(bytes) {
  const found = Object.fromEntries(fieldsOf(bytes));
  return [String(found[1] ?? ''), found[2] ?? Buffer.alloc(0)];
}

function message(bytes, schema) {
  const result = {};
  for (const [number, value] of fieldsOf(bytes)) {
    const [name, type] = schema[number] ?? [];
    if (name === undefined) continue;
    if (type === 'text') { if (value.length) result[name] = value.toString(); }
    else if (type === 'texts') (result[name] ??= []).push(value.toString());
    else if (type === 'flag') result[name] = value !== 0;
    else if (type === 'number') result[name] = value;
    else if (type === 'textMap') { const [key, item] = entryOf(value); (result[name] ??= {})[key] = item.toString(); }
    else if (type === 'byteMap') { const [key, item] = entryOf(value); (result[name] ??= {})[key] = item.toString('base64'); }
    else if (Array.isArray(type)) (result[name] ??= []).push(message(value, type[0]));
    else result[name] = message(value, type);
  }
  return result;
}

// An object; undefined for a kind that is not among the few.
export function readObject(body) {
  if (!body.subarray(0, 4).equals(kMagic)) throw new Error('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const envelope = Object.fromEntries(fieldsOf(body.subarray(4)));   // runtime.Unknown
  const type = message(envelope[1] ?? Buffer.alloc(0), { 1: ['apiVersion', 'text'], 2: ['kind', 'text'] });
  const schema = kKinds[type.kind];
  return schema && { ...type, ...message(envelope[2] ?? Buffer.alloc(0), schema) };
}

function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}
const field = (number, value) => {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
};

// definitions: {name: [{group, version, kind}]}, each an object of any form.
export function writeSwagger({ title, version }, definitions) {
  const schemas = Object.entries(definitions).map(([name, kinds]) => {
    const text = kinds.map((kind) => `- group: ${JSON.stringify(kind.group)}\n  kind: ${kind.kind}\n  version: ${kind.version}\n`).join('');
    const extension = field(31, Buffer.concat([field(1, 'x-kubernetes-group-version-kind'), field(2, field(2, text))]));
    return field(1, Buffer.concat([field(1, name), field(2, Buffer.concat([field(22, field(1, 'object')), extension]))]));
  });
  return Buffer.concat([field(1, '2.0'), field(2, Buffer.concat([field(1, title), field(2, version)])), field(8, Buffer.alloc(0)), field(9, Buffer.concat(schemas))]);
}
