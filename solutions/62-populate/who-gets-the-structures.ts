// Who gets the structures.
//
// The decision: 16 structures for the arena and 12 for each populator are
// 52, or 12,064 bytes, and vmem_seg gives three pages, in which there are
// again 52. The populators come first: vmem_seg gets 2 and vmem_metadata 1,
// so both have 12. `ids` gets 11 to have 16, and 38 are left. Then the id
// itself takes one structure. Five populators: 76 structures, 17,632 bytes,
// five pages.
type Answer = number | '?';

export function predict(): {
  bytes: Answer;
  made: Answer;
  metadata: Answer;
  own: Answer;
  charity: Answer;
  bytes5: Answer;
} {
  return {
    bytes: 12288,
    made: 52,
    metadata: 12,
    own: 15,
    charity: 38,
    bytes5: 20480,
  };
}
