import type { Release } from '#releases';

import { releasePath } from '../../releases/release-path.js';
import { isoTime, SERVER_LOGIN } from '../../releases/release.view.js';
import type { RenderedNotes } from './notes.js';

/** A release and its notes. */
export interface FeedEntry {
  readonly release: Release;
  readonly notes: RenderedNotes | undefined;
}

/** What XML 1.0 has no way to say. */
const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Releases as an Atom feed (RFC 4287), as GitHub has it. @param base - Of links, without a slash at the end. */
export function releasesFeed(repository: string, entries: readonly FeedEntry[], base: string): string {
  const updated = entries.reduce((last, { release }) => Math.max(last, release.updatedAt), 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<feed xmlns="http://www.w3.org/2005/Atom">',
    `<id>${base}/releases</id>`,
    `<link rel="alternate" type="text/html" href="${base}/releases"/>`,
    `<link rel="self" type="application/atom+xml" href="${base}/releases.atom"/>`,
    `<title>Releases of ${escaped(repository)}</title>`,
    `<updated>${isoTime(updated)}</updated>`,
    ...entries.map((entry) => entryOf(entry, base)),
    '</feed>',
    '',
  ].join('\n');
}

function entryOf({ release, notes }: FeedEntry, base: string): string {
  const { tag, title, record, publishedAt, updatedAt } = release;
  const page = escaped(`${base}/${releasePath(tag)}`);
  return [
    '<entry>',
    `<id>${page}</id>`,
    `<link rel="alternate" type="text/html" href="${page}"/>`,
    `<title>${escaped(title)}</title>`,
    ...(publishedAt === undefined ? [] : [`<published>${isoTime(publishedAt)}</published>`]),
    `<updated>${isoTime(updatedAt)}</updated>`,
    `<author><name>${escaped(record?.author ?? SERVER_LOGIN)}</name></author>`,
    ...(notes === undefined ? [] : [`<content type="html">${escaped(withRest(notes, page))}</content>`]),
    '</entry>',
  ].join('\n');
}

function withRest({ html, isCut }: RenderedNotes, page: string): string {
  return isCut ? `${html}<p><a href="${page}">All notes</a></p>` : html;
}

function escaped(text: string): string {
  return text.replace(NOT_XML, '\u{FFFD}').replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}
