import MarkdownIt from 'markdown-it';

/** Characters of notes that are shown: longer ones take the time of others, and nobody reads them on a page. */
export const MAX_NOTES = 32 * 1024;
/** Cells of tables at most, as the widest row and the number of lines tell: short rows are filled up with empty cells. */
const MAX_CELLS = 20_000;

/** Notes as HTML, which is fit to stand in a page. */
export interface RenderedNotes {
  readonly html: string;
  /** Whether they go on. */
  readonly isCut: boolean;
}

/**
 * Makes HTML of notes in Markdown: no HTML of their own, no images, which the page's policy would not load, links to
 * elsewhere only and without a recommendation, and headings below those of the page. @param limit - Characters at most.
 */
export function renderNotes(notes: string, limit = MAX_NOTES): RenderedNotes {
  const text = shortened(notes, limit);
  const html = hasHugeTable(text)
    ? `<pre>${markdown.utils.escapeHtml(text)}</pre>`
    : markdown.render(text, {});
  return { html, isCut: text.length < notes.length };
}

/** Up to the end of a line, where there is one near. */
function shortened(notes: string, limit: number): string {
  if (notes.length <= limit) return notes;
  const line = notes.lastIndexOf('\n', limit);
  return notes.slice(0, line > limit / 2 ? line : limit).toWellFormed();
}

function hasHugeTable(text: string): boolean {
  const lines = text.split('\n');
  const columns = lines.map((line) => (/[^\s>|:*+\d.-]/.test(line) ? 0 : line.split('|').length));
  return columns.reduce((most, count) => Math.max(most, count), 0) * lines.length > MAX_CELLS;
}

const markdown = new MarkdownIt({ html: false, linkify: true });
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
markdown.validateLink = (url) => /^(?:https?:\/\/|mailto:)/i.test(url);

const { rules } = markdown.renderer;
rules.link_open = (tokens, index, options, env, renderer) => {
  tokens[index]?.attrSet('rel', 'nofollow noopener');
  if (env !== undefined) env['isInLink'] = true;
  return renderer.renderToken(tokens, index, options);
};
rules.link_close = (tokens, index, options, env, renderer) => {
  if (env !== undefined) env['isInLink'] = false;
  return renderer.renderToken(tokens, index, options);
};
/** A link to the image, unless it stands in one. */
rules.image = (tokens, index, options, env, renderer) => {
  const image = tokens[index];
  const source = String(image?.attrGet('src') ?? '');
  const { escapeHtml } = markdown.utils;
  const words = escapeHtml(renderer.renderInlineAsText(image?.children ?? [], options, env) || source);
  return env?.['isInLink'] === true
    ? words
    : `<a href="${escapeHtml(source)}" rel="nofollow noopener">${words}</a>`;
};
for (const rule of ['heading_open', 'heading_close']) {
  rules[rule] = (tokens, index, options, _env, renderer) => {
    const heading = tokens[index];
    if (heading !== undefined) heading.tag = `h${Math.min(6, Number(heading.tag.slice(1)) + 2)}`;
    return renderer.renderToken(tokens, index, options);
  };
}
/** The page's policy allows no styles in elements. */
for (const rule of ['th_open', 'td_open']) {
  rules[rule] = (tokens, index, options, _env, renderer) => {
    const cell = tokens[index];
    const [, side] = /text-align:(\w+)/.exec(String(cell?.attrGet('style') ?? '')) ?? [];
    if (cell !== undefined) cell.attrs = side === undefined ? null : [['class', side]];
    return renderer.renderToken(tokens, index, options);
  };
}
