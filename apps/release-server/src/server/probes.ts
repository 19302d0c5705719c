/** The paths of liveness and readiness probes. */
export const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
