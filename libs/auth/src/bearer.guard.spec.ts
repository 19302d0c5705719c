import { request as send, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  Catch,
  Controller,
  Delete,
  Get,
  Post,
  Req,
  type ArgumentsHost,
  type ExceptionFilter,
  type INestApplication,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Response } from 'express';

import { AuthError } from './auth.errors.js';
import { AuthModule } from './auth.module.js';
import type { AuthContext, AuthOptions } from './auth.options.js';
import { Public } from './bearer.guard.js';
import { TokenVerifier } from './token-verifier.js';

const TOKEN = 's3cret-token';

type AuthenticatedRequest = IncomingMessage & { context?: AuthContext };

@Controller('guarded')
class GuardedController {
  @Post()
  write(@Req() request: AuthenticatedRequest): string {
    return `written by ${request.context?.principal?.name ?? 'nobody'}`;
  }

  @Public()
  @Get()
  read(@Req() request: AuthenticatedRequest): string {
    return `read by ${request.context?.principal?.name ?? 'nobody'}`;
  }
}

@Public()
@Controller('public')
class PublicController {
  @Get()
  read(): string {
    return 'read';
  }

  @Delete()
  remove(): string {
    return 'public as its controller is';
  }
}

/** Answers with the code of the error, as the application's filter does with more words. */
@Catch(AuthError)
class CodeFilter implements ExceptionFilter {
  catch(error: AuthError, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().status(401).send(error.code);
  }
}

describe('BearerGuard', () => {
  const applications: INestApplication[] = [];

  afterEach(async () => {
    for (const application of applications.splice(0)) await application.close();
  });

  async function start(options: Partial<AuthOptions> = {}, other?: TokenVerifier): Promise<number> {
    const auth = {
      token: TOKEN,
      tokenFile: undefined,
      readOnly: false,
      contextOf: (request: AuthenticatedRequest) => (request.context ??= { address: '192.0.2.1' }),
      isLocal: true,
      ...options,
    };
    const builder = Test.createTestingModule({
      imports: [AuthModule.register(auth)],
      controllers: [GuardedController, PublicController],
    });
    if (other !== undefined) builder.overrideProvider(TokenVerifier).useValue(other);
    const application = (await builder.compile()).createNestApplication({ logger: false });
    applications.push(application);
    application.useGlobalFilters(new CodeFilter());
    await application.listen(0, '127.0.0.1');
    return ((application.getHttpServer() as { address(): unknown }).address() as AddressInfo).port;
  }

  /** Sends a request with these `Authorization` headers, each on a line of its own, and returns the answer's text. */
  function ask(port: number, method: string, path: string, ...authorization: string[]): Promise<string> {
    const headers = [
      'Host',
      'localhost',
      'Content-Length',
      '0',
      ...authorization.flatMap((value) => ['Authorization', value]),
    ];
    return new Promise((resolve, reject) => {
      const request = send({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(text));
      });
      request.on('error', reject);
      request.end();
    });
  }

  it.each([
    `Bearer ${TOKEN}`,
    `bearer ${TOKEN}`,
    `BEARER ${TOKEN}`,
    `bEaReR   ${TOKEN}`,
    `Bearer ${TOKEN}  `,
    `token ${TOKEN}`,
  ])('lets %j in, and says who it is', async (authorization) => {
    const port = await start();

    expect(await ask(port, 'POST', '/guarded', authorization)).toBe('written by auth_token');
  });

  it.each([
    ['no header', []],
    ['an empty header', ['']],
    ['a scheme alone', ['Bearer']],
    ['an empty token', ['Bearer ']],
    ['another token', ['Bearer wrong']],
    ['the token in capitals', [`Bearer ${TOKEN.toUpperCase()}`]],
    ['half the token', [`Bearer ${TOKEN.slice(0, -1)}`]],
    ['the token without a scheme', [TOKEN]],
    ['the token without a space', [`Bearer${TOKEN}`]],
    ['the token after a tab', [`Bearer\t${TOKEN}`]],
    ['the token and something else', [`Bearer ${TOKEN} x`]],
    ['two tokens in one header', [`Bearer ${TOKEN}, Bearer ${TOKEN}`]],
    ['the header twice', [`Bearer ${TOKEN}`, `Bearer ${TOKEN}`]],
    ['the header twice, first right, then wrong', [`Bearer ${TOKEN}`, 'Bearer wrong']],
    ['the header twice, first wrong, then right', ['Bearer wrong', `Bearer ${TOKEN}`]],
    ['Basic with the token as password', [`Basic ${Buffer.from(`user:${TOKEN}`).toString('base64')}`]],
    ['Basic with the token itself', [`Basic ${TOKEN}`]],
    ['the scheme of GitHub without a space', [`token${TOKEN}`]],
  ])('refuses %s', async (_, authorization) => {
    const port = await start();

    expect(await ask(port, 'POST', '/guarded', ...authorization)).toBe('unauthorized');
  });

  it.each([`?token=${TOKEN}`, `?access_token=${TOKEN}`, `?authorization=Bearer%20${TOKEN}`])(
    'does not look for a token in the query, as in %s',
    async (query) => {
      const port = await start();

      expect(await ask(port, 'POST', `/guarded${query}`)).toBe('unauthorized');
    },
  );

  it.each([
    ['no header', []],
    ['a token of somebody else', ['Bearer ghp_of_another_service']],
    ['the right token', [`Bearer ${TOKEN}`]],
    ['Basic', ['Basic Zm9vOmJhcg==']],
    ['nonsense', ['\u00ff']],
    ['two headers', ['Bearer a', 'Bearer b']],
  ])('leaves public routes open to %s, and does not even look at it', async (_, authorization) => {
    const port = await start({}, new NoVerifier());

    expect(await ask(port, 'GET', '/guarded', ...authorization)).toBe('read by nobody');
    expect(await ask(port, 'GET', '/public', ...authorization)).toBe('read');
    expect(await ask(port, 'DELETE', '/public', ...authorization)).toBe('public as its controller is');
  });

  it('refuses everybody without a token in the configuration', async () => {
    const port = await start({ token: undefined });

    for (const authorization of ['Bearer undefined', 'Bearer null', `Bearer ${TOKEN}`]) {
      expect(await ask(port, 'POST', '/guarded', authorization)).toBe('unauthorized');
    }
  });

  it('takes no writes at all when it is read-only, and goes on reading', async () => {
    const port = await start({ readOnly: true });

    expect(await ask(port, 'POST', '/guarded')).toBe('read_only');
    expect(await ask(port, 'POST', '/guarded', `Bearer ${TOKEN}`)).toBe('read_only');
    expect(await ask(port, 'GET', '/guarded', `Bearer ${TOKEN}`)).toBe('read by nobody');
  });

  it('does not start with a token file that cannot be read', async () => {
    const tokenFile = '/nonexistent/token';

    await expect(start({ token: undefined, tokenFile })).rejects.toMatchObject({
      code: 'token_unavailable',
      message: expect.stringContaining(tokenFile) as string,
    });
  });

  it('passes on that the verifier cannot tell', async () => {
    const port = await start({}, new NoVerifier());

    expect(await ask(port, 'POST', '/guarded', 'Bearer x')).toBe('token_unavailable');
  });

  it.each([null, false, 0, '', {}, [], { name: '' }, { name: 5 }, 'anna'])(
    'lets nobody in for whom the verifier answers %j',
    async (answer) => {
      const odd = { verify: () => Promise.resolve(answer) } as unknown as TokenVerifier;
      const port = await start({}, odd);

      expect(await ask(port, 'POST', '/guarded', 'Bearer nonsense')).toBe('unauthorized');
    },
  );

  it('lets nobody in when the verifier throws', async () => {
    const broken = {
      verify: () => {
        throw new Error('no connection');
      },
    };
    const port = await start({}, broken);

    expect(await ask(port, 'POST', '/guarded', 'Bearer nonsense')).toBe('token_unavailable');
  });

  it('asks whichever verifier the application provides', async () => {
    const port = await start({}, new NameVerifier());

    expect(await ask(port, 'POST', '/guarded', 'Bearer anna')).toBe('written by anna');
  });
});

/** Fails whoever asks it. */
class NoVerifier extends TokenVerifier {
  verify(): Promise<never> {
    return Promise.reject(new AuthError('token_unavailable', 'no verifier'));
  }
}

/** Takes the token for the name of its owner. */
class NameVerifier extends TokenVerifier {
  verify(token: string): Promise<{ name: string }> {
    return Promise.resolve({ name: token });
  }
}
