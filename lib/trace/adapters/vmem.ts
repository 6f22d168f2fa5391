// The arenas behind the golden traces of system "vmem".
//
// The header creates arenas; each line is one call with its answer, or the
// state of an arena. Two encodings, objects and arrays, are one here: an
// array is read into the object that it stands for. All is described in
// test/golden/vmem/README.md.
import { dmesg, printed } from '../../sys/cons.js';
import { Panic, setDebug } from '../../sys/panic.js';
import { reboot } from '../../sys/reboot.js';
import { P2ROUNDUP } from '../../sys/sysmacros.js';
import { Deadlock } from '../../sys/threads.js';
import {
  vmem_alloc, vmem_free, vmem_xalloc, vmem_xfree,
} from '../../opensolaris/vmem_alloc.js';
import { freelists, segments } from '../../opensolaris/vmem_check.js';
import {
  vmem_create, vmem_destroy, vmem_xcreate,
} from '../../opensolaris/vmem_create.js';
import * as impl from '../../opensolaris/vmem_impl.js';
import { vmem_init, vmem_update } from '../../opensolaris/vmem_init.js';
import {
  vmem_add, vmem_contains, vmem_size, vmem_walk,
} from '../../opensolaris/vmem_walk.js';
import { MalformedTrace, type Header, type Outcome } from '../golden.js';
import type { Replayer } from '../golden.js';
import { bootReplayer } from './boot.js';
import { macroOutcomes } from './macros.js';

type Line = { [name: string]: unknown };

const isLine = (value: unknown): value is Line =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The flags of the original by name. */
const flagsByName = impl as unknown as { [name: string]: number };

/** A list of names of flags, or their sum. */
function flagsOf(value: unknown, prefix: RegExp): number {
  if (Number.isInteger(value)) return value as number;
  if (!Array.isArray(value)) throw new MalformedTrace('flags are no list');
  let sum = 0;
  for (const name of value as string[]) {
    if (!prefix.test(name) || !Number.isInteger(flagsByName[name])) {
      throw new MalformedTrace(`there is no flag ${JSON.stringify(name)}`);
    }
    sum |= flagsByName[name];
  }
  return sum;
}

/** A field that is a number from 0 on; null is NULL, if it may be. */
function natural(line: Line, name: string): number;
function natural(line: Line, name: string, nullable: true): number | null;
function natural(line: Line, name: string, nullable = false): number | null {
  const value = line[name];
  if (nullable && value === null) return null;
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new MalformedTrace(`"${name}" is ${JSON.stringify(value)}`);
  }
  return value as number;
}

/** The import function of the traces: as much as fills 64 KB blocks. */
const ximport_round64k: impl.vmem_ximport_t = (source, sizep, align, flags) => {
  sizep.size = P2ROUNDUP(sizep.size, 65536);
  const least = Math.max(align, source.vm_quantum);
  return vmem_xalloc(source, sizep.size, least, 0, 0, null, null, flags);
};

const afuncs: { [name: string]: impl.vmem_alloc_t } = { vmem_alloc };
const xafuncs: { [name: string]: impl.vmem_ximport_t } = { ximport_round64k };
const ffuncs: { [name: string]: impl.vmem_free_t } = { vmem_free, vmem_xfree };

/** A function of a table by the name that a line gives. */
function known<T>(table: { [name: string]: T }, name: unknown): T {
  if (typeof name === 'string' && Object.hasOwn(table, name)) {
    return table[name];
  }
  throw new MalformedTrace(`there is no function ${JSON.stringify(name)}`);
}

/** FNV-1a, 32 bits, over ASCII. */
function fnv1a(text: string): number {
  let hash = 2166136261;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  }
  return hash >>> 0;
}

const letters = { alloc: 'a', free: 'f', span: 's', rotor: 'r', walker: 'w' };

/** An arena as checkpoints write it. */
function state(vmp: impl.vmem_t) {
  const segs = segments(vmp);
  const rows = segs.map(({ type, start, end, imported }) => {
    const letter = imported ? 'i' : letters[type];
    return [letter, start, end - start] as const;
  });
  const free = segs.filter(({ type }) => type === 'free');
  const count = (letter: string) => rows.filter(([l]) => l === letter).length;
  const lists = freelists(vmp).map(
    ({ n, pieces }) => [n, pieces.map(({ start }) => start)] as const,
  );
  const inOrder = rows.map(([l, start, size]) => `${l}${start}:${size};`);
  const onLists = lists.flatMap(([n, all]) => all.map((at) => `${n}:${at};`));
  const kstat = Object.entries(vmp.vm_kstat)
    .filter(([name]) => name !== 'vk_source_id')
    .map(([name, value]) => [name.slice('vk_'.length), value]);
  return {
    sizeAlloc: vmem_size(vmp, impl.VMEM_ALLOC),
    sizeFree: vmem_size(vmp, impl.VMEM_FREE),
    spans: count('s') + count('i'),
    allocated: count('a'),
    freeSegments: free.length,
    largestFree: free.reduce((most, { start, end }) => {
      return Math.max(most, end - start);
    }, 0),
    hashSize: vmp.vm_hash_mask + 1,
    kstat: Object.fromEntries(kstat),
    digest: fnv1a(inOrder.join('')),
    freelistDigest: fnv1a(onLists.join('')),
    segments: rows.map((row) => [...row]),
    freelists: Object.fromEntries(lists),
  };
}

/** What of an answer a panic, or a wait without end, puts in its place. */
type Stopped = { panic: string } | { wouldBlock: true } | { error: string };

/** How f stopped; null: it returned. */
function stopped(f: () => void): Stopped | null {
  try {
    f();
    return null;
  } catch (error) {
    if (error instanceof Deadlock) return { wouldBlock: true };
    if (error instanceof RangeError) return { error: error.message };
    if (!(error instanceof Panic)) throw error;
    const { message, facts } = error;
    const { arena } = facts;
    const named = message.indexOf(`(${arena},`); // in place of a pointer
    if (named < 0) return { panic: message };
    const rest = message.slice(named + 1 + String(arena).length);
    return { panic: `${message.slice(0, named)}(<arena>${rest}` };
  }
}

/** What an array stands for, by its first element. */
const fields: { [letter: string]: readonly [string, ...string[]] } = {
  a: ['alloc', 'arena', 'id', 'size', 'flags', 'addr'],
  x: [
    'xalloc', 'arena', 'id', 'size', 'align', 'phase', 'nocross', 'minaddr',
    'maxaddr', 'flags', 'addr',
  ],
  f: ['free', 'id'],
  F: ['xfree', 'id'],
  u: ['update'],
  k: [
    'checkpoint', 'arena', 'digest', 'freelistDigest', 'sizeAlloc', 'sizeFree',
    'spans', 'allocated', 'freeSegments', 'largestFree',
  ],
  c: ['checkpoint', 'arena', 'state'],
};

class VmemReplayer implements Replayer {
  private readonly arenas = new Map<unknown, impl.vmem_t>();
  private readonly held = new Map<unknown, Line>(); // by id

  constructor(header: Header) {
    reboot();
    setDebug(header.debug === true || /-debug$/.test(String(header.name)));
    vmem_init();
    const { arenas } = header;
    if (!Array.isArray(arenas) || !arenas.every(isLine)) {
      throw new MalformedTrace('the header\'s "arenas" is no list of arenas');
    }
    arenas.forEach((arena, index) => {
      const stop = stopped(() => {
        this.arenas.set(index, this.create(arena));
      });
      if (stop === null) return;
      const why = JSON.stringify(stop);
      throw new MalformedTrace(`the arena ${String(arena.name)}: ${why}`);
    });
  }

  line(value: unknown): Outcome {
    const line = this.read(value);
    switch (line.op) {
      case 'alloc':
        return this.alloc(line);
      case 'xalloc':
        return this.xalloc(line);
      case 'free':
        return this.free(line, vmem_free);
      case 'xfree':
        return this.free(line, vmem_xfree);
      case 'add':
        return this.add(line);
      case 'contains':
        return this.contains(line);
      case 'update':
        return this.operation('vmem_update()', line, {}, () => {
          vmem_update(null);
          return {};
        });
      case 'walk':
        return this.walk(line);
      case 'destroy':
        return this.destroy(line);
      case 'create':
        return this.createAgain(line);
      case 'checkpoint':
        return this.checkpoint(line);
      default:
        throw new MalformedTrace(`no operation ${JSON.stringify(line.op)}`);
    }
  }

  /** A line as an object, whichever way it is written. */
  private read(value: unknown): Line {
    if (isLine(value)) return value;
    const letter = Array.isArray(value) ? String(value[0]) : '';
    if (!Array.isArray(value) || !Object.hasOwn(fields, letter)) {
      throw new MalformedTrace('a line must be an object, or an array of ours');
    }
    const [op, ...names] = fields[letter];
    if (value.length !== names.length + 1) {
      throw new MalformedTrace(`"${letter}" takes ${names.join(', ')}`);
    }
    const line: Line = { op };
    names.forEach((name, i) => (line[name] = value[i + 1]));
    if (isLine(line.state)) {
      const { state, ...rest } = line;
      return { ...rest, ...state };
    }
    if (letter !== 'f' && letter !== 'F') return line;
    const { arena, addr, size } = this.held.get(line.id) ?? {};
    return { ...line, arena, addr, size };
  }

  private arena(line: Line): impl.vmem_t {
    const vmp = this.arenas.get(line.arena);
    if (vmp !== undefined) return vmp;
    throw new MalformedTrace(`no arena ${JSON.stringify(line.arena)}`);
  }

  /** Runs f, which returns what it answers for the names in `asked`. */
  private operation(
    call: string,
    line: Line,
    asked: Line,
    f: () => Line,
  ): Outcome {
    const expected: Line = { ...asked };
    for (const name of ['panic', 'wouldBlock']) {
      if (name in line) expected[name] = line[name];
    }
    let got: Line = { ...asked };
    for (const name of Object.keys(got)) got[name] = null;
    const stop = stopped(() => {
      got = f();
    });
    return { kind: 'operation', call, expected, got: { ...got, ...stop } };
  }

  /** Notes who holds what, and answers. */
  private given(line: Line, addr: number | null): Line {
    if (addr !== null) this.held.set(line.id, { ...line, addr });
    return { addr };
  }

  private alloc(line: Line): Outcome {
    const vmp = this.arena(line);
    const size = natural(line, 'size');
    const flags = flagsOf(line.flags, /^VM_/);
    const call = `vmem_alloc(${vmp.vm_name}, ${size}, 0x${flags.toString(16)})`;
    const asked = { addr: natural(line, 'addr', true) };
    return this.operation(call, line, asked, () =>
      this.given(line, vmem_alloc(vmp, size, flags)),
    );
  }

  private xalloc(line: Line): Outcome {
    const vmp = this.arena(line);
    const numbers = ['size', 'align', 'phase', 'nocross'];
    const given = numbers.map((name) => natural(line, name));
    const [size, align, phase, nocross] = given;
    const min = natural(line, 'minaddr', true);
    const max = natural(line, 'maxaddr', true);
    const flags = flagsOf(line.flags, /^VM_/);
    const args = [...given, min, max, `0x${flags.toString(16)}`].join(', ');
    const call = `vmem_xalloc(${vmp.vm_name}, ${args})`;
    const asked = { addr: natural(line, 'addr', true) };
    return this.operation(call, line, asked, () => {
      const addr = vmem_xalloc(
        vmp, size, align, phase, nocross, min, max, flags,
      );
      return this.given(line, addr);
    });
  }

  private free(line: Line, free: typeof vmem_free): Outcome {
    const vmp = this.arena(line);
    const addr = natural(line, 'addr', true);
    const size = natural(line, 'size');
    const call = `${free.name}(${vmp.vm_name}, ${addr}, ${size})`;
    return this.operation(call, line, {}, () => {
      free(vmp, addr, size);
      this.held.delete(line.id);
      return {};
    });
  }

  private add(line: Line): Outcome {
    const vmp = this.arena(line);
    const addr = natural(line, 'addr', true);
    const size = natural(line, 'size');
    const flags = flagsOf(line.flags, /^VM_/);
    const call = `vmem_add(${vmp.vm_name}, ${addr}, ${size})`;
    const asked = { result: line.result };
    return this.operation(call, line, asked, () => ({
      result: vmem_add(vmp, addr, size, flags),
    }));
  }

  private contains(line: Line): Outcome {
    const vmp = this.arena(line);
    const addr = natural(line, 'addr');
    const size = natural(line, 'size');
    const call = `vmem_contains(${vmp.vm_name}, ${addr}, ${size})`;
    const asked = { result: line.result };
    return this.operation(call, line, asked, () => ({
      result: Number(vmem_contains(vmp, addr, size)),
    }));
  }

  private walk(line: Line): Outcome {
    const vmp = this.arena(line);
    const { freeInCallback: frees, calls } = line;
    const typemask = flagsOf(line.typemask, /^VMEM_/);
    if (!Array.isArray(frees)) {
      throw new MalformedTrace('"freeInCallback" is no list');
    }
    const call = `vmem_walk(${vmp.vm_name}, ${String(line.typemask)})`;
    return this.operation(call, line, { calls }, () => {
      const seen: [start: number, size: number][] = [];
      const note = (_arg: null, start: number, size: number): void => {
        const addr: unknown = frees[seen.length];
        seen.push([start, size]);
        if (Number.isInteger(addr)) this.freeHeld(line.arena, addr as number);
      };
      vmem_walk(vmp, typemask, note, null);
      return { calls: seen };
    });
  }

  /** Frees what an earlier line got at this address. */
  private freeHeld(arena: unknown, addr: number): void {
    for (const [id, line] of this.held) {
      if (line.arena !== arena || line.addr !== addr) continue;
      vmem_free(this.arena(line), addr, natural(line, 'size'));
      this.held.delete(id);
      return;
    }
    throw new MalformedTrace(`nothing is held at ${addr}`);
  }

  private destroy(line: Line): Outcome {
    const vmp = this.arena(line);
    const call = `vmem_destroy(${vmp.vm_name})`;
    return this.operation(call, line, { warning: line.warning }, () => {
      const said = printed;
      vmem_destroy(vmp);
      const news = printed > said ? dmesg().slice(said - printed) : null;
      for (const [key, value] of this.arenas) {
        if (value === vmp) this.arenas.delete(key);
      }
      return { warning: news?.join('\n') ?? null };
    });
  }

  private createAgain(line: Line): Outcome {
    const { arena } = line;
    if (!isLine(arena)) throw new MalformedTrace('"arena" is no arena');
    const call = `vmem_create(${String(arena.name)})`;
    const outcome = this.operation(call, line, { result: line.result }, () => {
      this.create(arena);
      return { result: 'ok' };
    });
    const got = outcome.got as Line;
    if ('panic' in got) got.result = 'panic';
    return outcome;
  }

  /** Creates the arena, under its name. */
  private create(arena: Line): impl.vmem_t {
    const name = String(arena.name);
    const base = natural(arena, 'base', true);
    const size = natural(arena, 'size');
    const quantum = natural(arena, 'quantum');
    const { afunc = null, ffunc = null, source = null } = arena;
    const { qcache_max = 0 } = arena as { qcache_max?: number };
    const flags = flagsOf(arena.flags, /^VMC?_/);
    const from = source === null ? null : this.arena({ arena: source });
    const back = ffunc === null ? null : known(ffuncs, ffunc);
    const xafunc = Object.hasOwn(xafuncs, String(afunc));
    const vmp = xafunc
      ? vmem_xcreate(
          name, base, size, quantum, known(xafuncs, afunc), back, from,
          qcache_max, flags,
        )
      : vmem_create(
          name, base, size, quantum,
          afunc === null ? null : known(afuncs, afunc), back, from,
          qcache_max, flags,
        );
    if (vmp === null) throw new MalformedTrace(`no room for arena ${name}`);
    this.arenas.set(name, vmp);
    return vmp;
  }

  /** Whatever the line has of the state. */
  private checkpoint(line: Line): Outcome {
    const vmp = this.arena(line);
    const { op: _op, arena: _arena, after: _after, ...expected } = line;
    const now: Line = state(vmp);
    const got = Object.fromEntries(
      Object.keys(expected).map((name) => [name, now[name]]),
    );
    const call = `the arena ${vmp.vm_name}`;
    return { kind: 'checkpoint', call, expected, got };
  }
}

/** The replayer for a vmem trace; null for any other system. */
export function makeVmemReplayer(header: Header): Replayer | null {
  if (header.format === 'golden-macros/1') {
    return { line: notALine, opening: () => macroOutcomes(header) };
  }
  if (header.system !== 'vmem') return null;
  if (header.format === 'golden-boot/1') return bootReplayer(header);
  return new VmemReplayer(header);
}

function notALine(): never {
  throw new MalformedTrace('a file of macros has one line');
}
