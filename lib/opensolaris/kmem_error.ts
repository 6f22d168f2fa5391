// KMEM: what it says when something is wrong.
//
// Follows OpenSolaris common/os/kmem.c of 2007, kmem_findslab and
// kmem_error. Idea: an error is found by someone, and was made by someone
// else. So before a word is said, all that can be known of the buffer is
// looked up: which cache it really belongs to, where it starts, and, with
// KMF_AUDIT, who had it last.
//
// 1. What was found decides which error it is: a buffer of another cache is
//    KMERR_BADCACHE, the inside of one is KMERR_BADBASE, whatever the
//    caller thought.
// 2. The text is the original's. After it the machine stops, unless
//    kmem_panic says otherwise; then the buffer is left where it is.
//
// Left out: the debugger, which kmem_panic 0 enters; kmem_panic_info, which
// a crash dump shows.
import { gethrtime } from '../sys/clock.js';
import { printf } from '../sys/cons.js';
import { mutex_enter, mutex_exit } from '../sys/mutex.js';
import { panic } from '../sys/panic.js';
import { P2PHASE } from '../sys/sysmacros.js';
import {
  KMEM_ALIGN, KMEM_STACK_DEPTH, KMF_AUDIT, KMF_BUFTAG, KMF_HASH,
} from './kmem.js';
import {
  type kmem_bufctl_audit_t, type kmem_bufctl_t, KMEM_BUFTAG,
  type kmem_cache_t, KMEM_HASH, KMEM_SLAB_MEMBER, type kmem_slab_t, statics,
  tunables,
} from './kmem_impl.js';
import { load32, load64, loadPointer, verify_pattern } from './memory.js';

export const KMEM_FREE_PATTERN = 0xdeadbeef; // free; twice, as all three
export const KMEM_UNINITIALIZED_PATTERN = 0xbaddcafe; // not written to yet
export const KMEM_REDZONE_PATTERN = 0xfeedface; // behind the buffer
export const KMEM_REDZONE_BYTE = 0xbb; // just behind what was asked for
export const KMEM_BUFTAG_ALLOC = 0xa110c8ed; // bt_bxstat ^ bt_bufctl
export const KMEM_BUFTAG_FREE = 0xf4eef4ee;

export const KMERR_MODIFIED = 0; // buffer modified after it was freed
export const KMERR_REDZONE = 1; // redzone violation
export const KMERR_DUPFREE = 2; // freed twice
export const KMERR_BADADDR = 3; // not in this cache, or in any
export const KMERR_BADBUFTAG = 4; // buftag corrupted
export const KMERR_BADBUFCTL = 5; // bufctl corrupted
export const KMERR_BADCACHE = 6; // freed to the wrong cache
export const KMERR_BADSIZE = 7; // alloc size is not free size
export const KMERR_BADBASE = 8; // alloc address is not free address

// A tag: bt_redzone, bt_bufctl, bt_bxstat, 8 bytes each; with KMF_LITE
// bt_history behind them.
export const bt_bufctl = 8;
export const bt_bxstat = 16;
export const bt_history = 24;

/** How kmem_alloc notes a size of up to 17 million in 32 bits. */
export const KMEM_SIZE_ENCODE = (x: number): number => 251 * x + 1;
export const KMEM_SIZE_DECODE = (x: number): number => Math.floor(x / 251);
export const KMEM_SIZE_VALID = (x: number): boolean =>
  x % 251 === 1 && x !== 1;

/** An address as %p prints it. */
const pointer = (addr: number): string => addr.toString(16);

/** Is the low half of bt_bxstat bufctl ^ pattern, and the high one too? */
export function bxstatIs(btp: number, pattern: number): boolean {
  const low = (load32(btp + bt_bufctl) ^ pattern) >>> 0;
  return (
    load32(btp + bt_bxstat) === low &&
    load32(btp + bt_bxstat + 4) === load32(btp + bt_bufctl + 4)
  );
}

/** bt_bufctl ^ bt_bxstat, in hex. */
function bufctlXorBxstat(btp: number): string {
  const half = (at: number): number =>
    (load32(btp + bt_bufctl + at) ^ load32(btp + bt_bxstat + at)) >>> 0;
  const low = half(0).toString(16);
  return half(4) === 0 ? low : half(4).toString(16) + low.padStart(8, '0');
}

/** The slab of this cache that has the address. @returns null: none has */
export function kmem_findslab(
  cp: kmem_cache_t,
  buf: number,
): kmem_slab_t | null {
  mutex_enter(cp.cache_lock);
  const { cache_nullslab } = cp;
  let sp = cache_nullslab.slab_next;
  while (sp !== cache_nullslab && !KMEM_SLAB_MEMBER(sp, buf)) {
    sp = sp.slab_next;
  }
  mutex_exit(cp.cache_lock);
  return sp === cache_nullslab ? null : sp;
}

/** All that can be found out about a buffer. */
interface Findings {
  error: number;
  cp: kmem_cache_t | null; // whose it is
  sp: kmem_slab_t | null; // its slab
  buf: number; // where it starts
  btp: number; // its tag, or 0
  bcp: kmem_bufctl_t | null; // its bufctl, if there is one and it is sound
}

/** Whose is it? The caller's cache first, then all, newest first. */
function ownerOf(cparg: kmem_cache_t, buf: number): kmem_slab_t | null {
  let sp = kmem_findslab(cparg, buf);
  const head = statics.kmem_null_cache;
  let cp = head?.cache_prev ?? null;
  while (sp === null && cp !== null && cp !== head) {
    sp = kmem_findslab(cp, buf);
    cp = cp.cache_prev;
  }
  return sp;
}

/** The bufctl of a buffer that is out, or else the one its tag names. */
function bufctlOf(
  cp: kmem_cache_t,
  buf: number,
  btp: number,
): kmem_bufctl_t | null {
  mutex_enter(cp.cache_lock);
  let bcp = cp.cache_hash_table![KMEM_HASH(cp, buf)];
  while (bcp !== null && bcp.bc_addr !== buf) bcp = bcp.bc_next;
  mutex_exit(cp.cache_lock);
  if (bcp !== null || btp === 0) return bcp;
  return statics.bufctlAt.get(loadPointer(btp + bt_bufctl)) ?? null;
}

/** Looks everything up. */
function investigate(
  error: number,
  cparg: kmem_cache_t,
  bufarg: number,
): Findings {
  const sp = ownerOf(cparg, bufarg);
  if (sp === null) {
    const nobody = { cp: null, sp, buf: bufarg, btp: 0, bcp: null };
    return { error: KMERR_BADADDR, ...nobody };
  }
  const cp = sp.slab_cache;
  const found = { error, cp, sp, buf: bufarg, btp: 0 };
  if (cp !== cparg) {
    found.error = KMERR_BADCACHE;
  } else {
    found.buf -= (bufarg - sp.slab_base) % cp.cache_chunksize;
    if (found.buf !== bufarg) found.error = KMERR_BADBASE;
  }
  const { buf } = found;
  if ((cp.cache_flags & KMF_BUFTAG) !== 0) found.btp = KMEM_BUFTAG(cp, buf);
  if ((cp.cache_flags & KMF_HASH) === 0) return { ...found, bcp: null };

  const bcp = bufctlOf(cp, buf, found.btp);
  const sound =
    bcp !== null &&
    kmem_findslab(cp.cache_bufctl_cache!, bcp.at) !== null &&
    P2PHASE(bcp.at, KMEM_ALIGN) === 0 &&
    bcp.bc_addr === buf;
  if (sound) return { ...found, bcp };
  return { ...found, error: KMERR_BADBUFCTL, bcp: null };
}

/** The name of the error, and what goes with it. */
function describe(f: Findings, cparg: kmem_cache_t, bufarg: number): string[] {
  const { cp, buf, btp } = f;
  switch (f.error) {
    case KMERR_MODIFIED: {
      const off = verify_pattern(KMEM_FREE_PATTERN, buf, cp!.cache_verify);
      const at = off ?? buf; // null should not happen
      const pattern = pointer(KMEM_FREE_PATTERN).repeat(2);
      return [
        'buffer modified after being freed',
        `modification occurred at offset 0x${pointer(at - buf)} ` +
          `(0x${pattern} replaced by 0x${load64(at)})`,
      ];
    }
    case KMERR_REDZONE:
      return ['redzone violation: write past end of buffer'];
    case KMERR_DUPFREE:
      return ['duplicate free: buffer freed twice'];
    case KMERR_BADBUFTAG: {
      const free = pointer(KMEM_BUFTAG_FREE);
      return [
        'boundary tag corrupted',
        `bcp ^ bxstat = ${bufctlXorBxstat(btp)}, should be ${free}`,
      ];
    }
    case KMERR_BADBUFCTL:
      return ['bufctl corrupted'];
    case KMERR_BADCACHE:
      return [
        'buffer freed to wrong cache',
        `buffer was allocated from ${cp!.cache_name},`,
        `caller attempting free to ${cparg.cache_name}.`,
      ];
    case KMERR_BADSIZE: {
      const free = KMEM_SIZE_DECODE(load32(btp));
      const alloc = KMEM_SIZE_DECODE(load32(btp + 4));
      return [`bad free: free size (${free}) != alloc size (${alloc})`];
    }
    case KMERR_BADBASE:
      return [
        `bad free: free address (${pointer(bufarg)}) != ` +
          `alloc address (${pointer(buf)})`,
      ];
    default:
      return ['invalid free: buffer not in cache'];
  }
}

/** Who had it last, how long ago. */
function previous({ cp, sp, buf }: Findings, bcp: kmem_bufctl_audit_t): void {
  const ago = gethrtime() - bcp.bc_timestamp;
  const sec = Math.floor(ago / 1e9);
  const nsec = `${ago % 1e9}`.padStart(9, '0');
  printf(`previous transaction on buffer ${pointer(buf)}:`);
  printf(
    `thread=${bcp.bc_thread}  time=T-${sec}.${nsec}  ` +
      `slab=${pointer(sp!.at)}  cache: ${cp!.cache_name}`,
  );
  const depth = Math.min(bcp.bc_depth, KMEM_STACK_DEPTH);
  for (let d = 0; d < depth; d++) printf(bcp.bc_stack[d]);
}

/**
 * Reports an error about a buffer that somebody does something with in
 * cparg.
 * @throws Panic "kernel heap corruption detected", unless kmem_panic <= 0
 */
export function kmem_error(
  error: number,
  cparg: kmem_cache_t,
  bufarg: number,
): void {
  statics.kmem_logging = false;
  const found = investigate(error, cparg, bufarg);
  const [first, ...rest] = describe(found, cparg, bufarg);
  printf(`kernel memory allocator: ${first}`);
  for (const line of rest) printf(line);

  const { bcp, cp } = found;
  const bufctl = pointer(bcp?.at ?? 0);
  const cache = cparg.cache_name;
  printf(`buffer=${pointer(bufarg)}  bufctl=${bufctl}  cache: ${cache}`);
  if (bcp !== null && (cp!.cache_flags & KMF_AUDIT) !== 0) {
    previous(found, bcp as kmem_bufctl_audit_t);
  }
  if (tunables.kmem_panic > 0) {
    const call = `kmem_error(${cache}, 0x${pointer(bufarg)})`;
    panic('kernel heap corruption detected', { call, cache, what: first });
  }
  statics.kmem_logging = true;
}
