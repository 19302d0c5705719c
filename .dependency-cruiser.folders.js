import base from './.dependency-cruiser.js';

// Without tests, which lie beside what they test and take from everywhere.
/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circles-between-folders',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: { ...base.options, exclude: { path: '(^|/)dist/|\\.spec\\.ts$|/testing/|/test/' } },
};
