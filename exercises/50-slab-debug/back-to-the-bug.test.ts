import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { GFP_KERNEL } from '../../lib/linux/gfp.js';
import { memset, write } from '../../lib/linux/memory.js';
import { bootMemory } from '../../lib/linux/page_alloc_boot.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../lib/linux/slab_alloc.js';
import { kmem_cache_create, kmem_cache_init } from '../../lib/linux/slab_create.js';
import { callFrom, pointer, RED_ACTIVE } from '../../lib/linux/slab_frame.js';
import { configure, type kmem_cache_t } from '../../lib/linux/slab_layout.js';
import { dmesg } from '../../lib/sys/cons.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './back-to-the-bug.js';

type Name = keyof ReturnType<typeof predict>;

const [OPEN, CLOSE, TIMER] = [0xc0210040, 0xc0210100, 0xc0210200];

/** A debugging kernel, and its two caches. */
function boot(): { session: kmem_cache_t; packet: kmem_cache_t } {
  reboot();
  bootMemory({ zones: [1024, 1024, 0] });
  configure({ CONFIG_DEBUG_SLAB: true });
  kmem_cache_init();
  return {
    session: kmem_cache_create('session', 40)!,
    packet: kmem_cache_create('packet', 40)!,
  };
}

function take(c: kmem_cache_t): number {
  callFrom(OPEN);
  return kmem_cache_alloc(c, GFP_KERNEL);
}

function give(c: kmem_cache_t, objp: number, from = CLOSE): void {
  callFrom(from);
  kmem_cache_free(c, objp);
}

/** What the kernel has said; it must name this. */
function said(fact: string): string {
  const text = dmesg().join('\n');
  if (!text.includes(fact)) throw new Error(`the message has no ${fact}`);
  return text;
}

/** The word behind "redzone N: ", as its bytes lie in memory. */
function zone(text: string, n: 1 | 2): number[] {
  const word = Number(new RegExp(`redzone ${n}: (0x[0-9a-f]+)`).exec(text)![1]);
  return [0, 8, 16, 24].map((shift) => (word >>> shift) & 255);
}

const whole = [0, 8, 16, 24].map((shift) => (RED_ACTIVE >>> shift) & 255);

const ask = (name: Name, call: string, is: unknown, beliefs: Belief[]): void =>
  predicted(predict, name, { call: `${name}: ${call}`, is, beliefs });

it('reads what happened in A [1 point]', () => {
  ask('aWhat', 'what happened', 'overrun', [
    { if: 'double free', then: 'After a free both red zones would say inactive, '
      + '5a2cf071.' },
    { if: 'underrun', then: 'The zone before the object, red zone 1, is whole.' },
    { if: 'use after free', then: 'Red zone 1 says active: the object was in use.' },
    { if: 'wrong cache', then: 'There would be a mismatch of caches.' },
  ]);
});

it('counts the bytes that were written outside in A [1 point]', () => {
  const { session } = boot();
  const objp = take(session);
  write(objp + 35, [0x65, 0x72, 0x2e, 0x65, 0x65, 0x74, 0x68, 0]);
  give(session, objp);
  const bytes = zone(said('0x17006874'), 2);
  const is = bytes.filter((byte, i) => byte !== whole[i]).length;
  ask('aBytes', 'bytes outside', is, [
    { if: 4, then: 'The highest byte, 17, is as it was.' },
    { if: 2, then: 'The text ends with a zero, and that is written as well.' },
    { if: 1, then: 'Put the two words below each other: 170fc2a5 and 17006874.' },
    { if: 8, then: 'That may be what was copied. How much of it lies outside?' },
  ]);
});

it('reads what happened in B [1 point]', () => {
  const { session } = boot();
  const objp = take(session);
  give(session, objp);
  give(session, objp);
  said('redzone 1: 0x5a2cf071, redzone 2: 0x5a2cf071.');
  ask('bWhat', 'what happened', 'double free', [
    { if: 'overrun', then: 'Nobody writes 5a2cf071 by chance, and on both sides.' },
    { if: 'underrun', then: 'Nobody writes 5a2cf071 by chance, and on both sides.' },
    { if: 'use after free', then: 'The message comes from a free. What state was '
      + 'the object in?' },
  ]);
});

/** Message C: a timer frees a session, and somebody counts in it. */
function counted(byte: number): number {
  const { session } = boot();
  const [, old] = [take(session), take(session), take(session)];
  give(session, old, TIMER);
  write(old + byte, [0x6c]);
  take(session);
  said(`start=${pointer(old)}, len=40`);
  return byte;
}

it('reads what happened in C [1 point]', () => {
  counted(20);
  ask('cWhat', 'what happened', 'use after free', [
    { if: 'overrun', then: 'The red zones are whole: nobody came over the border.' },
    { if: 'underrun', then: 'The red zones are whole: nobody came over the border.' },
    { if: 'double free', then: 'Freed once, and then written: one byte of the '
      + 'poison is wrong.' },
  ]);
});

it('finds the byte that was written in C [1 point]', () => {
  ask('cByte', 'the byte that was written', counted(20), [
    { if: 4, then: 'The line begins with byte 16: 010 is in hex.' },
    { if: 14, then: '010 is hex, and so 16.' },
    { if: 21, then: 'The first byte is number 0.' },
    { if: 24, then: 'Bytes are counted from the start of the object, not of its '
      + 'frame.' },
  ]);
});

it('finds who freed the object of C [1 point]', () => {
  counted(20);
  said(`Last user: [<${pointer(TIMER)}>]`);
  ask('cFreed', 'the code that freed it', pointer(TIMER), [
    { if: pointer(OPEN), then: 'That is the last user of the neighbours, which are in use.' },
    { if: pointer(CLOSE), then: 'It frees sessions, but the frame of this one names '
      + 'another.' },
    { if: 'c040638c', then: 'That is the object. Who was its last user?' },
  ]);
});

/** Message D: zeros go from one session into the next. */
function tooFar() {
  const { session } = boot();
  const [hit, culprit] = [take(session), take(session)];
  memset(culprit + 40, 0, 14);
  give(session, hit);
  const text = said(`${pointer(hit - 4)}: redzone 1: 0x0`);
  const bytes = zone(text, 1).filter((byte, i) => byte !== whole[i]).length;
  // From the end of the culprit to the object that was hit, if all its zone is.
  const least = hit - (culprit + 40) - (4 - bytes);
  return { hit, culprit, least };
}

it('reads what happened in D [1 point]', () => {
  tooFar();
  ask('dWhat', 'what happened', 'overrun', [
    { if: 'underrun', then: 'Its owner has not written. Who else comes to the word '
      + 'before an object?' },
    { if: 'double free', then: 'Both red zones would say 5a2cf071.' },
    { if: 'use after free', then: 'Red zone 2 says active: the object is in use.' },
  ]);
});

it('finds the object whose owner wrote too far in D [1 point]', () => {
  const { hit, culprit } = tooFar();
  ask('dCulprit', 'the object', pointer(culprit), [
    { if: pointer(hit), then: 'That is the one that was hit.' },
    { if: pointer(hit - 4), then: 'That is the frame of the one that was hit.' },
    { if: pointer(culprit - 4), then: 'That is its frame: the object begins 4 bytes later.' },
    { if: pointer(hit + 52), then: 'An overrun goes up: the culprit lies below.' },
    { if: pointer(hit - 40), then: 'With their frames, objects stand 52 bytes apart.' },
    { if: pointer(hit - 44), then: 'With their frames, objects stand 52 bytes apart.' },
  ]);
});

it('finds how far the owner in D wrote [1 point]', () => {
  const { least } = tooFar();
  ask('dBytes', 'bytes behind the object', least, [
    { if: 4, then: 'Those are the bytes of the zone that is shown. On the way '
      + 'there lie two words more.' },
    { if: 8, then: 'Behind an object lie its red zone and its last user, and then '
      + 'the zone that is shown, all of it.' },
    { if: 14, then: 'Perhaps; but the message shows only that the word is gone.' },
    { if: 9, then: 'All four bytes of red zone 1 are 0.' },
    { if: 52, then: 'The other frame begins behind the culprit, 8 bytes after '
      + 'its end.' },
  ]);
});

it('finds the owner of the object in E [1 point]', () => {
  const { session, packet } = boot();
  give(packet, take(session));
  const text = said('mismatch in kmem_cache_free');
  const right = /expected cache ([0-9a-f]+)/.exec(text)![1];
  const is = new RegExp(`^${right} is (.*)\\.$`, 'm').exec(text)![1];
  ask('eOwner', 'the cache that the object belongs to', is, [
    { if: packet.name, then: 'That is the cache that the caller named: "got".' },
  ]);
});
