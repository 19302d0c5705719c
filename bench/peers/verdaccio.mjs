// A configuration of Verdaccio in which the files of `storage` are the tarballs of one npm package, `bench`.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export async function verdaccio({ port, directory, storage }) {
  const packages = join(directory, 'packages');
  await mkdir(packages);
  await symlink(storage, join(packages, 'bench'));
  const manifest = {
    name: 'bench',
    versions: {},
    'dist-tags': {},
    _attachments: {},
    _distfiles: {},
    _uplinks: {},
  };
  await writeFile(join(storage, 'package.json'), JSON.stringify(manifest));
  const config = join(directory, 'config.yaml');
  await writeFile(
    config,
    `storage: ${packages}
auth: { htpasswd: { file: ${join(directory, 'htpasswd')} } }
packages: { '**': { access: $all } }
log: { type: stdout, format: json, level: http }
`,
  );
  return ['verdaccio', '--config', config, '--listen', `127.0.0.1:${port}`];
}
