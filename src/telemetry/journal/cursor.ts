/** How far the log has taken what is in the journal, in a note beside the segments that outlives the agent. */
import type { JournalFiles } from './files.js';
import { decodeLine, encodeLine } from './line.js';
import type { Position } from './position.js';

const note = 'delivered';

/** Undefined: nobody knows, and everything that is kept may be undelivered. */
export async function readCursor(files: JournalFiles): Promise<Position | undefined> {
  const text = decodeLine(Buffer.from(((await files.readNote(note)) ?? '').trimEnd()));
  if (text === undefined) return undefined;
  const { segment, offset } = JSON.parse(text) as Position;
  return { segment, offset };
}

export async function writeCursor(files: JournalFiles, { segment, offset }: Position): Promise<void> {
  await files.writeNote(note, encodeLine(JSON.stringify({ segment, offset })).toString());
}
