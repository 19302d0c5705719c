export { forecast, type RetentionForecast } from './forecast.js';
export { defaultPolicy } from './default-policy.js';
export { RetentionModule } from './retention.module.js';
export type { RetentionOptions, RetentionRules } from './retention.options.js';
export { RetentionPolicy, type Explanation, type RetentionContext } from './retention.policy.js';
export { RetentionService, type PlannedPackage } from './retention.service.js';
