/** Where the releases of a repository are in GitHub's API, at its two roots. */
export const RELEASES = ['repos/:owner/:repo/releases', 'api/v3/repos/:owner/:repo/releases'];
/** Where their assets are uploaded: GitHub Enterprise has a place of its own for that. */
export const UPLOADS = [...RELEASES, 'api/uploads/repos/:owner/:repo/releases'];
