import base from '../../../../jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...base,
  rootDir: '../../../..',
  roots: ['<rootDir>/apps/release-server/test/browser'],
  testMatch: ['**/*.browser-spec.ts'],
  // Each has a browser, which works on several cores by itself.
  maxWorkers: 2,
};
