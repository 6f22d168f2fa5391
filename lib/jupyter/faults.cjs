// What goes wrong in a cell, as the `error` message of Jupyter wants it.
//
// A fault is { kind, ename, evalue, traceback }. The kind says which of
// the ways it was, because a runner must tell a cell that threw (which a
// notebook may want) from output that nobody awaited (which it never may):
//   compile      the cell or a file that it imports does not compile
//   throw        thrown by the cell, or by a promise that it awaited
//   interrupted  stopped from outside
//   uncaught     thrown in a timer or a callback
//   rejection    a promise was rejected and nothing awaited it
//   output       printed or shown after the cell had ended
//   pending      a helper such as show() was not awaited
'use strict';

const util = require('node:util');

const AFTERWORD = {
  uncaught: 'Thrown in a timer or a callback, so no cell could catch it.',
  rejection:
    'A promise was rejected and nothing awaited it: put await before the call.',
};

/** Text of a thrown value; a getter of its own that throws must not hurt. */
function show(value) {
  try {
    return util.inspect(value);
  } catch {
    return '(a value that cannot be shown)';
  }
}

/** A value that was thrown, of whatever type. */
function thrown(kind, value) {
  const after = AFTERWORD[kind] ? [AFTERWORD[kind]] : [];
  if (util.types.isNativeError(value) || value instanceof Error) {
    try {
      return {
        kind,
        ename: String(value.name || 'Error'),
        evalue: String(value.message),
        traceback: [...show(value).split('\n'), ...after],
      };
    } catch {
      // Fall through: an error whose name or message throws.
    }
  }
  const evalue = show(value);
  const traceback = [...`Uncaught ${evalue}`.split('\n'), ...after];
  return { kind, ename: 'Uncaught', evalue, traceback };
}

function simple(kind, ename, evalue) {
  return { kind, ename, evalue, traceback: [`${ename}: ${evalue}`] };
}

function interrupted() {
  const evalue = 'the cell was interrupted before it ended';
  return simple('interrupted', 'Interrupted', evalue);
}

/** tslab ends a cell on SIGINT in two ways, each with an error of its own. */
function isInterrupt(value) {
  return (
    value?.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED' ||
    (util.types.isNativeError(value) &&
      value.message === 'Interrupted asynchronously')
  );
}

function lateOutput() {
  const evalue =
    'output came after the cell had ended; put await before what prints it';
  return simple('output', 'UnawaitedOutput', evalue);
}

function pendingHelper(names) {
  const calls = names.map((name) => `${name}(…)`).join(' and ');
  const evalue =
    `${calls} had not finished when the cell ended; ` +
    `put await before ${calls}`;
  return simple('pending', 'UnawaitedOutput', evalue);
}

function place(diagnostic) {
  const { fileName, start } = diagnostic;
  const at = `${start.line + 1}:${start.character + 1}`;
  return fileName ? `${fileName}:${at}` : at;
}

/** The line of a cell with the fault underlined; nothing for a file. */
function excerpt(diagnostic, code) {
  const { fileName, start, end } = diagnostic;
  const line = fileName ? undefined : code.split('\n')[start.line];
  if (line === undefined) return [];
  const stop = end.line === start.line ? end.character : line.length;
  const width = Math.max(1, stop - start.character);
  return [`    ${line}`, `    ${' '.repeat(start.character)}${'~'.repeat(width)}`];
}

/** The compiler's diagnostics: one fault, the first one's text its value. */
function compile(diagnostics, code) {
  const lines = diagnostics.map((d) => `${place(d)} - ${d.messageText}`);
  const traceback = diagnostics.flatMap((d, i) => [
    i === 0 ? `CompileError: ${lines[i]}` : lines[i],
    ...excerpt(d, code),
  ]);
  return { kind: 'compile', ename: 'CompileError', evalue: lines[0], traceback };
}

/** The same fault, told on a later request than its cell's own. */
function toldLater(fault, count) {
  const where = `in cell [${count}], after it had ended`;
  return {
    ...fault,
    evalue: `${fault.evalue} (${where})`,
    traceback: [`Earlier, ${where}:`, ...fault.traceback],
  };
}

module.exports = {
  compile,
  interrupted,
  isInterrupt,
  lateOutput,
  pendingHelper,
  simple,
  thrown,
  toldLater,
};
