// The arithmetic that vmem rests on, against the original's macros.
//
// A file "golden-macros/1" is one object: for each macro a list of its
// arguments with the result behind them.
import {
  highbit, lowbit, P2ALIGN, P2CROSS, P2NPHASE, P2PHASE, P2PHASEUP, P2ROUNDUP,
  P2SAMEHIGHBIT,
} from '../../sys/sysmacros.js';
import {
  VMEM_HASH_INDEX, VMEM_QCACHE_SLABSIZE,
} from '../../opensolaris/vmem_impl.js';
import { hashSizeFor } from '../../opensolaris/vmem_init.js';
import { MalformedTrace, type Header, type Outcome } from '../golden.js';

type Macro = (...args: number[]) => number | boolean;

const macros: { [name: string]: Macro } = {
  highbit,
  lowbit,
  P2ALIGN,
  P2PHASE,
  P2NPHASE,
  P2ROUNDUP,
  P2PHASEUP,
  P2CROSS,
  P2SAMEHIGHBIT,
  VMEM_HASH_INDEX,
  VMEM_QCACHE_SLABSIZE,
  hashSizeFor,
};

const isTuple = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 1 && value.every(Number.isSafeInteger);

/** One outcome for each tuple of the file. */
export function macroOutcomes(header: Header): Outcome[] {
  const outcomes: Outcome[] = [];
  for (const [name, tuples] of Object.entries(header)) {
    if (!Array.isArray(tuples)) continue;
    if (!Object.hasOwn(macros, name) || !tuples.every(isTuple)) {
      throw new MalformedTrace(`"${name}" is no macro of ours with tuples`);
    }
    for (const tuple of tuples) {
      const args = tuple.slice(0, -1);
      const expected = tuple[tuple.length - 1];
      const call = `${name}(${args.join(', ')})`;
      const got = Number(macros[name](...args));
      outcomes.push({ kind: 'operation', call, expected, got });
    }
  }
  return outcomes;
}
