import { expect, test } from 'vitest';
import { UserNames } from '../../src/events/users.js';

test('names of users, the first of a uid, read anew on request', () => {
  let passwd = 'root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n+nis\nbad:x:abc:0::/:\n';
  const users = new UserNames(() => passwd);
  expect(users.name(0)).toBe('root');
  expect(users.name(1)).toBeUndefined();
  passwd = 'daemon:x:1:1::/:/bin/false\n';
  expect(users.name(1)).toBeUndefined();
  users.refresh();
  expect(users.name(1)).toBe('daemon');
  expect(users.name(0)).toBeUndefined();
});
