// A client of one kernel process, without Python.
//
// It starts the process, sends requests, and hands out what comes back by
// the request it answers. A request is done when its reply and the status
// idle are here: then all its outputs are, too.
import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Dealer, Subscriber } from 'zeromq';
import { killGroup, spawnOwned, within } from './processes.js';
import { address, decode, encode, header } from './wire.cjs';
import type { Connection, Message } from './wire.cjs';

export type { Message } from './wire.cjs';

export class KernelError extends Error {
  name = 'KernelError';
  exit = 1;
}

/** The kernel process has ended; `how` says in which way. */
export class KernelDied extends KernelError {
  name = 'KernelDied';
  constructor(readonly how: string) {
    super(`the kernel died (${how})`);
  }
}

export interface StartOptions {
  /** The project folder. */
  root?: string;
  /** The folder to start in, as Jupyter may choose any. */
  cwd?: string;
  /** Milliseconds until the kernel must have answered. */
  timeout?: number;
}

export interface ExecuteOptions {
  silent?: boolean;
  stopOnError?: boolean;
  /** Milliseconds to wait before execution for timers to run out. */
  settle?: number;
}

/** A request under way: `done` resolves once reply and outputs are here. */
export interface Execution {
  id: string;
  done: Promise<Required<Message>>;
}

/** Milliseconds to read what a kernel sent before it ended. */
const DRAIN = 50;

type Listener = (message: Required<Message>) => void;

interface Waiting {
  reply?: Required<Message>;
  idle: boolean;
  needsIdle: boolean;
  resolve(reply: Required<Message>): void;
  reject(error: Error): void;
}

/** Ports that are free now, for systems without ipc sockets. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            resolve((server.address() as { port: number }).port);
          });
        }),
    ),
  );
  for (const server of servers) server.close();
  return ports;
}

async function connect(folder: string): Promise<Connection> {
  const ipc = process.platform !== 'win32';
  const [shell_port, iopub_port, control_port, stdin_port, hb_port] = ipc
    ? [1, 2, 3, 4, 5]
    : await freePorts(5);
  return {
    transport: ipc ? 'ipc' : 'tcp',
    ip: ipc ? path.join(folder, 'kernel') : '127.0.0.1',
    key: randomBytes(16).toString('hex'),
    signature_scheme: 'hmac-sha256',
    shell_port,
    iopub_port,
    control_port,
    stdin_port,
    hb_port,
  };
}

export class Kernel {
  /** Resolves when the process has ended, with the way it ended. */
  readonly ended: Promise<string>;
  private readonly session = randomUUID();
  private readonly waiting = new Map<string, Waiting>();
  private readonly listeners = new Set<Listener>();
  private readonly shell = new Dealer();
  private readonly control = new Dealer();
  private readonly iopub = new Subscriber();
  private sending: Promise<void> = Promise.resolve();
  private tail = '';
  private died: KernelDied | null = null;

  private constructor(
    private readonly child: ChildProcess,
    ended: Promise<string>,
    private readonly connection: Connection,
  ) {
    for (const socket of [this.shell, this.control, this.iopub]) {
      // What a dead kernel has not fetched must not keep us alive.
      socket.linger = 0;
    }
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk) => {
        this.tail = (this.tail + String(chunk)).slice(-2000);
      });
    }
    this.ended = ended.then(async (how) => {
      // Its last messages may be here and not yet read.
      await new Promise((resolve) => setTimeout(resolve, DRAIN));
      for (const socket of [this.shell, this.control, this.iopub]) {
        socket.close();
      }
      this.died = new KernelDied(how);
      for (const { reject } of this.waiting.values()) reject(this.died);
      this.waiting.clear();
      return how;
    });
  }

  /** Starts a kernel and waits until it answers and its outputs arrive. */
  static async start(options: StartOptions = {}): Promise<Kernel> {
    const root = options.root ?? path.resolve(__dirname, '../..');
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'freelist-'));
    const connection = await connect(folder);
    const file = path.join(folder, 'connection.json');
    fs.writeFileSync(file, JSON.stringify(connection), { mode: 0o600 });
    const script = path.join(root, 'lib/jupyter/kernel.cjs');
    const { child, ended } = spawnOwned(
      process.execPath,
      [script, 'kernel', `--config-path=${file}`],
      {
        cwd: options.cwd ?? root,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, JPY_PARENT_PID: String(process.pid) },
      },
      () => fs.rmSync(folder, { recursive: true, force: true }),
    );
    const kernel = new Kernel(child, ended, connection);
    try {
      await kernel.ready(options.timeout ?? 60_000);
    } catch (error) {
      kernel.kill();
      await kernel.ended;
      const said = kernel.tail.trim();
      throw new KernelError(
        `${(error as Error).message} while it was starting` +
          (said ? `; it said: ${said}` : ''),
      );
    }
    return kernel;
  }

  private async ready(timeout: number): Promise<void> {
    this.shell.connect(address(this.connection, 'shell'));
    this.control.connect(address(this.connection, 'control'));
    this.iopub.connect(address(this.connection, 'iopub'));
    this.iopub.receiveHighWaterMark = 0;
    this.iopub.subscribe();
    for (const socket of [this.shell, this.control, this.iopub]) {
      void this.listen(socket);
    }
    const end = Date.now() + timeout;
    // The first answers may get lost before iopub is connected: ask again.
    while (Date.now() < end) {
      const asked = this.request('kernel_info_request', {}, { idle: true });
      if (await within(asked.done, 100)) return;
      this.waiting.delete(asked.id);
    }
    throw new KernelError(`the kernel gave no answer in ${timeout / 1000} s`);
  }

  private async listen(socket: Dealer | Subscriber): Promise<void> {
    try {
      for await (const frames of socket) {
        this.take(decode(this.connection.key, frames as Buffer[]));
      }
    } catch (error) {
      // Closing a socket ends its loop; anything else is the kernel's end.
      if (!socket.closed) {
        this.tail += String(error);
        this.kill();
      }
    }
  }

  private take(message: Required<Message>): void {
    const id = message.parent_header.msg_id ?? '';
    const { msg_type } = message.header;
    const waiting = this.waiting.get(id);
    if (waiting && msg_type.endsWith('_reply')) waiting.reply = message;
    for (const listener of this.listeners) listener(message);
    const { execution_state } = message.content;
    if (waiting && execution_state === 'idle') waiting.idle = true;
    if (waiting?.reply && (waiting.idle || !waiting.needsIdle)) {
      this.waiting.delete(id);
      waiting.resolve(waiting.reply);
    }
  }

  /** Calls `listener` with every message, until the result is called. */
  listenTo(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  request(
    msg_type: string,
    content: Record<string, unknown>,
    how: { idle?: boolean; metadata?: object; control?: boolean } = {},
  ): Execution {
    const message: Message = {
      header: header(msg_type, this.session),
      metadata: { ...how.metadata },
      content,
    };
    const id = message.header.msg_id;
    const done = new Promise<Required<Message>>((resolve, reject) => {
      const needsIdle = how.idle ?? false;
      this.waiting.set(id, { idle: false, needsIdle, resolve, reject });
    });
    done.catch(() => {});
    const socket = how.control ? this.control : this.shell;
    const frames = encode(this.connection.key, message);
    // A socket takes one message at a time.
    this.sending = this.sending
      .then(() => socket.send(frames))
      .catch((error) => this.waiting.get(id)?.reject(this.died ?? error));
    return { id, done };
  }

  execute(code: string, options: ExecuteOptions = {}): Execution {
    const { silent = false, stopOnError = true, settle } = options;
    return this.request(
      'execute_request',
      {
        code,
        silent,
        store_history: !silent,
        user_expressions: {},
        allow_stdin: false,
        stop_on_error: stopOnError,
      },
      { idle: true, metadata: settle ? { freelist: { settle } } : {} },
    );
  }

  async complete(code: string, cursor_pos = code.length): Promise<string[]> {
    const content = { code, cursor_pos };
    const reply = await this.request('complete_request', content).done;
    return reply.content.matches;
  }

  async inspect(code: string, cursor_pos: number): Promise<string> {
    const content = { code, cursor_pos, detail_level: 0 };
    const reply = await this.request('inspect_request', content).done;
    return reply.content.data?.['text/plain'] ?? '';
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  interrupt(): void {
    this.child.kill('SIGINT');
  }

  kill(): void {
    killGroup(this.child);
  }

  /** Asks the kernel to end, and kills it if it does not. */
  async shutdown(timeout = 2000): Promise<void> {
    const content = { restart: false };
    this.request('shutdown_request', content, { control: true });
    if (!(await within(this.ended, timeout))) this.kill();
    await this.ended;
  }
}
