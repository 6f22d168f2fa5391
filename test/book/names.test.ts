// Names of the originals against what lib exports.
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkNames, loadNames, looksOriginal } from '../../lib/book/names.js';
import { project, told } from './fixture.js';

const list = (names: string[]) => ({ 'lib/bsd/m.ts': { from: 'V7', names } });
const faults = (text: string, names: string[]): string[] =>
  told(checkNames(project({ 'lib/bsd/m.ts': text }), list(names)));

describe('checkNames(root, names)', () => {
  it('holds for the rooms that are quoted in this project', () => {
    const root = resolve(__dirname, '../..');
    const quoted = checkNames(root, loadNames(root)).filter(({ place }) =>
      /^lib\/(sys|bsd)\//.test(place),
    );
    expect(told(quoted)).toEqual([]);
  });

  it('accepts names of the original, and ours in camelCase', () => {
    const text =
      'export interface map { m_size: number }\nexport const mapSize = 1;\nexport class Trap {}\nexport const x = (CAPS: number, a_b = 1) => CAPS + a_b;\n';
    expect(faults(text, ['map', 'm_size'])).toEqual([]);
  });

  it('an export that looks like an original and is not listed', () => {
    expect(faults('// m\nexport const MAP_SIZE = 1;\n', ['MAP_SIZE'])).toEqual(
      [],
    );
    expect(
      faults(
        '// m\nexport const MAP_SIZE = 1;\nexport function free_all() {}\nconst m = 1;\n',
        ['m'],
      ),
    ).toEqual([
      'lib/bsd/m.ts:2 names something "MAP_SIZE", as an original would, and lib/book/names.json does not list it. ' +
        'Write it in camelCase; if an original has it, add it there.',
      expect.stringContaining('lib/bsd/m.ts:3 names something "free_all"'),
    ]);
  });

  it('a field of something exported counts, a local does not', () => {
    const text =
      'export interface A { my_size: number }\nexport const k = { my_swap: 1 };\nexport function f(a_b: number) {\n  const c_d = a_b;\n  return { e_f: c_d };\n}\ninterface B { g_h: 1 }\nexport type C = B;\n';
    expect(
      faults(text, ['k']).map((fault) => /"(\w+)"/.exec(fault)![1]),
    ).toEqual(['my_size', 'my_swap']);
  });

  it('a name that is exported under another one', () => {
    expect(
      faults('const a = 1;\nexport { a as free_all };\n', ['a']),
    ).toHaveLength(1);
  });

  it('a listed name that the file has lost', () => {
    expect(faults('export const mfree = 1;\n', ['mfree', 'rmfree'])).toEqual([
      'lib/bsd/m.ts declares no "rmfree", which lib/book/names.json lists for it. ' +
        'Keep the spelling of the original, or take the name out of the list.',
    ]);
  });

  it('a listed name may be a field, a parameter or not exported', () => {
    expect(
      faults('interface A { m_addr: number }\nconst f = (mp: A) => mp;\nf;\n', [
        'm_addr',
        'mp',
        'f',
      ]),
    ).toEqual([]);
  });

  it('a list for a file that is not there, a file named like an original', () => {
    const root = project({ 'lib/bsd/sub_r.ts': 'export {};\n' });
    expect(told(checkNames(root, list(['a'])))).toEqual([
      "lib/bsd/sub_r.ts has a name like an original's file, and no entry in lib/book/names.json. Rename it, or list the original.",
      'lib/book/names.json lists names of lib/bsd/m.ts; there is no such file. Correct the path.',
    ]);
  });

  it.each([
    ['m_size', true],
    ['P2ALIGN', true],
    ['vmem_t', true],
    ['ASSERT', true],
    ['mapSize', false],
    ['_x', false],
    ['T', false],
    ['Panic', false],
  ])('looksOriginal(%j) is %s', (name, is) =>
    expect(looksOriginal(name)).toBe(is),
  );

  it.each([
    '{',
    '{"lib/a.ts": []}',
    '{"lib/a.ts": {"from": "x", "names": []}}',
  ])('loadNames refuses %s with exit 2', (text) => {
    const load = () => loadNames(project({ 'lib/book/names.json': text }));
    expect(load).toThrow(
      expect.objectContaining({
        exit: 2,
        message: expect.stringContaining('lib/book/names.json'),
      }),
    );
  });
});
