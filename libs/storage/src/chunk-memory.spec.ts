import { releaseChunk } from './chunk-memory.js';

const LARGE = 64 * 1024;

describe('releaseChunk', () => {
  it('gives the memory of a chunk back at once', () => {
    const chunk = Buffer.alloc(LARGE);
    releaseChunk(chunk);
    expect(chunk.buffer.detached).toBe(true);
    expect(chunk).toHaveLength(0);
  });

  it.each([
    ['a part of a larger chunk', Buffer.alloc(2 * LARGE).subarray(0, LARGE)],
    ['a small chunk, which may lie in the pool of others', Buffer.from('small')],
    ['memory that threads share', new Uint8Array(new SharedArrayBuffer(LARGE))],
  ])('leaves %s alone', (_, chunk) => {
    const { length } = chunk;
    releaseChunk(chunk);
    expect(chunk).toHaveLength(length);
  });
});
