// Measures the build, one thing after another, each beside a peer in the same run:
//   npm run bench [-- pages|s3 ...]
import { spawnSync } from 'node:child_process';

const chosen = process.argv.slice(2);
for (const name of chosen.length > 0 ? chosen : ['pages', 's3']) {
  console.log(`== ${name}`);
  const { status } = spawnSync(process.execPath, [`bench/${name}.mjs`], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
