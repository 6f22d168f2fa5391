// A rotor in between.
//
// The decision: draw the rotor as if it were a segment. Rows 1 and 2 leave
// it at 240, where it stays until next fit moves it. In rows 4 and 5 two
// free segments of 20 come to stand on its two sides, so 25 are refused
// although 40 lie together. In row 9 next fit goes round, moves the rotor
// over [240, 260), and finds [230, 260) in one piece. Then it stands behind
// what was taken, at 255, and keeps row 10 apart too.

interface Row {
  addr: number | null | '?';
  free: [start: number, end: number][];
  rotor: number;
}

export function trace(): Row[] {
  return [
    { addr: 200, free: [[220, 260]], rotor: 220 },
    { addr: 220, free: [[240, 260]], rotor: 240 },
    { addr: 240, free: [[250, 260]], rotor: 240 },
    { addr: null, free: [[220, 240], [250, 260]], rotor: 240 },
    { addr: null, free: [[220, 240], [240, 260]], rotor: 240 },
    { addr: null, free: [[220, 240], [240, 260]], rotor: 240 },
    { addr: null, free: [[200, 240], [240, 260]], rotor: 240 },
    { addr: 200, free: [[230, 240], [240, 260]], rotor: 240 },
    { addr: 230, free: [[255, 260]], rotor: 255 },
    { addr: null, free: [[230, 255], [255, 260]], rotor: 255 },
  ];
}
