// Kubernetes' own schemas as closed JSON Schemas: what the API server would prune or refuse is an
// error here. Custom resources come from their CRDs.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow, need, shared, root } from "./stacks.mjs";

const Ajv = need("ajv");
const jsYaml = need("js-yaml");
const prefix = "#/definitions/";
const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

// apimachinery's resource.ParseQuantity: sign, digits, suffix or exponent.
const quantity = "^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]+)?$";

/// Definitions whose JSON form is no object of the listed properties.
const special = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { anyOf: [{ type: "string", pattern: quantity }, { type: "number" }] },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { anyOf: [{ type: "string" }, { type: "integer" }] },
  "io.k8s.apimachinery.pkg.runtime.RawExtension": {},
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": {},
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": {},
};

const kept = ["$ref", "type", "format", "enum", "required", "pattern", "minimum", "maximum", "exclusiveMinimum",
  "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties",
  "maxProperties"];
const bySchema = ["properties", "patternProperties"];
const listed = ["allOf", "anyOf", "oneOf"];

/// `closed`: properties that are not listed are dropped by the server. `structural` is false inside
/// anyOf and its like, which only add conditions to properties listed elsewhere.
function close(schema, structural, inCrd) {
  if (typeof schema !== "object" || schema === null) return schema;
  const out = {};
  for (const key of kept) if (key in schema) out[key] = schema[key];
  if (out.exclusiveMinimum === true) { out.exclusiveMinimum = out.minimum; delete out.minimum; }
  if (out.exclusiveMaximum === true) { out.exclusiveMaximum = out.maximum; delete out.maximum; }
  if (out.exclusiveMinimum === false) delete out.exclusiveMinimum;
  if (out.exclusiveMaximum === false) delete out.exclusiveMaximum;
  for (const key of bySchema)
    if (key in schema) out[key] = Object.fromEntries(Object.entries(schema[key]).map(([name, s]) => [name, close(s, structural, inCrd)]));
  for (const key of listed) if (key in schema) out[key] = schema[key].map((s) => close(s, false, inCrd));
  // The server fills defaults in before it validates.
  if (out.required && schema.properties) out.required = out.required.filter((name) => schema.properties[name]?.default === undefined);
  if ("not" in schema) out.not = close(schema.not, false, inCrd);
  if ("items" in schema) out.items = close(schema.items, structural, inCrd);
  if ("additionalProperties" in schema)
    out.additionalProperties = typeof schema.additionalProperties === "boolean" ? schema.additionalProperties : close(schema.additionalProperties, structural, inCrd);

  if (schema["x-kubernetes-int-or-string"] || schema.format === "int-or-string") {
    delete out.type;
    delete out.format;
    out.anyOf = [{ type: "string" }, { type: "integer" }];
    delete out.pattern;   // it speaks of the string form only
    if (schema.pattern) out.anyOf[0].pattern = schema.pattern;
  }
  const open = schema["x-kubernetes-preserve-unknown-fields"] || schema["x-kubernetes-embedded-resource"];
  const lists = schema.type === "object" && (schema.properties || inCrd);
  if (structural && lists && !open && !("additionalProperties" in out)) out.additionalProperties = false;
  if (schema.nullable && out.type) out.type = [out.type, "null"];
  // Known merge keys: two entries of the same key are one too many.
  if (schema["x-kubernetes-list-type"] === "map") out.uniqueKeys = schema["x-kubernetes-list-map-keys"];
  if (schema["x-kubernetes-list-type"] === "set") out.uniqueItems = true;
  return out;
}

function validator(definitions) {
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: true, verbose: true, allowUnionTypes: true });
  const int = (bits) => (n) => Number.isInteger(n) && Math.abs(n) <= 2 ** (bits - 1);
  ajv.addFormat("int32", { type: "number", validate: int(32) });
  ajv.addFormat("int64", { type: "number", validate: int(64) });
  ajv.addFormat("double", { type: "number", validate: Number.isFinite });
  ajv.addFormat("byte", /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
  ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
  for (const name of ["date", "duration", "uri", "hostname", "ipv4", "ipv6", "cidr", "uuid", "password"]) ajv.addFormat(name, true);
  ajv.addKeyword({
    keyword: "uniqueKeys", type: "array", errors: false,
    validate: (keys, list) => {
      // A port is known by number and protocol, and the protocol has a default.
      const of = (item) => JSON.stringify(keys.map((key) => item?.[key] ?? (key === "protocol" ? "TCP" : null)));
      return new Set(list.map(of)).size === list.length;
    },
  });
  ajv.addSchema({ $id: "kubernetes", definitions });
  return ajv;
}

/// The schemas of one version: `check(object)` gives a list of faults, empty when all is well.
export class Schemas {
  constructor(version) {
    const file = join(shared, "kubernetes", `openapi-${version}.json`);
    const spec = JSON.parse(readFileSync(file, "utf8"));
    const definitions = {};
    this.kinds = new Map();   // "v1 Pod" → name of the definition
    for (const [name, schema] of Object.entries(spec.definitions)) {
      definitions[name] = special[name] ?? close(schema, true, false);
      for (const { group, version: v, kind } of schema["x-kubernetes-group-version-kind"] ?? [])
        if (schema.properties?.metadata?.$ref === prefix + objectMeta) this.kinds.set(`${group ? `${group}/` : ""}${v} ${kind}`, name);
    }
    this.clusterScoped = new Set(Object.entries(spec.resources).filter(([, r]) => !r.namespaced).map(([key]) => key));
    for (const crd of filesBelow(join(shared, "kubernetes/crds"), ".yaml")) this.addCrd(crd, definitions);
    for (const kept of filesBelow(join(root, "tests/cases"), ".json"))   // what `schema add` put beside a case
      if (kept.includes("/.mlstack/schemas/")) this.addCrd(kept, definitions);
    this.ajv = validator(definitions);
  }

  addCrd(file, definitions) {
    const { spec } = jsYaml.load(readFileSync(file, "utf8"));
    for (const version of spec.versions) {
      if (version.served === false) continue;
      const key = `${spec.group}/${version.name} ${spec.names.kind}`;
      const schema = close(version.schema.openAPIV3Schema, true, true);
      schema.properties = { ...schema.properties, apiVersion: { type: "string" }, kind: { type: "string" }, metadata: { $ref: prefix + objectMeta } };
      definitions[key] = schema;
      this.kinds.set(key, key);
      if (spec.scope === "Cluster") this.clusterScoped.add(key);
    }
  }

  /// Whether the object's API group is one that a schema at hand speaks of.
  knowsGroup(object) {
    this.groups ??= new Set([...this.kinds.keys()].map((key) => (key.includes("/") ? key.split("/")[0] : "")));
    return this.groups.has(object.apiVersion.includes("/") ? object.apiVersion.split("/")[0] : "");
  }

  check(object) {
    const key = `${object.apiVersion} ${object.kind}`;
    const definition = this.kinds.get(key);
    if (!definition) return [`no schema has ${key}`];
    const faults = [];
    const pointer = `kubernetes#/definitions/${encodeURIComponent(definition.replaceAll("~", "~0").replaceAll("/", "~1"))}`;
    const validate = this.ajv.getSchema(pointer) ?? this.ajv.compile({ $ref: pointer });
    if (!validate(object))
      for (const error of validate.errors)
        faults.push(`${error.instancePath || "/"} ${error.message} ${error.params.additionalProperty ?? ""} (${JSON.stringify(error.data)?.slice(0, 80)})`);
    if (!object.metadata?.name && !object.metadata?.generateName) faults.push("/metadata has no name");
    else if (!/^[a-z0-9:]([-a-z0-9.:]*[a-z0-9])?$/.test(object.metadata.name)) faults.push(`/metadata/name ${object.metadata.name} is no name`);
    if (this.clusterScoped.has(key) && object.metadata?.namespace) faults.push(`/metadata/namespace on a ${object.kind}, which has none`);
    for (const [name, value] of Object.entries(object.metadata?.labels ?? {}))
      if (!/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(value)) faults.push(`/metadata/labels/${name}: ${value} is no label value`);
    return faults;
  }
}

const known = new Map();
export function schemasFor(version) {
  if (!known.has(version)) known.set(version, new Schemas(version));
  return known.get(version);
}

export const haveSchemas = existsSync(join(shared, "kubernetes/openapi-1.34.json"));
