// The resource maps behind the golden traces of system "bsd-map".
//
// Four originals, one picture of them: `malloc`, `mfree`, `rmget`, and the
// array as [m_size, m_addr] up to and including the delimiter. The lines
// are described in test/golden/bsd-map/README.md.
import * as v7 from '../../bsd/malloc.js';
import * as bsd43 from '../../bsd/subr_rmap.js';
import * as sol7 from '../../bsd/rmap.js';
import * as ate from '../../bsd/ate_utils.js';
import { dmesg, printed } from '../../sys/cons.js';
import { Panic, setDebug } from '../../sys/panic.js';
import { reboot } from '../../sys/reboot.js';
import { woken } from '../../sys/slp.js';
import { MalformedTrace, type Header, type Outcome } from '../golden.js';
import type { Replayer } from '../golden.js';

type Slot = { m_size: number; m_addr: number };
type Pair = [m_size: number, m_addr: number];

/** What the traces can ask of a map. */
interface Target {
  malloc(size: number): number;
  mfree(size: number, addr: number): void;
  rmget?(size: number, addr: number): number;
  slots: Slot[];
  flags: { [name: string]: number };
  freeSlots?(): number;
}

/** The header's `map`: how the map is set up before the first line. */
interface Setup {
  name: string;
  slots: number;
  init_size: number;
  init_addr: number;
  dmmax?: number;
  nswdev?: number;
  clsize?: number;
}

/** Slots at the least, by variant: fewer are no map. */
const least: { [variant: string]: number } = {
  v7: 1,
  '43bsd': 3,
  sol7: 1,
  ate: 1,
};

const mostSlots = 1_000_000; // slots; a header that asks for more is a mistake

const targets: { [variant: string]: (setup: Setup) => Target } = {
  v7(setup) {
    const mp = v7.newMap(setup.slots, v7.zeros(64));
    Object.assign(mp[0], { m_size: setup.init_size, m_addr: setup.init_addr });
    if (setup.name === 'coremap') v7.kernel.coremap = mp;
    if (setup.name === 'swapmap') v7.kernel.swapmap = mp;
    return {
      malloc: (size) => v7.malloc(mp, size),
      mfree: (size, addr) => v7.mfree(mp, size, addr),
      slots: mp,
      flags: v7.kernel as unknown as Target['flags'],
    };
  },

  '43bsd'(setup) {
    const { name, slots, init_size, init_addr } = setup;
    const { kernel } = bsd43;
    const mp = bsd43.newMap(slots);
    bsd43.rminit(mp, init_size, init_addr, name, slots);
    if (name === 'kernelmap') kernel.kernelmap = mp;
    if (name === 'swapmap') {
      kernel.swapmap = mp;
      // A header that is silent means the recorder's own configuration.
      kernel.dmmax = setup.dmmax ?? 1024;
      kernel.nswdev = setup.nswdev ?? 2;
      kernel.CLSIZE = setup.clsize ?? kernel.CLSIZE;
    }
    return {
      malloc: (size) => bsd43.rmalloc(mp, size),
      mfree: (size, addr) => bsd43.rmfree(mp, size, addr),
      rmget: (size, addr) => bsd43.rmget(mp, size, addr),
      slots: mp.mapent,
      flags: kernel as unknown as Target['flags'],
    };
  },

  sol7({ name, slots, init_size, init_addr }) {
    const mp = sol7.rmallocmap(slots, name);
    if (init_size !== 0) sol7.rmfree(mp, init_size, init_addr);
    return {
      malloc: (size) => sol7.rmalloc(mp, size),
      mfree: (size, addr) => sol7.rmfree(mp, size, addr),
      slots: mp.mapstart,
      flags: {},
      freeSlots: () => mp.m_free,
    };
  },

  ate({ slots, init_size, init_addr }) {
    const mp = ate.atemapalloc(slots)!;
    if (init_size !== 0) ate.atefree(mp, init_size, init_addr);
    setDebug(true); // the traces were made with ASSERT on
    return {
      malloc: (size) => ate.atealloc(mp, size),
      mfree: (size, addr) => ate.atefree(mp, size, addr),
      slots: mp.mapstart,
      flags: {},
      freeSlots: () => mp.mapsize,
    };
  },
};

/** The slots up to and including the delimiter, as the traces write them. */
function pairs(slots: Slot[]): Pair[] {
  const seen: Pair[] = [];
  for (let i = 0; i < slots.length; i++) {
    seen.push([slots[i].m_size, slots[i].m_addr]);
    if (slots[i].m_size === 0) break;
  }
  return seen;
}

/** The same; or the panic, when no delimiter is left and the map ends. */
function seen(slots: Slot[]): Pair[] | { panic: string } {
  try {
    return pairs(slots);
  } catch (error) {
    if (!(error instanceof Panic)) throw error;
    return { panic: error.message };
  }
}

/** A field of the header that must be a number. */
function isSetup(map: unknown): map is Setup {
  const setup = map as Setup | null;
  if (typeof setup !== 'object' || setup === null) return false;
  const { name, slots, init_size, init_addr } = setup;
  const { dmmax = 0, nswdev = 0, clsize = 0 } = setup;
  const numbers = [slots, init_size, init_addr, dmmax, nswdev, clsize];
  return typeof name === 'string' && numbers.every(Number.isInteger);
}

/** The replayer for a bsd-map trace; null for any other system. */
export function makeBsdReplayer(header: Header): Replayer | null {
  if (header.system !== 'bsd-map') return null;
  const variant = String(header.variant);
  if (!Object.hasOwn(targets, variant)) {
    const known = Object.keys(targets).join(', ');
    throw new MalformedTrace(
      `bsd-map has no variant "${variant}" (there are ${known})`,
    );
  }
  if (!isSetup(header.map)) {
    throw new MalformedTrace(
      'the header\'s "map" needs name, slots, init_size and init_addr',
    );
  }
  const { slots, init_size, init_addr } = header.map;
  if (slots < least[variant] || slots > mostSlots) {
    throw new MalformedTrace(
      `the header's map has ${slots} slots; ${variant} takes ` +
        `${least[variant]} to ${mostSlots}`,
    );
  }
  if (init_size < 0 || (init_size > 0 && init_addr <= 0)) {
    throw new MalformedTrace(
      `the header's map cannot start with ${init_size} units at ${init_addr}`,
    );
  }
  reboot();
  setDebug(false);
  return new MapReplayer(targets[variant](header.map), slots);
}

/** The extra object of an operation, if it has one. */
const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A slot as the traces write it. */
const isPair = (value: unknown): value is Pair =>
  Array.isArray(value) && value.length === 2 && value.every(Number.isInteger);

class MapReplayer implements Replayer {
  private started = false;

  constructor(
    private readonly target: Target,
    private readonly slots: number,
  ) {}

  line(value: unknown): Outcome {
    if (!Array.isArray(value) || typeof value[0] !== 'string') {
      throw new MalformedTrace('a line must be an array that starts with a word');
    }
    const [op, ...rest] = value as [string, ...unknown[]];
    switch (op) {
      case 'malloc':
      case 'mfree':
      case 'rmget':
        return this.operation(op, rest);
      case 'map':
        return this.map(rest);
      case 'raw_slots':
        return this.rawSlots(rest);
      case 'set':
        return this.set(rest);
      case 'note':
        return { kind: 'other', call: 'note', expected: null, got: null };
      default:
        throw new MalformedTrace(`unknown operation "${op}"`);
    }
  }

  /** Numbers first, then perhaps an object: what the call did besides. */
  private operation(op: 'malloc' | 'mfree' | 'rmget', rest: unknown[]): Outcome {
    const width = { malloc: 2, mfree: 2, rmget: 3 }[op];
    const values = rest.slice(0, width);
    const [size, second] = values as number[];
    const returns = op !== 'mfree';
    const good = values.every((v, i) =>
      returns && i === width - 1
        ? v === null || Number.isInteger(v)
        : Number.isInteger(v),
    );
    const { [width]: extra = {}, length } = rest;
    if (length < width || length > width + 1 || !good || !isRecord(extra)) {
      throw new MalformedTrace(`${op}: the arguments ${JSON.stringify(rest)}`);
    }
    this.started = true;
    const got = this.run(op, size, second);
    const expected = {
      ...(returns ? { ret: values[width - 1] } : {}),
      ...extra,
    };
    const args = op === 'malloc' ? [size] : [size, second];
    const call = `${op}(${args.join(', ')})`;
    return { kind: 'operation', call, expected, got };
  }

  /** Runs one call, and notes what the kernel said and whom it woke. */
  private run(op: 'malloc' | 'mfree' | 'rmget', size: number, addr: number) {
    const { target } = this;
    const said = printed;
    const woke = woken;
    const got: { [name: string]: unknown } = {};
    try {
      if (op === 'malloc') got.ret = target.malloc(size);
      else if (op === 'mfree') target.mfree(size, addr);
      else if (target.rmget !== undefined) got.ret = target.rmget(size, addr);
      else throw new MalformedTrace('this variant has no rmget');
    } catch (error) {
      if (!(error instanceof Panic)) throw error;
      if (op !== 'mfree') got.ret = null;
      got.panic = error.message;
    }
    if (printed > said) got.printf = dmesg().slice(said - printed).join('\n');
    if (woken > woke) got.wakeup = true;
    return got;
  }

  private map([expected, also]: unknown[]): Outcome {
    const { target } = this;
    const got: unknown[] = [seen(target.slots)];
    const wanted = [expected];
    if (also !== undefined) {
      wanted.push(also);
      got.push({ free_slots: target.freeSlots?.() });
    }
    return { kind: 'checkpoint', call: 'the map', expected: wanted, got };
  }

  /**
   * The first slots as they are. Before the first operation this line says
   * what lies behind the array, so there it sets the guard words.
   */
  private rawSlots([words]: unknown[]): Outcome {
    const { slots } = this.target;
    const good = Array.isArray(words) && words.every(isPair);
    if (!good || words.length >= slots.length) {
      throw new MalformedTrace('raw_slots: not a list of slots that we have');
    }
    if (!this.started) {
      words.slice(this.slots).forEach(([m_size, m_addr], i) => {
        Object.assign(slots[this.slots + i], { m_size, m_addr });
      });
    }
    const got = slots
      .slice(0, words.length)
      .map(({ m_size, m_addr }) => [m_size, m_addr]);
    return { kind: 'checkpoint', call: 'the raw slots', expected: words, got };
  }

  private set([name, value]: unknown[]): Outcome {
    const { flags } = this.target;
    if (typeof name !== 'string' || typeof flags[name] !== 'number') {
      throw new MalformedTrace(`set: there is no flag "${name}" here`);
    }
    if (!Number.isInteger(value)) {
      throw new MalformedTrace(`set: ${name} cannot be ${value}`);
    }
    flags[name] = value as number;
    return { kind: 'other', call: 'set', expected: null, got: null };
  }
}
