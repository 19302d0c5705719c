import { get, json, put, sha256 } from './support/client.js';
import { runCommand, type Ended } from './support/command.js';
import { makeDirectory } from './support/process.js';
import { startServer, type TestServer } from './support/server.js';
import { storageEnvironment } from './support/storage.js';
import { unzip } from './support/zip.js';

const AGENTS =
  'copilot claude gemini cursor-agent qwen opencode codex windsurf kilocode auggie codebuddy qoder roo q amp shai bob';
const NOW = '2026-01-15T12:00:00Z';
const ALL = 78;

interface Listed {
  readonly name: string;
  readonly created_at: string;
  readonly sha256: string;
}

const namesOf = (version: string, agents = AGENTS): string[] =>
  agents
    .split(' ')
    .flatMap((agent) => ['sh', 'ps'].map((script) => `spec-kit-template-${agent}-${script}-${version}.zip`));

describe('npm run seed', () => {
  let directory: Awaited<ReturnType<typeof makeDirectory>>;
  let server: TestServer;

  // The server runs all the while: both work on one store.
  beforeEach(async () => {
    directory = await makeDirectory();
    server = await startServer({ storage_path: directory.path });
  });

  afterEach(async () => {
    await server.stop();
    await directory.remove();
  });

  const seed = (parameters: string[] = [], environment: Record<string, string> = {}): Promise<Ended> =>
    runCommand('seed', parameters, {
      CONFIG_PATH: '/dev/null',
      MIN_FREE_SPACE: '0',
      ...storageEnvironment(directory.path),
      ...environment,
    });

  /** Newest first, once the server has seen what another process wrote. */
  const listed = async (): Promise<Listed[]> => {
    await new Promise((resolve) => setTimeout(resolve, 1100));
    return json<Listed[]>(await get(server, '/packages?format=json'));
  };

  const download = async (name: string): Promise<Buffer> =>
    Buffer.from(await (await get(server, `/assets/${name}`)).arrayBuffer());

  it('publishes two releases, a pre-release and files without version, with times of the last weeks', async () => {
    const { code, stdout, stderr } = await seed(['--now', NOW]);

    expect([code, stdout]).toEqual([0, `${ALL} packages: ${ALL} published, 0 there already, 0 conflicts.\n`]);
    expect(stderr.split('\n')[0]).toBe(`[1/${ALL}] published install.sh`);
    const packages = await listed();
    const byHour: [string, string[]][] = [
      ['2025-12-22T09', ['install.sh']],
      ['2025-12-23T09', namesOf('v1.4.0')],
      ['2025-12-31T10', ['team-constitution.md']],
      ['2026-01-06T15', ['team-presets.zip']],
      ['2026-01-11T14', [...namesOf('v1.5.0'), 'checksums.txt']],
      ['2026-01-14T11', namesOf('v1.6.0-rc.1', 'claude copilot gemini')],
    ];
    expect(packages.map(({ name, created_at: at }) => [name, at.slice(0, 13)]).toReversed()).toEqual(
      byHour.flatMap(([hour, names]) => names.map((name) => [name, hour])),
    );
    expect(new Set(packages.map(({ created_at: at }) => at)).size).toBe(ALL);
    expect(await json(await get(server, '/latest'))).toMatchObject({ tag_name: 'v1.5.0' });
  });

  it('publishes zips that can be unpacked, with the files where specify and the agent look for them', async () => {
    await seed();
    await listed();

    expect([...unzip(await download('spec-kit-template-claude-sh-v1.5.0.zip')).keys()].toSorted()).toEqual([
      '.claude/commands/plan.md',
      '.claude/commands/specify.md',
      '.claude/commands/tasks.md',
      '.specify/memory/constitution.md',
      '.specify/scripts/bash/create-new-feature.sh',
      '.specify/templates/plan-template.md',
      '.specify/templates/specify-template.md',
      '.specify/templates/tasks-template.md',
    ]);
    const gemini = unzip(await download('spec-kit-template-gemini-ps-v1.4.0.zip'));
    const command = gemini.get('.gemini/commands/specify.toml');
    expect(command).toMatch(/^description = "Write .*"\n\nprompt = """\nThe feature, .*: {{args}}\n/);
    expect(command).toContain('`.specify/scripts/powershell/create-new-feature.ps1`');
    expect(gemini.get('.specify/templates/plan-template.md')).toContain('Template version: 1.4.0\n');
    for (const line of (await download('checksums.txt')).toString().trimEnd().split('\n')) {
      const [digest, name = ''] = line.split('  ');
      expect([name, sha256(await download(name))]).toEqual([name, digest]);
    }
  });

  // Mutants: zips have the time at which they were made; what is there is published again.
  it('changes nothing a second time, whatever the time and its zone', async () => {
    await seed(['--now', NOW], { TZ: 'UTC' });
    const before = await listed();

    const { code, stdout } = await seed([], { TZ: 'Pacific/Auckland' });

    expect([code, stdout]).toEqual([0, `${ALL} packages: 0 published, ${ALL} there already, 0 conflicts.\n`]);
    expect(await listed()).toEqual(before);
    expect(await server.staged()).toEqual([]);
  });

  it('leaves alone what others have stored, and tells of it', async () => {
    await put(server, 'install.sh', 'another');
    await put(server, 'own.zip', 'own');

    const { code, stdout, stderr } = await seed();

    expect([code, stdout]).toEqual([
      1,
      `${ALL} packages: ${ALL - 1} published, 0 there already, 1 conflict.\n`,
    ]);
    expect(stderr).toContain(`[1/${ALL}] conflict install.sh: other bytes are stored\n`);
    expect((await download('install.sh')).toString()).toBe('another');
    expect(await listed()).toHaveLength(ALL + 1);
  });

  it('stores nothing where the limit would have packages leave', async () => {
    await put(server, 'own.zip', 'own');

    const { code, stdout, stderr } = await seed([], { MAX_PACKAGES: String(ALL) });

    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `seed: nothing was stored: with it there would be ${ALL + 1} packages, and max_packages is ${ALL}, so the oldest would leave; raise max_packages or seed an empty store\n`,
    );
    expect(await listed()).toHaveLength(1);
    expect((await seed([], { MAX_PACKAGES: String(ALL + 1) })).code).toBe(0);
  });

  it('refuses a time that is none', async () => {
    expect(await seed(['--now', 'soon'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'seed: --now soon is not a time; see --help\n',
    });
  });
});
