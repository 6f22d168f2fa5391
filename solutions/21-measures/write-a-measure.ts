// Write a measure.
//
// The decision: first ask what is divided by what. unusable divides units
// by units, so each hole counts with its length. served must round down in
// each hole and not in the sum, because no request takes a part of one hole
// and a part of another. lostAtPeak divides two numbers of one moment; the
// loop looks for the moment alone, and `>` keeps the first of equal ones.
import type { Piece } from '../../lib/trace/allocator.js';
import { total } from '../../lib/trace/measures.js';
import type { Sample } from '../../lib/trace/run.js';

const units = ({ start, end }: Piece): number => end - start;

export function unusable(holes: Piece[], size: number): number {
  const free = total(holes);
  if (free === 0) return 0;
  return total(holes.filter((hole) => units(hole) < size)) / free;
}

export function served(holes: Piece[], size: number): number {
  let requests = 0;
  for (const hole of holes) requests += Math.floor(units(hole) / size);
  return requests;
}

export function lostAtPeak(samples: Sample[]): number {
  let peak: Sample | null = null;
  for (const sample of samples) {
    if (peak === null || sample.live > peak.live) peak = sample;
  }
  if (peak === null || peak.taken === 0) return 0;
  return (peak.taken - peak.live) / peak.taken;
}
