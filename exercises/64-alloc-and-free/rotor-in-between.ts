// A rotor in between.
// Kind: trace. Minutes: 25.
//
// Ten calls, one after the other, on an arena with the one span [200, 260),
// quantum 1 and no source. All is free, and the rotor has not moved yet.
// All allocations are made with VM_NOSLEEP too.
//
//    1  vmem_alloc(vmp, 20, VM_NEXTFIT)
//    2  vmem_alloc(vmp, 20, VM_NEXTFIT)
//    3  vmem_alloc(vmp, 10, 0)
//    4  vmem_free(vmp, 220, 20)
//    5  vmem_free(vmp, 240, 10)
//    6  vmem_alloc(vmp, 25, 0)
//    7  vmem_free(vmp, 200, 20)
//    8  vmem_alloc(vmp, 30, 0)
//    9  vmem_alloc(vmp, 25, VM_NEXTFIT)
//   10  vmem_free(vmp, 230, 25)
//
// For each, write down
//
//   addr   what comes back; null if it is refused, and for vmem_free
//   free   the free segments afterwards, each as [start, end], in the order
//          of addresses
//   rotor  where the rotor stands: at 220 if it is between a segment that
//          ends at 220 and one that begins there
//
// Return one row for each call, for instance (this is not row 1)
//
//   return [
//     { addr: 500, free: [[510, 520], [530, 560]], rotor: 510 },
//     …
//   ];
//
// '?' in the place of `addr` stands for a row that is still open.

interface Row {
  addr: number | null | '?';
  free: [start: number, end: number][];
  rotor: number;
}

export function trace(): Row[] {
  throw new Error('TODO: ten rows');
}
