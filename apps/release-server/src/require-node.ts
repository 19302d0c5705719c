// Imported before all else by what others import, which an older Node then refuses for a reason that it understands. For
// that it must be able to link everything: take what it does not have from the default export of `node:…`.
import { NODE_TOO_OLD } from './node-version.js';

if (NODE_TOO_OLD !== undefined) throw new Error(NODE_TOO_OLD);
