import { buffer } from 'node:stream/consumers';

import { ZipFile } from 'yazl';

/** A zip laid out like a spec-kit template: `.specify/` and the agent's folder at its root. */
export async function templateZip(agent: string, version: string): Promise<Buffer<ArrayBuffer>> {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(`# Template ${version}\n`), '.specify/templates/spec-template.md');
  zip.addBuffer(Buffer.from(`Commands for ${agent}\n`), `.${agent}/commands/specify.md`);
  zip.end();
  return Buffer.from(await buffer(zip.outputStream));
}
