import {
  constructFromEvents,
  CORE_SCHEMA,
  EVENT_ID,
  getScalarValue,
  load,
  parseEvents,
  YAMLException,
  type Event,
} from 'js-yaml';

/** The keys and the indices of items that lead to a value. */
export type Path = readonly PropertyKey[];

const SCHEMA = { schema: CORE_SCHEMA, maxAliases: 10 };
const LIMITS = { maxDepth: 10 };

/** A text that is no YAML. The reason holds nothing of the text. */
export class YamlError extends Error {
  /**
   * @param line - from 1
   * @param path - of what is wrong; of a text without any structure, the key of its line, known or not
   */
  constructor(
    reason: string,
    readonly line: number,
    readonly path: Path,
  ) {
    super(reason);
  }
}

/** The documents of a YAML text, and the line of each part of the first. Throws {@link YamlError}. */
export class YamlText {
  readonly documents: readonly unknown[];
  private readonly places: readonly Place[];

  constructor(private readonly text: string) {
    let places: readonly Place[] | undefined;
    try {
      const events = parseEvents(text, LIMITS);
      places = placesIn(text, events);
      this.documents = constructFromEvents(events, { ...SCHEMA, source: text });
      this.places = places;
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      const { position = 0, line = 0 } = error.mark ?? {};
      const path = places?.findLast((place) => place.position <= position)?.path;
      throw new YamlError(withoutValues(error.reason), line + 1, path ?? [wordOfLine(text, line)]);
    }
  }

  /** From 1, of the part itself or, where it is missing, of the nearest around it; nothing where all are missing. */
  lineOf(path: Path): number | undefined {
    for (let length = path.length; length > 0; length--) {
      const place = this.places.find((one) => isSame(one.path, path.slice(0, length)));
      if (place !== undefined) return this.text.slice(0, place.position).split('\n').length;
    }
    return undefined;
  }
}

/** What YAML takes a text for, and the text itself where it is none. */
export function readScalar(text: string): unknown {
  try {
    return load(text, { ...SCHEMA, ...LIMITS });
  } catch {
    return text;
  }
}

interface Place {
  readonly path: Path;
  /** Offset in the text: of a key, and of an item of a list. */
  readonly position: number;
}

/** In the order of the text. */
function placesIn(text: string, events: readonly Event[]): Place[] {
  const places: Place[] = [];
  let at = 0;
  const note = (path: Path): void => {
    const position = positionOf(events[at]);
    if (position !== undefined) places.push({ path, position });
  };
  const isOpen = (): boolean => at < events.length && events[at]?.type !== EVENT_ID.POP;
  const readNode = (path: Path): void => {
    const event = events[at++];
    if (event?.type === EVENT_ID.SEQUENCE) {
      for (let index = 0; isOpen(); index++) {
        note([...path, index]);
        readNode([...path, index]);
      }
    } else if (event?.type === EVENT_ID.MAPPING) {
      while (isOpen()) {
        const key = events[at];
        const inner = [...path, key?.type === EVENT_ID.SCALAR ? getScalarValue(text, key) : ''];
        note(inner);
        readNode(inner);
        readNode(inner);
      }
    } else {
      return;
    }
    at++;
  };
  // The first event opens the document.
  at++;
  if (isOpen()) readNode([]);
  return places;
}

/** Of its tag or anchor, where it has one: that is where js-yaml places errors. */
function positionOf(event: Event | undefined): number | undefined {
  if (event === undefined || !('anchorStart' in event)) return undefined;
  const tag = 'tagStart' in event ? event.tagStart : -1;
  const own = 'valueStart' in event ? event.valueStart : 'start' in event ? event.start : -1;
  return [tag, event.anchorStart, own].find((start) => start >= 0);
}

function isSame(one: Path, other: Path): boolean {
  return one.length === other.length && one.every((step, index) => step === other[index]);
}

/** What stands before the first colon. */
function wordOfLine(text: string, line: number): string {
  return text.split('\n')[line]?.split(':', 1)[0] ?? '';
}

/** js-yaml quotes aliases and tags in its reasons, which may be what somebody meant to be a secret. */
function withoutValues(reason: string): string {
  const advice = reason.includes('alias') ? ' (a value that begins with * or & has to stand in quotes)' : '';
  return `${reason.replace(/"[^"]*"|!<.*/gs, '…')}${advice}`;
}
