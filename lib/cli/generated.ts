// What is generated into files that people also edit, and the README's
// picture.
//
// Idea: a list that is typed grows wrong. Between <!-- NAME:begin --> and
// <!-- NAME:end --> stands what a function makes; `weave` writes it anew
// and `check` compares. The picture is a plot of the notebooks, drawn by
// the same code.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ipynbOf, loadContents, partOf, type Contents } from '../book/contents.js';
import { BookError, type Fault } from '../book/fault.js';
import { kernel, malloc, mfree, nswap, startup } from '../bsd/malloc.js';
import { exercises } from '../grade/exercises.js';
import { exerciseTable } from '../grade/table.js';
import { lifetimes } from '../plot/lifetimes.js';
import { render } from '../plot/render.js';
import { reboot } from '../sys/reboot.js';
import { uniform } from '../trace/random.js';
import { record } from '../trace/record.js';
import { churn } from '../trace/workloads.js';

/** The README's table: a row a notebook. */
export function notebookTable(contents: Contents): string {
  const rows = contents.notebooks.map((entry) => {
    const part = partOf(contents, entry.nn)?.title ?? '';
    const files = entry.files.map((file) => `\`${file.slice('lib/'.length)}\``);
    const link = `[${entry.nn}. ${entry.title}](${ipynbOf(entry)})`;
    return `| ${part} | ${link} | ${files.join(' ')} | ${entry.minutes} |`;
  });
  return [
    '| Part | Notebook | Reads in `lib` | Minutes |',
    '|---|---|---|---:|',
    ...rows,
  ].join('\n');
}

/** A swap area in use, and the request that fails with space to spare. */
async function picture(): Promise<string> {
  reboot();
  startup();
  const { swapmap } = kernel;
  const requests = [
    ...churn({ seed: 13, operations: 60, live: 10, sizes: uniform(20, 120) }),
  ];
  let free = nswap;
  const before: number[] = []; // free blocks before each allocation
  const { lifetimes: bars, operations } = record(
    requests,
    (size) => {
      const addr = malloc(swapmap, size);
      before.push(free);
      if (addr !== 0) free -= size;
      return addr;
    },
    (addr, size) => {
      mfree(swapmap, size, addr);
      free += size;
    },
  );
  const allocs = requests.flatMap(({ op }, i) => (op === 'alloc' ? [i] : []));
  const first = allocs.findIndex((i) => !bars.some(({ from }) => from === i));
  const fails = allocs[first];
  const needed = requests[fails].size;
  const spec = lifetimes({
    title: `${before[first]} blocks are free, and a request for ${needed} fails`,
    subtitle:
      'One bar is one allocation from the swap map of UNIX V7, from malloc ' +
      'to mfree; right, the map at the marked operation',
    unit: 'blocks of 512 bytes',
    range: [1, nswap + 1],
    operations,
    lifetimes: bars,
    moment: fails,
  });
  reboot();
  return `${(await render(spec)).svg}\n`;
}

interface Generated {
  file: string;
  /** The region's name; absent, the text is the whole file. */
  name?: string;
  text: string;
}

async function all(root: string): Promise<Generated[]> {
  return [
    {
      file: 'README.md',
      name: 'notebooks',
      text: notebookTable(loadContents(root)),
    },
    {
      file: 'exercises/README.md',
      name: 'table',
      text: exerciseTable(exercises(root)),
    },
    { file: 'notebooks/lifetimes.svg', text: await picture() },
  ];
}

/** The file as it should be. @throws BookError without the region's marks */
function wanted(root: string, { file, name, text }: Generated): string {
  if (name === undefined) return text;
  const now = readFileSync(join(root, file), 'utf8');
  const [begin, end] = [`<!-- ${name}:begin -->\n`, `\n<!-- ${name}:end -->`];
  const from = now.indexOf(begin);
  const to = now.indexOf(end, from);
  if (from === -1 || to === -1) {
    throw new BookError([
      {
        place: file,
        fact: `lacks the lines ${begin.trim()} and ${end.trim()}`,
        remedy: 'Put them where the table belongs.',
      },
    ]);
  }
  // Blank lines, or Markdown takes the table for a part of the comment.
  return `${now.slice(0, from)}${begin}\n${text}\n${now.slice(to)}`;
}

/** Writes what has changed. @returns the files written */
export async function refreshGenerated(root: string): Promise<string[]> {
  const written: string[] = [];
  for (const one of await all(root)) {
    const file = join(root, one.file);
    const text = wanted(root, one);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    writeFileSync(file, text);
    written.push(one.file);
  }
  return written;
}

/** Generated parts that are not what would be generated now. */
export async function checkGenerated(root: string): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const one of await all(root)) {
    const file = join(root, one.file);
    if (existsSync(file) && readFileSync(file, 'utf8') === wanted(root, one)) {
      continue;
    }
    faults.push({
      place: one.file,
      fact: `is not what the course makes of it now (${one.name ?? 'picture'})`,
      remedy: 'Run "npm run weave".',
    });
  }
  return faults;
}
