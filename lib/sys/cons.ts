// The console: what a kernel says while it runs.
//
// Follows UNIX V7 sys/prf.c (printf) and the message buffer that dmesg(1M)
// reads (struct msgbuf in 4.3BSD). Idea: an allocator that loses memory
// does not fail, it says so and goes on; so what it said must be kept.
//
// 1. dmesg() holds the messages since the last reboot(), oldest first,
//    one entry for each call of printf.
// 2. It holds at most messagesKept of them: the oldest go first.
// 3. printed counts all of them, also those that are gone.
//
// Left out: formats (a template string does their work), the buffer's
// size in bytes, the delay of a real terminal.
import { onReboot } from './reboot.js';

/** Messages kept. The original counts bytes: 4,096 less its header. */
export const messagesKept = 1000;

let msgbuf: string[] = [];

/** Messages since boot. */
export let printed = 0;

onReboot(() => {
  msgbuf = [];
  printed = 0;
});

/** Says something on the console. No newline needed. */
export function printf(text: string): void {
  printed++;
  msgbuf.push(text);
  if (msgbuf.length > messagesKept) msgbuf.shift();
}

/** What the kernel has said since it booted. */
export function dmesg(): readonly string[] {
  return [...msgbuf];
}
