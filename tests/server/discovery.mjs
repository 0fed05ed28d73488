// What the server says that it serves: the old lists and aggregated discovery (apidiscovery.k8s.io/v2).

import { notAcceptable } from './status.mjs';

const kAggregated = /application\/json;(?=[^,]*\bg=apidiscovery\.k8s\.io\b)(?=[^,]*\bv=(v2|v2beta1)\b)(?=[^,]*\bas=APIGroupDiscoveryList\b)/;
// -> 'v2', 'v2beta1' (until 1.34) or null: the first of the list that is served.
export function aggregatedVersion(accept = '', kubernetes = '1.36') {
  for (const part of accept.replace(/ /g, '').split(',')) {
    const version = kAggregated.exec(part)?.[1];
    if (version === 'v2' || (version === 'v2beta1' && Number(kubernetes.split('.')[1]) < 35)) return version;
    if (!version && /^(application\/(json|\*)|\*\/\*)(;|$)/.test(part) && !part.includes('as=')) return null;
  }
  if (/as=APIGroupDiscoveryList/.test(accept) && !/(^|,)(application\/json|\*\/\*)(,|$)/.test(accept.replace(/ /g, ''))) throw notAcceptable(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']);
  return null;
}

const byPlural = (a, b) => (a.plural < b.plural ? -1 : 1);
const kStatusVerbs = ['get', 'patch', 'update'];
const kSubresourceKinds = {
  binding: { kind: 'Binding', verbs: ['create'] }, eviction: { kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
  token: { kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
  log: { kind: 'Pod', verbs: ['get'] }, exec: { kind: 'PodExecOptions', verbs: ['create', 'get'] }, attach: { kind: 'PodAttachOptions', verbs: ['create', 'get'] },
  portforward: { kind: 'PodPortForwardOptions', verbs: ['create', 'get'] }, finalize: { kind: 'Namespace', verbs: ['update'] },
  proxy: { verbs: ['create', 'delete', 'get', 'patch', 'update'] },
};

function subresources(resource) {
  const result = [];
  if (resource.scale) result.push({ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: kStatusVerbs });
  if (resource.status) result.push({ name: 'status', kind: resource.kind, verbs: kStatusVerbs });
  for (const name of resource.subresources) result.push({ name, kind: resource.kind, verbs: kStatusVerbs, ...kSubresourceKinds[name], ...(name === 'proxy' ? { kind: `${resource.kind}ProxyOptions` } : {}) });
  // Custom resources name their status first.
  return resource.custom ? result.reverse() : result.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function resourceList(resources, group, version) {
  const entries = [];
  for (const resource of resources.group(group).filter((one) => one.version === version).sort(byPlural)) {
    const { plural, singular, namespaced, kind, verbs, shortNames, categories } = resource;
    const entry = { name: plural, singularName: singular, namespaced, kind, verbs };
    if (shortNames.length) entry.shortNames = shortNames;
    if (categories.length) entry.categories = categories;
    entries.push(entry);
    entries.push(...subresources(resource).map(({ name, ...sub }) => ({ name: `${plural}/${name}`, singularName: '', namespaced, ...sub })));
  }
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group ? `${group}/${version}` : version, resources: entries };
}

const versionOf = (group, version) => ({ groupVersion: `${group}/${version}`, version });

export function groupOf(resources, name) {
  const found = resources.groups().find(({ group }) => group === name);
  if (!found) return null;
  const versions = found.versions.map((version) => versionOf(name, version));
  return { kind: 'APIGroup', apiVersion: 'v1', name, versions, preferredVersion: versions[0] };
}

export const groupList = (resources) => ({
  kind: 'APIGroupList', apiVersion: 'v1',
  groups: resources.groups().filter(({ group }) => group).map(({ group }) => {
    const { kind, apiVersion, ...rest } = groupOf(resources, group);
    return rest;
  }),
});

export const coreVersions = (address) =>
  ({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }] });

function aggregatedResource(resource) {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = resource;
  const response = (sub) => ({ group: sub.group ?? '', version: sub.version ?? '', kind: sub.kind });
  const entry = { resource: plural, responseKind: response({ kind }), scope: namespaced ? 'Namespaced' : 'Cluster', singularResource: singular, verbs };
  if (shortNames.length) entry.shortNames = shortNames;
  if (categories.length) entry.categories = categories;
  const subs = subresources(resource).map((sub) => ({ subresource: sub.name, responseKind: response(sub), verbs: sub.verbs }));
  if (subs.length) entry.subresources = subs;
  return entry;
}

// `core`: that of /api, else of /apis. `stale`: groups whose own server does not answer.
export function aggregated(resources, version, core, stale = new Set()) {
  const items = resources.groups().filter(({ group }) => (group === '') === core).map(({ group, versions }) => ({
    metadata: group ? { name: group } : {},
    versions: versions.map((one) => (stale.has(group) ? { version: one, freshness: 'Stale' } : {
      version: one, freshness: 'Current',
      resources: resources.group(group).filter((resource) => resource.version === one).sort(byPlural).map(aggregatedResource),
    })),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
}

export const versionInfo = (kubernetes) => {
  const [major, minor] = kubernetes.split('.');
  const emulated = minor >= 33 ? { emulationMajor: major, emulationMinor: minor, minCompatibilityMajor: major, minCompatibilityMinor: String(minor - 1) } : {};
  return { major, minor, ...emulated,
    gitVersion: `v${major}.${minor}.0`, gitCommit: '0000000000000000000000000000000000000000', gitTreeState: 'clean', buildDate: '2026-01-01T00:00:00Z',
    goVersion: 'go1.25.0', compiler: 'gc', platform: 'linux/amd64' };
};
