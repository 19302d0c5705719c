import { MAX_NOTES, renderNotes } from './notes.js';

const html = (notes: string): string => renderNotes(notes).html.trim();

describe('notes of a release', () => {
  it('are Markdown, with headings below those of the page', () => {
    expect(html('# One\n\n- *a*\n- `b`\n\n###### Six')).toBe(
      '<h3>One</h3>\n<ul>\n<li><em>a</em></li>\n<li><code>b</code></li>\n</ul>\n<h6>Six</h6>',
    );
    expect(html('|a|b|\n|-|-:|\n|1|2|')).toContain('<td>1</td>\n<td class="right">2</td>');
  });

  it('link to elsewhere without a recommendation', () => {
    const link = '<a href="https://x.example/a?b&amp;c" rel="nofollow noopener">';
    expect(html('[a](https://x.example/a?b&c)')).toBe(`<p>${link}a</a></p>`);
    expect(html('https://x.example/a?b&c')).toBe(`<p>${link}https://x.example/a?b&amp;c</a></p>`);
  });

  it('show images as links, and in a link as its words', () => {
    const rel = 'rel="nofollow noopener"';
    expect(html('![a *b*](https://x.example/a.png)')).toBe(
      `<p><a href="https://x.example/a.png" ${rel}>a b</a></p>`,
    );
    expect(html('[![a](https://x.example/a.png)](https://x.example/)')).toBe(
      `<p><a href="https://x.example/" ${rel}>a</a></p>`,
    );
    expect(html('![](https://x.example/a.png)')).toContain('>https://x.example/a.png</a>');
  });

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '[a](javascript:alert(1))',
    '[a](JaVaScRiPt&colon;alert(1))',
    '![a](data:text/html,<script>alert(1)</script>)',
    '![" onerror="x](https://x.example/"onerror="x)',
    '[a](/assets/x "title\\"><b>")',
    '```"><script>\n</script>\n```',
    '<https://x.example/"><script>>',
    '&lt;script&gt;',
    '| <b> |\n|---|\n| <i style="x"> |',
  ])('are text where they would be more: %s', (notes) => {
    const made = html(notes);
    // Quotes within attributes are escaped, so that what stands between two is a value.
    const tags = [...made.replaceAll(/"[^"]*"/g, '').matchAll(/<\/?([a-z0-9]+)([^>]*)>/g)];
    for (const [tag, name, attributes] of tags) {
      expect([
        tag,
        ['p', 'a', 'pre', 'code', 'table', 'thead', 'tbody', 'tr', 'th', 'td'].includes(`${name}`),
      ]).toEqual([tag, true]);
      expect([tag, attributes]).toEqual([tag, expect.stringMatching(/^( (href|rel|class|title)=)*$/)]);
    }
    expect(made).not.toMatch(/ (?:href|src)="(?!https?:)/);
  });

  it('are cut at a line where they are long', () => {
    expect(renderNotes('a\n\nb')).toMatchObject({ isCut: false });
    expect(renderNotes('aa\nbbb\nccc', 8)).toEqual({ html: '<p>aa\nbbb</p>\n', isCut: true });
    expect(renderNotes('a😀b', 2)).toEqual({ html: '<p>a\u{FFFD}</p>\n', isCut: true });
    const long = renderNotes('x\n'.repeat(2 ** 19));
    expect([long.isCut, long.html.length < 2 * MAX_NOTES]).toEqual([true, true]);
  });

  it('are shown as they are where a table would be huge', () => {
    const wide = `${'|a'.repeat(1000)}\n${'|-'.repeat(1000)}\n${'|\n'.repeat(10_000)}`;
    for (const notes of [wide, `> ${wide.replaceAll('\n', '\n> ')}`]) {
      expect(renderNotes(notes).html).toMatch(/^<pre>/);
      expect(renderNotes(notes).html.length).toBeLessThan(2 * MAX_NOTES + 100);
    }
  });
});
