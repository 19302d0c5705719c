// Also imported by scripts that Node runs as they are: nothing here that it could not strip.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** For who has none. */
export const HOW_TO_INSTALL =
  'there is no Chromium on PATH (apt-get install chromium), and CHROMIUM names none';

/** A name by which browsers reach this machine, and which is, other than `localhost`, no secure context for them. */
export const PLAIN_HOST = 'release-server.test';

/** The browser of this machine: `$CHROMIUM`, or the first on PATH; undefined where there is none. */
export function findChromium(): string | undefined {
  const { CHROMIUM: chosen, PATH: path = '' } = process.env;
  if (chosen !== undefined && chosen !== '') return chosen;
  return NAMES.flatMap((name) => path.split(delimiter).map((directory) => join(directory, name))).find(
    isExecutable,
  );
}

/** Starts it, without a window. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(HOW_TO_INSTALL);
  return chromium.launch({
    executablePath,
    // Its sandbox refuses to be started by root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [`--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1`],
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
