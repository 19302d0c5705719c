import { z } from 'zod';

import { defaultOf, meaningOf, yamlOf } from './schema.mjs';
import { configSchema, flag, isSettable, itemIn, keysOf, sectionIn, variableOf } from './sources.mjs';

const MOUNTED = { type: 'string', pattern: '^/[^:]+$' };
const REFUSED = { description: 'Refused by the templates, which say what to give instead.' };

/**
 * What is different in the chart, by key: what it adds to the meaning (`note`) or says instead, its own default and schema, whether
 * templates need it, and what to give instead of a secret, which would stand in a ConfigMap.
 */
const OF_CHART = {
  port: {
    meaning: 'listen port of the container. Probes, Service and policies follow',
    schemaOfChart: { $ref: '#/$defs/port' },
    isNeeded: true,
  },
  public_url: {
    note: 'Empty follows the first host of the Ingress, else of the HTTPRoute, else the request',
  },
  allowed_hosts: {
    note: 'The names of the Service and the hosts of the Ingress and the HTTPRoute count as well',
  },
  tls: { isNeeded: true },
  'tls.cert_file': { note: 'Mount it yourself (`extraVolumes`); instead of `tls.existingSecret`' },
  'tls.key_file': { note: 'Likewise' },
  storage_driver: { note: 'On the volume of `persistence`, or in the bucket of `config.s3`', isNeeded: true },
  storage_path: { note: 'The volume is mounted there', schemaOfChart: MOUNTED, isNeeded: true },
  auth_token: { instead: 'auth.token or auth.existingSecret' },
  auth_token_file: { note: 'Mount it yourself (`extraVolumes`); instead of `auth`' },
  tokens_file: { note: 'Mount it yourself (`extraVolumes`); instead of `auth.tokens`' },
  link_key: { instead: 'auth.linkKey.existingSecret' },
  link_key_file: {
    meaning: 'a file that holds the key of signed links, read at the start',
    note: 'Mount it yourself (`extraVolumes`); instead of `auth.linkKey`',
  },
  log_level: { isAnyCase: true },
  s3: { isNeeded: true },
  's3.prefix': { note: 'One release to a bucket and prefix' },
  's3.region': {
    note:
      "As a rule `us-east-1` where the store is not Amazon's; empty takes that of the environment, which a role of the " +
      'service account brings along',
  },
  's3.access_key_id': { instead: 's3Credentials.existingSecret' },
  's3.access_key_id_file': { note: 'Mount it yourself (`extraVolumes`); instead of `s3Credentials`' },
  's3.secret_access_key': { instead: 's3Credentials.existingSecret' },
  's3.secret_access_key_file': { note: 'Likewise' },
  's3.presign_expires': { isNeeded: true },
  's3.grace': { isNeeded: true },
  's3.spool_path': {
    default: '/spool',
    note: 'An emptyDir is mounted there',
    schemaOfChart: MOUNTED,
    isNeeded: true,
  },
};

const keys = keysOf(configSchema).map((key) => {
  const name = key.path.join('.');
  return { ...key, name, ...key.schema.meta(), ...OF_CHART[name] };
});
for (const { name, secret, instead } of keys) {
  if (secret && !instead) throw new Error(`${name}: say in OF_CHART what to give instead of a secret`);
}
for (const name of Object.keys(OF_CHART)) {
  if (!keys.some((key) => key.name === name)) throw new Error(`${name} of OF_CHART is no key`);
}

const keysIn = ({ path }) =>
  keys.filter(
    (key) => key.path.length === path.length + 1 && path.every((step, index) => step === key.path[index]),
  );

/** The part `config` of values.yaml. */
export function chartValues() {
  return ['config:', ...valueLines({ path: [] })].join('\n');
}

function valueLines(section) {
  return keysIn(section)
    .filter(({ secret }) => !secret)
    .flatMap((key) => {
      const name = key.path.at(-1);
      const lines = sectionIn(key.schema)
        ? [`# ${use(key)}An empty value leaves it to the server.`, `${name}:`, ...valueLines(key)]
        : [`# -- ${comment(key)}`, `${name}: ${yamlOf(valueOf(key))}`];
      return lines.map((line) => `  ${line}`);
    });
}

function use({ onlyWith = {} }) {
  const values = Object.entries(onlyWith).map(([key, value]) => `\`${key}: ${value}\``);
  return values.length === 0 ? '' : `Only with ${values.join(' and ')}. `;
}

/** Links lead nowhere from values.yaml. */
function comment(key) {
  const { meaning = meaningOf(key), note } = key;
  const plain = meaning.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  return `${plain[0].toUpperCase()}${plain.slice(1)}${note ? `. ${note}` : ''}`;
}

/** What holds in the chart; for a key without a default something empty, of which the server is not told. */
function valueOf(key) {
  if (key.default !== undefined) return key.default;
  return hasDefault(key) ? defaultOf(key.schema) : itemIn(key.schema) ? [] : '';
}

function hasDefault({ schema }) {
  return defaultOf(schema) !== undefined;
}

/** The part `config` of values.schema.json. */
export function chartSchema() {
  const { properties } = z.toJSONSchema(configSchema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // Templates ask for its truth, and to them every text is true.
      if (zodSchema === flag) replace(jsonSchema, { type: 'boolean' });
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      for (const word of ['description', 'default', 'otherwise', 'onlyWith', 'refused', 'secret'])
        delete jsonSchema[word];
    },
  });
  return sectionSchema({ path: [] }, properties);
}

function sectionSchema(section, properties) {
  const all = keysIn(section);
  const needed = all.filter(({ isNeeded }) => isNeeded).map(({ path }) => path.at(-1));
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      all.map((key) => [key.path.at(-1), keySchema(key, properties[key.path.at(-1)])]),
    ),
    ...(needed.length > 0 && { required: needed }),
  };
}

function keySchema(key, made) {
  if (key.secret) return REFUSED;
  if (key.schemaOfChart) return key.schemaOfChart;
  if (sectionIn(key.schema)) return sectionSchema(key, made.properties);
  if (key.isAnyCase) return { enum: [...made.enum, ...made.enum.map((word) => word.toUpperCase())] };
  return hasDefault(key) ? made : orEmpty(made);
}

function orEmpty(made) {
  const schema = { ...made };
  for (const word of ['minLength', 'minItems', 'format']) delete schema[word];
  if (schema.pattern !== undefined) schema.pattern += '|^$';
  return schema;
}

function replace(target, source) {
  for (const word of Object.keys(target)) delete target[word];
  Object.assign(target, source);
}

/** The template of variables that outrank the file, each with the value of the chart to give instead. */
export function chartVariables() {
  const variables = keys
    .filter(isSettable)
    .map(({ path, name, instead = `config.${name}` }) => `${variableOf(path)}: ${instead}`);
  return [
    '{{- define "release-server.variables" -}}',
    'CONFIG_PATH: config',
    ...variables,
    '{{- end }}',
  ].join('\n');
}
