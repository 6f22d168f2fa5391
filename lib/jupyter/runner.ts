// Runs a notebook from a fresh kernel, cell by cell, and says what failed.
//
// A notebook passes if each cell does what it promises: it ends without a
// fault, or, tagged `raises-exception`, it raises. What a cell leaves
// behind (a late error, output that nobody awaited) is a fault of that
// cell, also when it shows only after the last one.
import { Kernel, KernelDied } from './client.js';
import type { Execution, Message } from './client.js';
import { Collector, firstDifference, sourceOf } from './outputs.js';
import type { Cell, Displays, Notebook } from './outputs.js';
import { within } from './processes.js';

export type { Cell, Notebook, Output } from './outputs.js';

/** The kinds of lib/jupyter/faults.cjs, and those that only a runner sees. */
export type FaultKind =
  | 'compile'
  | 'throw'
  | 'interrupted'
  | 'uncaught'
  | 'rejection'
  | 'output'
  | 'pending'
  /** Tagged `raises-exception`, and raised nothing. */
  | 'quiet'
  /** Executed twice, the second time with other outputs. */
  | 'differs'
  | 'timeout'
  /** The kernel process ended. */
  | 'died';

export interface Fault {
  kind: FaultKind;
  /** The cell's id, and its index among all cells of the notebook. */
  id: string;
  index: number;
  ename: string;
  evalue: string;
  traceback: string[];
}

export interface RunOptions {
  /** Execute every code cell twice in a row and compare the outputs. */
  twice?: boolean;
  /** Milliseconds that a cell may take. */
  timeout?: number;
  /** Called before a code cell is executed. */
  onCell?: (cell: Cell, index: number) => void;
  /** The project folder, if not the one this file is in. */
  root?: string;
}

export interface RunResult {
  notebook: Notebook;
  faults: Fault[];
}

/** What a reply of our kernel tells about a fault. */
export interface ToldFault extends Omit<Fault, 'id' | 'index'> {
  msg_id: string;
}

const TIMEOUT = 120_000;
/** How long a kernel may take to answer an interrupt. */
const GRACE = 3_000;
/** How long timers of the last cells are waited for. */
const SETTLE = 3_000;

/** Kinds that `raises-exception` asks for. */
export const raisedKinds: FaultKind[] = ['compile', 'throw', 'uncaught', 'rejection'];

export const isExpectedToRaise = (cell: Cell): boolean =>
  cell.metadata.tags?.includes('raises-exception') ?? false;

/** The fault of a cell that was to raise; null if it raised as promised. */
export function notRaised(told: ToldFault[]): Omit<Fault, 'id' | 'index'> | null {
  if (told.some(({ kind }) => raisedKinds.includes(kind))) return null;
  return simple(
    'quiet',
    'NothingRaised',
    'the cell is tagged raises-exception and raised nothing',
  );
}

/**
 * Of what the reply to request `asked` tells, that which the cell's tag
 * does not allow: it allows the cell's own errors, not those of others.
 */
export function unexpected(
  cell: Cell,
  told: ToldFault[],
  asked: string,
): ToldFault[] {
  if (!isExpectedToRaise(cell)) return told;
  return told.filter(
    ({ kind, msg_id }) => msg_id !== asked || !raisedKinds.includes(kind),
  );
}

function simple(
  kind: FaultKind,
  ename: string,
  evalue: string,
): Omit<Fault, 'id' | 'index'> {
  return { kind, ename, evalue, traceback: [`${ename}: ${evalue}`] };
}

class Run {
  readonly faults: Fault[] = [];
  private readonly timeout: number;
  private readonly displays: Displays = new Map();
  /** Who asked, by the id of the request: late messages name it. */
  private readonly asked = new Map<
    string,
    { index: number; collector: Collector }
  >();

  constructor(
    private readonly kernel: Kernel,
    private readonly notebook: Notebook,
    private readonly options: RunOptions,
  ) {
    this.timeout = options.timeout ?? TIMEOUT;
    kernel.listenTo((message) => {
      const id = message.parent_header.msg_id ?? '';
      this.asked.get(id)?.collector.add(message);
    });
  }

  async all(): Promise<void> {
    for (const [index, cell] of this.notebook.cells.entries()) {
      if (cell.cell_type !== 'code') continue;
      this.options.onCell?.(cell, index);
      await this.cell(cell, index);
      if (this.faults.length > 0) return;
    }
    await this.settle();
  }

  private fault(index: number, fault: Omit<Fault, 'id' | 'index'>): void {
    const { kind, ename, evalue, traceback } = fault;
    const { id } = this.notebook.cells[index];
    this.faults.push({ kind, id, index, ename, evalue, traceback });
  }

  private async cell(cell: Cell, index: number): Promise<void> {
    const first = new Collector(this.displays);
    cell.outputs = first.outputs;
    cell.execution_count = await this.once(cell, index, first);
    if (!this.options.twice || this.faults.length > 0) return;
    const second = new Collector();
    await this.once(cell, index, second);
    if (this.faults.length > 0) return;
    const difference = firstDifference(first.outputs, second.outputs);
    if (difference === null) return;
    this.fault(index, simple('differs', 'OutputsDiffer', difference));
  }

  /** Executes the cell; returns its number. */
  private async once(
    cell: Cell,
    index: number,
    collector: Collector,
  ): Promise<number | null> {
    const execution = this.kernel.execute(sourceOf(cell), {
      stopOnError: !isExpectedToRaise(cell),
    });
    this.asked.set(execution.id, { index, collector });
    const reply = await this.wait(execution, index, this.timeout);
    if (!reply) return null;
    const told = toldIn(reply);
    this.blame(unexpected(cell, told, execution.id));
    const own = told.filter(({ msg_id }) => msg_id === execution.id);
    const quiet = isExpectedToRaise(cell) ? notRaised(own) : null;
    if (quiet) this.fault(index, quiet);
    return reply.content.execution_count ?? null;
  }

  /** Each fault goes to the cell that caused it. */
  private blame(told: ToldFault[]): void {
    for (const fault of told) {
      const guilty = this.asked.get(fault.msg_id) ?? this.latest();
      if (guilty) this.fault(guilty.index, fault);
    }
  }

  /** The reply; undefined if there is none, which is then a fault. */
  private async wait(
    { done }: Execution,
    index: number,
    timeout: number,
  ): Promise<Required<Message> | undefined> {
    try {
      if (await within(done, timeout)) return await done;
      const late = `not done after ${timeout / 1000} s`;
      if (await this.interrupt(done)) {
        const what = `${late}; the cell was interrupted`;
        this.fault(index, simple('timeout', 'Timeout', what));
        return undefined;
      }
      this.kernel.kill();
      const what =
        `${late}, and the interrupt was not answered; ` +
        'the kernel was killed';
      this.end(index, simple('timeout', 'Timeout', what));
    } catch (error) {
      if (!(error instanceof KernelDied)) throw error;
      const what = `the kernel died while this cell ran (${error.how})`;
      this.end(index, simple('died', 'KernelDied', what));
    }
    return undefined;
  }

  /** Whether the kernel ends the cell; a signal that comes early is lost. */
  private async interrupt(done: Promise<unknown>): Promise<boolean> {
    for (let tries = 0; tries < GRACE / 500; tries++) {
      this.kernel.interrupt();
      if (await within(done, 500)) return true;
    }
    return false;
  }

  /** A fault that the kernel could not show below the cell itself. */
  private end(index: number, fault: Omit<Fault, 'id' | 'index'>): void {
    const { ename, evalue, traceback } = fault;
    this.notebook.cells[index].outputs?.push({
      output_type: 'error',
      ename,
      evalue,
      traceback,
    });
    this.fault(index, fault);
  }

  private latest() {
    return [...this.asked.values()].at(-1);
  }

  /** Lets timers run out, then asks for what came after the last reply. */
  private async settle(): Promise<void> {
    const last = this.latest();
    if (!last) return;
    const asked = this.kernel.execute('', { silent: true, settle: SETTLE });
    const reply = await this.wait(asked, last.index, SETTLE + GRACE);
    if (reply) this.blame(toldIn(reply));
  }
}

function toldIn(reply: Required<Message>): ToldFault[] {
  return reply.metadata.freelist?.faults ?? [];
}

/**
 * Executes a copy of the notebook; returns it with outputs, and the
 * faults. The first failing cell is the last that is executed.
 */
export async function runNotebook(
  notebook: Notebook,
  options: RunOptions = {},
): Promise<RunResult> {
  const copy = structuredClone(notebook);
  for (const cell of copy.cells) {
    if (cell.cell_type !== 'code') continue;
    cell.outputs = [];
    cell.execution_count = null;
  }
  const kernel = await Kernel.start({ root: options.root });
  try {
    const run = new Run(kernel, copy, options);
    await run.all();
    return { notebook: copy, faults: run.faults };
  } finally {
    await kernel.shutdown();
  }
}
