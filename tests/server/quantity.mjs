// Quantities by the rules of k8s.io/apimachinery/pkg/api/resource: exact, and written the way the server writes them.

const pattern = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d+))?$/;
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimal = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const decimalNames = { '-9': 'n', '-6': 'u', '-3': 'm', 0: '', 3: 'k', 6: 'M', 9: 'G', 12: 'T', 15: 'P', 18: 'E' };
const nano = 1000000000n;
const limit = (2n ** 63n - 1n) * nano;

/** {nanos, format}; null when `text` is no quantity. Finer than nano is rounded away from zero. */
export function parseQuantity(text) {
  const match = pattern.exec(String(text));
  if (match === null) return null;
  const [, sign, digits, two, ten, exponent] = match;
  const [whole, fraction = ''] = digits.split('.');
  let value = BigInt(whole + fraction || '0') * nano;
  let divisor = 10n ** BigInt(fraction.length);
  const power = exponent !== undefined ? Number(exponent) : ten !== undefined ? decimal[ten] : 0;
  if (Math.abs(power) > 100) return null;
  if (two !== undefined) value *= 1024n ** BigInt(binary.indexOf(two));
  else if (power >= 0) value *= 10n ** BigInt(power);
  else divisor *= 10n ** BigInt(-power);
  let nanos = ceil(value, divisor);
  if (nanos > limit) nanos = limit;
  if (sign === '-') nanos = -nanos;
  return { nanos, format: two !== undefined ? 'binary' : exponent !== undefined ? 'exponent' : 'decimal' };
}

const ceil = (value, divisor) => (value + divisor - 1n) / divisor;

/** The value in nanos, for comparing; 0n for what is no quantity. */
export const nanosOf = (text) => parseQuantity(text)?.nanos ?? 0n;

/** The canonical text: the server never gives back another. `milli`: finer is rounded up, as in resource lists. */
export function canonicalQuantity(text, milli = false) {
  const parsed = parseQuantity(text);
  if (parsed === null) return String(text);
  let { nanos, format } = parsed;
  if (milli) nanos = nanos >= 0n ? ceil(nanos, 1000000n) * 1000000n : nanos;
  return writeQuantity(nanos, format);
}

export function writeQuantity(nanos, format) {
  const sign = nanos < 0n ? '-' : '';
  let value = nanos < 0n ? -nanos : nanos;
  if (value === 0n) return '0';
  if (format === 'binary' && value >= 1024n * nano) {
    value = ceil(value, nano);
    let unit = 0;
    while (value % 1024n === 0n && unit + 1 < binary.length) {
      value /= 1024n;
      ++unit;
    }
    return `${sign}${value}${binary[unit]}`;
  }
  let power = -9;
  while (value % 1000n === 0n && power < 18) {
    value /= 1000n;
    power += 3;
  }
  const suffix = format === 'exponent' ? power === 0 ? '' : `e${power}` : decimalNames[power];
  return `${sign}${value}${suffix}`;
}
