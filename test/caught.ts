// Errors that a test waits for.
import { Panic } from '../lib/sys/panic.js';

/** The error of this kind that f throws; any other passes through. */
export function caught<E extends Error>(
  kind: abstract new (...args: never[]) => E,
  f: () => unknown,
): E {
  try {
    f();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`it returned; a ${kind.name} was expected`);
}

/** The Panic that f stops with. */
export const panicOf = (f: () => unknown): Panic => caught(Panic, f);
