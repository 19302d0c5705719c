import {
  GraphQLError,
  Kind,
  parse,
  specifiedRules,
  validate,
  visit,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import { LRUCache } from 'lru-cache';

/** Of a query. The largest that clients of GitHub's releases send have some 250 tokens and 100 fields. */
export const MAX_TOKENS = 1000;
export const MAX_FIELDS = 300;
/** Characters of a name, such as an alias, which an answer repeats for each item of a list. */
export const MAX_NAME_LENGTH = 100;
/** Errors that are told of one query. */
const MAX_ERRORS = 10;
/** Queries that are kept, and their characters: clients send the same ones with other variables. */
const MAX_KEPT = 50;
const MAX_KEPT_LENGTH = 256 * 1024;

/** Parses queries and checks them against a schema, at a cost that is linear in their length. */
export class Documents {
  private readonly valid = new LRUCache<string, DocumentNode>({
    max: MAX_KEPT,
    maxSize: MAX_KEPT_LENGTH,
    sizeCalculation: (_, query) => query.length + 1,
  });

  constructor(private readonly schema: GraphQLSchema) {}

  /** The query as a document, or what is wrong with it. */
  read(query: string): DocumentNode | readonly GraphQLError[] {
    const known = this.valid.get(query);
    if (known !== undefined) return known;
    let document: DocumentNode;
    try {
      document = parse(query, { maxTokens: MAX_TOKENS });
    } catch (error) {
      if (error instanceof GraphQLError) return [error];
      throw error;
    }
    // Before it is validated, which compares fields of one name with each other.
    if (fieldsIn(document) > MAX_FIELDS) {
      return [new GraphQLError(`A query has at most ${MAX_FIELDS} fields.`)];
    }
    if (hasLongName(document)) {
      return [new GraphQLError(`A name in a query has at most ${MAX_NAME_LENGTH} characters.`)];
    }
    const errors = validate(this.schema, document, specifiedRules, { maxErrors: MAX_ERRORS });
    if (errors.length > 0) return errors;
    this.valid.set(query, document);
    return document;
  }
}

function fieldsIn(document: DocumentNode): number {
  let count = 0;
  visit(document, { [Kind.FIELD]: () => void (count += 1) });
  return count;
}

function hasLongName(document: DocumentNode): boolean {
  let isLong = false;
  visit(document, { [Kind.NAME]: ({ value }) => void (isLong ||= value.length > MAX_NAME_LENGTH) });
  return isLong;
}
