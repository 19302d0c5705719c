import { markdownTable } from './blocks.mjs';
import { defaultOf, meaningOf, yamlOf } from './schema.mjs';
import { configSchema, itemIn, keysOf, nameOf, sectionIn, variableOf } from './sources.mjs';

/** The tables of README.md: the keys of the top, then those of each section. */
export function keyTables() {
  const keys = keysOf(configSchema);
  const tables = keys
    .filter(({ isSection }) => isSection)
    .map((key) => `${introductionOf(key)}\n\n${tableOf(keys, key)}`);
  return `\n${[tableOf(keys), ...tables].join('\n\n')}\n`;
}

function introductionOf({ path, schema }) {
  const name = `\`${nameOf(path)}\``;
  if (itemIn(schema) !== undefined) return `Each item of the list ${name}, which only the file can hold:`;
  const use = Object.entries(schema.meta()?.onlyWith ?? {}).map(([key, value]) => `\`${key}: ${value}\``);
  const purpose = use.length === 0 ? '' : `, which is for ${use.join(' and ')},`;
  const [first] = Object.keys(sectionIn(schema).shape);
  return `The variables of the section ${name}${purpose} begin with \`${variableOf(path)}_\`, such as \`${variableOf([...path, first])}\`:`;
}

/** The keys directly in a section that hold no further keys. */
function tableOf(keys, section) {
  const above = String(section?.path ?? []);
  const rows = keys
    .filter(
      ({ path, isSection }) =>
        !isSection && String(path.slice(0, -1).filter((step) => step !== '*')) === above,
    )
    .map(({ path, schema }) => [`\`${path.at(-1)}\``, defaultCell(schema), meaningOf({ path, schema })]);
  return markdownTable([['key', 'default', 'meaning'], ...rows]);
}

function defaultCell(schema) {
  const value = defaultOf(schema) ?? '';
  return value === '' ? (schema.meta().otherwise ?? '–') : `\`${yamlOf(value)}\``;
}
