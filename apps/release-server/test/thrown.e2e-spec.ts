import {
  BadRequestException,
  Body,
  ConflictException,
  Controller,
  ForbiddenException,
  Get,
  GoneException,
  HttpException,
  InternalServerErrorException,
  Module,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  Req,
  Res,
  ServiceUnavailableException,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type MiddlewareConsumer,
  type NestModule,
  type PipeTransform,
} from '@nestjs/common';
import express, { type Request, type Response } from 'express';

import { Public } from '#auth';

import { ProblemError } from '../src/problems/problem.js';
import { Context, RequestContext } from '../src/server/request-context.js';
import { get, json } from './support/client.js';
import { AUTH, startServer, type TestServer } from './support/server.js';

const SECRET = 'db-1.internal refused the password';
const QUOTA = { code: 'quota_exceeded', status: 429, title: 'The quota of the team is used up' };

/** What routes of a team throw, by the path that does. */
const THROWN: Record<string, () => unknown> = {
  missing: () => new NotFoundException('There is no team named x.'),
  forbidden: () => new ForbiddenException('Ask for access.'),
  bare: () => new UnauthorizedException(),
  locked: () =>
    new ForbiddenException('The team is locked.', { errorCode: 'team_locked', description: 'Locked' }),
  gone: () => new GoneException({ message: 'The team has left.', since: 2025 }),
  teapot: () => new HttpException('short and stout', 418),
  several: () => new BadRequestException(['name is too long', 'size is not a number']),
  empty: () => new HttpException('', 409),
  untold: () => new HttpException(null as unknown as string, 409),
  odd: () => new HttpException({ message: { deep: 1 }, error: null }, 409),
  mixed: () => new BadRequestException({ message: ['name is too long', { size: 1 }], error: 7 }),
  wrapped: () => new HttpException(new Error(SECRET), 400),
  unavailable: () => new ServiceUnavailableException(SECRET),
  failed: () => new InternalServerErrorException(SECRET),
  'no-error': () => new HttpException(SECRET, 302),
  plain: () => new TypeError(SECRET),
  text: () => SECRET,
  nothing: () => undefined,
  quota: () =>
    new ProblemError(QUOTA, 'None is left.', { members: { left: 0 }, headers: { 'Retry-After': '60' } }),
  ours: () => new ProblemError('package_not_found', 'There is no such package.'),
};

/** What several things at once are told as, by the path. */
const SEVERAL: Record<string, unknown> = {
  several: ['name is too long', 'size is not a number'],
  mixed: ['name is too long', { size: 1 }],
};

class Closed implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

/** Finds fault with everything, as a pipe that validates does. */
class Validation implements PipeTransform {
  transform(): never {
    throw new BadRequestException(['name must be a string']);
  }
}

@Public()
@Controller('teams')
class TeamsController {
  @Get('thrown/:what')
  thrown(@Param('what') what: string): never {
    throw THROWN[what]?.();
  }

  @Get('numbers/:id')
  number(@Param('id', ParseIntPipe) id: number): number {
    return id;
  }

  @Get('closed')
  @UseGuards(new Closed())
  closed(): string {
    return 'open';
  }

  @Get('headers')
  headers(@Res() response: Response): never {
    response.setHeader('X-Team', 'x');
    response.setHeader('ETag', '"half"');
    response.setHeader('Content-Encoding', 'gzip');
    throw new ConflictException('Somebody was faster.');
  }

  @Get('late')
  async late(@Res() response: Response): Promise<never> {
    await new Promise((resolve) => response.write('begun', resolve));
    throw new NotFoundException('too late');
  }

  @Post('members')
  member(@Body(Validation) body: unknown): unknown {
    return body;
  }

  @Get('client')
  client(@Req() { ip, protocol, hostname }: Request): unknown {
    return { ip, protocol, hostname };
  }

  @Get('route')
  route(@Context() { route, id }: RequestContext): unknown {
    return { route, id };
  }
}

@Module({ controllers: [TeamsController] })
class TeamsModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(express.json({ limit: 100 })).forRoutes('teams/members');
  }
}

describe('a route of an extension', () => {
  const FORWARDED = {
    'X-Forwarded-For': '192.0.2.1',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'a.example',
  };

  it.each([
    [true, { ip: '192.0.2.1', protocol: 'https', hostname: 'a.example' }],
    [false, { ip: '127.0.0.1', protocol: 'http', hostname: '127.0.0.1' }],
  ])('hears from Express what proxies say, where trust_proxy is %s', async (trusted, expected) => {
    const server = await startServer({ trust_proxy: trusted }, { imports: [TeamsModule] });
    try {
      expect(await json(await get(server, '/teams/client', FORWARDED))).toEqual(expected);
    } finally {
      await server.stop();
    }
  });
});

describe('what a route of an extension throws', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({}, { imports: [TeamsModule] });
  });

  afterAll(async () => {
    await server.stop();
  });

  const FAULT = 'This is a fault of the server; its log tells more.';

  it.each([
    ['missing', 404, 'not_found', 'Not Found', 'There is no team named x.'],
    ['forbidden', 403, 'forbidden', 'Forbidden', 'Ask for access.'],
    ['bare', 401, 'unauthorized', 'Unauthorized', 'Unauthorized'],
    ['locked', 403, 'team_locked', 'Locked', 'The team is locked.'],
    ['gone', 410, 'gone', 'Gone', 'The team has left.'],
    ['teapot', 418, 'im_a_teapot', "I'm a Teapot", 'short and stout'],
    ['several', 400, 'bad_request', 'Bad Request', 'name is too long; size is not a number'],
    ['empty', 409, 'conflict', 'Conflict', 'Conflict'],
    ['untold', 409, 'conflict', 'Conflict', 'Conflict'],
    ['odd', 409, 'conflict', 'Conflict', 'Conflict'],
    ['mixed', 400, 'bad_request', 'Bad Request', 'name is too long'],
    ['wrapped', 400, 'bad_request', 'Bad Request', 'Bad Request'],
    ['unavailable', 503, 'service_unavailable', 'Service Unavailable', FAULT],
    ['failed', 500, 'internal_error', 'The server failed', FAULT],
    ['no-error', 500, 'internal_error', 'The server failed', FAULT],
    ['plain', 500, 'internal_error', 'The server failed', FAULT],
    ['text', 500, 'internal_error', 'The server failed', FAULT],
    ['nothing', 500, 'internal_error', 'The server failed', FAULT],
    ['quota', 429, 'quota_exceeded', QUOTA.title, 'None is left.'],
    ['ours', 404, 'package_not_found', 'There is no such package', 'There is no such package.'],
  ])('is answered for %s with %i %s', async (what, status, code, title, detail) => {
    const instance = `/teams/thrown/${what}`;
    const response = await get(server, instance);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.has('allow')).toBe(false);
    const type = `urn:release-server:problem:${code}`;
    const { errors, left, ...rest } = await json(response);
    expect(rest).toEqual({ type, title, status, detail, instance, code });
    expect(errors).toEqual(SEVERAL[what]);
    expect(left).toBe(what === 'quota' ? 0 : undefined);
    expect(response.headers.get('retry-after')).toBe(what === 'quota' ? '60' : null);
  });

  it('is a page for a browser', async () => {
    const response = await get(server, '/teams/thrown/locked', { Accept: 'text/html' });
    expect(response.status).toBe(403);
    expect(await response.text()).toMatch(/<h1>Locked<\/h1>.*The team is locked\..*<code>team_locked</s);
  });

  it('keeps the headers that the route has set, but for those of what it was about to send', async () => {
    const response = await get(server, '/teams/headers');
    expect(response.status).toBe(409);
    expect(response.headers.get('x-team')).toBe('x');
    expect(response.headers.has('etag')).toBe(false);
    expect(response.headers.has('content-encoding')).toBe(false);
    expect(await json(response)).toMatchObject({ code: 'conflict', detail: 'Somebody was faster.' });
  });

  it.each([
    ['a pipe', '/teams/numbers/x', 400, 'bad_request', /numeric string/],
    ['a guard', '/teams/closed', 403, 'forbidden', /Forbidden resource/],
  ])('may come from %s', async (_, path, status, code, detail) => {
    expect(await json(await get(server, path))).toMatchObject({
      status,
      code,
      detail: expect.stringMatching(detail),
    });
  });

  it.each([
    ['{"name":1}', 400, 'bad_request', /^name must be a string$/],
    ['{"name":', 400, 'bad_request', /JSON/],
    [`"${'x'.repeat(200)}"`, 413, 'payload_too_large', /too large/],
  ])('may come from a body such as %j', async (body, status, code, detail) => {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(`${server.url}/teams/members`, { method: 'POST', headers, body });
    expect(await json(response)).toMatchObject({ status, code, detail: expect.stringMatching(detail) });
  });

  it('cuts off an answer that has begun', async () => {
    const response = await get(server, '/teams/late');
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  it('is not what is said of an address or a method that nothing answers', async () => {
    const missing = await get(server, '/teams/none');
    expect(await json(missing)).toMatchObject({ status: 404, detail: 'There is nothing at /teams/none.' });
    const other = await fetch(`${server.url}/teams/closed`, { method: 'DELETE', headers: AUTH });
    expect(other.status).toBe(405);
    expect(other.headers.get('allow')).toBe('GET, HEAD');
    expect((await get(server, '/teams/%zz')).status).toBe(404);
    expect(await json(await get(server, '/teams/thrown/%zz'))).toMatchObject({
      code: 'bad_request',
      detail: 'The address cannot be decoded.',
    });
  });

  it('can tell its request', async () => {
    const response = await get(server, '/teams/route', { 'X-Request-Id': 'mine' });
    expect(await json(response)).toEqual({ route: '/teams/route', id: 'mine' });
  });
});
