// What npm start says before it does anything.
import { createServer } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from './course.js';
import { Machine } from './machine.js';

let machine: Machine;
beforeAll(() => {
  machine = new Machine();
});
afterAll(() => machine.remove());

/** The module is plain JavaScript; this is what it exports. */
async function node(): Promise<{
  tooOld(version: string, floor: string): string | null;
}> {
  return import(pathToFileURL(path.join(ROOT, 'lib/cli/node.mjs')).href);
}

describe('the version of Node', () => {
  test.each([
    ['v20.19.0', '20.19'],
    ['v20.20.2', '20.19'],
    ['v24.0.0', '20.19'],
    ['v20.9.1', '20.9'],
  ])('%s will do for >=%s', async (version, floor) => {
    expect((await node()).tooOld(version, floor)).toBeNull();
  });

  test.each([
    ['v20.18.3', '20.19'],
    ['v18.20.8', '20.19'],
    ['v9.99.9', '20.19'],
  ])('%s is below >=%s, and the remedy is named', async (version, floor) => {
    expect((await node()).tooOld(version, floor)).toBe(
      `this is Node ${version.slice(1)}, and the course needs Node 20.19 or ` +
        'later. Install one from https://nodejs.org (or with your version ' +
        'manager: nvm install --lts), then run the same command again.',
    );
  });

  test.each(['start', 'test'] as const)(
    'npm %s looks at it first',
    (command) => {
      const manifest = JSON.stringify({ engines: { node: '>=99.1' } });
      const other = new Machine();
      other.write('package.json', manifest);
      const { code, said } = other.run(command);
      other.remove();
      expect(code).toBe(2);
      expect(said).toMatch(
        /^freelist: this is Node .* needs Node 99\.1 or later/,
      );
    },
  );
});

describe('what it is asked', () => {
  test('--help shows the flags and does nothing', () => {
    const { code, said } = machine.run('start', ['--help']);
    expect(code).toBe(0);
    for (const flag of ['--port N', '--no-browser', '--yes', '--verbose']) {
      expect(said).toContain(flag);
    }
  });

  test.each([
    [['--prot', '1'], /Unknown option '--prot'.*--help/],
    [['--port'], /--port.*--help/],
    [['--port', '0'], /--port 0 is no port: give a whole number/],
    [['--port', '88888'], /--port 88888 is no port/],
    [['--port', 'x'], /--port x is no port/],
    [['a.ipynb', 'b.ipynb'], /one notebook can be opened/],
    [['notebooks/77-none.ipynb'], /77-none\.ipynb is not there/],
    [['../secret.ipynb'], /lies outside the project/],
  ])('%j is answered with one sentence', (args, sentence) => {
    const { code, said } = machine.run('start', args);
    expect(code).toBe(2);
    expect(said).toMatch(sentence);
    expect(said.trimEnd().split('\n')).toHaveLength(1);
  });

  test('a port in use is named before anything is installed', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { code, said } = machine.run('start', ['--port', `${port}`]);
    server.close();
    expect(code).toBe(2);
    expect(said).toMatch(
      new RegExp(
        `^freelist: port ${port} is in use .* "npm start -- --port \\d+"\\.\n$`,
      ),
    );
  });
});
