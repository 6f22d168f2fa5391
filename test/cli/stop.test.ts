// However npm start comes to its end, the server and its kernels do too.
import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { needJupyter } from '../need.js';
import {
  below,
  Course,
  freePort,
  living,
  ROOT,
  START,
  terminal,
  until,
} from './course.js';

const { python, skip } = needJupyter();

/** Starts a kernel, as the page of a notebook does. */
async function startKernel(address: URL): Promise<void> {
  const token = address.searchParams.get('token');
  const reply = await fetch(new URL('/api/kernels', address), {
    method: 'POST',
    headers: { Authorization: `token ${token}` },
    body: JSON.stringify({ name: 'tslab' }),
  });
  expect(reply.status).toBe(201);
}

/** The server and the kernel below npm start, once both are there. */
const family = (pid: number) =>
  until(() => {
    const pids = below(pid);
    return pids.length >= 2 ? pids : null;
  }, 'server and kernel');

describe.skipIf(skip)('npm start ends with all that it started', () => {
  test('when it is killed outright', async () => {
    const port = `${await freePort()}`;
    const args = ['--yes', '--no-browser', '--port', port];
    const course = Course.start(args, terminal(python));
    await startKernel(await course.address());
    const pids = await family(course.process.pid!);
    course.process.kill('SIGKILL');
    await until(() => living(pids).length === 0, 'all to end', 20_000);
  }, 120_000);

  test('when what started it is killed, as npm may be', async () => {
    const port = `${await freePort()}`;
    const line = '"$0" "$1" --yes --no-browser --port "$2"; true';
    const shell = spawn('sh', ['-c', line, process.execPath, START, port], {
      cwd: ROOT,
      env: terminal(python),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const course = new Course(shell);
    await startKernel(await course.address());
    const pids = await family(below(shell.pid!)[0]);
    shell.kill('SIGKILL');
    await until(() => living(pids).length === 0, 'all to end', 20_000);
    await course.ended();
    expect(course.said).toContain('Stopped.');
  }, 120_000);
});
