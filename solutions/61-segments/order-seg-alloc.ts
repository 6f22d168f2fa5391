// Put vmem_seg_alloc in order.
//
// The decision: first note where the segment begins and ends, because later
// steps change it. The question of the list comes before anything is moved.
// In the short branch the free segment moves its start before vsp becomes
// the name of the new one. In the other, the right rest goes before the left
// one, so that the left is found first. The hash table comes last, for both
// branches: it uses the link of the kin and the address, which are now final.

export function order(): string[] {
  return [
    'O', 'E', // note, round
    'L', 'J', 'K', // shrink, and stay on the list
    'A', 'H', 'G', 'F', 'M', 'I', // take out, right rest, left rest
    'C', // record
  ];
}
