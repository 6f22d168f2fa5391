// npm test: sets up what is missing, then checks and tests everything.
//
// Only the door: an old Node must be able to read this file (node.mjs).
import { launch } from './node.mjs';

launch(() => import('./prove.mjs'));
