import {
  Controller,
  Get,
  Injectable,
  Module,
  type CallHandler,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  type MiddlewareConsumer,
  type NestMiddleware,
  type NestModule,
  type PipeTransform,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, BaseExceptionFilter } from '@nestjs/core';
import type { Response } from 'express';

import { Public } from '#auth';

import { get, put } from './support/client.js';
import { rawRequest } from './support/raw.js';
import { startServer, withServer, type TestServer } from './support/server.js';

/** Counts the requests that Express gets. */
function countExpress(server: TestServer): { count: number } {
  const app = server.app.getHttpAdapter().getInstance() as unknown as {
    handle: (...parameters: unknown[]) => void;
  };
  const calls = { count: 0 };
  const handle = app.handle.bind(app);
  app.handle = (...parameters) => {
    calls.count += 1;
    handle(...parameters);
  };
  return calls;
}

describe('the read path', () => {
  let server: TestServer;
  let calls: { count: number };

  beforeAll(async () => {
    server = await startServer();
    await put(server, 'a-1.0.zip', 'a');
    calls = countExpress(server);
  });
  beforeEach(() => {
    calls.count = 0;
  });
  afterAll(() => server.stop());

  it.each([
    ['GET', '/latest', {}, 200],
    ['HEAD', '/latest', {}, 200],
    ['GET', '/latest?x=1', {}, 200],
    ['GET', '/latest', { 'If-None-Match': '*' }, 304],
    ['GET', '/assets/a-1.0.zip', {}, 200],
    ['HEAD', '/assets/a-1.0.zip', {}, 200],
    ['GET', '/assets/a-1.0.zip', { Range: 'bytes=0-0' }, 206],
    ['GET', '/assets/a-1.0.zip', { Range: 'bytes=9-' }, 416],
    ['GET', '/assets/a-1.0.zip', { 'If-Match': '"x"' }, 412],
    ['GET', '/assets/a-1.0.zip', { 'If-None-Match': '*' }, 304],
    ['GET', '/assets/none.zip', {}, 404],
    ['GET', '/packages', {}, 200],
    ['GET', '/packages', { Accept: 'text/html' }, 200],
    ['GET', '/packages?format=json&per_page=10', {}, 200],
    ['GET', '/packages?format=xml', {}, 422],
  ])('answers %s %s %j without Express: %d', async (method, path, headers, status) => {
    const response = await fetch(`${server.url}${path}`, { method, headers });
    expect(response.status).toBe(status);
    expect(calls.count).toBe(0);
  });

  it.each([
    ['GET', '/latest/', 200],
    ['GET', '/assets/a%2D1.0.zip', 200],
    ['GET', '/assets/a-1.0.zip/', 200],
    ['GET', '/assets/a/b.zip', 404],
    ['GET', '/assets/', 404],
    ['POST', '/latest', 405],
    ['DELETE', '/assets/a-1.0.zip', 401],
    ['GET', '/latestx', 404],
    ['GET', '/LATEST', 404],
  ])('leaves %s %s to Express: %d', async (method, path, status) => {
    const response = await fetch(`${server.url}${path}`, { method });
    expect(response.status).toBe(status);
    expect(calls.count).toBe(1);
  });

  it('leaves a body to Express', async () => {
    const { text } = await rawRequest(
      server.port,
      'GET /latest HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}',
      2000,
    );
    expect(text).toMatch(/^HTTP\/1\.1 200/);
    expect(calls.count).toBe(1);
  });

  it.each(['/latest', '/assets/a-1.0.zip', '/packages?format=json'])(
    'answers %s as Express does',
    async (path) => {
      const [one, other] = await Promise.all([get(server, path), get(server, path.replace(/\?|$/, '/$&'))]);
      const headersOf = (response: globalThis.Response) =>
        [...response.headers].filter(([name]) => !['x-request-id', 'date'].includes(name));
      expect(headersOf(one)).toEqual(headersOf(other));
      expect(await one.text()).toBe(await other.text());
    },
  );
});

// With an extension, for the contract has no such address.
it('takes no address with a fragment', () =>
  withServer(
    {},
    async ({ port }) => {
      const { text } = await rawRequest(
        port,
        'GET /packages#x?format=json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
        2000,
      );
      expect(text).toMatch(/^HTTP\/1\.1 400/);
      expect(text).toContain('without a fragment');
    },
    { imports: [] },
  ));

describe('what an extension puts before all routes', () => {
  @Injectable()
  class Guard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      context.switchToHttp().getResponse<Response>().setHeader('X-Seen', 'yes');
      return true;
    }
  }

  @Injectable()
  class Interceptor {
    intercept(context: ExecutionContext, next: CallHandler): unknown {
      context.switchToHttp().getResponse<Response>().setHeader('X-Seen', 'yes');
      return next.handle();
    }
  }

  class Pipe implements PipeTransform {
    transform(value: unknown): unknown {
      return value;
    }
  }

  class Middleware implements NestMiddleware {
    use(_request: unknown, response: Response, next: () => void): void {
      response.setHeader('X-Seen', 'yes');
      next();
    }
  }

  @Module({})
  class Everywhere implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(Middleware).forRoutes('{*path}');
    }
  }

  @Module({})
  class OfOnePackage implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(Middleware).forRoutes('assets/special.zip');
    }
  }

  class Anything {}
  const moduleWith = (provider: {
    provide: string;
    useClass: new (...all: never[]) => unknown;
  }): DynamicModule => ({
    module: Anything,
    providers: [provider],
  });

  it.each([
    ['a guard', moduleWith({ provide: APP_GUARD, useClass: Guard })],
    ['an interceptor', moduleWith({ provide: APP_INTERCEPTOR, useClass: Interceptor })],
    ['middleware', { module: Everywhere }],
  ])('is not passed by: %s', (_, module) =>
    withServer(
      {},
      async (server) => {
        await put(server, 'a.zip', 'a');
        for (const path of ['/latest', '/assets/a.zip', '/packages']) {
          expect((await get(server, path)).headers.get('x-seen')).toBe('yes');
        }
      },
      { imports: [module] },
    ),
  );

  it.each([
    ['a pipe', moduleWith({ provide: APP_PIPE, useClass: Pipe })],
    ['a filter', moduleWith({ provide: APP_FILTER, useClass: BaseExceptionFilter })],
  ])('is not passed by: %s', (_, module) =>
    withServer(
      {},
      async (server) => {
        const calls = countExpress(server);
        await get(server, '/latest');
        expect(calls.count).toBe(1);
      },
      { imports: [module] },
    ),
  );

  it('keeps what does not concern a read on its short way', () =>
    withServer(
      {},
      async (server) => {
        await put(server, 'a.zip', 'a');
        await put(server, 'special.zip', 'a');
        const calls = countExpress(server);
        expect((await get(server, '/assets/a.zip')).headers.get('x-seen')).toBeNull();
        expect((await get(server, '/latest')).headers.get('x-seen')).toBeNull();
        expect(calls.count).toBe(0);
        expect((await get(server, '/assets/special.zip')).headers.get('x-seen')).toBe('yes');
      },
      { imports: [OfOnePackage] },
    ));

  it('leaves a route that has a second one of the same path to Express', () => {
    @Public()
    @Controller('latest')
    class Latest {
      @Get()
      latest(): string {
        return 'mine';
      }
    }
    return withServer(
      {},
      async (server) => {
        const calls = countExpress(server);
        await get(server, '/latest');
        expect(calls.count).toBe(1);
      },
      { imports: [{ module: Anything, controllers: [Latest] }] },
    );
  });
});
