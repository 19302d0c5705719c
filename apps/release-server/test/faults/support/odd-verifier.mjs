// The server with a verifier that answers as the token says, as none should. SERVER is the module of its parts.
import { setTimeout as delay } from 'node:timers/promises';

const { AppModule, serve } = await import(process.env['SERVER']);

/** What the verifier does with the token of that name. */
const VERDICTS = {
  anna: () => ({ name: 'anna' }),
  split: () => ({ name: 'anna\n{"level":"INFO"}\u001b[2J' }),
  undefined: () => undefined,
  null: () => null,
  false: () => false,
  zero: () => 0,
  one: () => 1,
  empty: () => '',
  text: () => 'anna',
  object: () => ({}),
  'empty-name': () => ({ name: '' }),
  'blank-name': () => ({ name: ' ' }),
  'number-name': () => ({ name: 5 }),
  rows: () => [{ name: 'anna' }],
  function: () => function anna() {},
  error: () => new Error('returned'),
  throws: () => {
    throw new Error(`no connection for the token throws`);
  },
  'throws-nothing': () => {
    throw undefined;
  },
  rejects: () => Promise.reject(new Error('no connection')),
  'rejects-late': async () => {
    await delay(11_000);
    throw new Error('too late');
  },
  hangs: () => new Promise(() => undefined),
};

await serve(() => AppModule.with({ verifier: { useValue: { verify: (token) => VERDICTS[token]() } } }));
