// Put vmem_seg_alloc in order.
// Kind: order. Minutes: 20.
//
// Below are the steps of vmem_seg_alloc(vmp, vsp, addr, size), shuffled.
// Return their letters in the order in which they make a working function,
// the first letter first, for instance ['C', 'A']. vs_start, vs_end,
// vs_size, realsize and addr_end are declared before the first step, and
// have no value yet. Three steps are wrong and look like right ones; leave
// them out. No step is used twice.
//
//   A  } else {
//   B  if (addr === vs_start && realsize < vs_size) {
//   C  vmem_hash_insert(vmp, vsp);
//   D  realsize = size; addr_end = addr + realsize;
//   E  realsize = P2ROUNDUP(size, vmp.vm_quantum); addr_end = addr + realsize;
//   F    if (vs_start !== addr) vmem_freelist_insert(vmp,
//          vmem_seg_create(vmp, vsp.vs_aprev, vs_start, addr));
//   G    if (vs_end !== addr_end) vmem_freelist_insert(vmp,
//          vmem_seg_create(vmp, vsp, addr_end, vs_end));
//   H    vmem_freelist_delete(vmp, vsp);
//   I  }
//   J    vsp.vs_start = addr_end;
//   K    vsp = vmem_seg_create(vmp, vsp.vs_aprev, addr, addr + size);
//   L  if (addr === vs_start && P2SAMEHIGHBIT(vs_size, vs_size - realsize)) {
//   M    vsp.vs_start = addr; vsp.vs_end = addr + size;
//   N    vsp.vs_start = addr; vsp.vs_end = addr_end;
//   O  vs_start = vsp.vs_start; vs_end = vsp.vs_end;
//      vs_size = vs_end - vs_start;
//
// The tests run your steps on arenas, and vmem_seg_alloc on their twins. A
// part earns its points as soon as it works: begin with a segment that is
// taken whole. Every order that works is right; there are several.

export function order(): string[] {
  throw new Error('TODO: the letters of the steps');
}
