// When a kernel stops: panic, and the ASSERT of a debugging kernel.
//
// Follows UNIX V7 sys/prf.c (panic) and illumos sys/debug.h (ASSERT).
// Idea: a caller that breaks a contract is stopped where it broke it. A
// kernel halts the machine; here a Panic is thrown, so that a cell or a
// test can catch it, read it and go on.
//
// 1. Panic.message is what the original prints, letter for letter, with
//    a map's or an arena's name in place of a pointer.
// 2. Running out of space is no panic: then the original's value (0,
//    NULL) comes back, unless its flag asked for a panic.
// 3. ASSERT costs a test and does nothing while debug is off, which is
//    the default, as in a production kernel.
//
// Left out: the halt itself, the crash dump, the register print-out; file
// and line in the message of an ASSERT. In C the condition is not even
// computed while debug is off; here it is.

/** What a debugger wants to know of the call that failed. */
export interface Facts {
  /** The call as it was made: "rmfree(kernelmap, 30, 31)". */
  call: string;
  /** Its arguments, and what they met. */
  [name: string]: number | string;
}

/** The kernel has stopped; `facts` says in which call, and on what. */
export class Panic extends Error {
  constructor(
    message: string,
    readonly facts: Facts,
  ) {
    super(message);
    this.name = 'Panic';
  }

  /** The facts on one line: addresses in hex, all else as it is. */
  explain(): string {
    const { call, ...rest } = this.facts;
    const shown = Object.entries(rest).map(
      ([name, value]) => `${name} ${show(name, value)}`,
    );
    return [`in ${call}`, ...shown].join(', ');
  }
}

/** A fact whose name ends in "addr" is an address. */
function show(name: string, value: number | string): string {
  if (typeof value !== 'number' || !name.endsWith('addr')) return `${value}`;
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

/** Stops the kernel. @throws Panic always */
export function panic(message: string, facts: Facts): never {
  throw new Panic(message, facts);
}

/** Is this a debugging kernel? Read it; change it by setDebug. */
export let debug = false;

/** Makes this a debugging kernel, or a production kernel again. */
export function setDebug(on: boolean): void {
  debug = on;
}

/**
 * States what must hold here; checked in a debugging kernel only.
 * @param text the condition as the original's source has it
 * @throws Panic when debug is on and the condition is false
 */
export function ASSERT(cond: boolean, text: string): void {
  if (debug && !cond) {
    panic(`assertion failed: ${text}`, { call: `ASSERT(${text})` });
  }
}
