// The kernel programs of section `decision`, each instance with an image of its own.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BpfObject } from '../../dist/kernel/addon.js';
import { compileBpf } from '../../scripts/lib/bpf-objects.mjs';
import { buildDir, root } from '../../scripts/lib/paths.mjs';

const object = join(buildDir, 'bench', 'decision.bpf.o');

/** Compiles the programs. They are of no use to anybody else and are not part of the build. */
export async function buildPrograms() {
  await mkdir(join(buildDir, 'bench'), { recursive: true });
  await compileBpf({ source: join(root, 'bench', 'programs', 'decision.bpf.c'), output: object });
}

/** What enum test_string of bpf/matcher.bpf.c calls complete. */
const COMPLETE = 2;

/** Room behind an image, as in bpf/maps.h. */
const SLACK = 8;

/** Smallest capacity of an image, as the agent has it. */
const SMALLEST = 1 << 20;

/**
 * @typedef {object} Execution
 * @property {string} path @property {string} name @property {string} comm
 * @property {readonly string[]} argv @property {readonly string[]} env
 */

export class DecisionPrograms {
  #object;
  #input;
  #inputs;
  #files;
  #ends = 0;

  /** @param {Uint8Array} image @param {readonly string[]} patterns what bench_naive looks for */
  constructor(image, patterns = []) {
    let capacity = SMALLEST;
    while (capacity < image.length) capacity *= 2;
    this.#object = BpfObject.open(object, {
      programs: ['bench_empty', 'bench_load', 'bench_decide', 'bench_naive'],
      rodata: { image_mask: capacity - 1 },
      maps: { images: { valueSize: capacity + SLACK } },
    });
    this.#object.load();
    const layout = this.#object.layout();
    this.#inputs = layout.struct('test_input').fields;
    this.#files = layout.struct('test_file').fields;
    this.#input = new DataView(this.#object.map('input').mmap());
    new Uint8Array(this.#object.map('images').mmap()).set(image);
    this.#writePatterns(layout, patterns);
  }

  #writePatterns(layout, patterns) {
    const { size, fields } = layout.struct('pattern');
    const memory = new DataView(this.#object.map('patterns').mmap());
    patterns.forEach((text, n) => {
      memory.setUint32(n * size + fields.get('bytes').offset, text.length, true);
      this.#bytes(memory, n * size + fields.get('text').offset, text);
    });
    const count = layout.variable('pattern_count');
    new DataView(this.#object.map(count.section).mmap()).setUint32(count.offset, patterns.length, true);
  }

  /** All facts are known. @param {Execution} execution */
  write({ path, name, comm, argv, env }) {
    const at = (field) => this.#inputs.get(field).offset;
    const inFile = (field) => at('files') + this.#files.get(field).offset;
    const view = this.#input;
    view.setBigUint64(at('facts_known'), 0xffffn, true);
    view.setBigUint64(inFile('facts_known'), 0xffn, true);
    view.setUint32(at('levels'), 1, true);
    view.setUint32(at('native'), 1, true);
    view.setUint32(at('argc'), argv.length, true);
    view.setUint32(at('envc'), env.length, true);
    view.setUint32(at('block_known'), 1, true);
    const string = (place, field, text) => {
      view.setUint32(place(`${field}_state`), COMPLETE, true);
      view.setUint32(place(`${field}_bytes`), text.length, true);
      this.#bytes(view, place(field), text);
    };
    string(at, 'comm', comm);
    string(at, 'tty', '');
    string(inFile, 'path', path);
    string(inFile, 'name', name);
    const block = [...argv, ...env].map((text) => `${text}\0`).join('');
    view.setUint32(at('block_bytes'), block.length, true);
    this.#bytes(view, at('block'), block);
    // What a longer block left behind is no part of this one.
    for (let n = block.length; n < this.#ends; n++) view.setUint8(at('block') + n, 0);
    this.#ends = block.length;
  }

  #bytes(view, offset, text) {
    Buffer.from(view.buffer, view.byteOffset + offset, text.length).write(text, 'latin1');
  }

  /** Nanoseconds of one run. @param {string} program @param {number} repeat */
  time(program, repeat) {
    const context = new DataView(new ArrayBuffer(16));
    context.setBigUint64(0, BigInt(repeat), true);
    const result = this.#object.testRun(program, { context: new Uint8Array(context.buffer) });
    if (result.returnValue !== 0) throw new Error(`${program} ended with ${result.returnValue}`);
    const after = new DataView(result.context.buffer, result.context.byteOffset, 16);
    return Number(after.getBigUint64(8, true)) / repeat;
  }

  close() {
    this.#object.close();
  }
}
