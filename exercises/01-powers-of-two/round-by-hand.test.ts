import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import {
  highbit,
  lowbit,
  P2ALIGN,
  P2NPHASE,
  P2PHASE,
  P2PHASEUP,
  P2ROUNDUP,
} from '../../lib/sys/sysmacros.js';
import { predict } from './round-by-hand.js';

/** What every question may get: a number that is written as a text. */
const asText = (is: number): Belief => ({
  if: String(is),
  then: 'The digits are right, but a number is written without quotes.',
});

function ask(
  name: keyof ReturnType<typeof predict>,
  call: string,
  is: number,
  beliefs: Belief[],
): void {
  predicted(predict, name, { call, is, beliefs: [...beliefs, asText(is)] });
}

it('rounds 70 up to a multiple of 16 [1 point]', () => {
  const is = P2ROUNDUP(70, 16);
  ask('roundup70', 'P2ROUNDUP(70, 16)', is, [
    { if: P2ALIGN(70, 16),
      then: 'That is rounding down: the start of the block that 70 lies in.' },
    { if: P2NPHASE(70, 16),
      then: 'That is how far it is to the multiple, not the multiple.' },
    { if: is + 16, then: 'One block too many: a nearer multiple is not below 70.' },
    { if: 2 ** highbit(70),
      then: 'That is the next power of two. A multiple of 16 is asked for.' },
  ]);
});

it('rounds 96, which is a multiple of 32 already [1 point]', () => {
  ask('roundup96', 'P2ROUNDUP(96, 32)', P2ROUNDUP(96, 32), [
    { if: 96 + 32,
      then: 'Rounding up does not always move a number: a multiple stays. '
        + 'The macro adds align - 1, not align.' },
    { if: 96 - 32, then: 'A multiple stays: it is neither moved up nor down.' },
    { if: 0, then: 'That is how far it is to the multiple, not the multiple.' },
  ]);
});

it('finds the place of 77 in its block of 16 [1 point]', () => {
  ask('phase77', 'P2PHASE(77, 16)', P2PHASE(77, 16), [
    { if: P2NPHASE(77, 16),
      then: 'That is the way up to the next start, P2NPHASE.' },
    { if: Math.floor(77 / 16),
      then: 'That is the number of the block, the upper digits. The phase is '
        + 'in the lower ones.' },
    { if: P2ALIGN(77, 16), then: 'That is where the block starts, P2ALIGN.' },
    { if: 77 & 16, then: 'The mask is align - 1, not align.' },
  ]);
});

it('finds the way from 80 to the next multiple of 16 [1 point]', () => {
  ask('nphase80', 'P2NPHASE(80, 16)', P2NPHASE(80, 16), [
    { if: 16,
      then: '80 is a start itself. By the convention there is no way to go.' },
    { if: 80, then: 'That is the multiple. Asked for is the way to it.' },
    { if: 96, then: 'That is the next start but one, and not the way to it.' },
  ]);
});

it('finds the position of the highest one in 100 [1 point]', () => {
  ask('highbit100', 'highbit(100)', highbit(100), [
    { if: highbit(100) - 1,
      then: 'Positions are counted from 1, so that 0 can say "no bit is set".' },
    { if: 2 ** (highbit(100) - 1),
      then: 'That is what the bit is worth. Asked for is its position.' },
    { if: lowbit(100), then: 'Counted from the right: that is the lowest one.' },
    { if: 128, then: 'That is the next power of two, not a position.' },
    { if: 1, then: 'Positions are counted from the right, the low end.' },
  ]);
});

it('finds the position of the lowest one in 100 [1 point]', () => {
  ask('lowbit100', 'lowbit(100)', lowbit(100), [
    { if: lowbit(100) - 1,
      then: 'Positions are counted from 1, so that 0 can say "no bit is set".' },
    { if: 2 ** (lowbit(100) - 1),
      then: 'That is what the bit is worth. Asked for is its position.' },
    { if: 1, then: 'The digit at position 1 of 1100100 is a 0.' },
    { if: 5, then: 'Positions are counted from the right, the low end.' },
  ]);
});

it('finds the first number from 20 on at phase 8 of 64 [1 point]', () => {
  ask('phaseup20', 'P2PHASEUP(20, 64, 8)', P2PHASEUP(20, 64, 8), [
    { if: 8, then: '8 lies right in its block, but it is below 20.' },
    { if: 28, then: 'The phase counts from a multiple of 64, not from x.' },
    { if: 64, then: 'That is the start of the block. The phase is still missing.' },
    { if: 24, then: 'That is a multiple of 8. It lies 24 above a multiple of 64.' },
    { if: 136, then: 'One block too many: a nearer number is not below 20.' },
  ]);
});
