// The output of guest.sh: lines `== NAME` begin a section.

/**
 * Takes output as it comes and says when a section begins.
 */
export class SectionReader {
  /** @type {Map<string, string[]>} */
  #sections = new Map();
  /** @type {string[]} */
  #current = [];
  #rest = '';
  #onSection;

  /** @param {(name: string) => void} onSection */
  constructor(onSection) {
    this.#onSection = onSection;
  }

  /** @param {Buffer | string} chunk */
  accept(chunk) {
    const lines = `${this.#rest}${chunk}`.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  /** @param {string} line */
  #line(line) {
    const name = /^== (.+)$/.exec(line)?.[1];
    if (name === undefined) {
      this.#current.push(line);
      return;
    }
    this.#current = [];
    this.#sections.set(name, this.#current);
    this.#onSection(name);
  }

  /** @param {string} name */
  has(name) {
    return this.#sections.has(name);
  }

  /** Its lines without empty ones; none if it never came. @param {string} name @returns {string[]} */
  lines(name) {
    return (this.#sections.get(name) ?? []).filter((line) => line !== '');
  }

  /** @param {string} name @returns {any[]} one value a line */
  json(name) {
    return this.lines(name).map((line) => JSON.parse(line));
  }

  /** Samples by name and labels. @param {string} name @returns {Map<string, number>} */
  metrics(name) {
    return new Map(
      this.lines(name).map((line) => {
        const space = line.lastIndexOf(' ');
        return [line.slice(0, space), Number(line.slice(space + 1))];
      }),
    );
  }
}
