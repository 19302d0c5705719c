import { byPreference, packageVersion } from '#releases';
import type { Package } from '#storage';

/** A package that `specify init` starts a project from. */
export interface Template {
  readonly stored: Package;
  /** The AI agent that it is for, as `--ai` takes it: a word of letters, digits and dashes. */
  readonly agent: string;
}

const PREFIX = 'spec-kit-template-';
const PREFERRED_AGENT = 'claude';

/** Of the release that clients get who want a template and name no version: the one for Claude where it has one. */
export function newestTemplate(packages: readonly Package[]): Template | undefined {
  const templates = packages.flatMap((stored) => {
    const agent = agentOf(stored);
    const version = packageVersion(stored);
    return agent === undefined ? [] : { stored, agent, version, createdAt: stored.createdAt };
  });
  const [first] = templates.toSorted(byPreference);
  const preferred = templates.find(
    ({ agent, version }) => agent === PREFERRED_AGENT && version?.key === first?.version?.key,
  );
  return preferred ?? first;
}

/** `q` for `spec-kit-template-q-sh-v1.2.3.zip`; undefined for what is no template. */
function agentOf({ name }: Package): string | undefined {
  const start = name.indexOf(PREFIX);
  if (start < 0 || !name.endsWith('.zip')) return undefined;
  const rest = name.slice(start + PREFIX.length);
  const ends = ['-sh', '-ps'].map((script) => rest.indexOf(script)).filter((at) => at > 0);
  const agent = ends.length === 0 ? '' : rest.slice(0, Math.min(...ends));
  return /^[a-z0-9][a-z0-9-]*$/.test(agent) ? agent : undefined;
}
