// Runs a notebook with nbclient, the reference executor of Jupyter, and
// reports it as our own runner does.
//
// nbclient believes the messages of the kernel; that both runners find the
// same faults shows that our kernel tells the truth to others, too.
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { inOnePiece, type Notebook } from './outputs.js';
import { spawnOwned } from './processes.js';
import { isExpectedToRaise, notRaised, raisedKinds, unexpected } from './runner.js';
import type { Fault, RunOptions, RunResult, ToldFault } from './runner.js';

export interface NbclientOptions extends Omit<RunOptions, 'twice'> {
  root: string;
  /** A Python that has nbclient. */
  python: string;
  /** The folder whose `kernels/tslab` is to be used. */
  jupyterPath: string;
}

type Event =
  | { event: 'cell'; index: number }
  | { event: 'reply'; index: number; asked: string; faults: ToldFault[] }
  | { event: 'late'; faults: ToldFault[] }
  | { event: 'broken'; index: number; kind: 'timeout' | 'died' }
  | { event: 'end'; notebook: Notebook };

export class NbclientError extends Error {
  name = 'NbclientError';
  exit = 1;
}

const TIMEOUT = 120_000;
const SETTLE = 3_000;

/** Puts the events of one run together. */
class Report {
  readonly faults: Fault[] = [];
  notebook: Notebook | null = null;
  /** Which cell asked, by the id of its request. */
  private readonly asked = new Map<string, number>();

  constructor(
    private readonly given: Notebook,
    private readonly options: NbclientOptions,
  ) {}

  take(event: Event): void {
    switch (event.event) {
      case 'cell':
        this.options.onCell?.(this.given.cells[event.index], event.index);
        break;
      case 'reply':
        this.reply(event);
        break;
      case 'late':
        this.blame(event.faults, this.given.cells.length - 1);
        break;
      case 'broken':
        this.broken(event);
        break;
      case 'end':
        this.notebook = event.notebook;
        for (const cell of this.notebook.cells) {
          if (cell.outputs) cell.outputs = inOnePiece(cell.outputs);
        }
        break;
    }
  }

  private fault(index: number, fault: Omit<Fault, 'id' | 'index'>): void {
    const { kind, ename, evalue, traceback } = fault;
    const { id } = this.given.cells[index];
    this.faults.push({ kind, id, index, ename, evalue, traceback });
  }

  private blame(told: ToldFault[], otherwise: number): void {
    for (const fault of told) {
      this.fault(this.asked.get(fault.msg_id) ?? otherwise, fault);
    }
  }

  private reply({ index, asked, faults }: Event & { event: 'reply' }): void {
    this.asked.set(asked, index);
    const cell = this.given.cells[index];
    this.blame(unexpected(cell, faults, asked), index);
    const own = faults.filter(({ msg_id }) => msg_id === asked);
    const quiet = isExpectedToRaise(cell) ? notRaised(own) : null;
    if (quiet) this.fault(index, quiet);
  }

  private broken({ index, kind }: Event & { event: 'broken' }): void {
    const timeout = this.options.timeout ?? TIMEOUT;
    const [ename, evalue] =
      kind === 'timeout'
        ? ['Timeout', `not done after ${timeout / 1000} s`]
        : ['KernelDied', 'the kernel died while this cell ran'];
    this.fault(index, { kind, ename, evalue, traceback: [evalue] });
  }
}

/** An event; null for a line that is none, or was cut short. */
function readEvent(line: string): Event | null {
  try {
    return JSON.parse(line) as Event;
  } catch {
    return null;
  }
}

/** Executes the notebook from a fresh kernel, as runNotebook does. */
export async function runWithNbclient(
  notebook: Notebook,
  options: NbclientOptions,
): Promise<RunResult> {
  const report = new Report(notebook, options);
  const others = process.env.JUPYTER_PATH ?? [];
  const paths = [realpathSync(options.jupyterPath)].concat(others);
  const { child, ended } = spawnOwned(
    options.python,
    [path.join(__dirname, 'run_nbclient.py')],
    {
      cwd: options.root,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, JUPYTER_PATH: paths.join(path.delimiter) },
    },
  );
  let said = '';
  child.stderr!.on('data', (chunk) => {
    said = (said + String(chunk)).slice(-2000);
  });
  child.stdin!.on('error', () => {}); // It ended early; `ended` says how.
  child.stdin!.end(
    JSON.stringify({
      notebook,
      cwd: options.root,
      timeout: (options.timeout ?? TIMEOUT) / 1000,
      raised: raisedKinds,
      settle: SETTLE,
    }),
  );
  for await (const line of createInterface({ input: child.stdout! })) {
    const event = readEvent(line);
    if (event) report.take(event);
    else said += `${line.slice(0, 200)}\n`;
  }
  const how = await ended;
  if (report.notebook) {
    return { notebook: report.notebook, faults: report.faults };
  }
  const why = said.trim() || 'it said nothing';
  throw new NbclientError(`nbclient ended with ${how}: ${why}`);
}
