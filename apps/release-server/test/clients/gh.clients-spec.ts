import { dirname } from 'node:path';

import { attempt, describeClient, run } from './support/client.js';
import { runRecipe } from './support/recipe.js';
import { PRIVATE, publish, READER, REPOSITORY, useSite } from './support/site.js';

describeClient('gh', (gh) => {
  const site = useSite('https');

  const environment = (): Record<string, string> => ({
    ...site.environment,
    GH_HOST: site.host,
    GH_REPO: `${site.host}/${REPOSITORY}`,
    GH_ENTERPRISE_TOKEN: site.environment['TOKEN'] ?? '',
    GH_CONFIG_DIR: `${site.directory}/gh`,
    SSL_CERT_FILE: site.certificate,
    NO_COLOR: '1',
  });
  /** Runs it in the work directory; `words` are split at spaces. */
  const ask = (words: string, ...parameters: string[]): Promise<string> =>
    run(gh, [...words.split(' '), ...parameters], { cwd: site.directory, env: environment() });
  const shown = async (tag: string, fields: string): Promise<unknown> =>
    JSON.parse(await ask(`release view ${tag} --json ${fields}`));

  beforeEach(async () => {
    await site.write('tool-linux-amd64', 'the program');
    await site.write('tool-darwin-arm64', 'another program');
    await site.write('notes.md', '# What is new\n\nEverything.\n');
  });

  it('creates a release with files and notes, which are public when it is done', async () => {
    const url = await ask(
      'release create v1.0.0 tool-linux-amd64 tool-darwin-arm64 --title First -F notes.md',
    );
    expect(url.trim()).toBe(`${site.url}/releases/tag/v1.0.0`);
    expect(await site.releases()).toEqual({ 'v1.0.0': ['tool-darwin-arm64', 'tool-linux-amd64'] });
    expect(await shown('v1.0.0', 'name,body,isDraft,isPrerelease,tagName')).toEqual({
      name: 'First',
      body: '# What is new\n\nEverything.\n',
      isDraft: false,
      isPrerelease: false,
      tagName: 'v1.0.0',
    });
  });

  it('keeps a draft out of sight until an edit publishes it', async () => {
    await ask('release create v1.0.0 tool-linux-amd64 --draft --notes later');
    expect(await site.releases()).toEqual({});
    expect(await ask('release list')).toContain('Draft');
    expect(await shown('v1.0.0', 'isDraft')).toEqual({ isDraft: true });
    await ask('release upload v1.0.0 tool-darwin-arm64');
    expect(await site.releases()).toEqual({});
    await ask('release edit v1.0.0 --draft=false --title Now --notes published');
    expect(await site.releases()).toEqual({ 'v1.0.0': ['tool-darwin-arm64', 'tool-linux-amd64'] });
    expect(await shown('v1.0.0', 'name,body')).toEqual({ name: 'Now', body: 'published' });
  });

  it('marks pre-releases, and says which is the latest', async () => {
    await ask('release create v1.0.0 --notes one');
    await ask('release create v2.0.0-rc.1 --prerelease --notes two');
    const lines = (await ask('release list')).trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines.find((line) => line.includes('v1.0.0'))).toContain('Latest');
    expect(lines.find((line) => line.includes('v2.0.0-rc.1'))).toContain('Pre-release');
    expect(await ask('release view --json tagName --jq .tagName')).toBe('v1.0.0\n');
  });

  it('replaces a file with --clobber, and only so', async () => {
    await ask('release create v1.0.0 tool-linux-amd64 --notes one');
    await site.write('tool-linux-amd64', 'the program, mended');
    const { code, stderr } = await attempt(gh, ['release', 'upload', 'v1.0.0', 'tool-linux-amd64'], {
      cwd: site.directory,
      env: environment(),
    });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('same name already exists'),
    });
    await ask('release upload v1.0.0 tool-linux-amd64 --clobber');
    await ask('release download v1.0.0 --dir taken');
    expect(await site.read('taken/tool-linux-amd64')).toBe('the program, mended');
  });

  it('downloads by pattern, of a tag and of the latest', async () => {
    await ask('release create v1.0.0 tool-linux-amd64 tool-darwin-arm64 --notes one');
    await ask('release download v1.0.0 --dir taken --pattern *linux*');
    expect(await site.read('taken/tool-linux-amd64')).toBe('the program');
    await expect(site.read('taken/tool-darwin-arm64')).rejects.toThrow('ENOENT');
    await ask('release download --dir latest --pattern *');
    expect(await site.read('latest/tool-darwin-arm64')).toBe('another program');
  });

  it('deletes a file, and a release with its files', async () => {
    await ask('release create v1.0.0 tool-linux-amd64 tool-darwin-arm64 --notes one');
    await ask('release delete-asset v1.0.0 tool-linux-amd64 --yes');
    expect(await site.releases()).toEqual({ 'v1.0.0': ['tool-darwin-arm64'] });
    await ask('release delete v1.0.0 --yes');
    expect(await site.releases()).toEqual({});
  });

  it('calls the API itself', async () => {
    await ask('release create v1.0.0 tool-linux-amd64 --notes one');
    expect(await ask(`api repos/${REPOSITORY}/releases/latest --jq .tag_name`)).toBe('v1.0.0\n');
    await ask('auth status');
  });

  it('says what is wrong where there is no such release, and with a wrong token', async () => {
    const missing = await attempt(gh, ['release', 'view', 'v9'], { env: environment() });
    expect({ code: missing.code, stderr: missing.stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('release not found'),
    });
    const env = { ...environment(), GH_ENTERPRISE_TOKEN: 'wrong' };
    const refused = await attempt(gh, ['release', 'create', 'v1', '--notes', 'x'], { env });
    expect({ code: refused.code, stderr: refused.stderr }).toEqual({
      code: expect.any(Number),
      stderr: expect.stringContaining('HTTP 401: Bad credentials'),
    });
  });

  it('does what the guide shows', async () => {
    await site.write('dist/tool-linux-x64', 'the program');
    await site.write('dist/tool-darwin-arm64', 'another program');
    const printed = await runRecipe(site, 'gh', { commands: dirname(gh), env: environment() });
    expect(printed).toContain('Version 1.2.0');
    expect(await site.read('downloads/tool-linux-x64')).toBe('the program');
    expect(await site.releases()).toEqual({});
  });
});

describeClient('gh', (gh) => {
  const site = useSite('https', PRIVATE);
  const ask = (token: string, words: string): ReturnType<typeof attempt> =>
    attempt(gh, words.split(' '), {
      cwd: site.directory,
      env: {
        ...site.environment,
        GH_REPO: `${site.host}/${REPOSITORY}`,
        GH_ENTERPRISE_TOKEN: token,
        GH_CONFIG_DIR: `${site.directory}/gh`,
        SSL_CERT_FILE: site.certificate,
        NO_COLOR: '1',
      },
    });

  beforeEach(() => publish(site, 'v1.2.0', { 'tool-linux-x64': 'the program' }));

  it('lists, shows and downloads with a token that may read', async () => {
    expect((await ask(READER, 'release list')).stdout).toContain('v1.2.0');
    expect((await ask(READER, 'release view v1.2.0')).stdout).toContain('tool-linux-x64');
    for (const [dir, which] of [
      ['tagged', 'v1.2.0'],
      ['latest', '--pattern *'],
    ]) {
      const { code, stderr } = await ask(READER, `release download ${which} --dir ${dir}`);
      expect([code, stderr]).toEqual([0, '']);
      expect(await site.read(`${dir}/tool-linux-x64`)).toBe('the program');
    }
  });

  it('says what that token lacks to publish, and that another is refused', async () => {
    const lacking = await ask(READER, 'release create v2.0.0 --notes x');
    expect([lacking.code, lacking.stderr]).toEqual([1, expect.stringContaining('scope publish')]);
    const wrong = await ask('wrong', 'release download v1.2.0');
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain('401');
  });
});
