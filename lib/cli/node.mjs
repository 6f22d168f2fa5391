// Is this Node new enough? Asked before anything else is loaded.
//
// This file and those that import it first (start.mjs, test.mjs) keep to
// what a very old Node can read: one that fails on its own syntax could
// not say the sentence that it is here to say.
import { readFileSync } from 'fs';

const parts = (version) => version.replace(/^\D*/, '').split('.').map(Number);

/** Whether `version` is at least `floor`: both like '20.19' or 'v20.19.1'. */
export function atLeast(version, floor) {
  const have = parts(version);
  const want = parts(floor);
  for (let i = 0; i < want.length; i++) {
    if ((have[i] || 0) !== want[i]) return (have[i] || 0) > want[i];
  }
  return true;
}

/** The sentence for a Node below `floor`, or null when it will do. */
export function tooOld(version, floor) {
  if (atLeast(version, floor)) return null;
  return (
    'this is Node ' +
    version.replace(/^v/, '') +
    ', and the course needs ' +
    'Node ' +
    floor +
    ' or later. Install one from https://nodejs.org ' +
    '(or with your version manager: nvm install --lts), then run the same ' +
    'command again.'
  );
}

/**
 * Loads `file` and calls its main, or says why this Node cannot. `file` is
 * loaded late, because it may use what only a new Node has.
 */
export function launch(load) {
  const manifest = new URL('../../package.json', import.meta.url);
  const engines = JSON.parse(readFileSync(manifest, 'utf8')).engines;
  const why = tooOld(process.version, engines.node.replace('>=', ''));
  if (why) {
    process.stderr.write('freelist: ' + why + '\n');
    process.exitCode = 2;
    return;
  }
  load()
    .then((module) => module.main(process.argv.slice(2)))
    .then(
      (code) => {
        process.exitCode = code;
      },
      (error) => {
        if (typeof error.exit !== 'number') throw error;
        process.stderr.write('freelist: ' + error.message + '\n');
        process.exitCode = error.exit;
      },
    );
}
