// The smaller kinds: pkg/apis/*/validation.

import { configKey, dnsLabel, dnsLabel1035, dnsSubdomain, labelKey, labels, portName, selector, share } from './findings.mjs';
import { canonicalQuantity, nanosOf } from './quantity.mjs';

const protocols = ['SCTP', 'TCP', 'UDP'];
const isAddress = (text) => /^\d{1,3}(\.\d{1,3}){3}$/.test(text) || (text.includes(':') && /^[0-9a-fA-F:.]+$/.test(text));

export function service({ spec }, out) {
  const headless = spec.clusterIP === 'None';
  if (!(spec.ports?.length > 0) && !headless && spec.type !== 'ExternalName') out.required('spec.ports');
  if (spec.type === 'LoadBalancer' && headless) out.invalid('spec.clusterIPs[0]', 'None', "may not be set to 'None' for LoadBalancer services");
  if (spec.type === 'NodePort' && headless) out.invalid('spec.clusterIPs[0]', 'None', "may not be set to 'None' for NodePort services");
  if (spec.type === 'ExternalName') {
    if (!spec.externalName) out.required('spec.externalName');
    else out.check('spec.externalName', spec.externalName.replace(/\.$/, ''), dnsSubdomain);
  }
  (spec.ports ?? []).forEach((port, i) => servicePort(port, `spec.ports[${i}]`, spec, out));
  labels(out, 'spec.selector', spec.selector);
  out.oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']);
  if (spec.clusterIP && !headless && !isAddress(spec.clusterIP)) out.invalid('spec.clusterIPs[0]', spec.clusterIP, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)');
  out.oneOf('spec.type', spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']);
  if (spec.type === 'ClusterIP') (spec.ports ?? []).forEach((port, i) => port.nodePort && out.forbidden(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
  const seen = new Set();
  (spec.ports ?? []).forEach((port, i) => {
    const key = `${port.protocol} ${port.port}`;
    if (seen.has(key)) out.duplicate(`spec.ports[${i}]`, { Name: '', Protocol: port.protocol, AppProtocol: null, Port: port.port, TargetPort: 0, NodePort: 0 });
    seen.add(key);
  });
  if (spec.loadBalancerClass !== undefined && spec.type !== 'LoadBalancer') out.forbidden('spec.loadBalancerClass', "may only be used when `type` is 'LoadBalancer'");
  if (spec.ipFamilies?.[0] === 'IPv6' && spec.clusterIP && !headless && !spec.clusterIP.includes(':')) out.invalid('spec.clusterIPs[0]', spec.clusterIP, 'expected an IPv6 value as indicated by `ipFamilies[0]`');
}

function servicePort(port, at, spec, out) {
  if (!port.name) {
    if (spec.ports.length > 1) out.required(`${at}.name`);
  } else {
    out.check(`${at}.name`, port.name, dnsLabel);
    if (spec.ports.findIndex((own) => own.name === port.name) < spec.ports.indexOf(port)) out.duplicate(`${at}.name`, port.name);
  }
  out.between(`${at}.port`, port.port ?? 0, 1, 65535);
  out.oneOf(`${at}.protocol`, port.protocol, protocols);
  if (typeof port.targetPort === 'string') out.check(`${at}.targetPort`, port.targetPort, portName);
  else out.between(`${at}.targetPort`, port.targetPort ?? 0, 1, 65535);
}

const maxData = 1048576;
const size = (map, decode) => Object.values(map ?? {}).reduce((sum, text) => sum + (decode ? Buffer.byteLength(text, 'base64') : Buffer.byteLength(text)), 0);

export function configMap(object, out) {
  for (const key of Object.keys(object.data ?? {})) {
    out.check(`data[${key}]`, key, configKey);
    if (Object.hasOwn(object.binaryData ?? {}, key)) out.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData');
  }
  for (const key of Object.keys(object.binaryData ?? {})) out.check(`binaryData[${key}]`, key, configKey);
  if (size(object.data) + size(object.binaryData, true) > maxData) out.tooLong('[]', maxData);
}

const secretKeys = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
};

export function secret(object, out) {
  const data = object.data ?? {};
  for (const key of Object.keys(data)) out.check(`data[${key}]`, key, configKey);
  if (size(data, true) > maxData) out.tooLong('data', maxData);
  for (const key of secretKeys[object.type] ?? []) {
    if (data[key] === undefined) out.required(`data[${key}]`);
    else if (key.startsWith('.docker')) json(data[key], `data[${key}]`, out);
  }
  if (object.type === 'kubernetes.io/basic-auth' && data.username === undefined && data.password === undefined) {
    out.required('data[username]');
    out.required('data[password]');
  }
  if (object.type === 'kubernetes.io/service-account-token' && !object.metadata.annotations?.['kubernetes.io/service-account.name']) {
    out.required('metadata.annotations[kubernetes.io/service-account.name]');
  }
}

function json(text, at, out) {
  const decoded = Buffer.from(text, 'base64').toString();
  try {
    JSON.parse(decoded);
  } catch {
    out.invalid(at, '<secret contents redacted>', `invalid character '${decoded[0] ?? ''}' looking for beginning of value`);
  }
}

function rules(object, out, namespaced) {
  (object.rules ?? []).forEach((rule, i) => {
    const at = `rules[${i}]`;
    if (!(rule.verbs?.length > 0)) out.required(`${at}.verbs`, 'verbs must contain at least one value');
    if (rule.nonResourceURLs?.length > 0) {
      if (namespaced) out.invalid(`${at}.nonResourceURLs`, rule.nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs');
      else if (rule.apiGroups?.length > 0 || rule.resources?.length > 0 || rule.resourceNames?.length > 0) out.invalid(`${at}.nonResourceURLs`, rule.nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs');
      return;
    }
    if (!(rule.apiGroups?.length > 0)) out.required(`${at}.apiGroups`, 'resource rules must supply at least one api group');
    if (!(rule.resources?.length > 0)) out.required(`${at}.resources`, 'resource rules must supply at least one resource');
  });
}

const rbacGroup = 'rbac.authorization.k8s.io';
function binding(object, out, kinds) {
  const { roleRef = {} } = object;
  if (roleRef.apiGroup !== rbacGroup) out.unsupported('roleRef.apiGroup', roleRef.apiGroup ?? '', [rbacGroup]);
  out.oneOf('roleRef.kind', roleRef.kind ?? '', kinds);
  if (!roleRef.name) out.required('roleRef.name');
  (object.subjects ?? []).forEach((subject, i) => {
    const at = `subjects[${i}]`;
    if (!subject.name) out.required(`${at}.name`);
    if (subject.kind === 'ServiceAccount') {
      if (subject.name) out.check(`${at}.name`, subject.name, dnsSubdomain);
      if (subject.apiGroup) out.unsupported(`${at}.apiGroup`, subject.apiGroup, ['']);
      if (!subject.namespace && object.kind === 'ClusterRoleBinding') out.required(`${at}.namespace`);
    } else if (subject.kind === 'User' || subject.kind === 'Group') {
      if (subject.apiGroup !== rbacGroup) out.unsupported(`${at}.apiGroup`, subject.apiGroup ?? '', [rbacGroup]);
    } else {
      out.unsupported(`${at}.kind`, subject.kind ?? '', ['ServiceAccount', 'User', 'Group']);
    }
  });
}

function disruptionBudget({ spec }, out) {
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    out.invalid('spec', { MinAvailable: spec.minAvailable, Selector: spec.selector ?? null, MaxUnavailable: spec.maxUnavailable, UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null }, 'minAvailable and maxUnavailable cannot be both set');
  }
  for (const name of ['minAvailable', 'maxUnavailable']) {
    share(out, `spec.${name}`, spec[name]);
    if (/^\d+%$/.test(spec[name]) && parseInt(spec[name]) > 100) out.invalid(`spec.${name}`, spec[name], 'must not be greater than 100%');
  }
  selector(out, 'spec.selector', spec.selector);
}

function autoscaler({ spec, apiVersion }, out) {
  if (spec.minReplicas < 1) out.invalid('spec.minReplicas', spec.minReplicas, 'must be greater than or equal to 1');
  if (!(spec.maxReplicas > 0)) out.invalid('spec.maxReplicas', spec.maxReplicas ?? 0, 'must be greater than 0');
  else if (spec.maxReplicas < spec.minReplicas) out.invalid('spec.maxReplicas', spec.maxReplicas, 'must be greater than or equal to `minReplicas`');
  const target = spec.scaleTargetRef ?? {};
  for (const name of ['kind', 'name']) if (!target[name]) out.required(`spec.scaleTargetRef.${name}`);
  if (!target.apiVersion) out.invalid('spec.scaleTargetRef.apiVersion', '', 'apiVersion must specify API group');
  if (spec.minReplicas === 0) out.forbidden('spec.metrics', 'must specify at least one Object or External metric to support scaling to zero replicas');
  if (apiVersion === 'autoscaling/v1') return;
  (spec.metrics ?? []).forEach((metric, i) => {
    const known = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
    out.oneOf(`spec.metrics[${i}].type`, metric.type ?? '', known);
  });
}

function networkPolicy({ spec }, out) {
  selector(out, 'spec.podSelector', spec.podSelector);
  for (const [list, peers] of [['ingress', 'from'], ['egress', 'to']]) {
    (spec[list] ?? []).forEach((rule, i) => {
      (rule.ports ?? []).forEach((port, j) => {
        const at = `spec.${list}[${i}].ports[${j}]`;
        if (port.protocol) out.oneOf(`${at}.protocol`, port.protocol, protocols);
        if (typeof port.port === 'number') out.between(`${at}.port`, port.port, 1, 65535);
        else if (port.port !== undefined) out.check(`${at}.port`, port.port, portName);
      });
      (rule[peers] ?? []).forEach((peer, j) => {
        const at = `spec.${list}[${i}].${peers}[${j}]`;
        if (!peer.podSelector && !peer.namespaceSelector && !peer.ipBlock) out.required(at, 'must specify a peer');
        if (peer.ipBlock && !/^[0-9a-fA-F:.]+\/\d+$/.test(peer.ipBlock.cidr ?? '')) out.invalid(`${at}.ipBlock.cidr`, peer.ipBlock.cidr ?? '', 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)');
        selector(out, `${at}.podSelector`, peer.podSelector);
        selector(out, `${at}.namespaceSelector`, peer.namespaceSelector);
      });
    });
  }
  (spec.policyTypes ?? []).forEach((type, i) => out.oneOf(`spec.policyTypes[${i}]`, type, ['Ingress', 'Egress']));
}

function ingress({ spec }, out) {
  if (!(spec.rules?.length > 0) && !spec.defaultBackend) out.invalid('spec', null, 'either `defaultBackend` or `rules` must be specified');
  (spec.rules ?? []).forEach((rule, i) => {
    if (rule.host) out.check(`spec.rules[${i}].host`, rule.host.replace(/^\*\./, ''), dnsSubdomain);
    if (rule.http && !(rule.http.paths?.length > 0)) out.required(`spec.rules[${i}].http.paths`);
    (rule.http?.paths ?? []).forEach((path, j) => {
      const at = `spec.rules[${i}].http.paths[${j}]`;
      if (path.pathType === undefined) return out.required(`${at}.pathType`, 'pathType must be specified');
      if (!['Exact', 'ImplementationSpecific', 'Prefix'].includes(path.pathType)) out.unsupported(`${at}.pathType`, path.pathType, ['Exact', 'ImplementationSpecific', 'Prefix']);
      else if (!path.path?.startsWith('/') && path.pathType !== 'ImplementationSpecific') out.invalid(`${at}.path`, path.path ?? '', 'must be an absolute path');
      backend(path.backend ?? {}, `${at}.backend`, out);
    });
  });
  if (spec.defaultBackend) backend(spec.defaultBackend, 'spec.defaultBackend', out);
}

function backend(of, at, out) {
  if (!of.service && !of.resource) return out.required(at, 'resource or service backend is required');
  if (!of.service) return undefined;
  if (!of.service.name) out.required(`${at}.service.name`);
  else out.check(`${at}.service.name`, of.service.name, dnsLabel1035);
  if (!of.service.port?.name && !of.service.port?.number) out.required(`${at}.service`, 'port name or number is required');
  return undefined;
}

const quotaNames = /^(pods|services|services\.(loadbalancers|nodeports)|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|cpu|memory|storage|ephemeral-storage|hugepages-\S+|(requests|limits)\.\S+|count\/\S+|.+\.storageclass\.storage\.k8s\.io\/\S+)$/;
function quota({ spec }, out) {
  for (const [name, quantity] of Object.entries(spec.hard ?? {})) {
    const at = `spec.hard[${name}]`;
    if (name.includes('/')) out.check(at, name, labelKey);
    else if (!quotaNames.test(name)) {
      out.invalid(at, name, 'must be a standard resource type or fully qualified');
      out.invalid(at, name, 'must be a standard resource for quota');
    }
    if (nanosOf(quantity) < 0n) out.invalid(at, canonicalQuantity(quantity), 'must be greater than or equal to 0');
  }
}

function limitRange({ spec }, out) {
  (spec.limits ?? []).forEach((item, i) => {
    const at = `spec.limits[${i}]`;
    if (item.type === 'PersistentVolumeClaim' && item.min?.storage === undefined && item.max?.storage === undefined) {
      out.required(`${at}.limits`, 'either minimum or maximum storage value is required, but neither was provided');
    }
    for (const [name, least] of Object.entries(item.min ?? {})) {
      const beyond = (list, field, shown, words) => {
        const value = item[list]?.[name];
        if (value !== undefined && nanosOf(least) > nanosOf(value)) out.invalid(`${at}.${field}[${name}]`, shown === 'min' ? least : value, `min value ${least} is greater than ${words} ${value}`);
      };
      beyond('max', 'min', 'min', 'max value');
      beyond('defaultRequest', 'defaultRequest', 'value', 'default request value');
      beyond('default', 'default', 'min', 'default value');
    }
  });
}

// k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation, what clients run into.
function definition({ metadata, spec }, out) {
  const { group, names = {}, scope, versions = [] } = spec;
  if (metadata.name !== `${names.plural}.${group}`) out.invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group');
  if (!group) out.required('spec.group');
  out.oneOf('spec.scope', scope ?? '', ['Cluster', 'Namespaced']);
  versions.forEach(({ schema }, i) => {
    if (!schema?.openAPIV3Schema) out.required(`spec.versions[${i}].schema.openAPIV3Schema`);
  });
  if (versions.filter(({ storage }) => storage).length !== 1) {
    out.invalid('spec.versions', versions.map((of) => ({ Name: of.name, Served: of.served ?? false, Storage: of.storage ?? false, Deprecated: of.deprecated ?? false,
      DeprecationWarning: of.deprecationWarning ?? null, Schema: of.schema ?? null, Subresources: of.subresources ?? null,
      AdditionalPrinterColumns: of.additionalPrinterColumns ?? null, SelectableFields: of.selectableFields ?? null })), 'must have exactly one version marked as storage version');
  }
  for (const name of ['plural', 'kind']) if (!names[name]) out.required(`spec.names.${name}`);
}

/** kind → (object, findings). */
export const kinds = {
  Service: service,
  ConfigMap: configMap,
  Secret: secret,
  Role: (object, out) => rules(object, out, true),
  ClusterRole: (object, out) => rules(object, out, false),
  RoleBinding: (object, out) => binding(object, out, ['Role', 'ClusterRole']),
  ClusterRoleBinding: (object, out) => binding(object, out, ['ClusterRole']),
  PodDisruptionBudget: disruptionBudget,
  HorizontalPodAutoscaler: autoscaler,
  NetworkPolicy: networkPolicy,
  Ingress: ingress,
  ResourceQuota: quota,
  LimitRange: limitRange,
  CustomResourceDefinition: definition,
  Lease({ spec }, out) {
    if (spec.leaseDurationSeconds <= 0) out.invalid('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0');
    if (spec.leaseTransitions < 0) out.invalid('spec.leaseTransitions', spec.leaseTransitions, 'must be greater than or equal to 0');
  },
  PriorityClass(object, out) {
    const { name } = object.metadata;
    if (name.startsWith('system-')) out.forbidden('metadata.name', `priority class names with 'system-' prefix are reserved for system use only. error: ${name} is not a known system priority class`);
    else if (object.value > 1000000000) out.forbidden('value', 'maximum allowed value of a user defined priority is 1000000000');
    out.oneOf('preemptionPolicy', object.preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  },
};
