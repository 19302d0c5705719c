// Also imported by scripts that Node runs as they are: nothing here that it could not strip.

/** How a client comes onto this machine. */
export type Source =
  /** A command of the machine, or the one that the variable of the environment names. */
  | { readonly by: 'machine'; readonly command: string; readonly variable: string }
  /** A directory that the variable names: it is in no registry. */
  | { readonly by: 'environment'; readonly variable: string; readonly what: string }
  | { readonly by: 'npm'; readonly packages: readonly string[] }
  | { readonly by: 'pip'; readonly packages: readonly string[] }
  /** What the variable names, as pip takes it: it is in no registry. */
  | { readonly by: 'pip of environment'; readonly variable: string; readonly what: string }
  /** A command, built of a module in some minutes. */
  | { readonly by: 'go'; readonly module: string }
  /** A program of these tests, built in some seconds. */
  | { readonly by: 'go program'; readonly directory: string }
  /** A command, built of a crate in some minutes. */
  | { readonly by: 'cargo'; readonly crate: string; readonly version: string };

const GO_GITHUB = 'apps/release-server/test/clients/programs/go-github';
const MISE = `@jdxcode/mise-${process.platform}-${process.arch}`;

/** The clients that the tests run, in the versions in which they were tried. */
export const CLIENTS = {
  curl: { by: 'machine', command: 'curl', variable: 'CURL' },
  wget: { by: 'machine', command: 'wget', variable: 'WGET' },
  pip: { by: 'pip', packages: ['pip==26.0.1'] },
  gh: { by: 'machine', command: 'gh', variable: 'GH' },
  octokit: { by: 'npm', packages: ['@octokit/rest@22.0.1'] },
  pygithub: { by: 'pip', packages: ['PyGithub==2.10.0'] },
  'go-github': { by: 'go program', directory: GO_GITHUB },
  goreleaser: { by: 'go', module: 'github.com/goreleaser/goreleaser/v2@v2.15.1' },
  'semantic-release': {
    by: 'npm',
    packages: ['semantic-release@25.0.9', '@semantic-release/github@12.0.10'],
  },
  'release-it': { by: 'npm', packages: ['release-it@21.1.2'] },
  'action-gh-release': {
    by: 'environment',
    variable: 'ACTION_GH_RELEASE',
    what: 'a checkout of softprops/action-gh-release',
  },
  'electron-updater': { by: 'npm', packages: ['electron-updater@6.8.10'] },
  mise: { by: 'npm', packages: [`${MISE}@2026.9.15`] },
  ubi: { by: 'cargo', crate: 'ubi-cli', version: '0.9.0' },
  specify: {
    by: 'pip of environment',
    variable: 'SPECIFY',
    what: 'the specify that has --template-url: a directory, an archive or git+https://…',
  },
} as const satisfies Record<string, Source>;

export type ClientName = keyof typeof CLIENTS;

/**
 * Where the tier has found or installed clients: commands of the machine, and else directories. Those that are missing
 * are not there.
 */
export type Places = Partial<Record<ClientName, string>>;

/** The variable by which the tier tells the tests of them, as JSON. */
export const PLACES_VARIABLE = 'CLIENTS_INSTALLED';
