// The OpenAPI documents, as far as clients read them: kubectl looks whether PATCH knows fieldValidation, and validates no more then.

import { kSwaggerType, writeSwagger } from './protobuf.mjs';

const kParameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({ name, in: 'query', schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true } }));

const pathOf = ({ group, version, plural, namespaced }, name) =>
  `/${group ? `apis/${group}` : 'api'}/${version}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}${name ? '/{name}' : ''}`;

const groupVersionKind = ({ group, version, kind }) => ({ group, version, kind });

// reverse-DNS name of a schema
const schemaName = ({ group, version, kind }) => `io.k8s.api.${group ? group.split('.').reverse().join('.') : 'core'}.${version}.${kind}`;

function documentOf(resources, group, version) {
  const paths = {};
  const schemas = {};
  for (const resource of resources.group(group).filter((one) => one.version === version && !one.review)) {
    const kind = groupVersionKind(resource);
    schemas[schemaName(resource)] = resource.schema ? { ...resource.schema, 'x-kubernetes-group-version-kind': [kind] }
      : { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, 'x-kubernetes-group-version-kind': [kind] };
    const operation = (action) => ({ 'x-kubernetes-action': action, 'x-kubernetes-group-version-kind': kind, responses: { 200: { description: 'OK' } } });
    paths[pathOf(resource, true)] = { get: operation('get'), put: { ...operation('put'), parameters: kParameters.slice(0, 3) },
      patch: { ...operation('patch'), parameters: kParameters }, delete: operation('delete') };
    paths[pathOf(resource, false)] = { get: operation('list'), post: { ...operation('post'), parameters: kParameters.slice(0, 3) } };
  }
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: 'unversioned' }, paths, components: { schemas } };
}

function swagger(resources, kubernetes) {
  const definitions = {};
  const paths = {};
  for (const { group, versions } of resources.groups())
    for (const version of versions) {
      const { components, paths: more } = documentOf(resources, group, version);
      Object.assign(definitions, components.schemas);
      Object.assign(paths, more);
    }
  return { swagger: '2.0', info: { title: 'Kubernetes', version: `v${kubernetes}.0` }, paths, definitions };
}

// What kubectl checks lists by before it sends them: that their kinds are known.
function swaggerBytes(resources, kubernetes) {
  const kinds = Object.fromEntries(resources.all().filter(({ review }) => !review).map((resource) => [schemaName(resource), [groupVersionKind(resource)]]));
  return writeSwagger({ title: 'Kubernetes', version: `v${kubernetes}.0` }, kinds);
}

// An answer, or null when it is another path.
export function openapiPath(path, resources, { kubernetes }, headers) {
  if (path === '/openapi/v2' && /proto-openapi/.test(headers.accept ?? '')) return { code: 200, bytes: swaggerBytes(resources, kubernetes), type: kSwaggerType };
  if (path === '/openapi/v2') return { code: 200, object: swagger(resources, kubernetes) };
  if (path === '/openapi/v3') {
    const names = resources.groups().flatMap(({ group, versions }) => versions.map((version) => (group ? `apis/${group}/${version}` : `api/${version}`)));
    return { code: 200, object: { paths: Object.fromEntries(names.map((name) => [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${resources.generation}` }])) } };
  }
  if (!path.startsWith('/openapi/v3/')) return null;
  const match = /^\/openapi\/v3\/(?:api\/(v1)|apis\/([^/]+)\/([^/]+))$/.exec(path);
  const [group, version] = match ? [match[2] ?? '', match[1] ?? match[3]] : [];
  return match && resources.serves(group, version) ? { code: 200, object: documentOf(resources, group, version) } : { code: 404, text: '' };
}
