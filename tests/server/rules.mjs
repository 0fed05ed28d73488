// The pure half by one name: what an object merges like, is filled up with and must obey.
export { applyObject, keepTimes, updateManagedFields } from './fields.mjs';
export { decodeProblem, unknownFields, validateCreate, validateUpdate } from './validate.mjs';
export { startControllers } from './controllers.mjs';
export { applyDefaults, prepareCreate, prepareUpdate } from './defaults.mjs';
export { emptyObject, forgetCrd, learnCrd, setKubernetes, topologyOf } from './schema.mjs';
