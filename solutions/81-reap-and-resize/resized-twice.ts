// Resized twice.
//
// The decision: prev is noted at every update, so that a difference belongs
// to one interval. After a growth it is noted with something added that no
// count can make up for: KMEM adds INT_MAX, here Infinity does. The next
// difference is negative, and the update after it sets prev right. A chunk
// must be below the limit. Two intervals of four show it.

interface Type { rounds: number; minbuf: number; maxbuf: number }

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

export function twice(): number[] {
  return [4, 4];
}

export function lengths(chunk: number, meetings: readonly number[]): number[] {
  let type = types.findIndex(({ minbuf }) => chunk > minbuf);
  let contention = 0;
  let prev = 0;
  return meetings.map((met) => {
    contention += met; // count
    const more = contention - prev; // difference
    prev = contention; // note
    if (more > 3 && chunk < types[type].maxbuf) { // grow
      type++;
      prev = Infinity;
    }
    return types[type].rounds;
  });
}
