import {
  Logger,
  Module,
  type CallHandler,
  type DynamicModule,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { tap, type Observable } from 'rxjs';

/** Milliseconds that the receiver may take. */
const PATIENCE = 5000;

/**
 * Sends the JSON of every published package to an address, once. What becomes of that changes nothing: the package is
 * stored, and its publisher told so.
 */
class Webhook implements NestInterceptor {
  private readonly logger = new Logger('webhook');

  constructor(private readonly url: string) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { method } = context.switchToHttp().getRequest<{ method: string }>();
    const answer = next.handle();
    // The two ways to publish.
    return method === 'PUT' || method === 'POST' ? answer.pipe(tap((view) => void this.send(view))) : answer;
  }

  private async send(view: unknown): Promise<void> {
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(view),
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (!response.ok) throw new Error(`it answered ${response.status}`);
    } catch (error) {
      this.logger.warn({ err: error }, 'the webhook did not hear of a package');
    }
  }
}

/** Tells others of every publish. */
@Module({})
export class WebhookModule {
  static to(url: string): DynamicModule {
    return { module: WebhookModule, providers: [{ provide: APP_INTERCEPTOR, useValue: new Webhook(url) }] };
  }
}
