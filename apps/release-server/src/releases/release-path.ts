/** Where the page of a release is, from the root of the server. */
export function releasePath(tag: string): string {
  return `releases/tag/${encodeURIComponent(tag)}`;
}
