import type { Phase, Sent, Upload } from './uploads.js';

const STATES: Record<Phase['is'], string> = {
  waiting: 'waiting',
  hashing: 'under way',
  uploading: 'under way',
  conflict: 'to decide',
  published: 'published',
  uploaded: 'uploaded',
  replaced: 'replaced',
  identical: 'stored already',
  failed: 'failed',
  skipped: 'skipped',
  cancelled: 'cancelled',
};

/** How far they are: the sentence of one, or how many are where: `2 under way, 30 waiting`. */
export function tell(uploads: readonly Upload[]): string {
  const [first, ...others] = uploads;
  return first !== undefined && others.length === 0 ? sentence(first) : counts(uploads);
}

export function counts(uploads: readonly Upload[]): string {
  const numbers = new Map<string, number>();
  for (const { phase } of uploads) {
    const state = STATES[phase.is];
    numbers.set(state, (numbers.get(state) ?? 0) + 1);
  }
  return [...numbers].map(([state, number]) => `${number} ${state}`).join(', ');
}

function sentence({ file: { name }, phase }: Upload): string {
  switch (phase.is) {
    case 'published':
      return `Published ${name}${madeRoom(phase)}`;
    case 'uploaded':
      return `Uploaded ${name}${madeRoom(phase)}`;
    case 'replaced':
      return `Replaced ${name}${madeRoom(phase)}`;
    case 'identical':
      return `${name} is stored already with identical bytes`;
    case 'conflict':
      return `${name} exists with other bytes`;
    case 'failed':
      return `${name}: ${phase.problem.title}. ${phase.problem.detail ?? ''}`;
    case 'waiting':
    case 'hashing':
    case 'uploading':
    case 'skipped':
    case 'cancelled':
      return `${name}: ${STATES[phase.is]}`;
  }
}

function madeRoom({ evicted }: Sent): string {
  return evicted.length === 0 ? '' : `; made room: ${evicted.join(' ')}`;
}

/** `45%`. Of nothing everything is done. */
export function percent(done: number, size: number): string {
  return `${size === 0 ? 100 : Math.floor((done / size) * 100)}%`;
}
