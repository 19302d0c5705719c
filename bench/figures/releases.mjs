// What answers about releases cost with 1,000 releases of 34 packages, and with 10.
import { running, withPackages } from '../contestants.mjs';
import { small } from '../load/small.mjs';
import { measured } from '../measure.mjs';
import { RELEASE_FILES } from '../seed.mjs';

const COUNTS = [10 * RELEASE_FILES.length, 1000 * RELEASE_FILES.length];
/** `quick` has no time to make so many. */
const QUICK_COUNTS = [10 * RELEASE_FILES.length, 100 * RELEASE_FILES.length];
/** The GitHub API of the one repository that there is. */
const API = '/repos/release-server/releases/releases';
/** There with few releases as with many. */
const TAG = 'v1.5.0';
const QUERY = `{ repository(owner: "releases", name: "releases") {
  releases(first: 10) { nodes { name tagName isDraft isPrerelease isLatest publishedAt } }
} }`;

/** Each answer tells of as many releases with few as with many. */
export const figures = {
  'releases-page': { title: 'GET the page of releases', path: '/releases', headers: { Accept: 'text/html' } },
  'releases-list': { title: 'GET 10 releases as GitHub has them', path: `${API}?per_page=10` },
  'releases-latest': { title: 'GET the latest release of GitHub', path: `${API}/latest` },
  'releases-tag': { title: 'GET a release by its tag', path: `${API}/tags/${TAG}` },
  'releases-id': { title: 'GET a release by its id', path: `${API}/ID` },
  'releases-graphql': {
    title: 'POST a query of 10 releases',
    path: '/graphql',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ query: QUERY }),
  },
};

export async function run(bench, wanted) {
  const contestants = withPackages(bench, bench.isQuick ? QUICK_COUNTS : COUNTS);
  await running(contestants, bench.directory, {}, async (started) => {
    const ids = new Map();
    for (const { name, url } of started) ids.set(name, await idAt(url));
    for (const name of wanted) {
      const { path, headers, body } = figures[name];
      const measure = ({ url, ...contestant }) =>
        measured(contestant, () =>
          small(`${url}${path.replace('ID', ids.get(contestant.name))}`, {
            seconds: bench.seconds,
            headers,
            body,
          }),
        );
      await bench.compare(name, figures[name], started, measure, contestants.pairs);
    }
  });
}

async function idAt(url) {
  const answer = await fetch(`${url}${API}/tags/${TAG}`);
  if (!answer.ok) throw new Error(`${TAG} answered ${answer.status}`);
  return (await answer.json()).id;
}
