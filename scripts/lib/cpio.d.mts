import type { FileHandle } from 'node:fs/promises';

export class Archive {
  readonly size: number;
  has(path: string): boolean;
  directory(path: string, permissions?: number): void;
  text(path: string, content: string | Buffer, permissions?: number): void;
  symlink(path: string, target: string): void;
  characterDevice(path: string, major: number, minor: number): void;
  file(paths: readonly string[], hostPath: string): Promise<void>;
  tree(path: string, hostPath: string, keep?: (hostPath: string) => boolean): Promise<string[]>;
  writeTo(output: FileHandle): Promise<void>;
}
