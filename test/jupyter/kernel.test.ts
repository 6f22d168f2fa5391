// The kernel's answers, message by message, from one kernel for all that
// can share it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Kernel, KernelDied, type Message } from '../../lib/jupyter/client';
import { root } from './fixtures/failing';

let kernel: Kernel;
let heard: Required<Message>[] = [];

beforeAll(async () => {
  kernel = await Kernel.start({ root, cwd: os.tmpdir() });
  kernel.listenTo((message) => heard.push(message));
});
afterAll(() => kernel?.shutdown());
beforeEach(() => {
  heard = [];
});

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const contents = (type: string) =>
  heard
    .filter(({ header }) => header.msg_type === type)
    .map(({ content }) => content);
const printed = () =>
  contents('stream')
    .map(({ text }) => text)
    .join('');

async function run(code: string, stopOnError = true) {
  heard = [];
  return (await kernel.execute(code, { stopOnError }).done).content;
}

describe('a cell that ends well', () => {
  test('prints null as a last value, and nothing for undefined', async () => {
    await run('null');
    expect(printed()).toBe('null\n');
    await run('undefined');
    expect(printed()).toBe('');
    await run('let nothing = null;\nnothing');
    expect(printed()).toBe('null\n');
    await run('await Promise.resolve(null)');
    expect(printed()).toBe('null\n');
    await run('({ m_size: 4 })');
    expect(printed()).toBe('{ m_size: 4 }\n');
  });

  test('is numbered, in execute_input and in the reply', async () => {
    const { execution_count: before } = await run('1');
    const { execution_count: after } = await run('2');
    expect(after).toBe(before + 1);
    expect(contents('execute_input')).toEqual([
      { code: '2', execution_count: after },
    ]);
    const silent = await kernel.execute('3', { silent: true }).done;
    expect(silent.content.execution_count).toBe(after);
  });

  test('imports from the project, wherever the kernel was started', async () => {
    await run(
      "import { carve } from './test/jupyter/fixtures/carve';\n" +
        'carve({ addr: 8, size: 4 }, 1)',
    );
    expect(printed()).toBe('{ addr: 8, size: 1, left: 3 }\n');
  });

  test('loses no line of a long output, and keeps its order', async () => {
    await run(
      'for (let i = 0; i < 5000; i++) console.log(i);\n' +
        "console.error('to stderr');\nconsole.log('last');",
    );
    const lines = Array.from({ length: 5000 }, (_, i) => `${i}\n`).join('');
    expect(printed()).toBe(`${lines}to stderr\nlast\n`);
  });

  test('prints a promise as Node prints it', async () => {
    await run('console.log(Promise.resolve(4), [new Promise(() => {})])');
    expect(printed()).toBe('Promise { 4 } [ Promise { <pending> } ]\n');
  });

  test('may reject a promise, if it awaits it in the end', async () => {
    const { status } = await run(
      "const failing = Promise.reject(new Error('in the end'));\n" +
        'await new Promise((resolve) => setTimeout(resolve, 5));\n' +
        'await failing.catch(() => 0)',
    );
    expect(status).toBe('ok');
    expect(printed()).toBe('0\n');
  });
});

describe('a cell that fails', () => {
  test('and does not compile is a CompileError with its line', async () => {
    const reply = await run("const ok = 1;\nconst bad: number = 'four';");
    expect(reply).toMatchObject({ status: 'error', ename: 'CompileError' });
    expect(reply.evalue).toBe(
      "2:7 - Type 'string' is not assignable to type 'number'.",
    );
    expect(reply.traceback).toEqual([
      `CompileError: ${reply.evalue}`,
      "    const bad: number = 'four';",
      '          ~~~',
    ]);
    const { ename, evalue, traceback } = reply;
    expect(contents('error')).toEqual([{ ename, evalue, traceback }]);
    expect(printed()).toBe('');
  });

  test('and throws shows cell and lib lines, none of tslab', async () => {
    const defined = await run(
      "import { carve } from './test/jupyter/fixtures/carve';\n" +
        'interface Ask {\n  size: number;\n}\n' +
        'function take(ask: Ask) {\n' +
        '  return carve({ addr: 0, size: 4 }, ask.size);\n}',
    );
    const reply = await run('const ask = { size: 8 };\n\ntake(ask);');
    const n = defined.execution_count;
    expect(reply).toMatchObject({
      ename: 'CarveError',
      evalue: 'piece is too small',
      execution_count: n + 1,
    });
    expect(reply.traceback).toEqual([
      'CarveError: piece is too small',
      '    at carve (test/jupyter/fixtures/carve.ts:22:32)',
      // The call's column is that of its bracket: an import is renamed.
      `    at take (cell [${n}]:6:15)`,
      `    at cell [${n + 1}]:3:1 {`,
      '  facts: { wanted: 8 }',
      '}',
    ]);
  });

  test('and throws what is no Error shows the value', async () => {
    const reply = await run("throw { m_addr: 'gone' };");
    expect(reply).toMatchObject({
      ename: 'Uncaught',
      evalue: "{ m_addr: 'gone' }",
    });
  });

  test('in a rejected top-level await names the cell', async () => {
    const reply = await run("\nawait Promise.reject(new TypeError('no'));");
    const n = reply.execution_count;
    expect(reply.traceback).toEqual([
      'TypeError: no',
      `    at cell [${n}]:2:22`,
    ]);
  });

  test('in a timer or an unawaited promise fails, though it ran', async () => {
    const timer = await run("setTimeout(() => { throw new Error('t') }, 0); 1");
    expect(timer).toMatchObject({ status: 'error', evalue: 't' });
    expect(printed()).toBe('1\n');
    expect(timer.traceback.at(-1)).toMatch(/^Thrown in a timer/);
    const promise = await run(
      "(async () => { throw new RangeError('r'); })();\n2",
    );
    expect(promise).toMatchObject({ ename: 'RangeError', evalue: 'r' });
    expect(printed()).toBe('2\n');
    expect(promise.traceback.at(-1)).toMatch(/put await before the call/);
  });

  test('by output after its end is told to await', async () => {
    const reply = await run("setTimeout(() => console.log('late'), 0); 1");
    expect(reply.ename).toBe('UnawaitedOutput');
    expect(reply.evalue).toMatch(/put await before what prints it/);
    expect(printed()).toBe('1\nlate\n');
    const shown = await run(
      "import { display } from 'tslab';\n" +
        "setTimeout(() => display.html('<b>late</b>'), 0); 1",
    );
    expect(shown.ename).toBe('UnawaitedOutput');
    expect(contents('display_data')[0].data).toEqual({
      'text/html': '<b>late</b>',
    });
  });

  test('by a helper it did not await is told the name', async () => {
    const reply = await run(
      "const key = Symbol.for('freelist.pending');\n" +
        'const set = ((globalThis as any)[key] ??= new Set());\n' +
        'const work = new Promise((done) => setTimeout(done, 50));\n' +
        'set.add(work);\n' +
        'work.then(() => set.delete(work));\n' +
        'undefined',
    );
    expect(reply.ename).toBe('UnawaitedOutput');
    expect(reply.evalue).toMatch(/put await before show\(…\)$/);
    expect(await run('1')).toMatchObject({ status: 'ok' });
  });
});

describe('what comes after the reply', () => {
  // A gate that a later cell opens, so that no clock decides what is late.
  const behindGate = (code: string) =>
    'new Promise((open) => { (globalThis as any).open = open; })' +
    `.then(() => ${code});\nundefined`;
  const open =
    '(globalThis as any).open();\n' +
    "await new Promise((r) => setTimeout(r, 20));\nconsole.log('ran')";

  test('is told on the next request, and named by its cell', async () => {
    const guilty = await run(
      behindGate("setImmediate(() => { throw new Error('late'); })"),
    );
    expect(guilty.status).toBe('ok');
    const next = await run(open);
    const where = `in cell [${guilty.execution_count}], after it had ended`;
    expect(next.status).toBe('error');
    expect(next.evalue).toBe(`late (${where})`);
    expect(next.traceback[0]).toBe(`Earlier, ${where}:`);
    // Not skipped in silence: it ran, and the one after it is clean.
    expect(printed()).toBe('ran\n');
    expect(await run('1')).toMatchObject({ status: 'ok' });
  });

  test('is output of the cell that made it, not of the one running', async () => {
    const first = kernel.execute(behindGate("console.log('mine')"));
    expect((await first.done).content.status).toBe('ok');
    const { content, metadata } = await kernel.execute(open).done;
    const [mine, ran] = heard.filter(({ header }) => header.msg_type === 'stream');
    expect(mine.content.text).toBe('mine\n');
    expect(mine.parent_header.msg_id).toBe(first.id);
    expect(ran.content.text).toBe('ran\n');
    expect(content).toMatchObject({ ename: 'UnawaitedOutput' });
    expect(metadata.freelist.faults).toMatchObject([
      { kind: 'output', msg_id: first.id },
    ]);
  });

  test('is one fault, however often a timer repeats it', async () => {
    await run('const t = setInterval(() => { throw new Error("x") }, 5); 1');
    await run('await new Promise((r) => setTimeout(r, 60))');
    expect(await run('clearInterval(t)')).toMatchObject({ status: 'ok' });
  });
});

describe('the project while the kernel runs', () => {
  test('may change: new and edited files are seen, none breaks it', async () => {
    // Under the project, because a cell imports from nowhere else.
    const parent = path.join(root, '.freelist');
    mkdirSync(parent, { recursive: true });
    const folder = mkdtempSync(path.join(parent, 'kernel-'));
    const name = `./.freelist/${path.basename(folder)}/page`;
    const read = `import { page } from '${name}';\npage`;
    const prints = async (text: string) => {
      for (let i = 0; i < 40; i++) {
        if ((await run(read)).status === 'ok' && printed() === text) return;
        await sleep(250);
      }
      throw new Error(`did not print ${text}`);
    };
    try {
      expect(await run(read)).toMatchObject({ ename: 'CompileError' });
      writeFileSync(path.join(folder, 'other.ts'), 'export {};\n');
      writeFileSync(path.join(folder, 'page.ts'), 'export const page = 1;\n');
      await prints('1\n');
      writeFileSync(path.join(folder, 'page.ts'), 'export const page = 22;\n');
      await prints('22\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
    await sleep(400);
    expect(await run('1')).toMatchObject({ status: 'ok' });
  });
});

describe('requests that queue', () => {
  const busy = 'const end = Date.now() + 150; while (Date.now() < end) {}';

  test('behind a failure are aborted; a later one runs', async () => {
    const sent = [
      `${busy}\nthrow new Error('first')`,
      "console.log('second')",
      "console.log('third')",
    ].map((code) => kernel.execute(code));
    const replies = await Promise.all(sent.map(({ done }) => done));
    expect(replies.map(({ content }) => content.status)).toEqual([
      'error',
      'aborted',
      'aborted',
    ]);
    expect(printed()).toBe('');
    expect(contents('execute_input')).toHaveLength(1);
    expect(await run("console.log('later')")).toMatchObject({ status: 'ok' });
    expect(printed()).toBe('later\n');
  });

  test('run all the same if the failing one says so', async () => {
    const first = kernel.execute(`${busy}\nthrow new Error('first')`, {
      stopOnError: false,
    });
    const second = kernel.execute("console.log('second')");
    expect((await first.done).content.status).toBe('error');
    expect((await second.done).content.status).toBe('ok');
    expect(printed()).toBe('second\n');
  });
});

describe('an interrupt', () => {
  test.each([
    ['a loop', 'while (true) {}'],
    ['an await', 'await new Promise(() => {});'],
  ])('stops %s', async (_, code) => {
    const execution = kernel.execute(`console.log('on');\n${code}`);
    // What it prints before the loop is here at once.
    while (!printed().includes('on')) await sleep(20);
    await sleep(50);
    kernel.interrupt();
    expect((await execution.done).content.ename).toBe('Interrupted');
    expect(await run('1')).toMatchObject({ status: 'ok' });
  });
});

describe('the editor', () => {
  test('completes names of cells and members', async () => {
    await run('const freelist = { m_addr: 1, m_size: 2 };');
    expect(await kernel.complete('freel')).toContain('freelist');
    expect(await kernel.complete('freelist.m_')).toEqual(['m_addr', 'm_size']);
  });

  test('inspects with signature and comment', async () => {
    await run('/** Twice n. */\nfunction twice(n: number) { return 2 * n; }');
    const text = await kernel.inspect('twice(3)', 2);
    expect(text).toContain('function twice(n: number): number');
    expect(text).toContain('Twice n.');
  });

  test('is told whether code is complete, and the language', async () => {
    const ask = async (code: string) =>
      (await kernel.request('is_complete_request', { code }).done).content;
    expect(await ask('for (;;) {')).toMatchObject({ status: 'incomplete' });
    expect(await ask('1 + 1')).toMatchObject({ status: 'complete' });
    const info = await kernel.request('kernel_info_request', {}).done;
    expect(info.content).toMatchObject({
      status: 'ok',
      language_info: { name: 'typescript', codemirror_mode: 'typescript' },
    });
    const comms = await kernel.request('comm_info_request', {}).done;
    expect(comms.header.msg_type).toBe('comm_info_reply');
  });
});

describe.concurrent('the process', { timeout: 60_000 }, () => {
  test('that a cell ends is reported with its exit code', async () => {
    const own = await Kernel.start({ root });
    const { done } = own.execute("console.log('bye'); process.exit(3)");
    await expect(done).rejects.toThrow(KernelDied);
    expect(await own.ended).toBe('exit code 3');
    await expect(own.execute('1').done).rejects.toThrow('exit code 3');
  });

  const gone = (pid: number) => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  };

  test.each(['SIGINT', 'SIGKILL'] as const)(
    'dies with its runner on %s, though it loops',
    async (signal) => {
      const tmp = mkdtempSync(path.join(os.tmpdir(), 'owner-'));
      const script = path.join(root, 'test/jupyter/fixtures/owner.cjs');
      const owner = spawn(process.execPath, [script], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, TMPDIR: tmp },
      });
      const [line] = await once(owner.stdout!, 'data');
      const pid = Number(String(line));
      expect(gone(pid)).toBe(false);
      owner.kill(signal);
      const [, ended] = await once(owner, 'exit');
      expect(ended).toBe(signal);
      for (let i = 0; i < 100 && !gone(pid); i++) await sleep(50);
      expect(gone(pid)).toBe(true);
      const left = readdirSync(tmp).filter((name) => /^freelist/.test(name));
      rmSync(tmp, { recursive: true });
      // Nobody tidies up after SIGKILL.
      if (signal === 'SIGINT') expect(left).toEqual([]);
    },
  );

  test('that cannot start is reported with what it said', async () => {
    const start = Kernel.start({ root: os.tmpdir() });
    await expect(start).rejects.toThrow(/exit code 1.*Cannot find module/s);
  });

  test('started wrongly says how it is started', async () => {
    const script = path.join(root, 'lib/jupyter/kernel.cjs');
    const child = spawn(process.execPath, [script, 'install'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [said] = await once(child.stderr!, 'data');
    expect(String(said)).toContain('kernel --config-path=FILE');
    expect((await once(child, 'close'))[0]).toBe(2);
  });
});
