/** Which file a `hash` action means. */
import type { HashedFile } from '../events/rule-run.js';
import type { Scene } from '../events/scene.js';

/** Undefined: a file that events of user space do not know. `field`: as the action names it; absent, the program's. */
export function hashedFile(field: string | undefined, scene: Scene): HashedFile | undefined {
  const { record, last, lineage } = scene;
  const program = record.event === 'exec' ? record : last?.program;
  switch (field) {
    case undefined:
    case 'exec.file':
    case 'process.file':
    case 'exit.file': {
      const script = (program?.levels ?? 0) > 1;
      const known = program?.pathCut === false ? program.path : undefined;
      const file = { field: field ?? 'exec.file', pid: record.pid, path: known };
      // Of a script the record's inode is its interpreter's.
      return { ...file, inode: script ? 0n : (program?.inode ?? 0n), binary: !script && record.stage !== 'refuse' };
    }
    case 'exec.interpreter.file':
    case 'process.interpreter.file':
    case 'exit.interpreter.file':
      if (program?.interpreterPath === undefined) return undefined;
      return { field, pid: record.pid, path: program.interpreterPath, inode: program.inode, binary: false };
    case 'process.parent.file': {
      const [parent] = lineage.ancestors;
      if (parent === undefined) return undefined;
      const ran = scene.programOf(parent);
      const script = (ran?.levels ?? 0) > 1;
      const inode = script ? 0n : (ran?.inode ?? 0n);
      return { field, pid: parent.pid, path: ran?.path ?? parent.path, inode, binary: !script };
    }
    default:
      return undefined;
  }
}
