// The pure half by one name: what an object merges like, is filled up with and must obey.
export { applyObject, keepTimes, updateManagedFields } from './fields.mjs';
export { decodeProblem, unknownFields, validateCreate, validateUpdate } from './validate.mjs';
export { applyDefaults, prepareCreate, prepareUpdate } from './defaults.mjs';
export { emptyObject, forgetCrd, learnCrd, setKubernetes, topologyOf } from './schema.mjs';

const optional = async (file) => {
  try {
    return await import(file);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return {};
  }
};
const controllers = await optional('./controllers.mjs');
export const startControllers = controllers.startControllers ?? (() => () => {});
