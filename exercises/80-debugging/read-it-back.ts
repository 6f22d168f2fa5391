// Read it back.
// Kind: predict. Minutes: 25.
//
// Six machines have stopped. Each says why; "kernel memory allocator: " is
// left out. The machines are little-endian. All but F have kmem_flags 6,
// red zones and deadbeef; F has 0xf.
//
// A  buffer modified after being freed
//    modification occurred at offset 0x8
//      (0xdeadbeefdeadbeef replaced by 0x2dadbeefdeadbeef)
//    buffer=20088f28  bufctl=0  cache: inode
//
// B  buffer modified after being freed
//    modification occurred at offset 0x10
//      (0xdeadbeefdeadbeef replaced by 0x1000deadbeef)
//    buffer=20088f28  bufctl=0  cache: inode
//
// C  bad free: free size (64) != alloc size (60)
//    buffer=20088f40  bufctl=0  cache: kmem_alloc_64
//
// D  redzone violation: write past end of buffer
//    buffer=20088f58  bufctl=0  cache: kmem_alloc_56
//    The bytes from 20088f88 on, that is from byte 48 of the buffer:
//      fe ca 00 ba fe ca dd ba | ce fa ed fe 07 31 00 00
//
// E  boundary tag corrupted
//    bcp ^ bxstat = f4ee8fee, should be f4eef4ee
//    buffer=20088f88  bufctl=0  cache: inode (objects of 40 bytes)
//
// F  duplicate free: buffer freed twice
//    buffer=21508fc0  bufctl=20034a50  cache: msgb
//    previous transaction on buffer 21508fc0:
//    thread=main  time=T-0.000000002  slab=2002ef08  cache: msgb
//    freeb+4
//    tcp_close+1c
//    The panic itself was raised below strclean+30, freeb+4.
//
// Return an object with seven values:
//
//   a  one byte was written: at which offset in the buffer?
//   b  a 32-bit number was stored: which one?
//   bAt  and at which offset in the buffer does it begin?
//   c  how many bytes were asked for with kmem_alloc?
//   d  how many bytes were asked for with kmem_alloc?
//   e  bt_bufctl is whole and one byte of bt_bxstat is not: how far is this
//      byte from the start of the buffer?
//   f  which function called freeb when the buffer was freed the first
//      time? Its name without the offset.
//
// '?' stands for an answer that is still open.

interface Answers {
  a: number | '?';
  b: number | '?';
  bAt: number | '?';
  c: number | '?';
  d: number | '?';
  e: number | '?';
  f: string;
}

export function predict(): Answers {
  throw new Error('TODO: seven values, a to f');
}
