// Where an error really happened: a stack in the words of the source.
//
// tslab compiles a cell, and every lib file that it imports, twice
// (TypeScript to ES modules, those to CommonJS) and keeps no source map,
// so a raw stack names lines that nobody wrote. Here both steps leave
// their maps, and a frame is looked up through the second, then the
// first. Frames of tslab, of Node and of this adapter are left out: a
// stack shows cells and lib only.
'use strict';

const path = require('node:path');
const vm = require('node:vm');
const { SourceMap } = require('node:module');

const INLINE = '//# sourceMappingURL=data:application/json;base64,';

/** tslab puts a cell's code behind one of these, on the first line. */
const PREFIX = {
  true: '(async function(exports, require) { '.length,
  false: '(function(exports, require) { '.length,
};

/** Maps of compiled texts that are not yet tied to a name. */
const compiled = new Map();

/** By the name in a stack: what to show, and the two maps. */
const known = new Map();

/** A compiler that leaves its maps in what it writes. */
function keepMaps(ts) {
  return {
    ...ts,
    createWatchCompilerHost: (files, options, ...rest) =>
      ts.createWatchCompilerHost(
        files,
        { ...options, inlineSourceMap: true },
        ...rest,
      ),
    transpileModule: (text, options) => {
      const at = text?.lastIndexOf(INLINE) ?? -1;
      if (at < 0) return ts.transpileModule(text, options);
      const result = ts.transpileModule(text.slice(0, at), {
        ...options,
        compilerOptions: { ...options.compilerOptions, sourceMap: true },
      });
      const outputText = result.outputText.replace(
        /\/\/# sourceMappingURL=.*\s*$/,
        '',
      );
      compiled.set(outputText, {
        inner: text.slice(at + INLINE.length),
        outer: result.sourceMapText,
      });
      return { ...result, outputText };
    },
  };
}

/** Ties the maps of `text` to the name that it will have in a stack. */
function name(text, url, entry) {
  const maps = compiled.get(text);
  if (maps) known.set(url, { ...entry, ...maps });
}

/** A cell: shown as `label`, `lines` long; `await` moves its columns. */
function nameCell(text, url, { label, hasAwait }) {
  name(text, url, {
    show: () => label,
    shift: PREFIX[hasAwait],
    // tslab puts `export {};` on a line of its own before a cell.
    above: 1,
  });
}

/** A compiled lib file: shown by the path of its source. */
function nameFile(text, file, root) {
  const shown = path.relative(root, file);
  name(text, file, {
    show: (source) =>
      path.posix.join(path.dirname(shown), path.basename(source)),
    shift: 0,
    above: 0,
  });
}

/** Maps that no name was given to in this compilation are not needed. */
function forgetUnnamed() {
  compiled.clear();
}

function parse(text) {
  return new SourceMap(JSON.parse(text));
}

/** `show:line:column` in the source, or null where the source has none. */
function original(entry, line, column) {
  if (typeof entry.outer === 'string') {
    entry.outer = parse(entry.outer);
    entry.inner = parse(Buffer.from(entry.inner, 'base64').toString());
  }
  const from = column - 1 - (line === 1 ? entry.shift : 0);
  const middle = entry.outer.findEntry(line - 1, Math.max(from, 0));
  if (middle.generatedLine !== line - 1) return null;
  const first = entry.inner.findEntry(
    middle.originalLine,
    middle.originalColumn,
  );
  if (first.generatedLine !== middle.originalLine) return null;
  const at = first.originalLine + 1 - entry.above;
  const shown = entry.show(first.originalSource);
  return at < 1 ? null : `${shown}:${at}:${first.originalColumn + 1}`;
}

/** A path inside the project without the way to it. */
function shorten(url, root) {
  return url.startsWith(root + path.sep) ? path.relative(root, url) : url;
}

/** One frame as text; null hides it. `mine` says that a reader wrote it. */
function frame(site, root, tslab) {
  const url = site.getScriptNameOrSourceURL();
  if (!url) return { text: String(site), mine: false };
  const adapter = path.dirname(url) === __dirname && url.endsWith('.cjs');
  if (url.startsWith('node:') || url.startsWith(tslab) || adapter) return null;
  const [line, column] = [site.getLineNumber(), site.getColumnNumber()];
  const entry = known.get(url);
  const place = entry
    ? original(entry, line, column)
    : `${shorten(url, root)}:${line}:${column}`;
  if (place === null) return null;
  // What a cell declares lives on a proxy, which is no reader's business.
  const text = String(site)
    .replace(`${url}:${line}:${column}`, place)
    .replace(/^(async )?Proxy\./, '$1');
  return { text, mine: true };
}

/** From now on every stack of this process is written in source terms. */
function cleanStacks(root) {
  // Node would put the compiled line of a cell above the stack.
  const { runInThisContext } = vm;
  vm.runInThisContext = (code, options) =>
    runInThisContext(code, { displayErrors: false, ...options });
  const tslab =
    path.dirname(require.resolve('tslab/package.json')) + path.sep;
  Error.prepareStackTrace = (error, sites) => {
    let head;
    try {
      head = Error.prototype.toString.call(error);
    } catch {
      head = 'Error';
    }
    try {
      const frames = sites
        .map((site) => frame(site, root, tslab))
        .filter(Boolean);
      // What stands below the reader's last frame is tslab's way to it.
      while (frames.length > 0 && !frames.at(-1).mine) frames.pop();
      return [head, ...frames.map(({ text }) => `    at ${text}`)].join('\n');
    } catch {
      return head;
    }
  };
}

module.exports = { cleanStacks, forgetUnnamed, keepMaps, nameCell, nameFile };
