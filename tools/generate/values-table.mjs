import { load } from 'js-yaml';

import { markdownTable } from './blocks.mjs';

/** The table of a chart's values: each `# --` comment of values.yaml with the key below it and its default. */
export function valuesTable(text) {
  const values = load(text);
  const described = descriptions(text);
  const bare = leaves(values).filter((path) => !ancestors(path).some((above) => described.has(above)));
  if (bare.length > 0) throw new Error(`values.yaml: no "# --" comment above ${bare.join(', ')}`);
  const at = (path) => path.split('.').reduce((node, key) => node[key], values);
  const rows = [...described].map(([path, meaning]) => [
    `\`${path}\``,
    `\`${JSON.stringify(at(path))}\``,
    meaning,
  ]);
  return `\n${markdownTable([['value', 'default', 'meaning'], ...rows])}\n`;
}

/** The text of each `# --` comment by the path of the key below it. */
function descriptions(yaml) {
  const found = new Map();
  const path = [];
  let meaning;
  for (const line of yaml.split('\n')) {
    const comment = /^\s*# -- (.*)$/.exec(line);
    const key = /^(\s*)([A-Za-z_][\w]*):/.exec(line);
    if (comment) meaning = comment[1];
    else if (key) {
      path.splice(key[1].length / 2, path.length, key[2]);
      if (meaning !== undefined) found.set(path.join('.'), meaning);
      meaning = undefined;
    }
  }
  return found;
}

function leaves(node, path = []) {
  const isMap = typeof node === 'object' && node !== null && !Array.isArray(node);
  if (!isMap || Object.keys(node).length === 0) return [path.join('.')];
  return Object.entries(node).flatMap(([key, value]) => leaves(value, [...path, key]));
}

function ancestors(path) {
  return path.split('.').map((_, index, keys) => keys.slice(0, index + 1).join('.'));
}
