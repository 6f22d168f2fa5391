// Notebooks as nbformat 4.5 writes them, and a cell's outputs gathered
// from the kernel's messages into that shape.
//
// Text is a list of lines on disk, so that a diff of two notebooks reads
// well; pictures that are not text stay one string.
import type { Message } from './client.js';

export interface Stream {
  output_type: 'stream';
  name: 'stdout' | 'stderr';
  text: string[];
}

export interface DisplayData {
  output_type: 'display_data';
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

export interface ErrorOutput {
  output_type: 'error';
  ename: string;
  evalue: string;
  traceback: string[];
}

export type Output = Stream | DisplayData | ErrorOutput;

export interface Cell {
  id: string;
  cell_type: 'code' | 'markdown' | 'raw';
  source: string | string[];
  metadata: { tags?: string[]; [key: string]: unknown };
  execution_count?: number | null;
  outputs?: Output[];
}

export interface Notebook {
  nbformat: number;
  nbformat_minor: number;
  metadata: Record<string, unknown>;
  cells: Cell[];
}

/** The text of a cell, whichever way it is kept. */
export function sourceOf(cell: Pick<Cell, 'source'>): string {
  return typeof cell.source === 'string' ? cell.source : cell.source.join('');
}

/** Lines with their line ends, as nbformat keeps text. */
export function toLines(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}

const TEXT = /^(text\/.*|application\/javascript|image\/svg\+xml)$/;

function onDisk(data: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).map(([type, value]) => [
      type,
      typeof value === 'string' && TEXT.test(type) ? toLines(value) : value,
    ]),
  );
}

/**
 * Outputs in which text that came in pieces is one stream. Where a cell
 * prints twice, it depends on the moment how many messages that makes.
 */
export function inOnePiece(outputs: readonly Output[]): Output[] {
  const whole: Output[] = [];
  for (const output of outputs) {
    const last = whole.at(-1);
    if (
      output.output_type === 'stream' &&
      last?.output_type === 'stream' &&
      last.name === output.name
    ) {
      last.text = toLines(last.text.join('') + output.text.join(''));
    } else {
      whole.push({ ...output });
    }
  }
  return whole;
}

/** Displays of a notebook that a later cell may update, by their id. */
export type Displays = Map<string, DisplayData[]>;

/** The outputs of one execution. */
export class Collector {
  readonly outputs: Output[] = [];

  constructor(private readonly displays: Displays = new Map()) {}

  add({ header, content }: Pick<Required<Message>, 'header' | 'content'>): void {
    switch (header.msg_type) {
      case 'stream':
        this.addStream(content.name, content.text);
        break;
      case 'display_data':
        this.addDisplay(content);
        break;
      case 'update_display_data':
        for (const shown of this.displays.get(displayId(content)) ?? []) {
          shown.data = onDisk(content.data);
          shown.metadata = content.metadata;
        }
        break;
      case 'error': {
        const { ename, evalue, traceback } = content;
        this.outputs.push({ output_type: 'error', ename, evalue, traceback });
        break;
      }
    }
  }

  private addStream(name: Stream['name'], text: string): void {
    const last = this.outputs.at(-1);
    if (last?.output_type === 'stream' && last.name === name) {
      last.text = toLines(last.text.join('') + text);
    } else if (text !== '') {
      this.outputs.push({ output_type: 'stream', name, text: toLines(text) });
    }
  }

  private addDisplay(content: Record<string, any>): void {
    const { data, metadata } = content;
    const display: DisplayData = {
      output_type: 'display_data',
      data: onDisk(data),
      metadata,
    };
    this.outputs.push(display);
    const id = displayId(content);
    if (id === '') return;
    this.displays.set(id, [...(this.displays.get(id) ?? []), display]);
  }
}

function displayId(content: Record<string, any>): string {
  return content.transient?.display_id ?? '';
}

/** Outputs for comparison: the numbers of executions do not count. */
function comparable(output: Output | undefined): string {
  return (JSON.stringify(output) ?? 'nothing').replace(
    /cell \[\d+\]/g,
    'cell [ ]',
  );
}

/** In what the outputs of two runs differ first, or null. */
export function firstDifference(
  one: readonly Output[],
  two: readonly Output[],
): string | null {
  for (let i = 0; i < Math.max(one.length, two.length); i++) {
    const [a, b] = [comparable(one[i]), comparable(two[i])];
    if (a === b) continue;
    let at = 0;
    while (a[at] === b[at]) at++;
    const from = Math.max(0, at - 20);
    const [x, y] = [a, b].map((text) => text.slice(from, at + 40));
    return `output ${i + 1} was …${x}… and then …${y}…`;
  }
  return null;
}
