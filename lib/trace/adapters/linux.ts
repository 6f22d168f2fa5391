// The machines that golden traces of Linux were recorded on.
//
// A header's config says how much memory there is, what was in use before
// the first line, how many CPUs, and how the kernel was compiled. Here it
// is read, checked, and booted.
import { advance, hz } from '../../sys/clock.js';
import { startCpus } from '../../sys/cpu.js';
import { dmesg, printed } from '../../sys/cons.js';
import { reboot } from '../../sys/reboot.js';
import { contig_page_data, type zone } from '../../linux/mmzone.js';
import { bootMemory } from '../../linux/page_alloc_boot.js';
import { init_per_zone_pages_min } from '../../linux/page_alloc_marks.js';
import { get_current, HZ } from '../../linux/sched.js';
import { kmem_cache_init } from '../../linux/slab_create.js';
import { configure } from '../../linux/slab_layout.js';
import { MalformedTrace, type Header } from '../golden.js';

export type Line = { [name: string]: unknown };

const mostPages = 1 << 20; // 4 GB; a header that asks for more is a mistake
const mostCpus = 32;

export const isRecord = (value: unknown): value is Line =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A line of a trace. @throws MalformedTrace when it is no object */
export function asLine(value: unknown): Line {
  if (isRecord(value)) return value;
  throw new MalformedTrace('a line must be an object');
}

/** A field that must be a whole number, zero or more. */
export function natural(line: Line, name: string): number {
  const value = line[name];
  if (Number.isSafeInteger(value) && (value as number) >= 0) {
    return value as number;
  }
  throw new MalformedTrace(`"${name}" is ${JSON.stringify(value)}`);
}

/** A text that must be an address in hexadecimal. */
export function address(value: unknown): number {
  if (typeof value === 'string' && /^0x[0-9a-f]{1,13}$/.test(value)) {
    return Number(value);
  }
  throw new MalformedTrace(`${JSON.stringify(value)} is no address`);
}

export const hex = (n: number): string => `0x${n.toString(16)}`;

const isRange = (value: unknown): value is [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every(Number.isInteger);

/** The config of a header. */
export function configOf({ config }: Header): Line {
  if (isRecord(config)) return config;
  throw new MalformedTrace('the header needs a "config"');
}

/** A machine's memory and CPUs. */
export interface Machine {
  cpus: number;
  zones: [number, number, number];
  reserved: [number, number][];
}

/** Pages by zone: from a list of zones, or from two numbers. */
function zonesOf(config: Line): [number, number, number] {
  const { zones: listed } = config;
  if (listed === undefined) {
    return [natural(config, 'dma_pages'), natural(config, 'normal_pages'), 0];
  }
  if (!Array.isArray(listed)) {
    throw new MalformedTrace('the header\'s "config" needs a list of zones');
  }
  const zones: [number, number, number] = [0, 0, 0];
  const names = contig_page_data.node_zones.map(({ name }) => name);
  for (const facts of listed as unknown[]) {
    const j = isRecord(facts) ? names.indexOf(String(facts.name)) : -1;
    if (j < 0) throw new MalformedTrace(`zones are ${names.join(', ')}`);
    zones[j] = natural(facts as Line, 'present_pages');
  }
  return zones;
}

/** Reads a machine from a config. */
export function pageMachine(config: Line): Machine {
  const zones = zonesOf(config);
  const cpus = natural(config, 'nr_cpus');
  const pages = zones[0] + zones[1] + zones[2];
  if (pages > mostPages || cpus < 1 || cpus > mostCpus) {
    throw new MalformedTrace(
      `the header's machine has ${pages} pages and ${cpus} CPUs`,
    );
  }
  const reserved = config.reserved_pfn_ranges ?? [];
  if (!Array.isArray(reserved) || !reserved.every(isRange)) {
    throw new MalformedTrace('"reserved_pfn_ranges" is no list of ranges');
  }
  return { cpus, zones, reserved };
}

/** Turns the machine off, and on again with this memory. */
export function bootPages(m: Machine, PAGE_OFFSET = 0xc0000000): void {
  reboot();
  startCpus(m.cpus);
  get_current().comm = 'test';
  bootMemory({ zones: m.zones, reserved: m.reserved, PAGE_OFFSET });
}

/** Boots the machine of a trace of a higher level, slab caches and all. */
export function bootKernel(config: Line): void {
  bootPages(pageMachine(config), address(config.PAGE_OFFSET));
  configure({
    BITS_PER_LONG: config.arch === 'x86_64' ? 64 : 32,
    L1_CACHE_BYTES: natural(config, 'L1_CACHE_BYTES'),
    CONFIG_DEBUG_SLAB: config.debug_slab === true,
  });
  kmem_cache_init();
  init_per_zone_pages_min();
  advance((natural(config, 'jiffies') * hz) / HZ);
}

/** The zones that have pages. */
export const presentZones = (): zone[] =>
  contig_page_data.node_zones.filter((z) => z.present_pages !== 0);

/** Runs f. @returns what the kernel said meanwhile, a line each */
export function saidBy(f: () => void): string {
  const before = printed;
  f();
  const said = printed - before;
  return dmesg()
    .slice(dmesg().length - said)
    .map((text) => `${text}\n`)
    .join('');
}
