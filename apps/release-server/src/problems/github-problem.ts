import type { Problem, ProblemDocument } from './problem.js';

/** Below these, answers are as GitHub's API has them. */
const PLACES = /^\/(?:(?:api\/v3|api\/uploads)(?:\/|$)|repos\/|(?:rate_limit|user|meta)\/?$)/;
const DOCUMENTATION = 'https://docs.github.com/rest/releases';
/** What GitHub says of a status in each case, and clients look for. */
const MESSAGES: Readonly<Record<number, string>> = { 404: 'Not Found', 422: 'Validation Failed' };
/** Errors of a field: what GitHub calls them, and which field it is unless the error tells. */
const OF_FIELDS: Readonly<Record<string, { readonly code: string; readonly field?: string }>> = {
  release_exists: { code: 'already_exists', field: 'tag_name' },
  package_exists: { code: 'already_exists', field: 'name' },
  invalid_release_tag: { code: 'invalid', field: 'tag_name' },
  invalid_package_name: { code: 'invalid', field: 'name' },
  invalid_parameter: { code: 'invalid' },
};
/** What a release's own fields are called there. */
const FIELDS: Readonly<Record<string, string>> = {
  tag: 'tag_name',
  title: 'name',
  notes: 'body',
  target: 'target_commitish',
};

/** Whether an address is one of GitHub's API. @param path - Of a request, as it was sent. */
export function isGithubPath(path: string): boolean {
  return PLACES.test(path);
}

/** The error as an address of GitHub's API answers it: what is wrong with a field has one status there. */
export function asGithubHasIt(problem: Problem): Problem {
  const { type, detail, members } = problem;
  const known = OF_FIELDS[type.code];
  if (known === undefined) return problem;
  const parameter = members?.['parameter'];
  const field = known.field ?? (typeof parameter === 'string' ? (FIELDS[parameter] ?? parameter) : 'body');
  const resource = field === 'label' || type.code.includes('package') ? 'ReleaseAsset' : 'Release';
  const errors = [{ resource, field, code: known.code, message: detail }];
  return { ...problem, type: { ...type, status: 422 }, members: { errors, ...members } };
}

/** The problem document with what GitHub's clients read in it. @param hasCredentials - Whether the client sent some. */
export function githubDocument(document: ProblemDocument, hasCredentials: boolean): ProblemDocument {
  const { status, detail } = document;
  const refused = hasCredentials ? 'Bad credentials' : 'Requires authentication';
  const message = status === 401 ? refused : (MESSAGES[status] ?? detail);
  return { ...document, message, documentation_url: DOCUMENTATION };
}
