import { describe, expect, it } from '@jest/globals';

import { problemFrom } from './problem.js';

const DOCUMENT = { title: 'The package exists already', detail: 'It does.', code: 'package_exists' };
const SHA256 = 'a'.repeat(64);

describe('problemFrom', () => {
  it('keeps the words of the server', () => {
    const text = JSON.stringify(DOCUMENT);

    expect(problemFrom({ status: 400, text, etag: null })).toEqual({ ...DOCUMENT, again: false });
  });

  it('tells what is stored', () => {
    const text = JSON.stringify({ ...DOCUMENT, digest: `sha256:${SHA256}`, size: 3 });

    expect(problemFrom({ status: 409, text, etag: '"x"' }).stored).toEqual({
      size: 3,
      sha256: SHA256,
      etag: '"x"',
    });
  });

  it('knows of what is stored even while its digest is computed', () => {
    const text = JSON.stringify({ ...DOCUMENT, digest: null, size: 3 });

    expect(problemFrom({ status: 409, text, etag: '"x"' }).stored?.sha256).toBeNull();
  });

  it.each(['', '<h1>Bad gateway</h1>', '[]', 'null', '{"title":1}'])('says that %j is not ours', (text) => {
    const problem = problemFrom({ status: 502, text, etag: null });

    expect(problem).toMatchObject({ title: 'The answer was 502', again: true });
    expect(problem.code).toBeUndefined();
  });
});
