// A request → what is answered. Knows paths, verbs and parameters; nothing of sockets.
//
// A request is {method, path, query (URLSearchParams), headers, body (Buffer), peer}. An answer is {code, object, warnings} or
// {code, text, type} or {watch}.

import * as discovery from './discovery.mjs';
import { toVersion } from './conversions.mjs';
import { goJsonError, goKindOf } from './go_json.mjs';
import { list, selectorOf } from './lists.mjs';
import { evict } from './eviction.mjs';
import { openapiPath } from './openapi.mjs';
import { kApply } from './operations.mjs';
import { doubledFields } from './json_strict.mjs';
import { kObjectType, readObject } from './protobuf.mjs';
import { answerReview, reviewKinds } from './reviews.mjs';
import { acceptedForm, metadataOnly, tableOf } from './shapes.mjs';
import * as status from './status.mjs';
import { bindPod, issueToken } from './tokens.mjs';
import { Watch } from './watches.mjs';
import { parseYaml } from './yaml.mjs';

// As Go parses what should be a number.
function checkNumbers(query) {
  for (const name of ['limit', 'timeoutSeconds', 'gracePeriodSeconds']) {
    const text = query.get(name);
    if (text && !/^[-+]?\d+$/.test(text)) throw status.badRequest(`strconv.ParseInt: parsing ${status.quoted(text)}: invalid syntax`);
  }
}

// Go's %q: what is not printable as \x01.
const goText = (text) => JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, '\\x$1');

const kHealth = ['/healthz', '/livez', '/readyz'];
// What no handler is registered for is answered by Go's own multiplexer.
const kNoPage = { code: 404, text: '404 page not found\n', type: 'text/plain; charset=utf-8' };
const kLargestBody = 3 * 1024 * 1024;

// "/apis/apps/v1/namespaces/ml/statefulsets/db/status" → its parts; null when it is no path of objects.
export function parsePath(path) {
  const parts = decodeURIComponent(path).split('/').filter(Boolean);   // an escaped slash is one, as in Go
  let group = '';
  if (parts[0] === 'api' && parts.length > 2) parts.splice(0, 1);
  else if (parts[0] === 'apis' && parts.length > 3) [, group] = parts.splice(0, 2);
  else return null;
  const version = parts.shift();
  const watching = parts[0] === 'watch';   // the old form of a watch
  if (watching) parts.shift();
  let nameSpace = '';
  if (parts[0] === 'namespaces' && parts.length > 2 && !['status', 'finalize'].includes(parts[2])) {
    nameSpace = parts[1];
    parts.splice(0, 2);
  }
  const [plural, name, ...rest] = parts;
  if (!plural || rest.length > 1) return rest.length > 1 ? { group, version, nameSpace, plural, name, subresource: rest.join('/'), watching } : null;
  return { group, version, nameSpace, plural, name, subresource: rest[0], watching };
}

const kVerbs = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete', GET: 'get' };

function verbOf({ method, query }, place) {
  if (method === 'GET' && (place.watching || (place.name === undefined && ['true', '1'].includes(query.get('watch'))))) return 'watch';
  if (place.name !== undefined) return kVerbs[method];
  return { GET: 'list', DELETE: 'deletecollection' }[method] ?? kVerbs[method];
}

export class Router {
  constructor({ operations, store, resources, auth, options, now, state }) {
    Object.assign(this, { operations, store, resources, auth, options, now, state });
  }

  // Throws status.Refusal.
  handle(request) {
    const user = this.auth.identify(request.headers, request.peer);
    request.user = user;
    const place = parsePath(request.path);
    if (!place) {
      this.auth.demand(user, { verb: kVerbs[request.method]?.replace('create', 'post') ?? request.method.toLowerCase(), path: request.path });
      return this.#plain(request);
    }
    const verb = verbOf(request, place);
    const resource = this.state.absentGroups.has(place.group) ? null : this.resources.find(place.group, place.version, place.plural);
    const shown = place.subresource ? `${place.plural}/${place.subresource}` : place.plural;
    const asked = { verb, group: place.group, resource: shown, plural: place.plural, name: place.name,
      nameSpace: place.nameSpace || (place.plural === 'namespaces' && place.group === '' ? place.name : '') };
    if (verb === undefined) throw status.methodNotAllowed();
    this.auth.demand(user, asked);
    if (this.state.absentGroups.has(place.group)) throw status.overload(503);
    if (!resource && this.resources.group(place.group).every(({ custom, version }) => custom && version !== place.version)) return kNoPage;
    if (!resource) throw status.noSuchPath();
    return this.#object(request, { ...place, verb, resource, user });
  }

  #plain({ method, path, headers }) {
    if (method !== 'GET' && method !== 'HEAD') throw status.methodNotAllowed();
    if (kHealth.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))) return { code: this.state.healthy ? 200 : 500, text: this.state.healthy ? 'ok' : 'not ok', type: 'text/plain; charset=utf-8' };
    if (path === '/version' || path === '/version/') return { code: 200, object: discovery.versionInfo(this.options.kubernetes) };
    const document = openapiPath(path, this.resources, this.options, headers);
    if (document) return document;
    const [root, group, version, ...rest] = path.split('/').filter(Boolean);
    if (rest.length || !['api', 'apis'].includes(root)) {
      if (path === '/') return { code: 200, object: { paths: ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'] } };
      return kNoPage;
    }
    if (root === 'api') {
      if (group === undefined) return this.#roots(headers, true);
      if (group === 'v1' && version === undefined) return { code: 200, object: discovery.resourceList(this.resources, '', 'v1') };
      throw status.noSuchPath();
    }
    if (group === undefined) return this.#roots(headers, false);
    if (this.state.absentGroups.has(group)) throw status.overload(503);
    const object = version === undefined ? discovery.groupOf(this.resources, group)
      : this.resources.serves(group, version) ? discovery.resourceList(this.resources, group, version) : null;
    if (!object) return kNoPage;
    return { code: 200, object };
  }

  #roots(headers, core) {
    const version = this.options.oldDiscovery ? null : discovery.aggregatedVersion(headers.accept, this.options.kubernetes);
    if (version)
      return { code: 200, tagged: true, object: discovery.aggregated(this.resources, version, core, this.state.absentGroups),
        type: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList` };
    return { code: 200, object: core ? discovery.coreVersions(this.state.address) : discovery.groupList(this.resources) };
  }

  #object(request, place) {
    const { verb, resource, name, subresource } = place;
    if (resource.review) return this.#review(request, place);
    if (resource.namespaced && !place.nameSpace && !['list', 'watch'].includes(verb)) throw name === undefined ? status.methodNotAllowed() : status.noSuchPath();
    if (!resource.namespaced && place.nameSpace) throw status.noSuchPath();
    if (!resource.verbs.includes(verb) || (name === undefined && ['update', 'patch'].includes(verb))) throw status.methodNotAllowed();
    if (subresource && !this.#hasSubresource(resource, subresource)) throw status.noSuchPath();
    const odd = name === undefined ? undefined : ['/', '%'].find((letter) => name.includes(letter));
    if (odd) throw status.badRequest(`Name parameter invalid: ${status.quoted(name)}: may not contain '${odd}'`);
    checkNumbers(request.query);
    const call = this.#call(request, place);
    if (resource.store === 'endpoints' && Number(this.options.kubernetes.split('.')[1]) >= 33) call.warnings.push('v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice');
    switch (verb) {
      case 'get': return subresource === 'log' ? this.#log(call, request) : this.#single(request, call, this.operations.read(call), 200);
      case 'list': return this.#list(request, call);
      case 'watch': return this.#watch(request, call);
      case 'create': return this.#create(request, call);
      case 'update': return this.#updated(request, call, this.operations.update(call, this.#strictBody(request, call)));
      case 'patch': return this.#patch(request, call);
      case 'delete': return this.#remove(request, call);
      default: return this.#removeAll(request, call, name);
    }
  }

  #hasSubresource(resource, subresource) {
    if (subresource === 'status') return resource.status;
    if (subresource === 'scale') return resource.scale;
    return resource.subresources.includes(subresource);
  }

  #call({ query, headers, method }, { resource, nameSpace, name, subresource, user }) {
    const given = query.get('fieldManager');
    const manager = given || (headers['user-agent'] ?? 'unknown').split('/')[0].slice(0, 128);
    const dryRun = query.getAll('dryRun');
    const optionsKind = { POST: 'CreateOptions', PUT: 'UpdateOptions', PATCH: 'PatchOptions', DELETE: 'DeleteOptions' }[method];
    const wrong = (field, reason, message) => status.invalid({ group: 'meta.k8s.io', kind: optionsKind }, '', [{ field, reason, message }]);
    if (dryRun.some((value) => value !== 'All'))
      throw wrong('dryRun', 'FieldValueNotSupported', `Unsupported value: ${JSON.stringify(dryRun)}: supported values: "All"`);
    const validation = query.get('fieldValidation') || 'Warn';
    if (optionsKind && !['Strict', 'Warn', 'Ignore'].includes(validation))
      throw wrong('fieldValidation', 'FieldValueNotSupported', `Unsupported value: ${JSON.stringify(validation)}: supported values: "", "Ignore", "Strict", "Warn"`);
    if (given && given.length > 128) throw wrong('fieldManager', 'FieldValueTooLong', 'Too long: may not be more than 128 bytes');
    const unseen = given && [...given].findIndex((letter) => !/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(letter));
    if (given && unseen >= 0) {
      const code = given.codePointAt(unseen).toString(16);
      throw wrong('fieldManager', 'FieldValueInvalid', `Invalid value: ${goText(given)}: invalid character U+${code.toUpperCase().padStart(4, '0')} (at position ${unseen})`);
    }
    const applying = method === 'PATCH' && (headers['content-type'] ?? '').split(';')[0] === kApply;
    if (applying && !given) throw wrong('fieldManager', 'FieldValueRequired', 'Required value: is required for apply patch');
    if (method === 'PATCH' && !applying && query.has('force')) throw wrong('force', 'FieldValueForbidden', 'Forbidden: may not be specified for non-apply patch');
    const mayCreate = () => this.auth.demand(user, { verb: 'create', group: resource.group, resource: resource.plural, plural: resource.plural, name, nameSpace });
    return { resource, nameSpace, name, subresource, user, manager, mayCreate, validation, dryRun: dryRun.length > 0, force: ['true', '1'].includes(query.get('force')), warnings: [] };
  }

  // `kind`: of the object that is expected.
  #body({ body, headers }, kind) {
    if (body.length > kLargestBody) throw new status.Refusal(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${kLargestBody}`);
    const type = (headers['content-type'] || 'application/json').split(';')[0].trim();
    const text = body.toString('utf8');
    if (type === 'application/yaml' || type === kApply) {
      try {
        return /^\s*[{[]/.test(text) ? JSON.parse(text) : parseYaml(text);
      } catch (error) {
        throw status.badRequest(type === kApply ? `error decoding YAML: error converting YAML to JSON: ${error.message}`
          : `the object provided is unrecognized (must be of type ${kind}): ${error.message} (${body.subarray(0, 1024).toString('hex')})`);
      }
    }
    if (type === kObjectType) return this.#typed(body);
    if (!/^application\/([\w.-]+\+)?json$/.test(type)) throw status.unsupportedMediaType(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']);
    const problem = goJsonError(text);
    if (!problem) return JSON.parse(text);
    const prefix = kind ? `the object provided is unrecognized (must be of type ${kind}): ` : '';
    const dump = kind ? ` (${body.subarray(0, 1024).toString('hex') || '<empty>'})` : '';
    throw status.badRequest(`${prefix}couldn't get version/kind; json parse error: ${problem}${dump}`);
  }

  // The doubled fields of a JSON body are told with the unknown ones: operations.mjs knows those.
  #strictBody(request, call) {
    const object = this.#body(request, call.resource.kind);
    if (call.validation !== 'Ignore' && /json/.test(request.headers['content-type'] ?? 'json')) call.doubled = doubledFields(request.body.toString('utf8'));
    return object;
  }

  #typed(body) {
    let object;
    try {
      object = readObject(body);
    } catch (error) {
      throw status.badRequest(error.message);
    }
    if (!object) throw status.unsupportedMediaType(['application/json', 'application/yaml']);
    return object;
  }

  // One object in the form that was asked for.
  #single({ headers, query }, call, object, code) {
    const { form, version } = acceptedForm(headers.accept);
    const { warnings, resource } = call;
    if (form === '' || object.kind === 'Status') return { code, object, warnings };
    if (form === 'PartialObjectMetadata') return { code, object: metadataOnly(object, version), warnings };
    return { code, object: tableOf(resource, [object], { now: this.now(), include: query.get('includeObject') ?? undefined, version,
      metadata: { resourceVersion: object.metadata.resourceVersion } }), warnings };
  }

  #list({ headers, query }, { resource, nameSpace, warnings }) {
    const { form, version } = acceptedForm(headers.accept);
    const { items, metadata } = list(this.store, resource, nameSpace || undefined, query);
    const shown = items.map((object) => toVersion(object, resource.apiVersion));
    if (form === 'Table') return { code: 200, object: tableOf(resource, shown, { now: this.now(), include: query.get('includeObject') ?? undefined, version, metadata }), warnings };
    if (form === 'PartialObjectMetadata') {
      const bare = shown.map((object) => metadataOnly(object, version));
      return { code: 200, object: { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata, items: bare }, warnings };
    }
    // Items of built-in lists are without kind and apiVersion, as Go writes typed lists.
    const bare = resource.custom ? shown : shown.map(({ kind, apiVersion, ...rest }) => rest);
    return { code: 200, object: { kind: resource.listKind, apiVersion: resource.apiVersion, metadata, items: bare }, warnings };
  }

  #watch({ headers, query }, { resource, nameSpace, name }) {
    const { form, version } = acceptedForm(headers.accept);
    let first = true;
    const shape = (object) => {
      if (form === 'PartialObjectMetadata') return metadataOnly(object, version);
      if (form !== 'Table') return object;
      const table = tableOf(resource, [object], { now: this.now(), include: query.get('includeObject') ?? undefined, version,
        metadata: { resourceVersion: object.metadata.resourceVersion }, headers: first });
      first = false;
      return table;
    };
    return { watch: new Watch({ store: this.store, resource, nameSpace, name, query, shape, kubernetes: this.options.kubernetes, timing: this.state.timing }) };
  }

  #create(request, call) {
    if (call.subresource === 'eviction') return { code: 201, object: evict(this.operations, call, this.#body(request)) };
    if (call.subresource === 'token') return { code: 201, object: issueToken(this.operations, this.auth, call, this.#body(request)) };
    if (call.subresource === 'binding') return { code: 201, object: bindPod(this.operations, call, this.#body(request)) };
    if (call.name !== undefined) throw call.subresource ? status.noSuchPath() : status.methodNotAllowed();
    return this.#single(request, call, this.operations.create(call, this.#strictBody(request, call)), 201);
  }

  #updated(request, call, { object, created }) { return this.#single(request, call, object, created ? 201 : 200); }

  #patch(request, call) {
    const type = (request.headers['content-type'] ?? '').split(';')[0].trim();
    // Said before the body is read: of what type a patch is decides how.
    if (!/^application\/(json-patch|merge-patch|strategic-merge-patch)\+json$/.test(type) && type !== kApply)
      throw status.unsupportedPatchType();
    return this.#updated(request, call, this.operations.patch(call, type, type === kApply ? this.#applyBody(request, call) : this.#patchBody(request, type, call)));
  }

  // Doubled fields are told by line.
  #applyBody(request, call) {
    const object = this.#body(request);
    const text = request.body.toString('utf8');
    if (call.validation === 'Ignore' || !/^\s*[{[]/.test(text)) return object;
    const found = doubledFields(text).map((path) => `line 1: key ${status.quoted(path.split('.').pop())} already set in map`);
    if (found.length && call.validation === 'Strict') throw status.badRequest(`error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n${found.map((line) => `  ${line}`).join('\n')}`);
    call.warnings.push(...found);
    return object;
  }

  #patchBody({ body }, type, call) {
    const text = body.toString('utf8');
    const problem = goJsonError(text);
    if (problem) throw status.badRequest(`error decoding patch: ${problem}`);
    const patch = JSON.parse(text);
    if (call.validation !== 'Ignore') call.doubled = doubledFields(text);
    if (type !== 'application/json-patch+json' && goKindOf(patch) !== 'object')
      throw status.badRequest(`error decoding patch: json: cannot unmarshal ${goKindOf(patch)} into Go value of type map[string]interface {}`);
    return patch;
  }

  #deleteOptions(request, call) {
    const { query, body } = request;
    const given = body.length ? this.#body(request) : {};
    if (given.kind && given.kind !== 'DeleteOptions') throw status.badRequest(`no kind ${status.quoted(given.kind)} is registered for version ${status.quoted(given.apiVersion ?? '')} in scheme "pkg/runtime/scheme.go:111"`);
    const number = query.get('gracePeriodSeconds');
    const options = { ...given };
    if (!body.length) {
      if (query.get('propagationPolicy')) options.propagationPolicy = query.get('propagationPolicy');
      if (number !== null) options.gracePeriodSeconds = Number(number);
      if (query.get('orphanDependents') !== null) options.orphanDependents = query.get('orphanDependents') === 'true';
    }
    if (given.dryRun?.length) call.dryRun = true;
    return options;
  }

  #remove(request, call) { return this.#single(request, call, this.operations.remove(call, this.#deleteOptions(request, call)), 200); }

  #removeAll(request, call) {
    const { query } = request;
    const options = this.#deleteOptions(request, call);
    const answer = this.#list(request, call);
    const selects = selectorOf(query, call.resource);
    const objects = this.store.collection(call.resource.store).list(call.resource.namespaced ? call.nameSpace || undefined : '').map(([, object]) => object).filter(selects);
    this.operations.removeAll(call, options, objects);
    return answer;
  }

  #log(call, { query }) {
    this.operations.get(call);
    const lines = this.state.logs.get(`${call.nameSpace}/${call.name}`) ?? '';
    const tail = Number(query.get('tailLines') ?? 0);
    const text = tail ? lines.split('\n').filter(Boolean).slice(-tail).map((line) => `${line}\n`).join('') : lines;
    return { code: 200, text, type: 'text/plain' };
  }

  #review(request, { resource, user, verb }) {
    if (verb !== 'create' || !reviewKinds.has(resource.kind)) throw status.methodNotAllowed();
    return { code: 201, object: answerReview(this.#body(request), { resource, resources: this.resources, user, auth: this.auth, now: this.now() }) };
  }
}
