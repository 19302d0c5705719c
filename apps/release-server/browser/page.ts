/** The page of packages: what it does beyond what its HTML does by itself. */
import { copyOnClick } from './copying.js';
import { findWhileTyping, walkWithKeys } from './finding.js';
import { followListLinks } from './list.js';
import { startPublishing } from './publishing/publishing.js';

copyOnClick();
followListLinks();
findWhileTyping();
walkWithKeys();
startPublishing();
