// Workloads: pkg/apis/apps/validation and pkg/apis/batch/validation.

import { byKeys, dnsLabel, isEmptySelector, isZeroShare, labels, same, selector, selects, share } from './findings.mjs';
import { validatePodSpec } from './validate_pod.mjs';
import { claimSpec } from './validate_storage.mjs';

function template(of, at, out, options) {
  labels(out, `${at}.labels`, of.metadata.labels);
  for (const key of Object.keys(of.metadata.annotations ?? {})) if (key === '') out.invalid(`${at}.annotations`, key, 'name part must be non-empty');
  validatePodSpec(of.spec, `${at}.spec`, out, options);
}

function owned(spec, kind, out) {
  if (!spec.selector) out.required('spec.selector');
  else {
    selector(out, 'spec.selector', spec.selector);
    if (isEmptySelector(spec.selector)) out.invalid('spec.selector', {}, `empty selector is invalid for ${kind}`);
  }
}

function matching(spec, out, at = 'spec') {
  if (!selects(spec.selector, spec.template.metadata.labels)) out.invalid(`${at}.template.metadata.labels`, spec.template.metadata.labels ? byKeys(spec.template.metadata.labels) : null, '`selector` does not match template `labels`');
}

function always(spec, out) {
  if (spec.template.spec.restartPolicy !== 'Always') out.unsupported('spec.template.spec.restartPolicy', spec.template.spec.restartPolicy, ['Always']);
}

const internalStrategy = (of) => ({ Type: of.type, RollingUpdate: of.rollingUpdate ?? null });

export function deployment({ spec }, out) {
  out.atLeast('spec.replicas', spec.replicas, 0);
  owned(spec, 'deployment', out);
  matching(spec, out);
  template(spec.template, 'spec.template', out);
  always(spec, out);
  const { type, rollingUpdate } = spec.strategy;
  if (type === 'Recreate') {
    if (rollingUpdate) out.forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'");
  } else if (type !== 'RollingUpdate') {
    out.unsupported('spec.strategy', internalStrategy(spec.strategy), ['Recreate', 'RollingUpdate']);
  } else {
    const at = 'spec.strategy.rollingUpdate';
    share(out, `${at}.maxUnavailable`, rollingUpdate.maxUnavailable);
    share(out, `${at}.maxSurge`, rollingUpdate.maxSurge);
    if (isZeroShare(rollingUpdate.maxUnavailable) && isZeroShare(rollingUpdate.maxSurge)) out.invalid(`${at}.maxUnavailable`, rollingUpdate.maxUnavailable, 'may not be 0 when `maxSurge` is 0');
  }
  out.atLeast('spec.minReadySeconds', spec.minReadySeconds, 0);
  out.atLeast('spec.revisionHistoryLimit', spec.revisionHistoryLimit, 0);
  out.atLeast('spec.progressDeadlineSeconds', spec.progressDeadlineSeconds, 0);
  if (spec.progressDeadlineSeconds <= (spec.minReadySeconds ?? 0)) out.invalid('spec.progressDeadlineSeconds', spec.progressDeadlineSeconds, 'must be greater than minReadySeconds');
}

export function statefulSet({ spec }, out, context = {}) {
  if (!['OrderedReady', 'Parallel'].includes(spec.podManagementPolicy)) out.invalid('spec.podManagementPolicy', spec.podManagementPolicy, "must be 'OrderedReady' or 'Parallel'");
  const { type, rollingUpdate } = spec.updateStrategy;
  if (type === 'OnDelete') {
    if (rollingUpdate) out.invalid('spec.updateStrategy.rollingUpdate', { Partition: rollingUpdate.partition ?? null, MaxUnavailable: rollingUpdate.maxUnavailable ?? null }, "only allowed for updateStrategy 'RollingUpdate'");
  } else if (type !== 'RollingUpdate') {
    out.invalid('spec.updateStrategy', internalStrategy(spec.updateStrategy), "must be 'RollingUpdate' or 'OnDelete'");
  } else {
    out.atLeast('spec.updateStrategy.rollingUpdate.partition', rollingUpdate?.partition, 0);
  }
  for (const name of ['whenDeleted', 'whenScaled']) out.oneOf(`spec.persistentVolumeClaimRetentionPolicy.${name}`, spec.persistentVolumeClaimRetentionPolicy[name], ['Retain', 'Delete']);
  out.atLeast('spec.replicas', spec.replicas, 0);
  out.atLeast('spec.minReadySeconds', spec.minReadySeconds, 0);
  out.atLeast('spec.ordinals.start', spec.ordinals?.start, 0);
  // What the claims themselves say is looked at when the set is made, and by older servers not even then.
  const strict = Number((context.kubernetes ?? '1.36').split('.')[1]) > 31;
  if (strict && !context.update) (spec.volumeClaimTemplates ?? []).forEach((claim, i) => claimSpec(claim.spec, `spec.volumeClaimTemplates[${i}].spec`, out));
  if (strict && spec.serviceName) out.check('spec.serviceName', spec.serviceName, dnsLabel);
  owned(spec, 'statefulset', out);
  matching(spec, out);
  // The controller gives every pod the claims as volumes; a template that mounts one has not declared it.
  const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name);
  if (strict) claims.forEach((name, i) => {
    if (!name) out.required(`spec.template.spec.volumes[${i}].persistentVolumeClaim.claimName`);
    if (name) out.check(`spec.template.spec.volumes[${i}].name`, name, dnsLabel);
    else out.required(`spec.template.spec.volumes[${i}].name`);
  });
  template(spec.template, 'spec.template', out, { claims });
  always(spec, out);
}

export function daemonSet({ spec }, out) {
  if (!spec.selector) out.required('spec.selector');
  else selector(out, 'spec.selector', spec.selector);
  matching(spec, out);
  if (spec.selector && isEmptySelector(spec.selector)) out.invalid('spec.selector', {}, 'empty selector is invalid for daemonset');
  template(spec.template, 'spec.template', out);
  always(spec, out);
  out.atLeast('spec.minReadySeconds', spec.minReadySeconds, 0);
  const { type, rollingUpdate } = spec.updateStrategy;
  if (type === 'RollingUpdate') {
    const at = 'spec.updateStrategy.rollingUpdate';
    share(out, `${at}.maxUnavailable`, rollingUpdate.maxUnavailable);
    share(out, `${at}.maxSurge`, rollingUpdate.maxSurge);
    const unavailable = isZeroShare(rollingUpdate.maxUnavailable), surge = isZeroShare(rollingUpdate.maxSurge);
    if (unavailable && surge) out.required(`${at}.maxUnavailable`, 'cannot be 0 when maxSurge is 0');
    else if (!unavailable && !surge) out.invalid(`${at}.maxSurge`, rollingUpdate.maxSurge, 'may not be set when maxUnavailable is non-zero');
  } else if (type !== 'OnDelete') {
    out.unsupported('spec.updateStrategy', internalStrategy(spec.updateStrategy), ['RollingUpdate', 'OnDelete']);
  }
}

export function replicaSet({ spec }, out) {
  out.atLeast('spec.replicas', spec.replicas, 0);
  owned(spec, 'deployment', out);
  if (spec.selector) {
    matching(spec, out);
    template(spec.template, 'spec.template', out);
    always(spec, out);
  }
}

const generated = { matchLabels: {} };

export function jobSpec(spec, at, out, manual) {
  for (const name of ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished', 'backoffLimitPerIndex', 'maxFailedIndexes']) out.atLeast(`${at}.${name}`, spec[name], 0);
  if (!['NonIndexed', 'Indexed'].includes(spec.completionMode) && spec.completionMode !== undefined) out.unsupported(`${at}.completionMode`, spec.completionMode, ['NonIndexed', 'Indexed']);
  if (spec.completionMode === 'Indexed') {
    if (spec.completions === undefined) out.required(`${at}.completions`, `when completion mode is Indexed`);
    if (spec.parallelism > 100000) out.invalid(`${at}.parallelism`, spec.parallelism, 'must be less than or equal to 100000 when completion mode is Indexed');
  } else {
    for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes']) if (spec[name] !== undefined) out.invalid(`${at}.${name}`, spec[name], 'requires indexed completion mode');
  }
  (spec.podFailurePolicy?.rules ?? []).forEach((rule, i) => {
    if (!rule.onExitCodes && !(rule.onPodConditions?.length > 0)) out.list.push({ reason: 'FieldValueInvalid', field: `${at}.podFailurePolicy.rules[${i}]`, message: 'Invalid value: specifying one of OnExitCodes and OnPodConditions is required' });
  });
  if (spec.podReplacementPolicy !== undefined) {
    const known = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
    out.oneOf(`${at}.podReplacementPolicy`, spec.podReplacementPolicy, known);
  }
  template(spec.template, `${at}.template`, out);
  const policy = spec.template.spec.restartPolicy;
  if (policy === 'Always') out.required(`${at}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"');
  else if (!['OnFailure', 'Never'].includes(policy)) out.unsupported(`${at}.template.spec.restartPolicy`, policy, ['OnFailure', 'Never']);
  else if (spec.podFailurePolicy && policy !== 'Never') out.invalid(`${at}.template.spec.restartPolicy`, policy, 'only "Never" is supported when podFailurePolicy is specified');
}

export function job({ spec, metadata }, out) {
  if (!spec.manualSelector) {
    const own = { 'batch.kubernetes.io/controller-uid': metadata.uid };
    if (spec.selector && !same(spec.selector.matchLabels ?? generated.matchLabels, own) && !same(spec.selector.matchLabels, { 'controller-uid': metadata.uid })) {
      out.invalid('spec.selector', { ...spec.selector, matchLabels: byKeys(spec.selector.matchLabels ?? {}) }, '`selector` not auto-generated');
    }
  }
  jobSpec(spec, 'spec', out);
  if (!spec.selector) out.required('spec.selector');
  else selector(out, 'spec.selector', spec.selector);
  matching(spec, out);
}

export function cronJob({ spec, metadata }, out) {
  if (metadata.name.length > 52) out.invalid('metadata.name', metadata.name, 'must be no more than 52 characters');
  if (!spec.schedule) out.required('spec.schedule');
  else for (const detail of scheduleProblems(spec.schedule)) out.invalid('spec.schedule', spec.schedule, detail);
  out.atLeast('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds, 0);
  if (spec.timeZone !== undefined && !isTimeZone(spec.timeZone)) out.invalid('spec.timeZone', spec.timeZone, `unknown time zone ${spec.timeZone}`);
  out.oneOf('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']);
  jobSpec(spec.jobTemplate.spec, 'spec.jobTemplate.spec', out);
  out.atLeast('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit, 0);
  out.atLeast('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit, 0);
}

function scheduleProblems(text) {
  if (/^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every .+)$/.test(text)) return [];
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) return [`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`];
  const names = /^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)$/i;
  for (const field of fields) {
    for (const part of field.split(/[,/-]/)) if (!/^(\*|\?|\d+)$/.test(part) && !names.test(part)) return [`failed to parse int from ${part}: strconv.Atoi: parsing "${part}": invalid syntax`];
  }
  return [];
}

function isTimeZone(name) {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
