// Objects that stateful ML is made of, as small as the API server takes them.
import { image } from "./cluster.mjs";

const labels = { app: "a" };
export const configMap = (name, data = { a: "1" }, more = {}) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...more }, data });
export const claim = (name, spec = {}) => ({
  apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name },
  spec: { accessModes: ["ReadWriteOnce"], storageClassName: "", resources: { requests: { storage: "10Gi" } }, ...spec },
});
export const volume = (name, spec = {}) => ({
  apiVersion: "v1", kind: "PersistentVolume", metadata: { name },
  spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "10Gi" }, persistentVolumeReclaimPolicy: "Retain",
    storageClassName: "contract-none", csi: { driver: "csi.example.com", volumeHandle: `handle-${name}` }, ...spec },
});
export const podSpec = (more = {}) => ({ containers: [{ name: "main", image }], ...more });
export const pod = (name, spec = {}) => ({ apiVersion: "v1", kind: "Pod", metadata: { name }, spec: podSpec(spec) });
export const template = (spec = {}) => ({ metadata: { labels }, spec: podSpec(spec) });
export const deployment = (name, spec = {}) => ({
  apiVersion: "apps/v1", kind: "Deployment", metadata: { name },
  spec: { replicas: 0, selector: { matchLabels: labels }, template: template(), ...spec },
});
export const statefulSet = (name, spec = {}) => ({
  apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name },
  spec: { replicas: 0, serviceName: name, selector: { matchLabels: labels }, template: template(),
    volumeClaimTemplates: [{ metadata: { name: "data" }, spec: claim("").spec }], ...spec },
});
export const daemonSet = (name, spec = {}) => ({
  apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name },
  spec: { selector: { matchLabels: labels }, template: template({ nodeSelector: { "contract.example.com/none": "none" } }), ...spec },
});
// Suspended, so that no controller makes pods.
export const job = (name, spec = {}) => ({
  apiVersion: "batch/v1", kind: "Job", metadata: { name },
  spec: { suspend: true, template: { spec: podSpec({ restartPolicy: "Never" }) }, ...spec },
});
export const cronJob = (name, spec = {}) => ({
  apiVersion: "batch/v1", kind: "CronJob", metadata: { name },
  spec: { schedule: "0 3 * * *", suspend: true, jobTemplate: { spec: { template: { spec: podSpec({ restartPolicy: "Never" }) } } }, ...spec },
});
export const service = (name, spec = {}) => ({
  apiVersion: "v1", kind: "Service", metadata: { name }, spec: { selector: labels, ports: [{ port: 80 }], ...spec },
});
export const secret = (name, more = {}) => ({ apiVersion: "v1", kind: "Secret", metadata: { name }, stringData: { token: "t" }, ...more });
export const storageClass = (name, more = {}) => ({
  apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name }, provisioner: "csi.example.com", ...more,
});
export const crd = (group, plural = "runs", kind = "Run", more = {}) => ({
  apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: `${plural}.${group}` },
  spec: {
    group, scope: "Namespaced", names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
    versions: [{
      name: "v1", served: true, storage: true, subresources: { status: {} },
      schema: { openAPIV3Schema: { type: "object", properties: {
        spec: { type: "object", required: ["size"], properties: {
          size: { type: "integer", minimum: 1 }, mode: { type: "string", default: "fast" },
          parts: { type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            items: { type: "object", required: ["name"], properties: { name: { type: "string" }, value: { type: "string" } } } },
          words: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } },
          atoms: { type: "array", items: { type: "string" } },
          fixed: { type: "string", "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "fixed stays" }] },
        } },
        status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      } } },
    }], ...more,
  },
});
