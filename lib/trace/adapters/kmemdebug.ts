// The scenarios of debug.jsonl: what bad use does, and what is said.
//
// A line names a scenario and the size of its object. Addresses differ from
// machine to machine: messages have names in their place. A free buffer's
// link is an address too; of it, where it leads within its page counts.
import { dmesg, printed } from '../../sys/cons.js';
import { Panic } from '../../sys/panic.js';
import {
  KM_SLEEP, KMC_NOMAGAZINE, KMF_BUFTAG, KMF_HASH,
} from '../../opensolaris/kmem.js';
import { kmem_alloc, kmem_free } from '../../opensolaris/kmem_alloc.js';
import { kmem_cache_create } from '../../opensolaris/kmem_create.js';
import { kmem_cache_destroy } from '../../opensolaris/kmem_depot.js';
import { KMEM_SIZE_DECODE } from '../../opensolaris/kmem_error.js';
import {
  KMEM_BUFTAG, type kmem_cache_t, statics,
} from '../../opensolaris/kmem_impl.js';
import {
  kmem_cache_alloc, kmem_cache_free,
} from '../../opensolaris/kmem_layers.js';
import { callFrom } from '../../opensolaris/kmem_log.js';
import { kmem_cache_reap_now } from '../../opensolaris/kmem_reap.js';
import { load32, load64, read, write } from '../../opensolaris/memory.js';
import { vmem_alloc, vmem_free } from '../../opensolaris/vmem_alloc.js';
import { VM_SLEEP } from '../../opensolaris/vmem_impl.js';
import type { Line } from './linux.js';

/** What a scenario is played with. */
interface Stage {
  size: number; // of an object
  cp: kmem_cache_t; // foo_cache
  line: Line;
  answer: Line;
}

/** Says which buffer the messages are about, before they come. */
type Tell = (buf: number) => void;

const bytes = (addr: number, n: number): string =>
  Buffer.from(read(addr, n)).toString('hex');

/** The tag of a buffer. */
function tagOf(cp: kmem_cache_t, buf: number): Line {
  const btp = KMEM_BUFTAG(cp, buf);
  const low = (load32(btp + 8) ^ load32(btp + 16)) >>> 0;
  return {
    redzone: `0x${load64(btp)}`,
    bxstat_xor_bufctl: `0x${low.toString(16)}`,
  };
}

/** An object is allocated, freed, and another taken by size. */
function lifecycle({ cp, size, answer }: Stage): void {
  const tagged = (cp.cache_flags & KMF_BUFTAG) !== 0;
  const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
  answer.after_alloc = bytes(buf, size);
  if (tagged) answer.tag_after_alloc = tagOf(cp, buf);
  kmem_cache_free(cp, buf);
  answer.after_free = bytes(buf, size);
  if (tagged) answer.tag_after_free = tagOf(cp, buf);

  const asked = size - 3;
  const by = statics.kmem_alloc_table[(asked - 1) >> 3];
  const some = kmem_alloc(asked, KM_SLEEP)!;
  answer.kmem_alloc_Zminus3 = bytes(some, size);
  answer.kmem_alloc_cache = by.cache_name;
  if ((by.cache_flags & KMF_BUFTAG) === 0) return;
  const word = load32(KMEM_BUFTAG(by, some) + 4);
  answer.size_word_decoded = KMEM_SIZE_DECODE(word);
  answer.size_word = word;
}

/** The place and byte that a message of the line says was written to. */
function written(line: Line, otherwise: [number, number]): [number, number] {
  const messages = Array.isArray(line.messages) ? line.messages : [];
  for (const text of messages) {
    const found = /offset 0x([0-9a-f]+) .* by 0x[0-9a-f]*([0-9a-f]{2})\)/.exec(
      String(text),
    );
    if (found !== null) return [parseInt(found[1], 16), parseInt(found[2], 16)];
  }
  return otherwise;
}

/** A second cache like the first. */
const bar = (size: number, cflags: number): kmem_cache_t =>
  kmem_cache_create(
    'bar_cache', size, 0, null, null, null, null, null, cflags,
  );

const scenarios: { [name: string]: (stage: Stage, tell: Tell) => void } = {
  lifecycle,
  'modified-after-free'({ cp, line }, tell) {
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    tell(buf);
    kmem_cache_free(cp, buf);
    const [offset, byte] = written(line, [24, 0x34]);
    write(buf + offset, [byte]);
    kmem_cache_alloc(cp, KM_SLEEP);
  },
  'redzone-cache'({ cp, size }, tell) {
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    tell(buf);
    write(buf + size, [0x11]);
    kmem_cache_free(cp, buf);
  },
  'double-free'({ cp }, tell) {
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    tell(buf);
    kmem_cache_free(cp, buf);
    kmem_cache_free(cp, buf);
  },
  'bad-address'({ cp }, tell) {
    const { kmem_log_arena, PAGESIZE } = statics;
    const buf = vmem_alloc(kmem_log_arena!, PAGESIZE, VM_SLEEP)!;
    tell(buf);
    kmem_cache_free(cp, buf);
  },
  'wrong-cache'({ cp, size }, tell) {
    const buf = kmem_cache_alloc(bar(size, 0), KM_SLEEP)!;
    tell(buf);
    kmem_cache_free(cp, buf);
  },
  'wrong-cache-nomagazine'({ cp, size }, tell) {
    const buf = kmem_cache_alloc(bar(size, KMC_NOMAGAZINE), KM_SLEEP)!;
    tell(buf);
    kmem_cache_free(cp, buf);
  },
  'bad-size'({ size }, tell) {
    const buf = kmem_alloc(size - 3, KM_SLEEP)!;
    tell(buf);
    kmem_free(buf, size - 4);
  },
  'bad-base'({ cp }, tell) {
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    tell(buf);
    kmem_cache_free(cp, buf + 8);
  },
  'redzone-byte'({ size }, tell) {
    const buf = kmem_alloc(size - 3, KM_SLEEP)!;
    tell(buf);
    write(buf + size - 3, [0x22]);
    kmem_free(buf, size - 3);
  },
  'double-kmem-free'({ size }, tell) {
    const buf = kmem_alloc(size - 3, KM_SLEEP)!;
    tell(buf);
    kmem_free(buf, size - 3);
    kmem_free(buf, size - 3);
  },
  'buftag-corrupt'({ cp }, tell) {
    const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
    tell(buf);
    kmem_cache_free(cp, buf);
    const tagged = (cp.cache_flags & KMF_BUFTAG) !== 0;
    if (tagged) write(KMEM_BUFTAG(cp, buf) + 16, [1, 2, 3, 4]);
    kmem_cache_alloc(cp, KM_SLEEP);
  },
  'vmem-bad-free'(_, tell) {
    const arena = statics.kmem_default_arena!;
    const { PAGESIZE } = statics;
    const addr = vmem_alloc(arena, PAGESIZE, VM_SLEEP)!;
    tell(addr);
    vmem_free(arena, addr, PAGESIZE);
    vmem_free(arena, addr, PAGESIZE);
  },
  'vmem-wrong-size'(_, tell) {
    const arena = statics.kmem_default_arena!;
    const { PAGESIZE } = statics;
    const addr = vmem_alloc(arena, PAGESIZE, VM_SLEEP)!;
    tell(addr);
    vmem_free(arena, addr, 2 * PAGESIZE);
  },
  'destroy-not-empty'({ cp }) {
    kmem_cache_alloc(cp, KM_SLEEP);
    kmem_cache_destroy(cp);
  },
  'modified-detected-by-reap'({ cp, line }, tell) {
    const { mt_magsize } = cp.cache_magtype;
    const [offset, byte] = written(line, [8, 0x55]);
    // Enough for a magazine that goes to the depot.
    const held: number[] = [];
    for (let i = 0; i < 3 * mt_magsize; i++) {
      held.push(kmem_cache_alloc(cp, KM_SLEEP)!);
    }
    for (const buf of held) kmem_cache_free(cp, buf);
    tell(held[0]);
    write(held[0] + offset, [byte]);
    kmem_cache_reap_now(cp);
  },
};

/** Messages with names in place of what differs between machines. */
function anonymous(text: string, buf: number): string {
  const name = (hex: string): string => {
    const addr = parseInt(hex, 16);
    if (addr === 0) return '0';
    if (addr === buf) return 'BUF';
    return addr > buf && addr < buf + 64 ? `BUF+${addr - buf}` : 'PTR';
  };
  const named = (_: string, before: string, hex: string): string =>
    before + name(hex);
  return text
    .replace(/thread=\S+ {2}time=T-\S+/, 'thread=THREAD  time=T-TIME')
    .replace(/(buffer=)([0-9a-f]+)/, named)
    .replace(/(on buffer )([0-9a-f]+)/, named)
    .replace(/(address \()([0-9a-f]+)/g, named)
    .replace(/(vmem_hash_delete\()\w+/, '$1ARENA')
    .replace(/(ARENA, )([0-9a-f]+)/, named)
    .replace(/bufctl=(?!0\b)[0-9a-f]+/, 'bufctl=PTR')
    .replace(/slab=[0-9a-f]+/, 'slab=PTR')
    .replace(/bxstat = [0-9a-f]+/, 'bxstat = PTR')
    .replace(/(_cache' \()[0-9a-f]+/, '$1PTR');
}

/**
 * Bytes of a buffer of cp with, in place of its link or what was read of
 * it, where the link leads within its page.
 */
function linkless(text: unknown, { cache_bufctl }: kmem_cache_t): unknown {
  const at = 2 * cache_bufctl;
  if (typeof text !== 'string' || text.length <= at) return text;
  let link = 0;
  const digits = Buffer.from(text.slice(at, at + 16), 'hex');
  digits.forEach((byte, i) => (link += byte * 256 ** i));
  const offset = link % statics.PAGESIZE;
  return `${text.slice(0, at)} link ${offset} ${text.slice(at + 16)}`;
}

/** Both sides without the addresses that free buffers' links are. */
function withoutLinks(line: Line, cp: kmem_cache_t, size: number): Line {
  if ((cp.cache_flags & (KMF_BUFTAG | KMF_HASH)) !== 0) return line;
  const changed = { ...line };
  for (const name of ['after_alloc', 'after_free']) {
    if (name in line) changed[name] = linkless(line[name], cp);
  }
  const name = 'kmem_alloc_Zminus3';
  const by = statics.kmem_alloc_table[(size - 4) >> 3];
  if (name in line) changed[name] = linkless(line[name], by);
  return changed;
}

/**
 * Plays a scenario. @returns what the line expects and what came, with the
 * same names for addresses; null when there is no such scenario
 */
export function scenario(
  name: string,
  size: number,
  line: Line,
  shapeOf: (cp: kmem_cache_t) => Line,
): { expected: Line; answer: Line } | null {
  if (!Object.hasOwn(scenarios, name)) return null;
  callFrom('caller+0', 'caller+1', 'caller+2');
  const cflags = name.endsWith('nomagazine') ? KMC_NOMAGAZINE : 0;
  const cp = kmem_cache_create(
    'foo_cache', size, 0, null, null, null, null, null, cflags,
  );
  const answer: Line = { cache: { name: cp.cache_name, ...shapeOf(cp) } };
  let about = 0;
  const before = printed;
  let panicked: string | null = null;
  try {
    scenarios[name]({ size, cp, line, answer }, (buf) => (about = buf));
  } catch (error) {
    if (!(error instanceof Panic)) throw error;
    panicked = error.message;
  }
  const said = dmesg().slice(dmesg().length - (printed - before));
  const messages = said.filter((text) => !text.startsWith('!'));
  if (panicked !== null) messages.push(`panic: ${panicked}`);
  answer.panicked = panicked !== null;
  answer.messages = messages.map((text) => anonymous(text, about));
  return {
    expected: withoutLinks(line, cp, size),
    answer: withoutLinks(answer, cp, size),
  };
}
