// Who asks (client certificate, bearer token, password, impersonation), and whether they may.

import { timingSafeEqual } from 'node:crypto';
import { forbidden, forbiddenPath, quoted, unauthorized } from './status.mjs';

const kRead = ['get', 'list', 'watch'];

// What the users of the kubeconfig may do: the first rule that fits decides, then the roles in the store. '*' fits all.
const kRules = [
  { group: 'system:masters', verbs: ['*'] },
  { user: 'ada', verbs: ['*'] },
  { user: 'reader', verbs: kRead },
  { user: 'team', verbs: ['*'], namespaces: ['ml'] },
  { group: 'system:authenticated', verbs: ['create'], resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews'] },
  { group: 'system:authenticated', verbs: ['get'], paths: ['/api', '/api/*', '/apis', '/apis/*', '/openapi/*', '/version', '/healthz', '/livez', '/readyz'] },
  { user: 'system:anonymous', verbs: ['get'], paths: ['/version', '/healthz', '/livez', '/readyz'] },
];

const same = (left, right) => left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
const fits = (list, value) => list === undefined || list.some((one) => one === '*' || one === value || (one.endsWith('*') && value.startsWith(one.slice(0, -1))));

export class Auth {
  rules = [];   // of the control endpoint, before kRules: {user | group, verbs, resources, namespaces, apiGroups, names, deny}

  constructor({ credentials, anonymous, rbac, now }) {
    Object.assign(this, { credentials, anonymous, rbac, now });
    this.expired = new Set();   // tokens
    this.issued = new Map();    // token of a service account -> {name, groups, uid, ends}
  }

  // `peer`: {authorized, subject: {CN, O}} of the client certificate, or null. Throws 401.
  identify(headers, peer) {
    const user = this.#user(headers, peer);
    return this.#impersonated(user, headers);
  }

  #user(headers, peer) {
    const [scheme, value] = (headers.authorization ?? '').split(/ +/, 2);
    if (/^bearer$/i.test(scheme)) return this.#ofToken(value ?? '');
    if (/^basic$/i.test(scheme)) return this.#ofPassword(value ?? '');
    if (peer) {
      if (!peer.authorized) throw unauthorized();
      return this.#made(peer.subject.CN, [peer.subject.O ?? []].flat());
    }
    if (this.anonymous) return { name: 'system:anonymous', groups: ['system:unauthenticated'], extra: {} };
    throw unauthorized();
  }

  #made(name, groups, more) { return { name, groups: [...groups, 'system:authenticated'], extra: {}, ...more }; }

  #ofToken(token) {
    const issued = this.issued.get(token);
    if (issued && issued.ends > this.now() && !this.expired.has(token)) return this.#made(issued.name, issued.groups, { uid: issued.uid });
    for (const [name, { token: own, groups = [] }] of Object.entries(this.credentials.users))
      if (own && same(own, token) && !this.expired.has(token)) return this.#made(name, groups);
    throw unauthorized();
  }

  #ofPassword(encoded) {
    const text = Buffer.from(encoded, 'base64').toString();
    const colon = text.indexOf(':');
    const own = this.credentials.users[text.slice(0, colon)];
    if (colon > 0 && own?.password && same(own.password, text.slice(colon + 1))) return this.#made(text.slice(0, colon), own.groups ?? []);
    throw unauthorized();
  }

  #impersonated(user, headers) {
    const name = headers['impersonate-user'];
    const lists = (header) => (headers[header] === undefined ? [] : [headers[header]].flat().flatMap((value) => value.split(/, */)));
    const groups = lists('impersonate-group');
    const extra = Object.fromEntries(Object.keys(headers).filter((header) => header.startsWith('impersonate-extra-'))
      .map((header) => [decodeURIComponent(header.slice('impersonate-extra-'.length)), lists(header)]));
    if (name === undefined) {
      if (groups.length || Object.keys(extra).length || headers['impersonate-uid'])
        throw forbiddenPath(`requested impersonation without impersonating a user`);
      return user;
    }
    this.demand(user, { verb: 'impersonate', group: '', resource: 'users', plural: 'users', name });
    for (const group of groups) this.demand(user, { verb: 'impersonate', group: '', resource: 'groups', plural: 'groups', name: group });
    const all = groups.length ? groups : this.credentials.users[name]?.groups ?? [];
    return { name, groups: [...all, ...(name === 'system:anonymous' ? ['system:unauthenticated'] : ['system:authenticated'])], extra, uid: headers['impersonate-uid'], by: user.name };
  }

  // ask: {verb, group, resource ("pods/status"), nameSpace, name} or {verb, path}
  allows(user, ask) {
    for (const rule of [...this.rules, ...kRules]) {
      if (rule.user !== undefined && rule.user !== user.name && rule.user !== '*') continue;
      if (rule.group !== undefined && !user.groups.includes(rule.group)) continue;
      if (!fits(rule.verbs, ask.verb)) continue;
      if (ask.path !== undefined) {
        if (rule.resources === undefined && rule.namespaces === undefined && fits(rule.paths, ask.path) && (rule.paths || rule.verbs?.includes('*'))) return !rule.deny;
        continue;
      }
      if (rule.paths !== undefined || !fits(rule.resources, ask.resource) || !fits(rule.apiGroups, ask.group)) continue;
      if (rule.namespaces !== undefined && !(ask.nameSpace && fits(rule.namespaces, ask.nameSpace))) continue;
      if (rule.names !== undefined && !(ask.name && fits(rule.names, ask.name))) continue;
      return !rule.deny;
    }
    return this.rbac?.allows(user, ask) ?? false;
  }

  // The words are those of the real server (apiserver/pkg/endpoints/handlers/responsewriters/errors.go).
  demand(user, ask) {
    if (this.allows(user, ask)) return;
    const who = `User ${quoted(user.name)}`;
    if (ask.path !== undefined) throw forbiddenPath(`${who} cannot ${ask.verb} path ${quoted(ask.path)}`);
    const where = ask.nameSpace ? `in the namespace ${quoted(ask.nameSpace)}` : 'at the cluster scope';
    throw forbidden({ group: ask.group, plural: ask.plural }, ask.name,
      `${who} cannot ${ask.verb} resource ${quoted(ask.resource)} in API group ${quoted(ask.group)} ${where}`);
  }
}
