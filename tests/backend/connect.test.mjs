// Reaching a cluster: who we are, whom we trust, what is said when it does not work; and that nothing that is said, at its most
// talkative, holds a credential. Against servers of its own, as it breaks them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { connect as connectTo } from "node:net";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "./support.mjs";

const program = fileURLToPath(new URL("../server/main.mjs", import.meta.url));
const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const work = mkdtempSync(join(tmpdir(), "mlstack-connect-"));
after(() => rmSync(work, { recursive: true, force: true }));
const stack = join(work, "s.mlstack");
writeFileSync(stack, 'stack s\nconfig c { data = { "a" = "1" } }\n');

class Server {
  static async start(...options) {
    const server = new Server();
    server.folder = mkdtempSync(join(work, "server-"));
    server.child = spawn(process.execPath, [program, "--dir", server.folder, "--quiet", ...options], { stdio: "ignore" });
    process.on("exit", () => server.child.kill());
    for (let waited = 0; !existsSync(join(server.folder, "ready")); waited += 20) {
      assert.ok(server.child.exitCode === null && waited < 20_000, "the test server does not start");
      await sleep(20);
    }
    server.kubeconfig = join(server.folder, "kubeconfig");
    server.config = JSON.parse(readFileSync(server.kubeconfig, "utf8"));
    server.url = server.config.clusters[0].cluster.server;
    return server;
  }
  async control(method, path, body) {
    const answer = await fetch(`${readFileSync(join(this.folder, "control"), "utf8").trim()}${path}`, { method, body: body && JSON.stringify(body) });
    return answer.json();
  }
  fault(rule) { return this.control("POST", "/faults", rule); }
  reset() { return this.control("POST", "/reset", {}); }
  /// A kubeconfig with this cluster and user, and a name of its own.
  with(name, cluster = {}, user = this.config.users[0].user) {
    const file = join(this.folder, `kubeconfig-${name}`);
    writeFileSync(file, JSON.stringify({
      apiVersion: "v1", kind: "Config", "current-context": "c", contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      clusters: [{ name: "k", cluster: { ...this.config.clusters[0].cluster, ...cluster } }], users: [{ name: "u", user }],
    }));
    return file;
  }
  /// `mlstackc plan`, with what was said.
  plan(...args) { return run(this, ["plan", stack, ...args]); }
  /// Everything that proves who somebody is.
  get secrets() {
    const found = [];
    for (const { user } of this.config.users) for (const key of ["token", "password", "client-key-data"]) if (user[key]) found.push(user[key]);
    for (const file of ["token", "exec-token"]) found.push(readFileSync(join(this.folder, file), "utf8").trim());
    return found.filter((secret) => secret.length > 8);
  }
  stop() { this.child.kill(); }
}

const server = await Server.start();
after(() => server.stop());

/// The outcome is that message and nothing secret.
function says({ code, out, err }, wanted, from = server) {
  assert.notEqual(code, 0, out);
  assert.match(err, wanted);
  for (const secret of from.secrets) assert.ok(!(out + err).includes(secret), `a credential is shown: ${err}`);
}

test("every way to say who we are", async () => {
  for (const context of ["admin", "token", "token-file", "exec", "basic", "impersonate"]) {
    const { code, err } = await server.plan("--context", context);
    assert.equal(code, 0, `${context}: ${err}`);
  }
  const requests = await server.control("GET", "/requests");
  assert.ok(requests.some(({ user, headers }) => user === "ada" && headers.includes("impersonate-group")));
  assert.match(requests.at(-1).userAgent, /^mlstackc\/\d+\.\d+\.\d+ \(linux\/\w+\)$/);
  const { code } = await server.plan("--as", "ada");
  assert.equal(code, 0);
});

test("who is unknown, and who may not", async () => {
  says(await server.plan("--context", "wrong"), /MLS5023/);
  says(await server.plan("--context", "nobody"), /nobody/);
  says(await server.plan("--context", "nowhere"), /MLS5003/);
});

test("a server that cannot be trusted gets no credentials", async () => {
  for (const [certificate, reason] of [["expired", /MLS5021.*expired/], ["wrong-name", /MLS5021.*not for `127\.0\.0\.1`/], ["other-ca", /MLS5021.*unknown authority/]]) {
    const other = await Server.start("--certificate", certificate);
    says(await other.plan(), reason, other);
    says(await other.plan("--context", "token"), reason, other);
    assert.equal((await other.control("GET", "/requests")).length, 0, certificate);
    const trusting = other.with("insecure", { "certificate-authority-data": undefined, "insecure-skip-tls-verify": true });
    assert.equal((await other.plan("--kubeconfig", trusting)).code, 0, certificate);
    other.stop();
  }
  // The system's authorities do not help where the kubeconfig names one, nor the other way round.
  says(await server.plan("--kubeconfig", server.with("system", { "certificate-authority-data": undefined })), /MLS5021/);
});

test("a name of its own for TLS", async () => {
  assert.equal((await server.plan("--kubeconfig", server.with("named", { "tls-server-name": "localhost" }))).code, 0);
  says(await server.plan("--kubeconfig", server.with("misnamed", { "tls-server-name": "example.com" })), /MLS5021.*not for `example\.com`/);
});

test("no server, or another one", async () => {
  says(await server.plan("--kubeconfig", server.with("closed", { server: "https://127.0.0.1:1" })), /MLS5020.*127\.0\.0\.1:1/);
  says(await server.plan("--kubeconfig", server.with("unknown", { server: "https://no-such-host.invalid" })), /MLS5020/);
  const page = createServer((request, answer) => answer.writeHead(200, { "content-type": "text/html" }).end("<title>Sign in</title>")).listen(0, "127.0.0.1");
  const onwards = createServer((request, answer) => answer.writeHead(302, { location: "http://elsewhere.invalid/" }).end()).listen(0, "127.0.0.1");
  await sleep(50);
  const plain = (to) => ({ server: `http://127.0.0.1:${to.address().port}`, "certificate-authority-data": undefined });
  says(await server.plan("--kubeconfig", server.with("page", plain(page), { token: "abcdefghijkl" })), /MLS5025.*Sign in/);
  says(await server.plan("--kubeconfig", server.with("onwards", plain(onwards), { token: "abcdefghijkl" })), /MLS5025/);
  says(await server.plan("--kubeconfig", server.with("tls", { server: `https://127.0.0.1:${page.address().port}` })), /MLS5021.*does not speak TLS/);
  page.close();
  onwards.close();
});

test("credentials that have expired are renewed once, where they can be", async () => {
  for (const [context, user] of [["exec", "exec"], ["token-file", "file"]]) {
    await server.reset();
    await server.fault({ match: { path: "^/api$" }, unauthorized: true });
    const { code, err } = await server.plan("--context", context);
    assert.equal(code, 0, err);
    await server.reset();
    await server.fault({ match: {}, unauthorized: true, times: 0 });
    says(await server.plan("--context", context), /MLS5023/);
    void user;
  }
  await server.reset();
});

test("a plugin runs once for many requests, and is told about the cluster", async () => {
  rmSync(join(server.folder, "exec-calls"), { force: true });
  assert.equal((await server.plan("--context", "exec")).code, 0);
  assert.equal(readFileSync(join(server.folder, "exec-calls"), "utf8"), "call\n");
  const info = JSON.parse(readFileSync(join(server.folder, "exec-info"), "utf8"));
  assert.equal(info.spec.cluster.server, server.url);
  assert.equal(info.spec.interactive, false);
});

test("a plugin that does not work is named, with what it says and without what it gives", async () => {
  const plugin = (name, script, more = {}) => {
    const file = join(server.folder, name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return server.with(name, {}, { exec: { apiVersion: "client.authentication.k8s.io/v1", command: `./${name}`, interactiveMode: "Never", installHint: "See example.com/plugin", ...more } });
  };
  const failed = await server.plan("--kubeconfig", plugin("failing", "printf 'log in \\033[31mfirst\\n' >&2; echo swordfish; exit 7"));
  says(failed, /MLS5022.*failing` failed with exit code 7/);
  assert.match(failed.err, /log in \[31mfirst/);
  assert.match(failed.err, /See example\.com\/plugin/);
  assert.doesNotMatch(failed.err, /swordfish/);
  assert.equal(failed.err.match(/log in/g).length, 1, "once, however many requests wait");
  says(await server.plan("--kubeconfig", plugin("talking", "echo swordfish")), /MLS5022.*no ExecCredential/);
  says(await server.plan("--kubeconfig", plugin("asking", "true", { interactiveMode: "Always" })), /MLS5022.*no terminal/);
  says(await server.plan("--kubeconfig", server.with("absent", {}, { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "no-such-plugin", interactiveMode: "Never", installHint: "See example.com/plugin" } })), /MLS5022.*not installed[^]*example\.com/);
});

test("a proxy is gone through, and left out for this machine", async () => {
  let asked = [];
  const proxy = createServer();
  proxy.on("connect", (request, socket, head) => {
    asked.push([request.url, request.headers["proxy-authorization"], request.headers.authorization]);
    const [host, port] = request.url.split(":");
    const to = connectTo(Number(port), host, () => { socket.write("HTTP/1.1 200 OK\r\n\r\n"); to.write(head); to.pipe(socket).pipe(to); });
    to.on("error", () => socket.destroy());
    socket.on("error", () => to.destroy());
  });
  await new Promise((done) => { proxy.listen(0, "127.0.0.1", done); });
  const url = `http://me:swordfish@127.0.0.1:${proxy.address().port}`;
  const { code, err } = await server.plan("--kubeconfig", server.with("proxied", { "proxy-url": url }, { token: server.config.users[1].user.token }));
  assert.equal(code, 0, err);
  assert.equal(asked[0][0], new URL(server.url).host);
  assert.match(asked[0][1], /^Basic /);
  assert.equal(asked[0][2], undefined, "the proxy sees no credentials of the cluster's");
  asked = [];
  assert.equal((await run(server, ["plan", stack], { environment: { HTTPS_PROXY: url } })).code, 0);
  assert.deepEqual(asked, [], "this machine is reached directly");
  const there = server.with("away", { server: "https://kubernetes.invalid:6443" });
  await run(server, ["plan", stack, "--kubeconfig", there], { environment: { HTTPS_PROXY: url } });
  assert.equal(asked[0]?.[0], "kubernetes.invalid:6443");
  asked = [];
  const direct = await run(server, ["plan", stack, "--kubeconfig", there], { environment: { HTTPS_PROXY: url, NO_PROXY: ".invalid" } });
  assert.deepEqual(asked, []);
  assert.doesNotMatch(direct.err, /swordfish/);
  proxy.closeAllConnections();
  proxy.close();
});

test("what breaks on the way is asked for again; what stays broken is said", async () => {
  const passes = [
    { answer: { code: 429, retryAfter: 1 } }, { answer: { code: 503 }, times: 2 }, { answer: { code: 504 } }, { answer: { code: 500 } }, { cut: "before" }, { cut: "after" },
    { cut: { bytes: 30 } }, { cut: { bytes: 30 }, unit: "stream" }, { body: "truncated" }, { body: "empty" }, { dribble: { bytes: 400, every: 5 } }, { goaway: true },
  ];
  for (const fault of passes) {
    await server.reset();
    await server.fault({ match: { method: "GET", path: "configmaps|^/apis?$" }, ...fault });
    const { code, err } = await server.plan();
    assert.equal(code, 0, `${JSON.stringify(fault)}: ${err}`);
  }
  for (const [fault, wanted] of [[{ body: "html" }, /Sign in/], [{ body: "wrong" }, /MLS50|MLS51/], [{ contentType: "text/plain" }, /MLS50|MLS51/]]) {
    await server.reset();
    await server.fault({ match: { method: "GET", path: "configmaps" }, times: 0, ...fault });
    says(await server.plan(), wanted);
  }
  await server.reset();
});

test("old discovery, HTTP/1.1, and no TLS at all", async () => {
  await server.control("POST", "/discovery", { old: true });
  assert.equal((await server.plan()).code, 0);
  await server.control("POST", "/discovery", { old: false });
  for (const option of ["--http1", "--plain"]) {
    const other = await Server.start(option);
    const { code, err } = await other.plan();
    assert.equal(code, 0, `${option}: ${err}`);
    other.stop();
  }
});

test("several kubeconfigs are one", async () => {
  const users = join(server.folder, "users"), clusters = join(server.folder, "clusters");
  const { config } = server;
  writeFileSync(users, JSON.stringify({ users: config.users, contexts: config.contexts }));
  writeFileSync(clusters, JSON.stringify({ clusters: config.clusters, users: [{ name: "token", user: { token: "not-this-one-xyz" } }], "current-context": "token" }));
  const { code, err } = await run(server, ["plan", stack], { environment: { KUBECONFIG: `${join(server.folder, "absent")}:${users}:${clusters}` } });
  assert.equal(code, 0, err);
});

test("a snapshot has what a check needs, and no value of a secret", async () => {
  const secret = "c3dvcmRmaXNoLXN3b3JkZmlzaA==";
  await server.control("POST", "/objects", { object: { apiVersion: "v1", kind: "Secret", metadata: { name: "creds", namespace: "default", annotations: { "kubectl.kubernetes.io/last-applied-configuration": `{"data":{"k":"${secret}"}}` } }, data: { k: secret } } });
  await server.control("POST", "/objects", { object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace: "default" }, data: { k: "swordfish-swordfish" } } });
  await server.control("POST", "/objects", { object: { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: "fast" }, provisioner: "ebs.csi.aws.com", reclaimPolicy: "Delete", volumeBindingMode: "Immediate", parameters: { type: "gp3", password: "swordfish" } } });
  const file = join(work, "cluster.yaml");
  const { code, err } = await run(server, ["cluster", "snapshot", "-o", file]);
  assert.equal(code, 0, err);
  const text = readFileSync(file, "utf8");
  assert.match(text, /^apiVersion: mlstack\.dev\/v1\nkind: ClusterSnapshot\nkubernetes: "1\.\d+"\ncomplete:\n/);
  assert.doesNotMatch(text, /swordfish|c3dvcm/i);
  assert.match(text, /name: creds[^]*?data:\n {2}k: ""/);
  const outside = join(work, "outside.mlstack");
  writeFileSync(outside, 'stack outside { namespace = "default" }\nexternal class fast { provisioner = "ebs.csi.aws.com"  reclaim = Retain }\nexternal secret creds\nexternal claim gone { access = ReadOnlyMany  size = 1Ti }\nclaim c { class = fast  size = 1Gi  access = ReadWriteOnce }\n' +
    'job j { image = "busybox"  command = ["true"]  read c at "/c"  read gone at "/d"  env { K = secret_key(creds, "k") } }\n');
  for (const how of [["--cluster", file], ["--live"]]) {
    const checked = await run(server, ["check", outside, ...how]);
    assert.match(checked.err, /MLS5043.*`gone`/, how[0]);
    assert.match(checked.err, /MLS5044.*`fast`.*`Delete`.*`Retain`/, how[0]);
    assert.equal(checked.err.match(/MLS504/g).length, 2, checked.err);
  }
  const partly = await run(server, ["cluster", "snapshot", "--context", "nobody"]);
  assert.equal(partly.code, 0, partly.err);
  assert.match(partly.err, /MLS5040/);
  assert.match(partly.out, /complete:/);
  assert.doesNotMatch(partly.out, /- StorageClass/);
});
