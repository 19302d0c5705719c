const DAY = 24 * 60 * 60 * 1000;

/** A file that lies in the store. */
export interface StoredFile {
  readonly name: string;
  readonly content: Buffer;
  /** Milliseconds since it was published. */
  readonly age: number;
}

/** As long as names may be, without a place to break it at. */
export const LONG_NAME = 'x'.repeat(200);

/** Two releases, a pre-release and two packages without a version, newest first; their sizes have another order. */
export const PACKAGES: readonly StoredFile[] = [
  file('spec-kit-template-claude-sh-v2.0.0-rc.1.zip', 5000, 1),
  file('spec-kit-template-claude-sh-v1.1.0.zip', 3900, 4),
  file('spec-kit-template-copilot-sh-v1.1.0.zip', 4000, 4.1),
  file('spec-kit-template-gemini-sh-v1.1.0.zip', 3800, 4.2),
  file('spec-kit-template-claude-sh-v1.0.0.zip', 4300, 20),
  file('spec-kit-template-copilot-sh-v1.0.0.zip', 4200, 20.1),
  file('spec-kit-template-gemini-sh-v1.0.0.zip', 4100, 20.2),
  file('install.sh', 900, 30),
  file(LONG_NAME, 100, 40),
];

export const NAMES = PACKAGES.map(({ name }) => name);

/** Releases of four packages each. */
export function releases(count: number): StoredFile[] {
  return Array.from({ length: count }, (_, place) => `v1.${count - place}.0`).flatMap((version, place) =>
    ['claude', 'copilot', 'gemini', 'opencode'].map((agent, at) =>
      file(`spec-kit-template-${agent}-sh-${version}.zip`, 500 + place, place + at / 10),
    ),
  );
}

function file(name: string, size: number, daysAgo: number): StoredFile {
  return { name, content: Buffer.alloc(size, name), age: daysAgo * DAY };
}
