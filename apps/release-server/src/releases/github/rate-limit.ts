const HOUR_S = 3600;
/** Requests an hour, as GitHub has them. Nobody is held to it, but clients wait where they find none. */
const RATE_LIMIT = 5000;

/** The limit as an answer has it. The time is in seconds since the epoch. */
export function rateLimitView() {
  const reset = (Math.floor(Date.now() / 1000 / HOUR_S) + 1) * HOUR_S;
  return { limit: RATE_LIMIT, used: 0, remaining: RATE_LIMIT, reset };
}

/** The same as headers. */
export function rateLimitHeaders(): Record<string, string> {
  const { limit, used, remaining, reset } = rateLimitView();
  return {
    'X-RateLimit-Limit': `${limit}`,
    'X-RateLimit-Remaining': `${remaining}`,
    'X-RateLimit-Reset': `${reset}`,
    'X-RateLimit-Used': `${used}`,
    'X-RateLimit-Resource': 'core',
  };
}
