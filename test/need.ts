// What a test may need and a machine may lack.
//
// Each answers with the path of what was found, or with `skip`, the reason
// to pass the test over: `describe.skipIf(skip)`. With CI=true nothing is
// passed over: what is missing fails the file.
import path from 'node:path';
import { findChromium, GET_CHROMIUM } from '../lib/cli/chromium.mjs';
import { findJupyter } from '../lib/cli/jupyter.mjs';

const ROOT = path.resolve(__dirname, '..');

/** The reason to pass over; where that may not be, an error. */
function missing(what: string, remedy: string): string {
  const reason = `no ${what} (${remedy})`;
  if (process.env.CI === 'true') {
    throw new Error(`${reason}; with CI=true no test is passed over`);
  }
  return reason;
}

/**
 * A Python with JupyterLab and nbclient; `npm test` names it in
 * FREELIST_PYTHON.
 */
export function needJupyter(): { python: string; skip: string | false } {
  const python =
    process.env.FREELIST_PYTHON ||
    findJupyter(ROOT, { tests: true }).jupyter?.python;
  if (python) return { python, skip: false };
  return { python: '', skip: missing('Jupyter', '"npm test" sets it up') };
}

/** The file of a Chromium or Chrome. */
export function needChromium(): { chromium: string; skip: string | false } {
  const chromium = findChromium();
  if (chromium) return { chromium, skip: false };
  return { chromium: '', skip: missing('Chromium', GET_CHROMIUM) };
}
