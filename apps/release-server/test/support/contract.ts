import { readFileSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { load } from 'js-yaml';

const FILE = new URL('../../../../contracts/openapi.yaml', import.meta.url);
/** The name under which the validators know the whole document. */
const DOCUMENT = 'openapi.yaml';
/** Parameters whose value may hold slashes: the server takes such names so as to refuse them as names. */
const WITH_SLASHES = /(?:^\/assets\/\{filename|\/releases\/(?:download|tag)\/\{tag|\/tags\/\{tag)$/;
/** Addresses whose errors are those of GitHub's API. */
const GITHUB = /^\/(?:(?:api\/v3|api\/uploads)(?:\/|$)|repos\/|(?:rate_limit|user|meta)\/?$)/;
/**
 * Shared responses to requests that belong to no operation: unknown addresses and methods, and what is refused
 * before it is routed.
 */
const UNROUTED: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'DeleteForbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  408: 'RequestTimeout',
  421: 'MisdirectedRequest',
  429: 'TooManyAttempts',
  431: 'HeadersTooLarge',
};
/** Paths that are those below a repository. Only what nothing else has is one. */
const OF_REPOSITORY = '/{owner}/{repo}';
const READS = new Set(['GET', 'HEAD']);
const METHODS = new Set(['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace']);

/** A method on a path of the contract, such as `GET` on `/assets/{filename}`. */
export interface ContractOperation {
  readonly method: string;
  readonly path: string;
}

/** A parameter of an operation. */
export interface ContractParameter {
  readonly name: string;
  readonly in: string;
  /** Some that it may have, as they are sent. */
  readonly values: readonly string[];
}

/** A request and what the server answered. */
export interface Exchange {
  readonly method: string;
  /** With or without a query. */
  readonly path: string;
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | number | undefined>>;
  /** May be empty where only its type is checked: for all but JSON. */
  readonly body: Buffer;
}

/** An object of the document. */
type Item = Readonly<Record<string, unknown>>;

/** An object of the document, and the keys that lead to it. */
interface Place {
  readonly keys: readonly string[];
  readonly item: Item;
}

/** A path of the contract below one of its servers, and what matches it. */
interface Route {
  readonly path: string;
  /** The path of that server: empty, or such as `/api/v3`. */
  readonly root: string;
  readonly pattern: RegExp;
}

/** The HTTP contract, `contracts/openapi.yaml`, as something that answers can be held against. */
export class Contract {
  readonly operations: readonly ContractOperation[];
  /** The operations below each of their servers. */
  readonly addresses: readonly ContractOperation[];
  private readonly routes: readonly Route[];
  private readonly bodies: Schemas;
  private readonly headers: Schemas;

  private constructor(readonly document: Item) {
    this.operations = operationsOf(document);
    this.addresses = this.operations.flatMap((one) =>
      this.rootsOf(one).map((root) => ({ ...one, path: `${root}${one.path}` })),
    );
    this.routes = this.allRoutes();
    this.bodies = new Schemas(document);
    // Headers are text; a number among them is judged by what it says.
    this.headers = new Schemas(document, { coerceTypes: true });
  }

  static load(): Contract {
    const document = load(readFileSync(FILE, 'utf8'));
    if (!isItem(document)) throw new Error('The contract is not an object.');
    return new Contract(document);
  }

  /** In what the exchange is not as the contract says; empty when it is. */
  violations(exchange: Exchange): string[] {
    const { method, status } = exchange;
    const path = plainPath(exchange.path);
    // An address may be one of several paths, such as `/releases/latest` and that of the release `latest`.
    const routes = this.routesAt(method, path);
    const operation = routes.map((route) => this.operation(method, route)).find((one) => one !== undefined);
    const response =
      operation === undefined
        ? this.unrouted(status, routes, path)
        : (this.find(operation, 'responses', `${status}`) ??
          this.find(operation, 'responses', `${status}`.replace(/..$/, 'XX')));
    if (response === undefined) {
      const where = operation === undefined ? `no operation ${method} ${path} and` : 'the operation has';
      return [`${where} no response with status ${status}`];
    }
    return [
      ...this.headerViolations(response, exchange),
      ...this.bodyViolations(response, exchange),
      ...(operation === undefined && status === 405 ? this.allowViolations(routes, exchange) : []),
    ];
  }

  private routesAt(method: string, path: string): Route[] {
    const all = this.routes.filter(({ pattern }) => pattern.test(path));
    const own = all.filter((route) => !route.path.startsWith(OF_REPOSITORY));
    // No owner is called `repos`, or as another first part of an address of GitHub's API.
    return own.length === 0 && READS.has(method) && !GITHUB.test(path) ? all : own;
  }

  /** The parameters of an operation, those of its path included. */
  parameters({ method, path }: ContractOperation): ContractParameter[] {
    const places = [this.at('paths', path), this.at('paths', path, method.toLowerCase())];
    return places
      .flatMap((place) => listOf(place?.item['parameters']))
      .map((item) => this.follow({ keys: [], item }))
      .map((place) => ({
        name: String(place.item['name']),
        in: String(place.item['in']),
        values: valuesOf(place.item, this.find(place, 'schema')?.item ?? {}),
      }));
  }

  /** In what a value does not fit the schema at these keys of the document; empty when it fits. */
  mismatches(keys: readonly string[], value: unknown): string[] {
    return this.bodies.mismatches(keys, value);
  }

  /** The operation of a request. HEAD is answered wherever GET is. */
  private operation(method: string, route: Route): Place | undefined {
    const place = this.at('paths', route.path);
    const isThere = this.rootsOf({ method, path: route.path }).includes(route.root);
    const own = isThere ? this.find(place, method.toLowerCase()) : undefined;
    return own === undefined && method === 'HEAD' ? this.find(place, 'get') : own;
  }

  private allRoutes(): Route[] {
    const all = this.operations.flatMap((one) => this.rootsOf(one).map((root) => ({ root, path: one.path })));
    const distinct = new Map(all.map((one) => [`${one.root}${one.path}`, one]));
    return [...distinct.values()]
      .map(({ root, path }) => ({ root, path, pattern: patternOf(root, path) }))
      .toSorted((a, b) => Number(a.path.includes('{')) - Number(b.path.includes('{')));
  }

  /** The paths of the servers below which an operation is: its own, those of its path, or those of the document. */
  private rootsOf({ method, path }: ContractOperation): string[] {
    const item = this.at('paths', path);
    const own = method === 'HEAD' && this.find(item, 'head') === undefined ? 'get' : method.toLowerCase();
    const servers = this.find(item, own)?.item['servers'] ?? item?.item['servers'] ?? [{ url: '.' }];
    return listOf(servers).map(({ url }) => String(url).replace(/^\./, ''));
  }

  /** What a request without an operation may be answered with: 405 at a known address, else 404. */
  private unrouted(status: number, routes: readonly Route[], path: string): Place | undefined {
    const name = GITHUB.test(path) ? 'GithubError' : UNROUTED[status];
    const impossible = routes.length === 0 ? 405 : 404;
    return name === undefined || status === impossible ? undefined : this.at('components', 'responses', name);
  }

  private headerViolations(response: Place, { headers }: Exchange): string[] {
    const documented = this.find(response, 'headers');
    return Object.keys(documented?.item ?? {}).flatMap((name) => {
      const header = this.find(documented, name);
      const value = textOf(headers[name.toLowerCase()]);
      if (header === undefined) return [];
      if (value === undefined) return header.item['required'] === true ? [`header ${name} is missing`] : [];
      const found = this.headers.mismatches([...header.keys, 'schema'], value);
      return found.map((one) => `header ${name}: ${JSON.stringify(value)} ${one}`);
    });
  }

  private bodyViolations(response: Place, { method, status, headers, body }: Exchange): string[] {
    const content = this.find(response, 'content');
    const isHead = method === 'HEAD';
    const type = mediaType(textOf(headers['content-type']));
    const isEmpty = body.length === 0;
    if (!isEmpty && (isHead || content === undefined)) return ['there is a body and should be none'];
    if (type === undefined) {
      // A redirect is followed, whether it says so in words or not.
      const isOptional = content === undefined || (isEmpty && status >= 300 && status < 400);
      return isOptional ? [] : ['header Content-Type is missing'];
    }
    const media = this.find(content, type);
    if (media === undefined) return [`content type ${type} is not documented for status ${status}`];
    return isHead || !isJson(type) ? [] : this.jsonViolations(media, decoded(body, headers));
  }

  private jsonViolations(media: Place, body: Buffer): string[] {
    let value: unknown;
    try {
      value = JSON.parse(body.toString('utf8'));
    } catch {
      return ['the body is not JSON'];
    }
    return this.bodies.mismatches([...media.keys, 'schema'], value).map((one) => `body: ${one}`);
  }

  /** Whether `Allow` names the methods that the contract has at this address. */
  private allowViolations(routes: readonly Route[], { headers }: Exchange): string[] {
    const paths = new Set(routes.map(({ root, path }) => `${root}${path}`));
    const methods = this.addresses.filter(({ path }) => paths.has(path)).map(({ method }) => method);
    const expected = [...new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)].toSorted();
    const allowed = textOf(headers['allow'])?.split(', ').toSorted();
    const names = expected.join(', ');
    return names === allowed?.join(', ') ? [] : [`header Allow does not name exactly ${names}`];
  }

  private at(...keys: string[]): Place | undefined {
    return this.find({ keys: [], item: this.document }, ...keys);
  }

  /** What stands below a place, with references followed on the way; undefined where nothing does. */
  private find(from: Place | undefined, ...keys: string[]): Place | undefined {
    let place = from;
    for (const key of keys) {
      const item = place?.item[key];
      if (place === undefined || !isItem(item)) return undefined;
      place = this.follow({ keys: [...place.keys, key], item });
    }
    return place;
  }

  private follow(place: Place): Place {
    const reference = place.item['$ref'];
    if (typeof reference !== 'string') return place;
    const target = this.at(...keysOf(reference));
    if (target === undefined) throw new Error(`The reference ${reference} leads nowhere.`);
    return target;
  }
}

/** The schemas of the document, each compiled once, when it is first needed. */
class Schemas {
  private readonly ajv: Ajv2020;
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(document: Item, options: { readonly coerceTypes?: boolean } = {}) {
    // The validator takes the document for a schema, and would stumble over its members.
    const keywords = Object.keys(document);
    this.ajv = new Ajv2020({ strict: true, allErrors: true, keywords, ...options });
    addFormats.default(this.ajv);
    this.ajv.addSchema(document, DOCUMENT);
  }

  /** In what a value does not fit the schema at these keys; empty when it fits. */
  mismatches(keys: readonly string[], value: unknown): string[] {
    const validate = this.at(pointerOf(keys));
    return validate(value) ? [] : (validate.errors ?? []).map(inWords);
  }

  private at(pointer: string): ValidateFunction {
    let validate = this.compiled.get(pointer);
    if (validate === undefined) {
      validate = this.ajv.compile({ $ref: `${DOCUMENT}${pointer}` });
      this.compiled.set(pointer, validate);
    }
    return validate;
  }
}

function operationsOf(document: Item): ContractOperation[] {
  return Object.entries(isItem(document['paths']) ? document['paths'] : {}).flatMap(([path, item]) =>
    Object.keys(isItem(item) ? item : {})
      .filter((key) => METHODS.has(key))
      .map((key) => ({ method: key.toUpperCase(), path })),
  );
}

/** A slash at the end of a path changes nothing. */
function patternOf(root: string, path: string): RegExp {
  const parts = `${root}${path}`.split(/\{(\w+)\}/);
  const source = parts.map((part, index) => {
    if (index % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    const upToPart = path.slice(0, path.indexOf(`{${part}}`) + part.length + 1);
    return WITH_SLASHES.test(upToPart) ? '.+' : '[^/]+';
  });
  return new RegExp(`^${source.join('')}/?$`);
}

/** The path without origin, query and fragment. */
function plainPath(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?]*/i, '').replace(/[?#].*$/s, '');
  return path === '' ? '/' : path;
}

/** The keys of a reference within the document, such as `#/components/responses/NotFound`. */
function keysOf(reference: string): string[] {
  const [, ...keys] = decodeURIComponent(reference).split('/');
  return keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function pointerOf(keys: readonly string[]): string {
  const escaped = keys.map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1')));
  return ['#', ...escaped].join('/');
}

function inWords({ instancePath, message, params }: ErrorObject): string {
  const where = instancePath === '' ? '' : `${instancePath} `;
  return `${where}${message ?? 'does not fit'} ${JSON.stringify(params)}`;
}

function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase();
}

/** The content as it was before it was compressed. */
function decoded(body: Buffer, { 'content-encoding': coding }: Exchange['headers']): Buffer {
  if (coding === 'br') return brotliDecompressSync(body);
  return coding === 'gzip' ? gunzipSync(body) : body;
}

function isJson(type: string): boolean {
  return /[/+]json$/.test(type);
}

function textOf(value: Exchange['headers'][string]): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value?.toString();
}

function listOf(value: unknown): Item[] {
  return Array.isArray(value) ? value.filter(isItem) : [];
}

/** What a parameter may be, as far as the contract says it by example or by kind. */
function valuesOf(parameter: Item, schema: Item): string[] {
  const { enum: choice = [], const: only, default: usual, type } = schema;
  const kinds: unknown[] = type === 'boolean' ? [true, false] : type === 'integer' ? [1, 2, 1000] : [];
  const values = [parameter['example'], only, usual, ...kinds, ...(Array.isArray(choice) ? choice : [])];
  return [...new Set(values.filter((value) => value !== undefined).map(String))];
}

function isItem(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
