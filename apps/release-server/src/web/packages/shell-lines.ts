import type { PackageView } from '../../packages/package.view.js';

/** A line that downloads a package under its name. `-o`, because `-O` would save `a+b.zip` as `a%2Bb.zip`. */
export function downloadCommand({ name, url }: Pick<PackageView, 'name' | 'url'>): string {
  return `curl -fL -o ${shellWord(name)} ${shellWord(url)}`;
}

/** A line that says whether the downloaded file has the bytes that are stored. */
export function verifyCommand(name: string, sha256: string): string {
  return `printf '%s  %s\\n' ${shellWord(sha256)} ${shellWord(name)} | sha256sum -c -`;
}

/** A line that starts a project from the newest template. @param agent - A plain word. */
export function startCommand(base: string, agent: string): string {
  return `specify init my-project --ai ${agent} --template-url ${shellWord(`${base}/latest`)}`;
}

/** A line that publishes a file. */
export function publishCommand(base: string): string {
  return `curl -fsS -H "Authorization: Bearer $TOKEN" -F file=@my-package-v1.0.0.zip ${shellWord(`${base}/upload`)}`;
}

/**
 * One word of a shell, whatever is in it (POSIX.1-2024, Shell Command Language §2.2). Backslashes stand outside of the
 * quotes: fish, unlike POSIX shells, takes them for escapes within.
 */
function shellWord(word: string): string {
  return `'${word.replace(/['\\]/g, (special) => `'\\${special}'`)}'`;
}
