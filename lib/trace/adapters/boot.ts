// The kernel heap at boot, step by step: for pictures, and for the golden
// trace of format "golden-boot/1".
//
// kernelheap_init tells of each of its steps, and what the arenas look like
// then is written down as plain data. The trace goes on behind it: the heap
// is used, and its line says in words what is done.
import { reboot } from '../../sys/reboot.js';
import { vmem_alloc, vmem_free } from '../../opensolaris/vmem_alloc.js';
import {
  arenas, segments, type Segment,
} from '../../opensolaris/vmem_check.js';
import { vmem_create, vmem_destroy } from '../../opensolaris/vmem_create.js';
import {
  sizeofVmem, statics, VM_SLEEP, vmem0, VMC_IDENTIFIER, VMEM_INITIAL,
  type vmem_seg_t, type vmem_t,
} from '../../opensolaris/vmem_impl.js';
import { vmem_update } from '../../opensolaris/vmem_init.js';
import { segkmem_gc, static_alloc_arena } from '../../opensolaris/seg_kmem.js';
import {
  kvm_init, scaled, startup_kmem, type HeapRange,
} from '../../opensolaris/startup.js';
import { kvp } from '../../opensolaris/vm_page.js';
import type { Piece } from '../allocator.js';
import {
  MalformedTrace, type Header, type Outcome, type Replayer,
} from '../golden.js';

/** An arena as pictures want it. */
export interface ArenaState {
  id: number;
  name: string;
  source: string | null; // the arena that it is created with
  imports: boolean; // does it have a function to import by?
  quantum: number;
  total: number; // in all spans
  inuse: number;
  spans: (Piece & { imported: boolean })[];
  held: Piece[];
  holes: Piece[];
}

const piece = ({ start, end }: Segment): Piece => ({ start, end });

/** What an arena looks like now. */
export function arenaState(vmp: vmem_t): ArenaState {
  const all = segments(vmp);
  const of = (wanted: Segment['type']): Segment[] =>
    all.filter(({ type }) => type === wanted);
  return {
    id: vmp.vm_id,
    name: vmp.vm_name,
    source: vmp.vm_source?.vm_name ?? null,
    imports: vmp.vm_source_alloc !== null,
    quantum: vmp.vm_quantum,
    total: vmp.vm_kstat.vk_mem_total,
    inuse: vmp.vm_kstat.vk_mem_inuse,
    spans: of('span').map((seg) => ({ ...piece(seg), imported: seg.imported })),
    held: of('alloc').map(piece),
    holes: of('free').map(piece),
  };
}

/** All arenas and the pages that are behind addresses, after one step. */
export interface BootStep {
  step: string;
  arenas: ArenaState[]; // by id
  pages: number;
}

/** The state now, under a name. */
export function bootStep(step: string): BootStep {
  return { step, arenas: arenas().map(arenaState), pages: kvp.size };
}

/** Powers on and starts the heap. @returns its steps, for a slider */
export function bootSteps(range: HeapRange = scaled): BootStep[] {
  reboot();
  const steps: BootStep[] = [];
  startup_kmem(range, undefined, (step) => steps.push(bootStep(step)));
  return steps;
}

/** An address in the static array of arenas is written relative to it. */
function written(addr: number): number | string {
  const end = vmem0 + VMEM_INITIAL * sizeofVmem;
  return addr >= vmem0 && addr < end ? `vmem0+${addr - vmem0}` : addr;
}

const letters = { alloc: 'a', free: 'f', span: 's', rotor: 'r', walker: 'w' };

/** An arena as the trace writes it. */
function asGolden(vmp: vmem_t) {
  const { vm_kstat } = vmp;
  return {
    name: vmp.vm_name,
    id: vmp.vm_id,
    quantum: vmp.vm_quantum,
    source: vmp.vm_source?.vm_name ?? null,
    source_id: vm_kstat.vk_source_id,
    min_import: vmp.vm_min_import,
    qcache_max: vmp.vm_qcache_max,
    cflags: `0x${vmp.vm_cflags.toString(16)}`,
    nsegfree: vmp.vm_nsegfree,
    hashSize: vmp.vm_hash_mask + 1,
    inuse: vm_kstat.vk_mem_inuse,
    import: vm_kstat.vk_mem_import,
    total: vm_kstat.vk_mem_total,
    segments: segments(vmp).map(({ type, start, end, imported }) => {
      const letter = imported ? 'i' : letters[type];
      return [letter, written(start), end - start];
    }),
  };
}

/** Segment structures that nobody has. */
function segfreeGlobal(): number {
  let found = 0;
  let vsp: vmem_seg_t | null = statics.vmem_segfree;
  for (; vsp !== null; vsp = vsp.vs_knext) found++;
  return found;
}

/** Everything that a line of the trace says. */
const goldenState = () => ({
  segfreeGlobal: segfreeGlobal(),
  populators: statics.vmem_populator.map(({ vm_name }) => vm_name),
  arenas: arenas().map(asGolden),
});

/** How the line of each step of kernelheap_init begins. */
const bootCalls: readonly [step: string, call: string][] = [
  ['heap', "vmem_init('heap', "],
  ['heap_core', "vmem_create('heap_core', "],
  ['first_avail', 'vmem_xalloc(heap_arena, '],
  ['heaptext', "vmem_create('heaptext', "],
  ['static', "vmem_create('static', "],
  ['static_alloc', "vmem_create('static_alloc', "],
  ['hat_memload', "vmem_create('hat_memload', "],
];

/** What follows in the trace: how the line begins, and what is done. */
function useCalls(smallSeg: number): readonly [call: string, f: () => void][] {
  let addr: number | null = null;
  let ids: vmem_t;
  const takeIds = (n: number) => (): void => {
    for (let i = 0; i < n; i++) vmem_alloc(ids, 1, VM_SLEEP);
  };
  return [
    ['kmem_init: vmem_seg_size = ', () => {
      statics.vmem_seg_size = smallSeg;
      kvm_init();
      segkmem_gc();
    }],
    ['vmem_alloc(static_alloc_arena, 24, VM_SLEEP)', () => {
      addr = vmem_alloc(static_alloc_arena, 24, VM_SLEEP);
    }],
    ["vmem_create('ids', 1, 1000, 1, NULL, NULL, NULL, 0, ", () => {
      const flags = VM_SLEEP | VMC_IDENTIFIER;
      ids = vmem_create('ids', 1, 1000, 1, null, null, null, 0, flags)!;
    }],
    ['100 x vmem_alloc(ids, 1, VM_SLEEP)', takeIds(100)],
    ['300 x vmem_alloc(ids, 1, VM_SLEEP)', takeIds(300)],
    ['vmem_update(NULL)', () => vmem_update(null)],
    ['vmem_free(static_alloc_arena, addr, size)', () => {
      vmem_free(static_alloc_arena, addr, 24);
    }],
    ['vmem_destroy(ids)', () => vmem_destroy(ids)],
  ];
}

/** A number of the header. */
function given(header: Header, name: string): number {
  const value = header[name];
  if (Number.isSafeInteger(value) && (value as number) >= 0) {
    return value as number;
  }
  throw new MalformedTrace(`"${name}" is ${JSON.stringify(value)}`);
}

/** The replayer of a header of format "golden-boot/1". */
export function bootReplayer(header: Header): Replayer {
  const heap_start = given(header, 'kernelheap');
  const core_start = given(header, 'coreBase');
  const range = {
    heap_start,
    heap_end: heap_start + given(header, 'heapSize'),
    core_start,
    core_end: core_start + given(header, 'coreSize'),
  };
  const rest = useCalls(given(header, 'vmem_seg_size_after_kmem_init'));

  // kernelheap_init runs as a whole, here; its steps are compared later.
  reboot();
  const booted: [step: string, state: unknown][] = [];
  startup_kmem(range, undefined, (step) => {
    booted.push([step, goldenState()]);
  });
  const due = bootCalls.filter(
    ([step]) => step !== 'heap_core' || range.core_end > range.core_start,
  );

  let lines = 0;
  return {
    line(value: unknown): Outcome {
      const { step, call, ...expected } = value as { [name: string]: unknown };
      const at = lines++;
      const boot = at < due.length;
      const start = boot ? due[at][1] : rest[at - due.length]?.[0];
      if (step !== at + 1 || !start || !String(call).startsWith(start)) {
        throw new MalformedTrace(
          `step ${JSON.stringify(step)}, ${JSON.stringify(call)}; ` +
            `expected step ${at + 1}, ${start ?? 'nothing more'}`,
        );
      }
      if (boot) {
        const [done, got] = booted[at] ?? [null, null];
        const what = { step: due[at][0] };
        return {
          kind: 'operation',
          call: String(call),
          expected: { ...what, state: expected },
          got: { step: done, state: got },
        };
      }
      rest[at - due.length][1]();
      const got = goldenState();
      return { kind: 'operation', call: String(call), expected, got };
    },
  };
}
