import type { JWTPayload } from 'jose';

import { matchesGlob } from '#glob';

/** What audit lines say of an identity, as GitHub, GitLab and Jenkins name it. */
const AUDITED = [
  'sub',
  'repository',
  'project_path',
  'ref',
  'sha',
  'environment',
  'event_name',
  'workflow_ref',
  'run_id',
  'run_attempt',
  'pipeline_id',
  'job_id',
  'build_number',
  'actor',
  'user_login',
];
/** Characters of a claim in an audit line. */
const MOST_AUDITED = 256;

/** Whether each pattern fits the claim of its name. Only what is text, or a number or truth value as text, can fit. */
export function fitsClaims(payload: JWTPayload, patterns: Readonly<Record<string, string>>): boolean {
  return Object.entries(patterns).every(([name, pattern]) => {
    const text = textOf(payload, name);
    return text !== undefined && matchesGlob(pattern, text);
  });
}

/** The claims that audit lines have, cut to a bounded length and without control characters. */
export function auditedClaims(payload: JWTPayload): Record<string, string> {
  const entries = AUDITED.flatMap((name) => {
    const text = textOf(payload, name);
    return text === undefined ? [] : [[name, printable(text)]];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

function textOf(payload: JWTPayload, name: string): string | undefined {
  const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? value : undefined;
}

function printable(text: string): string {
  return text
    .slice(0, MOST_AUDITED)
    .toWellFormed()
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
}
