export { matchesGlob } from './glob.js';
