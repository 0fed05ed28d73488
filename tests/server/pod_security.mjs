// PodSecurity: the levels that a namespace asks for by label (k8s.io/pod-security-admission, policy/check_*.go).

import { forbidden } from './status.mjs';

const kPrefix = 'pod-security.kubernetes.io/';
const kBaselineCapabilities = ['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'];
const kRestrictedVolumes = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret'];

const quoted = (names) => names.map((name) => JSON.stringify(name)).join(', ');
const containersOf = (spec) => [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
const word = (one, names) => `${one}${names.length > 1 ? 's' : ''} ${quoted(names)}`;
const named = (list) => list.map(({ name }) => name);
const verbed = (names, text) => `${word('container', names)} ${text}`;

// Each answers '' or the reason with its detail.
const kBaseline = [
  (spec) => {
    const used = ['hostNetwork', 'hostPID', 'hostIPC'].filter((name) => spec[name]);
    return used.length ? `host namespaces (${used.map((name) => `${name}=true`).join(', ')})` : '';
  },
  (spec) => {
    const bad = containersOf(spec).filter((one) => one.securityContext?.privileged);
    return bad.length ? `privileged (${verbed(named(bad), 'must not set securityContext.privileged=true')})` : '';
  },
  (spec) => {
    const odd = (one) => (one.securityContext?.capabilities?.add ?? []).filter((name) => !kBaselineCapabilities.includes(name));
    const bad = containersOf(spec).filter((one) => odd(one).length);
    const names = [...new Set(bad.flatMap(odd))].sort();
    return bad.length ? `non-default capabilities (${verbed(named(bad), `must not include ${quoted(names)} in securityContext.capabilities.add`)})` : '';
  },
  (spec) => {
    const bad = (spec.volumes ?? []).filter((volume) => volume.hostPath);
    return bad.length ? `hostPath volumes (${word('volume', named(bad))})` : '';
  },
  (spec) => {
    const ports = (one) => (one.ports ?? []).filter((port) => port.hostPort).map((port) => port.hostPort);
    const bad = containersOf(spec).filter((one) => ports(one).length);
    const all = [...new Set(bad.flatMap(ports))];
    return bad.length ? `hostPort (${verbed(named(bad), `use${bad.length > 1 ? '' : 's'} hostPort${all.length > 1 ? 's' : ''} ${all.join(', ')}`)})` : '';
  },
];

const kRestricted = [
  (spec) => {
    const bad = containersOf(spec).filter((one) => one.securityContext?.allowPrivilegeEscalation !== false);
    return bad.length ? `allowPrivilegeEscalation != false (${verbed(named(bad), 'must set securityContext.allowPrivilegeEscalation=false')})` : '';
  },
  (spec) => {
    const bad = containersOf(spec).filter((one) => !one.securityContext?.capabilities?.drop?.includes('ALL'));
    return bad.length ? `unrestricted capabilities (${verbed(named(bad), 'must set securityContext.capabilities.drop=["ALL"]')})` : '';
  },
  (spec) => {
    const bad = (spec.volumes ?? []).filter((volume) => !Object.keys(volume).some((key) => kRestrictedVolumes.includes(key)));
    const types = [...new Set(bad.map((volume) => Object.keys(volume).find((key) => key !== 'name')))];
    return bad.length ? `restricted volume types (${word('volume', named(bad))} ${bad.length > 1 ? 'use' : 'uses'} restricted volume type${types.length > 1 ? 's' : ''} ${quoted(types)})` : '';
  },
  (spec) => {
    if (spec.securityContext?.runAsNonRoot) {
      const bad = containersOf(spec).filter((one) => one.securityContext?.runAsNonRoot === false);
      return bad.length ? `runAsNonRoot != true (${verbed(named(bad), 'must not set securityContext.runAsNonRoot=false')})` : '';
    }
    const bad = containersOf(spec).filter((one) => one.securityContext?.runAsNonRoot !== true);
    return bad.length ? `runAsNonRoot != true (pod or ${verbed(named(bad), 'must set securityContext.runAsNonRoot=true')})` : '';
  },
  (spec) => {
    const bad = containersOf(spec).filter((one) => one.securityContext?.runAsUser === 0);
    const pod = spec.securityContext?.runAsUser === 0 ? ['pod'] : [];
    const who = [...pod, ...(bad.length ? [word('container', named(bad))] : [])];
    return who.length ? `runAsUser=0 (${who.join(' and ')} must not set runAsUser=0)` : '';
  },
  (spec) => {
    const fine = (context) => ['RuntimeDefault', 'Localhost'].includes(context?.seccompProfile?.type);
    if (fine(spec.securityContext)) return '';
    const bad = containersOf(spec).filter((one) => !fine(one.securityContext));
    return bad.length ? `seccompProfile (pod or ${verbed(named(bad), 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"')})` : '';
  },
];

const checksOf = (level) => (level === 'baseline' ? kBaseline : level === 'restricted' ? [...kBaseline, ...kRestricted] : []);

// '' or `baseline:latest": …` as both messages end.
function violation(labels, mode, spec) {
  const level = labels[`${kPrefix}${mode}`];
  const found = checksOf(level).map((check) => check(spec)).filter(Boolean);
  return found.length ? `PodSecurity ${JSON.stringify(`${level}:${labels[`${kPrefix}${mode}-version`] ?? 'latest'}`)}: ${found.join(', ')}` : '';
}

const templateOf = ({ kind, spec, template }) => (kind === 'Pod' ? spec : kind === 'CronJob' ? spec?.jobTemplate?.spec?.template?.spec : (spec?.template ?? template)?.spec);

// Pods are refused, what makes pods is only warned of.
export function checkPodSecurity(operations, call, object) {
  const labels = operations.store.get('namespaces', object.metadata.namespace ?? '')?.metadata.labels ?? {};
  const spec = templateOf(object);
  if (!spec?.containers) return;
  if (object.kind === 'Pod') {
    const found = violation(labels, 'enforce', spec);
    if (found) throw forbidden(call.resource, object.metadata.name, `violates ${found}`);
  }
  const warning = violation(labels, 'warn', spec);
  if (warning) call.warnings.push(`would violate ${warning}`);
}
