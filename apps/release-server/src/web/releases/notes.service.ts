import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

import type { ReleaseRecord } from '#storage';

import { renderNotes, type RenderedNotes } from './notes.js';

const MiB = 1024 * 1024;

/** Renders the notes of releases, each once for as long as its record stays and others do not need the room. */
@Injectable()
export class NotesService {
  private readonly rendered = new LRUCache<string, RenderedNotes & { readonly record: ReleaseRecord }>({
    max: 1000,
    maxSize: 8 * MiB,
    sizeCalculation: ({ html }) => 1 + html.length,
  });

  /** Undefined where there are none. @param limit - Characters at most. */
  of(record: ReleaseRecord | undefined, limit: number): RenderedNotes | undefined {
    if (record?.notes === undefined || record.notes.trim() === '') return undefined;
    const key = `${limit} ${record.isDraft} ${record.tag}`;
    const known = this.rendered.get(key);
    if (known?.record === record) return known;
    const made = { ...renderNotes(record.notes, limit), record };
    this.rendered.set(key, made);
    return made;
  }
}
