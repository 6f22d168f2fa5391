// One session of cells: tslab's executor, watched until a cell is over.
//
// tslab says whether a cell's statements ran. It does not see what the
// cell left behind: timers that throw, promises nobody awaits, output
// that comes too late. Every cell therefore runs in an asynchronous
// context of its own (AsyncLocalStorage): whatever it started carries the
// cell along, so that a late event is charged to the cell that caused it,
// also while another one is running.
'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');
const faults = require('./faults.cjs');
const positions = require('./positions.cjs');
const { hideContext } = require('./promises.cjs');

/** Turns of the event loop that a cell gets to show what it left behind. */
const TURNS = 3;

/** How long the picture of a forgotten await may take to arrive, in ms. */
const GRACE = 2000;

/** cells.ts keeps the promises of its unfinished helpers under this key. */
const PENDING = Symbol.for('freelist.pending');

const later = (ms) =>
  new Promise((resolve) => setTimeout(resolve, ms).unref());

/**
 * `tslab` holds the parts of tslab that are used; `complain` writes what
 * belongs to no cell.
 */
function createSession({ root, tslab, complain }) {
  const converter = tslab.createConverter({ isJS: false, isBrowser: false });
  const context = new AsyncLocalStorage();
  hideContext();

  /** Faults that no reply has told yet, in order of arrival. */
  let untold = [];
  /** Promises of helpers that a cell has been charged with. */
  const seen = new WeakSet();
  let runs = 0;
  let current = null;
  let last = null;
  /** What tslab's compiler and executor said of the cell that runs. */
  let said = {};

  /** The cell that is to answer for what happens now. */
  const owner = () => context.getStore() ?? current ?? last;

  /** tslab's converter, with its result noted and its texts named. */
  const noting = {
    ...converter,
    convert(declarations, code) {
      // What the compiler watches from now on is no work of this cell.
      const result = context.exit(() => converter.convert(declarations, code));
      said.diagnostics = result.diagnostics;
      said.lastName = result.lastExpressionVar;
      for (const { path, data } of result.sideOutputs ?? []) {
        positions.nameFile(data, path, root);
      }
      if (result.output) {
        const url = `freelist-cell-${++runs}`;
        positions.nameCell(result.output, url, {
          label: `cell [${current.count}]`,
          hasAwait: Boolean(result.hasToplevelAwait),
        });
        result.output += `\n//# sourceURL=${url}`;
      }
      positions.forgetUnnamed();
      return result;
    },
    addModule(...args) {
      said.diagnostics = converter.addModule(...args);
      return said.diagnostics;
    },
  };

  const executor = tslab.createExecutor(
    root,
    { node: noting, browser: noting, close: () => converter.close() },
    {
      log: (value) => console.log(value),
      // One argument is a thrown value, several are a diagnostic's.
      error: (...args) => {
        if (args.length === 1) said.thrown = { value: args[0] };
      },
    },
  );

  function charge(cell, fault) {
    if (!cell) return complain(fault.traceback.join('\n'));
    const told = `${fault.kind} ${fault.ename} ${fault.evalue}`;
    // A timer that throws every second is one fault, not thousands.
    if (cell.told.has(told)) return;
    cell.told.add(told);
    const charged = { ...fault, cell };
    untold.push(charged);
    if (cell.answered) cell.late(fault);
    return charged;
  }

  /** Called for every output: true once the cell should have been silent. */
  function noteOutput(cell) {
    if (cell.open || cell.unawaited) return;
    cell.unawaited = true;
    charge(cell, faults.lateOutput());
  }

  /** Runs the statements; what went wrong in them, or null. */
  async function statements(cell, code) {
    said = {};
    let ok = false;
    try {
      if (tslab.getCodeMetadata(code).mode === 'browser') {
        const why = '@browser cells are not run by this kernel';
        return faults.simple('compile', 'CompileError', why);
      }
      ok = await context.run(cell, () => executor.execute(code));
    } catch (error) {
      said.thrown = { value: error };
    }
    if (said.diagnostics?.length > 0) {
      return faults.compile(said.diagnostics, code);
    }
    if (said.thrown) {
      const { value } = said.thrown;
      if (faults.isInterrupt(value)) return faults.interrupted();
      return faults.thrown('throw', value);
    }
    if (!ok) return faults.simple('throw', 'Error', 'tslab gave no reason');
    // tslab prints a last value unless it is undefined or null.
    if (said.lastName && executor.locals[said.lastName] === null) {
      delete executor.locals[said.lastName];
      context.run(cell, () => console.log(null));
    }
    return null;
  }

  /** Charges the cell with helpers that it did not await. */
  async function checkPending(cell, failed) {
    const pending = [...(globalThis[PENDING] ?? [])].filter(
      (promise) => !seen.has(promise),
    );
    if (pending.length === 0) return;
    cell.unawaited = true;
    for (const promise of pending) seen.add(promise);
    const names = pending.map((promise) => promise.helper ?? 'show');
    // A cell that failed may well have been awaiting them.
    if (!failed) charge(cell, faults.pendingHelper([...new Set(names)]));
    await Promise.race([Promise.allSettled(pending), later(GRACE)]);
  }
  /** Runs a cell to its end; returns the faults that are to be told now. */
  async function run(cell, code) {
    Object.assign(cell, { open: true, told: new Set(), unawaited: false });
    current = cell;
    const fault = await statements(cell, code);
    cell.open = false;
    if (fault) charge(cell, fault);
    await checkPending(cell, fault !== null);
    for (let turn = 0; turn < TURNS; turn++) {
      // A timer of the cell's own with 0 ms is due before this one.
      await later(1);
      await new Promise(setImmediate);
    }
    last = cell;
    current = null;
    return take(cell);
  }

  function take(cell) {
    const taken = untold.map(({ cell: guilty, ...fault }) => ({
      ...(guilty === cell ? fault : faults.toldLater(fault, guilty.count)),
      msg_id: guilty.msg_id,
    }));
    untold = [];
    return taken;
  }

  /** Waits until no timer or file operation is under way, at most `ms`. */
  async function quiet(ms) {
    const busy = /^(Timeout|Immediate|ProcessWrap|FSReq)/;
    const end = Date.now() + ms;
    do {
      await later(10);
    } while (
      process.getActiveResourcesInfo().some((name) => busy.test(name)) &&
      Date.now() < end
    );
  }

  const unhandled = new WeakMap();
  process.on('uncaughtException', (error) => {
    charge(owner(), faults.thrown('uncaught', error));
  });
  process.on('unhandledRejection', (reason, promise) => {
    const fault = faults.thrown('rejection', reason);
    unhandled.set(promise, charge(owner(), fault));
  });
  process.on('rejectionHandled', (promise) => {
    // Awaited after all: no fault, unless it has been told already.
    untold = untold.filter((fault) => fault !== unhandled.get(promise));
    unhandled.delete(promise);
  });

  return { executor, noteOutput, owner, quiet, run };
}

module.exports = { createSession };
