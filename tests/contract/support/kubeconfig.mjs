// A kubeconfig's current context as what node:https wants: where, whom to trust, what to say who we are.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseYaml } from "./yaml.mjs";

const named = (list, name, what) => {
  const found = (list ?? []).find((entry) => entry.name === name);
  if (!found) throw new Error(`the kubeconfig has no ${what} ${name}`);
  return found;
};

export function readKubeconfig(path) {
  const config = parseYaml(readFileSync(path, "utf8"));
  const context = named(config.contexts, config["current-context"], "context").context;
  const cluster = named(config.clusters, context.cluster, "cluster").cluster;
  const user = named(config.users, context.user, "user").user ?? {};
  // Data wins over a file, as with kubectl; files are relative to the kubeconfig's folder.
  const part = (of, name) => of[`${name}-data`] ? Buffer.from(of[`${name}-data`], "base64")
    : of[name] ? readFileSync(resolve(dirname(path), of[name])) : undefined;
  const from = {
    server: new URL(cluster.server),
    tls: {
      ca: part(cluster, "certificate-authority"), cert: part(user, "client-certificate"), key: part(user, "client-key"),
      rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true, servername: cluster["tls-server-name"],
    },
    authorization: undefined,
  };
  if (user.token) from.authorization = `Bearer ${user.token}`;
  else if (user.tokenFile) from.authorization = `Bearer ${readFileSync(resolve(dirname(path), user.tokenFile), "utf8").trim()}`;
  else if (user.username) from.authorization = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString("base64")}`;
  else if (user.exec) {
    const told = { apiVersion: user.exec.apiVersion, kind: "ExecCredential", spec: { interactive: false } };
    const ran = spawnSync(user.exec.command, user.exec.args ?? [], {
      encoding: "utf8", cwd: dirname(path),
      env: { ...process.env, ...Object.fromEntries((user.exec.env ?? []).map(({ name, value }) => [name, value])),
        KUBERNETES_EXEC_INFO: JSON.stringify(told) },
    });
    if (ran.status !== 0) throw new Error(`${user.exec.command} gave no credentials`);
    const { status } = JSON.parse(ran.stdout);
    if (status.token) from.authorization = `Bearer ${status.token}`;
    if (status.clientCertificateData) Object.assign(from.tls, { cert: status.clientCertificateData, key: status.clientKeyData });
  }
  return from;
}
