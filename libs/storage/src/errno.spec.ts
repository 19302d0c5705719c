import { toStorageError } from './errno.js';

it.each([
  ['ENOSPC', 'insufficient_storage'],
  ['EDQUOT', 'insufficient_storage'],
  ['EMFILE', 'storage_busy'],
  ['ENFILE', 'storage_busy'],
  ['EIO', 'storage_failed'],
])('tells %s as %s', (code, expected) => {
  const cause = Object.assign(new Error(code), { code, syscall: 'open' });
  expect(toStorageError(cause, 'testing')).toMatchObject({ code: expected, cause });
});

it('leaves what is no failure of a system call as it is', () => {
  const error = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
  expect(toStorageError(error, 'testing')).toBe(error);
});
