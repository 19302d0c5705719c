import base from '../../../../jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...base,
  rootDir: '../../../..',
  roots: ['<rootDir>/apps/release-server/test/faults'],
  testMatch: ['**/*.faults-spec.ts'],
};
