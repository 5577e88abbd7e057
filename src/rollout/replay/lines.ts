/** Recorded events from files: the journal, logs of the agent, or any lines of JSON; also compressed by rotation. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

export type RecordedJson = Readonly<Record<string, unknown>>;

export interface LineCounts {
  /** Lines that are no JSON. */
  malformed: number;
  /** Events that were there twice: delivery is at least once. */
  folded: number;
}

/** In front of each line of the journal: a checksum. */
const checksum = /^[0-9a-f]{8} (?=\{)/;

/** The events in a file, or in the files of a directory by name, each once. Counts what it passes over. */
export async function* recordedEvents(path: string, counts: LineCounts): AsyncGenerator<RecordedJson> {
  const seen = new Set<string>();
  for (const file of await filesOf(path)) {
    const bytes = createReadStream(file);
    const input = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
    bytes.on('error', (error) => input.destroy(error));
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const text = line.replace(checksum, '');
      if (!text.startsWith('{')) {
        if (text.trim() !== '') counts.malformed++;
        continue;
      }
      const event = parse(text);
      if (event === undefined) counts.malformed++;
      if (event === undefined || (event.msg !== undefined && event.msg !== 'event') || !('evt' in event)) continue;
      const record = recordOf(event.portcullis);
      if (record !== undefined && seen.has(record)) counts.folded++;
      else yield event;
      if (record !== undefined) seen.add(record);
    }
  }
}

async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({ name }) => join(path, name))
    .sort();
}

function parse(text: string): RecordedJson | undefined {
  try {
    return JSON.parse(text) as RecordedJson;
  } catch {
    return undefined;
  }
}

function recordOf(portcullis: unknown): string | undefined {
  if (typeof portcullis !== 'object' || portcullis === null || !('record' in portcullis)) return undefined;
  return typeof portcullis.record === 'string' ? portcullis.record : undefined;
}
