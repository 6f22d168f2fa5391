// The real `npm start`, started and ended as a person would, for tests.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT = path.resolve(__dirname, '../..');
export const START = path.join(ROOT, 'lib/cli/start.mjs');

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** The environment of a terminal, not of a test under vitest. */
export function terminal(python: string): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^(VITEST|NODE_ENV|TEST|DEV|PROD|MODE|SSR|npm_)/.test(name)) {
      delete env[name];
    }
  }
  const folder = path.dirname(python);
  return { ...env, PATH: `${folder}${path.delimiter}${env.PATH}` };
}

/** All processes below `pid`, from the system's own list. */
export function below(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid='], {
    encoding: 'utf8',
  });
  const rows = stdout
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number));
  const found = [pid];
  for (const above of found) {
    for (const [child, parent] of rows) if (parent === above) found.push(child);
  }
  return found.slice(1);
}

/** Those of the processes that still live (a zombie does not). */
export function living(pids: number[]): number[] {
  const list = spawnSync('ps', ['-o', 'pid=,stat=', '-p', pids.join()], {
    encoding: 'utf8',
  });
  return list.stdout
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
    .filter(([pid, stat]) => pid && !stat.startsWith('Z'))
    .map(([pid]) => Number(pid));
}

/** Waits until `value` gives something true, and returns it. */
export async function until<T>(
  value: () => T | Promise<T>,
  what: string,
  limit = 60_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + limit;
  for (;;) {
    const got = await value();
    if (got) return got;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(100);
  }
}

export class Course {
  said = '';
  private code: number | null | undefined;

  constructor(readonly process: ChildProcess) {
    for (const stream of [process.stdout!, process.stderr!]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => (this.said += text));
    }
    process.once('close', (code) => (this.code = code));
  }

  static start(args: string[], env: NodeJS.ProcessEnv): Course {
    return new Course(
      spawn(process.execPath, [START, ...args], {
        cwd: ROOT,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** The address that it prints, once the server answers. */
  async address(): Promise<URL> {
    const line = await until(
      () => {
        if (this.code !== undefined) throw new Error(`it ended:\n${this.said}`);
        return /^http:\S+$/m.exec(this.said)?.[0];
      },
      'the address',
      100_000,
    );
    return new URL(line);
  }

  /** Its exit code, once it has ended. */
  async ended(limit = 20_000): Promise<number | null> {
    await until(() => this.code !== undefined, 'npm start to end', limit);
    return this.code!;
  }
}
