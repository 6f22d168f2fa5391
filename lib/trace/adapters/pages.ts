// The page allocator behind the golden traces of the systems "linux-buddy",
// "linux-buddy-watermarks" and "linux-buddy-retry"; and, by way of
// pools.ts, vmalloc and mempool.
//
// Three kinds of trace, one machine: random requests with the free lists
// in between; how far each mask can go; what is done when that is not far
// enough. The lines are described in test/golden/linux/README.md.
import { onCpu } from '../../sys/cpu.js';
import { Panic } from '../../sys/panic.js';
import { __GFP_NOWARN, __GFP_WAIT } from '../../linux/gfp.js';
import type { page } from '../../linux/mm.js';
import { page_zone, type zone } from '../../linux/mmzone.js';
import { alloc_pages } from '../../linux/page_alloc.js';
import { listed } from '../../linux/zonecheck.js';
import { init_per_zone_pages_min } from '../../linux/page_alloc_marks.js';
import {
  __free_page, __free_pages, free_cold_page,
} from '../../linux/page_alloc_pcp.js';
import {
  get_current, interrupt, PF_MEMALLOC, TIF_MEMDIE,
} from '../../linux/sched.js';
import { reclaim } from '../../linux/vmscan.js';
import { MalformedTrace, type Header, type Outcome } from '../golden.js';
import type { Replayer } from '../golden.js';
import {
  asLine, bootPages, configOf, hex, type Line, type Machine, natural,
  pageMachine, presentZones, saidBy,
} from './linux.js';
import { makePoolsReplayer } from './pools.js';

/** Boots the machine of a header. @returns how its zones came out */
function boot(config: Line, m: Machine): Outcome {
  bootPages(m);
  if (config.watermarks_set !== false) init_per_zone_pages_min();
  const expected = config.zones as Line[];
  const got = presentZones().map((z, i) => {
    const facts = zoneFacts(z);
    const asked = Object.keys(expected[i] ?? facts);
    return Object.fromEntries(asked.map((name) => [name, facts[name]]));
  });
  return { kind: 'checkpoint', call: 'boot', expected, got };
}

/** Are these zones others than the header's? Then that is the answer. */
const differs = ({ expected, got }: Outcome): boolean =>
  JSON.stringify(expected) !== JSON.stringify(got);

/** A zone as headers write it. */
function zoneFacts(z: zone): Line {
  const [hot, cold] = z.pageset[0].pcp.map(({ low, high, batch }) => ({
    low,
    high,
    batch,
  }));
  return {
    name: z.name,
    zone_start_pfn: z.zone_start_pfn,
    present_pages: z.present_pages,
    pages_min: z.pages_min,
    pages_low: z.pages_low,
    pages_high: z.pages_high,
    lowmem_reserve: [...z.lowmem_reserve],
    pcp_hot: hot,
    pcp_cold: cold,
  };
}

/** The events of a call, in order; and how it is stopped, if it is. */
class Events {
  list: unknown[] = [];
  waits = 0;

  /** Wires reclaim to this list. @param free what a call can free */
  constructor(free: () => number) {
    reclaim.wakeup_kswapd = (z) => {
      this.list.push(`wakeup_kswapd(${z.name})`);
    };
    reclaim.try_to_free_pages = () => {
      const freed = free();
      this.list.push({ try_to_free_pages: freed });
      return freed;
    };
    reclaim.blk_congestion_wait = () => {
      this.list.push('blk_congestion_wait(WRITE,HZ/50)');
      if (++this.waits === 4) throw new Stop('retries-forever');
    };
    reclaim.out_of_memory = () => {
      this.list.push('out_of_memory');
      throw new Stop('out_of_memory');
    };
  }
}

/** The recorder stopped the call here. */
class Stop extends Error {}

/** Runs f. @returns what it returns, or null when it was stopped */
function orStop<T>(f: () => T | null): T | null {
  try {
    return f();
  } catch (error) {
    if (error instanceof Stop) return null;
    throw error;
  }
}

/** system "linux-buddy": requests, frees, and the lists in between. */
class BuddyReplayer implements Replayer {
  private readonly held = new Map<number, { p: page; order: number }>();
  private boot: Outcome | null;

  constructor(
    config: Line,
    private readonly machine: Machine,
  ) {
    this.boot = boot(config, machine);
    new Events(() => 0);
  }

  line(value: unknown): Outcome {
    const line = asLine(value);
    const first = this.boot;
    this.boot = null;
    if (first !== null && differs(first)) return first;
    const cpu = line.cpu === undefined ? 0 : natural(line, 'cpu');
    if (cpu >= this.machine.cpus) throw new MalformedTrace(`no CPU ${cpu}`);
    return onCpu(cpu, () => this.operation(line));
  }

  private operation(line: Line): Outcome {
    switch (line.op) {
      case 'alloc_pages':
        return this.alloc(natural(line, 'gfp'), natural(line, 'order'), line);
      case 'free_pages':
        return this.free(natural(line, 'pfn'), natural(line, 'order'));
      case 'free_cold_page':
        return this.free(natural(line, 'pfn'), 'cold');
      case 'check':
        return check(line.zones);
      default:
        throw new MalformedTrace(`unknown operation ${String(line.op)}`);
    }
  }

  private alloc(gfp: number, order: number, line: Line): Outcome {
    const call = `alloc_pages(${hex(gfp)}, ${order})`;
    let got: unknown = null;
    try {
      const p = alloc_pages(gfp, order);
      if (p !== null) this.held.set(p.pfn, { p, order });
      if (p !== null) got = p.pfn;
    } catch (error) {
      if (!(error instanceof Stop || error instanceof Panic)) throw error;
      got = error.message;
    }
    return { kind: 'operation', call, expected: line.pfn, got };
  }

  private free(pfn: number, how: number | 'cold'): Outcome {
    const block = this.held.get(pfn);
    const call = `free of page ${pfn}, ${how}`;
    const expected = how === 'cold' ? 0 : how;
    if (block === undefined || block.order !== expected) {
      const got = block === undefined ? 'no block there' : block.order;
      return { kind: 'operation', call, expected, got };
    }
    this.held.delete(pfn);
    const { p, order } = block;
    if (how === 'cold') {
      // As the page cache does it: drops the count itself.
      p._count--;
      free_cold_page(p);
    } else {
      __free_pages(p, order);
    }
    return { kind: 'operation', call, expected, got: order };
  }
}

/** The lists; in full where the line has them in full. */
function check(expected: unknown): Outcome {
  if (!Array.isArray(expected)) throw new MalformedTrace('"zones" is no list');
  const got = presentZones().map((z, i) => {
    const pcp = z.pageset.map(({ pcp: [hot, cold] }) => ({
      hot: hot.count,
      cold: cold.count,
    }));
    const seen: Line = {
      name: z.name,
      free_pages: z.free_pages,
      nr_free: z.free_area.map(({ nr_free }) => nr_free),
      pcp,
    };
    const wanted = (expected[i] ?? {}) as Line;
    if ('free_list' in wanted) {
      seen.free_list = z.free_area.map(({ free_list }) => listed(free_list));
    }
    if ('pcp_list' in wanted) {
      seen.pcp_list = z.pageset.map(({ pcp }) =>
        pcp.map(({ list }) => listed(list)),
      );
    }
    return seen;
  });
  return { kind: 'checkpoint', call: 'the zones', expected, got };
}

/** A line's fields but some, and what we have for the same names. */
function compare(call: string, line: Line, got: Line, not: string[]): Outcome {
  const expected = { ...line };
  for (const name of not) delete expected[name];
  return { kind: 'operation', call, expected, got };
}

/** system "linux-buddy-watermarks": each line empties a fresh machine. */
class WatermarkReplayer implements Replayer {
  constructor(
    private readonly config: Line,
    private readonly machine: Machine,
  ) {}

  line(value: unknown): Outcome {
    const line = asLine(value);
    if (line.op !== 'exhaust') throw new MalformedTrace('want op "exhaust"');
    const first = boot(this.config, this.machine);
    if (differs(first)) return first;
    const gfp = natural(line, 'gfp');
    const order = natural(line, 'order');
    const task = get_current();
    if (line.PF_MEMALLOC === true) task.flags |= PF_MEMALLOC;
    if (line.rt_task === true) task.prio = 50;
    if (line.TIF_MEMDIE === true) task.threadFlags |= 1 << TIF_MEMDIE;
    const got =
      line.in_interrupt === true
        ? interrupt(() => this.exhaust(gfp, order))
        : this.exhaust(gfp, order);
    const call = `${String(line.mask)}, order ${order}`;
    const asked = [
      'op', 'mask', 'gfp', 'order', 'PF_MEMALLOC', 'rt_task', 'in_interrupt',
    ];
    return compare(call, line, got, asked);
  }

  /** Allocates until the first NULL; the events are those of that call. */
  private exhaust(gfp: number, order: number): Line {
    const events = new Events(() => 0);
    const blocks_by_zone = [0, 0, 0];
    const last_pfn_by_zone = [0, 0, 0];
    let blocks = 0;
    for (;;) {
      events.list = [];
      const p = orStop(() => alloc_pages(gfp, order));
      if (p === null) break;
      const { idx } = page_zone(p);
      blocks++;
      blocks_by_zone[idx]++;
      last_pfn_by_zone[idx] = p.pfn;
    }
    const left = Object.fromEntries(
      presentZones().map(({ name, free_pages, pageset: [{ pcp: [hot] }] }) => [
        name,
        { free_pages, pcp_hot: hot.count },
      ]),
    );
    const { list } = events;
    return { blocks, blocks_by_zone, last_pfn_by_zone, left, events: list };
  }
}

/** system "linux-buddy-retry": each line meets a nearly empty machine. */
class RetryReplayer implements Replayer {
  constructor(
    private readonly config: Line,
    private readonly machine: Machine,
  ) {}

  line(value: unknown): Outcome {
    const line = asLine(value);
    if (line.op !== 'alloc_pages') {
      throw new MalformedTrace('want op "alloc_pages"');
    }
    const first = boot(this.config, this.machine);
    if (differs(first)) return first;
    const gfp = natural(line, 'gfp');
    const order = natural(line, 'order');
    const step = natural(line, 'reclaim_step');
    const given = this.takeAllBut(natural(line, 'free_pages_before'));
    const events = new Events(() => {
      const pages = given.splice(0, step);
      pages.forEach(__free_page);
      return pages.length;
    });
    const got = this.attempt(gfp, order);
    const call = `alloc_pages(${String(line.gfp_name)}, ${order})`;
    const asked = [
      'op', 'gfp_name', 'gfp', 'order', 'reclaim_step', 'free_pages_before',
    ];
    return compare(call, line, { ...got, events: events.list }, asked);
  }

  /**
   * Takes single pages until only so many are free.
   * @returns those of odd number: freed alone, none of them finds a buddy
   */
  private takeAllBut(left: number): page[] {
    const task = get_current();
    task.flags |= PF_MEMALLOC;
    const taken: page[] = [];
    while (presentZones().some(({ free_pages }) => free_pages > left)) {
      const p = alloc_pages(__GFP_WAIT | __GFP_NOWARN, 0);
      if (p === null) break;
      taken.push(p);
    }
    task.flags &= ~PF_MEMALLOC;
    return taken.filter(({ pfn }) => pfn % 2 === 1);
  }

  /** One request: its outcome, and what the kernel said. */
  private attempt(gfp: number, order: number): Line {
    const got: Line = { result: 'none' };
    const log = saidBy(() => {
      try {
        got.result = alloc_pages(gfp, order) === null ? 'NULL' : 'page';
      } catch (error) {
        if (!(error instanceof Stop)) throw error;
        got.outcome = error.message;
      }
    });
    return log === '' ? got : { ...got, log };
  }
}

/** A class of replayers. */
type Maker = new (config: Line, machine: Machine) => Replayer;

const makers = new Map<string, Maker>([
  ['linux-buddy', BuddyReplayer],
  ['linux-buddy-watermarks', WatermarkReplayer],
  ['linux-buddy-retry', RetryReplayer],
]);

/** The replayer for a trace of the page level; null for other systems. */
export function makePagesReplayer(header: Header): Replayer | null {
  const Maker = makers.get(String(header.system));
  if (Maker === undefined) return makePoolsReplayer(header);
  const config = configOf(header);
  return new Maker(config, pageMachine(config));
}
