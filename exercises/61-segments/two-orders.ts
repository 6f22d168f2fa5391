// Two orders.
// Kind: trace. Minutes: 25.
//
// One arena: base 4096, size 1024, quantum 64. Nine calls, one after the
// other; no request fails. For each write down what it returns, what is
// free by address, and what is free by list.
//
//   1  vmem_alloc(a, 128, VM_NOSLEEP)
//   2  vmem_alloc(a, 64, VM_NOSLEEP)
//   3  vmem_alloc(a, 192, VM_NOSLEEP)
//   4  vmem_alloc(a, 100, VM_NOSLEEP)
//   5  vmem_free(a, 4096, 128)
//   6  vmem_free(a, 4288, 192)
//   7  vmem_alloc(a, 64, VM_NOSLEEP)
//   8  vmem_free(a, 4224, 64)
//   9  vmem_free(a, 4480, 100)
//
// Notebook 64 reads how vmem_alloc chooses a list. Here it is enough that
// it takes the first segment of the lowest list on which every segment is
// large enough, and cuts at its low end.
//
// Return one row for each call, for instance (this is not row 1)
//
//   return [
//     {
//       returned: 8000,
//       byAddress: [[4096, 64], [4992, 128]],
//       byList: [[6, 4096], [7, 4992]],
//     },
//     …
//   ];
//
// byAddress has each free segment as [address, size], in ascending order.
// byList has the same segments as [list, address], list by list, and within
// a list first to last. vmem_free returns nothing: write null. '?' in the
// place of `returned` stands for a row that is still open. Each row is held
// against the right one, not against your row above.

interface Row {
  returned: number | null | '?';
  byAddress: [address: number, size: number][];
  byList: [list: number, address: number][];
}

export function trace(): Row[] {
  throw new Error('TODO: nine rows');
}
