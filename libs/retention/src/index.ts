export { forecast, type RetentionForecast } from './forecast.js';
export { RetentionModule } from './retention.module.js';
export type { RetentionOptions, RetentionRules } from './retention.options.js';
export { RetentionPolicy, type RetentionContext } from './retention.policy.js';
export { RetentionService } from './retention.service.js';
