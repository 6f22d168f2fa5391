import { it } from 'vitest';
import { attempt, Finding, judge, write, type Belief }
  from '../../lib/grade/judge.js';
import { KM_SLEEP } from '../../lib/opensolaris/kmem.js';
import { kmem_cache_create } from '../../lib/opensolaris/kmem_create.js';
import { kmem_depot_ws_reap, kmem_depot_ws_update }
  from '../../lib/opensolaris/kmem_depot.js';
import { bootKmem } from '../../lib/opensolaris/kmem_init.js';
import { kmem_cache_alloc, kmem_cache_free }
  from '../../lib/opensolaris/kmem_layers.js';
import { reboot } from '../../lib/sys/reboot.js';
import { rows } from './the-working-set.js';

type Numbers = [total: number, min: number, limit: number];

/** The events, and what a cache of KMEM says after each; 0 is the start. */
function run(): { event: string; is: Numbers }[] {
  reboot();
  bootKmem();
  const cp = kmem_cache_create('c', 200, 0);
  const M = cp.cache_magtype.mt_magsize;
  const hand: number[] = [];
  // The CPU has two magazines of its own; they leave first, and come first.
  const leave = (n: number): void => {
    for (let i = 0; i < M * (n + 2); i++) {
      hand.push(kmem_cache_alloc(cp, KM_SLEEP)!);
    }
  };
  const back = (): void => {
    for (const buf of hand.splice(0)) kmem_cache_free(cp, buf);
  };
  leave(12);
  back();
  kmem_depot_ws_update(cp);
  kmem_depot_ws_update(cp);
  const after: { event: string; is: Numbers }[] = [];
  const note = (event: string): void => {
    const { ml_total, ml_min, ml_reaplimit } = cp.cache_full;
    after.push({ event, is: [ml_total, ml_min, ml_reaplimit] });
  };
  const update = (): void => kmem_depot_ws_update(cp);
  const reap = (): void => kmem_depot_ws_reap(cp);
  note('start');
  const events: [string, () => void][] = [
    ['7 leave', () => leave(7)],
    ['7 come back', back],
    ['update', update],
    ['3 leave', () => leave(3)],
    ['reap', reap],
    ['3 come back', back],
    ['update', update],
    ['reap', reap],
    ['reap', reap],
  ];
  for (const [event, happen] of events) {
    happen();
    note(event);
  }
  return after;
}

const names = ['ml_total', 'ml_min', 'ml_reaplimit'] as const;

/** What one must believe to write this number. */
function about(
  event: string,
  name: (typeof names)[number],
  was: Numbers,
  is: Numbers,
): Belief[] {
  const [total, min, limit] = was;
  const reaps = event === 'reap';
  const updates = event === 'update';
  if (name === 'ml_reaplimit') {
    if (updates) {
      return [
        { if: limit, then: 'An update is what changes the limit.' },
        { if: total - min, then: 'So many were needed. The limit is how many '
          + 'were not.' },
        { if: total, then: 'The limit is the fewest of the interval, not what '
          + 'is there at its end.' },
      ];
    }
    return [{ if: () => true, then: 'Between two updates the limit stays as it '
      + 'is, whatever happens.' }];
  }
  if (name === 'ml_min') {
    if (updates) {
      return [
        { if: min, then: 'With the update a new interval begins: its fewest is '
          + 'what is there now.' },
        { if: 0, then: 'The minimum starts anew with the total, not with 0.' },
      ];
    }
    if (reaps) {
      return [{ if: min, then: 'A reap takes magazines out as everybody does, '
        + 'so the minimum falls with it.' }];
    }
    if (event.endsWith('back')) {
      return [{ if: is[0], then: 'The minimum is the fewest so far. It does not '
        + 'rise when magazines come back.' }];
    }
    return [{ if: min, then: 'There were never so few in this interval.' }];
  }
  if (reaps) {
    return [
      { if: total, then: 'A reap takes the lesser of ml_min and ml_reaplimit.' },
      { if: total - Math.max(min, limit), then: 'A reap takes the lesser of the '
        + 'two, not the greater.' },
      { if: Math.min(min, limit), then: 'That is how many go, not how many are '
        + 'left.' },
      { if: 0, then: 'A reap takes what was not needed, not everything.' },
    ];
  }
  if (updates) {
    return [{ if: () => true, then: 'An update only notes numbers. No magazine '
      + 'leaves.' }];
  }
  return [{ if: () => true, then: 'Count what leaves and what comes back.' }];
}

/** Judges row n, number by number. */
function row(n: number): void {
  const all = run();
  const have: unknown = attempt('rows()', rows);
  if (!Array.isArray(have)) {
    throw new Finding(`rows(): you have ${write(have)}; it returns nine rows.`);
  }
  const { event, is } = all[n];
  const yours: unknown = have[n - 1];
  const call = `row ${n}, ${event}`;
  if (yours === '?' || yours === undefined) {
    throw new Finding(`${call}: no answer yet.`);
  }
  if (!Array.isArray(yours) || yours.length !== 3) {
    throw new Finding(`${call}: you have ${write(yours)}; a row is `
      + '[ml_total, ml_min, ml_reaplimit].');
  }
  const was = all[n - 1].is;
  names.forEach((name, i) => {
    judge({
      call: `${call}: ${name}`,
      have: yours[i],
      is: is[i],
      beliefs: about(event, name, was, is),
      drawn: [
        `  before     ${write(was)}`,
        `  your row   ${write(yours)}`,
      ],
    });
  });
}

it('knows the numbers when magazines leave [1 point]', () => row(1));
it('knows the numbers when they come back [1 point]', () => row(2));
it('knows the numbers after an update [1 point]', () => row(3));
it('knows the numbers when fewer leave [1 point]', () => row(4));
it('knows what a reap takes, and what it leaves [1 point]', () => row(5));
it('knows the numbers when magazines come back after a reap [1 point]', () =>
  row(6));
it('knows the numbers after the second update [1 point]', () => row(7));
it('knows what the second reap takes [1 point]', () => row(8));
it('knows what a reap without an update takes [1 point]', () => row(9));
