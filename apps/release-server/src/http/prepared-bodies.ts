import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

import { Mutex } from 'async-mutex';
import { LRUCache } from 'lru-cache';

import { BusyError } from './busy.error.js';
import { InFlightBytes } from './in-flight-bytes.js';
import type { PreparedBody } from './prepared-body.js';
import { MAX_FORMS, WHOLE_BYTES } from './prepared-form.js';

const MiB = 1024 * 1024;
/** Bytes of bodies that are being sent, each counted once however many read it, beyond which no other is made. */
const MAX_IN_FLIGHT_BYTES = 32 * MiB;
/** Bodies that wait to be made. */
const MAX_WAITING = 32;
/** Seconds after which another try is worth it. */
const RETRY_AFTER_SECONDS = 2;
/** Bytes of a reference to a fragment. */
const REFERENCE_BYTES = 8;

/** Makes a body; one of many packages in slices between which other work has a turn. */
type Make = () => PreparedBody | Promise<PreparedBody>;

/**
 * Bodies made from one state, forgotten when the state is another object: each made once, one after the other with
 * other work in between, and bounded in number and bytes, those included that clients do not read.
 */
export class PreparedBodies<State extends object> {
  private readonly bodies = new LRUCache<string, PreparedBody>({
    max: 100,
    maxSize: 32 * MiB,
    sizeCalculation: (body) => sizeOf(body),
  });
  private readonly beingMade = new Map<string, Promise<PreparedBody>>();
  private readonly turns = new Mutex();
  private readonly inFlight = new InFlightBytes<PreparedBody>(sizeOf);
  private waiting = 0;
  /** As of `performance.now()`. */
  private restUntil = 0;
  private state: State | undefined;

  /** No promise where it is made already. Rejects with `BusyError` where making it would be too much. */
  get(state: State, key: string, make: Make): PreparedBody | Promise<PreparedBody> {
    if (state !== this.state) {
      this.bodies.clear();
      this.beingMade.clear();
      this.state = state;
    }
    return this.bodies.get(key) ?? this.beingMade.get(key) ?? this.make(state, key, make);
  }

  private async make(state: State, key: string, make: Make): Promise<PreparedBody> {
    if (this.waiting >= MAX_WAITING || this.inFlight.total > MAX_IN_FLIGHT_BYTES) {
      throw new BusyError(
        'Too many different answers are being made and sent; try again in a moment.',
        RETRY_AFTER_SECONDS,
      );
    }
    const body = this.inTurn(make);
    this.beingMade.set(key, body);
    try {
      const made = await body;
      if (this.state === state) this.bodies.set(key, made);
      return made;
    } finally {
      if (this.beingMade.get(key) === body) this.beingMade.delete(key);
    }
  }

  private async inTurn(make: Make): Promise<PreparedBody> {
    this.waiting += 1;
    try {
      return await this.turns.runExclusive(async () => {
        // Where several wait, all other requests get as much time as the body before has taken.
        const rest = this.waiting > 1 ? this.restUntil - performance.now() : 0;
        await (rest > 0 ? delay(rest) : nextTurn());
        const began = performance.now();
        const made: PreparedBody = { ...(await make()), hold: () => this.inFlight.hold(made) };
        const ended = performance.now();
        this.restUntil = ended + (ended - began);
        return made;
      });
    } finally {
      this.waiting -= 1;
    }
  }
}

/** Bytes that a body alone holds. Fragments that many bodies share are not its own. */
function sizeOf({ blocks, length }: PreparedBody): number {
  const fragments = blocks.reduce((count, block) => count + block.fragments.length, 0);
  const own = fragments === 1 ? length : fragments * REFERENCE_BYTES;
  const forms = length > WHOLE_BYTES ? 0 : MAX_FORMS * length;
  return 1 + own + forms;
}
