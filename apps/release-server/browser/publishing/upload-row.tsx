import { Size } from '../../src/web/packages/parts.js';
import { shortSize } from '../../src/web/packages/words.js';
import { ProblemWords } from './problem-words.js';
import type { Stored } from './problem.js';
import { percent } from './telling.js';
import { isActive, mayGoOn, type Upload, type Uploads } from './uploads.js';

interface RowProps {
  readonly upload: Upload;
  readonly uploads: Uploads;
}

/** One upload: how far it is, and what can be done with it. */
export function UploadRow({ upload, uploads }: RowProps) {
  const { file } = upload;
  return (
    <li class="upload" tabindex={-1}>
      <p class="upload-name">
        <bdi>{file.name}</bdi>{' '}
        <span class="quiet">
          <Size bytes={file.size} />
        </span>
      </p>
      <div class="upload-state">
        <State upload={upload} />
      </div>
      <div class="choices">
        <Choices upload={upload} uploads={uploads} />
      </div>
    </li>
  );
}

const DONE = { published: 'Published', uploaded: 'Uploaded', replaced: 'Replaced' } as const;

function State({ upload: { file, phase, sha256 } }: { readonly upload: Upload }) {
  switch (phase.is) {
    case 'waiting':
      return <p class="quiet">Waiting</p>;
    case 'hashing':
      return <Progress file={file} {...phase} doing="Computing the digest" />;
    case 'uploading':
      return <Progress file={file} {...phase} doing="Uploading" />;
    case 'conflict':
      return <Conflict file={file} sha256={sha256} stored={phase.stored} />;
    case 'published':
    case 'uploaded':
    case 'replaced':
      return (
        <p>
          <span class="success">{DONE[phase.is]}</span>, <Digest sha256={sha256} /> checked by the server
          {phase.evicted.length > 0 && (
            <>
              ; made room: <bdi>{phase.evicted.join(' ')}</bdi>
            </>
          )}
        </p>
      );
    case 'identical':
      return (
        <p>
          <span class="success">Stored already with identical bytes</span>, <Digest sha256={sha256} />
        </p>
      );
    case 'failed':
      return <ProblemWords problem={phase.problem} />;
    case 'skipped':
      return <p class="quiet">Skipped, what is stored stays</p>;
    case 'cancelled':
      return <p class="quiet">Cancelled</p>;
  }
}

interface ProgressProps {
  readonly file: File;
  readonly done: number;
  readonly speed: number | undefined;
  readonly doing: string;
}

function Progress({ file: { name, size }, done, speed, doing }: ProgressProps) {
  return (
    <>
      <progress max={size} value={done} aria-label={`${doing}: ${name}`} />
      <p class="quiet">
        {doing}, {percent(done, size)}
        {speed !== undefined && `, ${shortSize(speed)}/s`}
      </p>
    </>
  );
}

interface ConflictProps {
  readonly file: File;
  readonly sha256: string | undefined;
  readonly stored: Stored;
}

function Conflict({ file, sha256, stored }: ConflictProps) {
  return (
    <>
      <p>
        <strong>
          <bdi>{file.name}</bdi> exists with other bytes
        </strong>
      </p>
      <dl>
        <dt>Stored</dt>
        <dd>
          {stored.size !== null && (
            <>
              <Size bytes={stored.size} />,{' '}
            </>
          )}
          <Digest sha256={stored.sha256 ?? undefined} />
        </dd>
        <dt>This file</dt>
        <dd>
          <Size bytes={file.size} />, <Digest sha256={sha256} />
        </dd>
      </dl>
    </>
  );
}

function Digest({ sha256 }: { readonly sha256: string | undefined }) {
  if (sha256 === undefined) return <>SHA-256 being computed</>;
  return (
    <>
      SHA-256 <code title={sha256}>{sha256.slice(0, 12)}</code>
    </>
  );
}

/** Each with a key, so that no button becomes another under somebody's finger. */
function Choices({ upload, uploads }: RowProps) {
  const { phase, file } = upload;
  const choice = (label: string, act: (upload: Upload) => void) => (
    <button key={label} type="button" aria-label={`${label} ${file.name}`} onClick={() => act(upload)}>
      {label}
    </button>
  );
  if (isActive(upload)) return choice('Cancel', (one) => uploads.cancel(one));
  if (phase.is === 'conflict') {
    return (
      <>
        {choice('Overwrite', (one) => uploads.overwrite(one))}
        {choice('Skip', (one) => uploads.skip(one))}
      </>
    );
  }
  return mayGoOn(upload) ? choice('Try again', (one) => uploads.again(one)) : null;
}
