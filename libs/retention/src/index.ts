export { RetentionModule } from './retention.module.js';
export type { RetentionOptions } from './retention.options.js';
export { RetentionService } from './retention.service.js';
export { selectEvictions } from './retention.policy.js';
