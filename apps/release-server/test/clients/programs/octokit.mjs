// Publishes a release and reads it again with @octokit/rest, as programs of teams do: BASE_URL TOKEN
import { Octokit } from '@octokit/rest';

const [baseUrl, auth] = process.argv.slice(2);
const octokit = new Octokit({ baseUrl, auth });
const repository = { owner: 'acme', repo: 'tool' };
const { repos } = octokit;

const { data: draft } = await repos.createRelease({
  ...repository,
  tag_name: 'v1.0.0',
  name: 'First',
  body: 'draft',
  draft: true,
});
for (const [name, data] of [
  ['tool.txt', 'the program'],
  ['odd name+.txt', 'odd'],
]) {
  await repos.uploadReleaseAsset({
    ...repository,
    release_id: draft.id,
    // Else it goes to GitHub's own host for uploads.
    url: draft.upload_url,
    name,
    label: `Label of ${name}`,
    data,
  });
}
const publicBefore = await new Octokit({ baseUrl }).repos.listReleases(repository);
const { data: published } = await repos.updateRelease({
  ...repository,
  release_id: draft.id,
  body: 'public',
  draft: false,
});

const again = { ...repository, release_id: draft.id, url: draft.upload_url, name: 'tool.txt', data: 'x' };
const refused = await repos
  .uploadReleaseAsset(again)
  .catch(({ status, response }) => ({ status, data: response.data }));
const { data: latest } = await repos.getLatestRelease(repository);
const { data: byTag } = await repos.getReleaseByTag({ ...repository, tag: 'v1.0.0' });
const { data: byId } = await repos.getRelease({ ...repository, release_id: draft.id });
const { data: assets } = await repos.listReleaseAssets({ ...repository, release_id: draft.id });
const program = assets.find(({ name }) => name === 'tool.txt');
const { data: bytes } = await repos.getReleaseAsset({
  ...repository,
  asset_id: program.id,
  headers: { accept: 'application/octet-stream' },
});
const { data: renamed } = await repos.updateReleaseAsset({
  ...repository,
  asset_id: program.id,
  name: 'program.txt',
  label: 'Program',
});

const etag = (await repos.getLatestRelease(repository)).headers.etag;
const notModified = await repos
  .getLatestRelease({ ...repository, headers: { 'if-none-match': etag } })
  .catch(({ status }) => status);

for (let number = 1; number <= 5; number++)
  await repos.createRelease({ ...repository, tag_name: `v0.${number}.0`, make_latest: 'false' });
const all = await octokit.paginate(repos.listReleases, { ...repository, per_page: 2 });
const { data: notes } = await repos.generateReleaseNotes({ ...repository, tag_name: 'v1.1.0' });

// With another name it is another asset.
await repos.deleteReleaseAsset({ ...repository, asset_id: renamed.id });
const left = await repos.listReleaseAssets({ ...repository, release_id: draft.id });
await repos.deleteRelease({ ...repository, release_id: draft.id });
const missing = await repos
  .getReleaseByTag({ ...repository, tag: 'v1.0.0' })
  .catch(({ status, response }) => ({ status, message: response.data.message }));

console.log(
  JSON.stringify({
    draft: draft.draft,
    publicBefore: publicBefore.data.length,
    published: [published.draft, published.body],
    refused: [refused.status, refused.data?.errors?.[0]?.code],
    latest: [latest.tag_name, latest.assets.map(({ name }) => name).sort()],
    sameId: [byTag.id, byId.id, latest.id].every((id) => id === draft.id),
    labels: assets.map(({ label }) => label).sort(),
    bytes: Buffer.from(bytes).toString(),
    renamed: [renamed.name, renamed.label],
    notModified,
    all: all.map(({ tag_name: tag }) => tag).sort(),
    notes: typeof notes.body,
    left: left.data.map(({ name }) => name),
    missing,
  }),
);
