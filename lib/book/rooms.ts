// Who may import whom in lib.
//
// Idea: a room knows only the rooms below it. So an allocator can be read
// and tested by itself, two kernels never mix, and tslab, which cannot
// load a circle of imports, never meets one. Types count as imports too: a
// type is knowledge.
import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import type { Fault } from './fault.js';
import { modulesOf, resolve, type Import, type Module } from './imports.js';

const allocators = ['bsd', 'libc', 'linux', 'opensolaris'];

/**
 * Rooms that a room may import, itself aside. sys is the ground: it says
 * what a Panic is, and most may ask it. "trace/adapters" is a room of its
 * own: it knows the allocators, and trace does not.
 */
const mayImport: Record<string, string[]> = {
  sys: [],
  bsd: ['sys'],
  libc: ['sys'],
  linux: ['sys'],
  opensolaris: ['sys'],
  trace: ['sys'],
  'trace/adapters': ['sys', 'trace', ...allocators],
  plot: ['sys', 'trace'],
  jupyter: ['sys', 'trace', 'trace/adapters', 'plot'],
  book: ['jupyter'],
  grade: ['sys', 'trace'],
  bench: ['sys', 'trace', 'trace/adapters', ...allocators],
  cli: [
    'sys',
    'trace',
    'trace/adapters',
    'plot',
    'jupyter',
    'book',
    'grade',
    'bench',
    ...allocators,
  ],
};

/** From these rooms plot and trace import types only, not code. */
const typesOnly: Record<string, string[]> = { plot: ['trace'] };

/** Who may touch files and processes: these rooms, and these files. */
const touchers = [
  'jupyter',
  'book',
  'grade',
  'cli',
  'lib/plot/render.ts', // the renderer
  'lib/plot/fonts.ts', // its fonts
  'lib/trace/golden.ts', // reads recorded traces
];
const touching =
  /^(node:)?(fs|fs\/promises|child_process|worker_threads|cluster|net|http|https|http2|dgram|readline|repl|process)$/;

/** Folders beside lib from which nothing is imported. */
const outside = /^(notebooks|exercises|solutions|test)\//;

/** All faults of lib's imports. */
export function checkRooms(root: string): Fault[] {
  const modules = modulesOf(root);
  const known = new Set(modules.map(({ path }) => path));
  return [
    ...modules.flatMap((module) => checkModule(root, module, known)),
    ...cycles(modules, known),
  ];
}

/** "lib/trace/adapters/bsd.ts" lies in trace/adapters, else in its folder. */
function roomOf(path: string): string {
  const [, room, sub] = path.split('/');
  return `${room}/${sub}` in mayImport ? `${room}/${sub}` : room;
}

function checkModule(
  root: string,
  module: Module,
  known: Set<string>,
): Fault[] {
  const { path } = module;
  const room = roomOf(path);
  const faults: Fault[] = [];
  if (!(room in mayImport)) {
    const fact = `lies in lib/${room}, a room that the rules do not know`;
    return [
      {
        place: path,
        fact,
        remedy: 'Move it, or add the room to lib/book/rooms.ts.',
      },
    ];
  }
  if (module.barrel && (room === 'sys' || allocators.includes(room))) {
    faults.push({
      place: path,
      fact: 'only passes on what other files export',
      remedy: 'Let readers import the file that they read.',
    });
  }
  for (const imported of module.imports) {
    const told = checkImport(root, module, imported, known);
    if (told) faults.push({ place: `${path}:${imported.line}`, ...told });
  }
  return faults;
}

function checkImport(
  root: string,
  { path }: Module,
  { to, typeOnly }: Import,
  known: Set<string>,
): Omit<Fault, 'place'> | null {
  const room = roomOf(path);
  const ground = room === 'sys' || allocators.includes(room);
  if (!to.startsWith('.')) {
    const remedy = 'Keep the rooms of lib as lib/book/rooms.ts has them.';
    if (ground)
      return { fact: `imports ${to}; ${room} imports no packages`, remedy };
    const free = touchers.includes(room) || touchers.includes(path);
    if (free || !isBuiltin(to) || !touching.test(to)) return null;
    return {
      fact: `imports ${to}; ${room} does not touch files or processes`,
      remedy,
    };
  }
  const target = resolve(
    path,
    to,
    (file) => known.has(file) || existsSync(join(root, file)),
  );
  if (!target.startsWith('lib/')) {
    return outside.test(target)
      ? {
          fact: `imports ${target}`,
          remedy:
            'Nothing in lib imports from notebooks, exercises, solutions or test.',
        }
      : null;
  }
  const other = roomOf(target);
  if (other === room) return null;
  const allowed = mayImport[room];
  if (!allowed.includes(other)) {
    const list =
      allowed.length > 0 ? `only ${allowed.join(', ')}` : 'no other room';
    return { fact: `imports ${target}`, remedy: `${room} imports ${list}.` };
  }
  if (typesOnly[room]?.includes(other) && !typeOnly) {
    return {
      fact: `imports code of ${target}`,
      remedy: `${room} takes types from ${other}, and no code: write "import type".`,
    };
  }
  return null;
}

/** Circles of run-time imports; one of types alone is harmless. */
function cycles(modules: Module[], known: Set<string>): Fault[] {
  const next = new Map<string, { to: string; line: number }[]>();
  for (const { path, imports } of modules) {
    const code = imports.filter(
      (one) => !one.typeOnly && one.to.startsWith('.'),
    );
    const edges = code.map(({ to, line }) => ({
      to: resolve(path, to, (file) => known.has(file)),
      line,
    }));
    next.set(
      path,
      edges.filter(({ to }) => known.has(to)),
    );
  }
  const faults: Fault[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    if (done.has(path)) return;
    trail.push(path);
    for (const { to, line } of next.get(path)!) {
      const start = trail.indexOf(to);
      if (start === -1) visit(to);
      else {
        const circle = [...trail.slice(start), to].join(' → ');
        const remedy =
          'Put what the two share into one file, or "import type" if it is types.';
        faults.push({
          place: `${path}:${line}`,
          fact: `closes a circle of imports: ${circle}`,
          remedy,
        });
      }
    }
    trail.pop();
    done.add(path);
  };
  for (const { path } of modules) visit(path);
  return faults;
}
