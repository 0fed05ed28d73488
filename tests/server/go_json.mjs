// JSON bodies, and why one cannot be read in the words of Go's encoding/json.

export function goJsonError(text) {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const place = /position (\d+)/.exec(error.message)?.[1];
    if (text.trim() === '' || /end of JSON|Unterminated/.test(error.message) || Number(place) >= text.trimEnd().length) return 'unexpected end of JSON input';
    const letter = place !== undefined ? text[Number(place)] : /Unexpected token '(.)'/u.exec(error.message)?.[1] ?? text.trim()[0];
    const where = /property name/.test(error.message) ? 'looking for beginning of object key string' : /after property value/.test(error.message) ? 'after object key:value pair'
      : /after array element/.test(error.message) ? 'after array element' : /after JSON/.test(error.message) ? 'after top-level value' : 'looking for beginning of value';
    return `invalid character '${letter}' ${where}`;
  }
}

export const goKindOf = (value) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value);
