import { BASE } from './fragment.js';
import { prepareBody } from './prepared-body.js';

describe('a prepared form', () => {
  it('has the base wherever it goes, in memory of its own', () => {
    const body = prepareBody('text/plain', `<${BASE}/a> and <${BASE}/b>`);
    const { bytes, length } = body.forms.get(body, 'http://x');
    expect(bytes.toString()).toBe('<http://x/a> and <http://x/b>');
    expect(length).toBe(bytes.length);
    expect(bytes.buffer.byteLength).toBe(length);
  });
});
