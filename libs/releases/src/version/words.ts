/**
 * What the words and forms in a package's name say about its version: the one place that decides it. The table in
 * docs/http.md is its documentation. Whatever is not named here is a platform, an architecture or a variant, and
 * changes nothing.
 */

/** What a word makes of a release. Steps are compared by `rank`, those below 0 come before the release. */
export interface Word {
  /** One spelling for all that mean the same, for comparing and grouping. */
  readonly means: string;
  readonly rank: number;
  /**
   * Where it counts: `attached` directly behind the number of the version, `behind` there and anywhere later,
   * `near` also directly before the version when another word precedes it, `anywhere` in the whole name.
   */
  readonly counts: 'attached' | 'behind' | 'near' | 'anywhere';
  /** It says nothing without a number of its own: `m1` is a milestone, `m` is a letter. */
  readonly needsNumber: boolean;
}

const PRE_RELEASE = {
  unfinished: -6,
  alpha: -5,
  beta: -4,
  milestone: -3,
  preview: -2,
  candidate: -1,
} as const;
const POST_RELEASE = 1;
/** `1.2.3-0`: SemVer puts a bare number before every word. */
export const NUMBERED = { means: '', rank: -7 } as const;
/** A word that a format takes for a pre-release whatever it is. */
export const UNFINISHED_RANK = PRE_RELEASE.unfinished;
/** `3.3a`, `1.1.1w`: the letter of a patch release. */
export const LETTER_RANK = POST_RELEASE;

const TABLE: readonly (readonly [
  words: string,
  rank: number,
  counts: Word['counts'],
  options?: { readonly means?: string; readonly needsNumber?: boolean },
])[] = [
  ['nightly unstable insider insiders prerelease', PRE_RELEASE.unfinished, 'anywhere'],
  ['dev snapshot canary experimental next', PRE_RELEASE.unfinished, 'near'],
  ['development develop devel testing daily dirty', PRE_RELEASE.unfinished, 'behind'],
  ['edge git svn hg bzr cvs draft wip trunk', PRE_RELEASE.unfinished, 'attached'],
  ['ci pr test main master exp', PRE_RELEASE.unfinished, 'attached', { needsNumber: true }],
  ['alpha', PRE_RELEASE.alpha, 'near'],
  ['a', PRE_RELEASE.alpha, 'attached', { means: 'alpha', needsNumber: true }],
  ['beta', PRE_RELEASE.beta, 'near'],
  ['b', PRE_RELEASE.beta, 'attached', { means: 'beta', needsNumber: true }],
  ['milestone', PRE_RELEASE.milestone, 'behind'],
  ['m ms', PRE_RELEASE.milestone, 'attached', { means: 'milestone', needsNumber: true }],
  ['preview pre ea', PRE_RELEASE.preview, 'near'],
  ['eap early', PRE_RELEASE.preview, 'behind'],
  ['tp', PRE_RELEASE.preview, 'attached', { means: 'preview', needsNumber: true }],
  ['rc', PRE_RELEASE.candidate, 'near'],
  ['candidate', PRE_RELEASE.candidate, 'behind', { means: 'rc' }],
  ['c cr', PRE_RELEASE.candidate, 'attached', { means: 'rc', needsNumber: true }],
  ['final ga release rtm stable lts', 0, 'attached'],
  ['post hotfix', POST_RELEASE, 'attached', { means: 'post' }],
  ['rev r', POST_RELEASE, 'attached', { means: 'post', needsNumber: true }],
  ['p pl patch fix sp u update', POST_RELEASE, 'attached', { means: 'patch', needsNumber: true }],
];

export const WORDS: ReadonlyMap<string, Word> = new Map(
  TABLE.flatMap(([words, rank, counts, { means, needsNumber = false } = {}]) =>
    words.split(' ').map((word) => [word, { means: means ?? word, rank, counts, needsNumber }]),
  ),
);

/** Words whose number is their own: `ubuntu-22.04` before the version, or alone, is no version. */
export const NUMBERED_PLATFORMS: ReadonlySet<string> = new Set(
  `ubuntu debian centos rhel el fedora fc rocky alma almalinux suse sles opensuse leap alpine amzn win windows macos
  macosx osx mac ios android glibc libc musl cuda cudnn rocm jdk jre java openjdk python py node nodejs ruby php perl
  golang net dotnet netcore netcoreapp netstandard gcc clang llvm msvc qt scala hadoop pg postgres postgresql openssl
  manylinux musllinux freebsd openbsd netbsd electron`.split(/\s+/),
);

/** Numbers that are architectures. */
export const ARCHITECTURES: ReadonlySet<string> = new Set(['32', '64', '86', '386', '486', '586', '686']);

/** Packages of operating systems, which count their own revisions behind `-`: `tool_1.2.3~rc1-1_amd64.deb`. */
export const SYSTEM_PACKAGES: ReadonlySet<string> = new Set(
  'deb udeb ddeb dsc rpm apk ipk opk pkg xbps conda'.split(' '),
);

/** Formats in which a bare number behind `-` is a build, and not SemVer's pre-release (PEP 427, Maven). */
export const NUMBERED_BUILDS: ReadonlySet<string> = new Set('whl jar war ear aar pom'.split(' '));

/** Formats in which any word behind this separator makes a pre-release. */
export const STRICT: ReadonlyMap<string, string> = new Map([
  ['gem', '.'],
  ['nupkg', '-'],
  ['snupkg', '-'],
]);

/** Extensions that begin with a digit, or hold one where a number could go on. */
export const EXTENSIONS_WITH_DIGITS: ReadonlySet<string> = new Set(
  '7z 3gp 3mf bz2 lz4 md5 sha1 sha224 sha256 sha384 sha512 p12 p7m p7s b64 mp3 mp4 m3u m4a m4v'.split(' '),
);
