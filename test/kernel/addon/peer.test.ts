import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { peerCredentials } from '../../../src/kernel/addon.js';

test('who connected is told by pid, uid and gid', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-peer-'));
  const path = join(directory, 'socket');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const child = spawn(process.execPath, ['-e', `require('net').connect(${JSON.stringify(path)})`]);
  const socket = await connected;
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  expect(peerCredentials(fd)).toEqual({ pid: child.pid, uid: process.getuid!(), gid: process.getgid!() });
  child.kill('SIGKILL');
  socket.destroy();
  server.close();
  rmSync(directory, { recursive: true });
});

test('what is no socket has no peer', () => {
  const file = openSync('/dev/null', 'r');
  expect(() => peerCredentials(file)).toThrow(expect.objectContaining({ code: 'ENOTSOCK' }));
  closeSync(file);
});
