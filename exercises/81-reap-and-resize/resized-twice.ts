// Resized twice.
// Kind: bug. Minutes: 25.
//
// lengths below is somebody's idea of how kmem_cache_update makes magazines
// longer. It is given the size of a chunk, and for each interval how often
// CPUs met at the depot's lock. It returns the rounds of a magazine after
// each interval. It has three bugs; one is that magazines grow twice where
// KMEM lets them grow once. Two tasks:
//
// 1. twice() returns a list of meetings, one number for each interval, for
//    chunks of 200 bytes. On this list the lengths below must grow more often
//    than KMEM's. Each interval is to have more than 3 meetings. A list has
//    at most 12 intervals; the shortest one earns a point more.
//
// 2. Repair lengths. It is held against kmem_cache_update and its tasks.

interface Type { rounds: number; minbuf: number; maxbuf: number }

/** The lengths that there are: kmem_magtype, as the notebooks have it. */
const types: readonly Type[] = [
  { rounds: 1, minbuf: 3200, maxbuf: 65536 },
  { rounds: 3, minbuf: 256, maxbuf: 32768 },
  { rounds: 7, minbuf: 64, maxbuf: 16384 },
  { rounds: 15, minbuf: 0, maxbuf: 8192 },
  { rounds: 31, minbuf: 0, maxbuf: 4096 },
  { rounds: 47, minbuf: 0, maxbuf: 2048 },
  { rounds: 63, minbuf: 0, maxbuf: 1024 },
  { rounds: 95, minbuf: 0, maxbuf: 512 },
  { rounds: 143, minbuf: 0, maxbuf: 0 },
];

/** Meetings in each interval. */
export function twice(): number[] {
  throw new Error('TODO: a list of meetings');
}

/** The rounds after each interval. */
export function lengths(chunk: number, meetings: readonly number[]): number[] {
  let type = types.findIndex(({ minbuf }) => chunk > minbuf);
  let contention = 0;
  let prev = 0;
  return meetings.map((met) => {
    contention += met;
    if (contention - prev > 3 && chunk <= types[type].maxbuf) {
      type++;
      prev = contention;
    }
    return types[type].rounds;
  });
}
