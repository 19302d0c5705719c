// Runs jest, with the flags that modules need, and says with which code it ended:
//   node tools/test/jest.mjs [OPTION...] [PATTERN...]
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const COMMAND = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];

export async function jest(parameters, environment = {}) {
  const child = spawn(process.execPath, [...COMMAND, ...parameters], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

if (import.meta.main) process.exitCode = await jest(process.argv.slice(2));
