/** Computes the SHA-256 of a file apart from the page; WebCrypto has none that takes a file piece by piece. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** How many bytes are read by now; in the end the digest, in hexadecimal, or that the file cannot be read. */
export type DigestMessage =
  { readonly done: number } | { readonly sha256: string } | { readonly unreadable: true };

/** Milliseconds between two words about how far it is. */
const PROGRESS_INTERVAL_MS = 100;

addEventListener('message', ({ data: file }: MessageEvent<File>) => {
  digest(file).then(
    (hex) => tell({ sha256: hex }),
    () => tell({ unreadable: true }),
  );
});

async function digest(file: File): Promise<string> {
  const hash = sha256.create();
  const reader = file.stream().getReader();
  let done = 0;
  let told = performance.now();
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) return bytesToHex(hash.digest());
    hash.update(value);
    done += value.length;
    if (performance.now() - told < PROGRESS_INTERVAL_MS) continue;
    told = performance.now();
    tell({ done });
  }
}

function tell(message: DigestMessage): void {
  postMessage(message);
}
