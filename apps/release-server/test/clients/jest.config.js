import base from '../../../../jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...base,
  rootDir: '../../../..',
  roots: ['<rootDir>/apps/release-server/test/clients'],
  testMatch: ['**/*.clients-spec.ts'],
  // Tools that start slowly, each with a server of its own.
  maxWorkers: 2,
  testTimeout: 120_000,
};
