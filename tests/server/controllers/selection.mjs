// Selectors: of labels (metav1.LabelSelector) and of nodes.

import { selects } from '../findings.mjs';

export const labelsMatch = (selector, labels) => selects(selector, labels);

const matches = ({ key, operator, values = [] }, labels) => {
  const has = Object.hasOwn(labels, key), value = labels[key];
  switch (operator) {
    case 'In': return has && values.includes(value);
    case 'NotIn': return !has || !values.includes(value);
    case 'Exists': return has;
    case 'DoesNotExist': return !has;
    case 'Gt': return has && Number(value) > Number(values[0]);
    case 'Lt': return has && Number(value) < Number(values[0]);
    default: return false;
  }
};

/** A NodeSelector: any of its terms, all of a term. */
export function nodeMatches(selector, node) {
  return (selector?.nodeSelectorTerms ?? []).some((term) => (term.matchExpressions ?? []).every((rule) => matches(rule, node.metadata.labels ?? {})) &&
    (term.matchFields ?? []).every((rule) => matches(rule, { 'metadata.name': node.metadata.name })) && (term.matchExpressions?.length > 0 || term.matchFields?.length > 0));
}
