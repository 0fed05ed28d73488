// What the server says about users: who am I, may I.

import { assumeKind, checkKind, timeText } from './metadata.mjs';

export const reviewKinds = new Set(['SelfSubjectAccessReview', 'SubjectAccessReview', 'LocalSubjectAccessReview', 'SelfSubjectRulesReview', 'SelfSubjectReview', 'TokenReview']);

function access(auth, user, { resourceAttributes: wanted, nonResourceAttributes: path } = {}) {
  const ask = path ? { verb: path.verb, path: path.path } : {
    verb: wanted?.verb ?? '', group: wanted?.group ?? '', nameSpace: wanted?.namespace, name: wanted?.name,
    resource: wanted?.subresource ? `${wanted.resource}/${wanted.subresource}` : wanted?.resource ?? '',
  };
  const allowed = auth.allows(user, ask);
  return allowed ? { allowed } : { allowed, reason: '' };
}

export function answerReview(body, { resource, resources, user, auth, now }) {
  const object = structuredClone(body);
  assumeKind(resource, object);
  checkKind(resource, object, resources);
  object.metadata.creationTimestamp = resource.kind === 'SelfSubjectReview' ? timeText(now) : null;
  const asked = object.spec ?? {};
  switch (resource.kind) {
    case 'SelfSubjectAccessReview': return { ...object, status: access(auth, user, asked) };
    case 'SubjectAccessReview': case 'LocalSubjectAccessReview':
      return { ...object, status: access(auth, { name: asked.user ?? '', groups: asked.groups ?? [] }, asked) };
    case 'SelfSubjectReview': return { ...object, status: { userInfo: { username: user.name, groups: user.groups, ...(user.uid ? { uid: user.uid } : {}) } } };
    case 'SelfSubjectRulesReview':
      return { ...object, status: { resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError: 'this server lists no rules' } };
    default: return { ...object, status: { authenticated: false } };
  }
}
