// KMEM: what a debugging kernel does to a buffer that goes out or comes
// back.
//
// Follows OpenSolaris common/os/kmem.c of 2007, kmem_cache_alloc_debug and
// kmem_cache_free_debug. Idea: each check costs a little where the mistake
// is made, or much later where it hurts. A buftag behind the buffer says
// whether it is out or free, so a second free is seen at once; a pattern in
// a free buffer shows a write to it when it goes out the next time.
//
//   buffer | bt_redzone | bt_bufctl | bt_bxstat
//          ^ cache_buftag
//
// 11. bt_bxstat ^ bt_bufctl is KMEM_BUFTAG_ALLOC when the buffer is out,
//     KMEM_BUFTAG_FREE when it is not: a word that nobody writes by chance.
// 12. bt_redzone is KMEM_REDZONE_PATTERN while the buffer is out, unless
//     kmem_alloc has noted the size there. In a small slab a free buffer's
//     link lies there.
// 13. With KMF_DEADBEEF the first cache_verify bytes of a free buffer are
//     KMEM_FREE_PATTERN; so they cannot be constructed. KMF_LITE fills one
//     word only, and keeps what was there in bt_redzone.
//
// 1 to 10 are in kmem_impl.ts.
//
// Left out: nothing.
import { gethrtime } from '../sys/clock.js';
import {
  KM_NOSLEEP, KM_PANIC, KMC_KMEM_ALLOC, KMF_AUDIT, KMF_CONTENTS,
  KMF_DEADBEEF, KMF_HASH, KMF_LITE,
} from './kmem.js';
import {
  bt_bufctl, bt_bxstat, bt_history, bxstatIs, KMEM_BUFTAG_ALLOC,
  KMEM_BUFTAG_FREE, kmem_error, kmem_findslab, KMEM_FREE_PATTERN,
  KMEM_REDZONE_PATTERN, KMEM_UNINITIALIZED_PATTERN, KMERR_BADADDR,
  KMERR_BADBUFCTL, KMERR_BADBUFTAG, KMERR_DUPFREE, KMERR_MODIFIED,
  KMERR_REDZONE,
} from './kmem_error.js';
import {
  type kmem_bufctl_audit_t, type kmem_bufctl_t, KMEM_BUFTAG,
  type kmem_cache_t, statics, tunables,
} from './kmem_impl.js';
import {
  caller, KMEM_AUDIT, kmem_log_enter, kmem_log_event,
} from './kmem_log.js';
import {
  bcopy, copy_pattern, isPattern, load32, loadPointer, store32,
  storePointer, verify_and_copy_pattern, verify_pattern,
} from './memory.js';

/** Writes bt_bxstat so that it says that. */
function setBxstat(btp: number, state: number): void {
  store32(btp + bt_bxstat, load32(btp + bt_bufctl) ^ state);
  store32(btp + bt_bxstat + 4, load32(btp + bt_bufctl + 4));
}

/** The bufctl that the tag names. */
const taggedBufctl = (btp: number): kmem_bufctl_t | undefined =>
  statics.bufctlAt.get(loadPointer(btp + bt_bufctl));

/** Is it this buffer's, in a cache that has bufctls? */
function hasItsBufctl(cp: kmem_cache_t, buf: number, btp: number): boolean {
  if ((cp.cache_flags & KMF_HASH) === 0) return true;
  return taggedBufctl(btp)?.bc_addr === buf;
}

/** Adds the caller to those that KMF_LITE keeps, newest first. */
export function KMEM_BUFTAG_LITE_ENTER(btp: number): void {
  const first = btp + bt_history;
  for (let i = tunables.kmem_lite_pcs - 1; i > 0; i--) {
    storePointer(first + 8 * i, loadPointer(first + 8 * (i - 1)));
  }
  if (tunables.kmem_lite_pcs > 0) storePointer(first, caller());
}

/** Tags a fresh buffer; bufctl is the address of its bufctl, or link. */
export function tagFresh(cp: kmem_cache_t, buf: number, bufctl: number): void {
  const btp = KMEM_BUFTAG(cp, buf);
  copy_pattern(KMEM_REDZONE_PATTERN, btp, 8);
  storePointer(btp + bt_bufctl, bufctl);
  setBxstat(btp, KMEM_BUFTAG_FREE);
  if ((cp.cache_flags & KMF_DEADBEEF) !== 0) {
    copy_pattern(KMEM_FREE_PATTERN, buf, cp.cache_verify);
  }
}

/** Is this allocation to fail on purpose? */
function fails(cp: kmem_cache_t, kmflag: number): boolean {
  const mtbf = (tunables.kmem_mtbf | cp.cache_mtbf) >>> 0;
  if (mtbf === 0 || gethrtime() % mtbf !== 0) return false;
  return (kmflag & (KM_NOSLEEP | KM_PANIC)) === KM_NOSLEEP;
}

/**
 * Looks at a free buffer, and makes it ready to go out.
 * @param construct is it raw, so that it must be constructed?
 * @returns 0; -1: it is damaged, and has been reported; 1: it could not be
 *   constructed, or is to fail, and goes back to its slab
 */
export function kmem_cache_alloc_debug(
  cp: kmem_cache_t,
  buf: number,
  kmflag: number,
  construct: boolean,
): number {
  const { cache_flags } = cp;
  const btp = KMEM_BUFTAG(cp, buf);
  if (!bxstatIs(btp, KMEM_BUFTAG_FREE)) {
    kmem_error(KMERR_BADBUFTAG, cp, buf);
    return -1;
  }
  setBxstat(btp, KMEM_BUFTAG_ALLOC);
  if (!hasItsBufctl(cp, buf, btp)) {
    kmem_error(KMERR_BADBUFCTL, cp, buf);
    return -1;
  }

  let raw = construct;
  if ((cache_flags & KMF_DEADBEEF) !== 0) {
    if (!construct && (cache_flags & KMF_LITE) !== 0) {
      if (!isPattern(KMEM_FREE_PATTERN, buf)) {
        kmem_error(KMERR_MODIFIED, cp, buf);
        return -1;
      }
      // An object has its first word back, a buffer never had one.
      if (cp.cache_constructor !== null) bcopy(btp, buf, 8);
      else copy_pattern(KMEM_UNINITIALIZED_PATTERN, buf, 8);
    } else {
      raw = true;
      const departs = verify_and_copy_pattern(
        KMEM_FREE_PATTERN, KMEM_UNINITIALIZED_PATTERN, buf, cp.cache_verify,
      );
      if (departs !== null) {
        kmem_error(KMERR_MODIFIED, cp, buf);
        return -1;
      }
    }
  }
  copy_pattern(KMEM_REDZONE_PATTERN, btp, 8);

  let failed = fails(cp, kmflag);
  if (failed) {
    kmem_log_event(statics.kmem_failure_log, cp, null, 0);
    if (!raw) cp.cache_destructor?.(buf, cp.cache_private);
  } else if (raw && cp.cache_constructor !== null) {
    failed = cp.cache_constructor(buf, cp.cache_private, kmflag) !== 0;
  }
  if (failed) {
    cp.cache_alloc_fail++;
    setBxstat(btp, KMEM_BUFTAG_FREE);
    if ((cache_flags & KMF_DEADBEEF) !== 0) {
      copy_pattern(KMEM_FREE_PATTERN, buf, cp.cache_verify);
    }
    return 1;
  }

  if ((cache_flags & KMF_AUDIT) !== 0) {
    const bcp = taggedBufctl(btp) as kmem_bufctl_audit_t;
    KMEM_AUDIT(statics.kmem_transaction_log, bcp);
  }
  const lite = (cache_flags & KMF_LITE) !== 0;
  if (lite && (cp.cache_cflags & KMC_KMEM_ALLOC) === 0) {
    KMEM_BUFTAG_LITE_ENTER(btp);
  }
  return 0;
}

/**
 * Looks at a buffer that comes back, and makes it free.
 * @returns 0; -1: it is damaged or not out, and has been reported
 */
export function kmem_cache_free_debug(cp: kmem_cache_t, buf: number): number {
  const { cache_flags } = cp;
  const btp = KMEM_BUFTAG(cp, buf);
  if (!bxstatIs(btp, KMEM_BUFTAG_ALLOC)) {
    if (bxstatIs(btp, KMEM_BUFTAG_FREE)) {
      kmem_error(KMERR_DUPFREE, cp, buf);
    } else if (kmem_findslab(cp, buf) === null) {
      kmem_error(KMERR_BADADDR, cp, buf);
    } else {
      kmem_error(KMERR_REDZONE, cp, buf);
    }
    return -1;
  }
  setBxstat(btp, KMEM_BUFTAG_FREE);
  if (!hasItsBufctl(cp, buf, btp)) {
    kmem_error(KMERR_BADBUFCTL, cp, buf);
    return -1;
  }
  if (!isPattern(KMEM_REDZONE_PATTERN, btp)) {
    kmem_error(KMERR_REDZONE, cp, buf);
    return -1;
  }

  if ((cache_flags & KMF_AUDIT) !== 0) {
    const bcp = taggedBufctl(btp) as kmem_bufctl_audit_t;
    if ((cache_flags & KMF_CONTENTS) !== 0) {
      const { kmem_content_log } = statics;
      bcp.bc_contents = kmem_log_enter(
        kmem_content_log, buf, cp.cache_contents,
      );
    }
    KMEM_AUDIT(statics.kmem_transaction_log, bcp);
  }
  const lite = (cache_flags & KMF_LITE) !== 0;
  if (lite && (cp.cache_cflags & KMC_KMEM_ALLOC) === 0) {
    KMEM_BUFTAG_LITE_ENTER(btp);
  }
  if ((cache_flags & KMF_DEADBEEF) !== 0) {
    if (lite) bcopy(buf, btp, 8);
    else cp.cache_destructor?.(buf, cp.cache_private);
    copy_pattern(KMEM_FREE_PATTERN, buf, cp.cache_verify);
  }
  return 0;
}

/** Unmakes a free object, as far as kmem_cache_free_debug has not. */
export function destruct(cp: kmem_cache_t, buf: number): void {
  const { cache_destructor, cache_flags } = cp;
  if (cache_destructor === null) return;
  if ((cache_flags & KMF_DEADBEEF) === 0) {
    cache_destructor(buf, cp.cache_private);
  } else if ((cache_flags & KMF_LITE) !== 0) {
    bcopy(KMEM_BUFTAG(cp, buf), buf, 8);
    cache_destructor(buf, cp.cache_private);
    copy_pattern(KMEM_FREE_PATTERN, buf, 8);
  }
}

/** Is a free object as it was left? Reports it if not. */
export function isUntouched(cp: kmem_cache_t, buf: number): boolean {
  if ((cp.cache_flags & KMF_DEADBEEF) === 0) return true;
  const departs = verify_pattern(KMEM_FREE_PATTERN, buf, cp.cache_verify);
  if (departs === null) return true;
  kmem_error(KMERR_MODIFIED, cp, buf);
  return false;
}
