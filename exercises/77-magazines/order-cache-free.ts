// Put kmem_cache_free in order.
// Kind: order. Minutes: 25.
//
// Below are the steps of kmem_cache_free(cp, buf), shuffled. In C it is one
// loop, without loadEmpty and addMagazine. Return their letters in the order
// in which they make a working function, the first letter first, for
// instance ['C', 'A']. Three steps are wrong and look like right ones; leave
// them out. No step is used twice.
//
//   A    if (ccp.cc_prounds > 0) { exchange loaded and previous; continue; }
//   B  kmem_slab_free(cp, buf);
//   C    if (ccp.cc_magsize === 0) break;
//   D    emp = kmem_depot_alloc(cp, cp.cache_empty); if (emp !== null) {
//   E    if (ccp.cc_prounds === 0) { exchange loaded and previous; continue; }
//   F  mutex_enter(ccp.cc_lock); for (;;) {
//   G      kmem_cpu_reload(ccp, emp, 0); continue; }
//   H      if (ccp.cc_ploaded !== null)
//            kmem_depot_free(cp, cp.cache_empty, ccp.cc_ploaded);
//   I  cp.cache_destructor(buf, cp.cache_private);
//   J    if (0 <= ccp.cc_rounds && ccp.cc_rounds < ccp.cc_magsize) {
//          load buf; mutex_exit(ccp.cc_lock); return; }
//   K    if (0 <= ccp.cc_rounds && ccp.cc_rounds <= ccp.cc_magsize) {
//          load buf; mutex_exit(ccp.cc_lock); return; }
//   L      if (ccp.cc_ploaded !== null)
//            kmem_depot_free(cp, cp.cache_full, ccp.cc_ploaded);
//   M    break; } mutex_exit(ccp.cc_lock);
//   N    mutex_exit(ccp.cc_lock); emp = kmem_cache_alloc(mt_cache, KM_NOSLEEP);
//        mutex_enter(ccp.cc_lock); if (emp !== null) {
//          kmem_depot_free(cp, cp.cache_empty, emp); continue; }
//
// kmem_cpu_reload makes the loaded magazine the previous one. The tests run
// your steps on caches, and kmem_cache_free on their twins. A part earns its
// points as soon as it works: begin with a magazine that has room. Every
// order that works is right; there are several.

export function order(): string[] {
  throw new Error('TODO: the letters of the steps');
}
