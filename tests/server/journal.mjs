// The store on disk: one line a change, written before anybody is told of it. What a killed process wrote is in the kernel's hands,
// so no sync is needed to survive SIGKILL; a line that was cut short is the end.

import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export class Journal {
  #file;
  #handle;

  constructor(folder) {
    mkdirSync(folder, { recursive: true });
    this.#file = join(folder, 'journal');
  }

  // Once, before the first `append`.
  *read() {
    let whole = 0;
    if (existsSync(this.#file)) {
      const bytes = readFileSync(this.#file);
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, whole)) {
        yield JSON.parse(bytes.toString('utf8', whole, end));
        whole = end + 1;
      }
    }
    this.#handle = openSync(this.#file, 'a+');
    ftruncateSync(this.#handle, whole);
  }

  append(entry) { writeSync(this.#handle, `${JSON.stringify(entry)}\n`); }
  close() { closeSync(this.#handle); }
}
