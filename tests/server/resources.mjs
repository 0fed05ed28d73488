// The kinds that are served: what every Kubernetes serves by default (api/discovery/aggregated_v2.json of each version), and what
// CRDs add. A kind that lives in several versions or groups has one store.

// plural Kind flags: c cluster-scoped, s status, e scale, g generation counts, r a delete answers with the object,
// o may be created by PUT, u an update must name a resourceVersion, v only `create` (a review), R read only by clients.
// `short`, `all` (category), `sub` (further subresources, `>33`: from that minor version on), `since` (first minor version), `counts` (from
// which on its generation counts), `store` (another kind's store).
const kTable = [
  ['', 'v1', [
    'bindings Binding v',
    'componentstatuses ComponentStatus cR short=cs',
    'configmaps ConfigMap - short=cm',
    'endpoints Endpoints o short=ep',
    'events Event o short=ev',
    'limitranges LimitRange o short=limits',
    'namespaces Namespace cs short=ns sub=finalize',
    'nodes Node cs short=no sub=proxy',
    'persistentvolumeclaims PersistentVolumeClaim sr short=pvc',
    'persistentvolumes PersistentVolume csr short=pv',
    'pods Pod sgr short=po all counts=34 sub=attach,binding,ephemeralcontainers,eviction,exec,log,portforward,proxy,resize>33',
    'podtemplates PodTemplate gr',
    'replicationcontrollers ReplicationController seg short=rc all',
    'resourcequotas ResourceQuota sr short=quota',
    'secrets Secret -',
    'serviceaccounts ServiceAccount r short=sa sub=token',
    'services Service sro short=svc all sub=proxy',
  ]],
  ['apiregistration.k8s.io', 'v1', ['apiservices APIService cs category=api-extensions']],
  ['apps', 'v1', [
    'controllerrevisions ControllerRevision -',
    'daemonsets DaemonSet sg short=ds all',
    'deployments Deployment seg short=deploy all',
    'replicasets ReplicaSet seg short=rs all',
    'statefulsets StatefulSet seg short=sts all',
  ]],
  ['events.k8s.io', 'v1', ['events Event o short=ev store=events']],
  ['authentication.k8s.io', 'v1', ['selfsubjectreviews SelfSubjectReview cv', 'tokenreviews TokenReview cv']],
  ['authorization.k8s.io', 'v1', [
    'localsubjectaccessreviews LocalSubjectAccessReview v',
    'selfsubjectaccessreviews SelfSubjectAccessReview cv',
    'selfsubjectrulesreviews SelfSubjectRulesReview cv',
    'subjectaccessreviews SubjectAccessReview cv',
  ]],
  ['autoscaling', 'v2', ['horizontalpodautoscalers HorizontalPodAutoscaler s short=hpa all']],
  ['autoscaling', 'v1', ['horizontalpodautoscalers HorizontalPodAutoscaler s short=hpa all']],
  ['batch', 'v1', ['cronjobs CronJob sg short=cj all', 'jobs Job sg all']],
  ['certificates.k8s.io', 'v1', ['certificatesigningrequests CertificateSigningRequest cs short=csr sub=approval']],
  ['networking.k8s.io', 'v1', [
    'ingressclasses IngressClass cg',
    'ingresses Ingress sg short=ing',
    'ipaddresses IPAddress c short=ip since=33',
    'networkpolicies NetworkPolicy g short=netpol',
    'servicecidrs ServiceCIDR cs since=33',
  ]],
  ['policy', 'v1', ['poddisruptionbudgets PodDisruptionBudget sgu short=pdb']],
  ['rbac.authorization.k8s.io', 'v1', [
    'clusterrolebindings ClusterRoleBinding co',
    'clusterroles ClusterRole co',
    'rolebindings RoleBinding o',
    'roles Role o',
  ]],
  ['storage.k8s.io', 'v1', [
    'csidrivers CSIDriver cgru',
    'csinodes CSINode cru',
    'csistoragecapacities CSIStorageCapacity u',
    'storageclasses StorageClass cr short=sc',
    'volumeattachments VolumeAttachment csru',
    'volumeattributesclasses VolumeAttributesClass cr short=vac since=34',
  ]],
  ['admissionregistration.k8s.io', 'v1', [
    'mutatingadmissionpolicies MutatingAdmissionPolicy cgu since=36 category=api-extensions',
    'mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding cgu since=36 category=api-extensions',
    'mutatingwebhookconfigurations MutatingWebhookConfiguration cgu category=api-extensions',
    'validatingadmissionpolicies ValidatingAdmissionPolicy csgu category=api-extensions',
    'validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding cgu category=api-extensions',
    'validatingwebhookconfigurations ValidatingWebhookConfiguration cgu category=api-extensions',
  ]],
  ['apiextensions.k8s.io', 'v1', ['customresourcedefinitions CustomResourceDefinition csgu short=crd,crds category=api-extensions']],
  ['scheduling.k8s.io', 'v1', ['priorityclasses PriorityClass cg short=pc']],
  ['coordination.k8s.io', 'v1', ['leases Lease ou']],
  ['node.k8s.io', 'v1', ['runtimeclasses RuntimeClass cou']],
  ['discovery.k8s.io', 'v1', ['endpointslices EndpointSlice g']],
  ['resource.k8s.io', 'v1', [
    'deviceclasses DeviceClass cgr since=34',
    'resourceclaims ResourceClaim sr since=34',
    'resourceclaimtemplates ResourceClaimTemplate r since=34',
    'resourceslices ResourceSlice cgr since=34',
  ]],
  ['flowcontrol.apiserver.k8s.io', 'v1', ['flowschemas FlowSchema csg', 'prioritylevelconfigurations PriorityLevelConfiguration csg']],
];

const kAllVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

function builtin(group, version, row, minor) {
  const [plural, kind, flags, ...words] = row.split(' ');
  const option = (name) => words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  if (Number(option('since') ?? 0) > minor) return null;
  const has = (flag) => flags.includes(flag);
  const categories = [option('category'), words.includes('all') ? 'all' : undefined].filter(Boolean);
  return {
    group, version, plural, kind, namespaced: !has('c'), singular: kind.toLowerCase(), listKind: `${kind}List`,
    status: has('s'), scale: has('e'), counts: has('g') && minor >= Number(option('counts') ?? 0), returnsDeleted: has('r'), createByPut: has('o'), needsVersion: has('u'),
    review: has('v'), custom: false, shortNames: option('short')?.split(',') ?? [], categories,
    subresources: (option('sub')?.split(',') ?? []).map((sub) => sub.split('>')).filter(([, first = 0]) => minor >= first).map(([name]) => name), store: option('store') ?? (group ? `${plural}.${group}` : plural),
    verbs: has('v') ? ['create'] : has('R') ? ['get', 'list'] : plural === 'namespaces' ? kAllVerbs.filter((verb) => verb !== 'deletecollection') : kAllVerbs,
    apiVersion: group ? `${group}/${version}` : version,
  };
}

// Order of versions by the rule for CRDs: v2 before v1 before v1beta2 before v1alpha1.
export function compareVersions(left, right) {
  const parts = (text) => /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(text);
  const [a, b] = [parts(left), parts(right)];
  if (!a || !b) return a ? -1 : b ? 1 : left < right ? -1 : 1;
  const rank = (match) => (match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0);
  return rank(b) - rank(a) || b[1] - a[1] || (b[3] ?? 0) - (a[3] ?? 0);
}

export class Resources {
  #served = new Map();      // "group/version/plural"
  #stores = new Map();      // store name -> the entry that objects are stored as, for `statefulsets.apps`
  #kinds = new Map();       // "group/version/Kind"
  generation = 0;           // counts changes: what is made of the table may be kept until then

  constructor(kubernetes = '1.36') {
    const minor = Number(kubernetes.split('.')[1]);
    for (const [group, version, rows] of kTable)
      for (const row of rows) {
        const resource = builtin(group, version, row, minor);
        if (resource) this.add(resource);
      }
  }

  add(resource) {
    this.#served.set(`${resource.group}/${resource.version}/${resource.plural}`, resource);
    this.#kinds.set(`${resource.group}/${resource.version}/${resource.kind}`, resource);
    const own = resource.group ? `${resource.plural}.${resource.group}` : resource.plural;
    if (own === resource.store && !(this.#stores.has(own) && !resource.preferred)) this.#stores.set(own, resource);
    this.generation += 1;
  }

  remove(group, plural) {
    for (const [key, resource] of this.#served)
      if (resource.group === group && resource.plural === plural) {
        this.#served.delete(key);
        this.#kinds.delete(`${group}/${resource.version}/${resource.kind}`);
      }
    this.#stores.delete(`${plural}.${group}`);
    this.generation += 1;
  }

  find(group, version, plural) { return this.#served.get(`${group}/${version}/${plural}`); }
  ofKind(apiVersion, kind) {
    const slash = apiVersion.lastIndexOf('/');
    return this.#kinds.get(`${apiVersion.slice(0, Math.max(slash, 0))}/${apiVersion.slice(slash + 1)}/${kind}`);
  }
  // "pods", "statefulsets.apps"
  named(text) { return this.#stores.get(text); }
  all() { return [...this.#served.values()]; }
  group(group) { return this.all().filter((resource) => resource.group === group); }
  serves(group, version) { return this.all().some((resource) => resource.group === group && resource.version === version); }

  // Groups in the order of the table, then custom ones by name; versions most preferred first.
  groups() {
    const found = new Map();
    for (const { group, version } of this.all()) {
      if (!found.has(group)) found.set(group, new Set());
      found.get(group).add(version);
    }
    return [...found].map(([group, versions]) => ({ group, versions: [...versions].sort(compareVersions) }));
  }
}
