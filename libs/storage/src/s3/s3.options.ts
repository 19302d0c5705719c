export interface S3Options {
  readonly bucket: string;
  /** What the keys of all objects begin with; empty, or ending with a slash. */
  readonly prefix: string;
  readonly region: string | undefined;
  /** Address of a store that is not Amazon's. */
  readonly endpoint: string | undefined;
  /** Bucket in the path rather than in the host name. */
  readonly forcePathStyle: boolean;
  /** Without, the SDK's own chain: environment, web identity, SSO, instance. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** Local directory in which uploads are received. */
  readonly spoolPath: string;
  /** Bytes that an upload must leave free there. */
  readonly minFreeSpace: number;
  readonly readOnly: boolean;
  /** Milliseconds for which the bytes of a package outlive it, so that who reads them can finish. */
  readonly grace: number;
  /** Milliseconds for which an address for a direct download holds; undefined to send all bytes ourselves. */
  readonly presignExpires: number | undefined;
}
