// The pictures that the tests look at, each on a run of a real allocator.
import { malloc, mfree, newMap } from '../../lib/bsd/malloc.js';
import { map32, map64 } from '../../lib/opensolaris/startup.js';
import { vmem_alloc } from '../../lib/opensolaris/vmem_alloc.js';
import { arenas } from '../../lib/opensolaris/vmem_check.js';
import { vmem_create } from '../../lib/opensolaris/vmem_create.js';
import { VM_SLEEP } from '../../lib/opensolaris/vmem_impl.js';
import { areas, type Area } from '../../lib/plot/areas.js';
import { arenaTree, type Tree } from '../../lib/plot/arenas.js';
import { comparison, type OverTime } from '../../lib/plot/compare.js';
import { drift } from '../../lib/plot/drift.js';
import { histogram } from '../../lib/plot/histogram.js';
import { lifetimes, type Lifetime } from '../../lib/plot/lifetimes.js';
import { multiples, type Panel } from '../../lib/plot/multiples.js';
import { slots, state } from '../../lib/plot/slots.js';
import { steps } from '../../lib/plot/steps.js';
import { fromMap, strip, type Row } from '../../lib/plot/strip.js';
import { travel } from '../../lib/plot/travel.js';
import { bootStep, bootSteps } from '../../lib/trace/adapters/boot.js';
import { fitMap, type Policy } from '../../lib/trace/adapters/fits.js';
import { contend, type System } from '../../lib/trace/adapters/side.js';
import { histogram as buckets } from '../../lib/trace/measures.js';
import { run, type Sample } from '../../lib/trace/run.js';
import { uniform } from '../../lib/trace/random.js';
import { record, watch, type Recorded } from '../../lib/trace/record.js';
import { churn, type Load } from '../../lib/trace/workloads.js';

/** A coremap of 100 clicks, after each of eight calls. */
export function stripRows(): Row[] {
  const mp = newMap(10);
  const rows: Row[] = [];
  const note = (name: string, start: number, size: number) => {
    const focus = { start, end: start + size };
    const segments = fromMap(mp, [1, 101], [focus.start, focus.end]);
    rows.push({ name, segments, focus });
  };
  const take = (size: number) => {
    const a = malloc(mp, size);
    note(`malloc(mp, ${size}) → ${a}`, a, size);
    return a;
  };
  const give = (size: number, a: number) => {
    mfree(mp, size, a);
    note(`mfree(mp, ${size}, ${a})`, a, size);
  };
  give(100, 1);
  take(10);
  const b = take(20);
  take(10);
  const c = take(30);
  give(20, b);
  take(8);
  give(30, c);
  return rows;
}

/** The lifetimes of a random load on a map of `size` units. */
export function load(size: number, churned: Load): Recorded {
  const mp = newMap(1000);
  mfree(mp, size, 1);
  return record(
    churn(churned),
    (n) => malloc(mp, n),
    (addr, n) => mfree(mp, n, addr),
  );
}

/** A map of 4 slots that is freed into once too often. */
function overflow() {
  const word = (n: number) => ({ m_size: n, m_addr: n });
  const mp = newMap(4, [7777, 8888, 0, 0].map(word));
  const states = [state('at first', mp, 7)];
  for (const a of [10, 20, 30, 40, 50]) {
    mfree(mp, 1, a);
    if (a >= 30) states.push(state(`mfree(mp, 1, ${a})`, mp, 7));
  }
  return states;
}

/** Slots read by a search that fails, in maps of 10 to 300 entries. */
function searches(): [number, number][] {
  return Array.from({ length: 30 }, (_, i) => {
    const entries = 10 * (i + 1);
    const { mp, visits } = watch(newMap(entries + 1).slice(0, entries + 1));
    for (let e = 0; e < entries; e++) mfree(mp, 1, 10 + 2 * e);
    return [entries, visits(() => malloc(mp, 5))];
  });
}

/** What a policy makes of a churn on 1,000 units. */
export function panel(policy: Policy, operations: number): Panel {
  const map = fitMap({ policy, units: 1000, start: 1, slots: 500 });
  const failed: number[] = [];
  const all: Lifetime[] = [];
  let now = -1;
  const counted = function* () {
    const load = { seed: 3, operations, live: 60, sizes: uniform(1, 30) };
    for (const request of churn(load)) {
      now++;
      yield request;
    }
  };
  const alloc = (size: number): number | null => {
    const addr = map.alloc(size);
    if (addr === null) failed.push(now);
    return addr;
  };
  run(counted(), { ...map, alloc }, { onLifetime: (life) => all.push(life) });
  return { name: map.name, lifetimes: all, failed };
}

/** Samples of a run in which free space is scattered. */
export function drifting(operations: number): Sample[] {
  const samples: Sample[] = [];
  run(
    churn({ seed: 3, operations, live: 60, sizes: uniform(1, 30) }),
    fitMap({ policy: 'first', units: 1200, start: 1, slots: 500 }),
    { onSample: (sample) => samples.push(sample) },
  );
  return samples;
}

/** Holes and steps of each tenth operation while a map fills, from 0 on. */
export function cloud(): [number, number][] {
  const points: [number, number][] = [[0, 0]];
  run(
    churn({ seed: 3, operations: 9000, live: 600, sizes: uniform(1, 30) }),
    fitMap({ policy: 'first', units: 20_000, start: 1, slots: 3000 }),
    { every: 10, onSample: ({ holes, steps }) => points.push([holes, steps]) },
  );
  return points;
}

/** The free pieces that a policy leaves after a churn. */
function leftBy(policy: Policy) {
  const map = fitMap({ policy, units: 1200, start: 1, slots: 500 });
  run(churn({ seed: 3, operations: 2000, live: 60, sizes: uniform(1, 30) }), map);
  return { name: map.name, bars: buckets(map.holes()), focus: 16 };
}

/** Free pieces of 1 byte to 2 GB, in a long row of bars. */
const large = () =>
  Array.from({ length: 31 }, (_, i) => ({
    from: 2 ** i,
    count: 31 - i,
    units: 2 ** i * (31 - i),
  }));

/** The areas of an address map, and what they are to a program. */
export const looked = (map: Omit<Area, 'kind'>[]): Area[] =>
  map.map((area) => {
    const { what } = area;
    const kind = /red zone|hole/.test(what) ? 'guard' : 'allocated';
    return { ...area, kind: what === 'not used' ? 'free' : kind };
  });

/** The kernel heap's arenas at each step of its boot. */
export const booting = (): Tree['moments'] =>
  bootSteps().map(({ step, arenas, pages }) => ({
    name: `after ${step}: ${pages} pages`,
    arenas,
  }));

/** They, and what the eleventh arena and two requests import. */
export function booted(): Tree['moments'] {
  const boot = booting();
  const moment = (name: string) => ({ name, arenas: bootStep(name).arenas });
  const source = arenas()[0];
  vmem_create(
    'eleventh', null, 0, 8, vmem_alloc, null, source, 0, VM_SLEEP,
  );
  const later = [moment('the eleventh arena')];
  for (const [name, size] of [['static_alloc', 24], ['hat_memload', 8192]]) {
    vmem_alloc(arenas().find((a) => a.vm_name === name)!, +size, VM_SLEEP);
    later.push(moment(`${size} bytes of ${name}`));
  }
  return [...boot, ...later];
}

/** Three systems under one churn, measured at each twentieth operation. */
export function sideBySide() {
  const rows: System[] = ['map', 'buddy', 'slab caches'];
  const over: OverTime = { name: 'memory', unit: 'KB', rows: [], line: [], most: 60 };
  const runs = rows.map((name) => {
    const system = contend(name, [300]);
    const points: [number, number][] = [];
    const line: [number, number][] = [];
    const onSample = ({ operation, live }: Sample): void => {
      points.push([operation, system.now() / 1024]);
      line.push([operation, live / 1024]);
    };
    const load = { seed: 3, operations: 400, live: 150, sizes: () => 300 };
    const { peakLive } = run(churn(load), system, { every: 20, onSample });
    Object.assign(over, { rows: [...over.rows, points], line });
    return [(100 * peakLive) / system.peak(), system.locks() / 400];
  });
  const measures = [
    { name: 'utilisation', unit: '%', values: runs.map(([share]) => share) },
    { name: 'shared locks', unit: 'a call', digits: 2, values: runs.map(([, n]) => n) },
  ];
  return { rows, measures, over };
}

const policies: Policy[] = ['first', 'best', 'next'];

const short = load(100, {
  seed: 1,
  operations: 60,
  live: 9,
  sizes: uniform(1, 14),
});
const long = load(4000, {
  seed: 7,
  operations: 12_000,
  live: 110,
  sizes: uniform(1, 60),
});
const points = searches();
const side = sideBySide();

/** All pictures by name. */
export const examples = {
  strip: strip({
    title: 'Half of the core is free, and no piece is longer than 30 clicks',
    unit: '64-byte clicks',
    rows: [{ name: '', segments: stripRows()[5].segments }],
  }),
  strips: strip({
    title: 'mfree joins what touches',
    unit: '64-byte clicks',
    rows: stripRows(),
  }),
  kinds: strip({
    title: 'A slab with one object in the hands of the client',
    unit: 'bytes',
    hex: true,
    rows: [
      {
        name: 'slab',
        segments: [
          { start: 4096, end: 4256, kind: 'tag' },
          { start: 4256, end: 4320, kind: 'offset' },
          { start: 4320, end: 5344, kind: 'allocated', label: 'object 0' },
          { start: 5344, end: 5376, kind: 'guard' },
          { start: 5376, end: 6400, kind: 'cached' },
          { start: 6400, end: 7424, kind: 'free' },
          { start: 7424, end: 8192, kind: 'waste' },
        ],
      },
    ],
  }),
  lifetimes: lifetimes({
    title: 'Four long-lived pieces keep the free space apart',
    unit: '64-byte clicks',
    range: [1, 101],
    ...short,
    lifetimes: short.lifetimes.map((life) => ({
      ...life,
      label: String(life.end - life.addr),
    })),
    moment: 45,
  }),
  bins: lifetimes({
    title: 'First fit fills the low end and scatters the rest',
    unit: '512-byte blocks',
    range: [1, 4001],
    ...long,
    moment: 8400,
  }),
  drift: drift({
    title: 'Free grows, its largest piece does not',
    unit: 'units',
    samples: drifting(2000),
  }),
  driftShort: drift({
    title: 'What is asked for, what is taken',
    unit: 'units',
    samples: drifting(40),
    lines: ['free', 'largest', 'live', 'taken'],
  }),
  driftOnce: drift({
    title: 'One moment, and nothing is free',
    unit: 'units',
    samples: [{ operation: 0, free: 0, largest: 0 }],
  }),
  histogram: histogram({
    title: 'Most free pieces are small',
    unit: 'units',
    rows: [{ name: '', bars: leftBy('first').bars }],
  }),
  histograms: histogram({
    title: 'Best fit leaves the smaller rests',
    unit: 'units',
    rows: policies.map(leftBy),
  }),
  histogramUnits: histogram({
    title: 'Few pieces hold most of what is free',
    unit: 'bytes',
    by: 'units',
    rows: [{ name: '', bars: large() }],
  }),
  nothingFree: histogram({
    title: 'Nothing is free',
    unit: 'units',
    rows: [{ name: '', bars: [] }],
  }),
  multiples: multiples({
    title: 'Best fit refuses least',
    unit: 'units',
    range: [1, 1001],
    operations: 300,
    panels: policies.map((policy) => panel(policy, 300)),
  }),
  multiplesBinned: multiples({
    title: 'Best fit refuses least, in the long run too',
    unit: 'units',
    range: [1, 1001],
    operations: 6000,
    panels: policies.map((policy) => panel(policy, 6000)),
  }),
  travel: travel({
    title: 'Half of the core is free, and no piece is longer than 30 clicks',
    unit: '64-byte clicks',
    frames: stripRows(),
    frame: 5,
  }),
  travelKinds: travel({
    title: 'The client gives back what the slab keeps',
    unit: 'bytes',
    hex: true,
    frame: 1,
    frames: ['allocated' as const, 'cached' as const].map((kind, i) => ({
      name: `${i}: object 0 is ${kind}`,
      segments: [
        { start: 4096, end: 4256, kind: 'tag' },
        { start: 4256, end: 4320, kind: 'offset' },
        { start: 4320, end: 5344, kind, label: 'object 0' },
        { start: 5344, end: 7424, kind: 'free' },
        { start: 7424, end: 8192, kind: 'waste' },
      ],
    })),
  }),
  areas64: areas({
    title: 'To scale, a 64-bit map is one hole',
    areas: looked(map64(2 ** 20)),
  }),
  areas32: areas({
    title: 'With 32 bits, the kernel takes a fifth of all addresses',
    areas: looked(map32(2 ** 20)),
  }),
  arenaTree: arenaTree({
    title: 'Ten arenas stand, and six of them have no span yet',
    moments: booting(),
    moment: 6,
  }),
  arenaTreeImports: arenaTree({
    title: 'An arena imports when it is asked, and not before',
    moments: booted(),
    moment: 9,
  }),
  compare: comparison({
    title: 'What serves bytes is no way to serve pages',
    rows: side.rows,
    measures: side.measures,
  }),
  compareOver: comparison({
    title: 'The buddy system gives each object a page',
    ...side,
  }),
  slots: slots({
    title: 'The fifth free writes into the neighbour',
    slots: 4,
    states: overflow(),
  }),
  steps: steps({
    title: 'A failing search reads every entry',
    x: 'entries in the map (number)',
    y: 'entries visited (number)',
    series: [{ name: 'first fit', points, line: [[0, 0], [300, 300]] }],
  }),
  cloud: steps({
    title: 'No search reads more than there is',
    x: 'holes (number)',
    y: 'slots read (number)',
    log: true,
    series: [{ name: 'first fit', points: cloud(), line: [[1, 1], [200, 200]] }],
  }),
  log: steps({
    title: 'Instant fit does not depend on the entries',
    x: 'entries (number)',
    y: 'steps a search (number)',
    log: true,
    series: [
      { name: 'first fit', points },
      { name: 'best fit', line: points.map(([x, y]) => [x, y * 1.01]) },
      { name: 'instant fit', line: [[10, 1], [300, 1]], look: 'instant' },
    ],
  }),
};
