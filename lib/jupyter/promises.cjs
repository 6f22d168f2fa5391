// How a promise prints: as Node prints it, without our bookkeeping.
//
// Following asynchronous contexts makes Node (before 24) mark every
// promise with symbols of its own, and console.log would show them. A
// reader who prints a promise should see `Promise { 1 }`.
'use strict';

const { inspect } = require('node:util');

const MARKS = new Set([
  'async_id_symbol',
  'trigger_async_id_symbol',
  'kResourceStore',
]);

function hideMarks(promise) {
  for (const symbol of Object.getOwnPropertySymbols(promise)) {
    if (!MARKS.has(symbol.description)) continue;
    Object.defineProperty(promise, symbol, { enumerable: false });
  }
}

function hideContext() {
  const { custom } = inspect;
  Object.defineProperty(Promise.prototype, custom, {
    configurable: true,
    writable: true,
    value: function inspectPromise(depth, options) {
      hideMarks(this);
      // An own property that is no function: the default way is taken.
      Object.defineProperty(this, custom, {
        configurable: true,
        value: undefined,
      });
      try {
        return inspect(this, { ...options, depth });
      } finally {
        delete this[custom];
      }
    },
  });
}

module.exports = { hideContext };
