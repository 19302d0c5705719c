import type { Call, Condition } from './calls.js';
import { overlap, type Departure, type IndexHistory, type Span, type Version } from './index-history.js';

/** Milliseconds by which what a replica reads from may be behind: a second, and the time that the store takes. */
const STALE = 10_000;

/** What befell replicas, each by its number. */
export interface Troubles {
  /** From a kill until the replica takes requests again. */
  readonly down: readonly (Span & { readonly replica: number })[];
  /** A request to the store, or its answer, was lost. */
  readonly lost: readonly { readonly replica: number; readonly at: number }[];
}

/** In what the answers of all replicas are not those of one server whose packages are the versions of the index. */
export function judge(calls: readonly Call[], index: IndexHistory, troubles: Troubles): string[] {
  const judging = new Judge(calls, index, troubles);
  return [
    ...index.problems,
    ...calls.flatMap((call) => judging.call(call).map((problem) => `${inWords(call)}: ${problem}`)),
    ...judging.arrivals(),
    ...judging.removals(),
  ];
}

type Write = Call & { readonly wish: { readonly does: 'publish' | 'remove' } };

class Judge {
  constructor(
    private readonly calls: readonly Call[],
    private readonly index: IndexHistory,
    private readonly troubles: Troubles,
  ) {}

  call(call: Call): string[] {
    const { status, wish } = call;
    if (status === undefined || status >= 500) return this.unanswered(call);
    if (wish.does === 'publish') return this.published(call, wish);
    if (wish.does === 'read') return this.read(call, wish.name);
    if (wish.does === 'list') return this.listed(call);
    return status === 204 ? [] : this.refused(call, wish);
  }

  /** What arrived must have been sent, and its condition must have held then, whatever was answered. */
  arrivals(): string[] {
    const sent = new Map(
      this.calls.flatMap((call) => (call.wish.does === 'publish' ? [[call.wish.digest, call] as const] : [])),
    );
    return [...this.index.arrivals.values()].flatMap((arrival) => {
      const call = sent.get(arrival.sha256);
      const { wish } = call ?? {};
      if (call === undefined || wish?.does !== 'publish')
        return [`${arrival.name} is stored and was never sent`];
      const problems = [
        ...(wish.name === arrival.name ? [] : [`it was stored as ${arrival.name}`]),
        ...(arrival.ended >= call.began ? [] : ['it was stored before it was sent']),
        ...(held(wish.condition, arrival.replaced)
          ? []
          : ['it was stored although its condition did not hold']),
      ];
      return problems.map((problem) => `${inWords(call)}: ${problem}`);
    });
  }

  /** Each acknowledged delete let one version go, and each that was deleted was let go by a delete. */
  removals(): string[] {
    const left = new Set(this.index.departures.filter(({ why }) => why === 'deleted'));
    const take = (call: Call): Departure | undefined => {
      const one = [...left].find((departure) => explains(call, departure));
      if (one !== undefined) left.delete(one);
      return one;
    };
    const removals = this.calls.filter(({ wish }) => wish.does === 'remove');
    // Those for one version first, for they have no other.
    const isForAny = ({ wish }: Call): number => Number('condition' in wish && wish.condition === 'present');
    const acknowledged = removals
      .filter(({ status }) => status === 204)
      .toSorted((a, b) => isForAny(a) - isForAny(b) || a.ended - b.ended);
    const vain = acknowledged.filter((call) => take(call) === undefined);
    const unknown = removals.filter(({ status }) => status === undefined || status >= 500);
    for (const call of unknown.toSorted((a, b) => isForAny(a) - isForAny(b) || b.began - a.began))
      take({ ...call, ended: Infinity });
    return [
      ...vain.map((call) => `${inWords(call)}: nothing was deleted`),
      ...[...left].map(({ name }) => `${name} is lost: no delete was acknowledged`),
    ];
  }

  /** No answer, or none that tells the outcome: something must have befallen the replica. */
  private unanswered(call: Call): string[] {
    const { status, replica } = call;
    const isOf = (one: { readonly replica: number }): boolean => one.replica === replica;
    const isKilled = this.troubles.down.some((one) => isOf(one) && overlap(one, call));
    const isLost = this.troubles.lost.some(
      (one) => isOf(one) && one.at >= call.began && one.at <= call.ended,
    );
    if (status === undefined && !isKilled && !isLost) return ['no answer, and nothing had happened'];
    return status === undefined || (status === 503 && isLost) ? [] : ['nothing had happened to explain it'];
  }

  private published(call: Call, wish: Write['wish'] & { readonly does: 'publish' }): string[] {
    const { status, version } = call;
    const arrival = this.index.arrivals.get(wish.digest);
    if (version === undefined) {
      const stored = arrival === undefined ? [] : ['it was stored nevertheless'];
      return [...stored, ...this.refused(call, wish)];
    }
    if (arrival === undefined || !overlap(arrival, call)) return ['it was not stored meanwhile'];
    return [
      ...(version.digest === wish.digest ? [] : ['another digest was acknowledged']),
      ...(version.at === arrival.at ? [] : ['another time was acknowledged']),
      ...((status === 201) === (arrival.replaced === undefined) ? [] : ['201 is for what is new']),
    ];
  }

  /** A refusal has to be true at some moment between request and answer. */
  private refused(call: Call, { name, condition }: Write['wish']): string[] {
    const digests = this.index.statesOf(name, call);
    const isNotFound = call.wish.does === 'remove' && digests.includes(undefined);
    const isStored = digests.some((one) => one !== undefined);
    if (call.status === 404) return isNotFound ? [] : ['it was stored all the time'];
    if (call.status === 409) return condition === 'absent' && isStored ? [] : ['it was free all the time'];
    if (call.status !== 412) return ['this answer makes no sense'];
    return digests.some((one) => !held(condition, one)) ? [] : ['its condition held all the time'];
  }

  private read(call: Call, name: string): string[] {
    const { version, received, status } = call;
    if (version === undefined) {
      const isTrue = this.index.during(call).some(({ packages }) => !packages.has(name));
      return status === 404 && isTrue ? [] : ['it was stored all the time'];
    }
    const isRecent = this.recent(call).some(({ packages }) => packages.get(name)?.sha256 === version.digest);
    return [
      ...(received === undefined || received === version.digest
        ? []
        : ['the body has another digest than its tag']),
      ...(isRecent ? [] : ['it was not that version']),
    ];
  }

  private listed(call: Call): string[] {
    const listed = call.listed?.join();
    return this.recent(call).some((version) => listOf(version).join() === listed)
      ? []
      : ['there never was that list'];
  }

  private recent({ began, ended }: Span): Version[] {
    return this.index.during({ began: began - STALE, ended });
  }
}

/** Name and digest of each package, newest first. */
export function listOf({ packages }: Version): string[] {
  return [...packages]
    .toSorted(([, a], [, b]) => b.at - a.at)
    .map(([name, { sha256 }]) => `${name} ${sha256}`);
}

/** Whether what was stored under the name, by its digest, is what a condition asks for. */
function held(condition: Condition, digest: string | undefined): boolean {
  if (condition === 'any') return true;
  if (condition === 'absent') return digest === undefined;
  return condition === 'present' ? digest !== undefined : digest === condition.digest;
}

function explains(call: Call, departure: Departure): boolean {
  const { wish } = call;
  return (
    wish.does === 'remove' &&
    wish.name === departure.name &&
    held(wish.condition, departure.sha256) &&
    overlap(call, departure)
  );
}

function inWords({ wish, status, replica }: Call): string {
  const name = wish.does === 'list' ? '' : ` ${wish.name}`;
  const condition = 'condition' in wish ? ` if ${JSON.stringify(wish.condition).slice(0, 24)}` : '';
  return `${wish.does}${name}${condition} at replica ${replica} (${status ?? 'no answer'})`;
}
