#!/usr/bin/env node
// The kernel of the notebooks: tslab, made honest.
//
// tslab compiles and runs TypeScript cells and knows completion and
// inspection; those parts of it are used as they are. What it tells the
// front end is replaced (server.cjs), because tslab reports a failure as
// mere text, skips the cells after it in silence, and does not see what a
// cell leaves behind (session.cjs). Its stacks name compiled lines;
// positions.cjs turns them into those of the source.
//
// Started as tslab is: `node kernel.cjs kernel --config-path=FILE`.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { Worker } = require('node:worker_threads');

/** The project: cells write './lib/…', wherever their notebook lies. */
const ROOT = fs.realpathSync(path.resolve(__dirname, '../..'));

function usage(why) {
  process.stderr.write(
    `kernel.cjs: ${why}. Jupyter starts it, as ` +
      '"node lib/jupyter/kernel.cjs kernel --config-path=FILE".\n',
  );
  process.exit(2);
}

function readConnection() {
  let file;
  try {
    const { values, positionals } = parseArgs({
      options: { 'config-path': { type: 'string' } },
      allowPositionals: true,
    });
    if (positionals.join() !== 'kernel') usage('its verb is "kernel"');
    file = values['config-path'];
  } catch (error) {
    usage(error.message);
  }
  if (!file) usage('the connection file is missing');
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    return usage(`the connection file is unreadable (${error.message})`);
  }
}

/**
 * Ends this process when the one that started it is gone. A thread does
 * it, because a cell may keep the main one busy for ever.
 */
function endWithParent() {
  if (!process.env.JPY_PARENT_PID || process.platform === 'win32') return;
  const code = `
    const { workerData } = require('node:worker_threads');
    setInterval(() => {
      if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
    }, 500);
  `;
  new Worker(code, { eval: true, workerData: process.ppid }).unref();
}

function main() {
  const connection = readConnection();
  endWithParent();
  // Before tslab is loaded: its compiler asks for the folder only once.
  process.chdir(ROOT);
  const positions = require('./positions.cjs');
  const ts = require('./compiler.cjs').mendCompiler();
  positions.cleanStacks(ROOT);

  const jupyter = require('tslab/dist/jupyter');
  const tslab = {
    ...require('tslab/dist/converter'),
    ...require('tslab/dist/executor'),
    ...require('tslab/dist/metadata'),
  };
  const { getVersion } = require('tslab/dist/util');
  const { createSession } = require('./session.cjs');
  const { Server } = require('./server.cjs');

  const write = process.stderr.write.bind(process.stderr);
  const complain = (text) => write(`freelist kernel: ${text}\n`);
  const session = createSession({ root: ROOT, tslab, complain });

  class Handler extends jupyter.JupyterHandlerImpl {
    handleKernel() {
      const info = super.handleKernel();
      const language_info = {
        ...info.language_info,
        version: ts.version,
        // JupyterLab looks a language up by this name; tslab's own answer
        // colours cells as JavaScript there.
        codemirror_mode: 'typescript',
      };
      const implementation_version = getVersion();
      return { ...info, implementation_version, language_info };
    }
  }

  const handler = new Handler(session.executor, false);
  const server = new Server({
    connection,
    handler,
    session,
    tslab: jupyter,
    complain,
  });
  process.on('SIGINT', () => session.executor.interrupt());
  server.start().catch((error) => {
    complain(`cannot start: ${error.message}`);
    process.exit(1);
  });
}

main();
