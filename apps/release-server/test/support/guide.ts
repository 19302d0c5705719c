import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { Markdown } from './markdown.js';

/** Shell commands of a guide, and what the guide says that they print. */
export interface Example {
  readonly line: number;
  readonly script: string;
  readonly output: Output | undefined;
}

export interface Output {
  /** JSON is shown with spaces and lines of its own. */
  readonly isJson: boolean;
  /** `…` stands for what varies or is left out. */
  readonly text: string;
}

/** How the guides write the address of the server. */
const SHOWN_SERVER = 'http://127.0.0.1:8000';
const MARK = '--- end of example ---';

/** The blocks that are marked `sh run`, in order; a block that follows one directly shows what it prints. */
export function examplesIn(path: string): Example[] {
  const { blocks } = new Markdown(path);
  return blocks.flatMap(({ info, text: script, line, end }) => {
    if (info !== 'sh run') return [];
    const next = blocks.find((block) => block.line === end + 2 && !block.info.startsWith('sh'));
    return [{ line, script, output: next && { isJson: next.info === 'json', text: next.text } }];
  });
}

/**
 * Runs the examples one after the other in one shell, as a reader does, and returns what each prints. The first that
 * fails ends it: what comes of that and of those behind it is the message of the failure.
 */
export async function runExamples(
  examples: readonly Example[],
  directory: string,
  environment: Record<string, string>,
): Promise<string[]> {
  const script = examples.map((example) => `${example.script}\nprintf '%s\\n' '${MARK}'\n`).join('');
  const child = spawn('sh', ['-euc', script], {
    cwd: directory,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const outputs = stdout.split(`${MARK}\n`);
  const last = outputs.pop() ?? '';
  const failure = `failed with ${code}: ${last}${stderr}`;
  return examples.map((_, at) => outputs[at] ?? failure);
}

/** Holds what was printed against what the guide shows, which is nothing where it shows nothing. */
export function expectOutput(printed: string, shown: Output | undefined, server: string): void {
  const { isJson, text } = shown ?? { isJson: false, text: '' };
  const compact = (output: string): string => (isJson ? output.replaceAll(/\s/g, '') : output.trimEnd());
  const escaped = compact(text.replaceAll(SHOWN_SERVER, server)).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  expect(compact(printed)).toMatch(new RegExp(`^${escaped.replaceAll('…', '[^]*?')}$`));
}
