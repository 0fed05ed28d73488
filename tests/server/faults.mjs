// Breaking on demand: which request suffers what; and the log of requests, by which tests see what a client did.
//
// A fault is {match: {method, path, user, agent, writes}, nth: 1, times: 1, unit: 'connection', …} with any of
//   delay: ms                          before anything else
//   answer: {code, retryAfter}         instead of handling it; 429, 500, 503, 504 have the words of the real server
//   unauthorized: true                 401, as with credentials that have expired
//   hold: 'before' | 'after'           never answered, not handled or handled; see the held ones at the control endpoint
//   cut: 'before' | 'after' | {bytes}  the connection ends: unhandled, handled without an answer, within the body
//   body: 'truncated' | 'wrong' | 'html' | 'empty'      what is sent instead of the answer's body, or its first half
//   contentType: text                  of the answer
//   dribble: {bytes, every}            the body in small pieces, `every` ms
//   gone: true                         a watch gets 410 at once
//   goaway: true                       the server ends the HTTP/2 connection orderly after this answer
// `method` and `path` are regular expressions (path with its query); `writes` fits what changes something. The nth request that fits
// is the first to suffer, then each that fits until `times` of them have (0: for ever). `unit: 'stream'` cuts the HTTP/2 stream alone.

const kWrites = ['POST', 'PUT', 'PATCH', 'DELETE'];
const kLogged = 200_000;

function fits(match = {}, entry) {
  const url = entry.query ? `${entry.path}?${entry.query}` : entry.path;
  if (match.method && !new RegExp(`^(?:${match.method})$`).test(entry.method)) return false;
  if (match.path && !new RegExp(match.path).test(url)) return false;
  if (match.agent && !new RegExp(match.agent).test(entry.userAgent)) return false;
  return !match.writes || kWrites.includes(entry.method);
}

export class Faults {
  rules = [];
  requests = [];
  held = new Map();      // id -> {id, entry, handled, answer}
  total = 0;
  byMethod = {};
  byCode = {};
  #last = 0;
  #waiting = new Set();

  add(rule) {
    this.#last += 1;
    this.rules.push({ nth: 1, times: 1, unit: 'connection', ...rule, id: this.#last, seen: 0, fired: 0 });
    return this.#last;
  }

  reset() {
    this.rules = [];
    this.requests = [];
    this.total = 0;
    this.byMethod = {};
    this.byCode = {};
  }

  // What is known of a request when it begins.
  note({ method, path, query, headers, protocol }, time) {
    this.total += 1;
    this.byMethod[method] = (this.byMethod[method] ?? 0) + 1;
    const entry = { n: this.total, time, method, path, query, userAgent: headers['user-agent'] ?? '', protocol, bodySize: 0,
      contentType: headers['content-type'], headers: Object.keys(headers).filter((name) => !name.startsWith(':')) };
    if (this.requests.length < kLogged) this.requests.push(entry);
    return entry;
  }

  ended(entry, code) {
    entry.code = code;
    this.byCode[code] = (this.byCode[code] ?? 0) + 1;
  }

  // The faults of this request, as one.
  take(entry) {
    const found = {};
    for (const rule of this.rules) {
      if (!fits(rule.match, entry)) continue;
      rule.seen += 1;
      if (rule.seen < rule.nth || (rule.times > 0 && rule.fired >= rule.times)) continue;
      rule.fired += 1;
      Object.assign(found, rule);
      entry.fault = [...(entry.fault ?? []), rule.id];
    }
    return found;
  }

  hold(entry, handled, answer) {
    this.held.set(entry.n, { id: entry.n, method: entry.method, path: entry.path, query: entry.query, handled, answer });
    for (const check of [...this.#waiting]) check();
  }

  release(id) {
    const ids = id === undefined ? [...this.held.keys()] : [id];
    for (const one of ids) {
      this.held.get(one)?.answer();
      this.held.delete(one);
    }
    return ids.length;
  }

  // Resolves once `count` are held, or after `seconds`.
  waitHeld(count, seconds) {
    if (this.held.size >= count) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      const check = () => { if (this.held.size >= count) done(); };
      const timer = setTimeout(done, seconds * 1000);
      this.#waiting.add(check);
    });
  }
}
