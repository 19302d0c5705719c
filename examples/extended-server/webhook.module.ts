import { Logger, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { PackageEvents, type PackageEvent } from 'release-server';

/** What the receiver may take. */
const TIMEOUT_MS = 5000;

/**
 * Sends every change of the packages to an address, once. What becomes of that changes nothing: the change is made, and
 * who made it is told so.
 */
class Webhook implements OnModuleInit {
  private readonly logger = new Logger('webhook');

  constructor(
    private readonly url: string,
    private readonly events: PackageEvents,
  ) {}

  onModuleInit(): void {
    this.events.subscribe((event) => this.send(event));
  }

  private async send({ type, actor, package: { name, size, sha256 } }: PackageEvent): Promise<void> {
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ type, actor: actor.name, name, size, sha256 }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) throw new Error(`it answered ${response.status}`);
    } catch (error) {
      this.logger.warn({ err: error, change: type, name }, 'the webhook did not hear of a change');
    }
  }
}

/** Tells others of every change. */
@Module({})
export class WebhookModule {
  static to(url: string): DynamicModule {
    const webhook = {
      provide: Webhook,
      inject: [PackageEvents],
      useFactory: (events: PackageEvents) => new Webhook(url, events),
    };
    return { module: WebhookModule, providers: [webhook] };
  }
}
