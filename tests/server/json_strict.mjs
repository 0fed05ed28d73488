// Fields that stand twice in one map of a JSON text, which JSON.parse passes over (sigs.k8s.io/json, UnmarshalStrict). The text must be
// JSON; paths are as the real server writes them: spec.containers[0].image.

export function doubledFields(text) {
  const found = [];
  const places = [];      // {names: Set} or {index} from the outside in, with `path`
  let at = 0;
  let path = '';
  let expectsName = false;

  const string = () => {
    const from = at;
    for (at += 1; text[at] !== '"'; at += 1) if (text[at] === '\\') at += 1;
    at += 1;
    return JSON.parse(text.slice(from, at));
  };
  const inside = () => places[places.length - 1];

  while (at < text.length) {
    const letter = text[at];
    if (letter === '"') {
      const value = string();
      if (!expectsName) continue;
      const place = inside();
      path = place.path ? `${place.path}.${value}` : value;
      if (place.names.has(value)) found.push(path);
      place.names.add(value);
      expectsName = false;
      continue;
    }
    at += 1;
    if (letter === '{') {
      places.push({ path, names: new Set() });
      expectsName = true;
    } else if (letter === '[') {
      places.push({ path, index: 0 });
      path = `${path}[0]`;
    } else if (letter === '}' || letter === ']') {
      path = places.pop().path;
      expectsName = false;
    } else if (letter === ',') {
      const place = inside();
      expectsName = place.names !== undefined;
      if (!expectsName) {
        place.index += 1;
        path = `${place.path}[${place.index}]`;
      }
    }
  }
  return found;
}
