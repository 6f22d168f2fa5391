// npm start: sets up what is missing, then opens the course in Jupyter.
//
// Only the door: an old Node must be able to read this file (node.mjs).
import { launch } from './node.mjs';

launch(() => import('./open.mjs'));
