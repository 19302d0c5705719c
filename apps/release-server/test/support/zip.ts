import { buffer } from 'node:stream/consumers';
import { crc32, inflateRawSync } from 'node:zlib';

import { ZipFile } from 'yazl';

/** A zip laid out like a spec-kit template: `.specify/` and the agent's folder at its root. */
export async function templateZip(agent: string, version: string): Promise<Buffer<ArrayBuffer>> {
  return zipOf({
    '.specify/templates/spec-template.md': `# Template ${version}\n`,
    [`.${agent}/commands/specify.md`]: `Commands for ${agent}\n`,
  });
}

/** A zip of texts by their paths. */
export async function zipOf(files: Readonly<Record<string, string>>): Promise<Buffer<ArrayBuffer>> {
  const zip = new ZipFile();
  for (const [path, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), path);
  zip.end();
  return Buffer.from(await buffer(zip.outputStream));
}

/** The files of a zip as texts by their paths, read by its central directory (APPNOTE.TXT 4.3.12); throws for a wrong checksum. */
export function unzip(zip: Buffer): Map<string, string> {
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  const files = new Map<string, string>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [name, extra, comment] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ];
    const path = zip.toString('utf8', at + 46, at + 46 + name);
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const packed = zip.subarray(start, start + zip.readUInt32LE(at + 20));
    const content = zip.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed);
    if (crc32(content) !== zip.readUInt32LE(at + 16)) throw new Error(`${path} has another checksum`);
    files.set(path, content.toString());
    at += 46 + name + extra + comment;
  }
  return files;
}
