/** Too many clients want something at once. */
export class BusyError extends Error {
  override readonly name = 'BusyError';

  /** @param retryAfter - Seconds after which another try is worth it. */
  constructor(
    message: string,
    readonly retryAfter: number,
  ) {
    super(message);
  }
}
