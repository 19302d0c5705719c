import { Logger, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { PackageEvents, type Package, type PackageEvent, type ReleaseEvent } from 'release-server';

/** What the receiver may take. */
const TIMEOUT_MS = 5000;

/**
 * Sends every change of packages and releases to an address, once. What becomes of that changes nothing: the change is made, and
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

  private async send(event: PackageEvent | ReleaseEvent): Promise<void> {
    const { type, actor } = event;
    const what = 'tag' in event ? { release: event.tag } : partOf(event.package);
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ type, actor: actor.name, ...what }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) throw new Error(`it answered ${response.status}`);
    } catch (error) {
      this.logger.warn({ err: error, change: type, ...what }, 'the webhook did not hear of a change');
    }
  }
}

function partOf({ name, size, sha256 }: Package): Partial<Package> {
  return { name, size, sha256 };
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
