import { it } from 'vitest';
import { arranged, Finding, judge } from '../../lib/grade/judge.js';
import { bootKmem } from '../../lib/opensolaris/kmem_init.js';
import { caches } from '../../lib/opensolaris/kmem_reap.js';
import { reboot } from '../../lib/sys/reboot.js';
import { order } from './order-the-passes.js';

/** What a cache needs, as a kernel that has booted shows it. */
interface Needs {
  name: string;
  arena: string; // of its slabs
  hash: boolean; // has it large slabs, with records elsewhere?
  magazines: string; // the cache that its magazines come from
  chunk: number;
}

function booted(kmem_flags: number): Needs[] {
  reboot();
  bootKmem({ kmem_flags });
  return caches().map((cp) => ({
    name: cp.cache_name,
    arena: cp.cache_arena.vm_name,
    hash: cp.cache_hash_table !== null,
    magazines: cp.cache_magtype.mt_cache.cache_name,
    chunk: cp.cache_chunksize,
  }));
}

const shared = ['kmem_metadata', 'kmem_msb', 'kmem_cache', 'kmem_hash'];

interface Made { byFile: boolean; arena: string; on: boolean }

/** The boot as far as it has come. */
class Boot {
  readonly needs = booted(0);
  readonly debugged = booted(0xf);
  readonly arenas = new Set<string>();
  readonly made = new Map<string, Made>();
  hadMetadata = false;
  read = false;
  emptied = false; // by a destroy after the file was read
  ready = false;

  arena(name: string, what: string): void {
    if (this.arenas.has(name)) return;
    throw new Finding(`${what} comes from the arena ${name}, and there is no `
      + `${name}.`);
  }

  cache(name: string, what: string): void {
    if (this.made.has(name)) return;
    throw new Finding(`${what} come from ${name}, and there is no ${name}.`);
  }

  arenasOfBoth(): void {
    for (const name of shared) this.arenas.add(name);
  }

  /** Makes the caches whose slabs come from an arena in the end. */
  make(last: string, arena = last, on = this.ready): void {
    for (const { name, arena: end, hash, magazines } of this.needs) {
      if (end !== last) continue;
      if (this.made.has(name)) throw new Finding(`there is a ${name} already.`);
      this.arena('kmem_cache', `the kmem_cache_t of ${name}`);
      this.arena(arena, `each slab of ${name}`);
      if (hash) {
        this.cache('kmem_slab_cache', `the records of slabs of ${name}`);
        this.cache('kmem_bufctl_cache', `the bufctls of ${name}`);
      }
      if (on) this.cache(magazines, `the magazines of ${name}`);
      this.made.set(name, { byFile: this.read, arena, on });
    }
    if (last === 'kmem_msb') this.hadMetadata = true;
  }

  va(): void {
    this.arena('kmem_metadata', 'what the caches of kmem_va need');
    if (this.arenas.has('kmem_va')) throw new Finding('there is a kmem_va.');
    this.arenas.add('kmem_va');
    this.make('kmem_va');
    this.arenas.add('kmem_default');
  }

  passOne(): void {
    if (this.arenas.has('kmem_default')) {
      throw new Finding('kmem_default imports from kmem_va already, and is to '
        + 'have another name.');
    }
    this.make('kmem_default', 'kmem_msb');
  }

  file(): void {
    this.cache('kmem_alloc_8', 'the bytes for the file');
    this.read = true;
  }

  destroy(): void {
    if (this.made.size === 0) throw new Finding('there is no cache yet.');
    if ([...this.made.values()].some(({ on }) => on)) {
      throw new Finding('magazines are on. kmem_magazine_15 goes before '
        + 'kmem_magazine_7, whose magazines must then be freed to it.');
    }
    if (this.made.has('kmem_va_4096')) {
      throw new Finding('the arena kmem_va stays, and would ask quantum caches '
        + 'that are destroyed.');
    }
    this.made.clear();
    if (this.read) this.emptied = true;
  }

  destroyAll(): void {
    this.destroy();
    for (const name of shared) this.arenas.delete(name);
  }

  switchOn(): void {
    if (this.made.size === 0) throw new Finding('there is no cache yet.');
    for (const { name, magazines } of this.needs) {
      const made = this.made.get(name);
      if (made === undefined) continue;
      this.cache(magazines, `the magazines of ${name}`);
      made.on = true;
    }
    this.ready = true;
  }

  setFlags(): void {
    const of = (all: Needs[]): number =>
      all.find(({ name }) => name === 'kmem_alloc_128')!.chunk;
    throw new Finding(`kmem_alloc_128 was made with chunks of `
      + `${of(this.needs)} bytes. The file may ask for tags, and for chunks of `
      + `${of(this.debugged)}. A cache cannot change them.`);
  }
}

const stages: Record<string, (b: Boot) => void> = {
  A: (b) => b.va(),
  B: (b) => b.destroy(),
  C: (b) => b.make('kmem_default'),
  D: (b) => b.file(),
  E: (b) => b.destroyAll(),
  F: (b) => b.make('kmem_msb'),
  G: (b) => b.make('kmem_msb', 'kmem_msb', true),
  H: (b) => b.arenasOfBoth(),
  I: (b) => b.switchOn(),
  J: (b) => b.passOne(),
  K: (b) => b.setFlags(),
};

/** The student's letters, if they can be stages at all. */
function program(): string[] {
  const used = new Map<string, number>();
  const labels = Object.keys(stages);
  return arranged(order, { what: 'stage', labels, often: labels, each(letter, at) {
    const times = (used.get(letter) ?? 0) + 1;
    used.set(letter, times);
    const twice = [...used.values()].filter((n) => n > 1).length;
    if (times > 2 || twice > 1) {
      throw new Finding(`${at}: stage ${letter} stands there too often. Only `
        + 'one stage is used twice.');
    }
  } });
}

/** Goes through the stages, as far as they find what they need. */
function run(): { boot: Boot; stopped: string | null; done: string[] } {
  const boot = new Boot();
  const done: string[] = [];
  for (const letter of program()) {
    try {
      stages[letter](boot);
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      return { boot, stopped: `Stage ${letter} stops: ${error.message}`, done };
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
    drawn: [`  arenas: ${[...boot.arenas].join(', ') || 'none'}`,
      `  caches: ${boot.made.size}`],
  });
}

const made = ({ made: all }: Boot): Made[] => [...all.values()];

it('makes the arenas that the first cache needs [1 point]', () => {
  reached('was there an arena for the first kmem_cache_t', 'No cache is needed '
    + 'for an arena, and no cache can be made without.',
  ({ arenas, hadMetadata }) => arenas.has('kmem_cache') || hadMetadata,
  () => true);
});

it('makes the caches that others need [1 point]', () => {
  reached('were there caches for magazines and records', 'Caches with large '
    + 'slabs need them.', ({ hadMetadata }) => hadMetadata, () => true);
});

it('reads the file as soon as kmem_alloc works [2 points]', () => {
  reached('was the file read', 'Reading needs kmem_alloc, in the simplest way '
    + 'that there is.', ({ read }) => read, () => true);
});

it('destroys what was made without the file [1 point]', () => {
  reached('was all of pass 1 destroyed, after the file was read',
    'The caches of pass 1 do not know the file.',
    ({ emptied }) => emptied, () => true);
});

it('makes all caches as the file says [2 points]', () => {
  reached('caches that the file decided on', 'Which caches are missing, or '
    + 'were made before the file was read?',
  (boot) => made(boot).filter(({ byFile }) => byFile).length,
  ({ needs }) => needs.length);
});

it('gives out memory of an arena with quantum caches [1 point]', () => {
  reached('caches on kmem_default, apart from kmem_msb', 'In the end kmem_alloc '
    + 'must not use the pages of KMEM\'s own records.',
  (boot) => made(boot).filter(({ arena }) => arena === 'kmem_default').length,
  ({ needs }) => needs.filter(({ arena }) => arena === 'kmem_default').length);
});

it('switches all magazines on [1 point]', () => {
  reached('[caches with magazines on, kmem_ready]', 'Magazines are off until '
    + 'all of their caches are there.',
  (boot) => [made(boot).filter(({ on }) => on).length, boot.ready],
  ({ needs }) => [needs.length, true]);
});
