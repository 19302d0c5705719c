import { Failure, UNREACHABLE, type Problem, type Stored } from './problem.js';
import type { Sending } from './server.js';
import { speedometer } from './speed.js';
import type { Token } from './token.js';
import type { Phase, Publish, Sent, Upload } from './uploads.js';

type Progress = (done: number) => void;

/** What publishing stands on. */
export interface PublishingParts {
  readonly token: Pick<Token, 'use' | 'owner'>;
  /** The largest package that the server takes, in bytes. */
  readonly maxSize: number;
  /** Whether a name that is taken can be published anew. */
  readonly mayOverwrite: boolean;
  readonly digestOf: (file: File, progress: Progress, signal: AbortSignal) => Promise<string>;
  readonly findStored: (name: string, signal: AbortSignal) => Promise<Stored | undefined>;
  readonly askToPublish: (name: string, token: string, signal: AbortSignal) => Promise<void>;
  readonly putPackage: (
    file: File,
    sending: Sending,
    progress: Progress,
    signal: AbortSignal,
  ) => Promise<Sent>;
}

/**
 * The size in bytes from which on a refusal costs: the server answers before it has read the body, but it reads no more
 * of it than this, and not every system hands on an answer once the connection is cut. A proxy may take the whole body
 * before it asks.
 */
const LARGE_BYTES = 8 * 1024 ** 2;

const TAKEN: Problem = {
  title: 'Other bytes are stored under this name',
  detail: 'This server does not let packages be overwritten. Publish under another name.',
  code: 'overwrite_disabled',
};
const NOT_TO_OVERWRITE: Problem = {
  title: TAKEN.title,
  detail: 'This token may not overwrite packages. Publish under another name.',
  code: 'insufficient_scope',
};

/** Publishes files; see `Publish`. What may be refused is asked for before it costs. */
export function publisher(parts: PublishingParts): Publish {
  const { token, maxSize, mayOverwrite } = parts;

  return async (upload, show, signal) => {
    const { file } = upload;
    if (file.size > maxSize) {
      // The words of the server, which would say them after the digest is computed.
      const detail = `The upload is larger than the limit of ${maxSize} bytes.`;
      throw new Failure({ title: 'The package is too large', detail, code: 'package_too_large' });
    }
    if (file.size > LARGE_BYTES) await ask(file, signal);
    upload.sha256 ??= await parts.digestOf(file, progressOf('hashing', show), signal);
    if (upload.replaces === undefined) {
      const stored = await parts.findStored(file.name, signal);
      if (stored !== undefined) return meet(stored, upload.sha256);
    }
    return send(upload, upload.sha256, show, signal);
  };

  async function send(
    upload: Upload,
    sha256: string,
    show: (phase: Phase) => void,
    signal: AbortSignal,
  ): Promise<Phase> {
    const { file, replaces } = upload;
    try {
      return await token.use((secret) => {
        const progress = progressOf('uploading', show);
        return parts.putPackage(file, { token: secret, sha256, replaces }, progress, signal);
      });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { problem } = error;
      if (problem.code === 'package_exists' || problem.code === 'precondition_failed') {
        upload.replaces = undefined;
        if (problem.stored !== undefined) return meet(problem.stored, sha256);
        throw new Failure({ ...problem, again: true });
      }
      // An answer may be lost with the connection that it came by.
      if (problem === UNREACHABLE && file.size > LARGE_BYTES) await ask(file, signal);
      throw error;
    }
  }

  /** What becomes of an upload whose name is taken. */
  function meet(stored: Stored, sha256: string): Phase {
    if (stored.sha256 === sha256) return { is: 'identical' };
    if (!mayOverwrite) throw new Failure(TAKEN);
    if (token.owner?.scopes.includes('overwrite') === false) throw new Failure(NOT_TO_OVERWRITE);
    return { is: 'conflict', stored };
  }

  async function ask({ name }: File, signal: AbortSignal): Promise<void> {
    await token.use((secret) => parts.askToPublish(name, secret, signal));
  }
}

function progressOf(is: 'hashing' | 'uploading', show: (phase: Phase) => void): Progress {
  const speed = speedometer();
  show({ is, done: 0, speed: undefined });
  return (done) => show({ is, done, speed: speed(done) });
}
