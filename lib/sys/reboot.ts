// One kernel after another in the same process.
//
// A C kernel has static variables: tables, lists, counters. They are born
// with the machine's start and die with it. Ours are `let`s of a module,
// and a module lives as long as the notebook's kernel. Idea: whoever owns
// a static registers how it looks at power-on, and reboot() restores all.
//
// 1. After reboot() every registered static has its first value.
// 2. Owners are restored in the order in which they registered.
//
// Left out: memory that a program holds from before; it keeps its values,
// as a note on paper would.

const owners: (() => void)[] = [];

/** Registers a file's power-on state. Called once, when it is loaded. */
export function onReboot(restore: () => void): void {
  owners.push(restore);
}

/** Powers the machine off and on: all registered statics start anew. */
export function reboot(): void {
  for (const restore of owners) restore();
}
