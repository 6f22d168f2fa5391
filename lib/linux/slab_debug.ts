// Slabs: where a debugging kernel looks, and what it says.
//
// Follows the DEBUG parts of Linux 2.6.11 mm/slab.c. A production kernel
// checks nothing: what is freed twice is given out twice. One compiled with
// CONFIG_DEBUG_SLAB looks at an object when it is given out, when it comes
// back, and when its slab goes. Idea to carry away: bad use is found late,
// at the next of these calls, by someone who did nothing wrong. The
// message shows what was written, and the frame says who had it last.
//
// 10. bufctl of an object that is handed out, or in an array, is
//     BUFCTL_FREE: free to be freed.
//
// 8 and 9 are in slab_frame.ts, 1 to 7 in slab_layout.ts.
//
// Left out: the dump of the stack below a message; check_spinlock_acquired
// (locks are taken by the callers in slab_alloc.ts).
import { printf } from '../sys/cons.js';
import { __GFP_DMA, __GFP_WAIT } from './gfp.js';
import { isWord, setWord } from './memory.js';
import { PageSlab } from './mm.js';
import { virt_addr_valid, virt_to_page } from './mmzone.js';
import { BUG } from './sched.js';
import {
  caller, check_poison_obj, dbg_redzone1, dbg_redzone2, dbg_userword,
  dump_line, poison_obj, POISON_FREE, POISON_INUSE, pointer, RED_ACTIVE,
  RED_INACTIVE, redzonesAre, reportFrame, setRedzones, slab_error,
} from './slab_frame.js';
import {
  BUFCTL_END, BYTES_PER_WORD, GET_PAGE_CACHE, type kmem_cache_t,
  SLAB_CTOR_ATOMIC, SLAB_CTOR_CONSTRUCTOR, SLAB_CTOR_VERIFY,
  SLAB_DEBUG_INITIAL, SLAB_POISON, SLAB_RED_ZONE, SLAB_STORE_USER,
  sizeofBufctl, type slab, slabOf,
} from './slab_layout.js';

/** What list_del leaves in the two pointers of what it unlinked. */
const LIST_POISON1 = 0x00100100;
const LIST_POISON2 = 0x00200200;

/** Writes a descriptor's fields to where the original keeps them. */
function storeDescriptor(slabp: slab): void {
  const linked = slabp.next.prev === slabp;
  const next = linked ? slabp.next.addr : LIST_POISON1;
  const prev = linked ? slabp.prev.addr : LIST_POISON2;
  let at = slabp.addr;
  for (const word of [next, prev, slabp.colouroff, slabp.s_mem]) {
    setWord(at, word, BYTES_PER_WORD);
    at += BYTES_PER_WORD;
  }
  setWord(at, slabp.inuse, 4);
  setWord(at + 4, slabp.free, sizeofBufctl);
}

/**
 * Has the chain of a slab as many objects as it should?
 * @internal static in slab.c
 */
export function check_slabp(cachep: kmem_cache_t, slabp: slab): void {
  let entries = 0;
  let i = slabp.free;
  while (i < cachep.num && entries < cachep.num) {
    entries++;
    i = slabp.bufctl[i];
  }
  if (i === BUFCTL_END && entries === cachep.num - slabp.inuse) return;

  const at = pointer(slabp.addr);
  printf(
    `slab: Internal list corruption detected in cache '${cachep.name}'` +
      `(${cachep.num}), slabp ${at}(${slabp.inuse}). Hexdump:`,
  );
  // It counts the size of a pointer for that of a descriptor, so the end
  // of the bufctls is not shown.
  printf('');
  storeDescriptor(slabp);
  const size = BYTES_PER_WORD + cachep.num * sizeofBufctl;
  for (let line = 0; line < size; line += 16) {
    dump_line(slabp.addr, line, Math.min(16, size - line));
  }
  BUG('mm/slab.c:1974', 'entries != cachep->num - slabp->inuse', {
    call: `check_slabp(${cachep.name})`,
    slabp_addr: slabp.addr,
  });
}

/** A red zone that should say RED_INACTIVE: if it does not, says so. */
function checkInactive(
  func: string,
  cachep: kmem_cache_t,
  zone: number,
  msg: string,
): void {
  if (!isWord(zone, RED_INACTIVE, BYTES_PER_WORD)) {
    slab_error(func, cachep, msg);
  }
}

/** Has the constructor stayed inside the object? */
export function checkConstructed(cachep: kmem_cache_t, objp: number): void {
  if ((cachep.flags & SLAB_RED_ZONE) === 0) return;
  const says = (which: string) =>
    `constructor overwrote the ${which} of an object`;
  const func = 'cache_init_objs';
  checkInactive(func, cachep, dbg_redzone2(cachep, objp), says('end'));
  checkInactive(func, cachep, dbg_redzone1(cachep, objp), says('start'));
}

/** Before its slab goes: is the object as it was when it was freed? */
export function checkDestroyed(cachep: kmem_cache_t, objp: number): void {
  if ((cachep.flags & SLAB_POISON) !== 0) check_poison_obj(cachep, objp);
  if ((cachep.flags & SLAB_RED_ZONE) === 0) return;
  const says = (which: string) => `${which} of a freed object was overwritten`;
  const func = 'slab_destroy';
  checkInactive(func, cachep, dbg_redzone1(cachep, objp), says('start'));
  checkInactive(func, cachep, dbg_redzone2(cachep, objp), says('end'));
}

/**
 * Does the mask ask for DMA memory just when the cache has it?
 * @throws Panic BUG when not
 * @internal static in slab.c
 */
export function kmem_flagcheck(cachep: kmem_cache_t, flags: number): void {
  const asked = (flags & __GFP_DMA) !== 0;
  const has = (cachep.gfpflags & __GFP_DMA) !== 0;
  if (asked === has) return;
  const call = `kmem_cache_alloc(${cachep.name}, 0x${flags.toString(16)})`;
  if (asked) BUG('mm/slab.c:1754', '!(cachep->gfpflags & GFP_DMA)', { call });
  BUG('mm/slab.c:1757', 'cachep->gfpflags & GFP_DMA', { call });
}

/**
 * An object is about to be given out: checks that it is free, and makes
 * it fresh. The constructor of a poisoned cache runs here, each time.
 * @param objp its frame, or 0
 * @returns the object, or 0
 * @internal static in slab.c
 */
export function cache_alloc_debugcheck_after(
  cachep: kmem_cache_t,
  flags: number,
  objp: number,
): number {
  if (objp === 0) return 0;
  if ((cachep.flags & SLAB_POISON) !== 0) {
    check_poison_obj(cachep, objp);
    poison_obj(cachep, objp, POISON_INUSE);
  }
  if ((cachep.flags & SLAB_STORE_USER) !== 0) {
    setWord(dbg_userword(cachep, objp), caller, BYTES_PER_WORD);
  }
  if ((cachep.flags & SLAB_RED_ZONE) !== 0) {
    if (!redzonesAre(cachep, objp, RED_INACTIVE)) {
      reportFrame('cache_alloc_debugcheck_after', cachep, objp);
    }
    setRedzones(cachep, objp, RED_ACTIVE);
  }
  const realobj = objp + cachep.dbghead;
  if (cachep.ctor !== null && (cachep.flags & SLAB_POISON) !== 0) {
    const atomic = (flags & __GFP_WAIT) === 0 ? SLAB_CTOR_ATOMIC : 0;
    cachep.ctor(realobj, cachep, SLAB_CTOR_CONSTRUCTOR | atomic);
  }
  return realobj;
}

/**
 * Is there memory at this address, and is it a slab's?
 * @throws Panic BUG when not
 * @internal static in slab.c
 */
export function kfree_debugcheck(objp: number): void {
  const call = `kfree(0x${objp.toString(16)})`;
  if (!virt_addr_valid(objp)) {
    printf(`kfree_debugcheck: out of range ptr ${objp.toString(16)}h.`);
    BUG('mm/slab.c:1876', '!virt_addr_valid(objp)', { call });
  }
  if (!PageSlab(virt_to_page(objp))) {
    printf(`kfree_debugcheck: bad ptr ${objp.toString(16)}h.`);
    BUG('mm/slab.c:1881', '!PageSlab(page)', { call });
  }
}

/** An object comes back to a cache that it was not taken from. */
function reportMismatch(owner: kmem_cache_t, cachep: kmem_cache_t): void {
  const expected = pointer(owner.addr);
  const got = pointer(cachep.addr);
  printf(
    `mismatch in kmem_cache_free: expected cache ${expected}, got ${got}`,
  );
  printf(`${got} is ${cachep.name}.`);
  printf(`${expected} is ${owner.name}.`);
  printf('Badness in cache_free_debugcheck at mm/slab.c:1900');
}

/**
 * An object comes back: checks that it is one, that it was given out, and
 * that its frame is whole; then poisons it.
 * @param objp the object
 * @returns its frame
 * @throws Panic BUG when there is no object at this address
 * @internal static in slab.c
 */
export function cache_free_debugcheck(
  cachep: kmem_cache_t,
  realobj: number,
): number {
  const { flags, num, objsize, ctor, dtor } = cachep;
  const objp = realobj - cachep.dbghead;
  kfree_debugcheck(objp);
  const owner = GET_PAGE_CACHE(virt_to_page(objp));
  if (owner !== cachep) reportMismatch(owner, cachep);

  if ((flags & SLAB_RED_ZONE) !== 0) {
    if (!redzonesAre(cachep, objp, RED_ACTIVE)) {
      reportFrame('cache_free_debugcheck', cachep, objp);
    }
    setRedzones(cachep, objp, RED_INACTIVE);
  }
  if ((flags & SLAB_STORE_USER) !== 0) {
    setWord(dbg_userword(cachep, objp), caller, BYTES_PER_WORD);
  }

  const { s_mem } = slabOf(objp)!;
  const objnr = Math.floor((objp - s_mem) / objsize);
  const facts = {
    call: `kmem_cache_free(${cachep.name}, 0x${realobj.toString(16)})`,
    s_mem_addr: s_mem,
    objsize,
  };
  if (objnr < 0 || objnr >= num) {
    BUG('mm/slab.c:1919', 'objnr >= cachep->num', facts);
  }
  if (objp !== s_mem + objnr * objsize) {
    const check = 'objp != slabp->s_mem + objnr*cachep->objsize';
    BUG('mm/slab.c:1920', check, facts);
  }

  if ((flags & SLAB_DEBUG_INITIAL) !== 0) {
    ctor!(realobj, cachep, SLAB_CTOR_CONSTRUCTOR | SLAB_CTOR_VERIFY);
  }
  if ((flags & SLAB_POISON) !== 0) {
    dtor?.(realobj, cachep, 0);
    poison_obj(cachep, objp, POISON_FREE);
  }
  return objp;
}

/** An object that is on its slab's chain already. @throws Panic BUG */
export function doubleFree(cachep: kmem_cache_t, objp: number): never {
  const at = pointer(objp);
  printf(`slab: double free detected in cache '${cachep.name}', objp ${at}.`);
  const call = `free_block(${cachep.name})`;
  const check = 'slab_bufctl(slabp)[objnr] != BUFCTL_FREE';
  return BUG('mm/slab.c:2185', check, { call, objp_addr: objp });
}
