/** Where GitHub Enterprise has the API, and where uploads. */
const ENTERPRISE = /^\/api\/(?:v3|uploads)(?:\/|$)/;

/** Where the API stands that was asked, and so where links lead. */
export interface ApiAddress {
  /** The root of the server. */
  readonly base: string;
  /** The root of the API. */
  readonly root: string;
  /** Of the repository in the API. */
  readonly repository: string;
  /** Of the repository where uploads go. */
  readonly uploads: string;
}

/** Which of the two places of the API was asked: at the root, or where GitHub Enterprise has it. */
export function prefixOf(path: string): '' | '/api/v3' {
  return ENTERPRISE.test(path) ? '/api/v3' : '';
}

/** @param base - Of the server. @param fullName - Of the repository, `owner/name`. */
export function apiAddress(base: string, prefix: '' | '/api/v3', fullName: string): ApiAddress {
  const root = `${base}${prefix}`;
  const uploads = prefix === '' ? root : `${base}/api/uploads`;
  return {
    base,
    root,
    repository: `${root}/repos/${fullName}`,
    uploads: `${uploads}/repos/${fullName}`,
  };
}
