// Pods and their templates: pkg/apis/core/validation/validation.go, ValidatePodSpec.

import { backsteps, belowPath, configKey, dnsLabel, dnsSubdomain, environmentName, labelKey, labels, portName, selector } from './findings.mjs';
import { nanosOf, canonicalQuantity } from './quantity.mjs';
import { claimSpec } from './validate_storage.mjs';

const protocols = ['SCTP', 'TCP', 'UDP'];

export function validatePodSpec(spec, at, out, options = {}) {
  const volumes = new Map();
  // A claim template takes the place of a volume of its name.
  (spec.volumes ?? []).forEach((volume, i) => { if (!options.claims?.includes(volume.name)) validateVolume(volume, `${at}.volumes[${i}]`, out, volumes); });
  for (const name of options.claims ?? []) volumes.set(name, { name, persistentVolumeClaim: { claimName: name } });
  validateContainers(spec, at, out, volumes);
  out.oneOf(`${at}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
  out.oneOf(`${at}.dnsPolicy`, spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']);
  if (spec.terminationGracePeriodSeconds === undefined) out.required(`${at}.terminationGracePeriodSeconds`);
  labels(out, `${at}.nodeSelector`, spec.nodeSelector);
  validateSecurity(spec, at, out);
  validatePlacement(spec, at, out);
  if (spec.serviceAccountName) out.check(`${at}.serviceAccountName`, spec.serviceAccountName, dnsSubdomain);
  if (spec.nodeName) out.check(`${at}.nodeName`, spec.nodeName, dnsSubdomain);
  out.between(`${at}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 1, 2147483647);
  if (spec.hostname) out.check(`${at}.hostname`, spec.hostname, dnsLabel);
  if (spec.subdomain) out.check(`${at}.subdomain`, spec.subdomain, (text) => text.includes('.') ? ['must not contain dots'] : dnsLabel(text));
  if (spec.priorityClassName) out.check(`${at}.priorityClassName`, spec.priorityClassName, dnsSubdomain);
  if (spec.runtimeClassName) out.check(`${at}.runtimeClassName`, spec.runtimeClassName, dnsSubdomain);
}

function validateSecurity(spec, at, out) {
  const own = spec.securityContext ?? {};
  for (const name of ['runAsUser', 'runAsGroup', 'fsGroup']) out.between(`${at}.securityContext.${name}`, own[name], 0, 2147483647);
  if (own.fsGroupChangePolicy !== undefined) out.oneOf(`${at}.securityContext.fsGroupChangePolicy`, own.fsGroupChangePolicy, ['Always', 'OnRootMismatch']);
}

// Volumes -------------------------------------------------------------------------------------------------

// A volume that is refused is none that a mount could name.
function validateVolume(volume, at, out, seen) {
  const before = out.list.length;
  if (!volume.name) out.required(`${at}.name`);
  else if (dnsLabel(volume.name).length > 0) out.check(`${at}.name`, volume.name, dnsLabel);
  else if (seen.has(volume.name)) out.duplicate(`${at}.name`, volume.name);
  const kinds = Object.keys(volume).filter((name) => name !== 'name');
  // In the order of the Go struct only the first is looked at, any other is one too many.
  const ordered = volumeOrder.filter((name) => kinds.includes(name)).concat(kinds.filter((name) => !volumeOrder.includes(name)));
  ordered.slice(1).forEach((name) => out.forbidden(`${at}.${name}`, 'may not specify more than 1 volume type'));
  if (ordered.length > 0) volumeChecks[ordered[0]]?.(volume[ordered[0]], `${at}.${ordered[0]}`, out, volume);
  if (out.list.length === before) seen.set(volume.name, volume);
}

const volumeOrder = ['emptyDir', 'hostPath', 'gitRepo', 'gcePersistentDisk', 'awsElasticBlockStore', 'secret', 'nfs', 'iscsi', 'glusterfs', 'flocker',
  'persistentVolumeClaim', 'rbd', 'cinder', 'cephfs', 'quobyte', 'downwardAPI', 'fc', 'flexVolume', 'azureFile', 'configMap', 'vsphereVolume', 'portworxVolume',
  'azureDisk', 'storageos', 'projected', 'scaleIO', 'csi', 'ephemeral', 'image'];

export function hostPath(of, at, out) {
  if (!of.path) out.required(`${at}.path`);
  else backsteps(out, `${at}.path`, of.path);
  out.oneOf(`${at}.type`, of.type ?? '', ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']);
}
export function nfs(of, at, out) {
  if (!of.server) out.required(`${at}.server`);
  if (!of.path) out.required(`${at}.path`);
  if (!of.path?.startsWith('/')) out.invalid(`${at}.path`, of.path ?? '', 'must be an absolute path');
}

function mode(of, field, out) {
  if (of !== undefined && (of < 0 || of > 0o777)) out.invalid(field, of, 'must be a number between 0 and 0777 (octal), both inclusive');
}

function keys(of, at, out) {
  mode(of.defaultMode, `${at}.defaultMode`, out);
  (of.items ?? []).forEach((item, i) => {
    if (!item.key) out.required(`${at}.items[${i}].key`);
    if (!item.path) out.required(`${at}.items[${i}].path`);
    else belowPath(out, `${at}.items[${i}].path`, item.path);
    mode(item.mode, `${at}.items[${i}].mode`, out);
  });
}

const volumeChecks = {
  hostPath,
  nfs,
  emptyDir(of, at, out) {
    if (of.sizeLimit !== undefined && nanosOf(of.sizeLimit) < 0n) out.forbidden(`${at}.sizeLimit`, 'SizeLimit field must be a valid resource quantity');
  },
  secret(of, at, out) {
    if (!of.secretName) out.required(`${at}.secretName`);
    keys(of, at, out);
  },
  configMap(of, at, out) {
    if (!of.name) out.required(`${at}.name`);
    keys(of, at, out);
  },
  persistentVolumeClaim(of, at, out) {
    if (!of.claimName) out.required(`${at}.claimName`);
  },
  csi(of, at, out) {
    if (!of.driver) out.required(`${at}.driver`);
  },
  downwardAPI(of, at, out) {
    mode(of.defaultMode, `${at}.defaultMode`, out);
    downward(of.items, at, out);
  },
  projected(of, at, out) {
    mode(of.defaultMode, `${at}.defaultMode`, out);
    const paths = new Set();
    (of.sources ?? []).forEach((source, i) => {
      const own = `${at}.sources[${i}]`;
      if (source.serviceAccountToken && !source.serviceAccountToken.path) out.required(`${own}.serviceAccountToken.path`);
      for (const kind of ['secret', 'configMap']) {
        if (!source[kind]) continue;
        if (!source[kind].name) out.required(`${own}.${kind}.name`);
        keys(source[kind], `${own}.${kind}`, out);
        (source[kind].items ?? []).forEach(({ path }) => {
          if (paths.has(path)) out.invalid(`${own}.path`, path, `conflicting duplicate paths`);
          paths.add(path);
        });
      }
    });
  },
  ephemeral(of, at, out) {
    if (!of.volumeClaimTemplate) out.required(`${at}.volumeClaimTemplate`);
    else claimSpec(of.volumeClaimTemplate.spec, `${at}.volumeClaimTemplate.spec`, out);
  },
};

function downward(items, at, out) {
  (items ?? []).forEach((item, i) => {
    if (!item.path) out.required(`${at}.path`);
    else belowPath(out, `${at}.path`, item.path);
    if (!item.fieldRef && !item.resourceFieldRef) out.required(`${at}.items[${i}]`, 'one of fieldRef and resourceFieldRef is required');
  });
}

// Containers ----------------------------------------------------------------------------------------------

function validateContainers(spec, at, out, volumes) {
  if (!(spec.containers?.length > 0)) out.required(`${at}.containers`);
  const names = new Set();
  const all = [['containers', spec.containers], ['initContainers', spec.initContainers]];
  for (const [list, containers] of all) {
    (containers ?? []).forEach((container, i) => {
      const own = `${at}.${list}[${i}]`;
      if (!container.name) out.required(`${own}.name`);
      else out.check(`${own}.name`, container.name, dnsLabel);
      if (names.has(container.name)) out.duplicate(`${own}.name`, container.name);
      names.add(container.name);
      validateContainer(container, own, out, volumes, list === 'initContainers');
    });
  }
}

function validateContainer(container, at, out, volumes, init) {
  if (!container.image) out.required(`${at}.image`);
  else if (container.image.trim() !== container.image) out.invalid(`${at}.image`, container.image, 'must not have leading or trailing whitespace');
  out.oneOf(`${at}.terminationMessagePolicy`, container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError']);
  validatePorts(container.ports, `${at}.ports`, out);
  (container.env ?? []).forEach((variable, i) => validateVariable(variable, `${at}.env[${i}]`, out));
  (container.envFrom ?? []).forEach((source, i) => {
    const kinds = ['configMapRef', 'secretRef'].filter((kind) => source[kind]);
    if (kinds.length === 0) out.invalid(`${at}.envFrom[${i}]`, '', 'must specify one of: `configMapRef` or `secretRef`');
    for (const kind of kinds) if (!source[kind].name) out.required(`${at}.envFrom[${i}].${kind}.name`);
  });
  validateMounts(container, at, out, volumes);
  out.oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']);
  validateResources(container.resources ?? {}, `${at}.resources`, out);
  if (container.securityContext?.privileged && container.securityContext.allowPrivilegeEscalation === false) {
    out.invalid(`${at}.securityContext`, internalSecurity(container.securityContext), 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true');
  }
  const sidecar = !init || container.restartPolicy === 'Always';
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    if (!container[name]) continue;
    if (!sidecar) out.forbidden(`${at}.${name}`, 'may not be set for init containers without restartPolicy=Always');
    else validateProbe(container[name], `${at}.${name}`, out, name !== 'readinessProbe');
  }
}

// Structs that messages show are those of the server's inside.
const internalSecurity = (of) => Object.fromEntries(['Capabilities', 'Privileged', 'SELinuxOptions', 'WindowsOptions', 'RunAsUser', 'RunAsGroup', 'RunAsNonRoot',
  'ReadOnlyRootFilesystem', 'AllowPrivilegeEscalation', 'ProcMount', 'SeccompProfile', 'AppArmorProfile'].map((name) => [name, of[name[0].toLowerCase() + name.slice(1)] ?? null]));

function validatePorts(ports = [], at, out) {
  const names = new Set();
  ports.forEach((port, i) => {
    const own = `${at}[${i}]`;
    if (port.name) {
      const details = portName(port.name);
      for (const detail of details) out.invalid(`${own}.name`, port.name, detail);
      if (details.length === 0 && names.has(port.name)) out.duplicate(`${own}.name`, port.name);
      names.add(port.name);
    }
    if (!port.containerPort) out.required(`${own}.containerPort`);
    else out.between(`${own}.containerPort`, port.containerPort, 1, 65535);
    if (port.hostPort) out.between(`${own}.hostPort`, port.hostPort, 1, 65535);
    out.oneOf(`${own}.protocol`, port.protocol, protocols);
  });
}

const variableSources = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'];
const fieldPaths = /^(metadata\.(name|namespace|uid|labels\['[^']+'\]|annotations\['[^']+'\])|spec\.(nodeName|serviceAccountName)|status\.(hostIP|hostIPs|podIP|podIPs))$/;

function validateVariable(variable, at, out) {
  if (!variable.name) out.required(`${at}.name`);
  else out.check(`${at}.name`, variable.name, environmentName);
  const from = variable.valueFrom;
  if (!from) return;
  const kinds = variableSources.filter((kind) => from[kind]);
  if (kinds.length === 0) out.invalid(`${at}.valueFrom`, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`');
  else if (variable.value) out.invalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty');
  if (kinds.length > 1) out.invalid(`${at}.valueFrom`, '', 'may not have more than one field specified at a time');
  if (from.fieldRef) {
    if (!from.fieldRef.fieldPath) out.required(`${at}.valueFrom.fieldRef.fieldPath`);
    else if (!fieldPaths.test(from.fieldRef.fieldPath)) out.invalid(`${at}.valueFrom.fieldRef.fieldPath`, from.fieldRef.fieldPath, `error converting fieldPath: field label not supported: ${from.fieldRef.fieldPath}`);
  }
  for (const kind of ['configMapKeyRef', 'secretKeyRef']) {
    if (!from[kind]) continue;
    out.check(`${at}.valueFrom.${kind}.name`, from[kind].name ?? '', dnsSubdomain);
    if (!from[kind].key) out.required(`${at}.valueFrom.${kind}.key`);
    else out.check(`${at}.valueFrom.${kind}.key`, from[kind].key, configKey);
  }
}

function validateMounts(container, at, out, volumes) {
  const paths = new Set();
  (container.volumeMounts ?? []).forEach((mount, i) => {
    const own = `${at}.volumeMounts[${i}]`;
    if (!mount.name) out.required(`${own}.name`);
    if (!volumes.has(mount.name)) out.notFound(`${own}.name`, mount.name ?? '');
    if (!mount.mountPath) out.required(`${own}.mountPath`);
    else if (paths.has(mount.mountPath)) out.invalid(`${own}.mountPath`, mount.mountPath, 'must be unique');
    paths.add(mount.mountPath);
    // The real server names this field without the index of the mount.
    for (const name of ['subPath', 'subPathExpr']) if (mount[name]) belowPath(out, `${at}.volumeMounts.${name}`, mount[name]);
    if (mount.subPath && mount.subPathExpr) out.invalid(`${own}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive');
  });
  (container.volumeDevices ?? []).forEach((device, i) => {
    const own = `${at}.volumeDevices[${i}]`;
    const volume = volumes.get(device.name);
    if (!device.name) out.required(`${own}.name`);
    else if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      out.invalid(`${own}.name`, device.name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode');
    } else if (!volume) out.notFound(`${own}.name`, device.name);
    if (!device.devicePath) out.required(`${own}.devicePath`);
    else if (paths.has(device.devicePath)) out.invalid(`${own}.devicePath`, device.devicePath, 'must not already exist in volumeMounts');
  });
}

const standard = new Set(['cpu', 'memory', 'ephemeral-storage']);
const isHuge = (name) => name.startsWith('hugepages-');
const isNative = (name) => !name.includes('/') || name.includes('kubernetes.io/');

function validateResources({ limits = {}, requests = {} }, at, out) {
  for (const [list, of] of [['limits', limits], ['requests', requests]]) {
    for (const [name, quantity] of Object.entries(of)) {
      const own = `${at}.${list}[${name}]`;
      if (!name.includes('/') && !standard.has(name) && !isHuge(name)) {
        out.invalid(own, name, 'must be a standard resource type or fully qualified');
        out.invalid(own, name, 'must be a standard resource for containers');
      } else {
        out.check(own, name, labelKey);
      }
      if (nanosOf(quantity) < 0n) out.invalid(own, canonicalQuantity(quantity), 'must be greater than or equal to 0');
      else if (!isNative(name) && nanosOf(quantity) % 1000000000n !== 0n) out.invalid(own, canonicalQuantity(quantity), 'must be an integer');
    }
  }
  for (const [name, quantity] of Object.entries(requests)) {
    const fixed = !isNative(name) || isHuge(name);
    if (limits[name] === undefined) {
      if (fixed) out.required(`${at}.limits`, 'Limit must be set for non overcommitable resources');
    } else if (fixed && nanosOf(limits[name]) !== nanosOf(quantity)) {
      out.invalid(`${at}.requests`, quantity, `must be equal to ${name} limit of ${limits[name]}`);
    } else if (nanosOf(quantity) > nanosOf(limits[name])) {
      out.invalid(`${at}.requests`, quantity, `must be less than or equal to ${name} limit of ${limits[name]}`);
    }
  }
  const all = { ...limits, ...requests };
  if (Object.keys(all).some(isHuge) && all.cpu === undefined && all.memory === undefined) out.forbidden(at, 'HugePages require cpu or memory');
}

function validateProbe(probe, at, out, once) {
  const kinds = ['exec', 'httpGet', 'tcpSocket', 'grpc'].filter((kind) => probe[kind]);
  if (kinds.length === 0) out.required(at, 'must specify a handler type');
  kinds.slice(1).forEach((kind) => out.forbidden(`${at}.${kind}`, 'may not specify more than 1 handler type'));
  if (probe.exec && !(probe.exec.command?.length > 0)) out.required(`${at}.exec.command`);
  for (const kind of ['httpGet', 'tcpSocket', 'grpc']) {
    const port = probe[kind]?.port;
    if (typeof port === 'number') out.between(`${at}.${kind}.port`, port, 1, 65535);
    else if (typeof port === 'string') out.check(`${at}.${kind}.port`, port, portName);
  }
  for (const name of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold']) out.atLeast(`${at}.${name}`, probe[name], 0);
  if (once && probe.successThreshold !== 1) out.invalid(`${at}.successThreshold`, probe.successThreshold, 'must be 1');
}

// Placement -----------------------------------------------------------------------------------------------

export function nodeTerms(of, at, out) {
  if (!(of.nodeSelectorTerms?.length > 0)) return out.required(`${at}.nodeSelectorTerms`, 'must have at least one node selector term');
  of.nodeSelectorTerms.forEach((term, i) => nodeTerm(term, `${at}.nodeSelectorTerms[${i}]`, out));
}

function nodeTerm(term, at, out) {
  for (const list of ['matchExpressions', 'matchFields']) {
    (term[list] ?? []).forEach((rule, i) => {
      const own = `${at}.${list}[${i}]`;
      if (['In', 'NotIn'].includes(rule.operator)) {
        if (!(rule.values?.length > 0)) out.required(`${own}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
      } else if (['Exists', 'DoesNotExist'].includes(rule.operator)) {
        if (rule.values?.length > 0) out.forbidden(`${own}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      } else if (['Gt', 'Lt'].includes(rule.operator)) {
        if (rule.values?.length !== 1) out.required(`${own}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'");
      } else {
        out.invalid(`${own}.operator`, rule.operator ?? '', 'not a valid selector operator');
      }
      if (list === 'matchExpressions') out.check(`${own}.key`, rule.key ?? '', labelKey);
    });
  }
}

function validatePlacement(spec, at, out) {
  (spec.tolerations ?? []).forEach((of, i) => {
    const own = `${at}.tolerations[${i}]`;
    if (of.key) out.check(`${own}.key`, of.key, labelKey);
    else if (of.operator !== 'Exists') out.invalid(`${own}.operator`, of.operator ?? '', "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
    if (of.tolerationSeconds !== undefined && of.effect !== 'NoExecute') out.invalid(`${own}.effect`, of.effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set");
    if (of.operator === 'Exists' && of.value) out.invalid(`${own}.operator`, of.value, "value must be empty when `operator` is 'Exists'");
    if (of.operator && !['Equal', 'Exists'].includes(of.operator)) out.unsupported(`${own}.operator`, of.operator, ['Equal', 'Exists']);
    if (of.effect) out.oneOf(`${own}.effect`, of.effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']);
  });
  const { nodeAffinity, podAffinity, podAntiAffinity } = spec.affinity ?? {};
  const required = 'requiredDuringSchedulingIgnoredDuringExecution', preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
  if (nodeAffinity?.[required]) nodeTerms(nodeAffinity[required], `${at}.affinity.nodeAffinity.${required}`, out);
  for (const [name, of] of [['podAffinity', podAffinity], ['podAntiAffinity', podAntiAffinity]]) {
    (of?.[required] ?? []).forEach((term, i) => podTerm(term, `${at}.affinity.${name}.${required}[${i}]`, out));
    (of?.[preferred] ?? []).forEach(({ podAffinityTerm = {}, weight }, i) => {
      const own = `${at}.affinity.${name}.${preferred}[${i}]`;
      if (weight <= 0 || weight > 100) out.invalid(`${own}.weight`, weight, 'must be in the range 1-100');
      podTerm(podAffinityTerm, `${own}.podAffinityTerm`, out);
    });
  }
  (spec.topologySpreadConstraints ?? []).forEach((of, i) => {
    const own = `${at}.topologySpreadConstraints[${i}]`;
    if (!(of.maxSkew > 0)) out.invalid(`${own}.maxSkew`, of.maxSkew ?? 0, 'must be greater than zero');
    if (!of.topologyKey) out.required(`${own}.topologyKey`, 'can not be empty');
    else out.check(`${own}.topologyKey`, of.topologyKey, labelKey);
    out.oneOf(`${own}.whenUnsatisfiable`, of.whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']);
    selector(out, `${own}.labelSelector`, of.labelSelector);
  });
}

function podTerm(term, at, out) {
  selector(out, `${at}.labelSelector`, term.labelSelector);
  if (!term.topologyKey) out.required(`${at}.topologyKey`, 'can not be empty');
  out.check(`${at}.topologyKey`, term.topologyKey ?? '', labelKey);
}
