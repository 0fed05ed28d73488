// Tokens of service accounts (the `token` subresource), and binding a pod to a node: the two subresources that are not the object itself.

import { randomBytes } from 'node:crypto';
import { timeText } from './metadata.mjs';
import { conflict } from './status.mjs';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

// pkg/registry/core/serviceaccount/storage/token.go; nobody checks the signature, the server knows what it gave out.
export function issueToken(operations, auth, call, body) {
  const account = operations.get({ ...call, subresource: undefined });
  const { expirationSeconds = 3600, audiences = ['https://kubernetes.default.svc.cluster.local'] } = body.spec ?? {};
  const now = operations.now();
  const ends = new Date(now.getTime() + expirationSeconds * 1000);
  const name = `system:serviceaccount:${call.nameSpace}:${call.name}`;
  const claims = { aud: audiences, exp: Math.floor(ends / 1000), iat: Math.floor(now / 1000), iss: audiences[0], sub: name,
    'kubernetes.io': { namespace: call.nameSpace, serviceaccount: { name: call.name, uid: account.metadata.uid } } };
  const token = `${part({ alg: 'RS256', kid: 'test' })}.${part(claims)}.${randomBytes(64).toString('base64url')}`;
  auth.issued.set(token, { name, groups: ['system:serviceaccounts', `system:serviceaccounts:${call.nameSpace}`], uid: account.metadata.uid, ends });
  return { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata: { name: call.name, namespace: call.nameSpace, creationTimestamp: timeText(now) },
    spec: { audiences, expirationSeconds, boundObjectRef: body.spec?.boundObjectRef ?? null }, status: { token, expirationTimestamp: timeText(ends) } };
}

// pkg/registry/core/pod/storage/storage.go, BindingREST
export function bindPod(operations, call, { target = {} }) {
  const place = { ...call, subresource: undefined, trusted: true };
  const pod = operations.get(place);
  if (pod.spec.nodeName) throw conflict(call.resource, call.name, `pod ${call.name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  if (!call.dryRun) operations.update({ ...place, subresource: 'binding' }, { ...pod, spec: { ...pod.spec, nodeName: target.name } });
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}
