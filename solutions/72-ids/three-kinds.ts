// Three kinds of ids.
//
// The decision: the numbers that go out, then the wish. Pids lie in the
// arena as they are, and next fit lets them rest for a round. A minor of 0
// cannot lie in an arena, so all are one higher inside. Any policy but next
// fit keeps them low. Ports get the quantum 16, by which all ranges begin
// at multiples of 16; best fit keeps large gaps for large requests. And a
// base must be a multiple of the quantum, but not 0: 1 is none of 16.
import {
  VM_BESTFIT,
  VM_NEXTFIT,
} from '../../lib/opensolaris/vmem_impl.js';

type Kind = 'pid' | 'minor' | 'ports';
type What = 'works' | 'null' | 'panic' | '?';

export function choose(kind: Kind): {
  base: number;
  size: number;
  quantum: number;
  flag: number;
  shift: number;
} {
  if (kind === 'pid') {
    return { base: 2, size: 98, quantum: 1, flag: VM_NEXTFIT, shift: 0 };
  }
  if (kind === 'minor') {
    return { base: 1, size: 16, quantum: 1, flag: 0, shift: 1 };
  }
  return { base: 1024, size: 1024, quantum: 16, flag: VM_BESTFIT, shift: 0 };
}

export function bases(): { zero: What; empty: What; added: What; one: What } {
  return { zero: 'panic', empty: 'null', added: 'panic', one: 'panic' };
}
