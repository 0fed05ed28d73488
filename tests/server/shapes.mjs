// The forms that an object can be asked for by Accept: itself, its metadata alone, a row of a table for people.

import { columnsOf } from './columns.mjs';
import { notAcceptable } from './status.mjs';

const kForms = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);
export const kJsonTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

// -> {form: '' | 'Table' | 'PartialObjectMetadata', version}: the first of the Accept list that the server can write. Protobuf it cannot;
// every client that asks for it takes JSON as well.
export function acceptedForm(accept) {
  for (const part of (accept ?? '*/*').split(',')) {
    const [type, ...parameters] = part.split(';').map((word) => word.trim());
    const options = Object.fromEntries(parameters.map((parameter) => parameter.split('=')));
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    if (!options.as) return { form: '' };
    if (options.g === 'meta.k8s.io' && ['v1', 'v1beta1'].includes(options.v) && kForms.has(options.as))
      return { form: options.as.replace(/List$/, ''), version: options.v };
  }
  throw notAcceptable(kJsonTypes);
}

export const metadataOnly = ({ metadata }, version = 'v1') => ({ kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata });

// includeObject: Metadata (the default), Object or None.
export function tableOf(resource, objects, { now, include = 'Metadata', version = 'v1', metadata = {}, headers = true }) {
  const columns = columnsOf(resource);
  const rows = objects.map((object) => ({
    cells: columns.map(([, cell]) => cell(object, now)),
    ...(include === 'None' ? {} : { object: include === 'Object' ? object : metadataOnly(object) }),
  }));
  const definitions = columns.map(([name, , type = 'string', priority = 0]) => ({ name, type, format: name === 'Name' ? 'name' : '', description: '', priority }));
  return { kind: 'Table', apiVersion: `meta.k8s.io/${version}`, metadata, columnDefinitions: headers ? definitions : null, rows };
}
