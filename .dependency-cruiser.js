const HTTP =
  '^(express|multer|node:http|http|node:https|https)$|node_modules/(express|multer|@nestjs/platform-express)/';
const EXPRESS = '^express$|node_modules/(express|@types/express|@nestjs/platform-express)/';

const APP = '^apps/release-server/src/';
/** The rooms of the application: each knows those before it, and the files that compose them know all. */
export const ROOMS = [
  'config',
  'observability',
  'http',
  'problems',
  'server',
  'events',
  'packages',
  'releases',
  'web',
  'health',
  'commands',
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      comment:
        'A cycle means that two files are one responsibility, or that one of them is in the wrong room.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'libs-do-not-know-apps',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'storage-and-glob-import-no-sibling',
      severity: 'error',
      from: { path: '^libs/(storage|glob)/' },
      to: { path: '^libs/', pathNot: '^libs/$1/' },
    },
    {
      name: 'auth-imports-glob-only',
      severity: 'error',
      from: { path: '^libs/auth/' },
      to: { path: '^libs/', pathNot: '^libs/(auth|glob)/' },
    },
    {
      name: 'releases-import-storage-only',
      severity: 'error',
      from: { path: '^libs/releases/' },
      to: { path: '^libs/', pathNot: '^libs/(releases|storage)/' },
    },
    {
      name: 'retention-imports-releases-storage-and-glob-only',
      severity: 'error',
      from: { path: '^libs/retention/' },
      to: { path: '^libs/', pathNot: '^libs/(retention|releases|storage|glob)/' },
    },
    {
      name: 'only-auth-knows-of-http',
      comment: 'A spec may play the object store.',
      severity: 'error',
      from: { path: '^libs/(storage|releases|retention|glob)/', pathNot: '\\.spec\\.ts$' },
      to: { path: HTTP },
    },
    {
      name: 'libs-are-entered-through-their-index',
      comment:
        'Tests may import what they share under testing/. What imports nothing of Nest is also for the browser, ' +
        'and for the schema of the configuration, of which files are generated without a build.',
      severity: 'error',
      from: { path: '^(apps|libs)/([^/]+)/', pathNot: '\\.spec\\.ts$|^apps/[^/]+/test/' },
      to: {
        path: '^libs/',
        pathNot: [
          '^libs/[^/]+/src/index\\.ts$',
          '^libs/$2/',
          '^libs/auth/src/(?:access|grant|identities/secure-address)\\.ts$',
        ],
      },
    },
    {
      name: 'index-is-for-outsiders',
      severity: 'error',
      from: { path: '^(?:libs|apps)/([^/]+)/' },
      to: { path: '^(?:libs|apps)/$1/src/index\\.ts$' },
    },
    ...ROOMS.map((room, at) => ({
      name: `${room}-knows-the-rooms-below-it`,
      severity: 'error',
      from: { path: `${APP}${room}/`, pathNot: '\\.spec\\.ts$' },
      to: {
        path: APP,
        pathNot: `${APP}(${ROOMS.slice(0, at + 1).join('|')})/`,
      },
    })),
    {
      name: 'a-room-has-its-place',
      comment: 'Put a new folder into ROOMS.',
      severity: 'error',
      from: { path: `${APP}[^/]+/`, pathNot: `${APP}(${ROOMS.join('|')})/` },
      to: {},
    },
    {
      name: 'express-stays-behind-its-adapter',
      comment:
        'What every request passes is on the types of node:http, so that it need not be written twice.',
      severity: 'error',
      from: {
        path: `${APP}(http|problems|server)/`,
        pathNot: `\\.spec\\.ts$|${APP}server/(http-server\\.adapter|routes|unrouted)\\.ts$`,
      },
      to: { path: EXPRESS },
    },
    {
      name: 'browser-shares-what-pages-render',
      comment:
        'And the table of codes, which imports nothing, and what a grant allows, which is decided alike.',
      severity: 'error',
      from: { path: '^apps/release-server/browser/' },
      to: {
        path: '^(apps|libs)/',
        pathNot: `^apps/release-server/browser/|${APP}(web/|problems/problem-codes\\.ts$)|^libs/auth/src/(?:access|grant)\\.ts$`,
      },
    },
    {
      name: 'server-does-not-import-scripts-of-pages',
      severity: 'error',
      from: { path: '^(apps/release-server/src|libs)/' },
      to: { path: '^apps/release-server/browser/' },
    },
    {
      name: 'examples-know-only-the-package',
      comment: 'As the code of another team does.',
      severity: 'error',
      from: { path: '^examples/' },
      to: {
        path: '^(apps|libs)/',
        pathNot: '^(apps/release-server|libs/storage/src/testing)/(src/)?index\\.ts$',
      },
    },
    {
      name: 'nothing-imports-examples',
      severity: 'error',
      from: { pathNot: '^examples/' },
      to: { path: '^examples/' },
    },
    {
      name: 'product-does-not-import-tests',
      severity: 'error',
      from: { path: '^(apps|libs|examples)/', pathNot: '\\.(e2e-)?spec\\.ts$|/test/|/testing/' },
      to: { path: '\\.(e2e-)?spec\\.ts$|/test/|/testing/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    // Libraries are imported by name; this finds their sources, as the compiler does.
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'types', 'import', 'require', 'node', 'default'],
    },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
  },
};
