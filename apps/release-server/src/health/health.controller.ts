import { Controller, Get, Req, Res, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import type { Request, Response } from 'express';

import { Open } from '#auth';

import { sendText } from '../http/prepared-body.js';
import { StorageHealth } from './storage.health.js';

/** Probes: short text for people and kubelets, Terminus' result for who accepts JSON. */
@Open()
@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly storage: StorageHealth,
  ) {}

  /** The process is alive: it answers. */
  @Get('healthz')
  async live(@Req() request: Request, @Res() response: Response): Promise<void> {
    answer(request, response, 200, await this.health.check([]).catch(resultOf));
  }

  /** Requests are welcome: the storage takes writes and no shutdown has begun. */
  @Get('readyz')
  async ready(@Req() request: Request, @Res() response: Response): Promise<void> {
    const result = await this.health.check([() => this.storage.check()]).catch(resultOf);
    answer(request, response, result.status === 'ok' ? 200 : 503, result);
  }
}

/** Terminus throws its result where it is not healthy. */
function resultOf(error: unknown): HealthCheckResult {
  if (error instanceof ServiceUnavailableException) return error.getResponse() as HealthCheckResult;
  throw error;
}

function answer(request: Request, response: Response, status: 200 | 503, result: HealthCheckResult): void {
  response.setHeader('Cache-Control', 'no-store');
  response.vary('Accept');
  if (request.accepts(['text', 'json']) === 'json') {
    sendText(response, status, 'application/json', JSON.stringify(result));
  } else {
    sendText(response, status, 'text/plain; charset=utf-8', status === 200 ? 'OK' : reason(result));
  }
}

function reason({ status, error }: HealthCheckResult): string {
  const [first] = Object.entries(error ?? {});
  if (first === undefined) return status;
  const [name, indicator] = first;
  return `${name}: ${String(indicator?.['message'])}`;
}
