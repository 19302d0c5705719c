import type { PackageView } from '../package.view.js';

/** A line that downloads a package under its name. */
export function downloadCommand({ url }: PackageView): string {
  return `curl -fLO ${shellWord(url)}`;
}

/** A line that says whether the downloaded file has the bytes that are stored. */
export function verifyCommand(name: string, sha256: string): string {
  return `echo '${sha256}  ${name}' | sha256sum -c -`;
}

/** A line that starts a project from the newest template. */
export function startCommand(base: string): string {
  return `specify init my-project --ai claude --template-url ${shellWord(`${base}/latest`)}`;
}

/** A line that publishes a file. */
export function publishCommand(base: string): string {
  return `curl -fsS -H "Authorization: Bearer $TOKEN" -F file=@my-package-v1.0.0.zip ${shellWord(`${base}/upload`)}`;
}

/** In quotes where a shell would read something into it (POSIX.1-2024, Shell Command Language 2.2). */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
