import { it } from 'vitest';
import { predicted, type Belief } from '../../lib/grade/judge.js';
import { KM_SLEEP } from '../../lib/opensolaris/kmem.js';
import { kmem_alloc, kmem_free } from '../../lib/opensolaris/kmem_alloc.js';
import { kmem_cache_create } from '../../lib/opensolaris/kmem_create.js';
import { bt_bxstat, KMEM_SIZE_DECODE } from '../../lib/opensolaris/kmem_error.js';
import { KMEM_BUFTAG, statics, type kmem_cache_t } from '../../lib/opensolaris/kmem_impl.js';
import { bootKmem } from '../../lib/opensolaris/kmem_init.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../lib/opensolaris/kmem_layers.js';
import { callFrom } from '../../lib/opensolaris/kmem_log.js';
import { load32, read, write } from '../../lib/opensolaris/memory.js';
import { dmesg } from '../../lib/sys/cons.js';
import { reboot } from '../../lib/sys/reboot.js';
import { predict } from './read-it-back.js';

/** A machine with a cache of its own. */
function boot(name: string, size: number, kmem_flags = 6): kmem_cache_t {
  reboot();
  bootKmem({ kmem_flags });
  return kmem_cache_create(name, size, 0);
}

/** What the machine says when this stops it. */
function said(f: () => unknown): string[] {
  try {
    f();
  } catch (error) {
    if ((error as Error).name !== 'Panic') throw error;
  }
  return dmesg().map((text) => text.replace('kernel memory allocator: ', ''));
}

/** A free object is written to, and given out again. */
function afterFree(offset: number, bytes: number[]) {
  const cp = boot('inode', 64);
  const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
  kmem_cache_free(cp, buf);
  const before = read(buf, 64);
  write(buf + offset, bytes);
  const changed = [...read(buf, 64).keys()].filter(
    (i) => read(buf + i, 1)[0] !== before[i],
  );
  const at = changed[0] - (changed[0] % 4);
  const number = load32(buf + at);
  const drawn = said(() => kmem_cache_alloc(cp, KM_SLEEP));
  return { first: changed[0], at, number, drawn };
}

it('A: where the byte lies [1 point]', () => {
  const { first, drawn } = afterFree(15, [0x2d]);
  predicted(predict, 'a', {
    call: 'A, offset of the byte', is: first, drawn,
    beliefs: [
      { if: 8, then: 'At 8 the word begins. Its first byte is ef: little-endian, '
        + 'the lowest byte comes first. 2d is the highest one.' },
      { if: 0x2d, then: 'That is what was written, not where.' },
      { if: 1, then: 'That is the place within a word. The word is not the '
        + 'first one of the buffer.' },
      { if: 7, then: 'That is the place within the word, and the word begins '
        + 'at offset 8.' },
    ],
  });
});

it('B: which number was stored [1 point]', () => {
  const { number, drawn } = afterFree(20, [0, 0x10, 0, 0]);
  predicted(predict, 'b', {
    call: 'B, the number', is: number, drawn,
    beliefs: [
      { if: 0xdeadbeef, then: 'deadbeef is what was there before, in the lower '
        + 'half: nobody wrote to it.' },
      { if: 0x1000dead, then: 'Leading zeros are not printed. Write the word '
        + 'with 16 digits, and then cut it in two.' },
      { if: 1000, then: 'The digits are hexadecimal.' },
      { if: 0x10, then: 'The word is 0x00001000 and 0xdeadbeef: the upper half '
        + 'is the number.' },
    ],
  });
});

it('B: where the number begins [1 point]', () => {
  const { at, drawn } = afterFree(20, [0, 0x10, 0, 0]);
  predicted(predict, 'bAt', {
    call: 'B, offset of the number', is: at, drawn,
    beliefs: [
      { if: 16, then: 'At 16 the word of 8 bytes begins. Its lower half lies '
        + 'there, and that is still deadbeef.' },
      { if: 10, then: 'The offset is hexadecimal.' },
      { if: 14, then: 'The offset is hexadecimal: 0x10 is 16.' },
      { if: 4, then: 'That is the place within the word at 0x10.' },
    ],
  });
});

it('C: how much was asked for, when the sizes differ [1 point]', () => {
  boot('inode', 64);
  const buf = kmem_alloc(60, KM_SLEEP)!;
  const asked = KMEM_SIZE_DECODE(
    load32(KMEM_BUFTAG(statics.kmem_alloc_table[59 >> 3], buf) + 4),
  );
  predicted(predict, 'c', {
    call: 'C, bytes asked for', is: asked,
    drawn: said(() => kmem_free(buf, 64)),
    beliefs: [
      { if: 64, then: '64 is what kmem_free was told. It is the size of the '
        + 'class too, but nobody asked for so much.' },
      { if: 4, then: 'That is the difference of both sizes.' },
    ],
  });
});

it('D: how much was asked for, from the tag [1 point]', () => {
  boot('inode', 64);
  const cp = statics.kmem_alloc_table[49 >> 3];
  const buf = kmem_alloc(50, KM_SLEEP)!;
  write(buf + 50, [0]);
  const word = load32(KMEM_BUFTAG(cp, buf) + 4);
  const beliefs: Belief[] = [
    { if: 56, then: 'That is the class. The tag notes the request.' },
    { if: word, then: 'That is the number in the tag. It is 251 times the '
      + 'size, plus 1.' },
    { if: (n: number) => [7, 480700].includes(Math.floor(n)),
      then: 'Little-endian: 07 31 00 00 is 0x3107.' },
    { if: 51, then: 'The first byte that is watched is the one behind the '
      + 'request. Offsets begin with 0.' },
    { if: 48, then: 'At 48 the bytes that are shown begin.' },
  ];
  predicted(predict, 'd', {
    call: 'D, bytes asked for', is: KMEM_SIZE_DECODE(word), beliefs,
    drawn: said(() => kmem_free(buf, 50)),
  });
});

it('E: which byte of the tag was overwritten [1 point]', () => {
  const cp = boot('inode', 40);
  const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
  kmem_cache_free(cp, buf);
  const before = read(buf, cp.cache_chunksize);
  write(KMEM_BUFTAG(cp, buf) + bt_bxstat + 1, [0]);
  const after = read(buf, cp.cache_chunksize);
  const is = [...after.keys()].find((i) => after[i] !== before[i])!;
  predicted(predict, 'e', {
    call: 'E, offset of the byte', is,
    drawn: said(() => kmem_cache_alloc(cp, KM_SLEEP)),
    beliefs: [
      { if: is - 1, then: 'bxstat begins there. f4ee8fee and f4eef4ee agree in '
        + 'their lowest byte, ee, and differ in the next one.' },
      { if: is + 1, then: 'The lowest byte lies first: count from the right of '
        + 'the number.' },
      { if: is - 16, then: 'bt_bxstat is the third word of the tag. Red zone '
        + 'and bufctl lie before it.' },
      { if: is - 8, then: 'That would be in bt_bufctl, which is whole. '
        + 'bt_bxstat is the third word of the tag.' },
      { if: is - 40, then: 'That is counted from the tag. The buffer of 40 '
        + 'bytes lies before it.' },
      { if: 1, then: 'That is the place within bt_bxstat.' },
    ],
  });
});

it('F: who freed it the first time [1 point]', () => {
  const cp = boot('msgb', 40, 15);
  callFrom('allocb+20', 'tcp_open+8');
  const buf = kmem_cache_alloc(cp, KM_SLEEP)!;
  callFrom('freeb+4', 'tcp_close+1c');
  kmem_cache_free(cp, buf);
  callFrom('freeb+4', 'strclean+30');
  const drawn = said(() => kmem_cache_free(cp, buf));
  const [caller] = drawn[drawn.length - 1].split('+');
  predicted(predict, 'f', {
    call: 'F, who called freeb first', is: caller, drawn,
    beliefs: [
      { if: 'strclean', then: 'strclean made the second free, and was stopped '
        + 'by it. The message tells of the one before.' },
      { if: 'freeb', then: 'freeb is the innermost caller. Who called freeb '
        + 'stands in the line below.' },
      { if: 'tcp_close+1c', then: 'Without the offset: the name alone.' },
      { if: 'main', then: 'That is the thread.' },
    ],
  });
});
