import type { IncomingMessage } from 'node:http';

import { Injectable } from '@nestjs/common';
import { execute, GraphQLError, type DocumentNode, type GraphQLFieldResolver } from 'graphql';

import { Principals } from '#auth';
import { prepareCatalog } from '#releases';

import { Config } from '../../config/config.js';
import { PackageLinks } from '../../packages/package-links.js';
import { ReaderViews } from '../../packages/reader-views.js';
import { PublicUrl } from '../../server/public-url.service.js';
import { DraftAccess } from '../draft-access.js';
import { Repository } from '../repository.js';
import { costOf, MAX_DEPTH, MAX_VALUES } from './cost.js';
import { Documents } from './document.js';
import type { GraphqlQuery } from './graphql-query.js';
import { RESOLVERS, type QueryContext } from './resolvers.js';
import { schema } from './schema.js';

/** Bytes of titles and notes in one answer. */
const MAX_TEXT_BYTES = 8 * 1024 * 1024;
/** Renovate asks for smaller pages when a message begins with this. */
const TOO_MUCH = 'Something went wrong while executing your query.';

/** As GitHub answers: an error tells its type beside its message. */
export interface GraphqlAnswer {
  readonly data?: unknown;
  readonly errors?: readonly object[];
}

/** Answers GraphQL queries about the releases. */
@Injectable()
export class GraphqlService {
  private readonly documents = new Documents(schema);
  private readonly immutable: boolean;

  constructor(
    private readonly views: ReaderViews,
    private readonly principals: Principals,
    private readonly draftAccess: DraftAccess,
    private readonly publicUrl: PublicUrl,
    private readonly repository: Repository,
    private readonly links: PackageLinks,
    config: Config,
  ) {
    this.immutable = config.immutable;
  }

  async answer(
    { query, variables, operationName }: GraphqlQuery,
    request: IncomingMessage,
  ): Promise<GraphqlAnswer> {
    const document = this.documents.read(query);
    if (!('kind' in document)) return { errors: document.map(errorView) };
    const excess = excessOf(document, variables);
    if (excess !== undefined) return { errors: [errorView(excess)] };
    const contextValue = await this.contextOf(request);
    const { data, errors } = await execute({
      schema,
      document,
      variableValues: variables,
      operationName,
      contextValue,
      fieldResolver,
      typeResolver,
    });
    return errors === undefined ? { data } : { data, errors: errors.map(errorView) };
  }

  private async contextOf(request: IncomingMessage): Promise<QueryContext> {
    const catalog = await prepareCatalog(await this.views.of(request).snapshot());
    let asked: ReturnType<QueryContext['principal']> | undefined;
    const principal: QueryContext['principal'] = () => (asked ??= this.principals.of(request));
    let drafts: ReturnType<QueryContext['drafts']> | undefined;
    let text = 0;
    return {
      base: this.publicUrl.baseFor(request),
      urlOf: this.links.url,
      catalog,
      principal,
      mayWrite: async () => {
        const known = await principal();
        return known !== undefined && this.draftAccess.mayWrite(known);
      },
      drafts: () => (drafts ??= this.draftAccess.visible(catalog.drafts, request)),
      repository: (owner, name) => (this.repository.answers(owner, name) ? this.repository : undefined),
      immutable: this.immutable,
      addText: (bytes) => {
        text += bytes;
        if (text > MAX_TEXT_BYTES)
          throw new GraphQLError(
            `${TOO_MUCH} Titles and notes have more than 8 MiB: ask for fewer releases.`,
          );
      },
    };
  }
}

const fieldResolver: GraphQLFieldResolver<unknown, QueryContext> = (
  source,
  given,
  context,
  { parentType, fieldName },
) => {
  const resolve = RESOLVERS[parentType.name]?.[fieldName];
  if (resolve !== undefined) return resolve(source as never, given as never, context);
  return (source as Readonly<Record<string, unknown>>)[fieldName];
};

/** What has an owner's or actor's name is a user; the only objects of git that are known are commits. */
function typeResolver(source: unknown): string {
  return typeof source === 'object' && source !== null && 'oid' in source ? 'Commit' : 'User';
}

function excessOf(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): GraphQLError | undefined {
  const { values, depth } = costOf(document, variables);
  if (values <= MAX_VALUES && depth <= MAX_DEPTH) return undefined;
  return new GraphQLError(
    depth > MAX_DEPTH
      ? `The query has ${depth} levels, and at most ${MAX_DEPTH} are possible.`
      : `The query asks for up to ${values} values, and at most ${MAX_VALUES} are possible: ask for fewer at once.`,
    { extensions: { type: 'MAX_NODE_LIMIT_EXCEEDED' } },
  );
}

/** With its type beside its message, where GitHub's clients look for it. */
function errorView(error: GraphQLError): object {
  const { extensions, ...rest } = error.toJSON();
  const { type, ...others } = extensions ?? {};
  return {
    ...(type === undefined ? {} : { type }),
    ...rest,
    ...(Object.keys(others).length === 0 ? {} : { extensions: others }),
  };
}
