// Where Chromium is: the browser that the tests look at pages with.
import { existsSync } from 'node:fs';
import { locate } from './python.mjs';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
];
const MAC = ['Google Chrome', 'Chromium'].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);

/** One line that says how to get it. */
export const GET_CHROMIUM =
  'on Debian "apt-get install chromium", elsewhere install Chrome or Chromium';

/** The browser's file: FREELIST_CHROMIUM, or one that is there; or null. */
export function findChromium(env = process.env) {
  if (env.FREELIST_CHROMIUM) return env.FREELIST_CHROMIUM;
  for (const name of NAMES) {
    const file = locate(name, env);
    if (file) return file;
  }
  return MAC.find(existsSync) ?? null;
}
