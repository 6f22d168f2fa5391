// Who may import whom: each rule is broken once.
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkRooms } from '../../lib/book/rooms.js';
import { project, told } from './fixture.js';

const faults = (files: Record<string, string>): string[] =>
  told(checkRooms(project(files)));
const sys = { 'lib/sys/panic.ts': 'export const panic = 1;\n' };

describe('checkRooms(root)', () => {
  it('finds nothing in this project', () => {
    expect(told(checkRooms(resolve(__dirname, '../..')))).toEqual([]);
  });

  it('lets an allocator import sys, in either spelling', () => {
    expect(
      faults({
        ...sys,
        'lib/bsd/a.ts':
          "import { panic } from '../sys/panic.js';\nexport * from '../sys/panic';\npanic;\n",
      }),
    ).toEqual([]);
  });

  it('lets no allocator import another, types included', () => {
    const files = {
      'lib/bsd/a.ts': 'export type A = 1;\n',
      'lib/linux/b.ts':
        "// b\nimport type { A } from '../bsd/a.js';\nexport type B = A;\n",
      'lib/linux/c.ts': "export type C = import('../bsd/a.js').A;\n",
      'lib/linux/d.ts': "export const d = () => import('../bsd/a.js');\n",
    };
    expect(faults(files)).toEqual([
      'lib/linux/b.ts:2 imports lib/bsd/a.ts. linux imports only sys.',
      'lib/linux/c.ts:1 imports lib/bsd/a.ts. linux imports only sys.',
      'lib/linux/d.ts:1 imports lib/bsd/a.ts. linux imports only sys.',
    ]);
  });

  it('lets sys and allocators import no package', () => {
    expect(
      faults({
        'lib/sys/a.ts': "import fs from 'node:fs';\nfs;\n",
        'lib/bsd/b.cjs': "require('zod');\n",
      }),
    ).toEqual([
      'lib/bsd/b.cjs:1 imports zod; bsd imports no packages. Keep the rooms of lib as lib/book/rooms.ts has them.',
      'lib/sys/a.ts:1 imports node:fs; sys imports no packages. Keep the rooms of lib as lib/book/rooms.ts has them.',
    ]);
  });

  it('lets adapters import allocators, and trace itself neither', () => {
    const files = {
      'lib/bsd/a.ts': 'export const a = 1;\n',
      'lib/trace/adapters/bsd.ts':
        "import { a } from '../../bsd/a.js';\nimport type { R } from '../replay.js';\nexport const r: R = a;\n",
      'lib/trace/replay.ts':
        "import { a } from '../bsd/a.js';\nimport { r } from './adapters/bsd.js';\nexport type R = number;\na + r;\n",
    };
    expect(faults(files)).toEqual([
      'lib/trace/replay.ts:1 imports lib/bsd/a.ts. trace imports only sys.',
      'lib/trace/replay.ts:2 imports lib/trace/adapters/bsd.ts. trace imports only sys.',
    ]);
  });

  it('lets plot take types from trace, and no code', () => {
    const trace = {
      'lib/trace/t.ts': 'export type T = 1;\nexport const t = 1;\n',
    };
    expect(
      faults({
        ...trace,
        'lib/plot/a.ts':
          "import { type T } from '../trace/t.js';\nexport type A = T;\n",
      }),
    ).toEqual([]);
    expect(
      faults({
        ...trace,
        'lib/plot/a.ts':
          "import { t, type T } from '../trace/t.js';\nexport type A = T;\nt;\n",
      }),
    ).toEqual([
      'lib/plot/a.ts:1 imports code of lib/trace/t.ts. plot takes types from trace, and no code: write "import type".',
    ]);
  });

  it('lets only some touch files and processes', () => {
    const text = "import { spawn } from 'node:child_process';\nspawn;\n";
    expect(
      faults({
        'lib/jupyter/a.ts': text,
        'lib/plot/render.ts': text,
        'lib/plot/b.ts': text,
      }),
    ).toEqual([
      'lib/plot/b.ts:1 imports node:child_process; plot does not touch files or processes. Keep the rooms of lib as lib/book/rooms.ts has them.',
    ]);
  });

  it('lets nothing import from notebooks, exercises, solutions or test', () => {
    const text =
      "import { x } from '../../test/book/x.js';\nexport * from '../../exercises/a/b';\nx;\n";
    expect(faults({ 'lib/cli/a.ts': text })).toEqual([
      'lib/cli/a.ts:1 imports test/book/x.js. Nothing in lib imports from notebooks, exercises, solutions or test.',
      'lib/cli/a.ts:2 imports exercises/a/b. Nothing in lib imports from notebooks, exercises, solutions or test.',
    ]);
  });

  it('finds a circle of imports, and says how it goes', () => {
    const files = {
      'lib/bsd/a.ts': "import { b } from './b.js';\nexport const a = b;\n",
      'lib/bsd/b.ts': "// b\nimport { c } from './c';\nexport const b = c;\n",
      'lib/bsd/c.ts': "export { a as c } from './a.js';\nexport const d = 1;\n",
    };
    expect(faults(files)).toEqual([
      'lib/bsd/c.ts:1 closes a circle of imports: lib/bsd/a.ts → lib/bsd/b.ts → lib/bsd/c.ts → lib/bsd/a.ts. ' +
        'Put what the two share into one file, or "import type" if it is types.',
    ]);
  });

  it('a circle of types alone is none', () => {
    expect(
      faults({
        'lib/bsd/a.ts':
          "import type { B } from './b.js';\nexport interface A { b: B }\n",
        'lib/bsd/b.ts':
          "import { a } from './c.js';\nimport { type A } from './a.js';\nexport interface B { a: A }\na;\n",
        'lib/bsd/c.ts':
          "export type { B } from './b.js';\nexport const a = 1;\n",
      }),
    ).toEqual([]);
  });

  it('wants no barrel in an allocator room, and no unknown room', () => {
    expect(
      faults({
        ...sys,
        'lib/sys/index.ts': "export * from './panic.js';\n",
        'lib/misc/a.ts': 'export {};\n',
      }),
    ).toEqual([
      'lib/misc/a.ts lies in lib/misc, a room that the rules do not know. Move it, or add the room to lib/book/rooms.ts.',
      'lib/sys/index.ts only passes on what other files export. Let readers import the file that they read.',
    ]);
  });
});
