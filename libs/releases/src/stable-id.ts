import { hash } from 'node:crypto';

/** A positive integer below 2^48 that a name keeps for ever. */
export function stableId(name: string): number {
  return hash('sha256', name, 'buffer').readUIntBE(0, 6);
}
