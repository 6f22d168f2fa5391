// A guard between a test and a solution: what will later cross a process
// border must be plain data, at most 1,000 objects and 200 calls a test.
import { expect } from 'vitest';

const CALLS = 200;
const OBJECTS = 1000;

let test = '';
let calls = 0;

/** Wraps a solution's function, to look at all that goes in and comes out. */
export function crossing(f: unknown): unknown {
  if (typeof f !== 'function') throw new Error('only functions cross (R1)');
  return (...args: unknown[]): unknown => {
    const now = expect.getState().currentTestName ?? '';
    calls = now === test ? calls + 1 : 1;
    test = now;
    if (calls > CALLS) throw new Error(`more than ${CALLS} calls in a test (R6)`);
    inspect(args);
    const result: unknown = f(...args);
    if (typeof result === 'function') throw new Error('a function came out (R4)');
    inspect([result]);
    return result;
  };
}

/** Walks a value without recursion, and throws at what must not cross. */
function inspect(start: unknown[]): void {
  const seen = new Set<object>();
  const queue: unknown[] = [...start];
  for (let i = 0; i < queue.length; i++) {
    const value = queue[i];
    if (typeof value === 'symbol') throw new Error('a symbol crosses (R2)');
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (seen.size > OBJECTS) throw new Error(`more than ${OBJECTS} objects (R6)`);
    if (value instanceof Promise) throw new Error('a promise crosses (R5)');
    // A getter may have an effect; what stands behind it is not data.
    for (const field of Object.values(Object.getOwnPropertyDescriptors(value))) {
      queue.push(field.value);
    }
  }
}
