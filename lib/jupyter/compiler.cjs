// tslab's TypeScript, with two repairs, put in place before tslab loads it.
//
// 1. It keeps source maps (positions.cjs says what for).
// 2. It may watch the project while files come and go. The compiler's
//    watcher sets two timers: one to rebuild, one to look again for files
//    that an import missed. tslab keeps a place for one only, and once
//    both are pending (a file was saved beside a notebook, say), each
//    later cell fails. The second timer is therefore a real one here.
'use strict';

const path = require('node:path');
const positions = require('./positions.cjs');

function twoTimers(host) {
  const own = new Set();
  const { setTimeout: rebuildLater, clearTimeout: rebuildNot } = host;
  host.setTimeout = (callback, ms) => {
    if (callback.name === 'updateProgramWithWatchStatus') {
      return rebuildLater(callback, ms);
    }
    const timer = setTimeout(() => {
      own.delete(timer);
      callback();
    }, ms).unref();
    own.add(timer);
    return timer;
  };
  host.clearTimeout = (timer) => {
    if (!own.delete(timer)) return rebuildNot(timer);
    clearTimeout(timer);
  };
  return host;
}

/** The compiler, for which tslab will take ours. */
function mendCompiler() {
  const tslab = path.dirname(require.resolve('tslab/package.json'));
  const id = require.resolve('@tslab/typescript-for-tslab', {
    paths: [tslab],
  });
  const ts = positions.keepMaps(require(id));
  const { createWatchCompilerHost } = ts;
  ts.createWatchCompilerHost = (...args) =>
    twoTimers(createWatchCompilerHost(...args));
  // tslab copies the compiler's functions from here.
  require.cache[id].exports = ts;
  return ts;
}

module.exports = { mendCompiler };
