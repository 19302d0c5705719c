/** The pages of releases: what they do beyond what their HTML does by itself. */
import { copyOnClick } from './copying.js';
import { startManaging } from './releases/managing.js';

copyOnClick();
startManaging();
