// Slabs: the frame around an object, in a kernel with CONFIG_DEBUG_SLAB.
//
// Follows the DEBUG parts of Linux 2.6.11 mm/slab.c. Idea to carry away:
// memory that is free, and memory between objects, is filled with known
// values. Who wrote where he should not has changed one; the frame does
// not keep him from it, it keeps the trace.
//
// An object of objsize bytes at objp; reallen of them are its owner's:
//
//   padding | red zone | the object | padding | red zone | last user
//                      ^ objp + dbghead       ^ the last two words
//
// 8. Red zones say RED_ACTIVE while the caller has the object, else
//    RED_INACTIVE.
// 9. A free object's bytes are POISON_FREE, the last one POISON_END. A
//    fresh one's are POISON_INUSE and POISON_END.
//
// The caller sees the object; arrays and slabs hold objp, its frame.
//
// Left out: CONFIG_DEBUG_PAGEALLOC, which unmaps the pages of large free
// objects; the name of the last user's function, which needs the kernel's
// symbols.
import { bytesInHex } from '../sys/bytes.js';
import { printf } from '../sys/cons.js';
import { onReboot } from '../sys/reboot.js';
import { isWord, memset, read, setWord, wordInHex } from './memory.js';
import {
  BYTES_PER_WORD, type kmem_cache_t, SLAB_POISON, SLAB_RED_ZONE,
  SLAB_STORE_USER, slabOf,
} from './slab_layout.js';

export const RED_INACTIVE = 0x5a2cf071; // nobody has the object
export const RED_ACTIVE = 0x170fc2a5; // somebody has it

export const POISON_INUSE = 0x5a; // fresh: use before it is initialised
export const POISON_FREE = 0x6b; // free: use after free
export const POISON_END = 0xa5; // the last byte of either

/** Ours: who calls. In C the return address of the call. */
export let caller = 0xc0140abc;

/** Ours: lets the next calls come from this address. */
export function callFrom(addr: number): void {
  caller = addr;
}

onReboot(() => callFrom(0xc0140abc));

/** A pointer as %p prints it: all its digits. */
export const pointer = (addr: number): string =>
  addr.toString(16).padStart(2 * BYTES_PER_WORD, '0');

/**
 * Says what is wrong with a cache. In C a dump of the stack follows.
 * @internal static in slab.c, as all below
 */
export function slab_error(
  func: string,
  cachep: kmem_cache_t,
  msg: string,
): void {
  printf(`slab error in ${func}(): cache \`${cachep.name}': ${msg}`);
}

// Where the words of the frame lie.
export const dbg_redzone1 = (cachep: kmem_cache_t, objp: number): number =>
  objp + cachep.dbghead - BYTES_PER_WORD;
export function dbg_redzone2(cachep: kmem_cache_t, objp: number): number {
  const words = (cachep.flags & SLAB_STORE_USER) !== 0 ? 2 : 1;
  return objp + cachep.objsize - words * BYTES_PER_WORD;
}
export const dbg_userword = (cachep: kmem_cache_t, objp: number): number =>
  objp + cachep.objsize - BYTES_PER_WORD;

/** Do both red zones of an object say this? */
export function redzonesAre(
  cachep: kmem_cache_t,
  objp: number,
  value: number,
): boolean {
  return (
    isWord(dbg_redzone1(cachep, objp), value, BYTES_PER_WORD) &&
    isWord(dbg_redzone2(cachep, objp), value, BYTES_PER_WORD)
  );
}

/** Makes both red zones of an object say this. */
export function setRedzones(
  cachep: kmem_cache_t,
  objp: number,
  value: number,
): void {
  setWord(dbg_redzone1(cachep, objp), value, BYTES_PER_WORD);
  setWord(dbg_redzone2(cachep, objp), value, BYTES_PER_WORD);
}

/** Both red zones as a message shows them. */
const redzones = (cachep: kmem_cache_t, objp: number): [string, string] => [
  `0x${wordInHex(dbg_redzone1(cachep, objp), BYTES_PER_WORD)}`,
  `0x${wordInHex(dbg_redzone2(cachep, objp), BYTES_PER_WORD)}`,
];

/** Fills the object with val, and ends it with POISON_END. */
export function poison_obj(
  cachep: kmem_cache_t,
  objp: number,
  val: number,
): void {
  const addr = objp + cachep.dbghead;
  memset(addr, val, cachep.reallen);
  memset(addr + cachep.reallen - 1, POISON_END, 1);
}

/** At most 16 bytes of the object, from offset on. */
export function dump_line(addr: number, offset: number, limit: number): void {
  const line = bytesInHex(read(addr + offset, limit));
  printf(`${offset.toString(16).padStart(3, '0')}: ${line}`);
}

/** Red zones, last user, and the first `lines` lines of the object. */
function print_objinfo(
  cachep: kmem_cache_t,
  objp: number,
  lines: number,
): void {
  if ((cachep.flags & SLAB_RED_ZONE) !== 0) {
    printf(`Redzone: ${redzones(cachep, objp).join('/')}.`);
  }
  if ((cachep.flags & SLAB_STORE_USER) !== 0) {
    const user = wordInHex(dbg_userword(cachep, objp), BYTES_PER_WORD);
    printf(`Last user: [<${user.padStart(2 * BYTES_PER_WORD, '0')}>]`);
  }
  const size = cachep.reallen;
  for (let i = 0; i < size && lines > 0; i += 16, lines--) {
    dump_line(objp + cachep.dbghead, i, Math.min(16, size - i));
  }
}

/** Is a free object still as it was left? If not, says what became of it. */
export function check_poison_obj(cachep: kmem_cache_t, objp: number): void {
  const size = cachep.reallen;
  const realobj = objp + cachep.dbghead;
  const bytes = read(realobj, size);
  let lines = 0;
  for (let i = 0; i < size; i++) {
    const exp = i === size - 1 ? POISON_END : POISON_FREE;
    if (bytes[i] === exp) continue;
    if (lines === 0) {
      printf(`Slab corruption: start=${pointer(realobj)}, len=${size}`);
      print_objinfo(cachep, objp, 0);
    }
    // One line is shown, and the search goes on behind it: not at its
    // first byte, but at the second, because the loop adds one more. The
    // original's comment promises 5 lines; six may come.
    i -= i % 16;
    dump_line(realobj, i, Math.min(16, size - i));
    i += 16;
    if (++lines > 5) break;
  }
  if (lines !== 0) printNeighbours(cachep, objp);
}

/** Whoever wrote too far may have started in the object next door. */
function printNeighbours(cachep: kmem_cache_t, objp: number): void {
  const { s_mem } = slabOf(objp)!;
  const objnr = Math.floor((objp - s_mem) / cachep.objsize);
  const near = [['Prev', objnr - 1], ['Next', objnr + 1]] as const;
  for (const [which, i] of near) {
    if (i < 0 || i >= cachep.num) continue;
    const other = s_mem + i * cachep.objsize;
    const realobj = pointer(other + cachep.dbghead);
    printf(`${which} obj: start=${realobj}, len=${cachep.reallen}`);
    print_objinfo(cachep, other, 2);
  }
}

/** What both checks of a frame report when it is damaged. */
export function reportFrame(
  func: string,
  cachep: kmem_cache_t,
  objp: number,
): void {
  const msg = 'double free, or memory outside object was overwritten';
  slab_error(func, cachep, msg);
  const [first, second] = redzones(cachep, objp);
  printf(`${pointer(objp)}: redzone 1: ${first}, redzone 2: ${second}.`);
}

/** Frames a fresh object: free, poisoned, nobody's. */
export function frame(cachep: kmem_cache_t, objp: number): void {
  const { flags } = cachep;
  if ((flags & SLAB_POISON) !== 0) poison_obj(cachep, objp, POISON_FREE);
  if ((flags & SLAB_STORE_USER) !== 0) {
    setWord(dbg_userword(cachep, objp), 0, BYTES_PER_WORD);
  }
  if ((flags & SLAB_RED_ZONE) !== 0) setRedzones(cachep, objp, RED_INACTIVE);
}
