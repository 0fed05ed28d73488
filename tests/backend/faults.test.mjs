// Breaking in the middle of an apply: the server is killed and comes back, everybody writes at once, clocks disagree.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { testServer } from "../server/testing.mjs";
import { run } from "./support.mjs";

const folder = mkdtempSync(join(tmpdir(), "mlstack-faults-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "faults.mlstack");
writeFileSync(file, `stack faults
for i in 0..<40 {
  config c { name = "c-\${i}"  data { a = "1" } }
}
claim model { size = 1Gi  access = ReadWriteOnce }
`);
const options = ["--auto-approve", "--no-wait", "--timeout", "60s"];
const empty = async (cluster) => {
  const { code, out, err } = await run(cluster, ["plan", file, "--detailed-exitcode"]);
  assert.equal(code, 0, out + err);
};

test("the server is killed in the middle of an apply and comes back: the apply goes on and ends well", async () => {
  const dir = join(folder, "server");
  const main = fileURLToPath(new URL("../server/main.mjs", import.meta.url));
  let server;
  const start = async () => {
    rmSync(join(dir, "ready"), { force: true });
    server = spawn(process.execPath, [main, "--dir", dir, "--persist", "--quiet"], { stdio: "ignore" });
    while (!existsSync(join(dir, "ready"))) await sleep(20);
  };
  const control = async (method, path, body) => (await fetch(`${readFileSync(join(dir, "control"), "utf8").trim()}${path}`, { method, body: body && JSON.stringify(body) })).json();
  await start();
  try {
    const cluster = { kubeconfig: join(dir, "kubeconfig") };
    await control("POST", "/faults", { match: { method: "PATCH", path: "configmaps/c-" }, nth: 20, times: 0, delay: 300 });
    const applying = run(cluster, ["apply", file, ...options]);
    for (let tries = 0; tries < 500; ++tries) {
      const { byMethod } = await control("GET", "/counters");
      if ((byMethod?.PATCH ?? 0) > 30) break;
      await sleep(10);
    }
    server.kill("SIGKILL");
    await sleep(400);
    await start();
    const { code, err } = await applying;
    assert.equal(code, 0, err);
    await empty(cluster);
  } finally {
    server.kill("SIGKILL");
  }
});

test("a storm of conflicts ends with a refusal, not without end; afterwards the next apply does it", async () => {
  const server = await testServer();
  const cluster = { kubeconfig: join(server.folder, "kubeconfig") };
  await server.control("POST", "/faults", { match: { method: "PATCH", path: "configmaps/c-7(\\?|$)" }, nth: 1, times: 0, answer: { code: 409 } });
  const { code, err } = await run(cluster, ["apply", file, ...options]);
  assert.equal(code, 1, err);
  assert.match(err, /c-7/);
  await server.control("DELETE", "/faults");
  assert.equal((await run(cluster, ["apply", file, ...options])).code, 0);
  await empty(cluster);
});

for (const skew of [-7200, 7200]) {
  test(`a server whose clock is ${skew} s off`, async () => {
    const server = await testServer();
    const cluster = { kubeconfig: join(server.folder, "kubeconfig") };
    await server.control("POST", "/clock", { skew });
    const { code, err } = await run(cluster, ["apply", file, ...options]);
    assert.equal(code, 0, err);
    await empty(cluster);
    assert.equal((await run(cluster, ["destroy", file, ...options])).code, 0);
  });
}
