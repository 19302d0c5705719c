/** A text with its generated block replaced: what stands between the lines that mark its begin and end. */
export function replaceBetween(text, name, content) {
  const lines = text.split('\n');
  const [from, to] = [`${name}: written by npm run generate`, `end of ${name}`].map((mark) =>
    lines.findIndex((line) => line.includes(mark)),
  );
  if (from < 0 || to < from) throw new Error(`no place for the generated block ${name}`);
  return [...lines.slice(0, from + 1), content, ...lines.slice(to)].join('\n');
}

/** A table of Markdown, which is laid out when it is formatted. */
export function markdownTable(rows) {
  const [head, ...body] = rows.map(
    (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`,
  );
  return [head, `|${' --- |'.repeat(rows[0].length)}`, ...body].join('\n');
}
