import { it } from 'vitest';
import { attempt, drawMaps, Finding, judge, write } from '../../lib/grade/judge.js';
import { fitMap, type Policy } from '../../lib/trace/adapters/fits.js';
import type { Request } from '../../lib/trace/requests.js';
import { bestLoses, firstLoses, nextLoses } from './best-fit-loses.js';

const policies: Policy[] = ['first', 'best', 'next'];

/** The student's list as requests, or a finding that says what is not one. */
function requestsOf(call: string, ops: unknown): Request[] {
  if (!Array.isArray(ops)) throw new Finding(`${call}: it returns an array.`);
  if (ops.length > 200) throw new Finding(`${call}: at most 200 requests.`);
  const sizes = new Map<unknown, number>();
  const alive = new Set<unknown>();
  return ops.map((row: unknown, i): Request => {
    const [op, id, size] = Array.isArray(row) ? row : [row];
    const no = (fact: string) =>
      new Finding(`${call}, request ${i}, ${write(row)}: ${fact}`);
    if (op === 'alloc' && Number.isInteger(id)) {
      if (sizes.has(id)) throw no('this id has been allocated before.');
      if (!Number.isInteger(size) || size < 1) {
        throw no('a size is a whole number, at least 1.');
      }
      sizes.set(id, size);
      alive.add(id);
      return { op, id, size };
    }
    if (op === 'free' && Number.isInteger(id)) {
      if (!alive.delete(id)) throw no('nobody has this id now.');
      return { op, id, size: sizes.get(id)! };
    }
    throw no("a request is ['alloc', id, size] or ['free', id].");
  });
}

/** What a policy made of the requests, up to its first refusal. */
interface Outcome {
  refused: number;
  at: number; // the first request refused; -1 for none
  free: [size: number, addr: number][]; // before that request
}

function serve(policy: Policy, requests: Request[], units: number): Outcome {
  const map = fitMap({ policy, units, start: 1, slots: 300 });
  const held = new Map<number, number>();
  const out: Outcome = { refused: 0, at: -1, free: [] };
  requests.forEach(({ op, id, size }, i) => {
    const addr = held.get(id);
    if (op === 'free') {
      if (addr !== undefined) map.free(addr, size); // it was not refused
      return;
    }
    const free = map.holes();
    const got = map.alloc(size);
    if (got !== null) {
      held.set(id, got);
      return;
    }
    out.refused++;
    if (out.at >= 0) return;
    out.at = i;
    out.free = free.map(({ start, end }) => [end - start, start]);
  });
  return out;
}

/** What may help whose loser is not the one that should lose. */
const advice: Record<Policy, string> = {
  first: 'First fit takes the low hole, if it is large enough, where a smaller '
    + 'one lies above it. What is then missing?',
  best: 'Best fit breaks the small hole and keeps the large one whole, as long as '
    + 'it can. Which request would the small one have served, and when is the '
    + 'large one broken too?',
  next: 'Next fit does not use the low holes as long as there is room above '
    + 'the last piece given out. What becomes of the high hole?',
};

/** Judges a workload on which `loser` alone refuses at least so many. */
function hold(
  loser: Policy,
  call: string,
  make: () => unknown,
  units: number,
  times = 1,
): Request[] {
  const requests = requestsOf(call, attempt(call, make));
  for (const policy of policies) {
    if (policy === loser) continue;
    const { at, refused, free } = serve(policy, requests, units);
    if (at < 0) continue;
    const lost = serve(loser, requests, units).refused;
    judge({
      call: `requests refused by ${policy} fit, of ${call}`,
      have: refused,
      is: 0,
      beliefs: [
        { if: () => free.reduce((sum, [size]) => sum + size, 0) < requests[at].size,
          then: `Request ${at} asks for ${requests[at].size}, and less is free. `
            + 'No policy can help there.' },
        { if: () => policy === 'next' && lost > 0,
          then: `Next fit refuses request ${at} too. Where is its rotor when `
            + 'the holes are there? The piece given out last decides it.' },
        { if: () => lost > 0,
          then: `${policy} fit refuses request ${at} too, for `
            + `${requests[at].size} units. ${advice[loser]}` },
        { if: () => true, then: advice[loser] },
      ],
      drawn: drawMaps([{ name: `free before request ${at}`, pieces: free }]),
    });
  }
  const { refused } = serve(loser, requests, units);
  if (refused >= times) return requests;
  throw new Finding(
    `requests refused by ${loser} fit, of ${call}: you have ${refused}, it is `
      + `${times} or more.\n`
      + (refused === 0
        ? advice[loser]
        : 'When all has come back the range is whole, and it can begin again '
          + 'with new ids.'),
  );
}

it('first fit alone refuses a request, for any number of units [2 points]', () => {
  for (const units of [24, 37, 100]) {
    hold('first', `firstLoses(${units})`, () => firstLoses(units), units);
  }
});

it('next fit alone refuses a request, for any number of units [2 points]', () => {
  for (const units of [24, 37, 100]) {
    hold('next', `nextLoses(${units})`, () => nextLoses(units), units);
  }
});

it('best fit alone refuses a request in a range of 24 units [2 points]', () => {
  hold('best', 'bestLoses(24, 1)', () => bestLoses(24, 1), 24);
});

it('best fit alone refuses a request in any range [1 point]', () => {
  for (const units of [25, 31, 50, 1000]) {
    hold('best', `bestLoses(${units}, 1)`, () => bestLoses(units, 1), units);
  }
});

it('best fit alone refuses a request, of eight at most [1 point]', () => {
  const call = 'bestLoses(40, 1)';
  const { length } = hold('best', call, () => bestLoses(40, 1), 40);
  if (length <= 8) return;
  throw new Finding(
    `${call}: you have ${length} requests, it is 8 at most.\n`
      + 'Two holes are enough, and nothing has to come back in the end.',
  );
});

it('best fit alone refuses as many requests as are wanted [1 point]', () => {
  for (const times of [2, 5, 12]) {
    hold('best', `bestLoses(60, ${times})`, () => bestLoses(60, times), 60, times);
  }
});
