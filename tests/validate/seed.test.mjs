// The seed example makes what the Pulumi program that it restates makes: the same three objects, with the
// same fields and no others, and the same exported value. That program gave each object's arguments; what
// Pulumi itself adds (apiVersion, kind) is the API's.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { mlstackc, need, Report, root } from "./stacks.mjs";

const origin = [
  {
    apiVersion: "v1", kind: "PersistentVolume", metadata: { name: "ml-model-data-pv" },
    spec: {
      capacity: { storage: "10Gi" }, accessModes: ["ReadWriteOnce"], persistentVolumeReclaimPolicy: "Retain",
      storageClassName: "manual", hostPath: { path: "/mnt/data" },
    },
  },
  {
    apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "ml-model-data-pvc" },
    spec: {
      accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "10Gi" } }, storageClassName: "manual",
      volumeName: "ml-model-data-pv",
    },
  },
  {
    apiVersion: "v1", kind: "Pod", metadata: { name: "ml-training-pod" },
    spec: {
      containers: [{
        name: "ml-container", image: "tensorflow/tensorflow:2.16.1", ports: [{ containerPort: 80 }],
        volumeMounts: [{ name: "VOLUME", mountPath: "/var/ml_model" }],
      }],
      volumes: [{ name: "VOLUME", persistentVolumeClaim: { claimName: "ml-model-data-pvc" } }],
    },
  },
];
const exported = { ml_training_pod_name: "ml-training-pod" };

const report = new Report();
const file = join(root, "examples/training-pod.mlstack");
const built = (emit) => {
  const { status, stdout, stderr } = spawnSync(mlstackc, ["build", "--werror", "--emit", emit, file], { encoding: "utf8" });
  if (status !== 0) report.fail(`--emit ${emit}: exit code ${status}\n${stderr}`);
  return stdout;
};

const objects = need("yaml").parseAllDocuments(built("yaml")).map((document) => document.toJS());
// A pod's own name for a volume means nothing outside of it.
const volumes = (spec) => spec?.volumes?.map((volume) => volume.name) ?? [];
for (const { spec } of objects.filter(({ kind }) => kind === "Pod")) {
  const names = volumes(spec);
  if (names.length !== 1 || spec.containers[0].volumeMounts[0].name !== names[0]) report.fail(`the mount does not name the volume: ${names}`);
  spec.volumes[0].name = spec.containers[0].volumeMounts[0].name = "VOLUME";
}
if (objects.length !== origin.length) report.fail(`${objects.length} objects instead of ${origin.length}`);
origin.forEach((object, i) => {
  if (!isDeepStrictEqual(objects[i], object)) report.fail(`${object.kind}: ${JSON.stringify(objects[i])}\ninstead of ${JSON.stringify(object)}`);
});

const outputs = built("ir").split(/^outputs$/m)[1] ?? "";
for (const [name, value] of Object.entries(exported))
  if (!outputs.includes(`  ${name}: string = "${value}"`)) report.fail(`output ${name} is not "${value}":${outputs}`);
report.done(`${origin.length} objects and ${Object.keys(exported).length} output as in the origin`);
