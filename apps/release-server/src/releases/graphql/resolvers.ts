import { GraphQLError } from 'graphql';
import mime from 'mime';

import type { Principal } from '#auth';
import { oncePer, type Release, type ReleaseCatalog } from '#releases';
import { fileOf, type Package } from '#storage';

import { digestOf } from '../../http/digest.js';
import type { UrlOf } from '../../packages/package.view.js';
import { rateLimitView } from '../github/rate-limit.js';
import { releasePath } from '../release-path.js';
import { isoTime, nodeId, SERVER_LOGIN } from '../release.view.js';
import { pageOf, reversed, type Connection, type Key, type Ordered, type PageArguments } from './page.js';

/** What one query asks, besides its own words. */
export interface QueryContext {
  /** Of all links, without a slash at the end. */
  readonly base: string;
  /** The address of a package. */
  readonly urlOf: UrlOf;
  readonly catalog: ReleaseCatalog;
  /** The drafts that the asker may see, the newest first. */
  drafts(): Promise<readonly Release[]>;
  /** The owner of the token; undefined for nobody. */
  principal(): Promise<Principal | undefined>;
  /** Whether the asker may publish here. */
  mayWrite(): Promise<boolean>;
  /** The repository of this server, whatever it is called in a query; undefined where this server has none of that name. */
  repository(owner: string, name: string): RepositoryName | undefined;
  /** Whether packages can be neither overwritten nor deleted. */
  readonly immutable: boolean;
  /** Counts bytes of text that go into the answer. Throws where they are too many. */
  addText(bytes: number): void;
}

export interface RepositoryName {
  readonly owner: string;
  readonly name: string;
  /** Whether reads ask for a token. */
  readonly isPrivate: boolean;
}

interface Order {
  readonly field: string;
  readonly direction: 'ASC' | 'DESC';
}

interface RefArguments {
  readonly refPrefix: string;
  readonly direction?: 'ASC' | 'DESC' | null;
  readonly orderBy?: Order | null;
}

/** How the fields of a type are found, by their names; each says which arguments it has. */
type Resolvers<Source> = Readonly<
  Record<string, (source: Source, given: never, context: QueryContext) => unknown>
>;

/** Characters of the name of an owner, or of a repository, as GitHub has it. */
const MAX_REPOSITORY_NAME = 100;
const COMMIT = /^[0-9a-f]{40}$/;

const query: Resolvers<undefined> = {
  repository: (_, { owner, name }: RepositoryName, context) => {
    // An answer may repeat them many times.
    const isName = [owner, name].every(({ length }) => length <= MAX_REPOSITORY_NAME);
    const found = isName ? context.repository(owner, name) : undefined;
    if (found !== undefined) return found;
    const named = isName ? ` with the name '${owner}/${name}'` : '';
    throw new GraphQLError(`Could not resolve to a Repository${named}.`, {
      extensions: { type: 'NOT_FOUND' },
    });
  },
  viewer: async (_, _given, context) => {
    const principal = await context.principal();
    if (principal !== undefined) return { login: principal.name };
    throw new GraphQLError('This needs a token that may publish here.', {
      extensions: { type: 'UNAUTHENTICATED' },
    });
  },
  rateLimit: () => rateLimitView(),
};

const repository: Resolvers<RepositoryName> = {
  id: ({ owner, name }) => nodeId(`repository:${owner}/${name}`),
  name: ({ name }) => name,
  owner: ({ owner }) => ({ login: owner }),
  nameWithOwner: ({ owner, name }) => `${owner}/${name}`,
  description: () => null,
  homepageUrl: () => null,
  url: (_, _given, { base }) => `${base}/packages`,
  parent: () => null,
  isArchived: () => false,
  isDisabled: () => false,
  isEmpty: () => false,
  isFork: () => false,
  isPrivate: ({ isPrivate }) => isPrivate,
  isTemplate: () => false,
  visibility: ({ isPrivate }) => (isPrivate ? 'PRIVATE' : 'PUBLIC'),
  hasDiscussionsEnabled: () => false,
  hasIssuesEnabled: () => false,
  hasProjectsEnabled: () => false,
  hasWikiEnabled: () => false,
  mergeCommitAllowed: () => false,
  rebaseMergeAllowed: () => false,
  squashMergeAllowed: () => false,
  forkCount: () => 0,
  stargazerCount: () => 0,
  viewerPermission: async (_, _given, context) => ((await context.mayWrite()) ? 'WRITE' : 'READ'),
  viewerCanAdminister: () => false,
  defaultBranchRef: () => ({ name: 'main', prefix: 'refs/heads/', target: null }),
  release: async (_, { tagName }: { readonly tagName: string }, context) =>
    context.catalog.byTag(tagName) ?? (await context.drafts()).find(({ tag }) => tag === tagName) ?? null,
  latestRelease: (_, _given, { catalog }) => catalog.latestRelease ?? null,
  releases: async (_, given: PageArguments & { readonly orderBy?: Order | null }, context) => {
    const orders = ordersOf(context.catalog)(await context.drafts());
    return pageOf('releases', given, orders.in(given.orderBy ?? { field: 'CREATED_AT', direction: 'DESC' }));
  },
  ref: (_, { qualifiedName }: { readonly qualifiedName: string }, { catalog }) => {
    const tag = qualifiedName.replace(/^refs\/tags\//, '');
    return refOf(tag.startsWith('refs/') ? undefined : catalog.byTag(tag));
  },
  refs: (_, { refPrefix, orderBy, direction, ...page }: PageArguments & RefArguments, { catalog }) => {
    const orders = /^refs\/tags\/?$/.test(refPrefix) ? ordersOf(catalog)(NONE) : new Orders([]);
    const order = orderBy ?? { field: 'ALPHABETICAL', direction: direction ?? 'ASC' };
    return mapped(pageOf('refs', page, orders.in(order)), refOf);
  },
};

const release: Resolvers<Release> = {
  id: ({ tag }) => nodeId(`release:${tag}`),
  databaseId: ({ id }) => id,
  name: ({ title }, _given, context) => {
    context.addText(Buffer.byteLength(title));
    return title;
  },
  tagName: ({ tag }) => tag,
  description: ({ notes }, _given, context) => {
    context.addText(Buffer.byteLength(notes));
    return notes;
  },
  url: ({ tag }, _given, { base }) => `${base}/${releasePath(tag)}`,
  isDraft: ({ isDraft }) => isDraft,
  isLatest: ({ id, isDraft }, _given, { catalog }) => !isDraft && catalog.latestRelease?.id === id,
  isPrerelease: ({ isPrerelease }) => isPrerelease,
  immutable: ({ isDraft }, _given, { immutable }) => immutable && !isDraft,
  createdAt: ({ createdAt }) => isoTime(createdAt),
  updatedAt: ({ updatedAt }) => isoTime(updatedAt),
  publishedAt: ({ publishedAt }) => (publishedAt === undefined ? null : isoTime(publishedAt)),
  author: ({ record }) => ({ login: record?.author ?? SERVER_LOGIN }),
  tag: (source) => refOf(source),
  tagCommit: (source) => commitOf(source),
  releaseAssets: ({ assets }, { name, ...page }: PageArguments & { readonly name?: string | null }) => {
    const nodes = typeof name === 'string' ? assets.filter((stored) => fileOf(stored) === name) : assets;
    return pageOf('releaseAssets', page, { nodes, keyOf: assetKey, compare: newestFirst });
  },
};

const releaseAsset: Resolvers<Package> = {
  id: ({ name }) => nodeId(`asset:${name}`),
  name: (stored) => fileOf(stored),
  contentType: (stored) => mime.getType(fileOf(stored)) ?? 'application/octet-stream',
  size: (stored) => stored.size,
  digest: (stored) => digestOf(stored),
  downloadCount: () => 0,
  downloadUrl: (stored, _given, { base, urlOf }) => urlOf(stored, base),
  url: (stored, _given, { base, urlOf }) => urlOf(stored, base),
  createdAt: (stored) => isoTime(stored.createdAt),
  updatedAt: (stored) => isoTime(stored.createdAt),
};

interface Ref {
  readonly name: string;
  readonly prefix: string;
  readonly target: Commit | null;
}

const ref: Resolvers<Ref> = {
  id: ({ name, prefix }) => nodeId(`ref:${prefix}${name}`),
  name: ({ name }) => name,
  prefix: ({ prefix }) => prefix,
  target: ({ target }) => target,
};

/** A commit that a client named; nothing else is known of it. */
interface Commit {
  readonly oid: string;
  readonly committedAt: number;
}

const commit: Resolvers<Commit> = {
  id: ({ oid }) => nodeId(`commit:${oid}`),
  oid: ({ oid }) => oid,
  committedDate: ({ committedAt }) => isoTime(committedAt),
};

const user: Resolvers<{ readonly login: string }> = {
  id: ({ login }) => nodeId(`user:${login}`),
  login: ({ login }) => login,
  name: ({ login }) => login,
  url: (_, _given, { base }) => `${base}/packages`,
};

/** GitHub's limit; nobody is held to it. */
const rateLimit: Resolvers<ReturnType<typeof rateLimitView>> = {
  limit: ({ limit }) => limit,
  cost: () => 1,
  remaining: ({ remaining }) => remaining,
  used: ({ used }) => used,
  resetAt: ({ reset }) => isoTime(reset * 1000),
};

/** By type. Those of the others are members of what they are made of. */
export const RESOLVERS: Readonly<Record<string, Resolvers<never>>> = {
  Query: query,
  Repository: repository,
  Release: release,
  ReleaseAsset: releaseAsset,
  Ref: ref,
  Commit: commit,
  User: user,
  RateLimit: rateLimit,
};

/** Releases in the orders that can be asked for, each made when first asked for. */
class Orders {
  private readonly made = new Map<string, Ordered<Release>>();

  constructor(private readonly releases: readonly Release[]) {}

  in({ field, direction }: Order): Ordered<Release> {
    const isByTime = field === 'CREATED_AT' || field === 'TAG_COMMIT_DATE';
    const name = `${isByTime ? 'time' : 'tag'} ${direction}`;
    const known = this.made.get(name);
    if (known !== undefined) return known;
    const compare = isByTime ? oldestFirst : byName;
    const sorted = this.releases.toSorted((one, other) => compare(releaseKey(one), releaseKey(other)));
    const upwards: Ordered<Release> = { nodes: sorted, keyOf: releaseKey, compare };
    const order = direction === 'ASC' ? upwards : reversed(upwards);
    this.made.set(name, order);
    return order;
  }
}

const NONE: readonly Release[] = [];

/** The orders of the public releases of a catalog and of some drafts. */
const ordersOf = oncePer((catalog: ReleaseCatalog) =>
  oncePer((drafts: readonly Release[]) => new Orders([...catalog.releases, ...drafts])),
);

function releaseKey({ createdAt, tag }: Release): Key {
  return [createdAt, tag];
}

function assetKey({ createdAt, name }: Package): Key {
  return [createdAt, name];
}

function oldestFirst([time, name]: Key, [otherTime, otherName]: Key): number {
  return time - otherTime || ascending(name, otherName);
}

/** As the assets of a release are. */
function newestFirst([time, name]: Key, [otherTime, otherName]: Key): number {
  return otherTime - time || ascending(name, otherName);
}

function byName([, name]: Key, [, otherName]: Key): number {
  return ascending(name, otherName);
}

function ascending(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function refOf(source: Release | undefined): Ref | null {
  if (source === undefined || source.isDraft) return null;
  return { name: source.tag, prefix: 'refs/tags/', target: commitOf(source) };
}

function commitOf({ record, createdAt }: Release): Commit | null {
  const oid = record?.target?.toLowerCase() ?? '';
  return COMMIT.test(oid) ? { oid, committedAt: createdAt } : null;
}

function mapped<From, To>({ edges, ...rest }: Connection<From>, map: (node: From) => To): Connection<To> {
  const all = edges.map(({ cursor, node }) => ({ cursor, node: map(node) }));
  return { ...rest, edges: all, nodes: all.map(({ node }) => node) };
}
