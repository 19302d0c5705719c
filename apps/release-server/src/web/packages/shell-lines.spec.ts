import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { downloadCommand, publishCommand, startCommand, verifyCommand } from './shell-lines.js';

const DIGEST = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'; // of "abc"
const SHELLS = ['sh', 'bash', 'zsh', 'fish'].filter(
  (shell) => spawnSync(shell, ['-c', 'true']).error === undefined,
);

/** Text that a shell would act upon, if it saw it outside of quotes. */
const HOSTILE = [
  "x'; touch PWNED; '-v9.zip",
  String.raw`x\'; touch PWNED; '-v9.zip`,
  String.raw`x\'\\''; touch PWNED; #`,
  '$(touch PWNED)`touch PWNED`${IFS}',
  '"; touch PWNED; "',
  'a & touch PWNED & b; touch PWNED | c > PWNED',
  '\ntouch PWNED\n',
  '-o PWNED --help',
  '~ * ? [a] {b,c} !! # %s %n \\n \\c \\0101',
  '',
];

describe('lines to copy', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'lines-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  /** The words that a shell makes of a line. */
  function wordsOf(line: string, shell = 'sh'): string[] {
    const words = execFileSync(shell, ['-c', `printf '%s\\0' ${line}`], { cwd: directory });
    return words.toString().split('\0').slice(0, -1);
  }

  it('quote every word that comes from elsewhere', () => {
    const package_ = { name: 'a.zip', url: 'https://x.example/r/assets/a.zip' };
    expect(downloadCommand(package_)).toBe("curl -fL -o 'a.zip' 'https://x.example/r/assets/a.zip'");
    expect(verifyCommand('a.zip', DIGEST)).toBe(`printf '%s  %s\\n' '${DIGEST}' 'a.zip' | sha256sum -c -`);
    expect(startCommand('http://127.0.0.1:8000', 'claude')).toBe(
      "specify init my-project --ai claude --template-url 'http://127.0.0.1:8000/latest'",
    );
    expect(publishCommand('http://127.0.0.1:8000')).toMatch(/ 'http:\/\/127\.0\.0\.1:8000\/upload'$/);
  });

  describe.each(SHELLS)('in %s', (shell) => {
    it.each([...HOSTILE, "https://x.example/it's/$HOME;rm%20-rf/(a)&b", 'http://[::1]:8000/*'])(
      'are taken word by word: %j',
      (text) => {
        expect(wordsOf(downloadCommand({ name: text, url: text }), shell)).toEqual([
          'curl',
          '-fL',
          '-o',
          text,
          text,
        ]);
        expect(wordsOf(startCommand(text, 'claude'), shell).at(-1)).toBe(`${text}/latest`);
        expect(wordsOf(publishCommand(text), shell).at(-1)).toBe(`${text}/upload`);
        // The words before the pipe are printed as sha256sum reads them, and nothing else runs.
        const printed = verifyCommand(text, text).replace(/ \| sha256sum -c -$/, '');
        expect(execFileSync(shell, ['-c', printed], { cwd: directory }).toString()).toBe(
          `${text}  ${text}\n`,
        );
        expect(readdirSync(directory)).toEqual([]);
      },
    );
  });

  it.each(['a.zip', 'a+b@1.0~rc1.zip'])('verify %s, and find a changed one', (name) => {
    const line = verifyCommand(name, DIGEST);
    const run = (content: string): string => {
      writeFileSync(join(directory, name), content);
      return execFileSync('sh', ['-c', line], { cwd: directory, stdio: 'pipe' }).toString();
    };
    expect(run('abc')).toBe(`${name}: OK\n`);
    expect(() => run('abd')).toThrow('WARNING');
  });
});
