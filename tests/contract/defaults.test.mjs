// What the API server fills in: a plan that takes these for differences is never empty.
// pkg/apis/*/v1/defaults.go of kubernetes/kubernetes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster, image, random } from "./support/cluster.mjs";
import { claim, configMap, cronJob, daemonSet, deployment, job, pod, secret, service, statefulSet, storageClass, template, volume } from "./support/objects.mjs";

const cluster = await Cluster.open();
const ns = await cluster.namespace("defaults");
const core = (plural) => `/api/v1/namespaces/${ns}/${plural}`;
const apps = (plural) => `/apis/apps/v1/namespaces/${ns}/${plural}`;
const batch = (plural) => `/apis/batch/v1/namespaces/${ns}/${plural}`;

// A field that is written as null.
const none = Symbol("null");
/// `expected` must be in `given`, value for value; null: must not be there.
function has(given, expected, path) {
  if (expected === none) return assert.equal(given, null, path);
  if (expected === null) return assert.equal(given, undefined, path);
  if (Array.isArray(expected)) {
    assert.equal(given?.length, expected.length, path);
    return expected.forEach((value, index) => has(given[index], value, `${path}[${index}]`));
  }
  if (typeof expected === "object") return Object.entries(expected).forEach(([key, value]) => has(given?.[key], value, `${path}.${key}`));
  assert.deepEqual(given, expected, path);
}
/// Applied (dry) the object becomes `expected`, and created as well.
const becomes = (title, root, object, expected) => test(title, async () => {
  const name = `x-${random()}`, sent = object(name);
  has(await cluster.must(cluster.apply(`${root}/${name}`, sent, { query: { dryRun: "All" } }), 201), expected, title);
  has(await cluster.must(cluster.create(`${root}?dryRun=All`, sent), 201), expected, title);
});
const container = { terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File", imagePullPolicy: "IfNotPresent", resources: {} };
const podSpec = { restartPolicy: "Always", dnsPolicy: "ClusterFirst", schedulerName: "default-scheduler", terminationGracePeriodSeconds: 30, securityContext: {}, containers: [container] };
const one = (more) => ({ containers: [{ name: "main", image, ...more }] });

becomes("a claim", core("persistentvolumeclaims"), (name) => claim(name), {
  metadata: { finalizers: ["kubernetes.io/pvc-protection"] }, spec: { volumeMode: "Filesystem", storageClassName: "", volumeName: null }, status: { phase: "Pending" } });
becomes("a claim whose data comes from another", core("persistentvolumeclaims"), (name) => claim(name, { dataSource: { kind: "PersistentVolumeClaim", name: "from" } }), {
  spec: { dataSource: { apiGroup: none, kind: "PersistentVolumeClaim", name: "from" }, dataSourceRef: { apiGroup: none, kind: "PersistentVolumeClaim", name: "from" } } });
becomes("a claim from a snapshot", core("persistentvolumeclaims"), (name) => claim(name, { dataSourceRef: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "from" } }), {
  spec: { dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "from" } } });
becomes("a volume", "/api/v1/persistentvolumes", (name) => volume(name, { persistentVolumeReclaimPolicy: undefined }), {
  metadata: { finalizers: ["kubernetes.io/pv-protection"], namespace: null }, spec: { persistentVolumeReclaimPolicy: "Retain", volumeMode: "Filesystem" }, status: { phase: "Pending" } });
becomes("a volume of the host", "/api/v1/persistentvolumes", (name) => volume(name, { csi: undefined, hostPath: { path: "/d" } }), { spec: { hostPath: { path: "/d", type: "" } } });
becomes("a class", "/apis/storage.k8s.io/v1/storageclasses", (name) => storageClass(name), { reclaimPolicy: "Delete", volumeBindingMode: "Immediate", allowVolumeExpansion: null });
becomes("a Secret", core("secrets"), (name) => secret(name), { type: "Opaque", data: { token: "dA==" } });
becomes("a ConfigMap stays as it is", core("configmaps"), (name) => configMap(name), { immutable: null, data: { a: "1" } });

becomes("a StatefulSet", apps("statefulsets"), (name) => statefulSet(name, { replicas: undefined }), {
  spec: {
    replicas: 1, podManagementPolicy: "OrderedReady", revisionHistoryLimit: 10, updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" }, template: { spec: podSpec },
    volumeClaimTemplates: [{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data" }, spec: { volumeMode: "Filesystem" }, status: { phase: "Pending" } }],
  } });
becomes("a Deployment", apps("deployments"), (name) => deployment(name, { replicas: undefined }), {
  spec: { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } }, template: { spec: podSpec } } });
becomes("a Deployment that is made anew", apps("deployments"), (name) => deployment(name, { strategy: { type: "Recreate" } }), { spec: { strategy: { type: "Recreate", rollingUpdate: null } } });
becomes("a DaemonSet", apps("daemonsets"), (name) => daemonSet(name), {
  spec: { revisionHistoryLimit: 10, updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } } } });
becomes("a Job", batch("jobs"), (name) => job(name, { suspend: undefined }), {
  spec: { completions: 1, parallelism: 1, backoffLimit: 6, completionMode: "NonIndexed", suspend: false, manualSelector: false, podReplacementPolicy: "TerminatingOrFailed", template: { spec: { ...podSpec, restartPolicy: "Never" } } } });
test("a Job's selector and labels are made of its uid", async () => {
  const made = await cluster.must(cluster.create(batch("jobs"), job("labels")), 201);
  assert.deepEqual(made.spec.selector, { matchLabels: { "batch.kubernetes.io/controller-uid": made.metadata.uid } });
  assert.deepEqual(made.spec.template.metadata.labels, {
    "batch.kubernetes.io/controller-uid": made.metadata.uid, "batch.kubernetes.io/job-name": "labels", "controller-uid": made.metadata.uid, "job-name": "labels" });
});
becomes("an indexed Job", batch("jobs"), (name) => job(name, { completions: 3, completionMode: "Indexed", backoffLimitPerIndex: 1 }), { spec: { parallelism: 1, backoffLimit: 2147483647 } });
becomes("a Job that only knows how many at once", batch("jobs"), (name) => job(name, { parallelism: 2 }), { spec: { parallelism: 2, completions: null } });
becomes("a CronJob", batch("cronjobs"), (name) => cronJob(name, { suspend: undefined }), {
  spec: { concurrencyPolicy: "Allow", suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1, jobTemplate: { spec: { completions: null, template: { spec: { ...podSpec, restartPolicy: "Never" } } } } } });
becomes("a Service", core("services"), (name) => service(name), {
  spec: { type: "ClusterIP", sessionAffinity: "None", internalTrafficPolicy: "Cluster", ipFamilyPolicy: "SingleStack", ports: [{ protocol: "TCP", port: 80, targetPort: 80 }] }, status: { loadBalancer: {} } });
becomes("a Service of a load balancer", core("services"), (name) => service(name, { type: "LoadBalancer" }), { spec: { allocateLoadBalancerNodePorts: true, externalTrafficPolicy: "Cluster" } });
test("a Service gets its address, and a node port one of the range", async () => {
  const made = await cluster.must(cluster.create(core("services"), service("address", { type: "NodePort" })), 201);
  assert.match(made.spec.clusterIP, /^[\d.]+$|:/);
  assert.equal(made.spec.ipFamilies.length, 1);
  assert.ok(made.spec.ports[0].nodePort >= 1);
});

becomes("a pod", core("pods"), (name) => pod(name), {
  spec: { ...podSpec, enableServiceLinks: true, preemptionPolicy: "PreemptLowerPriority", priority: 0, serviceAccountName: "default", serviceAccount: "default", nodeName: null },
  status: { phase: "Pending", qosClass: "BestEffort" } });
test("a pod gets a token's volume and tolerations of nodes that are away for five minutes", async () => {
  const made = await cluster.must(cluster.create(`${core("pods")}?dryRun=All`, pod("extras")), 201);
  assert.deepEqual(made.spec.tolerations, ["not-ready", "unreachable"].map((what) => ({ key: `node.kubernetes.io/${what}`, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 })));
  const [volume_] = made.spec.volumes, [mount] = made.spec.containers[0].volumeMounts;
  assert.match(volume_.name, /^kube-api-access-[a-z0-9]{5}$/);
  assert.deepEqual(mount, { name: volume_.name, readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" });
  assert.equal(volume_.projected.defaultMode, 420);
});
becomes("an image without a tag is always pulled", core("pods"), (name) => pod(name, one({ image: "busybox" })), { spec: { containers: [{ imagePullPolicy: "Always" }] } });
becomes("an image by its digest is not", core("pods"), (name) => pod(name, one({ image: `busybox@sha256:${"a".repeat(64)}` })), { spec: { containers: [{ imagePullPolicy: "IfNotPresent" }] } });
becomes("a limit is requested", core("pods"), (name) => pod(name, one({ resources: { limits: { cpu: "1000m", memory: "1Gi" } } })), {
  spec: { containers: [{ resources: { requests: { cpu: "1", memory: "1Gi" } } }] }, status: { qosClass: "Guaranteed" } });
becomes("a probe", core("pods"), (name) => pod(name, one({ readinessProbe: { httpGet: { port: 80 } } })), {
  spec: { containers: [{ readinessProbe: { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3, httpGet: { path: "/", scheme: "HTTP" } } }] } });
becomes("a port", core("pods"), (name) => pod(name, one({ ports: [{ containerPort: 80 }] })), { spec: { containers: [{ ports: [{ protocol: "TCP" }] }] } });
becomes("a field of the pod as a variable", core("pods"), (name) => pod(name, one({ env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }] })), {
  spec: { containers: [{ env: [{ valueFrom: { fieldRef: { apiVersion: "v1" } } }] }] } });
becomes("volumes", core("pods"), (name) => pod(name, { volumes: [{ name: "c", configMap: { name: "c" } }, { name: "s", secret: { secretName: "s" } }, { name: "e", emptyDir: {} },
  { name: "h", hostPath: { path: "/d" } }, { name: "p", persistentVolumeClaim: { claimName: "p" } }, { name: "t", ephemeral: { volumeClaimTemplate: { spec: claim("").spec } } }], automountServiceAccountToken: false }), {
  spec: { volumes: [{ configMap: { defaultMode: 420, optional: null } }, { secret: { defaultMode: 420 } }, { emptyDir: {} }, { hostPath: { type: "" } }, { persistentVolumeClaim: { readOnly: null } },
    { ephemeral: { volumeClaimTemplate: { spec: { volumeMode: "Filesystem" } } } }] } });
becomes("a host's network gives its ports to the host", core("pods"), (name) => pod(name, { hostNetwork: true, ...one({ ports: [{ containerPort: 80 }] }) }), { spec: { containers: [{ ports: [{ hostPort: 80 }] }] } });
becomes("a spread", apps("deployments"), (name) => deployment(name, { template: template({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: { app: "a" } } }] }) }), {
  spec: { template: { spec: { topologySpreadConstraints: [{ maxSkew: 1 }] } } } });
becomes("a Namespace", "/api/v1/namespaces", (name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }), { spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } });
test("a Namespace has its own name as a label", async () => {
  const { metadata } = await cluster.must(cluster.get(`/api/v1/namespaces/${ns}`), 200);
  assert.equal(metadata.labels["kubernetes.io/metadata.name"], ns);
});
becomes("a RoleBinding", `/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}/rolebindings`, (name) => ({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: { name },
  subjects: [{ kind: "User", name: "someone" }], roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" } }), { subjects: [{ apiGroup: "rbac.authorization.k8s.io" }] });
becomes("an Ingress", `/apis/networking.k8s.io/v1/namespaces/${ns}/ingresses`, (name) => ({ apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata: { name },
  spec: { rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "a", port: { number: 80 } } } }] } }] } }), { status: { loadBalancer: {} } });
becomes("a NetworkPolicy", `/apis/networking.k8s.io/v1/namespaces/${ns}/networkpolicies`, (name) => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name },
  spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] } }), { spec: { policyTypes: ["Ingress"], ingress: [{ ports: [{ protocol: "TCP" }] }] } });
becomes("an autoscaler", `/apis/autoscaling/v2/namespaces/${ns}/horizontalpodautoscalers`, (name) => ({ apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata: { name },
  spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "a" } } }), { spec: { minReplicas: 1, metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }] } });
test("the default class is filled in", async () => {
  const { items } = await cluster.must(cluster.get("/apis/storage.k8s.io/v1/storageclasses"), 200);
  const marked = (object) => object.metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true";
  let expected = items.filter(marked).sort((a, b) => b.metadata.creationTimestamp < a.metadata.creationTimestamp ? -1 : 1)[0]?.metadata.name;
  if (!expected) {
    // Dry run: another test's claim without a class may be on its way, and nothing is kept.
    expected = `contract-default-${random()}`;
    const made = { ...storageClass(expected), volumeBindingMode: "WaitForFirstConsumer" };
    made.metadata.annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
    await cluster.must(cluster.create("/apis/storage.k8s.io/v1/storageclasses", made), 201);
    cluster.later(`/apis/storage.k8s.io/v1/storageclasses/${expected}`);
  }
  // The admission plugin sees classes through a watch of its own.
  let given;
  for (const end = Date.now() + 10_000; Date.now() < end && !given;)
    given = (await cluster.must(cluster.create(`${core("persistentvolumeclaims")}?dryRun=All`, claim("default", { storageClassName: undefined })), 201)).spec.storageClassName;
  assert.equal(given, expected);
  const empty = await cluster.must(cluster.create(`${core("persistentvolumeclaims")}?dryRun=All`, claim("default", { storageClassName: "" })), 201);
  assert.equal(empty.spec.storageClassName, "", "none on purpose stays none");
});
