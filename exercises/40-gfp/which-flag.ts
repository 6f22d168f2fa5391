// Which flag here, and why.
// Kind: choose. Minutes: 25.
//
// Eight places in a kernel need memory:
//
//   'read'    a system call needs a buffer for itself; it holds nothing
//   'packet'  the interrupt handler of a network card
//   'lock'    the same system call, between spin_lock and spin_unlock
//   'file'    a file system makes a file; it holds the directory's lock, a
//             lock whose owner may sleep
//   'queue'   the queue of a disk needs a record, to start a request
//   'fault'   a program touches a page for the first time; the kernel will
//             not look into it
//   'sound'   a program opens a sound card on the ISA bus, which writes into
//             the buffer by itself
//   'timer'   a softirq gives the same card a new buffer
//
// 1. choose(place) returns a mask: one of the GFP_ names, or one of them and
//    GFP_DMA. It permits as much as the place allows, and no more.
//
// 2. harm(place) is the reason: the bits of GFP_KERNEL that must not be in
//    a mask here, as a sum. Bits that have no effect without another bit
//    that is to be left out do no harm. 0: GFP_KERNEL does no harm here.
//    Where the pages lie is no matter here.
import {
  __GFP_FS,
  __GFP_IO,
  __GFP_WAIT,
  GFP_ATOMIC,
  GFP_DMA,
  GFP_HIGHUSER,
  GFP_KERNEL,
  GFP_NOFS,
  GFP_NOIO,
} from '../../lib/linux/gfp.js';

type Place =
  | 'read' | 'packet' | 'lock' | 'file' | 'queue' | 'fault' | 'sound' | 'timer';

/** The mask for a place. */
export function choose(place: Place): number {
  // These may serve you.
  void [GFP_ATOMIC, GFP_DMA, GFP_HIGHUSER, GFP_KERNEL, GFP_NOFS, GFP_NOIO];
  throw new Error(`TODO: a mask for ${place}`);
}

/** The bits of GFP_KERNEL that do harm there. */
export function harm(place: Place): number {
  void [__GFP_FS, __GFP_IO, __GFP_WAIT];
  throw new Error(`TODO: the harm at ${place}`);
}
