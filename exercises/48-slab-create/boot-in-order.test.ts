import { it } from 'vitest';
import { arranged, Finding, judge } from '../../lib/grade/judge.js';
import { virt_to_page } from '../../lib/linux/mmzone.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { kmem_cache_init } from '../../lib/linux/slab_create.js';
import {
  BYTES_PER_WORD, cache_chain, CFLGS_OFF_SLAB, GET_PAGE_CACHE,
  sizeofArrayCache,
} from '../../lib/linux/slab_layout.js';
import { reboot } from '../../lib/sys/reboot.js';
import { order } from './boot-in-order.js';

/** What a cache needs, as a kernel that has booted shows it. */
interface Needs { size: number; array: string; slabp: string | null }

/** All caches but those for DMA, oldest first. */
function booted(): Map<string, Needs> {
  reboot();
  bootMemory({ zones: [4096, 12288, 0] });
  kmem_cache_init();
  const all = [...cache_chain].reverse().filter(({ name }) => !name.includes('DMA'));
  return new Map(all.map(({ name, objsize, array, flags, slabp_cache }) => [name, {
    size: objsize,
    array: GET_PAGE_CACHE(virt_to_page(array[0]!.addr)).name,
    slabp: (flags & CFLGS_OFF_SLAB) !== 0 ? slabp_cache!.name : null,
  }]));
}

type Kind = 'static' | 'one entry' | 'full size';

/** The boot as far as it has come: each cache that is there, and its array. */
class Boot {
  readonly needs = booted();
  readonly caches = new Map<string, Kind>();
  up = false;

  /** @throws Finding when this cache cannot give anything yet */
  from(name: string, what: string): void {
    if (this.caches.has(name)) return;
    throw new Finding(`${what} comes from ${name}, and there is no ${name} yet.`);
  }

  /** kmalloc for an array of this cache. */
  kmalloc(name: string, kind: Kind): void {
    const one = sizeofArrayCache + BYTES_PER_WORD;
    const sizes = [...this.needs].filter(([, { size }]) => size >= one);
    const [small] = sizes.find(([holder]) => holder.startsWith('size-'))!;
    const holder = kind === 'one entry' ? small : this.needs.get(name)!.array;
    this.from(holder, `the array of ${kind} for ${name}`);
  }

  make(name: string, kind: Kind): void {
    if (this.caches.has(name)) throw new Finding(`there is a ${name} already.`);
    this.from('kmem_cache', `the descriptor of ${name}`);
    if (kind !== 'static') this.kmalloc(name, this.up ? 'full size' : kind);
    else if (this.up) this.kmalloc(name, 'full size');
    const { slabp } = this.needs.get(name)!;
    if (slabp !== null) this.from(slabp, `the descriptor of a slab of ${name}`);
    this.caches.set(name, this.up ? 'full size' : kind);
  }

  makeAll(least: number, most: number, kind: Kind): void {
    for (const [name, { size }] of this.needs) {
      const inside = size >= least && size <= most;
      if (name.startsWith('size-') && inside) this.make(name, kind);
    }
  }

  move(name: string): void {
    this.from(name, 'the array that is to be copied');
    if (this.caches.get(name) !== 'static') {
      throw new Finding(`the array of ${name} is no static any more.`);
    }
    this.kmalloc(name, 'one entry');
    this.caches.set(name, 'one entry');
  }

  enableAll(): void {
    if (this.caches.size === 0) throw new Finding('there is no cache yet.');
    for (const [name, kind] of this.caches) {
      this.kmalloc(name, 'full size');
      if (kind === 'static') {
        throw new Finding(`the array of ${name} is a static: kmalloc never `
          + 'gave it out, so kfree cannot take it.');
      }
    }
    for (const name of this.caches.keys()) this.caches.set(name, 'full size');
  }
}

const stages: Record<string, (b: Boot) => void> = {
  A: (b) => b.makeAll(64, 256, 'one entry'),
  B: (b) => b.enableAll(),
  C: (b) => b.make('size-32', 'static'),
  D: (b) => b.make('size-32', 'one entry'),
  E: (b) => void (b.up = true),
  F: (b) => b.move('size-32'),
  G: (b) => void b.caches.set('kmem_cache', 'static'),
  H: (b) => b.make('kmem_cache', 'one entry'),
  I: (b) => b.makeAll(512, 131072, 'one entry'),
  J: (b) => b.makeAll(64, 256, 'full size'),
  K: (b) => b.move('kmem_cache'),
};

/** The student's letters, if they can be stages at all. */
const program = (): string[] =>
  arranged(order, { what: 'stage', labels: Object.keys(stages) });

/** Goes through the stages, as far as they find what they need. */
function run(): { boot: Boot; stopped: string | null; done: string[] } {
  const boot = new Boot();
  const done: string[] = [];
  for (const letter of program()) {
    try {
      stages[letter](boot);
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      const stopped = `Stage ${letter} stops: ${error.message}`;
      return { boot, stopped, done };
    }
    done.push(letter);
  }
  return { boot, stopped: null, done };
}

/** Judges what the boot has reached. */
function reached(
  what: string,
  then: string,
  look: (boot: Boot) => unknown,
  wanted: (boot: Boot) => unknown,
): void {
  const { boot, stopped, done } = run();
  const after = done.length === 0 ? 'at the start' : `after ${done.join(', ')}`;
  judge({
    call: `${what} ${after}`,
    have: look(boot),
    is: wanted(boot),
    beliefs: [{ if: () => true, then: stopped ?? then }],
    drawn: [...boot.caches].slice(0, 8).map(([name, kind]) => `  ${name}: ${kind}`),
  });
}

const names = ({ needs }: Boot): string[] => [...needs.keys()];
const small = ({ needs }: Boot): string[] =>
  [...needs].filter(([name, { size }]) => name.startsWith('size-') && size <= 256)
    .map(([name]) => name);

it('makes the one cache that needs nothing [1 point]', () => {
  reached('is there a kmem_cache', 'Every descriptor comes from it.',
    ({ caches }) => caches.has('kmem_cache'), () => true);
});

it('makes the size that the first arrays come from [2 points]', () => {
  reached('is there a size-32', 'Arrays of one entry come from it.',
    ({ caches }) => caches.has('size-32'), () => true);
});

it('makes the sizes up to 256 [1 point]', () => {
  reached('sizes up to 256', 'Which stage makes them?',
    (boot) => small(boot).filter((name) => boot.caches.has(name)), small);
});

it('makes all sizes [1 point]', () => {
  reached('caches', 'Which sizes are missing?',
    (boot) => names(boot).filter((name) => boot.caches.has(name)), names);
});

it('leaves no array in the kernel\'s own data [1 point]', () => {
  reached('[caches, static arrays]', 'Two arrays began as statics. Which '
    + 'stages copy them?',
    ({ caches }) => [caches.size, [...caches.values()].filter((k) => k === 'static').length],
    ({ needs }) => [needs.size, 0]);
});

it('gives each cache an array of full size, and lets others in [2 points]', () => {
  reached('[caches with arrays of full size, g_cpucache_up is FULL]',
    'The arrays are replaced when all sizes are there. And what tells '
      + 'kmem_cache_create that kmalloc works?',
    ({ caches, up }) => [[...caches.values()].filter((k) => k === 'full size').length, up],
    ({ needs }) => [needs.size, true]);
});
