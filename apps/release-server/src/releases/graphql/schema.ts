import { buildSchema } from 'graphql';

/**
 * The part of GitHub's schema that its clients ask about releases: types and fields have its names and its nullability.
 * Each field has a resolver of the same name in `resolvers.ts`.
 */
const SDL = /* GraphQL */ `
  type Query {
    "A repository of this server. All have the same releases."
    repository(owner: String!, name: String!, followRenames: Boolean = true): Repository
    "Who asks. Needs a token."
    viewer: User!
    rateLimit(dryRun: Boolean = false): RateLimit
  }

  "ISO 8601, in UTC."
  scalar DateTime
  "An absolute address."
  scalar URI
  scalar GitObjectID

  interface Node {
    id: ID!
  }

  interface RepositoryOwner {
    id: ID!
    login: String!
    url: URI!
  }

  interface Actor {
    login: String!
    url: URI!
  }

  type User implements Node & RepositoryOwner & Actor {
    id: ID!
    login: String!
    name: String
    url: URI!
  }

  enum RepositoryPermission {
    ADMIN
    MAINTAIN
    READ
    TRIAGE
    WRITE
  }

  enum RepositoryVisibility {
    INTERNAL
    PRIVATE
    PUBLIC
  }

  type Repository implements Node {
    id: ID!
    name: String!
    owner: RepositoryOwner!
    nameWithOwner: String!
    description: String
    homepageUrl: URI
    url: URI!
    parent: Repository
    isArchived: Boolean!
    isDisabled: Boolean!
    isEmpty: Boolean!
    isFork: Boolean!
    isPrivate: Boolean!
    isTemplate: Boolean!
    visibility: RepositoryVisibility!
    hasDiscussionsEnabled: Boolean!
    hasIssuesEnabled: Boolean!
    hasProjectsEnabled: Boolean!
    hasWikiEnabled: Boolean!
    mergeCommitAllowed: Boolean!
    rebaseMergeAllowed: Boolean!
    squashMergeAllowed: Boolean!
    forkCount: Int!
    stargazerCount: Int!
    "What the token of the request may do; null without one."
    viewerPermission: RepositoryPermission
    viewerCanAdminister: Boolean!
    defaultBranchRef: Ref
    "The release of a tag, which may be a draft for those who may publish."
    release(tagName: String!): Release
    "The highest stable release, or the one that was marked as the latest."
    latestRelease: Release
    releases(first: Int, after: String, orderBy: ReleaseOrder): ReleaseConnection!
    ref(qualifiedName: String!): Ref
    "The tags of the public releases; there are no branches."
    refs(
      refPrefix: String!
      first: Int
      after: String
      direction: OrderDirection
      orderBy: RefOrder
    ): RefConnection
  }

  enum OrderDirection {
    ASC
    DESC
  }

  enum ReleaseOrderField {
    CREATED_AT
    "By tag."
    NAME
  }

  input ReleaseOrder {
    field: ReleaseOrderField!
    direction: OrderDirection!
  }

  enum RefOrderField {
    ALPHABETICAL
    TAG_COMMIT_DATE
  }

  input RefOrder {
    field: RefOrderField!
    direction: OrderDirection!
  }

  type PageInfo {
    hasNextPage: Boolean!
    endCursor: String
  }

  type ReleaseConnection {
    nodes: [Release]
    edges: [ReleaseEdge]
    pageInfo: PageInfo!
    totalCount: Int!
  }

  type ReleaseEdge {
    cursor: String!
    node: Release
  }

  type Release implements Node {
    id: ID!
    databaseId: Int
    name: String
    tagName: String!
    "The notes, in Markdown."
    description: String
    url: URI!
    isDraft: Boolean!
    isLatest: Boolean!
    isPrerelease: Boolean!
    immutable: Boolean!
    createdAt: DateTime!
    updatedAt: DateTime!
    publishedAt: DateTime
    author: User
    tag: Ref
    tagCommit: Commit
    releaseAssets(first: Int, after: String, name: String): ReleaseAssetConnection!
  }

  type ReleaseAssetConnection {
    nodes: [ReleaseAsset]
    edges: [ReleaseAssetEdge]
    pageInfo: PageInfo!
    totalCount: Int!
  }

  type ReleaseAssetEdge {
    cursor: String!
    node: ReleaseAsset
  }

  type ReleaseAsset implements Node {
    id: ID!
    name: String!
    contentType: String!
    "Bytes."
    size: Int!
    "sha256:<hex>; null until a file that was dropped in by hand is hashed."
    digest: String
    downloadCount: Int!
    downloadUrl: URI!
    url: URI!
    createdAt: DateTime!
    updatedAt: DateTime!
  }

  type RefConnection {
    nodes: [Ref]
    edges: [RefEdge]
    pageInfo: PageInfo!
    totalCount: Int!
  }

  type RefEdge {
    cursor: String!
    node: Ref
  }

  type Ref implements Node {
    id: ID!
    name: String!
    prefix: String!
    "Null unless the release was made of a commit, by its full hash."
    target: GitObject
  }

  interface GitObject {
    id: ID!
    oid: GitObjectID!
  }

  type Commit implements Node & GitObject {
    id: ID!
    oid: GitObjectID!
    committedDate: DateTime!
  }

  type Tag implements Node & GitObject {
    id: ID!
    oid: GitObjectID!
    name: String!
    target: GitObject!
    tagger: GitActor
  }

  type GitActor {
    name: String
    date: DateTime
  }

  "Requests are not counted: there is always as much left."
  type RateLimit {
    limit: Int!
    cost: Int!
    remaining: Int!
    used: Int!
    resetAt: DateTime!
  }
`;

export const schema = buildSchema(SDL);
