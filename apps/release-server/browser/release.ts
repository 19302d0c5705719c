/** The page of a release: what it does beyond what its HTML does by itself. */
import { copyOnClick } from './copying.js';

copyOnClick();
