/** What is said of an error beyond its answer. Text is Markdown; `docs/` has it in tables made of this one. */
interface Entry {
  readonly status: number;
  /** Never varies. */
  readonly title: string;
  /** For authors of clients. */
  readonly meaning: string;
  /** Whether the same request may succeed when it is sent again. */
  readonly again: string;
  /** For people who get the error: where it comes from, and what to do about it. */
  readonly cause: string;
  readonly remedy: string;
}

/**
 * Every error that the API can answer, by its stable code. The list of codes in the contract and the tables in
 * `docs/http.md` and `docs/troubleshooting.md` are made of it by `npm run generate`.
 */
export const PROBLEMS = {
  bad_request: {
    status: 400,
    title: 'The request is malformed',
    meaning: 'an address, a header or the request itself cannot be understood',
    again: 'no',
    cause:
      'An address that cannot be decoded, a malformed header (`X-Checksum-Sha256`, `If-None-Match`), a `Host` that is missing or not a host name, bytes that are not HTTP, such as TLS to the plain port, or plain HTTP to a port with [TLS](operations.md#tls)',
    remedy:
      '`detail` says which. Percent-encode names; use `http://` to the server itself, or `https://` where it has `tls`',
  },
  malformed_multipart: {
    status: 400,
    title: 'The multipart body is malformed',
    meaning: 'the form cannot be read, or ends too early',
    again: 'if the connection was cut',
    cause: 'The form ends early, has malformed parts, or its `Content-Type` lacks the boundary',
    remedy:
      "Let the client make the header: no `-H 'Content-Type: multipart/form-data'` beside `curl -F`. If it ends early, look for a proxy that cuts bodies",
  },
  invalid_package_name: {
    status: 400,
    title: 'The package name is not allowed',
    meaning: 'the name breaks the rule',
    again: 'no',
    cause:
      "The file's name has a space or another character outside of `A-Z a-z 0-9 . _ + @ ~ -`, more than 200 of them (fewer where the file system takes fewer; `detail` says how many), no letter or digit in front, or a dot at the end; or the form has none, as with `-F file=…` without `@`",
    remedy: "Rename the file, or give another name: `-F 'file=@my file.zip;filename=my-file.zip'`",
  },
  invalid_release_tag: {
    status: 400,
    title: 'The tag is not allowed',
    meaning: 'the tag breaks the rule',
    again: 'no',
    cause:
      'The tag is none that git takes, such as one with a space, `..`, `~`, `^`, `:`, `?`, `*`, `[` or a backslash, or has more than 200 bytes',
    remedy:
      'Use the tag that the repository has: `git check-ref-format "refs/tags/$TAG"` tells whether git takes it',
  },
  package_empty: {
    status: 400,
    title: 'The package is empty',
    meaning: 'the file has no bytes',
    again: 'no',
    cause: 'The file has no bytes; mostly a build that failed',
    remedy: 'Look at the step before',
  },
  checksum_mismatch: {
    status: 400,
    title: 'The checksum does not match',
    meaning: 'other bytes arrived than the checksum says',
    again: 'yes, after checking the file',
    cause: 'The bytes were damaged on the way, or the checksum is that of another file',
    remedy:
      'Compute it from the very file that is sent. If it is right, look for a proxy that changes bodies',
  },
  upload_incomplete: {
    status: 400,
    title: 'The upload is incomplete',
    meaning: 'fewer or more bytes arrived than were announced',
    again: 'yes',
    cause: 'The client went away, or announced another length than it sent',
    remedy: 'Send it again',
  },
  partial_upload: {
    status: 400,
    title: 'The upload is only a part of a package',
    meaning: 'the upload says that it is only a part of the package',
    again: 'no',
    cause: 'The request says that its body is only a part: a `Content-Range` (`curl -C`), a resumable upload',
    remedy: 'Send the whole file in one request; a broken upload starts anew',
  },
  unauthorized: {
    status: 401,
    title: 'A valid bearer token is required',
    meaning: 'no token, or not the right one',
    again: 'no',
    cause:
      'No `Authorization: Bearer <token>`, or another token (mind a carriage return from a file of Windows); or one that has expired, as `detail` says then, or that was taken out of `tokens`',
    remedy:
      'Compare with `auth_token_file`, or let `release-server token check` tell what the token is; in CI, look whether the secret reaches the job (it does not in those of forks). A proxy must pass the header on',
  },
  insufficient_scope: {
    status: 403,
    title: 'The token may not do this',
    meaning: 'the token is valid and does not have the scope that `detail` names for that package or release',
    again: 'no',
    cause:
      'The token is valid, and lacks that scope, or its `packages` or `releases` leave out this name. To replace what is stored takes `overwrite`, also to a token that may publish',
    remedy: 'Publish under a name that you may use, or ask whoever gives out the tokens',
  },
  forbidden: {
    status: 403,
    title: 'Forbidden',
    meaning: 'the token is valid and does not allow this, where an extension decides so',
    again: 'no',
    cause: 'The token is valid, and an extension that decides about tokens refuses for a reason of its own',
    remedy: '`detail` has its reason; ask whoever gives out the tokens',
  },
  read_only: {
    status: 403,
    title: 'The server is read-only',
    meaning: 'the server takes no writes',
    again: 'no',
    cause: 'The server was started with `read_only: true`',
    remedy: 'Publish to the server that writes, or take the key out',
  },
  cross_origin_request: {
    status: 403,
    title: 'A page of another origin cannot write',
    meaning: 'a browser sends the write for a page of another origin',
    again: 'no',
    cause:
      "A browser says by `Sec-Fetch-Site` or `Origin` that a page of another origin sends the write; behind a proxy that changes `Host`, over plain HTTP, the server's own page looks like one",
    remedy:
      "Publish from the server's own page, or with curl. Behind a proxy set `public_url`, or `trust_proxy` and the proxy's headers: [a proxy in front](proxy.md)",
  },
  overwrite_disabled: {
    status: 403,
    title: 'Packages may not be overwritten',
    meaning: 'the server does not let packages be replaced; `digest` and `size` tell what is stored',
    again: 'no; with your digest, a success',
    cause: 'The name is taken, and the server was started with `allow_overwrite: false` or `immutable: true`',
    remedy: 'Publish under a new version. With the same `digest` it is done already',
  },
  delete_disabled: {
    status: 403,
    title: 'Packages may not be deleted',
    meaning: 'the server does not let packages be deleted',
    again: 'no',
    cause: 'The server was started with `allow_delete: false` or `immutable: true`',
    remedy:
      'Retention still removes the oldest packages. To delete another, remove it from the directory, or restart without that key',
  },
  release_immutable: {
    status: 403,
    title: 'The release is published and stays as it is',
    meaning: 'the server does not let packages be added to a release that is published',
    again: 'no',
    cause:
      'The release was published as such, and the server was started with `immutable: true`, or with `allow_overwrite` and `allow_delete` both `false`',
    remedy: 'Put all packages into a draft and publish that, or publish under a new version',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this address',
    meaning: 'there is no such address',
    again: 'no',
    cause: 'A wrong path, mostly a prefix that the proxy did not strip',
    remedy: 'Compare `instance` with the address that was asked for',
  },
  package_not_found: {
    status: 404,
    title: 'There is no such package',
    meaning: 'there is no such package',
    again: 'no',
    cause: 'Never published, deleted, or evicted by `max_packages`',
    remedy:
      'Look for `package.deleted` and `package.evicted` in the log; [why packages leave](#a-package-is-gone)',
  },
  release_not_found: {
    status: 404,
    title: 'There is no such release',
    meaning: 'there is no such release',
    again: 'no',
    cause: 'Never published, deleted, or evicted; a draft is there only for those who may publish',
    remedy: 'Look for `release.deleted` and `package.evicted` in the log',
  },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed here',
    meaning: 'the address does not take this method; `Allow` has those that it takes',
    again: 'no',
    cause: 'Such as `POST` to `/assets/…`, which takes `PUT`',
    remedy: '`Allow` has what is possible',
  },
  request_timeout: {
    status: 408,
    title: 'The request took too long to arrive',
    meaning: 'the head took more than 20 seconds, or the body stalled for 30',
    again: 'yes',
    cause: 'The head took more than 20 s, or no byte of the body came for 30 s',
    remedy:
      "Look at the client's network; a proxy that collects bodies must send them on without such a pause",
  },
  package_exists: {
    status: 409,
    title: 'The package exists already',
    meaning: 'the name is taken; `digest` and `size` tell by what',
    again: 'no; with your digest, a success',
    cause: 'The name is taken',
    remedy:
      'With the same `digest` it is done already. With none, something else has the name, such as a directory in the storage; `detail` says what. Else publish under a new version, or with `?overwrite=true`',
  },
  release_exists: {
    status: 409,
    title: 'The release exists already',
    meaning: 'there is a release of that tag; `draft` tells whether it is a draft',
    again: 'no',
    cause: 'There is a release of that tag, be it by the versions in names of packages',
    remedy: 'Add packages to it, change its notes, or take another tag',
  },
  precondition_failed: {
    status: 412,
    title: 'The package is not the expected version',
    meaning: 'another version is stored than the condition says, or none',
    again: 'after reading what is there now',
    cause: 'The condition of the request does not hold: somebody was faster',
    remedy: "Read the package's `ETag` again and decide anew",
  },
  package_too_large: {
    status: 413,
    title: 'The package is too large',
    meaning: 'larger than the server takes',
    again: 'no',
    cause: 'Larger than `max_upload_size`',
    remedy: "Raise it; the chart's `spool.sizeLimit` and the proxy's limit as well",
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    meaning: 'a body that is no package is larger than what it describes can be',
    again: 'no',
    cause: 'A query or a description of a release that is larger than the server takes',
    remedy: '`detail` says how many bytes are possible',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body is not the package itself',
    meaning: 'the body of a `PUT` is a form or another envelope, not the package',
    again: 'no',
    cause:
      "The body of the `PUT` is a form (`curl -X PUT -F`), or is declared as one: `curl --data`, `wget --body-file`, axios and Python's urllib do so by default",
    remedy:
      'Send the bytes with `curl -T`, or set `Content-Type: application/octet-stream` (with curl `--data-binary`, for `--data` drops line breaks). A form goes to `POST /upload`',
  },
  unsupported_content_coding: {
    status: 415,
    title: 'The body has a content coding',
    meaning: 'the upload has a `Content-Encoding`',
    again: 'no',
    cause: 'The client compresses what it sends',
    remedy: 'Switch that off: a package is stored as it was sent',
  },
  range_not_satisfiable: {
    status: 416,
    title: 'The range lies outside of the package',
    meaning: 'the range begins behind the end',
    again: 'no; the download may be whole',
    cause: 'The range begins behind the end of the package',
    remedy: 'The client has all of it, or part of another version: verify the digest, else start anew',
  },
  misdirected_request: {
    status: 421,
    title: 'The server is not served under this name',
    meaning: 'the server is not served under the name in `Host`',
    again: 'no, under the right name',
    cause:
      '`allowed_hosts` is set and does not contain the name in `Host`, or in the `X-Forwarded-Host` of a trusted proxy',
    remedy:
      'Ask under a name that it has, or add the one in `detail` to `allowed_hosts`: [names](operations.md#names). A proxy may put its own name for the server into `Host`',
  },
  missing_file: {
    status: 422,
    title: 'The upload has no file',
    meaning: 'the form has no file in the field `file`',
    again: 'no',
    cause: 'The form has no file, or has it in another field than `file`',
    remedy: 'Name the field so: `-F file=@tool.zip`',
  },
  invalid_parameter: {
    status: 422,
    title: 'A parameter is not valid',
    meaning: 'a query parameter is not valid; `parameter` names it',
    again: 'no',
    cause: 'A query parameter has an invalid value',
    remedy: '`parameter` names it, `detail` says what is possible',
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many wrong tokens came from this address',
    meaning: 'more than 60 wrong tokens came from this address within a minute; a valid one is taken',
    again: 'with the right token',
    cause:
      'More than 60 wrong tokens came from one address within a minute: somebody tries tokens out, or a job has an old one. One that has expired is also counted by the name of its owner, from wherever it comes. Behind a proxy that `trust_proxy` does not name, all clients have the address of the proxy',
    remedy:
      'Give the job the right token, which is taken at any time. The log has the address and the user agent. Set `trust_proxy`',
  },
  headers_too_large: {
    status: 431,
    title: 'The request headers are too large',
    meaning: 'address and headers are too large together',
    again: 'no',
    cause: 'Address and headers have more than 16 KiB together, mostly cookies of other sites on one host',
    remedy: 'Have the proxy drop cookies',
  },
  internal_error: {
    status: 500,
    title: 'The server failed',
    meaning: 'a fault of the server',
    again: 'once',
    cause: 'A fault of the server',
    remedy: 'The log has it with its stack; please report it',
  },
  storage_failed: {
    status: 500,
    title: 'The storage failed',
    meaning: 'the disk or the bucket failed; a write may have been done nevertheless',
    again: 'once',
    cause: 'The disk or the bucket failed',
    remedy:
      "The log has the system's error: a read-only or failing disk, wrong ownership, missing [permissions](storage.md#permissions). If it says that a write could not be made durable, fix the disk and restart: until then the server refuses writes",
  },
  releases_unsupported: {
    status: 501,
    title: 'The storage keeps packages only',
    meaning: 'the storage of this server, an extension, keeps no drafts, notes or folders of releases',
    again: 'no',
    cause: 'A store of an extension that has none of the operations on releases',
    remedy:
      'Publish packages whose names tell the version; or extend the store: [a store of your own](extending.md)',
  },
  server_busy: {
    status: 503,
    title: 'The server is busy',
    meaning: 'too many different lists are being made and sent',
    again: 'yes',
    cause:
      'Many different searches and pages of lists at once, or clients that do not read theirs. Lists that are asked for with the same words are made once, under whatever name',
    remedy:
      'Try again after `Retry-After`. If it lasts, see in the log who asks for what, and limit requests in the proxy',
  },
  storage_busy: {
    status: 503,
    title: 'The storage is busy',
    meaning: 'too much is open at once',
    again: 'yes',
    cause: 'Too many files and connections are open',
    remedy:
      'Raise the limit of open files (`ulimit -n`, `--ulimit nofile`), or limit connections in the proxy',
  },
  storage_unavailable: {
    status: 503,
    title: 'The storage does not answer',
    meaning: 'the bucket does not answer; a write may have been done nevertheless',
    again: 'yes',
    cause: 'The object store does not answer, or not in time',
    remedy:
      'The log has its error. Reads of what is in memory go on for half a minute, with `Age`; [what else](storage.md#when-the-store-is-away)',
  },
  token_unavailable: {
    status: 503,
    title: 'The server cannot check tokens now',
    meaning: 'the server cannot read its token, has no keys of the issuer, or its verifier fails',
    again: 'yes, in minutes',
    cause:
      '`auth_token_file` cannot be read, is empty, or has spaces within; the issuer of an [identity](identities.md) could not be asked for its keys, and there are none of the last day; with [a verifier of your own](extending.md#a-way-to-authenticate), it failed or did not answer within 10 s',
    remedy: 'Fix the file or what the log names, such as the way to the issuer; no restart is needed',
  },
  insufficient_storage: {
    status: 507,
    title: 'The storage is full',
    meaning: 'there is no room',
    again: 'no',
    cause: 'Storing it would leave less than `min_free_space`, or the disk or its quota is full',
    remedy:
      'Enlarge the volume, delete packages, or lower `max_packages` and restart. With a bucket it is the disk of `spool_path` that is full',
  },
  retention_limit_reached: {
    status: 507,
    title: 'There are as many packages as may be, and all are protected',
    meaning: 'the limit of packages is reached, and none may leave for this one',
    again: 'no',
    cause:
      'There are `max_packages`, and the rest is protected by `retention.protect`, `retention.protect_latest`, or as a part of the very release that is being published where whole releases leave',
    remedy:
      'Raise `max_packages`, protect less, or delete packages; `release-server retention --dry-run` tells what keeps each: [what stays](operations.md#when-the-store-is-full)',
  },
} as const satisfies Record<string, Entry>;

/** A code of the server's own errors. */
export type ProblemCode = keyof typeof PROBLEMS;
