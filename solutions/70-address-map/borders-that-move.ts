// Borders that move.
//
// The decision: a border moves by the sum of what grows between it and the
// nearest constant. 8 GB are 2^21 pages: 256 MB of structures at 128 bytes.
// Stacks, devices and files keep their size; segzio grows with memory, by
// 8192 MB. The end is a constant. With 32 bits the structures take 160 MB
// more, at 80 bytes, downwards, and kernelbase goes down by twice that.

type Answer = number | '?';

export function predict(): {
  stacks: Answer;
  devices: Answer;
  start: Answer;
  end: Answer;
  users: Answer;
  pages: Answer;
} {
  return {
    stacks: 256,
    devices: 8448,
    start: 8448,
    end: 0,
    users: -320,
    pages: -160,
  };
}
