// Borders that move.
// Kind: predict. Minutes: 20.
//
// A machine has 8 GB of memory, and gets 8 GB more. How far does each
// border of the kernel's address map move? In MB: more than 0 is up, less
// is down, 0 is not at all. 4 GB are 2 to the power of 20 pages.
//
// With 64 bits, as layout_kernel_va computes them:
//   stacks       segkp_base, the start of the threads' stacks
//   devices      toxic_addr, the start of the devices' area
//   start        kernelheap, where the heap starts
//   end          COREHEAP_BASE, where the heap ends
// With 32 bits, as map32 computes them:
//   users        kernelbase, where users end
//   pages        valloc_base, where the page structures start
//
// Return { stacks: 0, devices: '?', ... }; '?' is no answer yet.

type Answer = number | '?';

/** Six distances in MB. */
export function predict(): {
  stacks: Answer;
  devices: Answer;
  start: Answer;
  end: Answer;
  users: Answer;
  pages: Answer;
} {
  throw new Error('TODO: six distances in MB');
}
