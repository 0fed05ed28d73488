// The users of the server and the kubeconfig that names them. A context each: admin (client certificate), token, token-file, exec,
// basic, impersonate (admin as ada), reader (may read), team (all in the namespace ml), nobody (nothing), wrong (unknown credentials).

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const secret = () => randomBytes(18).toString('base64url');
const kMasters = ['system:masters'];

// {users: {NAME: {groups, token, password}}}; kept in the folder, so that a restarted server knows its users.
export function makeCredentials(folder) {
  const file = join(folder, 'credentials.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const credentials = {
    users: {
      token: { groups: kMasters, token: secret() },
      file: { groups: kMasters, token: secret() },
      exec: { groups: kMasters, token: secret() },
      basic: { groups: kMasters, password: secret() },
      ada: { groups: ['data-science'] },
      reader: { token: secret() },
      team: { token: secret() },
      nobody: { token: secret() },
    },
  };
  saveCredentials(folder, credentials);
  return credentials;
}

// Also what the token file and the exec plugin give out.
export function saveCredentials(folder, credentials) {
  const write = (name, text, mode = 0o600) => writeFileSync(join(folder, name), text, { mode });
  write('credentials.json', JSON.stringify(credentials));
  write('token', `${credentials.users.file.token}\n`);
  write('exec-token', credentials.users.exec.token);
}

// Counts its calls in exec-calls, one line each; what it gets as KUBERNETES_EXEC_INFO lands in exec-info.
const kPlugin = `#!/bin/sh
folder=$(dirname "$0")
echo call >>"$folder/exec-calls"
printf '%s' "$KUBERNETES_EXEC_INFO" >"$folder/exec-info"
printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s"}}\\n' "$(cat "$folder/exec-token")"
`;

export function writeKubeconfig(folder, url, credentials) {
  const plugin = join(folder, 'exec-plugin.sh');
  writeFileSync(plugin, kPlugin, { mode: 0o755 });
  const { users } = credentials;
  const encoded = (name) => readFileSync(join(folder, 'tls', name)).toString('base64');
  const admin = !url.startsWith('https') ? { token: users.token.token } : { 'client-certificate-data': encoded('client-admin.crt'), 'client-key-data': encoded('client-admin.key') };
  const all = {
    admin,
    token: { token: users.token.token },
    'token-file': { tokenFile: join(folder, 'token') },
    exec: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never', provideClusterInfo: true } },
    basic: { username: 'basic', password: users.basic.password },
    impersonate: { ...admin, as: 'ada', 'as-groups': ['data-science'] },
    reader: { token: users.reader.token },
    team: { token: users.team.token },
    nobody: { token: users.nobody.token },
    wrong: { token: 'not-a-token-of-this-server' },
  };
  const cluster = url.startsWith('https') ? { server: url, 'certificate-authority-data': encoded('ca.crt') } : { server: url };
  const config = {
    apiVersion: 'v1', kind: 'Config', preferences: {}, 'current-context': 'admin',
    clusters: [{ name: 'test', cluster }],
    users: Object.entries(all).map(([name, user]) => ({ name, user })),
    contexts: Object.keys(all).map((name) => ({ name, context: { cluster: 'test', user: name, ...(name === 'team' ? { namespace: 'ml' } : {}) } })),
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'kubeconfig'), `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}
