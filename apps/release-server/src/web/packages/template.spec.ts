import { catalogOf } from '#releases';
import { NO_RELEASES } from '#storage';

import { newestTemplate } from './template.js';

/** Agent and release of the template, of packages of these names, the newest first. */
function template(...names: readonly string[]): string[] | undefined {
  const found = newestTemplate(
    catalogOf({
      packages: names.map((name, age) => ({
        name,
        size: 1,
        createdAt: 100 - age,
        sha256: undefined,
        revision: name,
      })),
      drafts: [],
      releases: NO_RELEASES,
    }),
  );
  return found && [found.agent, found.release.tag];
}

describe('the newest template', () => {
  it('is of the newest release that has one', () => {
    const v1 = 'spec-kit-template-claude-sh-v1.0.0.zip';
    expect(template('tool-3-v3.0.0.zip', v1)).toEqual(['claude', 'v1.0.0']);
    expect(template('tool-3-v3.0.0.zip', 'a.txt')).toBeUndefined();
    expect(template()).toBeUndefined();
    expect(template('spec-kit-template-claude-sh-v2.0.0-rc.1.zip', v1)).toEqual(['claude', 'v1.0.0']);
    expect(template('spec-kit-template-claude-sh-v2.0.0.zip.sha256', v1)).toEqual(['claude', 'v1.0.0']);
    expect(template('spec-kit-template-q-ps-v2.0.0.zip', v1)).toEqual(['q', 'v2.0.0']);
    expect(template('spec-kit-template-cursor-agent-sh-2.0.0.zip', v1)).toEqual(['cursor-agent', '2.0.0']);
    expect(template('spec-kit-template-amp-sh-v1.0.0.zip', v1)).toEqual(['claude', 'v1.0.0']);
    // A release candidate is better than nothing, and said to be one.
    expect(template('spec-kit-template-claude-sh-v1.0.0-rc.1.zip')).toEqual(['claude', 'v1.0.0-rc.1']);
  });
});
