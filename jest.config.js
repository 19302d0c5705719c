import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/examples'],
  testMatch: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  moduleNameMapper: {
    '^#(glob|storage|auth|releases|retention)$': '<rootDir>/libs/$1/src/index.ts',
    '^release-server$': '<rootDir>/apps/release-server/src/index.ts',
    '^release-server/testing$': '<rootDir>/libs/storage/src/testing/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true, tsx: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            react: { runtime: 'automatic', importSource: 'preact' },
          },
        },
        module: { type: 'es6' },
      },
    ],
  },
  testEnvironment: 'node',
  // For the slowest machine: a test that waits in vain says so itself, before.
  testTimeout: 120_000,
  // Many tests wait for servers and clocks: there are more of them than cores.
  maxWorkers: availableParallelism() * 2,
};
