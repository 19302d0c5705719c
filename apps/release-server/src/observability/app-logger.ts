import { Injectable } from '@nestjs/common';
import { Logger } from 'nestjs-pino';

/** What Nest tells about its own start; of interest only when something is wrong with it. */
const FRAMEWORK = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/** The application's logger: pino, with Nest's own lines at `debug`. */
@Injectable()
export class AppLogger extends Logger {
  override log(message: unknown, ...parameters: unknown[]): void {
    if (FRAMEWORK.has(String(parameters.at(-1)))) super.debug(message, ...parameters);
    else super.log(message, ...parameters);
  }

  /** What Nest's start both logs and throws is logged once, where it is caught. */
  override error(message: unknown, ...parameters: unknown[]): void {
    if (FRAMEWORK.has(String(parameters.at(-1)))) super.debug(message, ...parameters);
    else super.error(message, ...parameters);
  }
}
