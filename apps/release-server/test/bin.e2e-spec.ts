import { readFileSync } from 'node:fs';

import { runCommand } from './support/command.js';

const MANIFEST = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  scripts: Record<'start:prod', string>;
};

const OLD = "data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.20.2' })";
const OLD_NODE = { NODE_OPTIONS: `--import="${OLD}"` };
const NEEDS = `release-server: needs Node 24 or later, and ${process.execPath} is 20.20.2; npm install node@24 brings it along`;

describe('release-server', () => {
  it('tells its commands and its version', async () => {
    const help = await runCommand('release-server', ['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: release-server \[COMMAND\]\n/);

    expect(await runCommand('release-server', ['--version'])).toEqual({
      code: 0,
      stdout: `${MANIFEST.version}\n`,
      stderr: '',
    });
  });

  it.each(['migrate', 'repair-index', 'retention', 'token'])(
    'runs %s, with what follows',
    async (command) => {
      const { code, stdout } = await runCommand('release-server', [command, '--help']);
      expect([code, stdout.split(' ', 2)]).toEqual([0, ['Usage:', command]]);
      expect(await runCommand('release-server', [command, '--wrong'])).toMatchObject({ code: 2, stdout: '' });
    },
  );

  it('knows no other', async () => {
    expect(await runCommand('release-server', ['serve'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'release-server: unknown command "serve"; see --help\n',
    });
  });

  it('says which Node it needs to a Node that is older', async () => {
    const { code, stderr } = await runCommand('release-server', ['--version'], OLD_NODE);
    expect([code, stderr]).toEqual([1, `${NEEDS}\n`]);
  });

  it.each(['main', 'index'] as const)('says so too where %s is imported', async (module) => {
    const { code, stderr } = await runCommand(module, [], OLD_NODE);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`\nError: ${NEEDS}\n`)]);
  });

  it('serves without a command, with the flags of npm run start:prod', async () => {
    const { scripts } = MANIFEST;
    const told = 'data:text/javascript,console.error(...process.execArgv)';
    const { code, stdout, stderr } = await runCommand('release-server', [], {
      CONFIG_PATH: '/dev/null',
      NODE_OPTIONS: `--import="${told}"`,
    });
    const [, flags] = stderr.split('\n');
    expect(scripts['start:prod']).toContain(`node ${flags} dist/`);
    expect([code, stdout]).toEqual([78, expect.stringContaining('the server did not start')]);
  });
});
