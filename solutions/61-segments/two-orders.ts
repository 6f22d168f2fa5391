// Two orders.
//
// The decision: keep two drawings, and change both at each call. The rest at
// the end shrinks on list 9 and keeps its place. Call 6 puts 4288 before
// 4096 on list 7. Call 7 takes the first of them, 192 long; the 128 that
// stay are of list 7 as before, so they do not move. Call 8 joins below, and
// the sum goes to the head. Call 9 joins on both sides, rounded up to 128.

interface Row {
  returned: number | null | '?';
  byAddress: [address: number, size: number][];
  byList: [list: number, address: number][];
}

export function trace(): Row[] {
  return [
    {
      returned: 4096,
      byAddress: [[4224, 896]],
      byList: [[9, 4224]],
    },
    {
      returned: 4224,
      byAddress: [[4288, 832]],
      byList: [[9, 4288]],
    },
    {
      returned: 4288,
      byAddress: [[4480, 640]],
      byList: [[9, 4480]],
    },
    {
      returned: 4480,
      byAddress: [[4608, 512]],
      byList: [[9, 4608]],
    },
    {
      returned: null,
      byAddress: [[4096, 128], [4608, 512]],
      byList: [[7, 4096], [9, 4608]],
    },
    {
      returned: null,
      byAddress: [[4096, 128], [4288, 192], [4608, 512]],
      byList: [[7, 4288], [7, 4096], [9, 4608]],
    },
    {
      returned: 4288,
      byAddress: [[4096, 128], [4352, 128], [4608, 512]],
      byList: [[7, 4352], [7, 4096], [9, 4608]],
    },
    {
      returned: null,
      byAddress: [[4096, 192], [4352, 128], [4608, 512]],
      byList: [[7, 4096], [7, 4352], [9, 4608]],
    },
    {
      returned: null,
      byAddress: [[4096, 192], [4352, 768]],
      byList: [[7, 4096], [9, 4352]],
    },
  ];
}
