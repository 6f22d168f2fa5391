// Three kinds of ids.
// Kind: choose. Minutes: 35.
//
// Three clients want an arena of ids:
//
//   'pid'    numbers of processes, 2 to 99; 0 and 1 are taken for ever. A
//            number that came back should rest as long as it can: a shell
//            may still remember it.
//   'minor'  numbers of disks, 0 to 15. The number is the index into an
//            array, which is made as long as the highest number ever given
//            out needs. It should stay short.
//   'ports'  ranges out of the ports 1024 to 2047. A client asks for 1 to
//            100 ports in a row. Each range must begin at a multiple of 16,
//            and as few requests as possible should be refused.
//
// 1. choose(kind) returns { base, size, quantum, flag, shift }. Of these
//    this arena is made, and these requests come to it:
//
//      vmem_create(kind, base, size, quantum, null, null, null, 0,
//        VM_SLEEP | VMC_IDENTIFIER)
//      vmem_alloc(arena, n, VM_NOSLEEP | flag)
//
//    The client gets what vmem_alloc returns, less `shift`. flag is 0 (instant
//    fit), VM_BESTFIT, VM_FIRSTFIT or VM_NEXTFIT; if several serve a client
//    equally well, any of these will do. Judged are the numbers that come
//    out, what is refused, and what the client wants. Try it out first.
//
// 2. bases() says what breaks. Each value is 'works', 'null' or 'panic':
//
//      zero    vmem_create with base 0, size 16, quantum 1
//      empty   vmem_create with base null, size 0, quantum 1; it works, so
//              what comes of vmem_alloc(arena, 1, VM_NOSLEEP)?
//      added   the same, then vmem_add(arena, 0, 16, VM_NOSLEEP)
//      one     vmem_create with base 1, size 32, quantum 16
import {
  VM_BESTFIT,
  VM_FIRSTFIT,
  VM_NEXTFIT,
} from '../../lib/opensolaris/vmem_impl.js';

type Kind = 'pid' | 'minor' | 'ports';
type What = 'works' | 'null' | 'panic' | '?';

/** An arena for a client. */
export function choose(kind: Kind): {
  base: number;
  size: number;
  quantum: number;
  flag: number;
  shift: number; // what is subtracted on the way out
} {
  // These may serve you.
  void [VM_BESTFIT, VM_FIRSTFIT, VM_NEXTFIT];
  throw new Error(`TODO: an arena for ${kind}`);
}

/** What breaks. */
export function bases(): { zero: What; empty: What; added: What; one: What } {
  throw new Error('TODO: four times works, null or panic');
}
