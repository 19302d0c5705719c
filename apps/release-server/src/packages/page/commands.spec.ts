import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { downloadCommand, startCommand, verifyCommand } from './commands.js';

const view = { name: 'a+b~1.zip', size: 1, created_at: '', sha256: null };

/** The words that a shell makes of a line. */
function wordsOf(line: string): string[] {
  return execFileSync('sh', ['-c', `printf '%s\\n' ${line}`])
    .toString()
    .trimEnd()
    .split('\n');
}

describe('lines to copy', () => {
  it('are what they look like where nothing is special', () => {
    expect(downloadCommand({ ...view, url: 'https://x.example/r/assets/a.zip' })).toBe(
      'curl -fLO https://x.example/r/assets/a.zip',
    );
    expect(startCommand('http://127.0.0.1:8000')).toBe(
      'specify init my-project --ai claude --template-url http://127.0.0.1:8000/latest',
    );
  });

  it.each(["https://x.example/it's/$HOME;rm%20-rf/(a)&b", 'http://[::1]:8000/*', 'https://x.example/`id`'])(
    'give a shell %s as one word',
    (base) => {
      expect(wordsOf(downloadCommand({ ...view, url: base }))).toEqual(['curl', '-fLO', base]);
      expect(wordsOf(startCommand(base)).at(-1)).toBe(`${base}/latest`);
    },
  );

  it('verify a file, and find a changed one', () => {
    const directory = mkdtempSync(join(tmpdir(), 'verify-'));
    const line = verifyCommand(
      'a+b~1.zip',
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    const run = (content: string): string => {
      writeFileSync(join(directory, 'a+b~1.zip'), content);
      return execFileSync('sh', ['-c', line], { cwd: directory, stdio: 'pipe' }).toString();
    };
    expect(run('abc')).toMatch(/^a\+b~1\.zip: OK$/m);
    expect(() => run('abd')).toThrow('WARNING');
    rmSync(directory, { recursive: true });
  });
});
