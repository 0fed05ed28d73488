// Label and field selectors (k8s.io/apimachinery/pkg/labels/selector.go, fields/selector.go).

import { badRequest, quoted } from './status.mjs';

const kNone = () => true;

// Splits at commas outside of parentheses.
function requirements(text) {
  const parts = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    else if (text[at] === ')') depth -= 1;
    else if (at === text.length || (text[at] === ',' && depth === 0)) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return parts.filter((part) => part !== '');
}

const kKey = '((?:[a-zA-Z0-9.-]+/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)';
const kForms = [
  [new RegExp(`^${kKey}\\s*(?:==|=)\\s*([-A-Za-z0-9_.]*)$`), ([, key, value]) => (labels) => labels[key] === value],
  [new RegExp(`^${kKey}\\s*!=\\s*([-A-Za-z0-9_.]*)$`), ([, key, value]) => (labels) => labels[key] !== value],
  [new RegExp(`^${kKey}\\s+in\\s*\\(([^()]*)\\)$`), ([, key, list]) => {
    const values = list.split(',').map((value) => value.trim());
    return (labels) => labels[key] !== undefined && values.includes(labels[key]);
  }],
  [new RegExp(`^${kKey}\\s+notin\\s*\\(([^()]*)\\)$`), ([, key, list]) => {
    const values = list.split(',').map((value) => value.trim());
    return (labels) => labels[key] === undefined || !values.includes(labels[key]);
  }],
  [new RegExp(`^${kKey}\\s*>\\s*(-?\\d+)$`), ([, key, value]) => (labels) => /^-?\d+$/.test(labels[key] ?? '') && Number(labels[key]) > Number(value)],
  [new RegExp(`^${kKey}\\s*<\\s*(-?\\d+)$`), ([, key, value]) => (labels) => /^-?\d+$/.test(labels[key] ?? '') && Number(labels[key]) < Number(value)],
  [new RegExp(`^!\\s*${kKey}$`), ([, key]) => (labels) => labels[key] === undefined],
  [new RegExp(`^${kKey}$`), ([, key]) => (labels) => labels[key] !== undefined],
];

// -> (object) => boolean
export function labelSelector(text) {
  if (!text) return kNone;
  const tests = requirements(text).map((part) => {
    for (const [form, make] of kForms) {
      const match = form.exec(part);
      if (match) return make(match);
    }
    throw badRequest(`unable to parse requirement: ${part}`);
  });
  return (object) => {
    const labels = object.metadata.labels ?? {};
    return tests.every((test) => test(labels));
  };
}

// What may be selected beside metadata.name and metadata.namespace (the strategies' SelectableFields and the
// field label conversions, pkg/apis/*/v1/conversion.go).
const kFields = {
  pods: ['spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'spec.hostNetwork', 'status.phase', 'status.podIP', 'status.nominatedNodeName'],
  events: ['involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid', 'involvedObject.apiVersion',
    'involvedObject.resourceVersion', 'involvedObject.fieldPath', 'reason', 'reportingComponent', 'source', 'type'],
  'events.k8s.io': ['regarding.kind', 'regarding.namespace', 'regarding.name', 'regarding.uid', 'regarding.apiVersion', 'reason', 'reportingController', 'type'],
  namespaces: ['status.phase'],
  nodes: ['spec.unschedulable'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
  replicationcontrollers: ['status.replicas'],
  'replicasets.apps': ['status.replicas'],
  'jobs.batch': ['status.successful'],
  'certificatesigningrequests.certificates.k8s.io': ['spec.signerName'],
};

const kOtherPlaces = { 'status.successful': 'status.succeeded', source: 'source.component' };

const at = (object, path) => path.split('.').reduce((value, step) => value?.[step], object);

export function fieldSelector(text, resource) {
  if (!text) return kNone;
  const own = resource.selectable ?? kFields[resource.group === 'events.k8s.io' ? resource.group : resource.store];
  const extra = own ?? [];
  const tests = requirements(text).map((part) => {
    const match = /^(.*?)(==|!=|=)(.*)$/.exec(part);
    if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    const [, field, operator, wanted] = match;
    const known = field === 'metadata.name' || (field === 'metadata.namespace' && resource.namespaced) || extra.includes(field);
    if (!known) throw badRequest(own || resource.custom ? `field label not supported: ${field}` : `${quoted(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`);
    return (object) => {
      const value = at(object, kOtherPlaces[field] ?? field);
      return (String(value ?? '') === wanted) === (operator !== '!=');
    };
  });
  return (object) => tests.every((test) => test(object));
}

// metav1.LabelSelector against labels
export function matchesSelector({ matchLabels = {}, matchExpressions = [] }, labels) {
  const one = ({ key, operator, values = [] }) => {
    switch (operator) {
      case 'In': return values.includes(labels[key]);
      case 'NotIn': return !values.includes(labels[key]);
      case 'Exists': return labels[key] !== undefined;
      default: return labels[key] === undefined;
    }
  };
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value) && matchExpressions.every(one);
}
