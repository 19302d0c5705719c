/**
 * The way from a page to the root of the server, relative and with a slash at its end: `./` at `/packages`, `../` at
 * `/packages/`. It holds below every prefix that a proxy takes away, whether this server knows of it or not.
 *
 * @param path - As it was asked for. A request may be for no path at all (`*`, RFC 9112 §3.2.4).
 */
export function rootOf(path: string): string {
  const [beforeFragment = ''] = path.split('#', 1);
  const slashes = beforeFragment.split('/').length - 1;
  return `./${'../'.repeat(Math.max(0, slashes - 1))}`;
}
