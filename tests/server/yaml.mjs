export function parseYaml(text) { return JSON.parse(text); }
