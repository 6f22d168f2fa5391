// Which flag here, and why.
//
// The decision: where the code is comes first, what it wants comes second.
// Who must not sleep has one mask, whatever he allocates for; the bit to
// wait is the harm, and without it the others are never read. Who may sleep
// leaves out what would come back to him. A place for the pages is added.
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

export function choose(place: Place): number {
  switch (place) {
    case 'packet':
    case 'lock':
      return GFP_ATOMIC;
    case 'timer':
      return GFP_ATOMIC | GFP_DMA;
    case 'file':
      return GFP_NOFS;
    case 'queue':
      return GFP_NOIO;
    case 'fault':
      return GFP_HIGHUSER;
    case 'sound':
      return GFP_KERNEL | GFP_DMA;
    case 'read':
      return GFP_KERNEL;
  }
}

export function harm(place: Place): number {
  if (place === 'file') return __GFP_FS;
  if (place === 'queue') return __GFP_IO | __GFP_FS;
  const atomic = place === 'packet' || place === 'lock' || place === 'timer';
  return atomic ? __GFP_WAIT : 0;
}
