import { oncePer, type Release, type ReleaseCatalog } from '#releases';
import { fileOf, type Package } from '#storage';

/** What `specify init` starts a project from. */
export interface Template {
  readonly release: Release;
  /** The AI agent that it is for, as `--ai` takes it: a word of letters, digits and dashes. */
  readonly agent: string;
}

const PREFIX = 'spec-kit-template-';
const PREFERRED_AGENT = 'claude';

/** Of the release that clients get who want a template and name no version: the one for Claude where it has one. */
export const newestTemplate = oncePer((catalog: ReleaseCatalog): Template | undefined => {
  for (const block of catalog.assetBlocks) {
    const first = firstTemplate(block);
    if (first === undefined) continue;
    const release = catalog.releaseOf(first.stored);
    const isPreferred = release.assets.some((stored) => agentOf(stored) === PREFERRED_AGENT);
    return { release, agent: isPreferred ? PREFERRED_AGENT : first.agent };
  }
  return undefined;
});

/** Looked for once in a block, which most snapshots share. */
const firstTemplate = oncePer((block: readonly Package[]) => {
  for (const stored of block) {
    const agent = agentOf(stored);
    if (agent !== undefined) return { stored, agent };
  }
  return undefined;
});

/** `q` for `spec-kit-template-q-sh-v1.2.3.zip`; undefined for what is no template. */
function agentOf(stored: Package): string | undefined {
  const name = fileOf(stored);
  const start = name.indexOf(PREFIX);
  if (start < 0 || !name.endsWith('.zip')) return undefined;
  const rest = name.slice(start + PREFIX.length);
  const ends = ['-sh', '-ps'].map((script) => rest.indexOf(script)).filter((at) => at > 0);
  const agent = ends.length === 0 ? '' : rest.slice(0, Math.min(...ends));
  return /^[a-z0-9][a-z0-9-]*$/.test(agent) ? agent : undefined;
}
